/* JSON: whatever is accepted is written so that it reads back as the same value. */
#include "tests/fuzz/fuzz.h"

#include "engine/base/utf8.h"
#include "engine/value/json.h"

static struct str print(struct arena *a, struct val v)
{
    struct strb b;
    struct json j;
    strb_init(&b, a);
    json_init(&j, &b);
    json_val(&j, v);
    return strb_str(&b);
}

static void fuzz_one(struct arena *a, struct str in)
{
    struct err e = ERR_INIT;
    struct val v;
    struct val again;
    if (json_parse(a, in, &v, &e) < 0) {
        FUZZ_CHECK(e.code == ERR_MALFORMED && e.key[0] && e.zh[0] && e.en[0] && e.pos.line);
        return;
    }
    struct str out = print(a, v);
    FUZZ_CHECK(utf8_valid(out));
    FUZZ_CHECK(json_parse(a, out, &again, &e) == 0);
    FUZZ_CHECK(val_same(v, again) && val_cmp(v, again) == 0);
    FUZZ_CHECK(str_eq(print(a, again), out));
    FUZZ_CHECK(val_same(val_copy(a, v), v));
}
