/*
 * Fields of several references: what names a row is found by their join table, after any writes, in
 * filters, rollups and deletions; in 100,000 rows by its index.
 */
#include "tests/unit/record_test.h"

#include "engine/record/joins.h"
#include "engine/store/ddl.h"

static const struct test_file FILES[] = {
    {"app.yaml", "app: shop\n"
                 "title: 店\n"
                 "version: \"1\"\n"
                 "language: zh-CN\n"
                 "roles: {rep: 代表}\n"},
    {"forms/client.yaml", "form: client\n"
                          "title: 客户\n"
                          "fields:\n"
                          "  name: {type: text, title: 名称}\n"
                          "  n: {type: rollup, title: 数, of: deal.others, value: COUNT()}\n"
                          "  lines: {type: rollup, title: 行, of: deal.items.payers, value: "
                          "SUM(qty), scale: 0}\n"
                          "permissions:\n"
                          "  all: {role: rep, can: all}\n"},
    {"forms/deal.yaml", "form: deal\n"
                        "title: 商机\n"
                        "fields:\n"
                        "  name: {type: text, title: 名称}\n"
                        "  others: {type: links, title: 客户, form: client, on_delete: restrict}\n"
                        "  helpers: {type: members, title: 协作}\n"
                        "  first: {type: lookup, title: 名, value: main.name}\n"
                        "  main: {type: link, title: 主, form: client}\n"
                        "  items:\n"
                        "    type: table\n"
                        "    title: 明细\n"
                        "    fields:\n"
                        "      payers: {type: links, title: 付款, form: client}\n"
                        "      qty: {type: number, title: 数量, scale: 0}\n"
                        "permissions:\n"
                        "  own: {role: rep, can: all, where: USER() IN helpers}\n"},
};

#define CLIENTS 5
#define DEALS   8
#define STEPS   120
#define ROWS    100000

static struct test_app app;
static struct test_member ann = {.login = "ann", .role = "rep"};
static struct test_member bob = {.login = "bob", .role = "rep"};
static int64_t clients[CLIENTS], deals[DEALS];
static unsigned held[DEALS]; /* clients of `others`, by bit */
static bool binned[DEALS];
static uint32_t seed = 7;

static uint32_t any(uint32_t n)
{
    seed = seed * 1664525u + 1013904223u;
    return (seed >> 8) % n;
}

static int setup(void **state)
{
    (void)state;
    test_app_init(&app, "shop", FILES, ARRAY_LEN(FILES));
    test_member(&app, &ann);
    test_member(&app, &bob);
    for (size_t i = 0; i < CLIENTS; i++)
        clients[i] = test_made(&app, &ann.who, "client", "{\"name\":\"c\"}");
    for (size_t i = 0; i < DEALS; i++)
        deals[i] = test_made(&app, NULL, "deal", "{\"name\":\"d\"}");
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    test_app_fini(&app);
    return 0;
}

static const char *id(int64_t n)
{
    char buf[16];
    return str_z(app.a, str_dup(app.a, id_print(n, buf)));
}

static int64_t count(const struct principal *who, const char *filter)
{
    struct err err = ERR_INIT;
    struct query q = {.form = app_form(app.app, STR("deal")), .filter = str_of(filter)};
    int64_t n = -1;
    test_as(&app, who);
    OK(query_count(&app.c, &q, &n, &err));
    return n;
}

static const char *holds(int64_t client)
{
    return str_fmt(app.a, "others CONTAINS \"%s\"", id(client)).p;
}

static double number_of(int64_t client, const char *field)
{
    struct err err = ERR_INIT;
    struct rec row;
    test_as(&app, NULL);
    OK(record_load(&app.c, app_form(app.app, STR("client")), client, REC_LIVE, &row, &err));
    return val_double(rec_get(&row, str_of(field)));
}

static void change(size_t i)
{
    struct test_job j;
    struct err err = ERR_INIT;
    struct strb b;
    bool first = true;
    held[i] = any(1u << CLIENTS);
    strb_init(&b, app.a);
    strb_addz(&b, "{\"others\":[");
    for (size_t k = 0; k < CLIENTS; k++)
        if (held[i] >> k & 1) {
            strb_addf(&b, "%s\"%s\"", first ? "" : ",", id(clients[k]));
            first = false;
        }
    strb_addf(&b, "],\"items\":[{\"payers\":[\"%s\"],\"qty\":2}]}", id(clients[any(CLIENTS)]));
    OK(test_update(&app, NULL, "deal", deals[i], str_z(app.a, strb_str(&b)), &j, &err));
}

static void bin(size_t i)
{
    struct err err = ERR_INIT;
    struct test_job j = {.w = {.op = binned[i] ? REC_RESTORE : REC_DELETE,
                               .form = app_form(app.app, STR("deal")),
                               .id = deals[i],
                               .no_version = true}};
    OK(test_write(&app, NULL, &j, &err));
    binned[i] = !binned[i];
}

