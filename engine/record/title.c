/*
 * The title of a record: `record_title`, else its first text. Stored in _title as the engine sees
 * it, without what is encrypted; what a reader may not see of it is left out when it is read
 * (access_title), and what is encrypted is put in for one who may (title_for_reader).
 */
#include "engine/record/write_int.h"

#include "engine/base/utf8.h"

#define TITLE_BYTES 600

const struct field *title_field(const struct form *f)
{
    for (size_t i = 0; i < f->nfields; i++) {
        const struct field *field = f->fields[i];
        bool text = field->type->flags & FT_TEXTUAL && !(field->type->flags & FT_COMPUTED);
        if (text && !field->encrypted && !field->sealing)
            return field;
    }
    for (size_t i = 0; i < f->nfields; i++)
        if (f->fields[i]->type->flags & FT_SERIAL)
            return f->fields[i];
    return NULL;
}

static struct str plain_text(struct ctx *c, struct val v)
{
    char buf[40];
    switch ((enum val_kind)v.kind) {
    case VAL_TEXT: return val_str(v);
    case VAL_REF: return v.ref->title;
    case VAL_NUM: return str_dup(c->a, num_print(v.num, buf));
    case VAL_DEC: return str_dup(c->a, num_print_dec(v.i, v.scale, buf));
    case VAL_DATE: return str_dup(c->a, civil_print_date(v.i, buf));
    case VAL_INSTANT: return str_dup(c->a, civil_print_instant(v.i, buf));
    case VAL_TIME: return str_dup(c->a, civil_print_time(v.i, buf));
    case VAL_BLANK:
    case VAL_BOOL:
    case VAL_LIST:
    case VAL_OBJ:
    case VAL_ABSENT: break;
    }
    return STR_NONE;
}

int title_compute(struct ctx *c, const struct rec *r, struct str *out, struct err *err)
{
    const struct form *f = r->form;
    struct val v = VAL_NONE;
    if (f->record_title) {
        struct row_env e;
        row_env_init(&e, c, r, err);
        row_env_unsealed(&e); /* _title is in clear */
        v = fx_eval(f->record_title, &e.fx);
        if (row_env_end(&e, err))
            return -1;
    } else {
        const struct field *field = title_field(f);
        v = field ? r->v[field->slot] : VAL_NONE;
    }
    *out = utf8_cut(str_trim(plain_text(c, v)), TITLE_BYTES);
    return 0;
}

/* What the reader may not see of the row is blank; a field computed from rows elsewhere too. */
static int blank_hidden(struct access *x, struct rec *r, struct err *err)
{
    uint8_t *rights = ARENA_ARRAY(x->c->a, uint8_t, r->form->nslots);
    if (access_row_fields(x, r, RIGHT_READ, rights, err))
        return -1;
    for (size_t i = 0; i < r->form->nslots; i++) {
        const struct form *target = ref_target(rec_field_at(r->form, i));
        struct str title;
        if (rights[i] < FIELD_READ || (x->needs && x->needs[i]))
            r->v[i] = VAL_NONE;
        if (r->v[i].kind != VAL_REF || !target)
            continue;
        if (record_title(x->c, target, r->v[i].ref->id, &title, err) < 0)
            return -1;
        r->v[i] = val_ref(x->c->a, r->v[i].ref->id, title);
    }
    return 0;
}

int title_for_reader(struct access *x, int64_t id, struct str *out, struct err *err)
{
    struct rec r;
    struct row_env e;
    *out = STR_NONE;
    int found = rec_load_flat(x->c, x->f, id, REC_ANY, &r, err);
    if (found <= 0)
        return found;
    if (blank_hidden(x, &r, err))
        return -1;
    row_env_init(&e, x->c, &r, err);
    e.request = true;
    *out = utf8_cut(str_trim(plain_text(x->c, fx_eval(x->f->record_title, &e.fx))), TITLE_BYTES);
    return row_env_end(&e, err) ? -1 : 1;
}

static void sealed_ref(void *arg, const struct fx_ref *ref)
{
    for (uint32_t i = 0; i < ref->n; i++)
        *(bool *)arg |= ref->path[i].encrypted;
}

static void sealed_call(void *arg, const struct fx_call *call)
{
    *(bool *)arg |= call->sealed;
}

bool title_is_sealed(const struct form *f)
{
    bool sealed = false;
    if (f->record_title) {
        fx_each_ref(f->record_title, sealed_ref, &sealed);
        fx_each_call(f->record_title, sealed_call, &sealed);
    }
    return sealed;
}

bool title_needs_c(const struct form *f)
{
    return f->record_title && (fx_flags(f->record_title) & FX_NO_SQL);
}

int record_title(struct ctx *c, const struct form *f, int64_t id, struct str *out, struct err *err)
{
    const struct rec_key key = {f, id, REC_LIVE};
    return record_title_in(c, &key, out, err);
}

int record_title_in(struct ctx *c, const struct rec_key *key, struct str *out, struct err *err)
{
    struct access *x;
    const struct form *f = key->form;
    struct sql q;
    struct stmt *s;
    *out = STR_NONE;
    ctx_sql(c, &q);
    if (access_of(c, f, &x, err))
        return -1;
    sql_lit(&q, "SELECT ");
    if (access_title(x, &q, 0, err))
        return -1;
    sql_lit(&q, " FROM ");
    sql_form(&q, f);
    sql_lit(&q, " t0 WHERE t0.\"_id\" = ");
    sql_bind_int(&q, key->id);
    sql_lit(&q, " AND ");
    if (access_rows_in(x, &q, 0, RIGHT_READ, key->where, err) ||
        store_query(c->db, c->a, &q, &s, err))
        return -1;
    int step = stmt_step(s, err);
    if (step == 1)
        *out = column_text(c, s, 0);
    stmt_done(s);
    if (step == 1 && !out->n && title_needs_c(f))
        return title_for_reader(x, key->id, out, err);
    return step;
}
