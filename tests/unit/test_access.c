/*
 * Rights: grants as units of rows and fields, masks, hidden names, ensure, restrict, links to what
 * is invisible, titles for their reader, computed fields as sensitive as their inputs.
 */
#include "tests/unit/record_test.h"

#include "engine/record/eval.h"

static const struct test_file FILES[] = {
    {"app.yaml", "app: shop\n"
                 "title: 店\n"
                 "version: \"1\"\n"
                 "language: zh-CN\n"
                 "roles: {rep: 代表, boss: 主管, clerk: 文员, nobody: 无}\n"},
    {"forms/area.yaml",
     "form: area\n"
     "title: 区域\n"
     "fields:\n"
     "  name: {type: text, title: 名称}\n"
     "  quota: {type: number, title: 指标, scale: 0}\n"
     "  leads: {type: rollup, title: 线索成本, of: lead.area, value: SUM(cost), scale: 2}\n"
     "permissions:\n"
     "  rep: {role: rep, can: [read], fields: {quota: hidden}}\n"
     "  clerk: {role: clerk, can: [read]}\n"
     "  boss: {role: boss, can: all}\n"},
    {"forms/note.yaml",
     "form: note\n"
     "title: 备注\n"
     "record_title: lead & \"/\" & secret\n"
     "fields:\n"
     "  lead: {type: link, title: 线索, form: lead}\n"
     "  secret: {type: text, title: 秘密}\n"
     "  phone: {type: lookup, title: 电话, value: lead.phone}\n"
     "  quota: {type: lookup, title: 指标, value: lead.channel.quota}\n"
     "  half: {type: formula, title: 一半, value: quota / 2, scale: 1}\n"
     "permissions:\n"
     "  rep: {role: rep, can: [read, transfer], where: secret <> \"x\", fields: {secret: hidden}}\n"
     "  own: {role: rep, can: [read], where: _owner = USER()}\n"
     "  boss: {role: boss, can: all}\n"},
    {"forms/channel.yaml", "form: channel\n"
                           "title: 渠道\n"
                           "fields:\n"
                           "  name: {type: text, title: 名称}\n"
                           "  area: {type: link, title: 区域, form: area}\n"
                           "  quota: {type: lookup, title: 指标, value: area.quota}\n"
                           "  credit: {type: number, title: 额度, scale: 2}\n"
                           "permissions:\n"
                           "  own: {role: rep, can: [read], where: _owner = USER()}\n"
                           "  boss: {role: boss, can: all}\n"},
    {"forms/lead.yaml",
     "form: lead\n"
     "title: 线索\n"
     "record_title: company & \" \" & contact\n"
     "fields:\n"
     "  company: {type: text, title: 公司, search: true}\n"
     "  contact: {type: text, title: 联系人, search: true}\n"
     "  phone: {type: phone, title: 手机, sensitive: personal, group: personal}\n"
     "  cost: {type: number, title: 成本, scale: 2, group: price}\n"
     "  price: {type: number, title: 价格, scale: 2, group: price}\n"
     "  margin: {type: formula, title: 毛利, value: price - cost, scale: 2}\n"
     "  region: {type: select, title: 地区, options: {n: 北, s: 南}}\n"
     "  channel: {type: link, title: 渠道, form: channel}\n"
     "  area: {type: link, title: 区域, form: area}\n"
     "  credit: {type: lookup, title: 额度, value: channel.credit}\n"
     "  items:\n"
     "    type: table\n"
     "    title: 明细\n"
     "    fields:\n"
     "      what: {type: text, title: 品名}\n"
     "      cost: {type: number, title: 成本, scale: 2}\n"
     "restrict: region <> \"s\" OR cost = BLANK OR cost < 1000\n"
     "permissions:\n"
     "  own: {role: rep, can: [create, read, update, delete], where: _owner = USER(), ensure: "
     "_owner = USER(),\n"
     "        fields: {'@personal': write, cost: hidden, items.cost: hidden}}\n"
     "  team: {role: rep, can: [read], where: region = \"n\", fields: {phone: masked, '@price': "
     "hidden}}\n"
     "  pool: {role: rep, can: [read], where: _owner = BLANK, fields: {'*': hidden, company: "
     "read}}\n"
     "  clerk: {role: clerk, can: [read, update], fields: {price: read, cost: hidden}}\n"
     "  boss: {role: boss, can: all}\n"},
};

