/* engine/base/str, strb, fmt, map, utf8. */
#include "tests/unit/unit.h"

#include "engine/base/map.h"
#include "engine/base/strb.h"
#include "engine/base/utf8.h"

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

static void test_find(void **state)
{
    static const struct {
        const char *s, *needle;
        size_t from;
        ptrdiff_t want;
    } cases[] = {
        {"banana", "an", 0, 1},   {"banana", "an", 2, 3}, {"banana", "an", 4, -1},
        {"banana", "", 3, 3},     {"banana", "", 6, 6},   {"banana", "", 7, -1},
        {"banana", "nana", 0, 2}, {"aab", "ab", 0, 1},    {"", "a", 0, -1},
        {"ab", "abc", 0, -1},     {"榫卯", "卯", 0, 3},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        assert_int_equal(str_find(str_of(cases[i].s), str_of(cases[i].needle), cases[i].from),
                         cases[i].want);
}

static void test_compare(void **state)
{
    (void)state;
    assert_true(str_eq(STR_NONE, STR("")));
    assert_true(str_eqz(STR_NONE, NULL));
    assert_true(str_ieq(STR("Content-TYPE"), STR("content-type")));
    assert_false(str_ieq(STR("[a"), STR("{a")));
    assert_true(str_cmp(STR("a"), STR("ab")) < 0);
    assert_true(str_cmp(STR("b"), STR("ab")) > 0);
    assert_true(str_cmp(STR("\xE6\xA6\xAB"), STR("z")) > 0);
    assert_int_equal(str_cmp(STR("ab"), STR("ab")), 0);
    assert_true(str_starts(STR("abc"), STR("ab")));
    assert_true(str_starts(STR("abc"), STR("")));
    assert_false(str_starts(STR("ab"), STR("abc")));
    assert_true(str_ends(STR("abc"), STR("bc")));
    assert_false(str_ends(STR("c"), STR("bc")));
}

static void test_trim_cut(void **state)
{
    static const struct {
        const char *in, *want;
    } cases[] = {
        {"", ""},
        {" \t\r\n", ""},
        {" a b ", "a b"},
        {"\u3000", ""},
        {"\u3000 榫卯 \u3000\n", "榫卯"},
        {"x\u3000y", "x\u3000y"},
    };
    struct str head;
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        CHECK_CASE(str_trim(str_of(cases[i].in)), cases[i].want, cases[i].in);
    struct str rest = str_cut(STR("a=b=c"), '=', &head);
    CHECK_STR(head, "a");
    CHECK_STR(rest, "b=c");
    rest = str_cut(STR("abc"), '=', &head);
    CHECK_STR(head, "abc");
    CHECK_STR(rest, "");
    CHECK_STR(str_sub(STR("abc"), 1, 100), "bc");
    CHECK_STR(str_sub(STR("abc"), 5, 1), "");
}

static void test_int(void **state)
{
    static const struct {
        const char *in;
        int64_t min, max;
        bool ok;
        int64_t want;
    } cases[] = {
        {"0", 0, 9, true, 0},
        {"42", 0, 100, true, 42},
        {"-7", -10, 10, true, -7},
        {"101", 0, 100, false, 0},
        {"-1", 0, 100, false, 0},
        {"", 0, 9, false, 0},
        {"-", -9, 9, false, 0},
        {"1 ", 0, 9, false, 0},
        {"+1", 0, 9, false, 0},
        {"0x1", 0, 99, false, 0},
        {"9223372036854775807", INT64_MIN, INT64_MAX, true, INT64_MAX},
        {"9223372036854775808", INT64_MIN, INT64_MAX, false, 0},
        {"-9223372036854775808", INT64_MIN, INT64_MAX, true, INT64_MIN},
        {"-9223372036854775809", INT64_MIN, INT64_MAX, false, 0},
        {"99999999999999999999999", INT64_MIN, INT64_MAX, false, 0},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        int64_t v = 0;
        bool ok = str_int(str_of(cases[i].in), cases[i].min, cases[i].max, &v);
        CHECK(ok == cases[i].ok && v == cases[i].want, cases[i].in);
    }
}

static void test_key(void **state)
{
    static const struct {
        const char *in;
        bool want;
    } cases[] = {
        {"a", true},
        {"a_1", true},
        {"", false},
        {"_a", false},
        {"1a", false},
        {"aB", false},
        {"a-b", false},
        {"a b", false},
        {"é", false},
        {"a\"", false},
        {"a23456789012345678901234567890123456789012345678901234567890123", true},
        {"a234567890123456789012345678901234567890123456789012345678901234", false},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        CHECK(str_is_key(str_of(cases[i].in)) == cases[i].want, cases[i].in);
}

static void test_distance(void **state)
{
    static const struct {
        const char *a, *b;
        size_t limit, want;
    } cases[] = {
        {"", "", 3, 0},         {"abc", "abc", 3, 0},       {"abc", "abd", 3, 1},
        {"abc", "acb", 3, 1},   {"abc", "ab", 3, 1},        {"kitten", "sitting", 5, 3},
        {"客户", "客戶", 2, 1}, {"abcdef", "a", 2, 3},      {"company", "comapny", 2, 1},
        {"abcd", "wxyz", 2, 3}, {"amount", "amuont", 2, 1}, {"a", "", 2, 1},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct str a = str_of(cases[i].a);
        struct str b = str_of(cases[i].b);
        CHECK(str_distance(a, b, cases[i].limit) == cases[i].want, cases[i].b);
        CHECK(str_distance(b, a, cases[i].limit) == cases[i].want, cases[i].b);
    }
}

static void test_builder(void **state)
{
    struct strb b;
    strb_init(&b, *state);
    CHECK_STR(strb_str(&b), "");
    strb_addc(&b, 'x');
    strb_addi(&b, INT64_MIN);
    strb_addz(&b, "|");
    strb_addi(&b, 0);
    strb_addf(&b, "|%s|%05d|", "fmt", 42);
    strb_addu(&b, 0x41);
    strb_addu(&b, 0xE9);
    strb_addu(&b, 0x699B);
    strb_addu(&b, 0x1F600);
    strb_addu(&b, 0xD800);
    strb_add_html(&b, STR("<a href=\"x\">R&D's</a>"));
    struct str s = strb_str(&b);
    CHECK_STR(s, "x-9223372036854775808|0|fmt|00042|A\u00E9\u699B\U0001F600\uFFFD"
                 "&lt;a href=&quot;x&quot;&gt;R&amp;D&#39;s&lt;/a&gt;");
    assert_int_equal(s.p[s.n], 0);
}

static void test_builder_grows(void **state)
{
    struct strb b;
    size_t want = 0;
    strb_init(&b, *state);
    for (int i = 0; i < 3000; i++) {
        strb_addf(&b, "%0*d", i % 200 + 1, i);
        arena_alloc(*state, 16); /* another user of the arena: growing must copy */
        want += MAX((size_t)(i % 200 + 1), (size_t)(1 + (i > 9) + (i > 99) + (i > 999)));
    }
    assert_int_equal(strb_str(&b).n, want);
    assert_int_equal(strlen(b.p), want);
    struct str long_text = str_fmt(*state, "%0300d", 7);
    assert_int_equal(long_text.n, 300);
}

static void test_map(void **state)
{
    struct map m;
    int values[2000];
    map_init(&m, *state);
    assert_null(map_get(&m, STR("a")));
    for (int i = 0; i < 2000; i++)
        map_put(&m, str_fmt(*state, "key%d", i), &values[i]);
    for (int i = 0; i < 2000; i++) {
        assert_ptr_equal(map_get(&m, str_fmt(*state, "key%d", i)), &values[i]);
        assert_ptr_equal(m.items[i].value, &values[i]);
    }
    assert_null(map_get(&m, STR("key2000")));
    map_put(&m, STR("key7"), &values[0]);
    assert_ptr_equal(map_get(&m, STR("key7")), &values[0]);
    assert_int_equal(m.n, 2000);
}

static void test_nearest(void **state)
{
    static const char *const keys[] = {"company", "contact", "phone", "source", "qty"};
    static const struct {
        const char *in, *want;
    } cases[] = {
        {"comapny", "company"}, {"phnoe", "phone"}, {"xyzzy", ""}, {"qt", "qty"},
        {"contcat", "contact"}, {"q", ""},          {"", ""},
    };
    struct map m;
    int value = 0;
    map_init(&m, *state);
    for (size_t i = 0; i < ARRAY_LEN(keys); i++)
        map_put(&m, str_of(keys[i]), &value);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        CHECK_CASE(map_nearest(&m, str_of(cases[i].in)), cases[i].want, cases[i].in);
}

static void test_hash(void **state)
{
    (void)state;
    char buf[64] = {0};
    for (size_t n = 0; n < sizeof(buf); n++) { /* length and every byte count */
        uint64_t h = str_hash((struct str){buf, n});
        assert_true(h == str_hash((struct str){buf, n}));
        assert_true(h != str_hash((struct str){buf, n + 1}) || n + 1 > sizeof(buf));
        for (size_t i = 0; i < n; i++) {
            buf[i] = 1;
            assert_true(h != str_hash((struct str){buf, n}));
            buf[i] = 0;
        }
    }
}

static void test_utf8_valid(void **state)
{
    static const struct {
        const char *in;
        size_t n;
        bool want;
    } cases[] = {
        {"", 0, true},
        {"abc", 3, true},
        {"a\0b", 3, false},
        {"\xC3\xA9", 2, true},
        {"\xE6\xA6\xAB\xE5\x8D\xAF", 6, true},
        {"\xF0\x9F\x98\x80", 4, true},
        {"\xF4\x8F\xBF\xBF", 4, true},
        {"\xF4\x90\x80\x80", 4, false}, /* beyond U+10FFFF */
        {"\xED\x9F\xBF", 3, true},
        {"\xED\xA0\x80", 3, false}, /* surrogate */
        {"\xC0\x80", 2, false},     /* over-long NUL */
        {"\xC1\xBF", 2, false},
        {"\xE0\x80\x80", 3, false},
        {"\xE0\xA0\x80", 3, true},
        {"\xF0\x80\x80\x80", 4, false},
        {"\xE6\xA6", 2, false},
        {"\x80", 1, false},
        {"\xE6\x41\x41", 3, false},
        {"\xFF", 1, false},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        CHECK(utf8_valid((struct str){cases[i].in, cases[i].n}) == cases[i].want, cases[i].in);
}

static void test_utf8_walk(void **state)
{
    (void)state;
    struct str s = STR("a\u00E9\u699B\U0001F600z");
    static const uint32_t want[] = {'a', 0xE9, 0x699B, 0x1F600, 'z'};
    size_t pos = 0;
    assert_int_equal(utf8_len(s), 5);
    for (size_t i = 0; i < ARRAY_LEN(want); i++) {
        assert_int_equal(utf8_offset(s, i), pos);
        assert_int_equal(utf8_next(s, &pos), want[i]);
    }
    assert_int_equal(pos, s.n);
    assert_int_equal(utf8_offset(s, 99), s.n);
    pos = 0;
    struct str bad = STR("\xFF\xE6z");
    assert_int_equal(utf8_next(bad, &pos), 0xFFFD);
    assert_int_equal(utf8_next(bad, &pos), 0xFFFD);
    assert_int_equal(utf8_next(bad, &pos), 'z');
    assert_int_equal(utf8_good(STR("a\u699B\xE6z")), 4);
    assert_int_equal(utf8_good(s), s.n);
    CHECK_STR(utf8_cut(s, 4), "a\u00E9");
    CHECK_STR(utf8_cut(s, 6), "a\u00E9\u699B");
    CHECK_STR(utf8_cut(s, 100), "a\u00E9\u699B\U0001F600z");
}

/* Every code point survives the way out and back. */
static void test_utf8_all(void **state)
{
    struct strb b;
    struct arena_mark m = arena_mark(*state);
    for (uint32_t cp = 1; cp <= 0x10FFFF; cp++) {
        if (cp == 0xD800)
            cp = 0xE000;
        size_t pos = 0;
        strb_init(&b, *state);
        strb_addu(&b, cp);
        struct str s = strb_str(&b);
        if (!utf8_valid(s) || utf8_next(s, &pos) != cp || pos != s.n)
            fail_msg("U+%04X", cp);
        arena_reset(*state, m);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_find),      cmocka_unit_test(test_compare),
        cmocka_unit_test(test_trim_cut),  cmocka_unit_test(test_int),
        cmocka_unit_test(test_key),       cmocka_unit_test(test_distance),
        cmocka_unit_test(test_builder),   cmocka_unit_test(test_builder_grows),
        cmocka_unit_test(test_map),       cmocka_unit_test(test_nearest),
        cmocka_unit_test(test_hash),      cmocka_unit_test(test_utf8_valid),
        cmocka_unit_test(test_utf8_walk), cmocka_unit_test(test_utf8_all),
    };
    return cmocka_run_group_tests_name("str", tests, setup, teardown);
}
