/*
 * Values from one field type to another, and columns read page by page.
 */
#include "engine/record/schema_int.h"

#include "engine/record/sealed.h"
#include "engine/value/json.h"
#include "engine/value/num.h"

static struct fx_type type_of(const struct field *f)
{
    struct fx_field x = {0};
    field_fx(f, &x);
    return x.type;
}

static struct str plain_signature(struct arena *a, const struct field *f)
{
    struct fx_type t = type_of(f);
    bool choice = (f->type->flags & FT_COMPUTED) == 0 && f->noptions > 0;
    if (choice || t.base == FX_JSON || t.base == FX_ROWS)
        return f->type->name;
    if (t.base == FX_TEXT && !t.list)
        return STR("text");
    if (t.base == FX_NUM && !t.list)
        return t.has_scale ? str_fmt(a, "decimal:%u", (unsigned)t.scale) : STR("number");
    return str_fmt(a, "%.*s%s:%.*s", STR_ARG(f->type->name), t.list ? "[]" : "",
                   STR_ARG(f->target ? f->target->key : f->target_key));
}

struct str schema_signature(struct arena *a, const struct field *f)
{
    struct str plain = plain_signature(a, f);
    return f->encrypted ? str_fmt(a, "sealed %.*s", STR_ARG(plain)) : plain;
}

/* They link to the same form, which may have been renamed. */
static bool same_link(const struct field *old, const struct field *new_)
{
    const struct form *form = old->form->parent ? old->form->parent : old->form;
    if (str_eq(old->target_key, new_->target_key))
        return true;
    return old->target && new_->target && schema_before(form->app, new_->target) == old->target;
}

/* What the column would be without its seal. */
static enum col_kind plain_kind(const struct field *f)
{
    struct field plain = *f;
    plain.encrypted = false;
    return field_column_kind(&plain);
}

static bool same_type(const struct field *old, const struct field *new_)
{
    struct fx_type x = type_of(old);
    struct fx_type y = type_of(new_);
    bool choice = old->noptions > 0 || new_->noptions > 0;
    if (x.base != y.base || x.list != y.list || x.has_scale != y.has_scale || x.scale != y.scale)
        return false;
    if (x.base == FX_LINK && !same_link(old, new_))
        return false;
    if (choice || x.base == FX_JSON)
        return str_eq(old->type->name, new_->type->name);
    return plain_kind(old) == plain_kind(new_);
}

/* A sealed value opens in its form and field only. */
static bool same_seal(const struct field *old, const struct field *new_)
{
    const struct form *x = old->form;
    const struct form *y = new_->form;
    if (old->encrypted != new_->encrypted || !old->encrypted)
        return old->encrypted == new_->encrypted;
    if (!str_eq(old->key, new_->key) || !str_eq(x->key, y->key) || !x->parent != !y->parent ||
        !str_eq(old->subject, new_->subject))
        return false;
    return !x->parent || str_eq(x->parent->key, y->parent->key);
}

bool schema_same_store(const struct field *old, const struct field *new_)
{
    return same_seal(old, new_) && same_type(old, new_);
}

bool schema_only_seals(const struct field *old, const struct field *new_)
{
    return !old->encrypted && new_->encrypted && str_eq(old->key, new_->key) &&
           same_type(old, new_);
}

static void select_value(const struct schema_read *r, struct sql *q)
{
    sql_init(q, r->a, store_dialect(store_of(r->db)));
    sql_lit(q, "SELECT \"_id\", ");
    sql_ident(q, r->column);
    sql_lit(q, " FROM ");
    sql_table(q, r->t->app, r->t->form, r->t->sub);
}

static int take_value(const struct schema_read *r, struct stmt *s, struct schema_value *out,
                      struct err *err)
{
    const struct vault_on sealer = {r->vault, r->db, r->a};
    *out = (struct schema_value){.id = stmt_int(s, 0)};
    const struct sealed_at at = {r->f, out->id, 0};
    return sealed_column(&sealer, &at, s, 1, &out->v, err);
}