static void check(const char *what, int step)
{
    for (size_t k = 0; k < CLIENTS; k++) {
        int64_t want = 0;
        for (size_t i = 0; i < DEALS; i++)
            want += !binned[i] && (held[i] >> k & 1);
        if (count(NULL, holds(clients[k])) != want || number_of(clients[k], "n") != (double)want)
            fail_msg("%s, step %d: client %zu is held by %lld, found %lld, rollup %g", what, step,
                     k, (long long)want, (long long)count(NULL, holds(clients[k])),
                     number_of(clients[k], "n"));
    }
}

static void after_any_writes(void **state)
{
    (void)state;
    for (int step = 0; step < STEPS; step++) {
        size_t i = any(DEALS);
        if (binned[i] || any(4) == 0)
            bin(i);
        else
            change(i);
        if (step % 10 == 0)
            check("by the join table", step);
    }
    struct form *deal = app_form(app.app, STR("deal"));
    form_field(deal, STR("others"))->unjoined = true;
    check("by the lists", STEPS);
    form_field(deal, STR("others"))->unjoined = false;
    double lines = 0, want = 0;
    for (size_t k = 0; k < CLIENTS; k++)
        lines += number_of(clients[k], "lines");
    for (size_t i = 0; i < DEALS; i++)
        want += binned[i] || !held[i] ? 0 : 2;
    assert_true(lines >= want);
}

static void deletion_asks_it(void **state)
{
    struct err err = ERR_INIT;
    struct test_job j = {.w = {.op = REC_DELETE,
                               .form = app_form(app.app, STR("client")),
                               .id = clients[0],
                               .no_version = true}};
    (void)state;
    while (binned[0])
        bin(0);
    do
        change(0);
    while (!(held[0] & 1));
    assert_int_equal(test_write(&app, NULL, &j, &err), -1);
    assert_string_equal(err.key, "referenced");
}

static void rights_go_by_it(void **state)
{
    struct err err = ERR_INIT;
    struct test_job j;
    (void)state;
    while (binned[1])
        bin(1);
    assert_int_equal(count(&bob.who, ""), 0);
    OK(test_update(
        &app, NULL, "deal", deals[1],
        str_fmt(app.a, "{\"helpers\":[\"%s\",\"%s\"]}", id(ann.who.id), id(bob.who.id)).p, &j,
        &err));
    assert_int_equal(count(&bob.who, ""), 1);
    OK(test_update(&app, NULL, "deal", deals[1],
                   str_fmt(app.a, "{\"helpers\":[\"%s\"]}", id(ann.who.id)).p, &j, &err));
    assert_int_equal(count(&bob.who, ""), 0);
    assert_int_equal(count(&ann.who, ""), 1);
}

static int many(struct ctx *c, void *arg, struct err *err)
{
    struct sql q;
    (void)arg;
    ctx_sql(c, &q);
    sql_lit(&q, "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000)"
                " INSERT INTO \"shop__deal\" (\"_id\", \"_version\", \"_created_at\","
                " \"_updated_at\", \"others\") SELECT 1000000 + i, 1, 0, 0,"
                " '[' || (5000000 + i % 1000) || ']' FROM n");
    if (store_exec(c->db, c->a, &q, NULL, err))
        return -1;
    ctx_sql(c, &q);
    sql_lit(&q, "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000)"
                " INSERT INTO \"shop__deal__others\" (\"_id\", \"_row\", \"_pos\", \"_target\")"
                " SELECT 7000000 + i, 1000000 + i, 0, 5000000 + i % 1000 FROM n");
    return store_exec(c->db, c->a, &q, NULL, err) ||
                   ddl_analyze(c->db, c->a, STR("shop__deal"), err) ||
                   ddl_analyze(c->db, c->a, STR("shop__deal__others"), err)
               ? -1
               : 0;
}

static int64_t took(const char *filter, int64_t *n)
{
    int64_t best = INT64_MAX;
    for (int i = 0; i < 3; i++) {
        int64_t begun = test_app_mono();
        *n = count(NULL, filter);
        best = MIN(best, test_app_mono() - begun);
    }
    return best;
}

static void an_index_finds_it(void **state)
{
    struct err err = ERR_INIT;
    int64_t n;
    (void)state;
    test_as(&app, NULL);
    OK(engine_write(&app.c, many, NULL, &err));
    struct field *f = form_field(app_form(app.app, STR("deal")), STR("others"));
    int64_t fast = took(holds(5000007), &n);
    assert_int_equal(n, ROWS / 1000);
    f->unjoined = true;
    int64_t slow = took(holds(5000007), &n);
    f->unjoined = false;
    assert_int_equal(n, ROWS / 1000);
    print_message("100 of %d rows: %lld us by the join table, %lld us by the lists\n", ROWS,
                  (long long)fast, (long long)slow);
    assert_true(fast * 4 < slow);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(after_any_writes),
        cmocka_unit_test(deletion_asks_it),
        cmocka_unit_test(rights_go_by_it),
        cmocka_unit_test(an_index_finds_it),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