static struct test_app app;
static struct test_member ann = {.login = "ann", .role = "rep", .department = "华东"};
static struct test_member bob = {.login = "bob", .role = "rep", .department = "华北"};
static struct test_member boss = {.login = "boss", .role = "boss"};
static struct test_member clerk = {.login = "clerk", .role = "clerk"};
static struct test_member out = {.login = "out", .role = "nobody"};
static int64_t hers, his, pooled, northern;

static int64_t owned(struct test_member *m, const char *json)
{
    struct test_job j;
    struct err err;
    int64_t id = test_made(&app, NULL, "lead", json);
    char who[16];
    (void)id_print(m ? m->who.id : 0, who);
    OK(test_update(&app, NULL, "lead", id,
                   m ? str_fmt(app.a, "{\"_owner\":\"%s\"}", who).p : "{\"_owner\":null}", &j,
                   &err));
    return id;
}

static int setup(void **state)
{
    (void)state;
    test_app_init(&app, "shop", FILES, ARRAY_LEN(FILES));
    test_member(&app, &ann);
    test_member(&app, &bob);
    test_member(&app, &boss);
    test_member(&app, &clerk);
    test_member(&app, &out);
    hers = owned(&ann,
                 "{\"company\":\"Ann Co\",\"contact\":\"A\",\"phone\":\"13800138000\",\"cost\":5,"
                 "\"price\":9,\"region\":\"s\",\"items\":[{\"what\":\"x\",\"cost\":3}]}");
    his = owned(&bob,
                "{\"company\":\"Bob Co\",\"contact\":\"B\",\"phone\":\"13900139000\",\"cost\":6,"
                "\"price\":8,\"region\":\"s\"}");
    pooled = owned(NULL, "{\"company\":\"Pool Co\",\"contact\":\"P\",\"phone\":\"13700137000\","
                         "\"cost\":7,\"price\":7,\"region\":\"s\"}");
    northern = owned(&bob, "{\"company\":\"North Co\",\"contact\":\"N\",\"phone\":\"13600136000\","
                           "\"cost\":1,\"price\":2,\"region\":\"n\"}");
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    test_app_fini(&app);
    return 0;
}

/* ---- reading ---- */

struct shown {
    struct test_member *who;
    int64_t *id;
    const char *field;
    const char *want;
};

static const struct shown SHOWN[] = {
    {&ann, &hers, "phone", "\"13800138000\""},
    {&ann, &hers, "cost", "(absent)"}, /* no grant of hers ever shows it */
    {&ann, &hers, "margin", "(absent)"},
    {&ann, &hers, "price", "9"},
    {&ann, &hers, "_title", "\"Ann Co A\""},
    {&ann, &his, "company", "absent"},
    {&ann, &northern, "phone", "\"136****6000\""},
    {&ann, &northern, "price", "null"}, /* another grant shows it on her own rows */
    {&ann, &pooled, "company", "\"Pool Co\""},
    {&ann, &pooled, "contact", "null"},
    {&ann, &pooled, "phone", "null"},
    {&ann, &pooled, "_title", "\"Pool Co\""},
    {&boss, &his, "cost", "6"},
    {&boss, &his, "margin", "2"},
    {&boss, &his, "phone", "\"139****9000\""}, /* under `all` too */
    {&clerk, &his, "price", "8"},
    {&clerk, &his, "margin", "(absent)"},
};

static void test_shows(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(SHOWN); i++) {
        const struct shown *s = &SHOWN[i];
        struct str one = test_one(&app, &s->who->who, "lead", *s->id);
        struct str what = str_fmt(app.a, "%s %zu %s", s->who->login, i, s->field);
        CHECK_CASE(test_get(&app, one, s->field), s->want, what.p);
    }
    struct str one = test_one(&app, &ann.who, "lead", hers);
    CHECK(str_find(test_get(&app, one, "items"), STR("\"cost\":null"), 0) > 0,
          "column of a sub-table");
    CHECK(str_find(test_get(&app, one, "items"), STR("\"what\":\"x\""), 0) > 0, "sub-table");
}

static size_t count_of(struct str text, const char *what)
{
    size_t n = 0;
    for (ptrdiff_t at = 0; (at = str_find(text, str_of(what), (size_t)at)) >= 0; at++)
        n++;
    return n;
}

struct listed {
    struct test_member *who;
    const char *filter;
    const char *sort;
    const char *search;
    const char *want; /* companies in order, or the error */
};

