/*
 * Field types: what a body's value becomes (JSON in, JSON out), what is refused, what a cell means,
 * what is compared, what a masked reader sees; and the table itself.
 */
#include "tests/unit/unit.h"

#include "engine/base/id.h"
#include "engine/base/strb.h"
#include "engine/meta/app.h"
#include "engine/meta/fieldtype.h"
#include "engine/value/json.h"

static const struct option options[] = {
    {.key = {"web", 3}, .title = {"官网", 6}},
    {.key = {"expo", 4}, .title = {"展会", 6}, .disabled = true},
    {.key = {"east", 4}, .title = {"华东", 6}, .options = &options[0], .noptions = 2},
};

/* How a row of the tables sets its field up. */
enum setup { PLAIN, SCALE2, RANGE, SHORT, CITY };

static struct field field_of(const char *type, enum setup setup)
{
    struct field f = {.key = {"f", 1}, .title = {"F", 1}, .type = fieldtype_find(str_of(type))};
    f.min.kind = f.max.kind = VAL_ABSENT;
    f.options = options;
    f.noptions = ARRAY_LEN(options);
    f.has_scale = setup == SCALE2;
    f.scale = setup == SCALE2 ? 2 : 0;
    if (str_eqz(f.type->name, "rating")) {
        f.has_scale = true;
        f.min = val_num(1);
        f.max = val_num(5);
    }
    if (setup == RANGE) {
        f.min = str_eqz(f.type->name, "date") ? val_date(0) : val_num(0);
        f.max = str_eqz(f.type->name, "date") ? val_date(20000) : val_num(1);
    }
    f.max_length = setup == SHORT ? 3 : 0;
    f.depth = setup == CITY ? 2 : 0;
    return f;
}

static struct str as_json(struct arena *a, struct val v)
{
    struct strb b;
    struct json j;
    strb_init(&b, a);
    json_init(&j, &b);
    json_val(&j, v);
    return strb_str(&b);
}

