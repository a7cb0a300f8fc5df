/*
 * The printed JSON Schema holds for every file of the shipped apps, and for no file that the
 * checker refuses by shape. The validator here knows the keywords the printer uses and fails on any
 * other.
 */
#include "tests/unit/unit.h"

#include "engine/base/strb.h"
#include "engine/base/utf8.h"
#include "engine/meta/keys.h"
#include "engine/meta/load.h"
#include "engine/meta/schema.h"
#include "engine/value/json.h"

#include <regex.h>

struct checker {
    struct arena *a;
    struct val root;
};

static bool valid(struct checker *c, struct val schema, struct val v);

static bool is_type(struct val v, struct str type)
{
    if (str_eqz(type, "object"))
        return v.kind == VAL_OBJ;
    if (str_eqz(type, "array"))
        return v.kind == VAL_LIST;
    if (str_eqz(type, "string"))
        return v.kind == VAL_TEXT;
    if (str_eqz(type, "boolean"))
        return v.kind == VAL_BOOL;
    if (str_eqz(type, "null"))
        return v.kind == VAL_BLANK;
    bool number = v.kind == VAL_NUM || v.kind == VAL_DEC;
    return number && (str_eqz(type, "number") || val_double(v) == (double)(int64_t)val_double(v));
}

static bool check_type(struct val want, struct val v)
{
    if (want.kind == VAL_TEXT)
        return is_type(v, val_str(want));
    for (uint32_t i = 0; i < want.n; i++) {
        if (is_type(v, val_str(want.list[i])))
            return true;
    }
    return false;
}

/* The patterns of the schema, on bytes: POSIX has no {1,63} of code points, so that one is counted.
 */
static bool matches(struct checker *c, struct str pattern, struct str s)
{
    regex_t re;
    if (str_eqz(pattern, "^.{1,63}$"))
        return utf8_len(s) >= 1 && utf8_len(s) <= 63;
    assert_int_equal(regcomp(&re, str_z(c->a, pattern), REG_EXTENDED | REG_NOSUB), 0);
    bool ok = regexec(&re, str_z(c->a, s), 0, NULL, 0) == 0;
    regfree(&re);
    return ok;
}

static bool check_members(struct checker *c, struct val schema, struct val v)
{
    struct val props = val_get(schema, STR("properties"));
    struct val patterns = val_get(schema, STR("patternProperties"));
    struct val rest = val_get(schema, STR("additionalProperties"));
    for (uint32_t i = 0; v.kind == VAL_OBJ && i < v.n; i++) {
        struct val own =
            props.kind == VAL_OBJ ? val_get(props, v.obj[i].key) : (struct val){.kind = VAL_ABSENT};
        bool known = own.kind != VAL_ABSENT;
        if (known && !valid(c, own, v.obj[i].value))
            return false;
        for (uint32_t k = 0; patterns.kind == VAL_OBJ && k < patterns.n; k++) {
            if (!matches(c, patterns.obj[k].key, v.obj[i].key))
                continue;
            known = true;
            if (!valid(c, patterns.obj[k].value, v.obj[i].value))
                return false;
        }
        if (!known && rest.kind == VAL_BOOL && !rest.b)
            return false;
    }
    return true;
}

static bool check_required(struct val list, struct val v)
{
    for (uint32_t i = 0; v.kind == VAL_OBJ && i < list.n; i++) {
        if (val_get(v, val_str(list.list[i])).kind == VAL_ABSENT)
            return false;
    }
    return true;
}

static bool check_enum(struct val list, struct val v)
{
    for (uint32_t i = 0; i < list.n; i++) {
        if (val_same(list.list[i], v))
            return true;
    }
    return false;
}

static bool check_all(struct checker *c, struct val list, struct val v, bool any)
{
    for (uint32_t i = 0; i < list.n; i++) {
        if (valid(c, list.list[i], v) == any)
            return any;
    }
    return !any;
}

static bool check_ref(struct checker *c, struct val ref, struct val v)
{
    struct str name = str_sub(val_str(ref), strlen("#/$defs/"), ref.n);
    struct val def = val_get(val_get(c->root, STR("$defs")), name);
    assert_int_equal(def.kind, VAL_OBJ);
    return valid(c, def, v);
}

static bool check_items(struct checker *c, struct val schema, struct val v)
{
    for (uint32_t i = 0; v.kind == VAL_LIST && i < v.n; i++) {
        if (!valid(c, schema, v.list[i]))
            return false;
    }
    return true;
}

/* One keyword. */
static bool keyword(struct checker *c, struct val schema, struct pair p, struct val v)
{
    static const char *const notes[] = {
        "description",          "title", "$schema", "$id", "$defs", "patternProperties",
        "additionalProperties", "then",  NULL};
    struct str k = p.key;
    if (str_starts(k, STR("x-")) || word_index(notes, k) >= 0)
        return true;
    if (str_eqz(k, "type"))
        return check_type(p.value, v);
    if (str_eqz(k, "properties"))
        return check_members(c, schema, v);
    if (str_eqz(k, "required"))
        return check_required(p.value, v);
    if (str_eqz(k, "enum"))
        return check_enum(p.value, v);
    if (str_eqz(k, "const"))
        return val_same(p.value, v);
    if (str_eqz(k, "allOf") || str_eqz(k, "anyOf"))
        return check_all(c, p.value, v, str_eqz(k, "anyOf"));
    if (str_eqz(k, "$ref"))
        return check_ref(c, p.value, v);
    if (str_eqz(k, "items"))
        return check_items(c, p.value, v);
    if (str_eqz(k, "if"))
        return !valid(c, p.value, v) || valid(c, val_get(schema, STR("then")), v);
    if (str_eqz(k, "pattern"))
        return v.kind != VAL_TEXT || matches(c, val_str(p.value), val_str(v));
    if (str_eqz(k, "minimum"))
        return v.kind != VAL_NUM || val_double(v) >= val_double(p.value);
    if (str_eqz(k, "maximum"))
        return v.kind != VAL_NUM || val_double(v) <= val_double(p.value);
    if (str_eqz(k, "minProperties"))
        return v.kind != VAL_OBJ || v.n >= val_double(p.value);
    print_error("unknown keyword %.*s\n", STR_ARG(k));
    fail();
    return false;
}

