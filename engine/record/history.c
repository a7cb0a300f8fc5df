/*
 * Who changed what, when, how. Written with the change, as values in their JSON forms; read with
 * the rights the reader has on the record as it is now, titles of links included.
 */
#include "engine/record/history.h"

#include "engine/record/history_int.h"
#include "engine/record/merge.h"

#include "engine/org/member.h"

#define HISTORY_MAX 500 /* entries an answer holds */

/* ---- writing ---- */

static bool kept_in_history(const struct rec *r, const struct field *f)
{
    const struct form *form = r->form;
    if (!field_is_sys(f))
        return f->sub || (field_has_column(f) && !field_by_expr(f));
    return f == form->sys[SYS_OWNER] || f == form->sys[SYS_DEPT] || f == form->sys[SYS_STATE] ||
           f == form->sys[SYS_TITLE];
}

/* [before, after] of a field. */
static int field_change(struct ctx *c, struct json *j, const struct rec *now, const struct rec *old,
                        const struct field *f, struct err *err)
{
    json_key(j, f->key);
    if (f->sub)
        return history_rows(c, j, old, now, f, err);
    json_begin_list(j);
    if (!old)
        json_blank(j);
    else if (history_put(c, j, old, NULL, f, err))
        return -1;
    if (history_put(c, j, now, NULL, f, err))
        return -1;
    json_end_list(j);
    return 0;
}

/* *n: how many fields differ. */
static int write_changes(struct ctx *c, struct json *j, const struct rec *now,
                         const struct rec *old, size_t *n, struct err *err)
{
    *n = 0;
    json_begin_obj(j);
    for (size_t i = 0; i < now->form->nslots; i++) {
        const struct field *f = rec_field_at(now->form, i);
        if (!kept_in_history(now, f))
            continue;
        bool any = f->sub && now->rows && now->rows[i].n;
        bool same = f->sub ? (old ? rec_same_rows(now, old, f) : !any)
                           : val_same(now->v[i], old ? old->v[i] : VAL_NONE);
        if (same)
            continue;
        ++*n;
        if (field_change(c, j, now, old, f, err))
            return -1;
    }
    json_end_obj(j);
    return 0;
}

/* A button says which one it was: "button:claim". */
static struct str op_text(struct ctx *c, enum rec_op op)
{
    static const struct str ops[] = {[REC_CREATE] = STR("create"),
                                     [REC_UPDATE] = STR("update"),
                                     [REC_DELETE] = STR("delete"),
                                     [REC_RESTORE] = STR("restore")};
    const struct button *b = rcache_of(c)->button;
    if (op == REC_UPDATE && b)
        return str_fmt(c->a, "button:%.*s", STR_ARG(b->key));
    return ops[op];
}

static int insert(struct ctx *c, const struct rec *rec, struct str op, struct str changes,
                  struct err *err)
{
    struct sql q;
    const struct form *f = rec->form;
    int64_t job = c->job;
    ctx_sql(c, &q);
    sql_lit(&q, "INSERT INTO _history (id, app, form, record, version, at, who, via, op, changes,"
                " job) VALUES (");
    sql_bind_int(&q, id_next(c->ids, c->now_us));
    sql_lit(&q, ", ");
    sql_bind_str(&q, f->app->key);
    sql_lit(&q, ", ");
    sql_bind_str(&q, f->key);
    sql_lit(&q, ", ");
    sql_bind_int(&q, rec->id);
    sql_lit(&q, ", ");
    sql_bind_int(&q, rec->version);
    sql_lit(&q, ", ");
    sql_bind_int(&q, c->now_us);
    sql_lit(&q, ", ");
    sql_bind(&q, c->who->id ? val_dec(c->who->id, 0) : VAL_NONE);
    sql_lit(&q, ", ");
    sql_bind_str(&q, via_name(c->via));
    sql_lit(&q, ", ");
    sql_bind_str(&q, op);
    sql_lit(&q, ", ");
    sql_bind_str(&q, changes);
    sql_lit(&q, ", ");
    sql_bind(&q, job ? val_dec(job, 0) : VAL_NONE);
    sql_lit(&q, ")");
    return store_exec_later(c->db, c->a, &q, err);
}

