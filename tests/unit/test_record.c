/*
 * The write path over a small app: defaults, coercion, computed fields, checks, transitions,
 * uniqueness, serials, sub-tables, the recycle bin, conflicts, dependents in other forms.
 */
#include "tests/unit/record_test.h"

static const struct test_file FILES[] = {
    {"app.yaml", "app: shop\n"
                 "title: 店\n"
                 "version: \"1\"\n"
                 "language: zh-CN\n"
                 "roles: {rep: 代表, boss: 主管}\n"},
    {"forms/customer.yaml",
     "form: customer\n"
     "title: 客户\n"
     "record_title: name\n"
     "fields:\n"
     "  name: {type: text, title: 名称, required: true, max: 20, unique: true}\n"
     "  level: {type: select, title: 等级, options: {a: A 级, b: B 级}}\n"
     "  orders: {type: rollup, title: 订单数, of: deal.customer, value: COUNT()}\n"
     "  total: {type: rollup, title: 总额, of: deal.customer, value: SUM(amount), scale: 2}\n"
     "  big: {type: formula, title: 大客户, value: total > 100}\n"
     "permissions:\n"
     "  all: {role: rep, can: all}\n"},
    {"forms/deal.yaml",
     "form: deal\n"
     "title: 订单\n"
     "record_title: no & \" \" & customer\n"
     "fields:\n"
     "  no: {type: serial, title: 编号, pattern: \"D{YYYY}-{000}\", reset: year}\n"
     "  customer: {type: link, title: 客户, form: customer, on_delete: restrict}\n"
     "  level: {type: lookup, title: 客户等级, value: customer.level}\n"
     "  status: {type: select, title: 状态, default: new, options: {new: 新, open: 开, won: 赢}}\n"
     "  discount: {type: number, title: 折扣, scale: 2, min: 0, max: 1, default: 0}\n"
     "  items:\n"
     "    type: table\n"
     "    title: 明细\n"
     "    fields:\n"
     "      what: {type: text, title: 品名, required: true}\n"
     "      qty: {type: number, title: 数量, scale: 0, min: 1, default: 1}\n"
     "      price: {type: number, title: 单价, scale: 2}\n"
     "      sum: {type: formula, title: 小计, value: qty * price, scale: 2}\n"
     "  amount: {type: formula, title: 金额, value: SUM(items.sum) * (1 - discount), scale: 2}\n"
     "  why: {type: text, title: 原因, visible: status = \"won\", required: true}\n"
     "  age: {type: formula, title: 天数, value: \"TODAY() - DATE(2025, 11, 20)\", scale: 0}\n"
     "checks:\n"
     "  - {check: amount <= 1000, message: 金额过大, at: amount}\n"
     "transitions:\n"
     "  status:\n"
     "    - {from: new, to: [open]}\n"
     "    - {from: open, to: [won, new], require: [customer]}\n"
     "permissions:\n"
     "  all: {role: rep, can: all}\n"},
};

static struct test_app app;
static struct test_member rep = {.login = "ann", .role = "rep", .department = "华东"};

static int setup(void **state)
{
    (void)state;
    test_app_init(&app, "shop", FILES, ARRAY_LEN(FILES));
    test_member(&app, &rep);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    test_app_fini(&app);
    return 0;
}

static struct str deal(int64_t id)
{
    return test_one(&app, &rep.who, "deal", id);
}

/* ---- creating ---- */

static void test_computes(void **state)
{
    (void)state;
    int64_t acme = test_made(&app, &rep.who, "customer", "{\"name\":\"  Acme  \",\"level\":\"a\"}");
    char id[16];
    (void)id_print(acme, id);
    struct str json =
        str_fmt(app.a,
                "{\"customer\":\"%s\",\"discount\":0.1,\"items\":["
                "{\"what\":\"x\",\"qty\":2,\"price\":10.005},{\"what\":\"y\",\"price\":5}]}",
                id);
    int64_t d = test_made(&app, &rep.who, "deal", json.p);
    struct str one = deal(d);
    CHECK_STR(test_get(&app, one, "no"), "\"D2025-001\"");
    CHECK_STR(test_get(&app, one, "amount"), "22.52");
    CHECK_STR(test_get(&app, one, "level"), "\"a\"");
    CHECK_STR(test_get(&app, one, "status"), "\"new\"");
    CHECK_STR(test_get(&app, one, "_title"), "\"D2025-001 Acme\"");
    CHECK_STR(test_get(&app, one, "age"), "5");
    CHECK_STR(test_get(&app, one, "_version"), "1");
    CHECK_STR(test_get(&app, test_get(&app, one, "customer"), "title"), "\"Acme\"");
    struct str c = test_one(&app, &rep.who, "customer", acme);
    CHECK_STR(test_get(&app, c, "orders"), "1");
    CHECK_STR(test_get(&app, c, "total"), "22.52");
    CHECK_STR(test_get(&app, c, "big"), "false");
}