/* want: JSON, or "!" and the key of the mistake. */
static const struct {
    const char *type;
    enum setup setup;
    const char *in, *want;
} bodies[] = {
    {"text", PLAIN, "\"  公司 \"", "\"公司\""},
    {"text", PLAIN, "\"a\\nb\\tc\"", "\"a b c\""},
    {"text", PLAIN, "\"   \"", "null"},
    {"text", PLAIN, "null", "null"},
    {"text", PLAIN, "5", "!type"},
    {"text", SHORT, "\"一二三\"", "\"一二三\""},
    {"text", SHORT, "\"一二三四\"", "!too_long"},
    {"textarea", PLAIN, "\"a\\nb\"", "\"a\\nb\""},
    {"number", PLAIN, "1.25", "1.25"},
    {"number", PLAIN, "\"1\"", "!type"},
    {"number", PLAIN, "\"\"", "null"},
    {"number", PLAIN, "true", "!type"},
    {"number", SCALE2, "1.005", "1.01"},
    {"number", SCALE2, "-1.005", "-1.01"},
    {"number", SCALE2, "0.1", "0.10"},
    {"number", SCALE2, "90071992547409.92", "90071992547409.92"},
    {"number", SCALE2, "90071992547409.93", "!too_large"},
    {"number", SCALE2, "1e30", "!too_large"},
    {"percent", RANGE, "0.3", "0.3"},
    {"percent", RANGE, "1.1", "!max"},
    {"percent", RANGE, "-0.1", "!min"},
    {"rating", PLAIN, "5", "5"},
    {"rating", PLAIN, "6", "!max"},
    {"rating", PLAIN, "2.5", "!type"},
    {"boolean", PLAIN, "false", "false"},
    {"boolean", PLAIN, "\"yes\"", "!type"},
    {"date", PLAIN, "\"2026-11-23\"", "\"2026-11-23\""},
    {"date", PLAIN, "\"2026-02-30\"", "!date"},
    {"date", RANGE, "\"2050-01-01\"", "!max"},
    {"date", RANGE, "\"1969-12-31\"", "!min"},
    {"datetime", PLAIN, "\"2026-11-23T08:00:00+08:00\"", "\"2026-11-23T00:00:00Z\""},
    {"datetime", PLAIN, "\"2026-11-23\"", "\"2026-11-23T00:00:00Z\""},
    {"datetime", PLAIN, "\"soon\"", "!datetime"},
    {"time", PLAIN, "\"08:30\"", "\"08:30:00\""},
    {"time", PLAIN, "\"25:00\"", "!time"},
    {"select", PLAIN, "\"web\"", "\"web\""},
    {"select", PLAIN, "\"官网\"", "!option"},
    {"select", PLAIN, "[\"web\"]", "!option"},
    {"multiselect", PLAIN, "[\"web\",\"expo\",\"web\"]", "[\"web\",\"expo\"]"},
    {"multiselect", PLAIN, "[]", "null"},
    {"multiselect", PLAIN, "[\"x\"]", "!option"},
    {"cascade", PLAIN, "[\"east\",\"web\"]", "[\"east\",\"web\"]"},
    {"cascade", PLAIN, "[\"web\",\"east\"]", "!option"},
    {"region", PLAIN, "\"浙江省 / 杭州市\"", "\"浙江省/杭州市\""},
    {"region", PLAIN, "[\"浙江省\",\"杭州市\",\"西湖区\"]", "\"浙江省/杭州市/西湖区\""},
    {"region", PLAIN, "\"a/b/c/d\"", "!region"},
    {"region", PLAIN, "\"广东省深圳市南山区\"", "\"广东省/深圳市/南山区\""},
    {"region", PLAIN, "\"广东/深圳/南山\"", "\"广东省/深圳市/南山区\""},
    {"region", PLAIN, "\"广东深圳\"", "\"广东省/深圳市\""},
    {"region", PLAIN, "\"内蒙古 呼和浩特\"", "\"内蒙古自治区/呼和浩特市\""},
    {"region", PLAIN, "\"北京市东城区\"", "\"北京市/市辖区/东城区\""},
    {"region", PLAIN, "\"北京市/北京市/东城区\"", "\"北京市/市辖区/东城区\""},
    {"region", PLAIN, "\"湖北省仙桃市\"", "\"湖北省/省直辖县级行政区划/仙桃市\""},
    {"region", PLAIN, "\"吉林省吉林市\"", "\"吉林省/吉林市\""},
    {"region", PLAIN, "\"440305\"", "\"广东省/深圳市/南山区\""},
    {"region", PLAIN, "\"440000\"", "\"广东省\""},
    {"region", PLAIN, "\"香港/九龙\"", "\"香港特别行政区/九龙\""},
    {"region", PLAIN, "[\"广东省\",\"杭州市\"]", "!region"},
    {"region", PLAIN, "\"华东\"", "!region"},
    {"region", PLAIN, "{\"a\":1}", "!type"},
    {"region", CITY, "\"广东省/深圳市\"", "\"广东省/深圳市\""},
    {"region", CITY, "\"广东省/深圳市/南山区\"", "!region"},
    {"location", PLAIN, "{\"lat\":30.25,\"lng\":120.16}",
     "{\"lat\":30.25,\"lng\":120.16,\"address\":null}"},
    {"location", PLAIN, "{\"lat\":91,\"lng\":0}", "!location"},
    {"location", PLAIN, "\"here\"", "!location"},
    {"phone", PLAIN, "\" 138-0013-8000 \"", "\"138-0013-8000\""},
    {"phone", PLAIN, "\"+86 (21) 6888 0000 ext 12\"", "\"+86 (21) 6888 0000 ext 12\""},
    {"phone", PLAIN, "\"call me\"", "!phone"},
    {"email", PLAIN, "\"a.b@例子.cn\"", "\"a.b@例子.cn\""},
    {"email", PLAIN, "\"a@b\"", "!email"},
    {"email", PLAIN, "\"a@b..c\"", "!email"},
    {"url", PLAIN, "\"example.com/x\"", "\"https://example.com/x\""},
    {"url", PLAIN, "\"javascript:alert(1)\"", "!url"},
    {"url", PLAIN, "\"https://a b\"", "!url"},
    {"id_number", PLAIN, "\"11010519491231002x\"", "\"11010519491231002X\""},
    {"id_number", PLAIN, "\"110105194912310021\"", "!id_number"},
    {"member", PLAIN, "\"0000000000005\"", "{\"id\":\"0000000000005\",\"title\":null}"},
    {"link", PLAIN, "{\"id\":\"0000000000005\",\"title\":\"x\"}",
     "{\"id\":\"0000000000005\",\"title\":null}"},
    {"link", PLAIN, "\"公司\"", "!link"},
    {"link", PLAIN, "5", "!link"},
    {"members", PLAIN, "[\"0000000000005\",\"0000000000005\"]",
     "[{\"id\":\"0000000000005\",\"title\":null}]"},
    {"links", PLAIN, "[5]", "!link"},
    {"department", PLAIN, "\"\"", "null"},
    {"departments", PLAIN, "\"0000000000005\"", "[{\"id\":\"0000000000005\",\"title\":null}]"},
    {"lookup", PLAIN, "1", "!computed"},
    {"rollup", PLAIN, "1", "!computed"},
    {"formula", PLAIN, "1", "!computed"},
    {"serial", PLAIN, "\"XS-0001\"", "\"XS-0001\""},
    {"table", PLAIN, "[{\"a\":1}]", "[{\"a\":1}]"},
    {"table", PLAIN, "[1]", "!type"},
    {"image", SHORT, "[\"0000000000005\"]", "[{\"id\":\"0000000000005\",\"title\":null}]"},
    {"file", SHORT, "[\"0000000000005\",\"0000000000006\",\"0000000000007\",\"0000000000008\"]",
     "!too_many"},
    {"signature", PLAIN, "[\"0000000000005\",\"0000000000006\"]", "!too_many"},
    {"file", PLAIN, "[\"x y\"]", "!file"},
    {"json", PLAIN, "{\"a\":[1,\"x\"]}", "{\"a\":[1,\"x\"]}"},
    {"richtext", PLAIN, "\"<p>x</p>\"", "\"<p>x</p>\""},
    {"richtext", PLAIN, "\"<p onclick=alert(1) style='x'>a<b>b\"", "\"<p>a<b>b</b></p>\""},
    {"richtext", PLAIN, "\"x<script>alert(1)</script>y<svg onload=a>z</svg>\"", "\"xy\""},
    {"richtext", PLAIN, "\"<scr<script>ipt>alert(1)</script>\"", "\"&lt;scr\""},
    {"richtext", PLAIN, "\"<a href='JavaScript:alert(1)'>x</a>\"",
     "\"<a rel=\\\"noopener noreferrer nofollow\\\">x</a>\""},
    {"richtext", PLAIN, "\"<a href='&#106;avascript:alert(1)'>x</a>\"",
     "\"<a rel=\\\"noopener noreferrer nofollow\\\">x</a>\""},
    {"richtext", PLAIN, "\"<A HREF=https://a.cn/?x=1&y=2 target=_blank>x</A>\"",
     "\"<a href=\\\"https://a.cn/?x=1&amp;y=2\\\" rel=\\\"noopener noreferrer "
     "nofollow\\\">x</a>\""},
    {"richtext", PLAIN, "\"<img src=x onerror=alert(1)>1 < 2 & 3\"", "\"<img>1 &lt; 2 &amp; 3\""},
    {"richtext", PLAIN, "\"<img src='/api/v1/files/1'>\"", "\"<img src=\\\"/api/v1/files/1\\\">\""},
    {"richtext", PLAIN, "\"<p><br></p>\"", "null"},
    {"richtext", PLAIN, "\"</p><b><i>x</b></i><!-- c --><font>y</font>\"", "\"<b><i>x</i></b>y\""},
};

