/*
 * How the rows of a form are shown to one reader: select list, rights of each row, values and JSON.
 */
#include "engine/record/query_int.h"

#include "engine/org/member.h"
#include "engine/record/sealed.h"

/* ---- making ---- */

static void comma(struct plan *p)
{
    if (p->ncols)
        sql_lit(&p->select, ", ");
}

static int add_plain(struct plan *p, struct out_col *o, struct err *err)
{
    struct sql_env e;
    sql_env_init(&e, p->c, p->f, 0);
    comma(p);
    o->col = p->ncols++;
    if (o->f->encrypted && !(o->f->value && !o->f->stored)) {
        sql_col(&p->select, 0, o->f->key); /* sealed: opened when it is read */
        return 0;
    }
    return sql_field(&e, &p->select, p->f, 0, o->f, err);
}

/* (SELECT <what> FROM target t1 WHERE t1._id = t0.link AND …): the live id, and the title. */
static int add_link(struct plan *p, struct out_col *o, struct err *err)
{
    struct sql *q = &p->select;
    const struct form *target = ref_target(o->f);
    struct access *t;
    if (access_of(p->c, target, &t, err))
        return -1;
    comma(p);
    sql_lit(q, "(SELECT t1.\"_id\" FROM ");
    sql_form(q, target);
    sql_lit(q, " t1 WHERE t1.\"_id\" = ");
    sql_col(q, 0, o->f->key);
    sql_lit(q, " AND t1.\"_deleted_at\" IS NULL), (SELECT ");
    if (access_title(t, q, 1, err))
        return -1;
    sql_lit(q, " FROM ");
    sql_form(q, target);
    sql_lit(q, " t1 WHERE t1.\"_id\" = ");
    sql_col(q, 0, o->f->key);
    sql_lit(q, " AND ");
    if (access_rows(t, q, 1, RIGHT_READ, err))
        return -1;
    sql_lit(q, ")");
    o->col = p->ncols;
    p->ncols += 2;
    return 0;
}

/* The id. The name is asked for once a person (person_shown) where a question costs little, else
 * it stands in the next column. */
static void add_person(struct plan *p, struct out_col *o, enum ref_kind kind)
{
    struct sql *q = &p->select;
    comma(p);
    sql_col(q, 0, o->f->key);
    o->person = kind;
    o->col = p->ncols++;
    if (q->dialect == SQL_SQLITE)
        return;
    if (kind == REF_MEMBER)
        sql_lit(q, ", (SELECT t1.name FROM _member t1 WHERE t1.id = ");
    else
        sql_lit(q, ", (SELECT t1.name FROM _department t1 WHERE t1.id = ");
    sql_col(q, 0, o->f->key);
    org_limit(p->c, q, "t1");
    sql_lit(q, ")");
    p->ncols++;
}

/* One title of a list of links, as the reader may see it. */
static int title_query(struct plan *p, struct out_col *o, struct err *err)
{
    struct access *t;
    ctx_sql(p->c, &o->rows);
    if (access_of(p->c, ref_target(o->f), &t, err))
        return -1;
    struct sql *q = &o->rows;
    sql_lit(q, "SELECT t0.\"_id\", (SELECT ");
    /* The id comes first, so that it is argument 0. */
    struct sql title;
    ctx_sql(p->c, &title);
    if (access_title(t, &title, 1, err))
        return -1;
    ctx_sql(p->c, q);
    sql_lit(q, "WITH w(id) AS (SELECT ");
    sql_bind_int(q, 0);
    sql_lit(q, ") SELECT t0.\"_id\", (SELECT ");
    sql_append(q, &title);
    sql_lit(q, " FROM ");
    sql_form(q, ref_target(o->f));
    sql_lit(q, " t1 WHERE t1.\"_id\" = t0.\"_id\" AND ");
    if (access_rows(t, q, 1, RIGHT_READ, err))
        return -1;
    sql_lit(q, ") FROM w JOIN ");
    sql_form(q, ref_target(o->f));
    sql_lit(q, " t0 ON t0.\"_id\" = w.id WHERE t0.\"_deleted_at\" IS NULL");
    return 0;
}

