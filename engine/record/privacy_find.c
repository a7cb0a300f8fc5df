/*
 * Who a value belongs to: rows found by the keyed hashes of sensitive fields, led to the person
 * whose data they are.
 */
#include "engine/record/privacy.h"

#include "engine/record/columns.h"
#include "engine/record/record_int.h"
#include "engine/record/sealed.h"

#define FOUND_MAX 100

struct finding {
    struct ctx *c;
    struct str text;
    struct json *out;
    int64_t seen[FOUND_MAX]; /* persons told already */
    size_t n;
};

static bool told(struct finding *w, int64_t id)
{
    for (size_t i = 0; i < w->n; i++)
        if (w->seen[i] == id)
            return true;
    if (w->n < FOUND_MAX)
        w->seen[w->n++] = id;
    return false;
}

/* The person of a row: his own record, or whom `subject` names. */
struct person {
    const struct form *form;
    int64_t id;
};

static int person_of(struct finding *w, const struct field *f, int64_t record, struct person *out,
                     struct err *err)
{
    struct sql q;
    const struct form *top = f->form->parent ? f->form->parent : f->form;
    const struct field *by =
        f->subject.n && !str_eqz(f->subject, "self") ? form_field(top, f->subject) : NULL;
    *out = (struct person){top, record};
    if (!by || !by->target)
        return 1;
    ctx_sql(w->c, &q);
    sql_lit(&q, "SELECT ");
    sql_ident(&q, by->key);
    sql_lit(&q, " FROM ");
    sql_form(&q, top);
    sql_lit(&q, " WHERE \"_id\" = ");
    sql_bind_int(&q, record);
    out->form = by->target;
    out->id = 0;
    return store_get_int(w->c->db, w->c->a, &q, &out->id, err) < 0 ? -1 : out->id != 0;
}

static int put(struct finding *w, const struct person *p, const struct field *f, struct err *err)
{
    struct sql q;
    struct stmt *s;
    char id[16];
    struct str title = STR_NONE;
    ctx_sql(w->c, &q);
    sql_lit(&q, "SELECT \"_title\" FROM ");
    sql_form(&q, p->form);
    sql_lit(&q, " WHERE \"_id\" = ");
    sql_bind_int(&q, p->id);
    if (store_query(w->c->db, w->c->a, &q, &s, err))
        return -1;
    int rc = stmt_step(s, err);
    if (rc == 1)
        title = str_dup(w->c->a, stmt_str(s, 0));
    stmt_done(s);
    if (rc != 1)
        return rc;
    json_begin_obj(w->out);
    json_kstr(w->out, "app", p->form->app->key);
    json_kstr(w->out, "form", p->form->key);
    json_kstr(w->out, "form_title", p->form->title);
    json_kstr(w->out, "record", id_print(p->id, id));
    json_kval(w->out, "title", title.n ? val_text(title) : VAL_NONE);
    json_kstr(w->out, "field", f->title);
    json_end_obj(w->out);
    return 0;
}

/* Folded where the field is unique (a phone number however it is written), else exactly. */
static int rows_with(struct finding *w, const struct field *f, struct val hash, int64_t *ids,
                     size_t *n, struct err *err)
{
    struct sql q;
    struct stmt *s;
    ctx_sql(w->c, &q);
    sql_lit_(&q, f->form->parent ? STR("SELECT \"_row\" FROM ") : STR("SELECT \"_id\" FROM "));
    sql_form(&q, f->form);
    sql_lit(&q, " WHERE ");
    sql_ident(&q, field_has_key(f) ? field_key_name(w->c->a, f) : field_eq_name(w->c->a, f));
    sql_lit(&q, " = ");
    sql_bind(&q, hash);
    sql_lit(&q, " LIMIT ");
    sql_int(&q, FOUND_MAX);
    if (store_query(w->c->db, w->c->a, &q, &s, err))
        return -1;
    int rc;
    *n = 0;
    while ((rc = stmt_step(s, err)) == 1)
        ids[(*n)++] = stmt_int(s, 0);
    stmt_done(s);
    return rc;
}

/* What was typed as the field would keep it; blank when it cannot be one of its values. */
static struct val as_value(struct finding *w, const struct field *f)
{
    struct diags ignored;
    diags_init(&ignored, w->c->a);
    struct val v = f->type->coerce
                       ? f->type->coerce(f, w->c->a, val_text(w->text), STR_NONE, &ignored)
                       : val_text(w->text);
    return ignored.errors ? VAL_NONE : v;
}

static int in_field(struct finding *w, const struct field *f, struct err *err)
{
    struct val hash;
    int64_t ids[FOUND_MAX];
    size_t n;
    const struct vault_on on = sealer_of(w->c);
    struct val v = as_value(w, f);
    if (val_is_blank(v) || v.kind == VAL_LIST || v.kind == VAL_OBJ || v.kind == VAL_ABSENT)
        return 0;
    int rc =
        field_has_key(f) ? sealed_key(&on, f, v, &hash, err) : sealed_eq(&on, f, v, &hash, err);
    if (rc || rows_with(w, f, hash, ids, &n, err))
        return -1;
    for (size_t i = 0; i < n; i++) {
        struct person p;
        int known = person_of(w, f, ids[i], &p, err);
        if (known < 0 || (known && !told(w, p.id) && put(w, &p, f, err)))
            return -1;
    }
    return 0;
}

static int in_form(struct finding *w, const struct form *f, struct err *err)
{
    for (size_t i = 0; i < f->nfields; i++) {
        const struct field *field = f->fields[i];
        int rc = field->sub            ? in_form(w, field->sub, err)
                 : field_has_eq(field) ? in_field(w, field, err)
                                       : 0;
        if (rc)
            return -1;
    }
    return 0;
}

int privacy_find(struct ctx *c, const struct app *app, struct str text, struct json *out,
                 struct err *err)
{
    struct finding w = {.c = c, .text = str_trim(text), .out = out};
    for (size_t i = 0; w.text.n && i < app->nforms; i++)
        if (in_form(&w, app->forms[i], err))
            return -1;
    return 0;
}
