/*
 * "Why is this value": the parts of a computed field of one record, as its reader may see them.
 * The definition sees every row and field; beside it stands the record as the reader sees it, and
 * whatever differs there is hidden with everything made of it.
 */
#include "engine/record/trace.h"

#include "engine/org/member.h"
#include "engine/formula/fx_complete.h"
#include "engine/formula/fx_trace.h"
#include "engine/record/trace_rows.h"
#include "engine/record/write_int.h"

struct trace {
    struct ctx *c;
    const struct form *f;      /* the record's form */
    struct rec row;            /* as it is */
    struct rec seen;           /* as the reader sees it */
    struct val json;           /* the same as the API gives it */
    const struct field *table; /* the field is a column of it */
    const struct field *field;
    size_t at; /* the sub-row's index */
    bool open; /* he may know the expression */
};

/* ---- what the reader sees ---- */

/* Blanks what JSON shows blank or not at all; masked values are blank in expressions. */
static void blank_unseen(const struct form *f, struct rec *r, const uint8_t *rights,
                         struct val json)
{
    for (size_t i = 0; i < f->nslots; i++) {
        const struct field *field = rec_field_at(f, i);
        struct val v = val_get(json, field->key);
        bool sys = field_is_sys(field);
        bool gone = !sys && !field->sub && (v.kind == VAL_ABSENT || v.kind == VAL_BLANK);
        if (gone || (rights != NULL && rights[i] < FIELD_READ))
            r->v[i] = VAL_NONE;
    }
}

static void unseen_rows(struct trace *t, struct access *x, uint64_t held, const struct field *table)
{
    struct rec_rows *rows = &t->seen.rows[table->slot];
    struct val json = val_get(t->json, table->key);
    uint8_t *rights = ARENA_ARRAY(t->c->a, uint8_t, table->sub->nslots);
    if (json.kind != VAL_LIST || json.n != rows->n) {
        rows->n = 0;
        return;
    }
    for (size_t i = 0; i < table->sub->nslots; i++)
        rights[i] = access_held_sub(x, held, table, rec_field_at(table->sub, i));
    struct rec *copies = ARENA_ARRAY(t->c->a, struct rec, rows->n);
    for (size_t i = 0; i < rows->n; i++) {
        copies[i] = rec_copy(t->c->a, &rows->v[i]);
        blank_unseen(table->sub, &copies[i], rights, json.list[i]);
    }
    rows->v = copies;
}

static int see(struct trace *t, struct access *x, struct err *err)
{
    struct arena *a = t->c->a;
    uint64_t held;
    uint8_t *rights = ARENA_ARRAY(a, uint8_t, t->f->nslots);
    if (access_row_held(x, &t->row, RIGHT_READ, &held, err))
        return -1;
    access_held_fields(x, held, rights);
    t->seen = rec_copy(a, &t->row);
    blank_unseen(t->f, &t->seen, rights, t->json);
    if (!t->row.rows)
        return 0;
    t->seen.rows = ARENA_ARRAY(a, struct rec_rows, t->f->nfields);
    memcpy(t->seen.rows, t->row.rows, t->f->nfields * sizeof(*t->row.rows));
    for (size_t i = 0; i < t->f->nfields; i++)
        if (t->f->fields[i]->sub)
            unseen_rows(t, x, held, t->f->fields[i]);
    return 0;
}

/* ---- writing ---- */

/* A reference gets the title its reader may see. */
static int titled(struct trace *t, struct fx_type type, struct val *v, struct err *err)
{
    struct str title = STR_NONE;
    bool person = type.base == FX_MEMBER || type.base == FX_DEPT;
    if (v->kind != VAL_REF || (v->ref->title.n && !(person && org_limited(t->c))))
        return 0;
    int rc = type.base == FX_MEMBER ? member_title(t->c, v->ref->id, &title, err)
             : type.base == FX_DEPT ? department_title(t->c, v->ref->id, &title, err)
             : type.base == FX_LINK && type.form
                 ? record_title(t->c, type.form, v->ref->id, &title, err)
                 : 0;
    if (rc >= 0 && (title.n || person))
        *v = val_ref(t->c->a, v->ref->id, title);
    return rc < 0 ? -1 : 0;
}

