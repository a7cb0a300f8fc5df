/*
 * Lists: filter, view, search, sort and page of a form, with the reader's rights in every part. The
 * inner query finds the ids of the page, the outer one shows them, so that titles and masks cost
 * nothing for rows that are not shown.
 */
#include "engine/record/query_int.h"

#define OFFSET_MAX 1000000
#define FIELDS_MAX 500
#define BRANCH_MAX 8

int query_access(struct ctx *c, const struct form *f, bool bin, struct access **out,
                 struct err *err)
{
    unsigned right = bin ? RIGHT_RESTORE : RIGHT_READ;
    if (access_of(c, f, out, err))
        return -1;
    if (access_none(*out))
        return err_set(err, ERR_NOT_FOUND, "not_found", "没有这个表单。", "There is no such form.");
    if (!(access_rights(*out) & right))
        return err_set(err, ERR_DENIED, "denied", "您没有查看这些记录的权限。",
                       "You may not read these records.");
    return 0;
}

/* ---- conditions ---- */

static int add_filter(struct access *x, struct str text, struct sql *q, struct err *err)
{
    text = str_trim(text);
    if (!text.n)
        return 0;
    struct fx *fx = access_compile(x->c, x->f, text, FX_PLACE_FILTER, STR("filter"), err);
    if (!fx)
        return -1;
    struct fx_sql_env env = access_sql_env(x, 0, true);
    sql_lit(q, " AND ");
    return fx_sql_cond(fx, q, &env, err);
}

static int add_view(struct access *x, const struct view *view, struct sql *q, struct err *err)
{
    if (!view || !view->where)
        return 0;
    struct fx_sql_env env = access_sql_env(x, 0, false); /* of the definition: sees every field */
    sql_lit(q, " AND ");
    return fx_sql_cond(view->where, q, &env, err);
}

static void add_ids(const struct query *query, struct sql *q)
{
    if (!query->ids)
        return;
    sql_lit(q, " AND t0.\"_id\" IN (");
    for (size_t i = 0; i < query->nids; i++) {
        if (i)
            sql_lit(q, ", ");
        sql_bind_int(q, query->ids[i]);
    }
    sql_lit(q, ")");
}

int query_where(struct access *x, const struct query *query, struct sql *q, struct err *err)
{
    unsigned right = query->bin ? RIGHT_RESTORE : RIGHT_READ;
    sql_lit(q, " WHERE ");
    if (access_rows_in(x, q, 0, right, query->bin ? REC_BIN : REC_LIVE, err))
        return -1;
    add_ids(query, q);
    return add_filter(x, query->filter, q, err) || add_view(x, query->view, q, err) ? -1 : 0;
}

/* ---- columns ---- */

static int unknown_field(struct err *err, struct str key, const char *where)
{
    err_set(err, ERR_INVALID, "unknown_field", "没有字段“%.*s”。", "There is no field “%.*s”.",
            STR_ARG(key));
    err_at(err, "%s", where);
    return -1;
}

static int fields_of_text(struct access *x, struct str text, const struct field ***out, size_t *n,
                          struct err *err)
{
    size_t parts_n;
    struct str *parts = split_commas(x->c->a, text, &parts_n);
    if (parts_n > FIELDS_MAX)
        return err_set(err, ERR_INVALID, "fields", "字段过多。", "Too many fields.");
    *out = arena_array(x->c->a, parts_n, sizeof(**out));
    *n = 0;
    for (size_t i = 0; i < parts_n; i++) {
        const struct field *f = form_field(x->f, parts[i]);
        if (!f || x->best_read[f->slot] < FIELD_MASKED)
            return unknown_field(err, parts[i], "fields");
        (*out)[(*n)++] = f;
    }
    return 0;
}

static void fields_of_view(struct access *x, const struct view *view, const struct field ***out,
                           size_t *n)
{
    *out = arena_array(x->c->a, view->ncolumns + view->ncard + 8, sizeof(**out));
    *n = 0;
    const struct field *more[] = {view->by, view->start, view->end, view->title_field};
    for (size_t i = 0; i < view->ncolumns; i++)
        (*out)[(*n)++] = view->columns[i];
    for (size_t i = 0; i < view->ncard; i++)
        (*out)[(*n)++] = view->card[i];
    for (size_t i = 0; i < ARRAY_LEN(more); i++)
        if (more[i])
            (*out)[(*n)++] = more[i];
    size_t kept = 0;
    for (size_t i = 0; i < *n; i++)
        if (x->best_read[(*out)[i]->slot] >= FIELD_MASKED)
            (*out)[kept++] = (*out)[i];
    *n = kept;
}

