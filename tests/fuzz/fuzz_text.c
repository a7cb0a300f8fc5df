/* Texts: folding is stable, cutting keeps UTF-8, distances are symmetric; time zones never crash.
 */
#include "tests/fuzz/fuzz.h"

#include "engine/base/civil.h"
#include "engine/base/utf8.h"
#include "engine/value/fold.h"

static void check_utf8(struct arena *a, struct str in)
{
    struct str folded = fold_text(a, in);
    fold_phone(a, in);
    if (!utf8_valid(in))
        return;
    FUZZ_CHECK(utf8_valid(folded));
    FUZZ_CHECK(str_eq(fold_text(a, folded), folded));
    FUZZ_CHECK(utf8_len(in) <= in.n);
    FUZZ_CHECK(utf8_offset(in, utf8_len(in)) == in.n);
    struct strb b;
    strb_init(&b, a);
    for (size_t pos = 0; pos < in.n;) {
        FUZZ_CHECK(utf8_valid(utf8_cut(in, pos)));
        strb_addu(&b, utf8_next(in, &pos));
    }
    FUZZ_CHECK(str_eq(strb_str(&b), in));
}

static void check_zone(struct arena *a, struct str in)
{
    struct zone z;
    struct civil c;
    if (zone_parse(a, STR("fuzz"), in, &z) < 0)
        return;
    FUZZ_CHECK(z.n >= 1 && z.at_us[0] == INT64_MIN);
    for (size_t i = 1; i < z.n; i++)
        FUZZ_CHECK(z.at_us[i] > z.at_us[i - 1]);
    for (int64_t day = -20000; day < 40000; day += 997) {
        civil_of_us(day * US_PER_DAY, &z, &c);
        civil_us(&c, &z);
    }
}

static void fuzz_one(struct arena *a, struct str in)
{
    struct str left;
    struct str right = str_cut(in, '|', &left);
    FUZZ_CHECK(str_distance(left, right, 3) == str_distance(right, left, 3));
    FUZZ_CHECK((str_distance(left, left, 3) == 0) || utf8_len(left) > 64);
    FUZZ_CHECK(str_cmp(left, right) == 0 || str_cmp(left, right) > 0 != str_cmp(right, left) > 0);
    check_utf8(a, in);
    check_zone(a, in);
}
