/* engine/value/val, sql, fold. */
#include "tests/unit/unit.h"

#include "engine/value/fold.h"
#include "engine/value/sql.h"
#include "engine/value/val.h"

#include <math.h>

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

static void test_blank(void **state)
{
    (void)state;
    assert_true(val_is_blank(VAL_NONE));
    assert_true(val_is_blank(val_text(STR(""))));
    assert_true(val_is_blank(val_list(NULL, 0)));
    assert_true(val_is_blank(val_num((double)NAN)));
    assert_true(val_is_blank(val_num((double)INFINITY)));
    assert_true(val_is_blank((struct val){.kind = VAL_ABSENT}));
    assert_false(val_is_blank(val_num(0)));
    assert_false(val_is_blank(val_bool(false)));
    assert_false(signbit(val_num(-0.0).num));
    assert_false(val_is_blank(val_obj(NULL, 0)));
}

/* In ascending order; rows of one group are equal. */
static void test_order(void **state)
{
    struct arena *a = *state;
    const struct val one[] = {val_num(1)};
    const struct val one_two[] = {val_num(1), val_num(2)};
    const struct pair xy[] = {{STR("x"), val_num(1)}, {STR("y"), val_num(2)}};
    const struct pair yx[] = {{STR("y"), val_num(2)}, {STR("x"), val_num(1)}};
    const struct {
        int group;
        struct val v;
    } rows[] = {
        {0, VAL_NONE},
        {0, {.kind = VAL_ABSENT}},
        {0, {.kind = VAL_TEXT, .n = 0, .text = ""}},
        {0, {.kind = VAL_LIST, .n = 0}},
        {1, val_bool(false)},
        {2, val_bool(true)},
        {3, val_num(-5)},
        {4, val_num(0.1)},
        {4, val_dec(1, 1)},
        {4, val_dec(100, 3)},
        {5, val_dec(9007199254740993, 0)},
        {6, val_dec(9007199254740994, 0)},
        {7, val_text(STR("a"))},
        {8, val_text(STR("ab"))},
        {9, val_text(STR("b"))},
        {10, val_text(STR("卯"))},
        {11, val_date(-1)},
        {12, val_date(20780)},
        {13, val_time(3600)},
        {14, val_instant(5)},
        {15, val_ref(a, 7, STR("seven"))},
        {15, val_ref(a, 7, STR_NONE)},
        {16, val_ref(a, 8, STR("a"))},
        {17, val_list(one, 1)},
        {18, val_list(one_two, 2)},
        {19, val_obj(xy, 2)},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        for (size_t j = 0; j < ARRAY_LEN(rows); j++) {
            int want = (rows[i].group > rows[j].group) - (rows[i].group < rows[j].group);
            int got = val_cmp(rows[i].v, rows[j].v);
            if (((got > 0) - (got < 0)) != want)
                fail_msg("row %zu against %zu gave %d", i, j, got);
            assert_int_equal(val_same(rows[i].v, rows[j].v), want == 0);
        }
    }
    assert_true(val_same(val_obj(xy, 2), val_obj(yx, 2)));
}

static void test_copy(void **state)
{
    struct arena *a = *state;
    struct arena *own = arena_new(1 << 20);
    const struct val items[] = {val_text(str_dup(own, STR("榫"))), val_dec(5, 2)};
    struct val ref = val_ref(own, 9, str_dup(own, STR("title")));
    const struct pair pairs[] = {{str_dup(own, STR("list")), val_list(items, 2)},
                                 {STR("ref"), ref},
                                 {STR("empty"), {.kind = VAL_TEXT, .text = ""}}};
    struct val copy = val_copy(a, val_obj(pairs, 3));
    arena_free(&own); /* nothing of the copy points there: AddressSanitizer would see it */
    assert_int_equal(copy.n, 3);
    struct val list = val_get(copy, STR("list"));
    CHECK_STR(val_str(list.list[0]), "榫");
    assert_int_equal(list.list[1].scale, 2);
    CHECK_STR(val_get(copy, STR("ref")).ref->title, "title");
    assert_int_equal(val_get(copy, STR("empty")).kind, VAL_TEXT);
    assert_int_equal(val_get(copy, STR("none")).kind, VAL_ABSENT);
    assert_int_equal(val_get(VAL_NONE, STR("none")).kind, VAL_ABSENT);
}

static void test_double(void **state)
{
    (void)state;
    assert_true(val_double(val_dec(1250, 2)) == 12.5);
    assert_true(val_double(val_num(0.1)) == 0.1);
    assert_true(val_double(val_text(STR("5"))) == 0);
    assert_true(val_double(VAL_NONE) == 0);
}

/* ---- SQL ---- */

