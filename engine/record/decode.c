/*
 * A body into the row: coercion, rights on fields, sub-rows; then what is filled in for it.
 * Problems are collected; nothing is stored here.
 */
#include "engine/record/write_int.h"

#include <stdlib.h>

/* ---- rights and refusals ---- */

static void unknown(struct wr *w, struct str path, struct str key)
{
    diag_field(w->diags, path, "unknown_field", "没有字段“%.*s”。", "There is no field “%.*s”.",
               STR_ARG(key));
}

static void read_only(struct wr *w, struct str path, const struct field *f)
{
    diag_field(w->diags, path, "read_only", "“%.*s”不能修改。", "“%.*s” cannot be changed.",
               STR_ARG(f->title))
        ->code = ERR_DENIED;
}

static uint8_t right_on(const struct wr *w, const struct field *f)
{
    if (w->w->node_fields && w->w->node_fields[f->slot] == FIELD_WRITE)
        return FIELD_WRITE;
    if (w->w->node_fields)
        return MIN(w->rights[f->slot], (uint8_t)FIELD_READ);
    return w->by_user ? w->rights[f->slot] : FIELD_WRITE;
}

/* The form's own `readonly`, which holds for people, not for the engine. 1, 0, -1. */
static int is_readonly(struct wr *w, const struct field *f, struct err *err)
{
    if (!w->by_user)
        return 0;
    if (f->readonly)
        return 1;
    return f->readonly_fx
               ? rec_true(w->c, f->readonly_fx, &w->rec, w->has_old ? &w->old : NULL, err)
               : 0;
}

/* What the reader was shown of a masked field comes back unchanged. */
static bool same_mask(struct wr *w, const struct field *f, struct val said)
{
    if (!w->has_old || said.kind != VAL_TEXT)
        return val_is_blank(said);
    struct val old = w->old.v[f->slot];
    struct str mask =
        f->type->mask && !val_is_blank(old) ? f->type->mask(w->c->a, old) : STR("***");
    return str_eq(mask, val_str(said));
}

/* ---- one value ---- */

static struct val coerced(struct wr *w, const struct field *f, struct val in, struct str path)
{
    if (val_is_blank(in) || !f->type->coerce)
        return VAL_NONE;
    struct val v = f->type->coerce(f, w->c->a, in, path, w->diags);
    return v.kind == VAL_ABSENT ? VAL_NONE : v;
}

static int take_value(struct wr *w, const struct field *f, struct val in, struct err *err)
{
    uint8_t right = right_on(w, f);
    if (right == FIELD_HIDDEN || right == FIELD_UNSET) {
        unknown(w, f->key, f->key);
        return 0;
    }
    if (right == FIELD_MASKED) {
        if (!same_mask(w, f, in))
            read_only(w, f->key, f);
        return 0;
    }
    struct val v = coerced(w, f, in, f->key);
    struct val was = w->has_old ? w->old.v[f->slot] : VAL_NONE;
    if (val_same(v, was) && w->has_old)
        return 0;
    int fixed = right < FIELD_WRITE ? 1 : is_readonly(w, f, err);
    if (fixed < 0)
        return -1;
    if (fixed && !val_is_blank(v)) {
        read_only(w, f->key, f);
        return 0;
    }
    if (fixed && w->has_old) {
        read_only(w, f->key, f);
        return 0;
    }
    w->rec.v[f->slot] = v;
    w->given[f->slot] = !fixed;
    return 0;
}

/* ---- sub-tables ---- */

static struct rec *old_row(const struct wr *w, const struct field *table, int64_t id)
{
    if (!w->has_old || !w->old.rows)
        return NULL;
    struct rec_rows *rows = &w->old.rows[table->slot];
    for (size_t i = 0; i < rows->n; i++)
        if (rows->v[i].id == id)
            return &rows->v[i];
    return NULL;
}

static uint8_t sub_right(const struct wr *w, const struct field *table, const struct field *f)
{
    const uint8_t *const *columns = w->w->node_sub_fields;
    if (w->w->node_fields) {
        uint8_t said =
            columns && columns[table->slot] ? columns[table->slot][f->slot] : FIELD_UNSET;
        said = said == FIELD_UNSET ? w->w->node_fields[table->slot] : said;
        uint8_t sees = access_held_sub(w->x, w->seen, table, f);
        return said == FIELD_WRITE ? FIELD_WRITE : MIN(sees, (uint8_t)FIELD_READ);
    }
    if (!w->by_user)
        return FIELD_WRITE;
    uint8_t read = MIN(access_held_sub(w->x, w->seen, table, f), (uint8_t)FIELD_READ);
    return MAX(access_held_sub(w->x, w->held, table, f), read);
}

