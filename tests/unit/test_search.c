/*
 * Words of texts, and the search index: what is found by whom, while rows come, change and go, and
 * when the definition does.
 */
#include "tests/unit/record_test.h"

#include "engine/record/search.h"
#include "engine/value/token.h"

/* ---- words ---- */

struct token_case {
    const char *text, *want;
};

static const struct token_case TOKENS[] = {
    {"", ""},
    {"榫卯", "榫卯 卯"},
    {"北京榫卯", "北京 京榫 榫卯 卯"},
    {"张", "张"},
    {"北京 榫卯", "北京 京 榫卯 卯"},
    {"ＡＢＣ（北京）", "abc 北京 京"},
    {"No.XS2026", "no xs2026 2026 026 26 6"},
    {"202611000123", "202611000123 0123 123 23 3"},
    {"i19", "i19 19 9"},
    {"Zoë 𠮷野家", "zoë 𠮷野 野家 家"},
    {"·、！ …", ""},
    {"々〆 カタカナ", "々〆 〆 カタ タカ カナ ナ"},
};

static void test_tokens(void **state)
{
    struct arena *a = arena_new(1 << 20);
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(TOKENS); i++) {
        struct tokens t;
        struct strb b;
        strb_init(&b, a);
        token_text(a, str_of(TOKENS[i].text), &t);
        for (size_t k = 0; k < t.list.n; k++)
            strb_addf(&b, "%s%.*s", k ? " " : "", STR_ARG(t.list.v[k]));
        CHECK_STR(strb_str(&b), TOKENS[i].want);
    }
    struct token_word w;
    assert_false(token_word(a, STR("！"), &w));
    arena_free(&a);
}

/* ---- the index ---- */

#define FORM(search)                                                                               \
    "form: lead\n"                                                                                 \
    "title: 线索\n"                                                                              \
    "fields:\n"                                                                                    \
    "  company: {type: text, title: 公司, search: true}\n"                                       \
    "  contact: {type: text, title: 联系人, search: true}\n"                                    \
    "  phone: {type: phone, title: 手机, search: true, sensitive: personal}\n"                   \
    "  note: {type: textarea, title: 备注" search "}\n"                                            \
    "permissions:\n"                                                                               \
    "  all: {role: boss, can: all, fields: {phone: write}}\n"                                      \
    "  see: {role: rep, can: [read], fields: {contact: hidden}}\n"                                 \
    "  own: {role: rep, can: [read], where: _owner = USER()}\n"

static const struct test_file FILES[] = {
    {"app.yaml", "app: shop\n"
                 "title: 店\n"
                 "version: \"1\"\n"
                 "language: zh-CN\n"
                 "roles: {rep: 代表, boss: 老板}\n"},
    {"forms/lead.yaml", FORM("")},
};

static struct test_app app;
static struct test_member boss = {.login = "boss", .role = "boss"};
static struct test_member rep = {.login = "rep", .role = "rep"};
static int64_t ids[4];