static int put_part(struct trace *t, const struct fx_part *p, struct json *j, struct err *err)
{
    struct val v = p->value;
    struct str reason = t->c->lang == LANG_EN ? p->en : p->zh;
    if (titled(t, p->type, &v, err))
        return -1;
    json_begin_obj(j);
    json_kval(j, "text", p->hidden ? VAL_NONE : val_text(p->text));
    json_kint(j, "line", p->pos.line);
    json_kint(j, "column", p->pos.column);
    json_kint(j, "depth", p->depth);
    json_kstr(j, "type", fx_type_title(t->c->a, p->type, t->c->lang != LANG_EN));
    json_kval(j, "value", v);
    json_kval(j, "reason", reason.n ? val_text(reason) : VAL_NONE);
    json_key(j, STR("hidden"));
    json_bool(j, p->hidden);
    json_end_obj(j);
    return 0;
}

/* The value that the record shows: what is at hand in `json`. */
static struct val shown(const struct trace *t)
{
    struct val v = t->json;
    if (t->table) {
        v = val_get(v, t->table->key);
        v = v.kind == VAL_LIST && t->at < v.n ? v.list[t->at] : VAL_NONE;
    }
    v = val_get(v, t->field->key);
    return v.kind == VAL_ABSENT ? VAL_NONE : v;
}

/* ---- which names exist for him ---- */

static bool knows_path(struct ctx *c, const struct fx_ref *ref)
{
    for (uint32_t i = 0; ref->root != FX_VAR && i < ref->n; i++)
        if (!access_may_name(c, ((const struct field *)ref->path[i].ref)->form, ref->path[i].ref))
            return false;
    return true;
}

struct known {
    struct ctx *c;
    bool yes;
};

static void known_ref(void *arg, const struct fx_ref *ref)
{
    struct known *k = arg;
    k->yes = k->yes && knows_path(k->c, ref);
}

static void known_call(void *arg, const struct fx_call *call)
{
    struct known *k = arg;
    struct access *x;
    struct err err = ERR_INIT;
    const struct form *f = call->form;
    k->yes = k->yes && access_of(k->c, f->parent ? f->parent : f, &x, &err) == 0 &&
             (access_rights(x) & RIGHT_READ);
    if (call->value)
        fx_each_ref(call->value, known_ref, k);
    if (call->where)
        fx_each_ref(call->where, known_ref, k);
}

static bool knows(void *self, const struct fx_ref *ref, const struct fx_call *call)
{
    struct known k = {self, true};
    if (ref)
        known_ref(&k, ref);
    else
        known_call(&k, call);
    return k.yes;
}

/* Whether the text names nothing that he does not know. */
static bool open_text(struct ctx *c, const struct field *f)
{
    struct known k = {c, true};
    if (f->rollup_where)
        fx_each_ref(f->rollup_where, known_ref, &k);
    fx_each_ref(f->value, known_ref, &k);
    fx_each_call(f->value, known_call, &k);
    return k.yes;
}

static void begin(struct trace *t, struct json *j)
{
    const struct field *f = t->field;
    json_begin_obj(j);
    json_kstr(j, "field",
              t->table ? str_fmt(t->c->a, "%.*s.%.*s", STR_ARG(t->table->key), STR_ARG(f->key))
                       : f->key);
    json_kval(j, "expr", t->open ? val_text(fx_text(f->value)) : VAL_NONE);
    json_kstr(j, "kind",
              f->rollup_of                       ? STR("rollup")
              : str_eqz(f->type->name, "lookup") ? STR("lookup")
                                                 : STR("formula"));
    json_kval(j, "value", shown(t));
    json_key(j, STR("parts"));
    json_begin_list(j);
}