static void coercion(void **state)
{
    struct arena *a = arena_new(TEST_ARENA_BYTES);
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(bodies); i++) {
        struct field f = field_of(bodies[i].type, bodies[i].setup);
        struct err err = ERR_INIT;
        struct diags d;
        struct val in;
        diags_init(&d, a);
        CHECK(json_parse(a, str_of(bodies[i].in), &in, &err) == 0, bodies[i].in);
        struct val out = f.type->coerce(&f, a, in, STR("f"), &d);
        if (bodies[i].want[0] == '!') {
            CHECK(d.errors == 1 && val_is_blank(out), bodies[i].in);
            CHECK_CASE(d.list.v[0].key, bodies[i].want + 1, bodies[i].in);
            CHECK_CASE(d.list.v[0].path, "f", bodies[i].in);
        } else {
            CHECK(d.errors == 0, bodies[i].in);
            CHECK_CASE(as_json(a, out), bodies[i].want, bodies[i].in);
            struct val again = f.type->coerce(&f, a, out, STR("f"), &d);
            CHECK(val_same(out, again), bodies[i].in); /* coercing twice changes nothing */
        }
    }
    arena_free(&a);
}

static const struct {
    const char *type, *cell, *want;
} cells[] = {
    {"number", "1,234.50", "1234.50"},
    {"number", "￥１，２３４", "1234"},
    {"number", "(3.5)", "-3.5"},
    {"number", "1e3", "1000"},
    {"number", "n/a", "\"n/a\""},
    {"percent", "30%", "0.30"},
    {"percent", "12.5％", "0.125"},
    {"percent", "0.3", "0.3"},
    {"boolean", "是", "true"},
    {"boolean", "NO", "false"},
    {"boolean", "maybe", "\"maybe\""},
    {"date", "2026/1/3", "\"2026-01-03\""},
    {"date", "2026年1月3日", "\"2026-01-03\""},
    {"date", "20260103", "\"2026-01-03\""},
    {"date", "2026-01-03 00:00:00", "\"2026-01-03\""},
    {"date", "2026-01-03 08:00", "\"2026-01-03 08:00\""},
    {"date", "03.01.2026", "\"03.01.2026\""},
    {"datetime", "2026/1/3 8:05", "\"2026-01-03T08:05:00Z\""},
    {"datetime", "2026-01-03T08:05:00+08:00", "\"2026-01-03T00:05:00Z\""},
    {"time", "8:05", "\"08:05:00\""},
    {"select", "官网", "\"web\""},
    {"select", "WEB", "\"web\""},
    {"select", "其它", "\"其它\""},
    {"multiselect", "官网、展会", "[\"web\",\"expo\"]"},
    {"multiselect", "web; expo", "[\"web\",\"expo\"]"},
    {"cascade", "华东/展会", "[\"east\",\"expo\"]"},
    {"location", "30.25, 120.16", "{\"lat\":30.25,\"lng\":120.16}"},
    {"members", "张三、李四", "[\"张三\",\"李四\"]"},
    {"json", "{\"a\":1}", "{\"a\":1}"},
};

