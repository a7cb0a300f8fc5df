/*
 * Lists: every sort pages through all rows once, in order, blanks at their place; cursors, views,
 * expand, counts, the bin, aggregates with groups of every kind.
 */
#include "tests/unit/record_test.h"

static const struct test_file FILES[] = {
    {"app.yaml", "app: shop\n"
                 "title: 店\n"
                 "version: \"1\"\n"
                 "language: zh-CN\n"
                 "roles: {rep: 代表}\n"},
    {"forms/maker.yaml", "form: maker\n"
                         "title: 厂家\n"
                         "fields:\n"
                         "  name: {type: text, title: 名称}\n"
                         "  city: {type: text, title: 城市}\n"
                         "  marks: {type: multiselect, title: 记号, options: [x, y]}\n"
                         "permissions:\n"
                         "  all: {role: rep, can: all}\n"},
    {"forms/item.yaml",
     "form: item\n"
     "title: 物品\n"
     "record_title: name\n"
     "fields:\n"
     "  name: {type: text, title: 名称, search: true}\n"
     "  n: {type: number, title: 数, scale: 2}\n"
     "  x: {type: number, title: 浮点}\n"
     "  day: {type: date, title: 日期}\n"
     "  kind: {type: select, title: 种类, options: {a: 甲, b: 乙}}\n"
     "  tags: {type: multiselect, title: 标签, options: [red, blue]}\n"
     "  done: {type: boolean, title: 完成}\n"
     "  maker: {type: link, title: 厂家, form: maker}\n"
     "  makers: {type: links, title: 厂家们, form: maker}\n"
     "  twice: {type: formula, title: 两倍, value: n * 2, scale: 2}\n"
     "  left: {type: formula, title: 剩余, value: day - TODAY(), scale: 0}\n"
     "permissions:\n"
     "  all: {role: rep, can: all}\n"
     "views:\n"
     "  a: {title: 甲, type: grid, where: kind = \"a\", columns: [name, n], sort: [-n]}\n"},
};

static struct test_app app;
static struct test_member ann = {.login = "ann", .role = "rep"};
static const struct form *item;
static int64_t makers[2];

#define ITEMS 23

static void make_items(void)
{
    for (int i = 0; i < ITEMS; i++) {
        struct strb b;
        char id[16];
        strb_init(&b, app.a);
        strb_addf(&b, "{\"name\":\"i%02d\"", i);
        if (i % 4)
            strb_addf(&b, ",\"n\":%d.50", (i * 7) % 11);
        if (i % 3)
            strb_addf(&b, ",\"x\":%d.25,\"day\":\"2025-11-%02d\"", -i, 1 + i);
        if (i % 5)
            strb_addf(&b, ",\"kind\":\"%s\",\"done\":%s", i % 2 ? "a" : "b",
                      i % 2 ? "true" : "false");
        if (i % 6)
            strb_addf(&b, ",\"maker\":\"%s\",\"makers\":[\"%s\"],\"tags\":[\"red\"%s]",
                      id_print(makers[i % 2], id).p, id, i % 2 ? ",\"blue\"" : "");
        strb_addz(&b, "}");
        (void)test_made(&app, &ann.who, "item", strb_str(&b).p);
    }
}

static int setup(void **state)
{
    (void)state;
    test_app_init(&app, "shop", FILES, ARRAY_LEN(FILES));
    test_member(&app, &ann);
    item = app_form(app.app, STR("item"));
    makers[0] = test_made(&app, &ann.who, "maker",
                          "{\"name\":\"Zed\",\"city\":\"B\",\"marks\":[\"y\",\"x\"]}");
    makers[1] = test_made(&app, &ann.who, "maker", "{\"name\":\"Abe\",\"city\":\"S\"}");
    make_items();
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    test_app_fini(&app);
    return 0;
}

static struct val list(const struct query *q)
{
    struct err err = ERR_INIT;
    struct val v;
    struct str json = test_list(&app, &ann.who, q);
    if (json_parse(app.a, json, &v, &err) < 0)
        fail_msg("%.*s", STR_ARG(json));
    return v;
}

