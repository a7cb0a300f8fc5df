/* engine/value/json: limits, exactness, and that what is written reads back. */
#include "tests/unit/unit.h"

#include "engine/value/json.h"

static int setup(void **state)
{
    *state = arena_new(TEST_ARENA_BYTES);
    return *state ? 0 : -1;
}

static int teardown(void **state)
{
    struct arena *a = *state;
    arena_free(&a);
    return 0;
}

static struct str print(struct arena *a, struct val v)
{
    struct strb b;
    struct json j;
    strb_init(&b, a);
    json_init(&j, &b);
    json_val(&j, v);
    assert_int_equal(j.depth, 0);
    return strb_str(&b);
}

static void test_round_trip(void **state)
{
    static const struct {
        const char *in, *want;
    } cases[] = {
        {"null", "null"},
        {" true ", "true"},
        {"[]", "[]"},
        {"{}", "{}"},
        {"\"\"", "\"\""},
        {"[1, 2.5 ,-3e2]", "[1,2.5,-300]"},
        {"{\"b\":1,\"a\":{\"c\":[null,false]}}", "{\"b\":1,\"a\":{\"c\":[null,false]}}"},
        {"\"榫卯\\u699b\\n\\\"\\\\\\/\\t\\u0001\"", "\"榫卯\u699b\\n\\\"\\\\/\\t\\u0001\""},
        {"\"\\ud83d\\ude00\"", "\"😀\""},
        {"9007199254740992", "9007199254740992"},
        {"9007199254740993", "9007199254740993"},
        {"-9223372036854775808", "-9223372036854775808"},
        {"10005534.10", "10005534.1"},
        {"90071992547409.91", "90071992547409.91"}, /* no double holds its cents */
        {"1234567890123456.78", "1234567890123456.78"},
        {"0.30000000000000004", "0.30000000000000004"},
        {"1e300", "1e+300"},
        {"1e20", "100000000000000000000e0"},
        {"90071955555592547409.91", "90071955555592550000e0"},
        {"-0", "0"},
        {"[\"7\",8,\"9\\\"10\",11,{\"12\":13}]", "[\"7\",8,\"9\\\"10\",11,{\"12\":13}]"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct err e = ERR_INIT;
        struct val v;
        CHECK(json_parse(*state, str_of(cases[i].in), &v, &e) == 0, e.en);
        struct str out = print(*state, v);
        CHECK_CASE(out, cases[i].want, cases[i].in);
        CHECK(json_parse(*state, out, &v, &e) == 0, e.en);
    }
}

static void test_kinds(void **state)
{
    static const struct {
        const char *in;
        enum val_kind kind;
        unsigned scale;
    } cases[] = {
        {"1", VAL_NUM, 0},
        {"9007199254740993", VAL_DEC, 0},
        {"913157252154657000", VAL_DEC, 0}, /* few digits, but no double: an id in a cursor */
        {"-913157252154657000", VAL_DEC, 0},
        {"100000000000000", VAL_NUM, 0},
        {"90071992547409.91", VAL_DEC, 2},
        {"12345678.12345678", VAL_DEC, 8},
        {"116.39712345678901", VAL_NUM, 0}, /* more decimals than a scale has */
        {"\"\"", VAL_TEXT, 0},
        {"[]", VAL_LIST, 0},
        {"null", VAL_BLANK, 0},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct err e = ERR_INIT;
        struct val v;
        CHECK(json_parse(*state, str_of(cases[i].in), &v, &e) == 0, e.en);
        if (cases[i].kind == VAL_NUM && v.kind == VAL_DEC)
            print_error("scale %u\n", v.scale);
        CHECK(v.kind == cases[i].kind && v.scale == cases[i].scale, cases[i].in);
    }
}

static void test_refused(void **state)
{
    static const struct {
        const char *in, *key;
        unsigned line, column; /* 0: not looked at */
    } cases[] = {
        {"", "json_incomplete", 1, 0},
        {"{", "json_incomplete", 1, 0},
        {"[1,2", "json_incomplete", 1, 0},
        {"{\"a\":1,\n\"a\":2}", "json_duplicate_key", 2, 0},
        {"1 2", "json_trailing", 1, 0},
        {"{}x", "json_trailing", 1, 0},
        {"NaN", "json_syntax", 1, 0},
        {"Infinity", "json_syntax", 0, 0},
        {"01", "json_syntax", 0, 0},
        {"+1", "json_syntax", 0, 0},
        {"1.", "json_syntax", 0, 0},
        {".5", "json_syntax", 0, 0},
        {"[1,]", "json_syntax", 0, 0},
        {"{a:1}", "json_syntax", 0, 0},
        {"{\"a\" 1}", "json_syntax", 0, 0},
        {"'a'", "json_syntax", 0, 0},
        {"\"a\nb\"", "json_syntax", 0, 0},
        {"\"\\x\"", "json_syntax", 0, 0},
        {"\"\\ud800\"", "json_syntax", 0, 0},
        {"\"\\u0000\"", "json_nul", 0, 0},
        {"\"\xFF\"", "json_utf8", 0, 0},
        {"\"\xED\xA0\x80\"", "json_utf8", 0, 0},
        {"\"\xC0\x80\"", "json_utf8", 0, 0},
        {"1e999", "json_number_range", 0, 0},
        {"99999999999999999999", "json_number_range", 0, 0},
        {"\xEF\xBB\xBF{}", "json_syntax", 0, 0},
        {"/* c */ 1", "json_syntax", 0, 0},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct err e = ERR_INIT;
        struct val v;
        CHECK(json_parse(*state, str_of(cases[i].in), &v, &e) == -1, cases[i].in);
        CHECK_CASE(str_of(e.key), cases[i].key, cases[i].in);
        assert_int_equal(e.code, ERR_MALFORMED);
        assert_true(e.zh[0] && e.en[0] && e.pos.line > 0 && e.pos.column > 0);
        CHECK(!cases[i].line || e.pos.line == cases[i].line, cases[i].in);
    }
}

static void test_text_with_nul(void **state)
{
    struct err e = ERR_INIT;
    struct val v;
    assert_int_equal(json_parse(*state, STR("\"a\0b\""), &v, &e), -1);
    assert_int_equal(json_parse(*state, STR("1\0"), &v, &e), -1);
    assert_int_equal(json_parse(*state, STR("[1\0,2]"), &v, &e), -1);
    assert_string_equal(e.key, "json_nul");
    assert_int_equal(e.pos.column, 3);
    assert_int_equal(json_parse(*state, STR_NONE, &v, &e), -1);
}

static struct str nested(struct arena *a, size_t depth)
{
    struct strb b;
    strb_init(&b, a);
    strb_addc(&b, '\n');
    for (size_t i = 0; i < depth; i++)
        strb_addc(&b, '[');
    for (size_t i = 0; i < depth; i++)
        strb_addc(&b, ']');
    return strb_str(&b);
}

static void test_limits(void **state)
{
    struct err e = ERR_INIT;
    struct val v;
    assert_int_equal(json_parse(*state, nested(*state, 64), &v, &e), 0);
    assert_int_equal(json_parse(*state, nested(*state, 65), &v, &e), -1);
    assert_string_equal(e.key, "json_depth");
    assert_int_equal(e.pos.line, 2);
    assert_int_equal(e.pos.column, 65);
    assert_int_equal(json_parse(*state, nested(*state, 1000000), &v, &e), -1);
    struct strb b;
    strb_init(&b, *state);
    strb_addz(&b, "[\"[[[[[,,,,\\\"\"");
    for (int i = 0; i < JSON_MAX_NODES - 2; i++)
        strb_addz(&b, ",0");
    strb_addc(&b, ']');
    assert_int_equal(json_parse(*state, strb_str(&b), &v, &e), 0);
    assert_int_equal(v.n, JSON_MAX_NODES - 1);
    b.n--;
    strb_addz(&b, ",0]");
    assert_int_equal(json_parse(*state, strb_str(&b), &v, &e), -1);
    assert_string_equal(e.key, "json_nodes");
}

/* Out of memory anywhere in the conversion: no leak (AddressSanitizer looks). */
struct attempt {
    struct arena *a;
    int rc;
};

static void attempt(void *arg)
{
    struct attempt *t = arg;
    struct err e = ERR_INIT;
    struct val v;
    t->rc = json_parse(t->a, STR("{\"a\":[1,\"two\",{\"three\":3.5}]}"), &v, &e);
}

static void test_out_of_memory(void **state)
{
    (void)state;
    int caught = -1;
    long n = 0;
    while (caught) {
        struct attempt t = {arena_new(1 << 20), 1};
        arena_fail_after(++n);
        caught = oom_guard(attempt, &t);
        arena_fail_after(0);
        assert_true(caught || t.rc == 0);
        arena_free(&t.a);
    }
    assert_in_range(n, 5, 20);
}

static void test_writer(void **state)
{
    struct strb b;
    struct json j;
    struct ref file = {
        .id = 33, .title = STR("a.pdf"), .type = STR("application/pdf"), .size_bytes = 12};
    strb_init(&b, *state);
    json_init(&j, &b);
    json_begin_obj(&j);
    json_kint(&j, "i", INT64_MIN);
    json_kbool(&j, "b", true);
    json_kstr(&j, "s", STR("\x7F\x1F/<>&"));
    json_key(&j, STR("l"));
    json_begin_list(&j);
    json_begin_obj(&j);
    json_end_obj(&j);
    json_begin_list(&j);
    json_end_list(&j);
    json_num(&j, 0.1);
    json_num(&j, (double)__builtin_nan(""));
    json_blank(&j);
    json_end_list(&j);
    json_kval(&j, "d", val_date(20780));
    json_kval(&j, "t", val_time(3661));
    json_kval(&j, "at", val_instant(1500000));
    json_kval(&j, "dec", val_dec(-1250, 2));
    json_kval(&j, "ref", val_ref(*state, 31, STR("标题")));
    json_kval(&j, "hidden", val_ref(*state, 32, STR_NONE));
    json_kval(&j, "file", ((struct val){.kind = VAL_REF, .ref = &file}));
    json_kval(&j, "none", ((struct val){.kind = VAL_ABSENT}));
    json_end_obj(&j);
    CHECK_STR(strb_str(&b), "{\"i\":-9223372036854775808,\"b\":true,\"s\":\"\x7F\\u001f/<>&\","
                            "\"l\":[{},[],0.1,null,null],\"d\":\"2026-11-23\",\"t\":\"01:01:01\","
                            "\"at\":\"1970-01-01T00:00:01.5Z\",\"dec\":-12.50,"
                            "\"ref\":{\"id\":\"000000000000z\",\"title\":\"标题\"},"
                            "\"hidden\":{\"id\":\"0000000000010\",\"title\":null},"
                            "\"file\":{\"id\":\"0000000000011\",\"title\":\"a.pdf\",\"size\":12,"
                            "\"type\":\"application/pdf\"},\"none\":null}");
}

/* Every byte at every place of the eight that are looked at together. */
static void test_escapes(void **state)
{
    struct arena_mark m = arena_mark(*state);
    for (int c = 1; c < 0x80; c++) {
        for (size_t at = 0; at < 19; at++) {
            char text[] = "abcdefghijklmnopqrs";
            struct err e = ERR_INIT;
            struct val v;
            text[at] = (char)c;
            struct val in = val_text(str_of(text));
            if (json_parse(*state, print(*state, in), &v, &e) < 0 || !val_same(in, v))
                fail_msg("byte %02x at %zu: %s", (unsigned)c, at, e.en);
            arena_reset(*state, m);
        }
    }
    CHECK_STR(print(*state, val_text(STR("榫卯\b\f\r榫卯榫卯\""))),
              "\"榫卯\\b\\f\\r榫卯榫卯\\\"\"");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip), cmocka_unit_test(test_kinds),
        cmocka_unit_test(test_refused),    cmocka_unit_test(test_text_with_nul),
        cmocka_unit_test(test_limits),     cmocka_unit_test(test_out_of_memory),
        cmocka_unit_test(test_writer),     cmocka_unit_test(test_escapes),
    };
    return cmocka_run_group_tests_name("json", tests, setup, teardown);
}