static const struct listed LISTED[] = {
    {&ann, "", "company", "", "Ann Co,North Co,Pool Co"},
    {&ann, "cost > 0", "", "", "! unknown_field filter"},
    {&ann, "margin > 0", "", "", "! unknown_field filter"},
    {&ann, "nothing = 1", "", "", "! unknown_field filter"},
    {&ann, "", "cost", "", "! unknown_field sort"},
    {&ann, "price > 0", "company", "", "Ann Co"},      /* hidden elsewhere: blank */
    {&ann, "phone <> BLANK", "company", "", "Ann Co"}, /* masked is blank in a filter */
    {&ann, "contact = \"P\"", "", "", ""},
    {&ann, "", "company", "13600136000", ""},
    {&ann, "", "company", "Co", "Ann Co,North Co,Pool Co"},
    {&ann, "", "company", "P", "Pool Co"}, /* the title, not the hidden contact */
    {&ann, "", "-price,company", "", "Ann Co,North Co,Pool Co"},
    {&boss, "", "-cost", "", "Pool Co,Bob Co,Ann Co,North Co"},
    {&boss, "margin = 2", "", "", "Bob Co"},
    {&clerk, "", "company", "", "Ann Co,Bob Co,North Co,Pool Co"},
    {&out, "", "", "", "! not_found "},
    {&boss, "items.cost CONTAINS 3", "", "", "Ann Co"},
    {&boss, "SUM(items.cost) > 2", "", "", "Ann Co"},
    {&ann, "SUM(items.cost) > 2", "", "", ""}, /* team shows it, on other rows */
};

static struct str companies(struct str list)
{
    struct val v;
    struct err err = ERR_INIT;
    struct strb b;
    if (json_parse(app.a, list, &v, &err) < 0)
        return list;
    struct val records = val_get(v, STR("records"));
    strb_init(&b, app.a);
    for (uint32_t i = 0; i < records.n; i++) {
        if (i)
            strb_addc(&b, ',');
        strb_add(&b, val_str(val_get(records.list[i], STR("company"))));
    }
    return strb_str(&b);
}

static void test_lists(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(LISTED); i++) {
        const struct listed *l = &LISTED[i];
        struct query q = {.form = app_form(app.app, STR("lead")),
                          .filter = str_of(l->filter),
                          .sort = str_of(l->sort),
                          .search = str_of(l->search)};
        struct str what =
            str_fmt(app.a, "%s: %s | %s | %s", l->who->login, l->filter, l->sort, l->search);
        CHECK_CASE(companies(test_list(&app, &l->who->who, &q)), l->want, what.p);
    }
}

static struct str aggregate(struct test_member *m, const char *group, const char *metrics)
{
    struct err err = ERR_INIT;
    struct strb b;
    struct json j;
    strb_init(&b, app.a);
    json_init(&j, &b);
    test_as(&app, &m->who);
    struct aggregate g = {
        .form = app_form(app.app, STR("lead")), .group = str_of(group), .metrics = str_of(metrics)};
    if (query_aggregate(&app.c, &g, &j, &err) < 0)
        return str_fmt(app.a, "! %s", err.key);
    return strb_str(&b);
}

static void test_aggregates(void **state)
{
    (void)state;
    CHECK_STR(aggregate(&boss, "region", "COUNT(),SUM(cost)"),
              "{\"rows\":[{\"region\":\"n\",\"COUNT()\":1,\"SUM(cost)\":1.00},"
              "{\"region\":\"s\",\"COUNT()\":3,\"SUM(cost)\":18.00}]}");
    CHECK_STR(aggregate(&ann, "", "SUM(price),COUNT()"),
              "{\"rows\":[{\"SUM(price)\":9.00,\"COUNT()\":3}]}");
    CHECK_STR(aggregate(&ann, "", "SUM(cost)"), "! unknown_field");
}

/* ---- writing ---- */

struct attempt {
    struct test_member *who;
    int64_t *id;
    const char *body;
    enum err_code code; /* ERR_NONE: works */
    const char *key;    /* of the first problem; NULL: of the error */
};

