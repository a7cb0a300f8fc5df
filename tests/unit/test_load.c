/*
 * Loading apps: mistakes with their places, and what a sound app looks like: rights by slot, types
 * of computed fields, orders, dependents, layout.
 */
#include "tests/unit/unit.h"

#include "engine/meta/diff.h"
#include "engine/meta/fieldtype.h"
#include "engine/meta/flowdef.h"
#include "engine/meta/load.h"

#define APP                                                                                           \
    "app: shop\ntitle: 店\nroles: {clerk: 店员, boss: {title: 老板}}\nsettings: {limit: {type: " \
    "number, default: 3}}\n"

struct source {
    const char *path, *text;
};

static struct app *load(struct arena *a, const struct source *files, size_t n, struct diags *d)
{
    struct app_file *out = ARENA_ARRAY(a, struct app_file, n + 1);
    struct load_opts opts = {.default_zone = STR("UTC")};
    out[0] = (struct app_file){STR("app.yaml"), STR(APP)};
    for (size_t i = 0; i < n; i++)
        out[i + 1] = (struct app_file){str_of(files[i].path), str_of(files[i].text)};
    struct app_source src = {.key = STR("shop"), .files = out, .nfiles = n + 1};
    diags_init(d, a);
    return app_load(&src, &opts, d);
}

/* ---- mistakes ---- */

#define FORM(fields, rest) "form: a\ntitle: 甲\nfields:\n  x: {type: number}\n" fields rest

