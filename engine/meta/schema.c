/*
 * Shapes to JSON Schema.
 */
#include "engine/meta/schema.h"

#include "engine/base/map.h"
#include "engine/base/vec.h"
#include "engine/formula/fx.h"
#include "engine/meta/fieldtype.h"
#include "engine/meta/keys.h"
#include "engine/value/json.h"

struct printer {
    struct json j;
    struct arena *a;
    struct map seen;                 /* names of definitions, printed or waiting */
    VEC(const struct shape *) queue; /* definitions to print */
};

static void print_shape(struct printer *p, const struct shape *s);

static void key(struct printer *p, const char *k)
{
    json_key(&p->j, str_of(k));
}

static void text(struct printer *p, const char *k, const char *v)
{
    key(p, k);
    json_str(&p->j, str_of(v));
}

/* A named shape becomes a definition, once. */
static void print_ref(struct printer *p, const struct shape *s)
{
    struct str name = str_of(s->name);
    if (!map_get(&p->seen, name)) {
        map_put(&p->seen, name, &p->seen);
        vec_push(p->a, &p->queue, s);
    }
    json_begin_obj(&p->j);
    key(p, "$ref");
    json_str(&p->j, str_fmt(p->a, "#/$defs/%s", s->name));
    json_end_obj(&p->j);
}

static void print_words(struct printer *p, const char *const *words)
{
    key(p, "enum");
    json_begin_list(&p->j);
    for (size_t i = 0; words[i]; i++)
        json_str(&p->j, str_of(words[i]));
    json_end_list(&p->j);
}

static void print_types(struct printer *p, const char *const *types, size_t n)
{
    key(p, "type");
    json_begin_list(&p->j);
    for (size_t i = 0; i < n; i++)
        json_str(&p->j, str_of(types[i]));
    json_end_list(&p->j);
}

/* ---- objects ---- */

static void print_row(struct printer *p, const struct key_row *k)
{
    key(p, k->name);
    json_begin_obj(&p->j);
    text(p, "description", k->en);
    text(p, "x-zh", k->zh);
    key(p, "allOf");
    json_begin_list(&p->j);
    print_shape(p, k->shape);
    json_end_list(&p->j);
    json_end_obj(&p->j);
}

static void print_required(struct printer *p, const struct shape *s)
{
    key(p, "required");
    json_begin_list(&p->j);
    for (const struct key_row *k = s->keys; k->name; k++) {
        if (k->flags & KEY_REQUIRED)
            json_str(&p->j, str_of(k->name));
    }
    json_end_list(&p->j);
}

/* if the tag says so, then these keys must be there and those must not. */
static void print_variant(struct printer *p, const struct shape *s, const struct variant *v)
{
    json_begin_obj(&p->j);
    key(p, "if");
    json_begin_obj(&p->j);
    key(p, "properties");
    json_begin_obj(&p->j);
    key(p, s->tag);
    json_begin_obj(&p->j);
    text(p, "const", v->word);
    json_end_obj(&p->j);
    json_end_obj(&p->j);
    key(p, "required");
    json_begin_list(&p->j);
    json_str(&p->j, str_of(s->tag));
    json_end_list(&p->j);
    json_end_obj(&p->j);
    key(p, "then");
    json_begin_obj(&p->j);
    key(p, "properties");
    json_begin_obj(&p->j);
    for (const struct key_row *k = s->keys; k->name; k++) {
        if ((k->flags & KEY_TYPED) && !(v->keys && word_index(v->keys, str_of(k->name)) >= 0)) {
            key(p, k->name);
            json_bool(&p->j, false);
        }
    }
    json_end_obj(&p->j);
    key(p, "required");
    json_begin_list(&p->j);
    for (size_t i = 0; v->need && v->need[i]; i++)
        json_str(&p->j, str_of(v->need[i]));
    json_end_list(&p->j);
    json_end_obj(&p->j);
    json_end_obj(&p->j);
}