int history_add(struct ctx *c, enum rec_op op, const struct rec *rec, const struct rec *old,
                struct err *err)
{
    struct strb b;
    struct json j;
    size_t n;
    strb_init(&b, c->a);
    json_init(&j, &b);
    if (write_changes(c, &j, rec, op == REC_DELETE ? rec : old, &n, err))
        return -1;
    if (!n && op == REC_UPDATE)
        return 0;
    return insert(c, rec, op_text(c, op), strb_str(&b), err);
}

int history_computed(struct ctx *c, const struct rec *rec, const struct rec *old, struct err *err)
{
    struct strb b;
    struct json j;
    size_t n;
    strb_init(&b, c->a);
    json_init(&j, &b);
    if (write_changes(c, &j, rec, old, &n, err))
        return -1;
    if (!n)
        return 0;
    return insert(c, rec, STR("compute"), strb_str(&b), err);
}

int history_purged(struct ctx *c, const struct rec *rec, struct err *err)
{
    return insert(c, rec, STR("purge"), STR("{}"), err);
}

/* ---- reading ---- */

/* A record whose entries are shown: the one that was asked for, or one that was merged into it. */
struct shown {
    int64_t id;
    uint64_t held;   /* the grants that let him read the row */
    uint8_t *rights; /* they add up to, by slot */
    struct str title;
};

struct reading {
    struct ctx *c;
    const struct form *f;
    struct access *x;
    uint64_t held; /* of the record at hand */
    uint8_t *rights;
    VEC(struct shown) records; /* the one that was asked for is the first */
    struct json *out;
};

/* A link's title is the reader's, not that of the one who wrote. */
static int reader_val(struct reading *r, const struct field *f, struct val v, struct val *out,
                      struct err *err)
{
    struct str title;
    int64_t id;
    const struct form *target = ref_target(f);
    bool person = ref_kind_of(f) == REF_MEMBER || ref_kind_of(f) == REF_DEPT;
    bool by_reader = target || (person && org_limited(r->c)); /* else the name as it was then */
    *out = v;
    if (v.kind == VAL_LIST && by_reader) {
        struct val *items = ARENA_ARRAY(r->c->a, struct val, v.n);
        for (uint32_t i = 0; i < v.n; i++)
            if (reader_val(r, f, v.list[i], &items[i], err))
                return -1;
        *out = val_list(items, v.n);
        return 0;
    }
    if (v.kind != VAL_OBJ || !by_reader)
        return 0;
    struct val text = val_get(v, STR("id"));
    if (text.kind != VAL_TEXT || !id_parse(val_str(text), &id))
        return 0;
    int seen = target                         ? record_title(r->c, target, id, &title, err)
               : ref_kind_of(f) == REF_MEMBER ? member_title(r->c, id, &title, err)
                                              : department_title(r->c, id, &title, err);
    if (seen < 0)
        return -1;
    *out = val_ref(r->c->a, id, title);
    return 0;
}

static struct val masked(struct arena *a, const struct field *f, struct val v)
{
    if (f->value)
        return VAL_NONE; /* as plan.c says */
    if (v.kind != VAL_TEXT)
        return VAL_NONE;
    return val_text(f->type->mask ? f->type->mask(a, v) : STR("***"));
}

static int side(struct reading *r, const struct field *f, uint8_t right, struct val v,
                struct err *err)
{
    if (reader_val(r, f, v, &v, err))
        return -1;
    json_val(r->out, right == FIELD_MASKED ? masked(r->c->a, f, v) : v);
    return 0;
}

/* The reader may know of the column, if only masked, whatever it was computed from. */
static bool column_shown(const struct reading *r, const struct field *table, const struct field *f)
{
    struct needs **needs = r->x->sub_needs ? r->x->sub_needs[table->slot] : NULL;
    return f && access_held_sub(r->x, r->held, table, f) >= FIELD_MASKED &&
           !(needs && needs[f->slot]);
}

/* Whether a column that is shown differs between the sides, once opened if it is sealed. */
static bool column_differs(const struct reading *r, const struct field *f, int64_t id,
                           struct val old, struct val new_)
{
    struct err ignored = ERR_INIT;
    struct val v[2];
    if (val_same(old, new_))
        return false;
    if (!f->encrypted || history_get(r->c, f, id, old, &v[0], &ignored) ||
        history_get(r->c, f, id, new_, &v[1], &ignored))
        return true;
    return !val_same(v[0], v[1]);
}

