/*
 * Rows of a sub-table as a script left them: those with the _id of a row that is there are that row
 * changed, the others are new, what is missing goes. No rights: before_* runs by the engine's own.
 */
#include "engine/record/write_int.h"

static const struct rec *row_of(const struct rec_rows *rows, int64_t id)
{
    for (size_t i = 0; rows && i < rows->n; i++)
        if (rows->v[i].id == id)
            return &rows->v[i];
    return NULL;
}

static void set_column(struct ctx *c, struct rec *row, const struct pair *p, struct diags *diags)
{
    const struct field *f = form_field(row->form, p->key);
    if (str_eqz(p->key, "_id"))
        return;
    if (!f || field_is_sys(f)) {
        diag_field(diags, p->key, "unknown_field", "没有这个字段。", "There is no such field.");
        return;
    }
    if (f->type->flags & (FT_COMPUTED | FT_NO_COLUMN | FT_SERIAL))
        return;
    struct val said = row->v[f->slot];
    if (p->value.kind == VAL_LIST || p->value.kind == VAL_OBJ || !val_same(p->value, said))
        said =
            val_is_blank(p->value) ? VAL_NONE : f->type->coerce(f, c->a, p->value, f->key, diags);
    row->v[f->slot] = said;
}

/* What the script took away of a row is blank. */
static void set_row(struct ctx *c, struct rec *row, const struct rec *was, struct val in,
                    struct diags *diags)
{
    for (size_t i = 0; was && i < row->form->nfields; i++) {
        const struct field *f = row->form->fields[i];
        if (!(f->type->flags & (FT_COMPUTED | FT_NO_COLUMN | FT_SERIAL)) &&
            val_get(in, f->key).kind == VAL_ABSENT)
            row->v[i] = VAL_NONE;
    }
    for (uint32_t i = 0; i < in.n; i++)
        set_column(c, row, &in.obj[i], diags);
}

static void take_row(struct ctx *c, const struct rec_rows *was, struct rec_rows *now, size_t at,
                     struct val in, struct diags *diags)
{
    struct rec *row = &now->v[at];
    int64_t id = 0;
    if (in.kind == VAL_OBJ)
        (void)id_parse(val_str(val_get(in, STR("_id"))), &id);
    const struct rec *old = id ? row_of(was, id) : NULL;
    const struct rec_rows before = {now->v, at};
    if (old && row_of(&before, id)) {
        diag_field(diags, STR_NONE, "row_twice", "同一行出现了两次。", "A row is given twice.");
        old = NULL;
    }
    const struct form *form = now->v[at].form;
    if (old)
        *row = rec_copy(c->a, old);
    else
        rec_init(c->a, form, row);
    row->id = old ? id : id_next(c->ids, c->now_us);
    if (in.kind == VAL_OBJ)
        set_row(c, row, old, in, diags);
    else if (in.kind != VAL_LIST || in.n) /* {} in Lua is neither */
        diag_field(diags, STR_NONE, "table", "每一行应是一个对象。", "Each row must be an object.");
}

void rec_take_rows(struct ctx *c, struct rec *r, const struct field *table, struct val rows,
                   struct diags *diags)
{
    struct str prefix = diags->prefix;
    bool blank = val_is_blank(rows) || rows.kind == VAL_ABSENT || (rows.kind == VAL_OBJ && !rows.n);
    if ((!blank && rows.kind != VAL_LIST) || rows.n > SUB_ROWS_MAX) {
        diag_field(diags, table->key, "table", "“%.*s”应是最多 %d 行的列表。",
                   "“%.*s” must be a list of at most %d rows.", STR_ARG(table->title),
                   SUB_ROWS_MAX);
        return;
    }
    struct rec_rows now = {.n = blank ? 0 : rows.n};
    now.v = ARENA_ARRAY(c->a, struct rec, now.n);
    for (size_t i = 0; i < now.n; i++) {
        diags->prefix = str_fmt(c->a, "%.*s%s%.*s[%zu]", STR_ARG(prefix), prefix.n ? "." : "",
                                STR_ARG(table->key), i);
        now.v[i].form = table->sub;
        take_row(c, r->rows ? &r->rows[table->slot] : NULL, &now, i, rows.list[i], diags);
    }
    diags->prefix = prefix;
    struct rec_rows *all = ARENA_ARRAY(c->a, struct rec_rows, r->form->nfields);
    if (r->rows)
        memcpy(all, r->rows, r->form->nfields * sizeof(*all));
    all[table->slot] = now;
    r->rows = all;
}