static const struct {
    const char *text;
    uint32_t line, column;
    const char *key, *says; /* a part of the English message */
} mistakes[] = {
    {FORM("", "viws: {}\n"), 5, 1, "unknown_key", "did you mean “views”"},
    {FORM("  y: {type: numbr}\n", ""), 5, 13, "unknown_type", "did you mean “number”"},
    {FORM("  y: {type: text, scale: 2}\n", ""), 5, 19, "unknown_key", "The type text has no key"},
    {FORM("  y: {type: select, title: y}\n", ""), 5, 6, "missing_key", "options"},
    {FORM("  y: {type: link, form: b}\n", ""), 5, 25, "unknown_form", "“b”"},
    {FORM("  parent: {type: text}\n", ""), 5, 3, "key_reserved", "reserved"},
    {FORM("  Y: {type: text}\n", ""), 5, 3, "key_grammar", "lower-case"},
    {FORM("  y: {type: formula, value: x + xx}\n", ""), 5, 33, "formula", "did you mean “x”"},
    {FORM("  y: {type: formula, value: z + 1}\n  z: {type: formula, value: y + 1}\n", ""), 5, 29,
     "cycle", "y → z → y"},
    {FORM("  y: {type: formula, value: y}\n", ""), 5, 29, "cycle", "y → y"},
    {FORM("  y: {type: lookup, value: x}\n", ""), 5, 28, "lookup", "link.field"},
    {FORM("  y: {type: number, min: 5, max: 1}\n", ""), 5, 34, "range", "less than"},
    {FORM("  y: {type: date, default: 2026-02-30}\n", ""), 5, 28, "value", "2026-02-30"},
    {FORM("  y: {type: text, was: x}\n", ""), 5, 24, "was", "exists"},
    {FORM("  y: {type: select, options: [p, q, p]}\n", ""), 5, 37, "duplicate_option", "twice"},
    {FORM("  y: {type: text, default: = x}\n", ""), 5, 28, "type", "does not fit"},
    {FORM("  y: {type: number, required: x}\n", ""), 5, 31, "formula", ""},
    {FORM("", "layout:\n  - section: s\n    fields: [x, x]\n"), 7, 17, "layout", "twice"},
    {FORM("", "permissions:\n  p: {role: bos, can: all}\n"), 6, 13, "unknown_role",
     "did you mean “boss”"},
    {FORM("", "permissions:\n  p: {role: boss, can: [reed]}\n"), 6, 25, "unknown_right",
     "did you mean “read”"},
    {FORM("", "permissions:\n  p: {can: all}\n"), 6, 6, "no_holder", "to whom"},
    {FORM("", "permissions:\n  p: {role: boss, can: all, fields: {'@g': read}}\n"), 6, 38,
     "unknown_group", "@g"},
    {FORM("", "views:\n  v: {type: kanban}\n"), 6, 3, "missing_key", "by"},
    {FORM("", "views:\n  v: {sort: [-y]}\n"), 6, 14, "unknown_field", "“y”"},
    {FORM("", "buttons:\n  b: {title: B, set: {_id: 3}}\n"), 6, 23, "set", "_id"},
    {FORM("", "buttons:\n  b: {title: B, run: s.f}\n"), 6, 22, "unknown_script", "s.lua"},
    {FORM("", "transitions:\n  x:\n    - {from: a, to: b}\n"), 6, 3, "transition", "select"},
    {FORM("", "automations:\n  m: {trigger: {every: \"61 * * * *\"}, do: []}\n"), 6, 24, "cron",
     "five parts"},
    {FORM("", "automations:\n  m: {trigger: create, do: [{webhook: {to: w}}]}\n"), 6, 44,
     "unknown_endpoint", "“w”"},
    {FORM("", "flow:\n  nodes:\n    p: {type: approve, to: initiator, next: [{when: x > 1, to: "
              "e}]}\n    e: {type: end}\n"),
     7, 5, "no_else", "“p”"},
    {FORM("", "flow:\n  nodes:\n    p: {type: branch, next: q}\n    q: {type: branch, next: "
              "[{when: x > 1, to: e}, {to: p}]}\n    e: {type: end}\n"),
     7, 5, "loop", "“p”"},
    {FORM("", "flow:\n  nodes:\n    p: {type: end}\n    q: {type: end}\n"), 8, 5, "unreachable",
     "“q”"},
    /* one mistake, though others read what is wrong */
    {FORM("  y: {type: link, form: b}\n  z: {type: lookup, value: y.n}\n  w: {type: formula, "
          "value: z + x}\n",
          ""),
     5, 25, "unknown_form", "“b”"},
    {FORM("  y: {type: numbr}\n  z: {type: formula, value: y + x}\n", ""), 5, 13, "unknown_type",
     "number"},
    {FORM("  y: {type: formula, value: xx + 1}\n  z: {type: formula, value: y + x}\n", ""), 5, 29,
     "formula", "“x”"},
    {"form: b\ntitle: 乙\nfields: {x: {type: text}}\n", 1, 7, "form_key", "“a”"},
    {"form: a\ntitle: ' '\nfields: {x: {type: text}}\n", 2, 8, "kind", "not blank"},
    {"form: a\ntitle: 甲\nfields: {}\n", 3, 9, "kind", "at least one"},
    {"form: a\ntitle: 甲\n", 1, 1, "missing_key", "fields"},
};

static void each_mistake(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(mistakes); i++) {
        struct arena *a = arena_new(TEST_ARENA_BYTES);
        struct source f = {"forms/a.yaml", mistakes[i].text};
        struct diags d;
        CHECK(!load(a, &f, 1, &d), mistakes[i].text);
        const struct diag *x = &d.list.v[0];
        while (x->level != DIAG_ERROR) /* remarks stand between the mistakes */
            x++;
        bool there =
            d.errors == 1 && x->pos.line == mistakes[i].line && x->pos.column == mistakes[i].column;
        for (size_t k = 0; !there && k < d.list.n; k++)
            print_error("%u:%u: %s: %s\n", d.list.v[k].pos.line, d.list.v[k].pos.column,
                        d.list.v[k].key.p, d.list.v[k].en.p);
        CHECK(there, mistakes[i].text);
        CHECK_CASE(x->key, mistakes[i].key, mistakes[i].text);
        CHECK(str_find(x->en, str_of(mistakes[i].says), 0) >= 0, x->en.p);
        CHECK_CASE(x->file, "forms/a.yaml", mistakes[i].text);
        arena_free(&a);
    }
}

/* ---- a sound app ---- */