int schema_page(const struct schema_read *r, int64_t after, struct schema_value *out, size_t *n,
                struct err *err)
{
    struct sql q;
    struct stmt *s;
    int rc;
    select_value(r, &q);
    sql_lit(&q, " WHERE \"_id\" > ");
    sql_bind_int(&q, after);
    sql_lit(&q, " AND ");
    sql_ident(&q, r->column);
    sql_lit(&q, " IS NOT NULL ORDER BY \"_id\" LIMIT ");
    sql_int(&q, SCHEMA_PAGE);
    if (store_query(r->db, r->a, &q, &s, err) < 0)
        return -1;
    *n = 0;
    while ((rc = stmt_step(s, err)) == 1) {
        if (take_value(r, s, &out[*n], err)) {
            rc = -1;
            break;
        }
        ++*n;
    }
    stmt_done(s);
    return rc;
}

int schema_value_of(const struct schema_read *r, int64_t id, struct schema_value *out,
                    struct err *err)
{
    struct sql q;
    struct stmt *s;
    *out = (struct schema_value){.id = id, .v = VAL_NONE};
    select_value(r, &q);
    sql_lit(&q, " WHERE \"_id\" = ");
    sql_bind_int(&q, id);
    if (store_query(r->db, r->a, &q, &s, err) < 0)
        return -1;
    int rc = stmt_step(s, err);
    if (rc == 1 && take_value(r, s, out, err))
        rc = -1;
    stmt_done(s);
    return rc < 0 ? -1 : 0;
}

/* ---- values as text ---- */

/* SELECT of the name of what a reference points to. */
static void title_sql(struct sql *q, const struct field *f, uint8_t base, int64_t id)
{
    if (base == FX_MEMBER) {
        sql_lit(q, "SELECT name FROM _member WHERE id = ");
    } else if (base == FX_DEPT) {
        sql_lit(q, "SELECT name FROM _department WHERE id = ");
    } else {
        struct ddl_table t = schema_name(f->target);
        sql_lit(q, "SELECT \"_title\" FROM ");
        sql_table(q, t.app, t.form, t.sub);
        sql_lit(q, " WHERE \"_id\" = ");
    }
    sql_bind_int(q, id);
}

static int ref_text(struct conn *db, struct strb *b, const struct field *f, int64_t id,
                    struct err *err)
{
    struct sql q;
    struct stmt *s;
    uint8_t base = type_of(f).base;
    if (base == FX_LINK && !f->target)
        return 0;
    sql_init(&q, b->a, store_dialect(store_of(db)));
    title_sql(&q, f, base, id);
    if (store_query(db, b->a, &q, &s, err) < 0)
        return -1;
    int rc = stmt_step(s, err);
    if (rc == 1)
        strb_add(b, stmt_str(s, 0));
    stmt_done(s);
    return rc < 0 ? -1 : 0;
}

static int add_text(struct conn *db, struct strb *b, const struct field *f, struct val v,
                    struct err *err);

static int list_text(struct conn *db, struct strb *b, const struct field *f, struct val v,
                     struct err *err)
{
    for (uint32_t i = 0; i < v.n; i++) {
        if (i)
            strb_addz(b, ", ");
        if (add_text(db, b, f, v.list[i], err) < 0)
            return -1;
    }
    return 0;
}

static void option_text(struct strb *b, const struct field *f, struct str key)
{
    const struct option *o = f->noptions ? field_option(f, key) : NULL;
    strb_add(b, o && o->title.n ? o->title : key);
}