static bool valid(struct checker *c, struct val schema, struct val v)
{
    if (schema.kind == VAL_BOOL)
        return schema.b;
    bool members = false;
    for (uint32_t i = 0; i < schema.n; i++) {
        members = members || str_eqz(schema.obj[i].key, "properties");
        if (!keyword(c, schema, schema.obj[i], v))
            return false;
    }
    return members || check_members(c, schema, v);
}

static struct checker the_schema(struct arena *a)
{
    struct strb b;
    struct err err = ERR_INIT;
    struct checker c = {.a = a};
    strb_init(&b, a);
    schema_print(&b);
    assert_int_equal(json_parse(a, strb_str(&b), &c.root, &err), 0);
    return c;
}

static void shipped_apps(void **state)
{
    struct arena *a = arena_new(TEST_ARENA_BYTES);
    struct checker c = the_schema(a);
    struct app_source src;
    struct err err = ERR_INIT;
    size_t met = 0;
    (void)state;
    if (source_read(a, STR("apps/crm"), &src, &err) < 0) {
        arena_free(&a);
        skip();
        return;
    }
    for (size_t i = 0; i < src.nfiles; i++) {
        struct diags d;
        struct str path = src.files[i].path;
        if (!str_ends(path, STR(".yaml")) || str_starts(path, STR("data/")))
            continue;
        diags_init(&d, a);
        struct yaml_node *n = yaml_parse(a, path, src.files[i].text, &d);
        CHECK(n && valid(&c, c.root, yaml_val(a, n)), path.p);
        met++;
    }
    assert_true(met > 10);
    arena_free(&a);
}

/* By shape the checker and the schema must agree. */
static const struct {
    const char *text;
    bool ok;
} forms[] = {
    {"form: a\ntitle: x\nfields: {f: {type: text}}\n", true},
    {"form: a\ntitle: x\nfields: {f: {type: text, x-note: 1}}\n", true},
    {"form: a\ntitle: x\nfields: {f: {type: text}}\nviws: {}\n", false},
    {"form: a\ntitle: x\nfields: {f: {type: txt}}\n", false},
    {"form: a\ntitle: x\nfields: {f: {type: text, scale: 2}}\n", false},
    {"form: a\ntitle: x\nfields: {f: {type: number, scale: 2}}\n", true},
    {"form: a\ntitle: x\nfields: {f: {type: number, scale: 20}}\n", false},
    {"form: a\ntitle: x\nfields: {f: {type: link}}\n", false},
    {"form: a\ntitle: x\nfields: {F: {type: text}}\n", false},
    {"form: a\ntitle: x\nfields: {f: {title: x}}\n", false},
    {"form: a\ntitle: x\nfields: {}\n", false},
    {"form: a\nfields: {f: {type: text}}\n", false},
    {"form: a\ntitle: x\nfields: {f: {type: select, options: [a, b]}}\n", true},
    {"form: a\ntitle: x\nfields: {f: {type: select, options: {a: A, b: {title: B, color: red}}}}\n",
     true},
    {"form: a\ntitle: x\nfields: {f: {type: select, options: {b: {title: B, color: rad}}}}\n",
     false},
    {"form: a\ntitle: x\nfields: {f: {type: text}}\npermissions: {p: {role: r, can: all, fields: "
     "{'*': read, '@g': hidden, t.c: masked}}}\n",
     true},
    {"form: a\ntitle: x\nfields: {f: {type: text}}\npermissions: {p: {role: r, can: all, fields: "
     "{f: reed}}}\n",
     false},
    {"form: a\ntitle: x\nfields: {f: {type: text}}\nflow: {nodes: {n: {type: approve, to: [role: "
     "r], next: [{to: e}]}, e: {type: end}}}\n",
     true},
    {"form: a\ntitle: x\nfields: {f: {type: text}}\nflow: {nodes: {n: {type: approve, next: e}, e: "
     "{type: end}}}\n",
     false},
    {"form: a\ntitle: x\nfields: {f: {type: text}}\nflow: {nodes: {e: {type: end, to: [role: "
     "r]}}}\n",
     false},
    {"form: a\ntitle: x\nfields: {f: {type: text}}\nautomations: {m: {trigger: create, do: "
     "[{update: this, set: {_owner: = USER()}}]}}\n",
     true},
    {"form: a\ntitle: x\nfields: {f: {type: text}}\nautomations: {m: {trigger: creat, do: []}}\n",
     false},
};

static void agree(void **state)
{
    struct arena *a = arena_new(TEST_ARENA_BYTES);
    struct checker c = the_schema(a);
    struct val form = val_get(val_get(c.root, STR("$defs")), STR("form"));
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(forms); i++) {
        struct src_file file = {.path = STR("forms/a.yaml"), .text = str_of(forms[i].text)};
        struct diags d;
        diags_init(&d, a);
        file.root = yaml_parse(a, file.path, file.text, &d);
        CHECK(file.root, forms[i].text);
        shape_check(&shape_form, file.root, &file, &d);
        CHECK((d.errors == 0) == forms[i].ok, forms[i].text);
        CHECK(valid(&c, form, yaml_val(a, file.root)) == forms[i].ok, forms[i].text);
    }
    arena_free(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(shipped_apps), cmocka_unit_test(agree)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