static const struct source sound[] = {
    {"forms/item.yaml",
     "form: item\ntitle: 货品\nfields:\n"
     "  name: {type: text, title: 名称, required: true}\n"
     "  price: {type: number, title: 单价, scale: 2, group: money}\n"
     "  sold: {type: rollup, title: 已售, of: sale.lines.item, value: SUM(qty), scale: 0}\n"
     "  value: {type: formula, title: 总额, value: sold * price, scale: 2}\n"
     "permissions:\n  all: {role: boss, can: all}\n"},
    {"forms/sale.yaml",
     "form: sale\ntitle: 销售\nrecord_title: phone\nfields:\n"
     "  phone: {type: phone, title: 电话, sensitive: personal, group: who}\n"
     "  masked: {type: formula, title: 标签, value: '\"+\" & phone'}\n"
     "  open: {type: formula, title: 公开, value: LEN(phone), declassify: true}\n"
     "  total: {type: formula, title: 合计, value: SUM(lines.amount), scale: 2, group: money}\n"
     "  tax: {type: formula, title: 税, value: total * 0.1, scale: 2}\n"
     "  late: {type: formula, title: 迟, value: _created_at < NOW()}\n"
     "  note: {type: textarea, title: 备注}\n"
     "  status: {type: select, title: 状态, options: {new: 新, done: 完}, default: new}\n"
     "  lines:\n    type: table\n    title: 明细\n    fields:\n"
     "      item: {type: link, form: item, fill: {price: price}}\n"
     "      qty: {type: number, scale: 0, default: 1}\n"
     "      price: {type: number, scale: 2, group: money}\n"
     "      amount: {type: formula, value: qty * price, scale: 2}\n"
     "      name: {type: lookup, value: item.name}\n"
     "layout:\n  - section: 基本\n    columns: 3\n    fields: [phone, {field: status, width: 2}]\n"
     "permissions:\n"
     "  read: {role: clerk, can: [read], fields: {'@money': hidden}}\n"
     "  star: {role: clerk, can: [read, update], fields: {'*': hidden, status: read, lines.qty: "
     "read, lines: read}}\n"
     "  who: {role: clerk, can: [update], fields: {'@who': write}}\n"
     "  all: {role: boss, can: all}\n"
     "x-note: kept\n"},
};

static struct app *sound_app(struct arena *a)
{
    struct diags d;
    struct app *app = load(a, sound, ARRAY_LEN(sound), &d);
    for (size_t i = 0; i < d.list.n; i++)
        print_error("%s:%u:%u: %s\n", d.list.v[i].file.p, d.list.v[i].pos.line,
                    d.list.v[i].pos.column, d.list.v[i].en.p);
    assert_non_null(app);
    return app;
}

static const struct {
    const char *grant, *field;
    enum field_right right;
} rights[] = {
    {"read", "status", FIELD_READ},   {"read", "phone", FIELD_MASKED},
    {"read", "masked", FIELD_MASKED}, {"read", "open", FIELD_READ},
    {"read", "total", FIELD_HIDDEN},  {"read", "tax", FIELD_HIDDEN},
    {"read", "_id", FIELD_READ},      {"read", "_owner", FIELD_READ},
    {"read", "lines", FIELD_READ},    {"star", "status", FIELD_READ},
    {"star", "phone", FIELD_HIDDEN},  {"star", "_owner", FIELD_HIDDEN},
    {"star", "_title", FIELD_READ},   {"star", "note", FIELD_HIDDEN},
    {"who", "phone", FIELD_WRITE},    {"who", "masked", FIELD_MASKED},
    {"who", "total", FIELD_READ},     {"who", "note", FIELD_WRITE},
    {"who", "_owner", FIELD_READ},    {"all", "phone", FIELD_MASKED},
    {"all", "note", FIELD_WRITE},     {"all", "tax", FIELD_READ},
};

static const struct {
    const char *grant, *column;
    enum field_right right;
} columns[] = {
    {"read", "price", FIELD_HIDDEN}, {"read", "amount", FIELD_HIDDEN},
    {"read", "qty", FIELD_READ},     {"star", "qty", FIELD_READ},
    {"all", "price", FIELD_WRITE},   {"all", "amount", FIELD_READ},
};