static void test_sql(void **state)
{
    struct sql q;
    struct sql part;
    sql_init(&part, *state, SQL_SQLITE);
    sql_lit(&part, "x = ");
    sql_bind_int(&part, 5);
    sql_lit(&part, " AND \"a$1\" <> '$1''$2' AND y IN (");
    sql_bind_str(&part, STR(""));
    sql_lit(&part, ",");
    sql_bind(&part, val_text(STR("z")));
    sql_lit(&part, ")");
    sql_init(&q, *state, SQL_SQLITE);
    sql_lit(&q, "SELECT ");
    sql_col(&q, 0, STR("name"));
    sql_lit(&q, " FROM ");
    sql_table(&q, STR("crm"), STR("lead"), STR_NONE);
    sql_lit(&q, " AS ");
    sql_alias(&q, 0);
    sql_lit(&q, " WHERE ");
    sql_col(&q, 12, STR("_id"));
    sql_lit(&q, " = ");
    sql_bind_int(&q, 1);
    sql_lit(&q, " AND ");
    sql_append(&q, &part);
    sql_lit(&q, " LIMIT ");
    sql_int(&q, -3);
    CHECK_STR(strb_str(&q.text),
              "SELECT t0.\"name\" FROM \"crm__lead\" AS t0 WHERE t12.\"_id\" = $1 AND x = $2 AND "
              "\"a$1\" <> '$1''$2' AND y IN ($3,$4) LIMIT -3");
    assert_int_equal(q.args.n, 4);
    assert_int_equal(q.args.v[1].i, 5);
    assert_int_equal(q.args.v[2].kind, VAL_TEXT); /* an empty text, not NULL */
    CHECK_STR(val_str(q.args.v[3]), "z");
}

static void test_sql_contains(void **state)
{
    struct sql q;
    sql_init(&q, *state, SQL_SQLITE);
    sql_lit(&q, "name");
    sql_contains(&q, STR("50%_\\x"));
    CHECK_STR(strb_str(&q.text), "name LIKE $1 ESCAPE '\\'");
    CHECK_STR(val_str(q.args.v[0]), "%50\\%\\_\\\\x%");
}

/* Long names: at most 63 bytes, different for different names, and the same for ever. */
static void test_sql_long_names(void **state)
{
    struct str forms[] = {STR("a234567890123456789012345678901234567890123456789012345678901"),
                          STR("a234567890123456789012345678901234567890123456789012345678902")};
    struct str names[2];
    for (size_t i = 0; i < 2; i++) {
        struct sql q;
        sql_init(&q, *state, SQL_SQLITE);
        sql_table(&q, STR("crm"), forms[i], STR("items"));
        names[i] = strb_str(&q.text);
        assert_int_equal(names[i].n, 63 + 2);
    }
    assert_false(str_eq(names[0], names[1]));
    CHECK_STR(names[0], "\"crm__a2345678901234567890123456789012345678901_dc9753dd10417ba6\"");
}

/* ---- fold ---- */

static void test_fold_text(void **state)
{
    static const struct {
        const char *in, *want;
    } cases[] = {
        {"", ""},
        {"  Abc ", "abc"},
        {"ＡＢＣ１２３（北京）㈱", "abc123(北京)(株)"},
        {"\u3000榫卯\u3000", "榫卯"},
        {"Straße", "strasse"},
        {"e\u0301", "\u00E9"},
        {"\u00C9", "\u00E9"},
        {"ﬁ", "fi"},
        {"a\u200Bb", "ab"}, /* zero width space */
        {"\u00A0x\u00A0", "x"},
        {"ｶﾞ", "ガ"},
        {"\xFF", "\xFF"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        CHECK_CASE(fold_text(*state, str_of(cases[i].in)), cases[i].want, cases[i].in);
}

static void test_fold_twice(void **state)
{
    struct strb b;
    struct arena_mark m = arena_mark(*state);
    for (uint32_t cp = 1; cp <= 0x10FFFF; cp += cp < 0x3000 ? 1 : 7) {
        if (cp >= 0xD800 && cp < 0xE000)
            continue;
        strb_init(&b, *state);
        strb_addu(&b, cp);
        strb_addu(&b, 'X');
        strb_addu(&b, cp);
        struct str once = fold_text(*state, strb_str(&b));
        if (!str_eq(fold_text(*state, once), once))
            fail_msg("U+%04X folds further", cp);
        arena_reset(*state, m);
    }
}

static void test_fold_phone(void **state)
{
    static const struct {
        const char *in, *want;
    } cases[] = {
        {"13800138000", "13800138000"},
        {"+86 138-0013-8000", "13800138000"},
        {"(+86)13800138000", "13800138000"},
        {"008613800138000", "13800138000"},
        {"8613800138000", "13800138000"},
        {"＋８６１３８００１３８０００", "13800138000"},
        {"010-62510000", "01062510000"},
        {"+86 10 62510000", "1062510000"},
        {"+1 (415) 555-0100", "14155550100"},
        {"86", "86"},
        {"8650000", "8650000"},
        {"无", ""},
        {"", ""},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        CHECK_CASE(fold_phone(*state, str_of(cases[i].in)), cases[i].want, cases[i].in);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_blank),
        cmocka_unit_test(test_order),
        cmocka_unit_test(test_copy),
        cmocka_unit_test(test_double),
        cmocka_unit_test(test_sql),
        cmocka_unit_test(test_sql_contains),
        cmocka_unit_test(test_sql_long_names),
        cmocka_unit_test(test_fold_text),
        cmocka_unit_test(test_fold_twice),
        cmocka_unit_test(test_fold_phone),
    };
    return cmocka_run_group_tests_name("val", tests, setup, teardown);
}