struct refusal {
    const char *form;
    const char *body;
    enum err_code code;
    const char *key;  /* of the problem */
    const char *path; /* of the problem */
};

static const struct refusal REFUSALS[] = {
    {"customer", "{}", ERR_INVALID, "required", "name"},
    {"customer", "{\"name\":\"   \"}", ERR_INVALID, "required", "name"},
    {"customer", "{\"name\":\"123456789012345678901\"}", ERR_INVALID, "too_long", "name"},
    {"customer", "{\"nme\":\"x\"}", ERR_INVALID, "unknown_field", "nme"},
    {"customer", "{\"name\":\"ＤＵＰ\"}", ERR_CONFLICT, "duplicate", "name"},
    {"customer", "{\"name\":\"n\",\"level\":\"z\"}", ERR_INVALID, "option", "level"},
    {"customer", "{\"name\":\"n\",\"orders\":7}", ERR_DENIED, "read_only", "orders"},
    {"deal", "{\"discount\":2}", ERR_INVALID, "max", "discount"},
    {"deal", "{\"status\":\"won\",\"why\":\"x\"}", ERR_CONFLICT, "transition", "status"},
    {"deal", "{\"customer\":\"0000000000001\"}", ERR_INVALID, "link", "customer"},
    {"deal", "{\"items\":[{\"qty\":1}]}", ERR_INVALID, "required", "items[0].what"},
    {"deal", "{\"items\":[{\"what\":\"a\",\"qty\":0}]}", ERR_INVALID, "min", "items[0].qty"},
    {"deal", "{\"items\":[{\"what\":\"a\",\"price\":5000}]}", ERR_INVALID, "check", "amount"},
    {"deal", "{\"_created_at\":\"2020-01-01T00:00:00Z\"}", ERR_DENIED, "read_only", "_created_at"},
};

static void test_refuses(void **state)
{
    (void)state;
    (void)test_made(&app, &rep.who, "customer", "{\"name\":\"dup\"}");
    for (size_t i = 0; i < ARRAY_LEN(REFUSALS); i++) {
        const struct refusal *r = &REFUSALS[i];
        struct test_job j;
        struct err err;
        CHECK(test_create(&app, &rep.who, r->form, r->body, &j, &err) < 0, r->body);
        CHECK(err.code == r->code, r->body);
        CHECK(j.diags.list.n >= 1, r->body);
        CHECK_CASE(j.diags.list.v[0].key, r->key, r->body);
        CHECK_CASE(j.diags.list.v[0].path, r->path, r->body);
    }
}

/* ---- changing ---- */

static void test_updates(void **state)
{
    (void)state;
    struct test_job j;
    struct err err;
    int64_t c = test_made(&app, &rep.who, "customer", "{\"name\":\"Beta\",\"level\":\"b\"}");
    char id[16];
    (void)id_print(c, id);
    int64_t d = test_made(
        &app, &rep.who, "deal",
        str_fmt(app.a, "{\"customer\":\"%s\",\"items\":[{\"what\":\"x\",\"price\":50}]}", id).p);
    OK(test_update(&app, &rep.who, "customer", c, "{\"name\":\"Gamma\",\"level\":\"a\"}", &j,
                   &err));
    struct str one = deal(d);
    CHECK_STR(test_get(&app, one, "level"), "\"a\"");
    assert_true(str_find(test_get(&app, one, "_title"), STR("Gamma"), 0) > 0);
    /* rows by _id: one kept and changed, one new */
    struct str rows = test_get(&app, one, "items");
    assert_true(str_find(rows, STR("\"_id\""), 0) > 0);
    OK(test_update(&app, &rep.who, "deal", d,
                   "{\"items\":[{\"what\":\"z\",\"price\":70},{\"what\":\"y\",\"price\":40}]}", &j,
                   &err));
    CHECK_STR(test_get(&app, deal(d), "amount"), "110");
    struct str cust = test_one(&app, &rep.who, "customer", c);
    CHECK_STR(test_get(&app, cust, "total"), "110");
    CHECK_STR(test_get(&app, cust, "big"), "true");
    CHECK_STR(test_get(&app, deal(d), "_version"), "2");
    /* hidden fields are not required; shown ones are */
    OK(test_update(&app, &rep.who, "deal", d, "{\"status\":\"open\"}", &j, &err));
    assert_int_equal(test_update(&app, &rep.who, "deal", d, "{\"status\":\"won\"}", &j, &err), -1);
    CHECK_STR(j.diags.list.v[0].path, "why");
    OK(test_update(&app, &rep.who, "deal", d, "{\"status\":\"won\",\"why\":\"ok\"}", &j, &err));
    assert_int_equal(test_update(&app, &rep.who, "deal", d, "{\"status\":\"new\"}", &j, &err), -1);
    assert_int_equal(err.code, ERR_CONFLICT);
}