static int make_plan(struct access *x, const struct query *query, struct plan **out,
                     struct err *err)
{
    const struct field **fields = NULL;
    size_t n;
    if (str_trim(query->fields).n) {
        if (fields_of_text(x, query->fields, &fields, &n, err))
            return -1;
    } else if (query->view && query->view->ncolumns) {
        fields_of_view(x, query->view, &fields, &n);
    } else {
        fields = plan_all(x, &n);
    }
    if (plan_make(x->c, x->f, fields, n, out, err))
        return -1;
    size_t links;
    struct str *keys = split_commas(x->c->a, query->expand, &links);
    for (size_t i = 0; i < links; i++) {
        int known = plan_expand(*out, keys[i], err);
        if (known < 0)
            return -1;
        if (!known)
            return unknown_field(err, keys[i], "expand");
    }
    return 0;
}

/* ---- the query ---- */

struct listing {
    struct ctx *c;
    const struct query *q;
    struct access *x;
    struct plan *plan;
    struct sorting sort;
    struct search *search; /* NULL: none */
    struct sql where;
    /* His grants as so many scans of an index each, instead of one OR that no index serves. */
    struct sql by[BRANCH_MAX];
    struct sql once[BRANCH_MAX]; /* and by none of those before */
    size_t nby;
    uint32_t limit;
    int64_t offset;
};

static int where_by(struct listing *l, const struct access_branch *branch, struct sql *q,
                    struct err *err)
{
    ctx_sql(l->c, q);
    sql_lit(q, " WHERE ");
    if (access_rows_by(l->x, q, 0, branch, err))
        return -1;
    add_ids(l->q, q);
    return add_filter(l->x, l->q->filter, q, err) || add_view(l->x, l->q->view, q, err) ? -1 : 0;
}

static int split_rights(struct listing *l, struct err *err)
{
    struct access_branch branches[BRANCH_MAX];
    if (l->q->bin || l->search || l->q->ids || l->c->as_of)
        return 0;
    l->nby = access_branches(l->x, RIGHT_READ, branches, BRANCH_MAX);
    for (size_t i = 0; i < l->nby; i++) {
        if (where_by(l, &branches[i], &l->by[i], err))
            return -1;
        ctx_sql(l->c, &l->once[i]);
        sql_append(&l->once[i], &l->by[i]);
        for (size_t k = 0; k < i; k++)
            if (access_not_by(l->x, &l->once[i], 0, &branches[k], err))
                return -1;
    }
    return 0;
}

/* Rows that come from a search index in the order of their ids need no sorting. */
static void order_by_index(struct listing *l)
{
    if (!search_indexed(l->search) || l->sort.n != 1)
        return;
    struct sql *id = &l->sort.v[0].expr;
    ctx_sql(l->c, id);
    search_id(l->search, id);
}

static int prepare(struct ctx *c, const struct query *q, struct listing *l, struct err *err)
{
    *l = (struct listing){.c = c, .q = q, .limit = q->limit ? q->limit : QUERY_LIMIT_DEFAULT};
    if (l->limit > QUERY_LIMIT_MAX) {
        err_set(err, ERR_INVALID, "limit", "每页最多 %d 条。", "At most %d records a page.",
                QUERY_LIMIT_MAX);
        err_at(err, "limit");
        return -1;
    }
    l->offset = q->page > 1 ? (int64_t)(q->page - 1) * l->limit : 0;
    if (l->offset > OFFSET_MAX) {
        err_set(err, ERR_INVALID, "page", "页码过大，请改用筛选。",
                "This page is too far away; please filter instead.");
        err_at(err, "page");
        return -1;
    }
    ctx_sql(c, &l->where);
    return query_access(c, q->form, q->bin, &l->x, err) || make_plan(l->x, q, &l->plan, err) ||
                   sorting_make(l->x, q->sort, q->view, &l->sort, err) ||
                   search_make(l->x, q, &l->search, err) || query_where(l->x, q, &l->where, err) ||
                   search_where(l->search, &l->where, err) || split_rights(l, err)
               ? -1
               : (order_by_index(l), 0);
}