/* A row of which nothing that changed is shown has not changed for this reader. */
static bool row_shown(const struct reading *r, const struct field *table, struct val row)
{
    struct val old = val_get(row, STR("old"));
    struct val new_ = val_get(row, STR("new"));
    int64_t id = 0;
    if (old.kind != VAL_OBJ || new_.kind != VAL_OBJ)
        return true; /* it came or went */
    (void)id_parse(val_str(val_get(row, STR("id"))), &id);
    if (!val_same(val_get(old, STR("_pos")), val_get(new_, STR("_pos"))))
        return true;
    for (size_t i = 0; i < table->sub->nfields; i++) {
        const struct field *f = table->sub->fields[i];
        if (column_shown(r, table, f) &&
            column_differs(r, f, id, val_get(old, f->key), val_get(new_, f->key)))
            return true;
    }
    return false;
}

static int row_side(struct reading *r, const struct field *table, int64_t id, struct val row,
                    struct err *err)
{
    if (row.kind != VAL_OBJ) {
        json_blank(r->out);
        return 0;
    }
    json_begin_obj(r->out);
    for (uint32_t i = 0; i < row.n; i++) {
        const struct field *f = form_field(table->sub, row.obj[i].key);
        if (!column_shown(r, table, f))
            continue;
        uint8_t right = access_held_sub(r->x, r->held, table, f);
        json_key(r->out, f->key);
        struct val v;
        if (history_get(r->c, f, id, row.obj[i].value, &v, err) || side(r, f, right, v, err))
            return -1;
    }
    json_end_obj(r->out);
    return 0;
}

static int rows_sides(struct reading *r, const struct field *table, struct val rows,
                      struct err *err)
{
    json_key(r->out, STR("rows"));
    json_begin_list(r->out);
    for (uint32_t i = 0; rows.kind == VAL_LIST && i < rows.n; i++) {
        int64_t id = 0;
        if (!row_shown(r, table, rows.list[i]))
            continue;
        struct val text = val_get(rows.list[i], STR("id"));
        (void)id_parse(val_str(text), &id);
        json_begin_obj(r->out);
        json_kval(r->out, "id", text);
        json_key(r->out, STR("old"));
        if (row_side(r, table, id, val_get(rows.list[i], STR("old")), err))
            return -1;
        json_key(r->out, STR("new"));
        if (row_side(r, table, id, val_get(rows.list[i], STR("new")), err))
            return -1;
        json_end_obj(r->out);
    }
    json_end_list(r->out);
    return 0;
}

static int64_t rows_unseen(const struct reading *r, const struct field *table, struct val v)
{
    struct val rows = val_get(v, STR("rows"));
    int64_t n = 0;
    for (uint32_t i = 0; rows.kind == VAL_LIST && i < rows.n; i++)
        n += !row_shown(r, table, rows.list[i]);
    return n;
}

/* Whether a sub-table changed at all for this reader. */
static bool table_shown(const struct reading *r, const struct field *table, struct val v)
{
    double left = val_double(val_get(v, STR("added"))) + val_double(val_get(v, STR("removed"))) +
                  val_double(val_get(v, STR("changed"))) - (double)rows_unseen(r, table, v);
    return left > 0 || val_get(v, STR("order")).kind == VAL_LIST;
}

static int table_change(struct reading *r, const struct field *f, struct val v, struct err *err)
{
    int64_t changed = (int64_t)val_double(val_get(v, STR("changed"))) - rows_unseen(r, f, v);
    json_kval(r->out, "added", val_get(v, STR("added")));
    json_kval(r->out, "removed", val_get(v, STR("removed")));
    json_kint(r->out, "changed", MAX(changed, 0));
    if (r->rights[f->slot] < FIELD_READ)
        return 0;
    return rows_sides(r, f, val_get(v, STR("rows")), err);
}

static bool change_shown(const struct reading *r, const struct pair *p)
{
    const struct field *f = form_field(r->f, p->key);
    return f && r->rights[f->slot] >= FIELD_MASKED && f != r->f->sys[SYS_TITLE] &&
           !(f->sub && p->value.kind == VAL_OBJ && !table_shown(r, f, p->value));
}

