/*
 * Sensitive fields: values to sealed text and back, and the hashes beside them.
 */
#include "engine/record/sealed.h"

#include "engine/record/columns.h"
#include "engine/value/num.h"

/* ---- where a value stands ---- */

void sealed_place(struct arena *a, const struct field *f, int64_t row, struct vault_at *at)
{
    const struct form *top = f->form->parent ? f->form->parent : f->form;
    *at = (struct vault_at){.app = top->app->key, .form = top->key, .field = f->key, .row = row};
    if (f->form->parent)
        at->field = str_fmt(a, "%.*s.%.*s", STR_ARG(f->form->key), STR_ARG(f->key));
}

int64_t sealed_subject(const struct field *f, const struct rec *r, const struct rec *up)
{
    const struct rec *top = up ? up : r;
    if (!f->subject.n)
        return 0;
    if (str_eqz(f->subject, "self"))
        return top->id;
    const struct field *by = form_field(top->form, f->subject);
    struct val v = by && !field_is_sys(by) ? top->v[by->slot] : VAL_NONE;
    return v.kind == VAL_REF ? v.ref->id : 0;
}

/* ---- a column's value as text: its kind in the first letter ---- */

static struct str encode(struct arena *a, struct val v)
{
    int64_t bits;
    switch ((enum val_kind)v.kind) {
    case VAL_TEXT: return str_fmt(a, "t%.*s", STR_ARG(val_str(v)));
    case VAL_BOOL: return v.b ? STR("i1") : STR("i0");
    case VAL_NUM: memcpy(&bits, &v.num, sizeof(bits)); return str_fmt(a, "n%lld", (long long)bits);
    case VAL_DEC:
    case VAL_DATE:
    case VAL_TIME:
    case VAL_INSTANT: return str_fmt(a, "i%lld", (long long)v.i);
    case VAL_REF: return str_fmt(a, "i%lld", (long long)v.ref->id);
    case VAL_BLANK:
    case VAL_LIST:
    case VAL_OBJ:
    case VAL_ABSENT: break;
    }
    return STR_NONE;
}

static struct val decode(struct str text)
{
    struct str rest = str_sub(text, 1, text.n);
    int64_t i;
    if (!text.n)
        return VAL_NONE;
    if (text.p[0] == 't')
        return val_text(rest);
    if (text.p[0] == 'i' && str_int(rest, INT64_MIN, INT64_MAX, &i))
        return val_dec(i, 0);
    if (text.p[0] == 'n' && str_int(rest, INT64_MIN, INT64_MAX, &i)) {
        double num;
        memcpy(&num, &i, sizeof(num));
        return val_num(num);
    }
    return VAL_NONE;
}

/* ---- values ---- */

int sealed_put(const struct vault_on *s, const struct sealed_at *at, struct val v, struct val *out,
               struct err *err)
{
    return sealed_put_column(s, at, field_to_column(at->f, s->a, v), out, err);
}

int sealed_put_column(const struct vault_on *s, const struct sealed_at *at, struct val column,
                      struct val *out, struct err *err)
{
    struct vault_at place;
    struct str text;
    *out = VAL_NONE;
    if (val_is_blank(column))
        return 0;
    sealed_place(s->a, at->f, at->row, &place);
    place.subject = at->subject;
    if (vault_seal(s, &place, encode(s->a, column), &text, err))
        return -1;
    *out = val_text(text);
    return 0;
}

int sealed_get(const struct vault_on *s, const struct field *f, int64_t row, struct str text,
               struct val *out, struct err *err)
{
    struct vault_at at;
    struct str plain;
    *out = VAL_NONE;
    if (!text.n)
        return 0;
    sealed_place(s->a, f, row, &at);
    int rc = vault_unseal(s, &at, text, &plain, err);
    if (rc == 1)
        *out = field_from_val(f, s->a, decode(plain));
    return rc < 0 ? -1 : 0;
}

int sealed_column(const struct vault_on *s, const struct sealed_at *at, struct stmt *stmt, int col,
                  struct val *out, struct err *err)
{
    *out = VAL_NONE;
    if (stmt_null(stmt, col))
        return 0;
    if (at->f->encrypted)
        return sealed_get(s, at->f, at->row, stmt_str(stmt, col), out, err);
    *out = field_from_column(at->f, s->a, stmt, col);
    return 0;
}

/* ---- equality ---- */

/* More decimals than the field has: no row equals it. */
static bool exact(const struct field *f, struct val v, struct val column)
{
    if (v.kind != VAL_NUM || column.kind != VAL_DEC)
        return true;
    (void)f;
    return num_of_dec(column.i, column.scale) == v.num;
}

static int blind(const struct vault_on *s, const struct field *f, const char *use, struct str text,
                 struct val *out, struct err *err)
{
    struct vault_at at;
    struct str hash;
    sealed_place(s->a, f, 0, &at);
    if (vault_blind(s, &at, use, text, &hash, err))
        return -1;
    *out = val_text(hash);
    return 0;
}

int sealed_eq(const struct vault_on *s, const struct field *f, struct val v, struct val *out,
              struct err *err)
{
    *out = VAL_NONE;
    struct val column = field_to_column(f, s->a, v);
    if (val_is_blank(v))
        return 0;
    if (val_is_blank(column) || !exact(f, v, column)) {
        *out = val_text(STR("-"));
        return 0;
    }
    return blind(s, f, "eq", encode(s->a, column), out, err);
}

int sealed_key(const struct vault_on *s, const struct field *f, struct val v, struct val *out,
               struct err *err)
{
    *out = VAL_NONE;
    if (val_is_blank(v))
        return 0;
    struct str text =
        f->type->fold ? f->type->fold(f, s->a, v) : encode(s->a, field_to_column(f, s->a, v));
    return blind(s, f, "key", text, out, err);
}

/* ---- texts beside the tables ---- */

struct vault_at sealed_text_place(const struct sealed_text *at)
{
    return (struct vault_at){at->app, at->table, STR("text"), at->id, at->subject};
}

int sealed_text_put(const struct vault_on *s, const struct sealed_text *at, struct str text,
                    struct str *out, struct err *err)
{
    const struct vault_at place = sealed_text_place(at);
    return vault_seal(s, &place, text, out, err);
}

int sealed_text_get(const struct vault_on *s, const struct sealed_text *at, struct str text,
                    struct str *out, struct err *err)
{
    const struct vault_at place = sealed_text_place(at);
    *out = text;
    if (!vault_is_sealed(text))
        return 0;
    return vault_unseal(s, &place, str_dup(s->a, text), out, err) < 0 ? -1 : 0;
}