static void from_table(const struct listing *l, struct sql *q, bool descending)
{
    if (search_indexed(l->search)) {
        search_from(l->search, q, descending);
        sql_lit(q, " CROSS JOIN ");
    } else {
        sql_lit(q, " FROM ");
    }
    sql_form(q, l->x->f);
    sql_lit(q, " t0");
}

static void limit_sql(struct sql *q, int64_t rows)
{
    if (!rows)
        return;
    sql_lit(q, " LIMIT ");
    sql_bind_int(q, rows);
}

/* SELECT id, k0 … over what one condition lets through, in order; `part`: what comes after a row.
 */
static void rows_sql(struct listing *l, const struct sql *where, const struct after *after,
                     size_t part, struct sql *q)
{
    sql_lit(q, "SELECT t0.\"_id\" AS id");
    sorting_select(&l->sort, q);
    from_table(l, q, l->sort.v[l->sort.n - 1].descending);
    sql_append(q, where);
    if (after)
        sorting_part(&l->sort, q, after, part);
    sorting_order(&l->sort, q);
}

/* The rows that one condition lets through, the first of each part of what comes after. */
static int page_sql(struct listing *l, const struct sql *where, int64_t rows, struct sql *q,
                    struct err *err)
{
    struct val *keys;
    struct after after;
    if (!l->q->after.n) {
        rows_sql(l, where, NULL, 0, q);
        limit_sql(q, rows);
        return 0;
    }
    if (cursor_read(&l->sort, l->q->after, &keys, err))
        return -1;
    sorting_parts(&l->sort, keys, &after);
    if (after.n == 1) {
        rows_sql(l, where, &after, 0, q);
        limit_sql(q, rows);
        return 0;
    }
    sql_lit(q, "SELECT p.* FROM (");
    for (size_t i = 0; i < after.n; i++) {
        if (i)
            sql_lit(q, " UNION ALL ");
        sql_lit(q, "SELECT * FROM (");
        rows_sql(l, where, &after, i, q);
        limit_sql(q, rows);
        sql_lit(q, ") a");
        sql_int(q, (int64_t)i);
    }
    sql_lit(q, ") p");
    sorting_order_outer(&l->sort, q);
    limit_sql(q, rows);
    return 0;
}

/* The first rows of each way to a row, without those that come twice, and of these the first. */
static int union_sql(struct listing *l, int64_t rows, struct sql *q, struct err *err)
{
    sql_lit(q, "SELECT p.* FROM (");
    for (size_t i = 0; i < l->nby; i++) {
        if (i)
            sql_lit(q, " UNION ");
        sql_lit(q, "SELECT * FROM (");
        if (page_sql(l, &l->by[i], rows + l->offset, q, err))
            return -1;
        sql_lit(q, ") b");
        sql_int(q, (int64_t)i);
    }
    sql_lit(q, ") p");
    sorting_order_outer(&l->sort, q);
    limit_sql(q, rows);
    return 0;
}

/* Columns of the plan, then the sort keys; `rows` 0: no end. */
static int list_sql(struct listing *l, int64_t rows, struct sql *q, struct err *err)
{
    ctx_sql(l->c, q);
    sql_append(q, &l->plan->select);
    for (size_t i = 0; i < l->sort.n; i++) {
        sql_lit(q, ", p.k");
        sql_int(q, (int64_t)i);
    }
    sql_lit(q, " FROM (");
    if (l->nby && rows ? union_sql(l, rows, q, err) : page_sql(l, &l->where, rows, q, err))
        return -1;
    if (l->offset) {
        sql_lit(q, " OFFSET ");
        sql_bind_int(q, l->offset);
    }
    sql_lit(q, ") p JOIN ");
    sql_form(q, l->x->f);
    sql_lit(q, " t0 ON t0.\"_id\" = p.id");
    sorting_order_outer(&l->sort, q);
    return 0;
}