static void names(struct strb *b, struct val page)
{
    struct val records = val_get(page, STR("records"));
    for (uint32_t i = 0; i < records.n; i++) {
        strb_add(b, val_str(val_get(records.list[i], STR("name"))));
        strb_addc(b, ' ');
    }
}

/* ---- paging ---- */

static const char *const SORTS[] = {"",
                                    "name",
                                    "-name",
                                    "n,name",
                                    "-n",
                                    "x",
                                    "-x,n",
                                    "day",
                                    "-day",
                                    "kind,-n",
                                    "-kind,done,-x",
                                    "maker",
                                    "-maker",
                                    "_id",
                                    "-_created_at",
                                    "twice",
                                    "-twice",
                                    "maker.city,-name",
                                    "left",
                                    "-done",
                                    "LEN(name) + x"};

static void test_pages(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(SORTS); i++) {
        struct query all = {.form = item, .sort = str_of(SORTS[i]), .limit = 200};
        struct strb whole;
        struct strb paged;
        strb_init(&whole, app.a);
        strb_init(&paged, app.a);
        names(&whole, list(&all));
        struct query q = {.form = item, .sort = str_of(SORTS[i]), .limit = 4};
        size_t pages = 0;
        for (; pages < 20; pages++) {
            struct val page = list(&q);
            names(&paged, page);
            q.after = val_str(val_get(page, STR("next")));
            if (!q.after.n)
                break;
        }
        CHECK(pages == 5, SORTS[i]);
        CHECK(whole.n == ITEMS * 4, SORTS[i]);
        CHECK_CASE(strb_str(&paged), strb_str(&whole).p, SORTS[i]);
    }
}

struct order {
    const char *sort;
    const char *filter;
    const char *want;
};

static const struct order ORDERS[] = {
    {"name", "n >= 8", "i03 i06 i09 i14 i17 "},
    {"n,name", "n < 3 AND n <> BLANK", "i11 i22 i19 i05 "},
    {"-n,name", "n < 3 AND n <> BLANK", "i05 i19 i11 i22 "},
    {"name", "tags CONTAINS \"blue\" AND n = 7.5", "i01 "},
    {"name", "maker.name = \"Zed\" AND kind = \"b\" AND n > 5", "i14 "},
    {"name", "day = DATE(2025,11,3) OR left = -3", "i02 "},
    {"name", "twice = 21", "i03 i14 "},
    {"name", "n IN [0.5, 10.5]", "i03 i11 i14 i22 "},
    {"name", "kind = BLANK AND done = BLANK AND n <> BLANK", "i05 i10 i15 "},
    {"name", "NOT (n > 1) AND n <> BLANK", "i11 i22 "},
    {"name", "NOT (maker.name = \"Zed\") AND n > 6", "i01 i03 i06 i09 i15 i17 "},
    {"name", "maker.name <> \"Zed\" AND n > 6", "i01 i03 i06 i09 i15 i17 "},
    {"name", "maker.name >= \"B\" AND n < 4", "i02 i22 "},
    {"name", "(maker.name = \"Abe\") = TRUE AND n < 4", "i05 i11 i13 i19 "},
    {"name", "maker.name = BLANK", "i00 i06 i12 i18 "},
    {"name", "IF(maker.name = \"Abe\", 1, 2) = 1 AND n < 4", "i05 i11 i13 i19 "},
    {"name", "n IN [0.5] OR maker.city = \"S\" AND n > 9", "i03 i11 i17 i22 "},
};

static void test_filters(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(ORDERS); i++) {
        struct query q = {
            .form = item, .sort = str_of(ORDERS[i].sort), .filter = str_of(ORDERS[i].filter)};
        struct strb b;
        strb_init(&b, app.a);
        names(&b, list(&q));
        struct query again = q;
        int64_t n;
        struct err err = ERR_INIT;
        test_as(&app, &ann.who);
        OK(query_count(&app.c, &again, &n, &err));
        CHECK((size_t)n * 4 == b.n, ORDERS[i].filter);
        CHECK_CASE(strb_str(&b), ORDERS[i].want, ORDERS[i].filter);
    }
}