static const struct attempt ATTEMPTS[] = {
    {&ann, &hers, "{\"contact\":\"AA\"}", ERR_NONE, ""},
    {&ann, &his, "{\"contact\":\"x\"}", ERR_NOT_FOUND, NULL},
    {&ann, &northern, "{\"contact\":\"x\"}", ERR_DENIED, NULL},
    {&ann, &hers, "{\"cost\":1}", ERR_INVALID, "unknown_field"},
    {&ann, &hers, "{\"items\":[{\"what\":\"y\",\"cost\":1}]}", ERR_INVALID, "unknown_field"},
    {&ann, &hers, "{\"margin\":1}", ERR_INVALID, "unknown_field"},
    {&clerk, &his, "{\"price\":8.00}", ERR_NONE, ""},
    {&clerk, &his, "{\"price\":7}", ERR_DENIED, "read_only"},
    {&clerk, &his, "{\"phone\":\"139****9000\"}", ERR_NONE, ""},
    {&clerk, &his, "{\"phone\":\"13912345678\"}", ERR_DENIED, "read_only"},
    {&boss, &his, "{\"cost\":5000}", ERR_DENIED, NULL}, /* restrict, on the row after */
    {&boss, &his, "{\"margin\":7}", ERR_DENIED, "read_only"},
    {&out, &his, "{\"price\":7}", ERR_NOT_FOUND, NULL},
};

static void test_writes(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(ATTEMPTS); i++) {
        const struct attempt *t = &ATTEMPTS[i];
        struct test_job j;
        struct err err;
        struct str what = str_fmt(app.a, "%s %s", t->who->login, t->body);
        (void)test_update(&app, &t->who->who, "lead", *t->id, t->body, &j, &err);
        if (err.code != t->code)
            print_error("%s: %s %s\n", what.p, err.key, err.en);
        CHECK(err.code == t->code, what.p);
        if (t->code != ERR_NONE && t->key)
            CHECK_CASE(j.diags.list.v[0].key, t->key, what.p);
    }
}

static void test_ensures(void **state)
{
    (void)state;
    struct test_job j;
    struct err err;
    char id[16];
    (void)id_print(bob.who.id, id);
    /* handing a row over needs transfer; a new row must be one's own */
    assert_int_equal(test_update(&app, &ann.who, "lead", hers,
                                 str_fmt(app.a, "{\"_owner\":\"%s\"}", id).p, &j, &err),
                     -1);
    assert_int_equal(err.code, ERR_DENIED);
    OK(test_update(&app, &boss.who, "lead", pooled, str_fmt(app.a, "{\"_owner\":\"%s\"}", id).p, &j,
                   &err));
    CHECK_STR(test_one(&app, &ann.who, "lead", pooled), "absent");
    int64_t made = test_made(&app, &ann.who, "lead", "{\"company\":\"New\"}");
    struct str one = test_one(&app, &ann.who, "lead", made);
    CHECK_STR(test_get(&app, test_get(&app, one, "_owner"), "title"), "\"ann\"");
    CHECK_STR(test_get(&app, one, "_can"), "[\"update\",\"delete\"]");
    assert_int_equal(count_of(one, "\"cost\""), 0);
}

static void test_links(void **state)
{
    (void)state;
    struct test_job j;
    struct err err;
    int64_t secret = test_made(&app, NULL, "channel", "{\"name\":\"Secret\",\"credit\":77}");
    char id[16];
    (void)id_print(secret, id);
    struct str body = str_fmt(app.a, "{\"channel\":\"%s\"}", id);
    assert_int_equal(test_update(&app, &ann.who, "lead", hers, body.p, &j, &err), -1);
    CHECK_STR(j.diags.list.v[0].key, "link");
    OK(test_update(&app, NULL, "lead", hers, body.p, &j, &err));
    struct str one = test_one(&app, &ann.who, "lead", hers);
    CHECK_STR(test_get(&app, test_get(&app, one, "channel"), "title"), "null");
    CHECK_STR(test_get(&app, one, "credit"),
              "null"); /* a lookup is shown to those who may read it */
    CHECK_STR(test_get(&app, test_one(&app, &boss.who, "lead", hers), "credit"), "77");
    struct query q = {.form = app_form(app.app, STR("lead")),
                      .filter = STR("credit = 77 OR channel.credit = 77")};
    CHECK_STR(companies(test_list(&app, &ann.who, &q)), "");
    CHECK_STR(companies(test_list(&app, &boss.who, &q)), "Ann Co");
}