static void test_conflicts(void **state)
{
    (void)state;
    struct test_job j;
    struct err err;
    int64_t c = test_made(&app, &rep.who, "customer", "{\"name\":\"Conf\",\"level\":\"b\"}");
    OK(test_update(&app, &rep.who, "customer", c, "{\"name\":\"Conf2\"}", &j,
                   &err)); /* version 2 */
    j = (struct test_job){.w = {.op = REC_UPDATE,
                                .form = app_form(app.app, STR("customer")),
                                .id = c,
                                .values = test_json(&app, "{\"level\":\"a\"}")}};
    assert_int_equal(test_write(&app, &rep.who, &j, &err), -1);
    assert_int_equal(err.code, ERR_PRECOND);
    j.w.has_version = true;
    j.w.version = 1;
    OK(test_write(&app, &rep.who, &j, &err)); /* another field: merges */
    j.w.values = test_json(&app, "{\"name\":\"Conf3\"}");
    assert_int_equal(test_write(&app, &rep.who, &j, &err), -1);
    assert_int_equal(err.code, ERR_CONFLICT);
    CHECK_STR(test_get(&app, j.diags.list.v[0].extra, "theirs"), "\"Conf2\"");
    CHECK_STR(test_get(&app, j.diags.list.v[0].extra, "yours"), "\"Conf3\"");
    j.w.has_version = false;
    j.w.if_match = true;
    assert_int_equal(test_write(&app, &rep.who, &j, &err), -1);
    assert_int_equal(err.code, ERR_STALE);
    j.w.version = 3;
    OK(test_write(&app, &rep.who, &j, &err));
}

/* ---- the bin ---- */

static int run_op(enum rec_op op, const char *form, int64_t id, struct err *err)
{
    struct test_job j = {
        .w = {.op = op, .form = app_form(app.app, str_of(form)), .id = id, .no_version = true}};
    return test_write(&app, &rep.who, &j, err);
}

static void test_bin(void **state)
{
    (void)state;
    struct err err;
    int64_t c = test_made(&app, &rep.who, "customer", "{\"name\":\"Bin\"}");
    char id[16];
    (void)id_print(c, id);
    int64_t d = test_made(
        &app, &rep.who, "deal",
        str_fmt(app.a, "{\"customer\":\"%s\",\"items\":[{\"what\":\"x\",\"price\":5}]}", id).p);
    assert_int_equal(run_op(REC_DELETE, "customer", c, &err), -1);
    CHECK_STR(str_of(err.key), "referenced");
    OK(run_op(REC_DELETE, "deal", d, &err));
    CHECK_STR(deal(d), "absent");
    CHECK_STR(test_get(&app, test_one(&app, &rep.who, "customer", c), "orders"), "0");
    OK(run_op(REC_DELETE, "customer", c, &err));
    int64_t other =
        test_made(&app, &rep.who, "customer", "{\"name\":\"Bin\"}"); /* the name is free */
    assert_int_equal(run_op(REC_RESTORE, "customer", c, &err), -1);
    assert_int_equal(err.code, ERR_CONFLICT);
    OK(run_op(REC_DELETE, "customer", other, &err));
    OK(run_op(REC_RESTORE, "deal", d, &err));
    CHECK_STR(test_get(&app, deal(d), "customer"), "null");
    OK(run_op(REC_RESTORE, "customer", c, &err));
    CHECK_STR(test_get(&app, test_get(&app, deal(d), "customer"), "title"), "\"Bin\"");
    CHECK_STR(test_get(&app, test_one(&app, &rep.who, "customer", c), "total"), "5");
    assert_int_equal(run_op(REC_DELETE, "deal", 12345, &err), -1);
    assert_int_equal(err.code, ERR_NOT_FOUND);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_computes), cmocka_unit_test(test_refuses),
        cmocka_unit_test(test_updates),  cmocka_unit_test(test_conflicts),
        cmocka_unit_test(test_bin),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