/* The index alone tells how many there are. */
static bool only_search(const struct listing *l)
{
    const struct query *q = l->q;
    return search_exact(l->search) && !str_trim(q->filter).n && !q->ids &&
           (!q->view || !q->view->where);
}

/* SELECT 1 for each row, once. */
static void count_each(struct listing *l, struct sql *q)
{
    for (size_t i = 0; i < l->nby; i++) {
        if (i)
            sql_lit(q, " UNION ALL ");
        sql_lit(q, "SELECT 1");
        from_table(l, q, true);
        sql_append(q, &l->once[i]);
    }
    if (l->nby)
        return;
    sql_lit(q, "SELECT 1");
    if (only_search(l)) {
        search_from(l->search, q, true);
        sql_lit(q, " WHERE");
        search_driven(l->search, q);
    } else {
        from_table(l, q, true);
        sql_append(q, &l->where);
    }
}

/* The cap-th row of one way to a row; skipping costs less than counting. */
static void skip_sql(struct listing *l, size_t way, int64_t cap, struct sql *q)
{
    ctx_sql(l->c, q);
    sql_lit(q, "SELECT 1");
    if (only_search(l)) {
        search_from(l->search, q, true);
        sql_lit(q, " WHERE");
        search_driven(l->search, q);
    } else {
        from_table(l, q, true);
        sql_append(q, l->nby ? &l->by[way] : &l->where);
    }
    sql_lit(q, " LIMIT 1 OFFSET ");
    sql_bind_int(q, cap - 1);
}

/* One way alone leads to as many rows as anybody counts: rows of two ways need not be told apart,
 * which costs a member more than a look at his rows. 1, 0, -1. */
static int reaches_cap(struct listing *l, int64_t cap, struct err *err)
{
    for (size_t i = 0; i < MAX(l->nby, (size_t)1); i++) {
        struct sql q;
        int64_t one;
        skip_sql(l, i, cap, &q);
        int has = store_get_int(l->c->db, l->c->a, &q, &one, err);
        if (has)
            return has;
    }
    return 0;
}

static int count_rows(struct listing *l, int64_t cap, int64_t *n, struct err *err)
{
    struct sql q;
    bool quick = cap && store_dialect(l->c->store) == SQL_SQLITE; /* else a question costs more */
    if (quick && (!l->search || only_search(l))) {
        int has = reaches_cap(l, cap, err);
        *n = cap;
        if (has)
            return has < 0 ? -1 : 0;
    }
    ctx_sql(l->c, &q);
    sql_lit(&q, "SELECT COUNT(*) FROM (");
    count_each(l, &q);
    limit_sql(&q, cap);
    sql_lit(&q, ") counted");
    *n = 0;
    return store_get_int(l->c->db, l->c->a, &q, n, err) < 0 ? -1 : 0;
}

/* The page's records; *shown how many, *next the cursor when more follow. */
static int write_records(struct listing *l, struct json *out, int64_t *shown, struct str *next,
                         struct err *err)
{
    struct sql q;
    struct stmt *s;
    if (list_sql(l, (int64_t)l->limit + 1, &q, err) || store_query(l->c->db, l->c->a, &q, &s, err))
        return -1;
    int step;
    *shown = 0;
    struct str last = STR_NONE;
    while ((step = stmt_step(s, err)) == 1) {
        if (*shown == l->limit) {
            *next = last;
            break;
        }
        if (plan_json(l->plan, s, out, err)) {
            stmt_done(s);
            return -1;
        }
        if (++*shown == l->limit && cursor_text(&l->sort, s, l->plan->ncols, &last, err)) {
            stmt_done(s);
            return -1;
        }
    }
    stmt_done(s);
    return step < 0 ? -1 : 0;
}

static int write_total(struct listing *l, int64_t shown, bool more, struct json *out,
                       struct err *err)
{
    int64_t total = 0;
    bool capped = false;
    if (l->q->count == COUNT_NONE) {
        json_key(out, STR("total"));
        json_blank(out);
        return 0;
    }
    if (!l->q->after.n && !more && (shown || !l->offset)) {
        total = l->offset + shown; /* everything is here */
    } else {
        int64_t cap = l->q->count == COUNT_EXACT ? 0 : QUERY_COUNT_CAP;
        if (count_rows(l, cap, &total, err))
            return -1;
        capped = cap && total >= cap;
    }
    json_kint(out, "total", total);
    json_kstr(out, "total_is", capped ? STR("at_least") : STR("exact"));
    return 0;
}