/* Beside a computed column: whether its inputs behind links may be read. */
static int sub_clear(struct plan *p, struct plan *rows, const struct field *table,
                     struct out_col *s, struct err *err)
{
    struct needs **of = p->x->sub_needs ? p->x->sub_needs[table->slot] : NULL;
    if (!of || !of[s->f->slot])
        return 0;
    s->clear = rows->ncols++;
    sql_lit(&rows->select, ", (TRUE");
    int rc = access_sub_needs(p->x, &rows->select, 0, table, s->f, err);
    sql_lit(&rows->select, ")");
    return rc;
}

/* The columns of a sub-table's rows, as a query of its own. */
static int add_table(struct plan *p, struct out_col *o, struct err *err)
{
    const struct form *sub = o->f->sub;
    struct plan rows = {.c = p->c, .x = p->x, .f = sub};
    ctx_sql(p->c, &rows.select);
    ctx_sql(p->c, &o->rows);
    sql_lit(&rows.select, "SELECT t0.\"_id\"");
    rows.ncols = 1;
    o->sub = ARENA_ARRAY(p->c->a, struct out_col, sub->nfields);
    for (size_t i = 0; i < sub->nfields; i++) {
        const struct field *f = sub->fields[i];
        if (access_sub_show(p->x, o->f, f, FIELD_MASKED) == SHOW_NEVER || !field_has_column(f))
            continue;
        struct out_col *s = &o->sub[o->nsub++];
        *s = (struct out_col){.f = f, .clear = -1};
        enum ref_kind ref = ref_kind_of(f);
        int rc = 0;
        if (f->type->flags & FT_MULTI) {
            s->kind = ref == REF_NONE ? OUT_PLAIN : OUT_REFS;
            rc = ref == REF_ROW ? title_query(p, s, err) : 0;
            rc = rc ? rc : add_plain(&rows, s, err);
        } else if (ref == REF_NONE) {
            rc = add_plain(&rows, s, err);
        } else {
            s->kind = OUT_REF;
            if (ref == REF_ROW)
                rc = add_link(&rows, s, err);
            else
                add_person(&rows, s, ref);
        }
        if (rc || sub_clear(p, &rows, o->f, s, err))
            return -1;
    }
    /* Argument 0 is the record: it stands first, so the columns' own arguments follow it. */
    sql_lit(&o->rows, "WITH w(id) AS (SELECT ");
    sql_bind_int(&o->rows, 0);
    sql_lit(&o->rows, ") ");
    sql_append(&o->rows, &rows.select);
    sql_lit(&o->rows, " FROM w JOIN ");
    sql_form(&o->rows, sub);
    sql_lit(&o->rows, " t0 ON t0.\"_row\" = w.id ORDER BY t0.\"_pos\", t0.\"_id\"");
    return 0;
}

static bool is_sys(const struct field *f, enum sys_field which)
{
    return field_is_sys(f) && f == f->form->sys[which];
}

static int add_title(struct plan *p, struct out_col *o, struct err *err)
{
    comma(p);
    o->col = p->ncols++;
    return access_title(p->x, &p->select, 0, err);
}

static int add_needs(struct plan *p, struct out_col *o, struct err *err)
{
    o->clear = -1;
    if (!p->x->needs || !p->x->needs[o->f->slot])
        return 0;
    comma(p);
    o->clear = p->ncols++;
    return access_show_cond(p->x, &p->select, 0, o->f, FIELD_MASKED, err);
}

