/*
 * Rollups after any mixture of writes equal what the rows say: counts, sums, minima and maxima with
 * and without a condition, through moves from parent to parent, the bin and back; and what is
 * computed from them in the next form follows.
 */
#include "tests/unit/record_test.h"

#include "engine/value/num.h"

static const struct test_file FILES[] = {
    {"app.yaml", "app: shop\n"
                 "title: 店\n"
                 "version: \"1\"\n"
                 "language: zh-CN\n"
                 "roles: {rep: 代表}\n"},
    {"forms/region.yaml",
     "form: region\n"
     "title: 大区\n"
     "fields:\n"
     "  name: {type: text, title: 名称}\n"
     "  total: {type: rollup, title: 总额, of: shop.region, value: SUM(total), scale: 2}\n"
     "permissions:\n"
     "  all: {role: rep, can: all}\n"},
    {"forms/shop.yaml",
     "form: shop\n"
     "title: 门店\n"
     "fields:\n"
     "  name: {type: text, title: 名称}\n"
     "  region: {type: link, title: 大区, form: region}\n"
     "  n: {type: rollup, title: 数, of: sale.shop, value: COUNT()}\n"
     "  won: {type: rollup, title: 赢数, of: sale.shop, value: COUNT(), where: won = TRUE}\n"
     "  total: {type: rollup, title: 总额, of: sale.shop, value: SUM(amount), scale: 2}\n"
     "  got: {type: rollup, title: 赢额, of: sale.shop, value: SUM(amount), where: won = TRUE, "
     "scale: 3}\n"
     "  least: {type: rollup, title: 最小, of: sale.shop, value: MIN(amount), scale: 2}\n"
     "  last: {type: rollup, title: 最近, of: sale.shop, value: MAX(day), where: won = TRUE}\n"
     "  mean: {type: rollup, title: 平均, of: sale.shop, value: AVERAGE(amount), scale: 2}\n"
     "  items: {type: rollup, title: 件数, of: sale.lines.shop, value: SUM(qty), scale: 0}\n"
     "  score: {type: formula, title: 分, value: n * 10 + won, scale: 0}\n"
     "permissions:\n"
     "  all: {role: rep, can: all}\n"},
    {"forms/sale.yaml", "form: sale\n"
                        "title: 销售\n"
                        "fields:\n"
                        "  shop: {type: link, title: 门店, form: shop}\n"
                        "  amount: {type: number, title: 金额, scale: 2}\n"
                        "  day: {type: date, title: 日期}\n"
                        "  won: {type: boolean, title: 赢}\n"
                        "  score: {type: lookup, title: 门店分, value: shop.score}\n"
                        "  lines:\n"
                        "    type: table\n"
                        "    title: 明细\n"
                        "    fields:\n"
                        "      shop: {type: link, title: 出库, form: shop}\n"
                        "      qty: {type: number, title: 数量, scale: 0}\n"
                        "permissions:\n"
                        "  all: {role: rep, can: all}\n"},
};

#define SHOPS 3
#define SALES 12
#define STEPS 300

static struct test_app app;
static struct test_member ann = {.login = "ann", .role = "rep"};
static int64_t shops[SHOPS], sales[SALES], regions[2];
static bool binned[SALES];
static uint32_t seed = 20251124;

static uint32_t any(uint32_t n)
{
    seed = seed * 1664525u + 1013904223u;
    return (seed >> 8) % n;
}

static int setup(void **state)
{
    char id[16];
    (void)state;
    test_app_init(&app, "shop", FILES, ARRAY_LEN(FILES));
    test_member(&app, &ann);
    for (size_t i = 0; i < ARRAY_LEN(regions); i++)
        regions[i] = test_made(&app, &ann.who, "region", "{\"name\":\"r\"}");
    for (size_t i = 0; i < SHOPS; i++)
        shops[i] =
            test_made(&app, &ann.who, "shop",
                      str_fmt(app.a, "{\"region\":\"%s\"}", id_print(regions[i % 2], id).p).p);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    test_app_fini(&app);
    return 0;
}

static void add_shop(struct strb *b)
{
    char id[16];
    uint32_t s = any(SHOPS + 1);
    if (s == SHOPS)
        strb_addz(b, "\"shop\":null");
    else
        strb_addf(b, "\"shop\":\"%s\"", id_print(shops[s], id).p);
}

/* Some of a sale's fields, blanks among them. */
static const char *body(void)
{
    struct strb b;
    strb_init(&b, app.a);
    strb_addc(&b, '{');
    add_shop(&b);
    if (any(4))
        strb_addf(&b, ",\"amount\":%d.%02u", (int)any(40) - 10, any(100));
    else if (any(2))
        strb_addz(&b, ",\"amount\":null");
    if (any(2))
        strb_addf(&b, ",\"won\":%s", any(2) ? "true" : "null");
    if (any(2))
        strb_addf(&b, ",\"day\":\"2025-11-%02u\"", 1 + any(28));
    for (uint32_t i = any(3); any(3) == 0 && i > 0; i = 0) {
        strb_addz(&b, ",\"lines\":[{");
        add_shop(&b);
        strb_addf(&b, ",\"qty\":%u},{", any(9));
        add_shop(&b);
        strb_addz(&b, ",\"qty\":1}]");
    }
    strb_addc(&b, '}');
    return strb_str(&b).p;
}