static int add_text(struct conn *db, struct strb *b, const struct field *f, struct val v,
                    struct err *err)
{
    char buf[40];
    struct json j;
    switch ((enum val_kind)v.kind) {
    case VAL_TEXT: option_text(b, f, val_str(v)); break;
    case VAL_BOOL: strb_addz(b, v.b ? "TRUE" : "FALSE"); break;
    case VAL_NUM: strb_add(b, num_print(v.num, buf)); break;
    case VAL_DEC: strb_add(b, num_print_dec(v.i, v.scale, buf)); break;
    case VAL_DATE: strb_add(b, civil_print_date(v.i, buf)); break;
    case VAL_TIME: strb_add(b, civil_print_time(v.i, buf)); break;
    case VAL_INSTANT: strb_add(b, civil_print_instant(v.i, buf)); break;
    case VAL_REF: return ref_text(db, b, f, v.ref->id, err);
    case VAL_LIST: return list_text(db, b, f, v, err);
    case VAL_OBJ:
        json_init(&j, b);
        json_val(&j, v);
        break;
    case VAL_BLANK:
    case VAL_ABSENT: break;
    }
    return 0;
}

/* ---- conversion ---- */

/* What needs no reading of text. */
static bool direct(const struct field *old, const struct field *new_, struct val *v)
{
    struct fx_type x = type_of(old);
    struct fx_type y = type_of(new_);
    const struct zone *zone = &new_->form->app->zone;
    if (x.list || y.list)
        return false;
    if (x.base == FX_NUM && y.base == FX_NUM)
        return true;
    if (x.base == FX_DATE && y.base == FX_DATETIME) {
        struct civil day;
        civil_of_days(v->i, &day);
        *v = val_instant(civil_us(&day, zone));
        return true;
    }
    if (x.base == FX_DATETIME && y.base == FX_DATE) {
        *v = val_date(civil_day_of_us(v->i, zone));
        return true;
    }
    return false;
}

static bool coerced(struct arena *a, const struct field *f, struct val in, struct val *out)
{
    struct diags diags;
    diags_init(&diags, a);
    *out = f->type->coerce ? f->type->coerce(f, a, in, f->key, &diags) : VAL_NONE;
    return diags.errors == 0 && !val_is_blank(*out);
}

/* One item to a list, a list of one to its item: select and multi-select, link and links. */
static struct val reshaped(struct arena *a, const struct field *new_, struct val v)
{
    bool list = type_of(new_).list;
    if (list && v.kind != VAL_LIST) {
        struct val *one = ARENA_NEW(a, struct val);
        *one = v;
        return (struct val){.kind = VAL_LIST, .n = 1, .list = one};
    }
    return !list && v.kind == VAL_LIST && v.n == 1 ? v.list[0] : v;
}

static bool same_target(const struct field *old, const struct field *new_)
{
    struct fx_type x = type_of(old);
    struct fx_type y = type_of(new_);
    return x.base == y.base && (x.base != FX_LINK || same_link(old, new_));
}

int schema_convert(const struct schema_cast *cast, struct val *v, bool *fits, struct err *err)
{
    const struct field *old = cast->from;
    const struct field *new_ = cast->to;
    struct arena *a = cast->a;
    struct strb text;
    struct val out;
    *fits = true;
    if (val_is_blank(*v) || same_type(old, new_))
        return 0;
    if (direct(old, new_, v)) {
        *fits = !val_is_blank(field_to_column(new_, a, *v));
        return 0;
    }
    bool refs = v->kind == VAL_REF || (v->kind == VAL_LIST && v->n && v->list[0].kind == VAL_REF);
    if ((!refs || same_target(old, new_)) && coerced(a, new_, reshaped(a, new_, *v), &out)) {
        *v = out;
        return 0;
    }
    strb_init(&text, a);
    if (add_text(cast->db, &text, old, *v, err) < 0)
        return -1;
    struct str s = strb_str(&text);
    out = new_->type->from_text ? new_->type->from_text(new_, a, s) : val_text(s);
    *fits = !val_is_blank(out) && coerced(a, new_, out, v);
    if (!*fits)
        *v = VAL_NONE;
    return 0;
}