static int add_field(struct plan *p, const struct field *f, struct err *err)
{
    struct out_col *o = &p->out[p->nout++];
    *o = (struct out_col){.f = f, .clear = -1};
    if (is_sys(f, SYS_ID)) {
        o->kind = OUT_ID;
        return add_plain(p, o, err);
    }
    if (is_sys(f, SYS_TITLE)) {
        o->kind = OUT_TITLE;
        return add_title(p, o, err);
    }
    if (add_needs(p, o, err))
        return -1;
    if (f->sub) {
        o->kind = OUT_TABLE;
        return add_table(p, o, err);
    }
    if (field_by_expr(f) && (fx_flags(f->value) & FX_NO_SQL)) {
        o->kind = OUT_EVAL;
        return 0;
    }
    enum ref_kind ref = ref_kind_of(f);
    if (f->type && (f->type->flags & FT_MULTI)) {
        o->kind = ref == REF_NONE ? OUT_PLAIN : OUT_REFS;
        if (ref == REF_ROW && title_query(p, o, err))
            return -1;
        return add_plain(p, o, err);
    }
    if (ref == REF_NONE || field_by_expr(f))
        return add_plain(p, o, err);
    o->kind = OUT_REF;
    if (ref == REF_ROW)
        return add_link(p, o, err);
    add_person(p, o, ref);
    return 0;
}

/* The conditions of the grants, when not all of them say the same everywhere. */
static int add_bits(struct plan *p, struct err *err)
{
    const struct access *x = p->x;
    p->rights = ARENA_ARRAY(p->c->a, uint8_t, p->f->nslots);
    if (x->system) {
        memset(p->rights, FIELD_WRITE, p->f->nslots);
        p->rights_set = true;
        return 0;
    }
    p->bits = arena_array(p->c->a, x->n, sizeof(*p->bits));
    p->bits_from = p->ncols;
    for (size_t i = 0; i < x->n && p->nbits < 64; i++) {
        if (!(x->g[i].can & RIGHT_READ))
            continue;
        comma(p);
        p->bits[p->nbits++] = &x->g[i];
        p->ncols++;
        if (access_grant_cond(p->x, &p->select, 0, &x->g[i], err))
            return -1;
    }
    return 0;
}

static bool listed(const struct plan *p, const struct field *f)
{
    for (size_t i = 0; i < p->nout; i++)
        if (p->out[i].f == f)
            return true;
    return false;
}

int plan_make(struct ctx *c, const struct form *f, const struct field *const *fields, size_t n,
              struct plan **out, struct err *err)
{
    struct plan *p = ARENA_NEW(c->a, struct plan);
    *p = (struct plan){.c = c, .f = f};
    *out = p;
    if (access_of(c, f, &p->x, err))
        return -1;
    ctx_sql(c, &p->select);
    sql_lit(&p->select, "SELECT ");
    p->out = ARENA_ARRAY(c->a, struct out_col, n + 3);
    static const enum sys_field always[] = {SYS_ID, SYS_VERSION, SYS_TITLE};
    for (size_t i = 0; i < ARRAY_LEN(always); i++)
        if (add_field(p, f->sys[always[i]], err))
            return -1;
    for (size_t i = 0; i < n; i++)
        if (!listed(p, fields[i]) && add_field(p, fields[i], err))
            return -1;
    return add_bits(p, err);
}

const struct field **plan_all(struct access *x, size_t *n)
{
    const struct form *f = x->f;
    const struct field **list = arena_array(x->c->a, f->nslots, sizeof(*list));
    *n = 0;
    for (size_t s = 0; s < f->nslots; s++)
        if (x->best_read[s] >= FIELD_MASKED)
            list[(*n)++] = rec_field_at(f, s);
    return list;
}

int plan_expand(struct plan *p, struct str key, struct err *err)
{
    for (size_t i = 0; i < p->nout; i++) {
        struct out_col *o = &p->out[i];
        if (!str_eq(o->f->key, key) || o->kind != OUT_REF || !ref_target(o->f))
            continue;
        struct access *t;
        size_t n;
        if (access_of(p->c, ref_target(o->f), &t, err))
            return -1;
        const struct field **fields = plan_all(t, &n);
        return plan_make(p->c, ref_target(o->f), fields, n, &o->expand, err) ? -1 : 1;
    }
    return 0;
}

