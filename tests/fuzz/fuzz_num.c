/* Numbers: texts read as libc reads them, and what is printed reads back. */
#include "tests/fuzz/fuzz.h"

#include "engine/base/civil.h"
#include "engine/base/id.h"
#include "engine/value/num.h"

#include <math.h>

static void check_text(struct arena *a, struct str in)
{
    double x = 0;
    int64_t units;
    char buf[40];
    if (!num_parse(in, &x)) {
        FUZZ_CHECK(!num_parse_dec(in, 0, &units) || !isfinite(strtod(str_z(a, in), NULL)));
        return;
    }
    FUZZ_CHECK(x == strtod(str_z(a, in), NULL));
    for (unsigned scale = 0; scale <= 12; scale += 3) {
        double back;
        if (!num_parse_dec(in, scale, &units))
            continue;
        struct str s = num_print_dec(units, scale, buf);
        FUZZ_CHECK(num_parse(s, &back));
        FUZZ_CHECK(fabs(back - x) <= 0.5000001 * pow(10, -(int)scale) + fabs(x) * 1e-15);
    }
}

static void check_double(double x, int digits)
{
    char buf[40];
    double back = 0;
    int64_t units;
    if (!isfinite(x))
        return;
    FUZZ_CHECK(num_parse(num_print_exact(x, buf), &back) && back == x);
    FUZZ_CHECK(num_parse(num_print(x, buf), &back) || fabs(x) > 1.797693134862315e308);
    FUZZ_CHECK(fabs(back - x) <= fabs(x) * 5.1e-15 + 5e-324 || fabs(x) < 1e-300);
    double r = num_round(x, digits);
    FUZZ_CHECK(isfinite(r) || fabs(x) > 1e307);
    if (isfinite(r))
        FUZZ_CHECK(num_round(r, digits) == r);
    if (num_to_dec(x, 2, &units))
        FUZZ_CHECK(num_of_dec(units, 2) == num_round(x, 2) || fabs(x) > 1e13);
}

/* Texts of the calendar and of ids: what parses prints to a text that parses to the same. */
static void check_calendar(struct str in)
{
    char buf[40];
    int64_t v;
    int64_t again = 0;
    if (civil_parse_instant(in, &v))
        FUZZ_CHECK(civil_parse_instant(civil_print_instant(v, buf), &again) && again == v);
    if (civil_parse_date(in, &v))
        FUZZ_CHECK(str_eq(civil_print_date(v, buf), in));
    if (civil_parse_time(in, &v))
        FUZZ_CHECK(civil_parse_time(civil_print_time(v, buf), &again) && again == v);
    if (id_parse(in, &v))
        FUZZ_CHECK(str_eq(id_print(v, buf), in));
}

static void fuzz_one(struct arena *a, struct str in)
{
    double x;
    check_text(a, in);
    check_calendar(in);
    if (in.n < sizeof(x) + 1)
        return;
    memcpy(&x, in.p, sizeof(x));
    check_double(x, (signed char)in.p[sizeof(x)]);
}