/* A rollup is made of other records: put_rows says which. */
static int put_parts(struct trace *t, struct json *j, struct err *err)
{
    const struct rec *row = &t->row;
    const struct rec *seen = &t->seen;
    struct row_env e, reader;
    size_t n = 0;
    if (t->field->rollup_of)
        return 0;
    if (t->table) {
        row = &t->row.rows[t->table->slot].v[t->at];
        seen = &t->seen.rows[t->table->slot].v[t->at];
    }
    row_env_init(&e, t->c, row, err);
    row_env_init(&reader, t->c, seen, err);
    e.parent = t->table ? &t->row : NULL;
    reader.parent = t->table ? &t->seen : NULL;
    reader.request = true;
    struct fx_reader as = {.env = &reader.fx, .self = t->c, .knows = knows};
    struct fx_part *parts =
        fx_trace_parts(t->field->value, &e.fx, ctx_is_system(t->c) ? NULL : &as, &n);
    if (row_env_end(&e, err) || row_env_end(&reader, err))
        return -1;
    for (size_t i = 0; i < n; i++)
        if (put_part(t, &parts[i], j, err))
            return -1;
    return 0;
}

static int put_rows(struct trace *t, struct json *j, struct err *err)
{
    if (t->field->rollup_of)
        return trace_rollup_rows(t->c, &t->row, t->field, j, err);
    if (!str_eqz(t->field->type->name, "lookup"))
        return 0;
    const struct rec *row = t->table ? &t->row.rows[t->table->slot].v[t->at] : &t->row;
    return trace_lookup_row(t->c, row, t->field, j, err);
}

/* ---- finding ---- */

static int unknown(struct err *err)
{
    (void)err_set(err, ERR_INVALID, "unknown_field", "没有这个计算字段。",
                  "There is no such computed field.");
    err_at(err, "field");
    return -1;
}

/* "amount", or "items.amount" with the id of the sub-row. */
static int find_field(struct trace *t, struct access *x, struct str name, struct err *err)
{
    struct str head;
    struct str column = str_cut(name, '.', &head);
    const struct field *f = form_field(t->f, head);
    if (f && column.n) {
        t->table = f;
        f = f->sub ? form_field(f->sub, column) : NULL;
    }
    if (!f || !f->value || access_field(x, t->table ? t->table : f) < FIELD_MASKED)
        return unknown(err);
    t->field = f;
    return 0;
}

static int find_row(struct trace *t, int64_t sub, struct err *err)
{
    const struct rec_rows *rows = t->table && t->row.rows ? &t->row.rows[t->table->slot] : NULL;
    if (!t->table)
        return 0;
    for (size_t i = 0; rows && i < rows->n; i++)
        if (rows->v[i].id == sub) {
            t->at = i;
            return i < t->seen.rows[t->table->slot].n ? 0 : unknown(err);
        }
    return unknown(err);
}

/* The reader sees the value: the field is in clear for him on this row. */
static bool in_clear(const struct trace *t)
{
    const struct rec *seen = t->table ? &t->seen.rows[t->table->slot].v[t->at] : &t->seen;
    const struct rec *row = t->table ? &t->row.rows[t->table->slot].v[t->at] : &t->row;
    return val_same(seen->v[t->field->slot], row->v[t->field->slot]) ||
           row->v[t->field->slot].kind == VAL_ABSENT;
}

int record_trace(struct ctx *c, const struct rec_key *key, struct str field, int64_t sub,
                 struct json *out, struct err *err)
{
    struct trace t = {.c = c, .f = key->form};
    struct access *x;
    struct strb text;
    struct json j;
    int64_t version;
    strb_init(&text, c->a);
    json_init(&j, &text);
    int rc = record_json(c, key, &j, &version, err);
    if (rc <= 0)
        return rc;
    if (json_parse(c->a, strb_str(&text), &t.json, err) || access_of(c, key->form, &x, err) ||
        find_field(&t, x, field, err))
        return -1;
    rc = record_load(c, key->form, key->id, REC_LIVE, &t.row, err);
    if (rc <= 0)
        return rc;
    if (see(&t, x, err) || find_row(&t, sub, err))
        return -1;
    t.open = ctx_is_system(c) || open_text(c, t.field);
    begin(&t, out);
    bool clear = in_clear(&t);
    if (clear && put_parts(&t, out, err))
        return -1;
    json_end_list(out);
    if (clear && put_rows(&t, out, err))
        return -1;
    json_end_obj(out);
    return 1;
}