int plan_by_id(struct plan *p, int64_t id, struct stmt **out, struct err *err)
{
    if (!p->one.text.a) {
        struct sql *q = &p->one;
        ctx_sql(p->c, q);
        sql_append(q, &p->select);
        sql_lit(q, " FROM (SELECT t0.\"_id\" AS id FROM ");
        sql_form(q, p->f);
        sql_lit(q, " t0 WHERE t0.\"_id\" = ");
        p->by_id = q->args.n;
        sql_bind_int(q, id);
        sql_lit(q, " AND ");
        unsigned right = p->where == REC_BIN ? RIGHT_RESTORE : RIGHT_READ;
        if (access_rows_in(p->x, q, 0, right, p->where, err))
            return -1;
        sql_lit(q, ") p JOIN ");
        sql_form(q, p->f);
        sql_lit(q, " t0 ON t0.\"_id\" = p.id");
    }
    p->one.args.v[p->by_id] = val_dec(id, 0);
    return store_query(p->c->db, p->c->a, &p->one, out, err);
}

/* ---- rows ---- */

/* Rights of the row the statement stands on. */
static void plan_row(struct plan *p, struct stmt *s)
{
    if (p->x->system)
        return;
    uint64_t bits = 0;
    for (size_t i = 0; i < p->nbits; i++)
        if (stmt_int(s, p->bits_from + (int)i))
            bits |= UINT64_C(1) << i;
    if (p->rights_set && bits == p->bits_seen)
        return;
    memset(p->rights, FIELD_HIDDEN, p->f->nslots);
    for (size_t i = 0; i < p->nbits; i++)
        for (size_t k = 0; (bits >> i & 1) && k < p->f->nslots; k++)
            p->rights[k] = MAX(p->rights[k], p->bits[i]->fields[k]);
    p->bits_seen = bits;
    p->rights_set = true;
}

static uint8_t sub_right(const struct plan *p, const struct field *table, const struct field *f)
{
    if (p->x->system)
        return FIELD_WRITE;
    uint8_t right = FIELD_HIDDEN;
    for (size_t i = 0; i < p->nbits; i++)
        if (p->bits_seen >> i & 1)
            right = MAX(right, agrant_sub_right(p->bits[i], table, f));
    return right;
}

static uint8_t right_of(const struct plan *p, const struct out_col *o, struct stmt *s)
{
    if (o->clear >= 0 && !stmt_int(s, o->clear))
        return FIELD_HIDDEN;
    return p->rights[o->f->slot];
}

/* A computed value stays blank: stars would tell that its inputs are not. */
static struct val masked(struct arena *a, const struct field *f, struct val v)
{
    if (f->value)
        return VAL_NONE;
    if (val_is_blank(v) || !f->type)
        return VAL_NONE;
    if (f->type->mask)
        return val_text(f->type->mask(a, v));
    return v.kind == VAL_TEXT ? val_text(STR("***")) : VAL_NONE;
}

/* ---- values ---- */

static int item_title(struct plan *p, struct out_col *o, int64_t id, struct str *title,
                      struct err *err)
{
    if (!ref_target(o->f)) {
        return person_shown(p->c, ref_kind_of(o->f), id, title, err);
    }
    struct stmt *s;
    o->rows.args.v[0] = val_dec(id, 0);
    if (store_query(p->c->db, p->c->a, &o->rows, &s, err))
        return -1;
    int step = stmt_step(s, err);
    if (step == 1)
        *title = column_text(p->c, s, 1);
    stmt_done(s);
    if (step == 1 && !title->n && title_needs_c(ref_target(o->f)))
        return record_title(p->c, ref_target(o->f), id, title, err) < 0 ? -1 : 1;
    return step;
}