static void step(size_t i)
{
    struct test_job j;
    struct err err;
    if (!sales[i]) {
        sales[i] = test_made(&app, &ann.who, "sale", body());
        return;
    }
    if (!binned[i] && any(5)) {
        OK(test_update(&app, &ann.who, "sale", sales[i], body(), &j, &err));
        return;
    }
    j = (struct test_job){.w = {.op = binned[i] ? REC_RESTORE : REC_DELETE,
                                .form = app_form(app.app, STR("sale")),
                                .id = sales[i],
                                .no_version = true}};
    OK(test_write(&app, &ann.who, &j, &err));
    binned[i] = !binned[i];
}

static struct str ask(const char *form, const char *metric, struct str filter)
{
    struct err err = ERR_INIT;
    struct strb b;
    struct json j;
    strb_init(&b, app.a);
    json_init(&j, &b);
    test_as(&app, &ann.who);
    struct aggregate g = {
        .form = app_form(app.app, str_of(form)), .metrics = str_of(metric), .filter = filter};
    OK(query_aggregate(&app.c, &g, &j, &err));
    struct val v;
    OK(json_parse(app.a, strb_str(&b), &v, &err));
    strb_init(&b, app.a);
    json_init(&j, &b);
    json_val(&j, val_get(val_get(v, STR("rows")).list[0], str_of(metric)));
    return strb_str(&b);
}

static const struct {
    const char *field, *metric, *where;
} ROLLUPS[] = {
    {"n", "COUNT()", ""},
    {"won", "COUNT()", " AND won = TRUE"},
    {"total", "SUM(amount)", ""},
    {"got", "SUM(amount)", " AND won = TRUE"},
    {"least", "MIN(amount)", ""},
    {"last", "MAX(day)", " AND won = TRUE"},
    {"mean", "AVERAGE(amount)", ""},
};

/* Equal as numbers, a mean to its scale. */
static void check_same(struct str got, struct str want, const char *what)
{
    double x;
    double y;
    if (num_parse(got, &x) && num_parse(want, &y)) {
        CHECK(x == y || x == num_round(y, 2),
              str_fmt(app.a, "%s: %.*s, want %.*s", what, STR_ARG(got), STR_ARG(want)).p);
        return;
    }
    CHECK_CASE(got, str_fmt(app.a, "%.*s", STR_ARG(want)).p, what);
}

static void check_shop(size_t i, size_t at)
{
    char id[16];
    struct str one = test_one(&app, &ann.who, "shop", shops[i]);
    (void)id_print(shops[i], id);
    for (size_t r = 0; r < ARRAY_LEN(ROLLUPS); r++) {
        struct str filter = str_fmt(app.a, "shop = \"%s\"%s", id, ROLLUPS[r].where);
        struct str what = str_fmt(app.a, "step %zu shop %zu %s", at, i, ROLLUPS[r].field);
        check_same(test_get(&app, one, ROLLUPS[r].field), ask("sale", ROLLUPS[r].metric, filter),
                   what.p);
    }
    struct str score = str_fmt(app.a, "n * 10 + won = score AND _id = \"%s\"", id);
    CHECK_CASE(ask("shop", "COUNT()", score), "1", "formula over rollups");
    struct str stale = str_fmt(app.a, "shop = \"%s\" AND score <> shop.score", id);
    CHECK_CASE(ask("sale", "COUNT()", stale), "0", "lookup of what is computed from rollups");
}

/* Sub-rows are summed by hand: no aggregate asks them. */
static void check_items(void)
{
    double want[SHOPS] = {0};
    for (size_t i = 0; i < SALES; i++) {
        struct rec r;
        struct err err = ERR_INIT;
        test_as(&app, NULL);
        int found = sales[i] ? record_load(&app.c, app_form(app.app, STR("sale")), sales[i],
                                           REC_LIVE, &r, &err)
                             : 0;
        OK(found);
        const struct field *lines = form_field(app_form(app.app, STR("sale")), STR("lines"));
        for (size_t k = 0; found && r.rows && k < r.rows[lines->slot].n; k++) {
            struct val shop = rec_get(&r.rows[lines->slot].v[k], STR("shop"));
            for (size_t s = 0; shop.kind == VAL_REF && s < SHOPS; s++)
                if (shop.ref->id == shops[s])
                    want[s] += val_double(rec_get(&r.rows[lines->slot].v[k], STR("qty")));
        }
    }
    for (size_t s = 0; s < SHOPS; s++) {
        double got = -1;
        struct str text = test_get(&app, test_one(&app, &ann.who, "shop", shops[s]), "items");
        (void)num_parse(text, &got);
        CHECK(got == want[s], "items");
    }
}

static void check_regions(void)
{
    for (size_t i = 0; i < ARRAY_LEN(regions); i++) {
        char id[16];
        struct str filter = str_fmt(app.a, "region = \"%s\"", id_print(regions[i], id).p);
        struct str one = test_one(&app, &ann.who, "region", regions[i]);
        check_same(test_get(&app, one, "total"), ask("shop", "SUM(total)", filter), "region");
    }
}

static void test_any_writes(void **state)
{
    (void)state;
    for (size_t at = 0; at < STEPS; at++) {
        struct arena_mark mark = arena_mark(app.a);
        step(any(SALES));
        if (at % 5 == 0) {
            for (size_t i = 0; i < SHOPS; i++)
                check_shop(i, at);
            check_items();
            check_regions();
        }
        arena_reset(app.a, mark);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_any_writes),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