static void take_column(struct wr *w, const struct field *table, struct rec *row, bool fresh,
                        const struct pair *p)
{
    const struct field *f = form_field(table->sub, p->key);
    struct str path = p->key;
    if (!f || field_is_sys(f))
        return unknown(w, path, p->key);
    if (f->type->flags & (FT_COMPUTED | FT_SERIAL))
        return;
    uint8_t right = sub_right(w, table, f);
    if (right <= FIELD_HIDDEN)
        return unknown(w, path, p->key);
    struct val v = coerced(w, f, p->value, path);
    if (right < FIELD_WRITE || (f->readonly && w->by_user)) {
        bool same = fresh ? val_is_blank(v) : val_same(v, row->v[f->slot]);
        if (!same && right != FIELD_MASKED)
            read_only(w, path, f);
        return;
    }
    if (table->append_only && !fresh && !val_same(v, row->v[f->slot]))
        return read_only(w, path, f);
    row->v[f->slot] = v;
}

static void take_row(struct wr *w, const struct field *table, struct val in, struct rec *row)
{
    int64_t id = 0;
    struct val given = val_get(in, STR("_id"));
    const struct rec *old = NULL;
    if (given.kind == VAL_TEXT && id_parse(val_str(given), &id))
        old = old_row(w, table, id);
    bool comes_back = !old && id && (w->w->mode & WRITE_ROW_IDS);
    if (!val_is_blank(given) && given.kind != VAL_ABSENT && !old && !comes_back)
        diag_field(w->diags, STR("_id"), "no_row", "没有这一行。", "There is no such row.");
    if (old) {
        *row = rec_copy(w->c->a, old);
    } else {
        rec_init(w->c->a, table->sub, row);
        row->id = comes_back ? id : id_next(w->c->ids, w->c->now_us);
    }
    for (uint32_t i = 0; i < in.n; i++)
        if (!str_eqz(in.obj[i].key, "_id"))
            take_column(w, table, row, !old, &in.obj[i]);
}

/* Rows of an append-only table that the body leaves out, or puts elsewhere. */
static bool keeps_rows(const struct wr *w, const struct field *table, const struct rec_rows *now)
{
    if (!w->has_old || !w->old.rows)
        return true;
    const struct rec_rows *was = &w->old.rows[table->slot];
    for (size_t i = 0; i < was->n; i++) {
        bool kept = false;
        for (size_t k = 0; k < now->n && !kept; k++)
            kept = now->v[k].id == was->v[i].id;
        if (!kept)
            return false;
    }
    return true;
}

static int by_id(const void *x, const void *y)
{
    int64_t a = *(const int64_t *)x, b = *(const int64_t *)y;
    return (a > b) - (a < b);
}

/* Which of two rows with one id is meant, nobody can know. */
static bool twice(struct arena *a, const struct rec_rows *rows)
{
    int64_t *ids = ARENA_ARRAY(a, int64_t, rows->n);
    for (size_t i = 0; i < rows->n; i++)
        ids[i] = rows->v[i].id;
    qsort(ids, rows->n, sizeof(*ids), by_id);
    for (size_t i = 1; i < rows->n; i++)
        if (ids[i] == ids[i - 1] && ids[i])
            return true;
    return false;
}