static int list_val(struct plan *p, struct out_col *o, struct val v, struct val *out,
                    struct err *err)
{
    *out = VAL_NONE;
    if (v.kind != VAL_LIST)
        return 0;
    struct val *items = ARENA_ARRAY(p->c->a, struct val, v.n);
    size_t n = 0;
    for (uint32_t i = 0; i < v.n; i++) {
        struct str title = STR_NONE;
        if (v.list[i].kind != VAL_REF)
            continue;
        int found = item_title(p, o, v.list[i].ref->id, &title, err);
        if (found < 0)
            return -1;
        if (found)
            items[n++] = val_ref(p->c->a, v.list[i].ref->id, title);
    }
    *out = val_list(items, n);
    return 0;
}

static int eval_val(struct plan *p, const struct out_col *o, int64_t id, struct val *out,
                    struct err *err)
{
    const struct rec *row;
    struct row_env e;
    *out = VAL_NONE;
    int found = rcache_row(p->c, p->f, id, &row, err);
    if (found <= 0)
        return found;
    row_env_init(&e, p->c, row, err);
    return rec_value(&e, row, o->f, out);
}

static int ref_val(struct plan *p, const struct out_col *o, struct stmt *s, struct val *out,
                   struct err *err)
{
    int64_t id = stmt_int(s, o->col);
    const struct form *target = ref_target(o->f);
    struct str title = STR_NONE;
    if (o->person != REF_NONE && p->select.dialect == SQL_SQLITE) {
        if (person_shown(p->c, o->person, id, &title, err) < 0)
            return -1;
        *out = val_ref(p->c->a, id, title);
        return 0;
    }
    title = column_text(p->c, s, o->col + 1);
    if (!title.n && target && title_needs_c(target) &&
        record_title(p->c, target, id, &title, err) < 0)
        return -1;
    *out = val_ref(p->c->a, id, title);
    return 0;
}

static int title_val(struct plan *p, struct stmt *s, int col, struct val *out, struct err *err)
{
    struct str title = column_text(p->c, s, col);
    if (!title.n && title_needs_c(p->f) && title_for_reader(p->x, stmt_int(s, 0), &title, err) < 0)
        return -1;
    *out = val_text(title);
    return 0;
}

/* Column 0 is the row's id, of sub-rows too. */
static int plain_val(struct plan *p, const struct out_col *o, struct stmt *s, struct val *out,
                     struct err *err)
{
    const struct vault_on sealer = sealer_of(p->c);
    const struct sealed_at at = {o->f, stmt_int(s, 0), 0};
    return sealed_column(&sealer, &at, s, o->col, out, err);
}

/* The value of a column as stored; text is borrowed from the statement for `borrow`. */
static int col_val(struct plan *p, struct out_col *o, struct stmt *s, struct val *out,
                   struct err *err)
{
    *out = VAL_NONE;
    switch (o->kind) {
    case OUT_ID:
    case OUT_TABLE: return 0;
    case OUT_EVAL: return eval_val(p, o, stmt_int(s, 0), out, err);
    case OUT_TITLE: return title_val(p, s, o->col, out, err);
    case OUT_REF: return stmt_null(s, o->col) ? 0 : ref_val(p, o, s, out, err);
    case OUT_REFS:
        return stmt_null(s, o->col)
                   ? 0
                   : list_val(p, o, field_from_column(o->f, p->c->a, s, o->col), out, err);
    case OUT_PLAIN: return plain_val(p, o, s, out, err);
    }
    return 0;
}

static int rows_val(struct plan *p, struct out_col *o, int64_t id, struct val *out, struct err *err)
{
    struct stmt *s;
    o->rows.args.v[0] = val_dec(id, 0);
    if (store_query(p->c->db, p->c->a, &o->rows, &s, err))
        return -1;
    VEC(struct val) list = {0};
    int step;
    while ((step = stmt_step(s, err)) == 1) {
        struct pair *pairs = ARENA_ARRAY(p->c->a, struct pair, o->nsub + 1);
        char buf[16];
        pairs[0] =
            (struct pair){STR("_id"), val_text(str_dup(p->c->a, id_print(stmt_int(s, 0), buf)))};
        for (size_t i = 0; i < o->nsub; i++) {
            struct out_col *sub = &o->sub[i];
            struct val v;
            if (col_val(p, sub, s, &v, err)) {
                stmt_done(s);
                return -1;
            }
            uint8_t right = sub_right(p, o->f, sub->f);
            if (sub->clear >= 0 && !stmt_int(s, sub->clear))
                v = VAL_NONE;
            if (right < FIELD_READ)
                v = right == FIELD_MASKED ? masked(p->c->a, sub->f, v) : VAL_NONE;
            pairs[i + 1] = (struct pair){sub->f->key, v};
        }
        (void)vec_push(p->c->a, &list, val_obj(pairs, o->nsub + 1));
    }
    stmt_done(s);
    *out = val_list(list.v, list.n);
    return step;
}