/* %s: the id of Zed. Half of the items are his. */
static const struct {
    const char *filter;
    const char *want;
} REFS[] = {
    {"maker = \"%s\" AND n > 8", "i14 "},
    {"maker IN [\"%s\", \"none\"] AND n > 8", "i14 "},
    {"NOT (maker IN [\"%s\"]) AND n > 10", "i03 "},
    {"makers CONTAINS \"%s\" AND n > 8", "i14 "},
    {"makers CONTAINS \"none\" AND \"%s\" <> BLANK", ""},
    {"makers CONTAINS maker AND maker = \"%s\" AND n > 8", "i14 "},
    {"makers.name CONTAINS \"Zed\" AND maker = \"%s\" AND n > 8", "i14 "},
    {"COUNT(makers.name) = 1 AND n > 10 AND \"%s\" <> BLANK", "i03 i14 "},
    {"maker.marks CONTAINS \"x\" AND n > 8 AND \"%s\" <> BLANK", "i14 "},
    {"COUNT(maker.marks) = 0 AND n > 8 AND \"%s\" <> BLANK", "i03 i06 i09 i17 "},
    {"FIRST(maker.marks) = \"y\" AND n > 8 AND \"%s\" <> BLANK", "i14 "},
    {"maker = name AND \"%s\" <> BLANK", ""},
    {"maker <> name AND n > 10 AND \"%s\" <> BLANK", "i03 i14 "},
    {"makers CONTAINS name OR maker IN [\"%s\"] AND n > 8", "i14 "},
};

/* References by their ids, and what stands behind them in lists. */
static void test_references(void **state)
{
    (void)state;
    char id[16];
    for (size_t i = 0; i < ARRAY_LEN(REFS); i++) {
        const char *at = strstr(REFS[i].filter, "%s");
        struct str filter = str_fmt(app.a, "%.*s%s%s", (int)(at - REFS[i].filter), REFS[i].filter,
                                    id_print(makers[0], id).p, at + 2);
        struct query q = {.form = item, .sort = STR("name"), .filter = filter};
        struct strb b;
        strb_init(&b, app.a);
        names(&b, list(&q));
        CHECK_CASE(strb_str(&b), REFS[i].want, REFS[i].filter);
    }
}