/* What is computed from rows elsewhere is shown to those who may read them, titles included. */
static void test_paths(void **state)
{
    (void)state;
    struct test_job j;
    struct err err;
    char id[16];
    int64_t area = test_made(&app, NULL, "area", "{\"name\":\"East\",\"quota\":90}");
    int64_t channel =
        test_made(&app, NULL, "channel",
                  str_fmt(app.a, "{\"name\":\"C\",\"area\":\"%s\"}", id_print(area, id).p).p);
    OK(test_update(&app, NULL, "lead", northern,
                   str_fmt(app.a, "{\"area\":\"%s\"}", id_print(area, id).p).p, &j, &err));
    OK(test_update(&app, NULL, "lead", northern,
                   str_fmt(app.a, "{\"channel\":\"%s\"}", id_print(channel, id).p).p, &j, &err));
    int64_t note =
        test_made(&app, NULL, "note",
                  str_fmt(app.a, "{\"lead\":\"%s\",\"secret\":\"s\"}", id_print(northern, id).p).p);
    struct str one = test_one(&app, &boss.who, "note", note);
    CHECK_STR(test_get(&app, one, "_title"), "\"North Co N/s\"");
    CHECK_STR(test_get(&app, one, "quota"), "90");
    CHECK_STR(test_get(&app, one, "half"), "45");
    one = test_one(&app, &ann.who, "note", note);
    CHECK_STR(test_get(&app, one, "_title"), "\"North Co N/\""); /* the secret is blank in it */
    CHECK_STR(test_get(&app, one, "quota"), "(absent)"); /* no grant of hers shows a quota */
    CHECK_STR(test_get(&app, one, "half"), "(absent)");
    CHECK_STR(test_get(&app, one, "phone"), "null"); /* masked there: blank here */
    CHECK_STR(test_get(&app, one, "secret"), "null");
    CHECK_STR(test_get(&app, test_one(&app, &boss.who, "area", area), "leads"), "1");
    CHECK_STR(test_get(&app, test_one(&app, &ann.who, "area", area), "leads"), "(absent)");
    CHECK_STR(test_get(&app, test_one(&app, &clerk.who, "area", area), "leads"), "(absent)");
    /* transfer without update: the owner alone */
    assert_int_equal(test_update(&app, &ann.who, "note", note, "{\"secret\":\"y\"}", &j, &err), -1);
    assert_int_equal(err.code, ERR_DENIED);
    struct str to = str_fmt(app.a, "{\"_owner\":\"%s\"}", id_print(ann.who.id, id).p);
    OK(test_update(&app, &ann.who, "note", note, to.p, &j, &err));
    CHECK_STR(test_get(&app, test_one(&app, &ann.who, "note", note), "secret"), "\"s\"");
}

/* An expression over values that were not stored tells no more than reading would. */
static void test_evaluates(void **state)
{
    (void)state;
    static const struct {
        struct test_member *who;
        const char *expr;
        const char *want;
    } cases[] = {
        {&boss, "channel.credit", "500"},
        {&ann, "channel.credit", "null"},
        {&ann, "credit", "null"}, /* the lookup of a channel she may not read */
        {&boss, "credit", "500"},
        {&boss, "price - cost", "6"},
        {&ann, "cost", "! unknown_field"},
        {&ann, "SUM(items.cost) + 1", "8"},
        {&boss, "LOOKUP(channel, credit, name = \"Big\")", "500"},
        {&ann, "LOOKUP(channel, credit, name = \"Big\")", "null"},
    };
    struct err err;
    char id[16];
    int64_t channel = test_made(&app, NULL, "channel", "{\"name\":\"Big\",\"credit\":500}");
    struct str body = str_fmt(app.a,
                              "{\"channel\":\"%s\",\"price\":9,\"cost\":3,"
                              "\"items\":[{\"what\":\"a\",\"cost\":7}]}",
                              id_print(channel, id).p);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct eval_result got;
        struct strb b;
        struct json j;
        err = ERR_INIT;
        test_as(&app, &cases[i].who->who);
        strb_init(&b, app.a);
        json_init(&j, &b);
        if (eval_form(&app.c, app_form(app.app, STR("lead")), str_of(cases[i].expr),
                      test_json(&app, body.p), &got, &err) < 0)
            strb_addf(&b, "! %s", err.key);
        else
            json_val(&j, val_is_blank(got.value) ? VAL_NONE : val_num(val_double(got.value)));
        CHECK_CASE(strb_str(&b), cases[i].want, cases[i].expr);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_shows),      cmocka_unit_test(test_lists),
        cmocka_unit_test(test_aggregates), cmocka_unit_test(test_writes),
        cmocka_unit_test(test_ensures),    cmocka_unit_test(test_links),
        cmocka_unit_test(test_paths),      cmocka_unit_test(test_evaluates),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