static const struct grant *grant(const struct form *f, const char *key)
{
    for (size_t i = 0; i < f->ngrants; i++) {
        if (str_eqz(f->grants[i].key, key))
            return &f->grants[i];
    }
    return NULL;
}

static void field_rights(void **state)
{
    struct arena *a = arena_new(TEST_ARENA_BYTES);
    struct app *app = sound_app(a);
    const struct form *f = app_form(app, STR("sale"));
    const struct field *lines = form_field(f, STR("lines"));
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rights); i++) {
        const struct field *x = form_field(f, str_of(rights[i].field));
        int got = grant(f, rights[i].grant)->fields[x->slot];
        if (got != (int)rights[i].right)
            print_error("%s: %d\n", rights[i].grant, got);
        CHECK(got == (int)rights[i].right, rights[i].field);
    }
    for (size_t i = 0; i < ARRAY_LEN(columns); i++) {
        const struct field *x = form_field(lines->sub, str_of(columns[i].column));
        int got = grant(f, columns[i].grant)->sub_fields[lines->slot][x->slot];
        if (got != (int)columns[i].right)
            print_error("%s: %d\n", columns[i].grant, got);
        CHECK(got == (int)columns[i].right, columns[i].column);
    }
    app_unref(&app);
    arena_free(&a);
}

static bool depends(const struct form *f, const char *key)
{
    for (size_t i = 0; i < f->ndependents; i++) {
        if (str_eqz(f->dependents[i]->key, key))
            return true;
    }
    return false;
}

static void computed(void **state)
{
    struct arena *a = arena_new(TEST_ARENA_BYTES);
    struct app *app = sound_app(a);
    const struct form *sale = app_form(app, STR("sale")), *item = app_form(app, STR("item"));
    const struct form *lines = form_field(sale, STR("lines"))->sub;
    (void)state;
    assert_int_equal(sale->ncompute, 3); /* late is volatile, masked made of what is encrypted */
    assert_false(form_field(sale, STR("masked"))->stored);
    assert_false(form_field(sale, STR("late"))->stored);
    assert_true(form_field(sale, STR("late"))->value_type.base == FX_BOOL);
    size_t total = 9, tax = 9;
    for (size_t i = 0; i < sale->ncompute; i++) {
        total = str_eqz(sale->compute_order[i]->key, "total") ? i : total;
        tax = str_eqz(sale->compute_order[i]->key, "tax") ? i : tax;
    }
    assert_true(total < tax && tax < 9);
    assert_int_equal(lines->ncompute, 2);
    assert_true(form_field(lines, STR("name"))->value_type.base == FX_TEXT);
    assert_true(form_field(sale, STR("total"))->value_type.has_scale);
    assert_int_equal(field_column_kind(form_field(sale, STR("total"))), COL_INT);
    assert_int_equal(field_column_kind(form_field(sale, STR("open"))), COL_REAL);
    assert_true(depends(lines, "sold"));  /* a rollup over the sub-table */
    assert_true(depends(item, "name"));   /* a lookup through a link */
    assert_false(depends(sale, "total")); /* within the record */
    assert_true(form_field(sale, STR("masked"))->sensitive == SENS_PERSONAL);
    assert_true(form_field(sale, STR("open"))->sensitive == SENS_NONE);
    assert_ptr_equal(form_field(item, STR("sold"))->rollup_of, lines);
    app_unref(&app);
    arena_free(&a);
}

static void layout(void **state)
{
    struct arena *a = arena_new(TEST_ARENA_BYTES);
    struct app *app = sound_app(a);
    const struct form *f = app_form(app, STR("sale"));
    size_t placed = 0;
    (void)state;
    assert_int_equal(f->nlayout, 2);
    assert_int_equal(f->layout[0].columns, 3);
    assert_int_equal(f->layout[0].items[1].width, 2);
    for (size_t i = 0; i < f->nlayout; i++)
        placed += f->layout[i].nitems;
    assert_int_equal(placed, f->nfields);
    assert_int_equal(f->layout[1].title.n, 0);
    app_unref(&app);
    arena_free(&a);
}

