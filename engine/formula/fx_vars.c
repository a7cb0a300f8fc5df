/*
 * A schema and an environment made from JSON values. A "form" is the VAL_OBJ itself, or for a
 * sub-table the VAL_LIST of its rows.
 */
#include "engine/formula/fx_vars.h"

#include "engine/formula/fx_int.h"

struct fx_vars {
    struct fx_schema schema;
    struct val root; /* VAL_OBJ */
    struct val *row; /* its members by slot */
};

static bool is_rows(struct val v)
{
    return v.kind == VAL_LIST && v.n > 0 && v.list[0].kind == VAL_OBJ;
}

static struct fx_type type_of(const struct val *v)
{
    struct fx_type t = {.base = FX_BLANK};
    switch ((enum val_kind)v->kind) {
    case VAL_BOOL: t.base = FX_BOOL; break;
    case VAL_NUM: t.base = FX_NUM; break;
    case VAL_DEC: t = (struct fx_type){.base = FX_NUM, .has_scale = true, .scale = v->scale}; break;
    case VAL_TEXT: t.base = FX_TEXT; break;
    case VAL_DATE: t.base = FX_DATE; break;
    case VAL_TIME: t.base = FX_TIME; break;
    case VAL_INSTANT: t.base = FX_DATETIME; break;
    case VAL_REF: t.base = FX_LINK; break;
    case VAL_OBJ:
        t.base = FX_LINK;
        t.form = v;
        break;
    case VAL_LIST:
        if (is_rows(*v)) {
            t.base = FX_ROWS;
            t.form = v;
            break;
        }
        for (uint32_t i = 0; i < v->n && t.base == FX_BLANK; i++) {
            t = type_of(&v->list[i]);
        }
        t.list = true;
        t.has_scale = false; /* items may differ */
        break;
    case VAL_BLANK:
    case VAL_ABSENT: break;
    }
    return t;
}

/* The member of an object, or the first row's that has one which is not blank. */
static const struct val *find(const struct val *form, struct str key, uint32_t *slot)
{
    const struct val *found = NULL;
    if (form->kind == VAL_LIST) {
        for (uint32_t i = 0; i < form->n; i++) {
            const struct val *v = find(&form->list[i], key, slot);
            if (v != NULL && (found == NULL || fx_blank(*found))) {
                found = v;
            }
        }
        return found;
    }
    for (uint32_t i = 0; form->kind == VAL_OBJ && i < form->n; i++) {
        if (str_eq(form->obj[i].key, key)) {
            *slot = i;
            return &form->obj[i].value;
        }
    }
    return NULL;
}

static int schema_field(void *self, const void *form, struct str key, struct fx_field *out)
{
    uint32_t slot = 0;
    (void)self;
    const struct val *v = form != NULL ? find(form, key, &slot) : NULL;
    if (v == NULL) {
        return 0;
    }
    *out = (struct fx_field){.type = type_of(v), .slot = slot, .ref = v};
    if (((const struct val *)form)->kind == VAL_LIST) {
        out->type.has_scale = false;
    }
    return 1;
}

static void schema_each(void *self, const void *form, void (*fn)(void *arg, struct str key),
                        void *arg)
{
    const struct val *v = form;
    (void)self;
    if (v != NULL && v->kind == VAL_LIST && v->n > 0) {
        v = &v->list[0];
    }
    for (uint32_t i = 0; v != NULL && v->kind == VAL_OBJ && i < v->n; i++) {
        fn(arg, v->obj[i].key);
    }
}

struct fx_vars *fx_vars_new(struct arena *a, struct val vars)
{
    struct fx_vars *v = ARENA_NEW(a, struct fx_vars);
    v->root = vars.kind == VAL_OBJ ? vars : val_obj(NULL, 0);
    v->schema = (struct fx_schema){.self = v, .field = schema_field, .each = schema_each};
    v->row = ARENA_ARRAY(a, struct val, v->root.n);
    for (uint32_t i = 0; i < v->root.n; i++) {
        struct val x = v->root.obj[i].value;
        v->row[i] = fx_blank(x) ? VAL_NONE : x;
    }
    return v;
}

struct fx_scope fx_vars_scope(struct fx_vars *v)
{
    return (struct fx_scope){.schema = &v->schema, .form = &v->root};
}

/* What stands at path[i …] under `at`. */
static struct val walk(struct arena *a, struct val at, const struct fx_ref *ref, uint32_t i,
                       const struct str *keys)
{
    if (i == ref->n || fx_blank(at)) {
        return fx_blank(at) ? VAL_NONE : at;
    }
    if (at.kind != VAL_LIST) {
        return walk(a, val_get(at, keys[i]), ref, i + 1, keys);
    }
    struct val *items = ARENA_ARRAY(a, struct val, at.n);
    for (uint32_t k = 0; k < at.n; k++) {
        items[k] = walk(a, val_get(at.list[k], keys[i]), ref, i + 1, keys);
    }
    return val_list(items, at.n);
}

struct val fx_vars_get(struct fx_vars *v, struct arena *a, const struct fx_ref *ref)
{
    struct str *keys = ARENA_ARRAY(a, struct str, ref->n);
    struct str rest = ref->name;
    for (uint32_t i = 0; i < ref->n; i++) {
        struct str head = rest;
        if (i + 1 < ref->n) {
            rest = str_cut(rest, '.', &head);
        } else {
            head = rest;
        }
        keys[i] = str_trim(head);
    }
    return walk(a, v->root, ref, 0, keys);
}

static int env_get(struct fx_env *env, const struct fx_ref *ref, struct val *out)
{
    *out = fx_vars_get(env->self, env->a, ref);
    return 0;
}

void fx_vars_env(struct fx_vars *v, struct fx_env *env)
{
    env->self = v;
    env->row = v->row;
    env->get = env_get;
}