static int one_change(struct reading *r, int64_t id, const struct pair *p, struct err *err)
{
    const struct field *f = form_field(r->f, p->key);
    if (!change_shown(r, p))
        return 0;
    json_begin_obj(r->out);
    json_kstr(r->out, "field", f->key);
    json_kstr(r->out, "title", f->title);
    if (p->value.kind == VAL_LIST && p->value.n == 2) {
        static const struct str keys[] = {STR("old"), STR("new")};
        for (size_t i = 0; i < 2; i++) {
            json_key(r->out, keys[i]);
            struct val v;
            if (history_get(r->c, f, id, p->value.list[i], &v, err) ||
                side(r, f, r->rights[f->slot], v, err))
                return -1;
        }
    } else if (p->value.kind == VAL_OBJ && f->sub && table_change(r, f, p->value, err)) {
        return -1;
    }
    json_end_obj(r->out);
    return 0;
}

static void op_json(struct reading *r, struct str op)
{
    struct str key;
    struct str name = str_cut(op, ':', &key);
    json_kstr(r->out, "op", key);
    const struct button *b = name.n ? form_button(r->f, name) : NULL;
    if (b)
        json_kstr(r->out, "title", b->title);
}

/* What a merge did to the survivor names the record that went into it. */
static void merge_members(struct reading *r, const struct shown *of, struct stmt *s)
{
    struct str title = STR_NONE;
    char buf[16];
    if (of != &r->records.v[0]) {
        json_kval(r->out, "record", val_ref(r->c->a, of->id, of->title));
        return;
    }
    if (stmt_null(s, 9))
        return;
    for (size_t i = 1; i < r->records.n; i++)
        if (r->records.v[i].id == stmt_int(s, 9))
            title = r->records.v[i].title;
    json_kval(r->out, "from", val_ref(r->c->a, stmt_int(s, 9), title));
    json_key(r->out, STR("merge"));
    json_begin_obj(r->out);
    json_kstr(r->out, "id", id_print(stmt_int(s, 10), buf));
    json_kval(r->out, "until", val_instant(stmt_int(s, 11) + MERGE_UNDO_US));
    json_kval(r->out, "undone_at", stmt_null(s, 12) ? VAL_NONE : val_instant(stmt_int(s, 12)));
    json_kbool(r->out, "mine", r->c->who->id && stmt_int(s, 13) == r->c->who->id);
    json_end_obj(r->out);
}

static int entry(struct reading *r, struct stmt *s, struct err *err)
{
    struct json *out = r->out;
    struct val changes;
    char buf[16];
    const struct shown *of = &r->records.v[0];
    for (size_t i = 1; i < r->records.n; i++)
        if (r->records.v[i].id == stmt_int(s, 8))
            of = &r->records.v[i];
    bool merged = of == &r->records.v[0] && !stmt_null(s, 9);
    r->held = of->held;
    r->rights = of->rights;
    if (json_parse(r->c->a, str_dup(r->c->a, stmt_str(s, 7)), &changes, err))
        return -1;
    bool any = !str_eqz(stmt_str(s, 6), "compute"); /* of values alone that are not shown */
    for (uint32_t i = 0; !any && changes.kind == VAL_OBJ && i < changes.n; i++)
        any = change_shown(r, &changes.obj[i]);
    if (!any)
        return 0;
    json_begin_obj(out);
    json_kstr(out, "id", id_print(stmt_int(s, 0), buf));
    json_kint(out, "version", stmt_int(s, 1));
    json_kval(out, "at", val_instant(stmt_int(s, 2)));
    json_kval(out, "by",
              stmt_null(s, 3) ? VAL_NONE
                              : org_ref(r->c, stmt_int(s, 3), str_dup(r->c->a, stmt_str(s, 4)),
                                        !stmt_null(s, 4)));
    json_kstr(out, "via", stmt_str(s, 5));
    op_json(r, merged ? STR("merge") : str_dup(r->c->a, stmt_str(s, 6)));
    merge_members(r, of, s);
    json_key(out, STR("changes"));
    json_begin_list(out);
    for (uint32_t i = 0; changes.kind == VAL_OBJ && i < changes.n; i++)
        if (one_change(r, of->id, &changes.obj[i], err))
            return -1;
    json_end_list(out);
    json_end_obj(out);
    return 0;
}