static int write_list(struct listing *l, struct json *out, struct err *err)
{
    int64_t shown;
    struct str next = STR_NONE;
    json_begin_obj(out);
    json_key(out, STR("records"));
    json_begin_list(out);
    if (write_records(l, out, &shown, &next, err))
        return -1;
    json_end_list(out);
    json_key(out, STR("next"));
    if (next.n)
        json_str(out, next);
    else
        json_blank(out);
    if (write_total(l, shown, next.n != 0, out, err))
        return -1;
    json_end_obj(out);
    return 0;
}

static void end_snapshot(void *db)
{
    store_read_end(db);
}

/* Rights, page and count are of one moment. Inside a write job they are anyway. */
int query_list(struct ctx *c, const struct query *q, struct json *out, struct err *err)
{
    struct listing l;
    bool snapshot = !store_in_snapshot(c->db);
    if (snapshot && store_read_begin(c->db, err))
        return -1;
    if (snapshot)
        arena_defer(c->a, end_snapshot, c->db); /* an unwind must not leave it open */
    int rc = prepare(c, q, &l, err) ? -1 : write_list(&l, out, err);
    if (snapshot) {
        arena_undefer(c->a, c->db);
        store_read_end(c->db);
    }
    return rc;
}

/* One row's values, on the arena of rows when there is one. */
static int each_row(struct listing *l, struct stmt *s, query_row_fn *fn, void *arg, struct err *err)
{
    struct ctx *c = l->c;
    struct arena *main = c->a;
    struct val obj;
    struct arena_mark mark = {0};
    if (l->q->rows) {
        c->a = l->q->rows;
        mark = arena_mark(c->a);
    }
    int rc = plan_obj(l->plan, s, l->q->with_rows, &obj, err) || fn(arg, stmt_int(s, 0), obj, err)
                 ? -1
                 : 0;
    c->a = main;
    if (l->q->rows) {
        rcache_forget(c); /* what it remembers lay there */
        arena_reset(l->q->rows, mark);
    }
    return rc;
}

static int each(struct ctx *c, const struct query *q, query_row_fn *fn, void *arg, struct err *err)
{
    struct listing l;
    struct sql sql;
    struct stmt *s;
    struct query all = *q;
    all.limit = 0; /* not a page: the caller's own bound holds */
    if (prepare(c, &all, &l, err))
        return -1;
    l.plan->no_masks = q->no_masks;
    if (list_sql(&l, q->limit, &sql, err) || store_query(c->db, c->a, &sql, &s, err))
        return -1;
    int step;
    if (q->rows)
        stmt_many(s);
    while ((step = stmt_step(s, err)) == 1) {
        if (each_row(&l, s, fn, arg, err)) {
            step = -1;
            break;
        }
    }
    stmt_done(s);
    return step;
}

/* Many rows come from one snapshot: what is looked up for each of them is of the same moment. */
int query_each(struct ctx *c, const struct query *q, query_row_fn *fn, void *arg, struct err *err)
{
    bool snapshot = q->rows && !store_in_snapshot(c->db);
    if (snapshot && store_read_begin(c->db, err))
        return -1;
    if (snapshot)
        arena_defer(c->a, end_snapshot, c->db); /* an unwind must not leave it open */
    int rc = each(c, q, fn, arg, err);
    if (snapshot) {
        arena_undefer(c->a, c->db);
        store_read_end(c->db);
    }
    return rc;
}

int query_count(struct ctx *c, const struct query *q, int64_t *n, struct err *err)
{
    struct listing l = {.c = c, .q = q};
    ctx_sql(c, &l.where);
    if (query_access(c, q->form, q->bin, &l.x, err) || search_make(l.x, q, &l.search, err) ||
        query_where(l.x, q, &l.where, err) || search_where(l.search, &l.where, err))
        return -1;
    return count_rows(&l, 0, n, err);
}
