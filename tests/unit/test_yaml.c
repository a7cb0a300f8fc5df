/*
 * YAML: what a text reads as (as JSON), where its mistakes stand, and the spans of its nodes.
 */
#include "tests/unit/unit.h"

#include "engine/base/strb.h"
#include "engine/meta/yaml.h"
#include "engine/value/json.h"

static const struct {
    const char *text, *json;
} good[] = {
    {"", "{}"},
    {"# only a comment\n", "{}"},
    {"---\n", "{}"},
    {"a: 1\n", "{\"a\":1}"},
    {"a: no\nb: yes\nc: off\nd: on\n", "{\"a\":\"no\",\"b\":\"yes\",\"c\":\"off\",\"d\":\"on\"}"},
    {"a: true\nb: False\nc: tRUE\n", "{\"a\":true,\"b\":false,\"c\":\"tRUE\"}"},
    {"a: ~\nb: null\nc:\nd: Null\ne: nULL\n",
     "{\"a\":null,\"b\":null,\"c\":null,\"d\":null,\"e\":\"nULL\"}"},
    {"a: 007\nb: 0x1F\nc: 0o17\nd: 1e3\ne: .5\nf: 5.\ng: +3\nh: -0.5\n",
     "{\"a\":7,\"b\":31,\"c\":15,\"d\":1000,\"e\":0.5,\"f\":5,\"g\":3,\"h\":-0.5}"},
    {"a: 1_000\nb: 1:30\nc: 2026-11-23\nd: 0x\ne: 1.2.3\n",
     "{\"a\":\"1_000\",\"b\":\"1:30\",\"c\":\"2026-11-23\",\"d\":\"0x\",\"e\":\"1.2.3\"}"},
    {"a: \"1\"\nb: 'true'\nc: \"\"\n", "{\"a\":\"1\",\"b\":\"true\",\"c\":\"\"}"},
    {"a: = USER()\nb: {x: = NOW(), y: 3}\n",
     "{\"a\":\"= USER()\",\"b\":{\"x\":\"= NOW()\",\"y\":3}}"},
    {"a: |\n  x\n   y\n\n", "{\"a\":\"x\\n y\\n\"}"},
    {"a: >-\n  x\n  y\n", "{\"a\":\"x y\"}"},
    {"a: [1, [2, {b: c}], \"d\"]\n", "{\"a\":[1,[2,{\"b\":\"c\"}],\"d\"]}"},
    {"- a\n- b: 1\n  c: 2\n-\n", "[\"a\",{\"b\":1,\"c\":2},null]"},
    {"a: 审批 # 注释\n\"b c\": 'it''s'\n", "{\"a\":\"审批\",\"b c\":\"it's\"}"},
    {"a: x\\ny\nb: \"x\\ny\"\n", "{\"a\":\"x\\\\ny\",\"b\":\"x\\ny\"}"},
    {"\xEF\xBB\xBF"
     "a: 1\r\nb: 2\r\n",
     "{\"a\":1,\"b\":2}"},
};

static struct str as_json(struct arena *a, struct val v)
{
    struct strb b;
    struct json j;
    strb_init(&b, a);
    json_init(&j, &b);
    json_val(&j, v);
    return strb_str(&b);
}

static void reads(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(good); i++) {
        struct arena *a = arena_new(TEST_ARENA_BYTES);
        struct diags d;
        diags_init(&d, a);
        struct yaml_node *n = yaml_parse(a, STR("f.yaml"), str_of(good[i].text), &d);
        if (d.list.n)
            print_error("%s\n", d.list.v[0].en.p);
        CHECK(n, good[i].text);
        CHECK_CASE(as_json(a, yaml_val(a, n)), good[i].json, good[i].text);
        arena_free(&a);
    }
}

static const struct {
    const char *text;
    uint32_t line, column;
    const char *key;
} bad[] = {
    {"a: 1\nb: &x 2\n", 2, 4, "yaml_anchor"},
    {"a: *x\n", 1, 4, "yaml_alias"},
    {"a: !!str 1\n", 1, 4, "yaml_tag"},
    {"a: !x {b: 1}\n", 1, 4, "yaml_tag"},
    {"a: 1\n<<: {b: 2}\n", 2, 1, "yaml_merge"},
    {"a: 1\nb: 2\na: 3\n", 3, 1, "duplicate_key"},
    {"x: {公司: 1, 公司: 2}\n", 1, 12, "duplicate_key"},
    {"a: 1\n---\nb: 2\n", 2, 1, "yaml_documents"},
    {"a: 1\n...\n---\nb: 2\n", 3, 1, "yaml_documents"},
    {"? [a]\n: 1\n", 1, 3, "yaml_key"},
    {"a: .inf\n", 1, 4, "yaml_number"},
    {"a: b: c\n", 1, 5, "yaml"},
    {"a: [1, 2\nb: 3\n", 2, 2, "yaml"},
    {"a:\n\tb: 1\n", 2, 1, "yaml"},
    {"a: \"x\n", 2, 1, "yaml"},
    {"a: @x\n", 1, 4, "yaml"},
    {"a: \xFF\n", 1, 4, "utf8"},
    {"a: x\x01y\n", 1, 5, "yaml"},
};