static void test_bad(void **state)
{
    (void)state;
    static const struct {
        struct query q;
        const char *want;
    } cases[] = {
        {{.filter = STR("n >")}, "! formula filter"},
        {{.filter = STR("name > 1")}, "! formula filter"},
        {{.fields = STR("name,nome")}, "! unknown_field fields"},
        {{.expand = STR("name")}, "! unknown_field expand"},
        {{.after = STR("abc.def")}, "! cursor after"},
        {{.limit = 201}, "! limit limit"},
        {{.page = 2000000}, "! page page"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct query q = cases[i].q;
        q.form = item;
        CHECK_CASE(test_list(&app, &ann.who, &q), cases[i].want, cases[i].want);
    }
    struct query q = {.form = item, .sort = STR("name"), .limit = 4};
    struct str next = val_str(val_get(list(&q), STR("next")));
    q.sort = STR("-name"); /* a cursor goes on with its own list only */
    q.after = next;
    CHECK_STR(test_list(&app, &ann.who, &q), "! cursor after");
}

/* ---- what is shown ---- */

static void test_shapes(void **state)
{
    (void)state;
    struct query q = {.form = item,
                      .sort = STR("name"),
                      .fields = STR("n,tags,maker,makers,done,day,left"),
                      .expand = STR("maker"),
                      .limit = 2,
                      .page = 2};
    struct val page = list(&q);
    struct val one = val_get(page, STR("records")).list[0];
    CHECK_STR(val_str(val_get(one, STR("_title"))), "i02");
    assert_int_equal(one.n, 10);
    struct val maker = val_get(one, STR("maker"));
    CHECK_STR(val_str(val_get(maker, STR("city"))), "B");
    struct val all = val_get(one, STR("makers"));
    assert_int_equal(all.n, 1);
    CHECK_STR(val_str(val_get(all.list[0], STR("title"))), "Zed");
    assert_int_equal(val_get(one, STR("tags")).n, 1);
    CHECK_STR(val_str(val_get(one, STR("day"))), "2025-11-03");
    assert_true(val_double(val_get(one, STR("left"))) == -22);
    assert_true(val_double(val_get(page, STR("total"))) == ITEMS);
    CHECK_STR(val_str(val_get(page, STR("total_is"))), "exact");
}

static void test_views(void **state)
{
    (void)state;
    struct query q = {.form = item, .view = form_view(item, STR("a")), .limit = 3};
    struct strb b;
    strb_init(&b, app.a);
    struct val page = list(&q);
    names(&b, page);
    CHECK_STR(strb_str(&b), "i03 i17 i09 ");
    assert_int_equal(val_get(page, STR("records")).list[0].n, 5); /* _id _version _title name n */
    struct query s = {.form = item, .search = STR("I1 9"), .limit = 50};
    strb_init(&b, app.a);
    names(&b, list(&s));
    CHECK_STR(strb_str(&b), "i19 ");
    struct query bin = {.form = item, .bin = true};
    assert_int_equal(val_get(list(&bin), STR("records")).n, 0);
}

/* ---- aggregates ---- */

struct aggregated {
    const char *group, *metrics, *filter, *sort, *want;
};

static const struct aggregated AGGREGATED[] = {
    {"", "COUNT(),SUM(n),AVERAGE(n),MIN(day),MAX(n)", "", "",
     "{\"COUNT()\":23,\"SUM(n)\":94.50,\"AVERAGE(n)\":5.5588235294117645,\"MIN(day)\":\"2025-11-"
     "02\","
     "\"MAX(n)\":10.50}"},
    {"kind", "COUNT()", "", "-COUNT()",
     "{\"kind\":\"a\",\"COUNT()\":9},{\"kind\":\"b\",\"COUNT()\":9},{\"kind\":null,\"COUNT()\":5}"},
    {"MONTH(day)", "COUNT()", "day <> BLANK", "", "{\"MONTH(day)\":11,\"COUNT()\":15}"},
    {"maker.city", "SUM(n) / COUNT()", "maker <> BLANK", "maker.city",
     "{\"maker.city\":\"B\",\"SUM(n) / COUNT()\":2.375},{\"maker.city\":\"S\",\"SUM(n) / COUNT()\":"
     "5.5}"},
    {"", "SUM(n)", "n > 1000", "", "{\"SUM(n)\":0.00}"},
    {"", "COUNTIF(kind, \"a\"),COUNTIF(kind, \"<>a\"),COUNTIF(day, \"<2025-11-03\")", "", "",
     "{\"COUNTIF(kind, \\\"a\\\")\":9,\"COUNTIF(kind, \\\"<>a\\\")\":14,"
     "\"COUNTIF(day, \\\"<2025-11-03\\\")\":1}"},
    {"kind", "SUMIF(n, \">100\"),AVERAGEIF(kind, \"a\", 2)", "kind = \"a\"", "",
     "{\"kind\":\"a\",\"SUMIF(n, \\\">100\\\")\":0,\"AVERAGEIF(kind, \\\"a\\\", 2)\":2}"},
};

static void test_aggregates(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(AGGREGATED); i++) {
        const struct aggregated *t = &AGGREGATED[i];
        struct err err = ERR_INIT;
        struct strb b;
        struct json j;
        strb_init(&b, app.a);
        json_init(&j, &b);
        test_as(&app, &ann.who);
        struct aggregate g = {.form = item,
                              .group = str_of(t->group),
                              .metrics = str_of(t->metrics),
                              .filter = str_of(t->filter),
                              .sort = str_of(t->sort)};
        OK(query_aggregate(&app.c, &g, &j, &err));
        CHECK_CASE(strb_str(&b), str_fmt(app.a, "{\"rows\":[%s]}", t->want).p, t->metrics);
    }
    struct val sum;
    struct err err = ERR_INIT;
    OK(query_sum(&app.c, item, STR("n"), STR("kind = \"a\""), &sum, &err));
    assert_true(val_double(sum) > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pages),      cmocka_unit_test(test_filters),
        cmocka_unit_test(test_references), cmocka_unit_test(test_bad),
        cmocka_unit_test(test_shapes),     cmocka_unit_test(test_views),
        cmocka_unit_test(test_aggregates),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