static int out_val(struct plan *p, struct out_col *o, struct stmt *s, struct val *out,
                   struct err *err)
{
    *out = VAL_NONE;
    uint8_t right = right_of(p, o, s);
    if (right < FIELD_MASKED)
        return 0;
    if (o->kind == OUT_TABLE)
        return right < FIELD_READ ? 0 : rows_val(p, o, stmt_int(s, 0), out, err);
    if (col_val(p, o, s, out, err))
        return -1;
    if (right == FIELD_MASKED)
        *out = p->no_masks ? VAL_NONE : masked(p->c->a, o->f, *out);
    return 0;
}

int plan_obj(struct plan *p, struct stmt *s, bool with_rows, struct val *out, struct err *err)
{
    struct pair *pairs = ARENA_ARRAY(p->c->a, struct pair, p->nout);
    size_t n = 0;
    plan_row(p, s);
    for (size_t i = 0; i < p->nout; i++) {
        struct out_col *o = &p->out[i];
        if (o->kind == OUT_TABLE && !with_rows)
            continue;
        pairs[n].key = o->f->key;
        char buf[16];
        if (o->kind == OUT_ID)
            pairs[n].value = val_text(str_dup(p->c->a, id_print(stmt_int(s, 0), buf)));
        else if (out_val(p, o, s, &pairs[n].value, err))
            return -1;
        n++;
    }
    *out = val_obj(pairs, n);
    return 0;
}

/* ---- JSON ---- */

static int expand_json(struct plan *p, struct out_col *o, struct stmt *s, struct json *out,
                       struct err *err)
{
    struct stmt *t;
    if (plan_by_id(o->expand, stmt_int(s, o->col), &t, err))
        return -1;
    int step = stmt_step(t, err);
    if (step == 1 && plan_json(o->expand, t, out, err))
        step = -1;
    else if (step == 0)
        json_val(out, val_ref(p->c->a, stmt_int(s, o->col), STR_NONE));
    stmt_done(t);
    return step < 0 ? -1 : 0;
}

static int out_json(struct plan *p, struct out_col *o, struct stmt *s, struct json *out,
                    struct err *err)
{
    char buf[16];
    if (o->kind == OUT_ID) {
        json_str(out, id_print(stmt_int(s, 0), buf));
        return 0;
    }
    if (o->expand && !stmt_null(s, o->col) && right_of(p, o, s) >= FIELD_READ)
        return expand_json(p, o, s, out, err);
    struct val v;
    if (out_val(p, o, s, &v, err))
        return -1;
    if (o->kind == OUT_TABLE && val_is_blank(v)) { /* no rows is an empty list for pages */
        json_begin_list(out);
        json_end_list(out);
        return 0;
    }
    json_val(out, v);
    return 0;
}

int plan_json_members(struct plan *p, struct stmt *s, struct json *out, struct err *err)
{
    plan_row(p, s);
    for (size_t i = 0; i < p->nout; i++) {
        json_key(out, p->out[i].f->key);
        if (out_json(p, &p->out[i], s, out, err))
            return -1;
    }
    return 0;
}

int plan_json(struct plan *p, struct stmt *s, struct json *out, struct err *err)
{
    json_begin_obj(out);
    int rc = plan_json_members(p, s, out, err);
    json_end_obj(out);
    return rc;
}