static void print_variants(struct printer *p, const struct shape *s)
{
    struct variant v;
    key(p, "allOf");
    json_begin_list(&p->j);
    for (size_t i = 0; s->variant(i, &v); i++)
        print_variant(p, s, &v);
    json_end_list(&p->j);
}

/* The tag's own property: an enum of the variants. */
static void print_tag(struct printer *p, const struct shape *s, const struct key_row *k)
{
    struct variant v;
    key(p, k->name);
    json_begin_obj(&p->j);
    text(p, "description", k->en);
    text(p, "x-zh", k->zh);
    key(p, "enum");
    json_begin_list(&p->j);
    for (size_t i = 0; s->variant(i, &v); i++)
        json_str(&p->j, str_of(v.word));
    json_end_list(&p->j);
    json_end_obj(&p->j);
}

static void print_obj(struct printer *p, const struct shape *s)
{
    static const char *const object[] = {"object", "null"};
    bool required = false;
    for (const struct key_row *k = s->keys; k->name; k++)
        required = required || (k->flags & KEY_REQUIRED);
    print_types(p, object, required ? 1 : 2);
    key(p, "properties");
    json_begin_obj(&p->j);
    for (const struct key_row *k = s->keys; k->name; k++) {
        if (s->tag && strcmp(k->name, s->tag) == 0)
            print_tag(p, s, k);
        else
            print_row(p, k);
    }
    json_end_obj(&p->j);
    key(p, "patternProperties");
    json_begin_obj(&p->j);
    key(p, "^x-");
    json_bool(&p->j, true);
    json_end_obj(&p->j);
    key(p, "additionalProperties");
    json_bool(&p->j, false);
    print_required(p, s);
    if (s->tag)
        print_variants(p, s);
}

/* ---- maps, lists, scalars ---- */

#define KEY_PATTERN "^[a-z][a-z0-9_]{0,62}$"

static const char *pattern_of(const struct shape *s)
{
    if (s->flags & SHAPE_KEYS_FREE)
        return "^.{1,63}$";
    if (s->flags & SHAPE_KEYS_RIGHT)
        return "^(\\*|@[a-z][a-z0-9_]*|[a-z_][a-z0-9_]*(\\.[a-z][a-z0-9_]*)?)$";
    return s->flags & SHAPE_KEYS_SYS ? "^[a-z_][a-z0-9_]{0,62}$" : KEY_PATTERN;
}

static void print_map(struct printer *p, const struct shape *s)
{
    static const char *const object[] = {"object", "null"};
    print_types(p, object, s->flags & SHAPE_NOT_EMPTY ? 1 : 2);
    key(p, "patternProperties");
    json_begin_obj(&p->j);
    key(p, "^x-");
    json_bool(&p->j, true);
    key(p, pattern_of(s));
    print_shape(p, s->of);
    json_end_obj(&p->j);
    key(p, "additionalProperties");
    json_bool(&p->j, false);
    if (s->flags & SHAPE_NOT_EMPTY) {
        key(p, "minProperties");
        json_int(&p->j, 1);
    }
}

static void print_list(struct printer *p, const struct shape *s)
{
    static const char *const list[] = {"array", "null"};
    print_types(p, list, s->flags & SHAPE_NOT_EMPTY ? 1 : 2);
    key(p, "items");
    print_shape(p, s->of);
}

static void print_scalar(struct printer *p, const struct shape *s)
{
    static const char *const scalar[] = {"string", "number", "boolean"};
    switch (s->kind) {
    case SHAPE_KEY:
        text(p, "type", "string");
        text(p, "pattern", KEY_PATTERN);
        break;
    case SHAPE_BOOL: text(p, "type", "boolean"); break;
    case SHAPE_NUM: text(p, "type", "number"); break;
    case SHAPE_INT:
        text(p, "type", "integer");
        key(p, "minimum");
        json_int(&p->j, s->min);
        key(p, "maximum");
        json_int(&p->j, s->max);
        break;
    case SHAPE_WORD: print_words(p, s->words); break;
    case SHAPE_DURATION:
        text(p, "type", "string");
        text(p, "pattern", "^-?[0-9]+ (s|second|minute|hour|day|workday|week|month|year)s?$");
        break;
    case SHAPE_TEXT:
    case SHAPE_EXPR: print_types(p, scalar, 3); break;
    case SHAPE_ANY:
    case SHAPE_VALUE:
    case SHAPE_OBJ:
    case SHAPE_LIST:
    case SHAPE_MAP:
    case SHAPE_ONE_OF: break;
    }
    if (s->kind == SHAPE_EXPR)
        text(p, "x-holds", "expression");
    if (s->kind == SHAPE_VALUE)
        text(p, "x-holds", "value");
}