static void from_cells(void **state)
{
    struct arena *a = arena_new(TEST_ARENA_BYTES);
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cells); i++) {
        struct field f = field_of(cells[i].type, PLAIN);
        struct val v = f.type->from_text(&f, a, str_of(cells[i].cell));
        CHECK_CASE(as_json(a, v), cells[i].want, cells[i].cell);
    }
    arena_free(&a);
}

static const struct {
    const char *type, *value, *fold, *mask;
} texts[] = {
    {"text", "ＡＢＣ（北京）公司", "abc(北京)公司", "Ａ**"},
    {"phone", "+86 138-0013-6021", "13800136021", "138****6021"},
    {"phone", "12345", "12345", "****45"},
    {"email", "Zhang@Example.com", "zhang@example.com", "Z***@Example.com"},
    {"id_number", "11010519491231002X", "11010519491231002x", "110***********002X"},
};

static void folds_and_masks(void **state)
{
    struct arena *a = arena_new(TEST_ARENA_BYTES);
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        struct field f = field_of(texts[i].type, PLAIN);
        struct val v = val_text(str_of(texts[i].value));
        CHECK_CASE(f.type->fold(&f, a, v), texts[i].fold, texts[i].value);
        CHECK_CASE(f.type->mask(a, v), texts[i].mask, texts[i].value);
        f.normalize = STR("none");
        if (f.type->fold != fieldtype_find(STR("phone"))->fold)
            CHECK_CASE(f.type->fold(&f, a, v), texts[i].value, texts[i].value);
    }
    arena_free(&a);
}