static void mistakes(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        struct arena *a = arena_new(TEST_ARENA_BYTES);
        struct diags d;
        diags_init(&d, a);
        CHECK(!yaml_parse(a, STR("f.yaml"), str_of(bad[i].text), &d), bad[i].text);
        CHECK(d.errors == 1, bad[i].text);
        struct diag *x = &d.list.v[0];
        if (x->pos.line != bad[i].line || x->pos.column != bad[i].column)
            print_error("at %u:%u: %s\n", x->pos.line, x->pos.column, x->en.p);
        CHECK_CASE(x->key, bad[i].key, bad[i].text);
        CHECK(x->pos.line == bad[i].line && x->pos.column == bad[i].column, bad[i].text);
        CHECK(x->zh.n && x->en.n, bad[i].text);
        arena_free(&a);
    }
}

static void limits(void **state)
{
    struct arena *a = arena_new(TEST_ARENA_BYTES);
    struct strb b;
    struct diags d;
    (void)state;
    strb_init(&b, a);
    for (int i = 0; i < 100000; i++)
        strb_addc(&b, '[');
    diags_init(&d, a);
    assert_null(yaml_parse(a, STR("f"), strb_str(&b), &d)); /* and quickly */
    CHECK_STR(d.list.v[0].key, "limit");

    strb_init(&b, a);
    for (int i = 0; i < 31; i++)
        strb_addf(&b, "%*sa:\n", i, "");
    strb_addf(&b, "%*sb\n", 31, "");
    diags_init(&d, a);
    assert_non_null(yaml_parse(a, STR("f"), strb_str(&b), &d)); /* 32 levels */
    strb_init(&b, a);
    for (int i = 0; i < 32; i++)
        strb_addf(&b, "%*sa:\n", i, "");
    strb_addf(&b, "%*sb\n", 32, "");
    assert_null(yaml_parse(a, STR("f"), strb_str(&b), &d));

    struct str big = {arena_alloc(a, YAML_MAX_BYTES + 1), YAML_MAX_BYTES + 1};
    diags_init(&d, a);
    assert_null(yaml_parse(a, STR("f"), big, &d));
    arena_free(&a);
}

/* The bytes of each value, found by its key. */
static const struct {
    const char *text, *key, *span;
} spans[] = {
    {"a: 公司 # c\nb: 'x' \n", "a", "公司"},
    {"标题: 公司\nb: 'x' # y\n", "b", "'x'"},
    {"a: {x: 1, y: [2]} # c\n", "a", "{x: 1, y: [2]}"},
    {"a:\n  x: 1\n  y: 2 # c\n\n# d\nb: 1\n", "a", "x: 1\n  y: 2"},
    {"a:\n  - x\n  - y: 1\n    z: [1,\n      2]\n\nb: 1\n", "a",
     "- x\n  - y: 1\n    z: [1,\n      2]"},
    {"a: |\n  x\n  y\n\n\nb: 1\n", "a", "|\n  x\n  y"},
    {"a: x\n  y # c\nb: 1\n", "a", "x\n  y"},
    {"a:   # c\nb: 1\n", "a", ""},
};

static void node_spans(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(spans); i++) {
        struct arena *a = arena_new(TEST_ARENA_BYTES);
        struct diags d;
        struct str text = str_of(spans[i].text);
        diags_init(&d, a);
        const struct yaml_node *n = yaml_get(yaml_parse(a, STR("f"), text, &d), spans[i].key);
        CHECK(n, spans[i].text);
        CHECK_CASE(str_sub(text, n->from, n->to - n->from), spans[i].span, spans[i].text);
        arena_free(&a);
    }
}

/* Where the word "here" of a's text stands in the file. */
static const struct {
    const char *text;
    uint32_t line, column;
} places[] = {
    {"a: b here\n", 1, 6},         {"a: '名称 = here'\n", 1, 10},
    {"a: 'it''s here'\n", 1, 11},  {"a: \"x \\\"y\\\" here\"\n", 1, 13},
    {"a:\n  b\n  here\n", 3, 3},   {"a: |\n  b\n   here\n", 3, 4},
    {"a: >\n  b\n  here\n", 3, 3}, {"a: \"b\n  here\"\n", 2, 3},
};

static void inner_places(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(places); i++) {
        struct arena *a = arena_new(TEST_ARENA_BYTES);
        struct diags d;
        struct str text = str_of(places[i].text);
        diags_init(&d, a);
        const struct yaml_node *n = yaml_get(yaml_parse(a, STR("f"), text, &d), "a");
        CHECK(n, places[i].text);
        ptrdiff_t at = str_find(n->text, STR("here"), 0);
        struct src_pos pos = yaml_pos_in(n, text, (size_t)at);
        if (pos.line != places[i].line || pos.column != places[i].column)
            print_error("%u:%u\n", pos.line, pos.column);
        CHECK(pos.line == places[i].line && pos.column == places[i].column, places[i].text);
        arena_free(&a);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(reads), cmocka_unit_test(mistakes),
                                       cmocka_unit_test(limits), cmocka_unit_test(node_spans),
                                       cmocka_unit_test(inner_places)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