/* ---- differences ---- */

static const struct {
    const char *from, *to; /* in the text of forms/item.yaml */
    enum change_what what;
    enum change_kind kind;
} edits[] = {
    {"price: {type: number, title: 单价, scale: 2", "price: {type: number, title: 单价, scale: 3",
     CHANGE_FIELD_SCALE, CHANGE_SAFE},
    {"price: {type: number, title: 单价, scale: 2", "price: {type: number, title: 单价, scale: 1",
     CHANGE_FIELD_SCALE, CHANGE_DESTRUCTIVE},
    {"name: {type: text, title: 名称, required: true}",
     "name: {type: textarea, title: 名称, required: true}", CHANGE_FIELD_TYPE, CHANGE_DESTRUCTIVE},
    {"  value: {type: formula, title: 总额,", "  worth: {type: formula, title: 总额, was: value,",
     CHANGE_FIELD_RENAMED, CHANGE_CONFIRM},
    {"title: 名称, required: true", "title: 名称, unique: true, required: true",
     CHANGE_FIELD_UNIQUE, CHANGE_SAFE},
    {"value: sold * price", "value: sold + price", CHANGE_COMPUTED, CHANGE_SAFE},
    {"all: {role: boss, can: all}", "all: {role: boss, can: [read]}", CHANGE_RIGHTS,
     CHANGE_CONFIRM},
    {"title: 名称", "title: 品名", CHANGE_FIELD_RULES, CHANGE_SAFE},
    {"title: 货品", "title: 商品", CHANGE_FILE, CHANGE_SAFE},
};

static void differences(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(edits); i++) {
        struct arena *a = arena_new(TEST_ARENA_BYTES);
        struct app *old = sound_app(a);
        struct str text = str_of(sound[0].text);
        ptrdiff_t at = str_find(text, str_of(edits[i].from), 0);
        CHECK(at >= 0, edits[i].from);
        struct str tail = str_sub(text, (size_t)at + strlen(edits[i].from), text.n);
        struct str next = str_fmt(a, "%.*s%s%.*s", STR_ARG(str_sub(text, 0, (size_t)at)),
                                  edits[i].to, STR_ARG(tail));
        struct source files[] = {{"forms/item.yaml", next.p}, sound[1]};
        struct diags d;
        struct app *app = load(a, files, 2, &d);
        CHECK(app, edits[i].to);
        struct changes c = app_diff(a, old, app);
        bool found = false;
        for (size_t k = 0; k < c.n; k++) {
            found = found || (c.v[k].what == edits[i].what && c.v[k].kind == edits[i].kind);
            CHECK(c.v[k].zh.n && c.v[k].en.n && c.v[k].path.n, edits[i].to);
        }
        CHECK(found, edits[i].to);
        CHECK(app_diff(a, app, app).n == 0, edits[i].to);
        app_unref(&app);
        app_unref(&old);
        arena_free(&a);
    }
}

/* Text is the same whatever the order of files. */
static void hashes(void **state)
{
    struct arena *a = arena_new(TEST_ARENA_BYTES);
    struct app_file x[] = {{STR("a"), STR("1")}, {STR("b"), STR("2")}}, y[] = {x[1], x[0]};
    struct app_file z[] = {{STR("a"), STR("12")}, {STR("b"), STR("")}};
    struct app_source s = {.files = x, .nfiles = 2}, t = {.files = y, .nfiles = 2},
                      u = {.files = z, .nfiles = 2};
    (void)state;
    assert_true(str_eq(source_hash(a, &s), source_hash(a, &t)));
    assert_false(str_eq(source_hash(a, &s), source_hash(a, &u)));
    arena_free(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_mistake), cmocka_unit_test(field_rights), cmocka_unit_test(computed),
        cmocka_unit_test(layout),       cmocka_unit_test(differences),  cmocka_unit_test(hashes)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