static void print_body(struct printer *p, const struct shape *s)
{
    json_begin_obj(&p->j);
    if (s->kind == SHAPE_OBJ) {
        print_obj(p, s);
    } else if (s->kind == SHAPE_MAP) {
        print_map(p, s);
    } else if (s->kind == SHAPE_LIST) {
        print_list(p, s);
    } else if (s->kind == SHAPE_ONE_OF) {
        key(p, "anyOf");
        json_begin_list(&p->j);
        for (size_t i = 0; s->any[i]; i++)
            print_shape(p, s->any[i]);
        json_end_list(&p->j);
    } else {
        print_scalar(p, s);
    }
    json_end_obj(&p->j);
}

static void print_shape(struct printer *p, const struct shape *s)
{
    if (s->name)
        print_ref(p, s);
    else
        print_body(p, s);
}

/* ---- beside the schema: types and functions, for designer and manual ---- */

static void print_fieldtypes(struct printer *p)
{
    const struct fieldtype *const *types;
    size_t n = fieldtypes(&types);
    key(p, "x-types");
    json_begin_list(&p->j);
    for (size_t i = 0; i < n; i++) {
        const struct fieldtype *t = types[i];
        json_begin_obj(&p->j);
        json_kstr(&p->j, "type", t->name);
        json_kstr(&p->j, "widget", t->widget);
        text(p, "en", t->en);
        text(p, "zh", t->zh);
        json_kbool(&p->j, "computed", (t->flags & FT_COMPUTED) != 0);
        key(p, "keys");
        json_begin_list(&p->j);
        for (size_t k = 0; t->keys && t->keys[k]; k++)
            json_str(&p->j, str_of(t->keys[k]));
        json_end_list(&p->j);
        json_end_obj(&p->j);
    }
    json_end_list(&p->j);
}

static void print_functions(struct printer *p)
{
    struct fx_fn_doc fn;
    key(p, "x-functions");
    json_begin_list(&p->j);
    for (size_t i = 0; fx_function(i, &fn); i++) {
        json_begin_obj(&p->j);
        text(p, "name", fn.name);
        text(p, "signature", fn.signature);
        text(p, "group", fn.group);
        text(p, "en", fn.en);
        text(p, "zh", fn.zh);
        text(p, "example", fn.example ? fn.example : "");
        json_end_obj(&p->j);
    }
    json_end_list(&p->j);
}

void schema_print(struct strb *out)
{
    static const struct shape *const files[] = {&shape_app,      &shape_form,   &shape_dashboard,
                                                &shape_monitors, &shape_people, &shape_i18n};
    struct printer p = {.a = out->a};
    json_init(&p.j, out);
    map_init(&p.seen, out->a);
    json_begin_obj(&p.j);
    text(&p, "$schema", "https://json-schema.org/draft/2020-12/schema");
    text(&p, "$id", "https://mortise.dev/schema/definitions.json");
    text(&p, "title", "Mortise definitions");
    key(&p, "anyOf");
    json_begin_list(&p.j);
    for (size_t i = 0; i < ARRAY_LEN(files); i++)
        print_ref(&p, files[i]);
    json_end_list(&p.j);
    key(&p, "$defs");
    json_begin_obj(&p.j);
    for (size_t i = 0; i < p.queue.n; i++) {
        key(&p, p.queue.v[i]->name);
        print_body(&p, p.queue.v[i]);
    }
    json_end_obj(&p.j);
    print_fieldtypes(&p);
    print_functions(&p);
    json_end_obj(&p.j);
}