static int take_table(struct wr *w, const struct field *f, struct val in, struct err *err)
{
    struct arena *a = w->c->a;
    uint8_t right = right_on(w, f);
    if (right <= FIELD_HIDDEN) {
        unknown(w, f->key, f->key);
        return 0;
    }
    bool blank = val_is_blank(in) || (in.kind == VAL_LIST && !in.n);
    if ((!blank && in.kind != VAL_LIST) || in.n > SUB_ROWS_MAX) {
        diag_field(w->diags, f->key, "table", "“%.*s”应是最多 %d 行的列表。",
                   "“%.*s” must be a list of at most %d rows.", STR_ARG(f->title), SUB_ROWS_MAX);
        return 0;
    }
    struct rec_rows rows = {.n = blank ? 0 : in.n};
    rows.v = ARENA_ARRAY(a, struct rec, rows.n);
    struct str prefix = w->diags->prefix;
    for (size_t i = 0; i < rows.n; i++) {
        w->diags->prefix =
            str_fmt(a, "%.*s%s%.*s[%zu]", STR_ARG(prefix), prefix.n ? "." : "", STR_ARG(f->key), i);
        if (in.list[i].kind == VAL_OBJ)
            take_row(w, f, in.list[i], &rows.v[i]);
        else
            diag_field(w->diags, STR_NONE, "table", "每一行应是一个对象。",
                       "Each row must be an object.");
        if (in.list[i].kind != VAL_OBJ)
            rec_init(a, f->sub, &rows.v[i]);
    }
    w->diags->prefix = prefix;
    if (twice(a, &rows)) {
        diag_field(w->diags, f->key, "row_twice", "“%.*s”中同一行出现了两次。",
                   "A row of “%.*s” is given twice.", STR_ARG(f->title));
        return 0;
    }
    struct rec next = w->rec;
    next.rows = ARENA_ARRAY(a, struct rec_rows, w->f->nfields);
    for (size_t i = 0; w->rec.rows && i < w->f->nfields; i++)
        next.rows[i] = w->rec.rows[i];
    next.rows[f->slot] = rows;
    bool same = w->has_old ? rec_same_rows(&next, &w->old, f) : !rows.n;
    int fixed = same ? 0 : right < FIELD_WRITE ? 1 : is_readonly(w, f, err);
    if (fixed < 0)
        return -1;
    if (fixed || (f->append_only && !keeps_rows(w, f, &rows))) {
        read_only(w, f->key, f);
        return 0;
    }
    w->rec.rows = next.rows;
    w->given[f->slot] = !same;
    return 0;
}

/* ---- system fields ---- */

static int may_transfer(struct wr *w, struct err *err)
{
    uint64_t held;
    if (!w->by_user)
        return 1;
    if (!w->has_old)
        return (access_rights(w->x) & RIGHT_TRANSFER) != 0;
    return access_row_held(w->x, &w->old, RIGHT_TRANSFER, &held, err) ? -1 : held != 0;
}

static int take_system(struct wr *w, const struct field *f, struct val in, struct err *err)
{
    const struct form *form = w->f;
    bool person = f == form->sys[SYS_OWNER] || f == form->sys[SYS_DEPT];
    bool engine = (w->w->mode & WRITE_SYSTEM_FIELDS) != 0;
    struct val *now = &w->rec.v[f->slot];
    if (f == form->sys[SYS_ID] || f == form->sys[SYS_VERSION] || f == form->sys[SYS_TITLE])
        return 0; /* read by the caller of the write path, or shown only */
    if (f == form->sys[SYS_NODE] && engine) { /* a list, from the flow only */
        *now = in.kind == VAL_LIST ? val_list(in.list, in.n) : VAL_NONE;
        w->given[f->slot] = true;
        return 0;
    }
    if (w->by_user && w->rights[f->slot] <= FIELD_HIDDEN) {
        unknown(w, f->key, f->key);
        return 0;
    }
    struct val v = coerced(w, f, in, f->key);
    if (val_same(v, *now) || (w->has_old && val_same(v, w->old.v[f->slot])))
        return 0;
    int may = engine ? 1 : person ? may_transfer(w, err) : 0;
    if (may < 0)
        return -1;
    if (!may && f == form->sys[SYS_UPDATED_AT])
        return 0; /* shown values of another version come back with the body */
    if (!may && f == form->sys[SYS_UPDATED_BY])
        return 0;
    if (!may) {
        read_only(w, f->key, f);
        return 0;
    }
    *now = v;
    w->given[f->slot] = true;
    w->transfers |= person && w->by_user && w->has_old;
    return 0;
}

static int take_pair(struct wr *w, const struct pair *p, struct err *err)
{
    const struct field *f = form_field(w->f, p->key);
    if (!f) {
        bool answer = str_eqz(p->key, "_can") || str_eqz(p->key, "_buttons") ||
                      str_eqz(p->key, "_fields"); /* the page sends back what it was shown */
        if (!answer)
            unknown(w, p->key, p->key);
        return 0;
    }
    if (field_is_sys(f))
        return take_system(w, f, p->value, err);
    if (f->type->flags & (FT_COMPUTED | FT_SERIAL)) {
        if (right_on(w, f) <= FIELD_HIDDEN)
            unknown(w, f->key, f->key);
        else if (w->by_user && w->x->needs && w->x->needs[f->slot])
            return 0; /* told neither right nor wrong: he may not see what it is made of */
        else if (!val_is_blank(p->value) && right_on(w, f) > FIELD_MASKED && w->by_user)
            w->computed[f->slot] = compute_fit(f, w->c->a, p->value);
        return 0;
    }
    return f->sub ? take_table(w, f, p->value, err) : take_value(w, f, p->value, err);
}