static int setup(void **state)
{
    (void)state;
    test_app_init(&app, "shop", FILES, ARRAY_LEN(FILES));
    test_member(&app, &boss);
    test_member(&app, &rep);
    static const char *const rows[] = {
        "{\"company\":\"北京榫卯科技有限公司\",\"contact\":\"张三丰\",\"phone\":\"13800138000\"}",
        "{\"company\":\"上海木作坊\",\"contact\":\"李四\",\"note\":\"榫卯老客户\"}",
        "{\"company\":\"Acme Ltd 2026\",\"contact\":\"王五\"}",
        "{\"company\":\"京北 榫 卯\",\"contact\":\"张三\"}",
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        ids[i] = test_made(&app, &boss.who, "lead", rows[i]);
    struct test_job j;
    char buf[16];
    struct err err;
    struct str own = str_fmt(app.a, "{\"_owner\":\"%s\"}", id_print(rep.who.id, buf).p);
    OK(test_update(&app, NULL, "lead", ids[3], own.p, &j, &err));
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    test_app_fini(&app);
    return 0;
}

/* "2 1 " : which of the rows, newest first, and the total. */
static struct str found(const struct principal *who, const char *words, const char *sort)
{
    struct query q = {.form = app_form(app.app, STR("lead")),
                      .search = str_of(words),
                      .sort = str_of(sort),
                      .limit = 50};
    struct err err = ERR_INIT;
    struct val v;
    struct strb b;
    struct str json = test_list(&app, who, &q);
    if (json_parse(app.a, json, &v, &err) < 0)
        return json;
    strb_init(&b, app.a);
    struct val records = val_get(v, STR("records"));
    for (uint32_t i = 0; i < records.n; i++)
        for (size_t k = 0; k < ARRAY_LEN(ids); k++) {
            char buf[16];
            if (str_eq(val_str(val_get(records.list[i], STR("_id"))), id_print(ids[k], buf)))
                strb_addf(&b, "%zu ", k);
        }
    assert_true(val_double(val_get(v, STR("total"))) == records.n);
    return strb_str(&b);
}

struct find_case {
    struct test_member *who;
    const char *words, *want;
};

static const struct find_case FINDS[] = {
    {&boss, "榫卯", "0 "},
    {&boss, "京榫", "0 "},
    {&boss, "榫", "3 0 "},
    {&boss, "张", "3 0 "},
    {&boss, "张三", "3 0 "},
    {&boss, "张三丰", "0 "},
    {&boss, "三丰", "0 "},
    {&boss, "北京 张三", "0 "},
    {&boss, "木作坊", "1 "},
    {&boss, "作木", ""},
    {&boss, "acme", "2 "},
    {&boss, "AC", "2 "},
    {&boss, "ＡＣＭＥ", "2 "},
    {&boss, "26", "2 "},
    {&boss, "cme", ""},
    {&boss, "13800138000", ""}, /* sensitive: by its exact value, in a filter */
    {&boss, "科技有限公司", "0 "},
    {&boss, "\" OR c0 : *", ""},
    {&boss, "!", ""},
    /* The other rep's contacts are hidden from him. */
    {&rep, "榫卯", "0 "},
    {&rep, "张三", "3 "},
    {&rep, "张三丰", ""},
    {&rep, "李四", ""},
    {&rep, "京北 张三", "3 "},
    {&rep, "北京 张三", ""},
};

static void check_finds(void)
{
    for (size_t i = 0; i < ARRAY_LEN(FINDS); i++) {
        const struct find_case *f = &FINDS[i];
        struct str got = found(&f->who->who, f->words, "");
        if (!str_eqz(got, f->want))
            fail_msg("%s searches %s: %.*s, not %s", f->who->login, f->words, STR_ARG(got),
                     f->want);
    }
}

static void test_finds(void **state)
{
    struct err err = ERR_INIT;
    (void)state;
    test_as(&app, &boss.who);
    assert_int_equal(search_ready(&app.c, app_form(app.app, STR("lead")), &err), 1);
    check_finds();
    CHECK_STR(found(&boss.who, "张三", "company"), "0 3 ");
    CHECK_STR(found(&boss.who, "张三", "_id"), "0 3 ");
}

static void test_changes(void **state)
{
    struct test_job j;
    struct err err;
    (void)state;
    OK(test_update(&app, &boss.who, "lead", ids[1], "{\"company\":\"上海榫卯坊\"}", &j, &err));
    CHECK_STR(found(&boss.who, "榫卯", ""), "1 0 ");
    CHECK_STR(found(&boss.who, "木作", ""), "");
    OK(test_update(&app, &boss.who, "lead", ids[1], "{\"company\":null}", &j, &err));
    CHECK_STR(found(&boss.who, "榫卯", ""), "0 ");
    OK(test_update(&app, &boss.who, "lead", ids[1], "{\"company\":\"上海木作坊\"}", &j, &err));
    j = (struct test_job){.w = {.op = REC_DELETE,
                                .form = app_form(app.app, STR("lead")),
                                .id = ids[1],
                                .no_version = true}};
    OK(test_write(&app, &boss.who, &j, &err));
    CHECK_STR(found(&boss.who, "木作", ""), "");
    j.w.op = REC_RESTORE;
    OK(test_write(&app, &boss.who, &j, &err));
    check_finds();
    /* What is refused leaves nothing behind. */
    assert_int_equal(
        test_create(&app, &boss.who, "lead", "{\"company\":\"榫卯\",\"no\":1}", &j, &err), -1);
    check_finds();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tokens),
        cmocka_unit_test(test_finds),
        cmocka_unit_test(test_changes),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