/* 1 he may read this record's history, 0 it is invisible, 2 its history is not for him, -1. */
static int may_read_one(struct reading *r, int64_t id, enum rec_where where, struct err *err)
{
    struct rec row;
    struct ctx *c = r->c;
    struct shown one = {.id = id, .rights = ARENA_ARRAY(c->a, uint8_t, r->f->nslots)};
    const struct rec_key key = {r->f, id, where};
    const struct rec_seen read = {.rights = RIGHT_READ};
    int found = record_load_seen(r->x, &key, &read, &row, err);
    if (found <= 0)
        return found;
    int seen = access_row(r->x, &row, RIGHT_READ, err);
    if (seen <= 0)
        return seen;
    int may = access_row(r->x, &row, RIGHT_HISTORY, err);
    if (may <= 0)
        return may < 0 ? -1 : 2;
    if (access_row_held(r->x, &row, RIGHT_READ, &one.held, err))
        return -1;
    access_held_fields(r->x, one.held, one.rights);
    for (size_t s = 0; r->x->needs && s < r->f->nslots; s++)
        if (r->x->needs[s]) /* the rows it looked at then are not those of now */
            one.rights[s] = FIELD_HIDDEN;
    (void)vec_push(c->a, &r->records, one);
    return 1;
}

/* Those that were merged into it, as far as he may read theirs. */
static int may_read_merged(struct reading *r, int64_t id, struct err *err)
{
    int64_t *gone;
    size_t n;
    if (merge_gone(r->c, id, &gone, &n, err))
        return -1;
    for (size_t i = 0; i < n; i++) {
        const struct rec_key key = {r->f, gone[i], REC_BIN};
        int may = may_read_one(r, gone[i], REC_BIN, err);
        if (may < 0)
            return -1;
        if (may == 1 && record_title_in(r->c, &key, &r->records.v[r->records.n - 1].title, err) < 0)
            return -1;
    }
    return 0;
}

/* 1 may read this record's history, 0 invisible, -1 (denied included). */
static int may_read(struct reading *r, int64_t id, struct err *err)
{
    if (access_of(r->c, r->f, &r->x, err))
        return -1;
    int may = may_read_one(r, id, REC_LIVE, err);
    if (may != 1)
        return may == 2 ? denied(err) : may;
    return may_read_merged(r, id, err) ? -1 : 1;
}

static void select_entries(struct reading *r, const struct history_query *h, struct sql *q)
{
    ctx_sql(r->c, q);
    sql_lit(q, "SELECT h.id, h.version, h.at, h.who, m.name, h.via, h.op, h.changes, h.record,"
               " g.gone, g.id, g.at, g.undone_at, g.who FROM _history h LEFT JOIN _member m ON "
               "m.id = h.who");
    org_limit(r->c, q, "m");
    sql_lit(q, " LEFT JOIN _merge g ON g.id = h.job AND g.survivor = h.record WHERE h.record IN (");
    for (size_t i = 0; i < r->records.n; i++) {
        if (i)
            sql_lit(q, ", ");
        sql_int(q, r->records.v[i].id);
    }
    sql_lit(q, ")");
    if (!h->computed)
        sql_lit(q, " AND h.op <> 'compute'");
    if (h->before) {
        sql_lit(q, " AND h.id < ");
        sql_bind_int(q, h->before);
    }
    sql_lit(q, " ORDER BY h.id DESC LIMIT ");
    sql_int(q, HISTORY_MAX + 1);
}

int history_json(struct ctx *c, const struct history_query *h, struct json *out, struct err *err)
{
    struct reading r = {.c = c, .f = h->form, .out = out};
    struct sql q;
    struct stmt *s;
    char buf[16];
    int may = may_read(&r, h->id, err);
    if (may <= 0)
        return may;
    select_entries(&r, h, &q);
    if (store_query(c->db, c->a, &q, &s, err))
        return -1;
    json_begin_obj(out);
    json_key(out, STR("history"));
    json_begin_list(out);
    int step;
    int64_t last = 0;
    size_t n = 0;
    while ((step = stmt_step(s, err)) == 1 && n < HISTORY_MAX) {
        last = stmt_int(s, 0);
        n++;
        if (entry(&r, s, err)) {
            step = -1;
            break;
        }
    }
    stmt_done(s);
    json_end_list(out);
    json_key(out, STR("next"));
    if (step == 1)
        json_str(out, id_print(last, buf));
    else
        json_blank(out);
    json_end_obj(out);
    return step < 0 ? -1 : 1;
}