/* Every row is whole, and every type of the definition is there. */
static void the_table(void **state)
{
    static const char *const names[] = {
        "text",       "textarea",    "richtext", "number", "percent",     "rating",  "date",
        "datetime",   "time",        "boolean",  "select", "multiselect", "cascade", "region",
        "location",   "phone",       "email",    "url",    "id_number",   "member",  "members",
        "department", "departments", "link",     "links",  "lookup",      "rollup",  "formula",
        "serial",     "table",       "image",    "file",   "signature",   "json"};
    const struct fieldtype *const *types;
    (void)state;
    assert_int_equal(fieldtypes(&types), ARRAY_LEN(names));
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        const struct fieldtype *t = types[i];
        CHECK_CASE(t->name, names[i], names[i]);
        CHECK(t->coerce && t->zh && t->en && t->widget.n, names[i]);
        CHECK(fieldtype_find(str_of(names[i])) == t, names[i]);
    }
    assert_null(fieldtype_find(STR("txt")));
}

static const struct {
    const char *type;
    enum setup setup;
    enum col_kind column;
    const char *in, *bound;
} stored[] = {
    {"number", SCALE2, COL_INT, "12.5", "12.50"},
    {"number", PLAIN, COL_REAL, "12.5", "12.5"},
    {"date", PLAIN, COL_INT, "\"1970-01-02\"", "\"1970-01-02\""},
    {"multiselect", PLAIN, COL_JSON, "[\"web\"]", "\"[\\\"web\\\"]\""},
    {"members", PLAIN, COL_JSON, "[\"0000000000005\"]", "\"[5]\""},
    {"location", PLAIN, COL_JSON, "{\"lat\":1,\"lng\":2}",
     "\"{\\\"lat\\\":1,\\\"lng\\\":2,\\\"address\\\":null}\""},
    {"select", PLAIN, COL_TEXT, "\"web\"", "\"web\""},
    {"boolean", PLAIN, COL_INT, "true", "true"},
    {"link", PLAIN, COL_INT, "\"0000000000005\"", "{\"id\":\"0000000000005\",\"title\":null}"},
};

static void to_columns(void **state)
{
    struct arena *a = arena_new(TEST_ARENA_BYTES);
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(stored); i++) {
        struct field f = field_of(stored[i].type, stored[i].setup);
        struct err err = ERR_INIT;
        struct diags d;
        struct val in;
        diags_init(&d, a);
        CHECK(json_parse(a, str_of(stored[i].in), &in, &err) == 0, stored[i].in);
        CHECK(field_column_kind(&f) == stored[i].column, stored[i].type);
        struct val v = f.type->coerce(&f, a, in, STR_NONE, &d);
        CHECK_CASE(as_json(a, field_to_column(&f, a, v)), stored[i].bound, stored[i].in);
    }
    arena_free(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(coercion), cmocka_unit_test(from_cells),
                                       cmocka_unit_test(folds_and_masks),
                                       cmocka_unit_test(the_table), cmocka_unit_test(to_columns)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