int wr_decode(struct wr *w, struct err *err)
{
    struct val body = w->w->values;
    if (body.kind != VAL_OBJ && !val_is_blank(body))
        return err_set(err, ERR_INVALID, "body", "请求内容应是一个对象。",
                       "The body must be an object.");
    for (uint32_t i = 0; body.kind == VAL_OBJ && i < body.n; i++)
        if (take_pair(w, &body.obj[i], err))
            return -1;
    return 0;
}

/* ---- fill ---- */

static int fill_from(struct wr *w, struct rec *r, const struct field *link, const bool *given,
                     struct err *err)
{
    struct val v = r->v[link->slot];
    const struct rec *target;
    if (v.kind != VAL_REF)
        return 0;
    int found = rcache_row(w->c, link->target, v.ref->id, &target, err);
    if (found <= 0)
        return found;
    for (size_t i = 0; i < link->nfills; i++) {
        const struct field *to = form_field(r->form, link->fills[i].to);
        const struct field *from = form_field(link->target, link->fills[i].from);
        if (!to || !from || (given && given[to->slot]))
            continue;
        if (given || r->v[to->slot].kind == VAL_ABSENT)
            r->v[to->slot] = fxval_value(to, w->c->a, target->v[from->slot], w->diags, to->key);
    }
    return 0;
}

int wr_fill(struct wr *w, struct err *err)
{
    for (size_t i = 0; i < w->f->nfields; i++) {
        const struct field *f = w->f->fields[i];
        if (f->nfills && w->given[i] && fill_from(w, &w->rec, f, w->given, err))
            return -1;
        if (!f->sub || !w->given[i] || !w->rec.rows)
            continue;
        struct rec_rows *rows = &w->rec.rows[i];
        for (size_t k = 0; k < rows->n; k++)
            for (size_t s = 0; s < f->sub->nfields; s++)
                if (f->sub->fields[s]->nfills &&
                    fill_from(w, &rows->v[k], f->sub->fields[s], NULL, err))
                    return -1;
    }
    return 0;
}

/* ---- defaults ---- */

struct val fxval_value(const struct field *f, struct arena *a, struct val v, struct diags *diags,
                       struct str path)
{
    if (val_is_blank(v))
        return VAL_NONE;
    if (!f->type->coerce)
        return v;
    return f->type->coerce(f, a, v, path, diags);
}

static int default_of(struct wr *w, struct rec *r, const struct rec *parent, const struct field *f,
                      struct err *err)
{
    struct val v = f->dflt.literal;
    if (f->dflt.fx) {
        struct row_env e;
        row_env_init(&e, w->c, r, err);
        e.parent = parent;
        v = fx_eval(f->dflt.fx, &e.fx);
        if (row_env_end(&e, err))
            return -1;
    }
    r->v[f->slot] = fxval_value(f, w->c->a, v, w->diags, f->key);
    return 0;
}

static int row_defaults(struct wr *w, struct rec *r, const struct rec *parent, enum defaults which,
                        struct err *err)
{
    for (size_t i = 0; i < r->form->nfields; i++) {
        const struct field *f = r->form->fields[i];
        bool said = f->dflt.fx || f->dflt.literal.kind != VAL_ABSENT;
        if (!said || r->v[i].kind != VAL_ABSENT || (f->dflt.fx && which == DEFAULT_LITERALS))
            continue;
        if (default_of(w, r, parent, f, err))
            return -1;
    }
    return 0;
}

int wr_defaults(struct wr *w, enum defaults which, struct err *err)
{
    if (!w->has_old && row_defaults(w, &w->rec, NULL, which, err))
        return -1;
    for (size_t i = 0; w->rec.rows && i < w->f->nfields; i++)
        for (size_t k = 0; k < w->rec.rows[i].n; k++)
            if (row_defaults(w, &w->rec.rows[i].v[k], &w->rec, which, err))
                return -1;
    return 0;
}
