/*
 * Moving between stores; see the header. The table _move of the target says which tables are copied
 * and how far; it is gone when all is done and compared.
 */
#include "engine/store/move.h"

#include "engine/store/ddl.h"
#include "engine/store/migrate.h"
#include "engine/store/move_catalog.h"
#include "engine/store/store_driver.h"

#include <unistd.h>

#define ARENA_BYTES ((size_t)256 << 20)
#define PAGE_BYTES  (4u << 20) /* of values, a page of rows at most */
#define PAGE_ROWS   500
#define VALUES_MAX  1500 /* bound to one statement */

enum progress { COPYING, COPIED };

/* A page of rows on its way. */
struct page {
    struct move *m;
    struct arena *a; /* of the job */
    const struct mv_table *t;
    const struct val *values;
    size_t nrows;
    int64_t upto; /* rows of the table that are there then */
    enum progress state;
};

static void begin(struct sql *q, struct arena *a, struct store *s)
{
    sql_init(q, a, store_dialect(s));
}

/* ---- the target's diary ---- */

static int make_diary(struct conn *c, void *arg, struct err *err)
{
    struct arena *a = arg;
    struct sql q;
    begin(&q, a, store_of(c));
    sql_lit(&q, "CREATE TABLE IF NOT EXISTS _move (name TEXT NOT NULL PRIMARY KEY,"
                " rows_done BIGINT NOT NULL, state BIGINT NOT NULL)");
    store_ddl_begin(c, true);
    int rc = store_exec(c, a, &q, NULL, err);
    store_ddl_end(c);
    return rc;
}

/* What is not carried: its own records, and what the engine makes anew from the rows. */
static bool left_out(struct str name)
{
    return str_eqz(name, "_migration") || str_eqz(name, "_move") || str_eqz(name, "_search");
}

struct carried {
    struct arena *a;
    const struct mv_table *tables;
    size_t n;
};

/* The end: no diary any more, and statistics of what was carried. */
static int finish(struct conn *c, void *arg, struct err *err)
{
    const struct carried *done = arg;
    struct arena *a = done->a;
    struct sql q;
    for (size_t i = 0; i < done->n; i++)
        if (!left_out(done->tables[i].name) && ddl_analyze(c, a, done->tables[i].name, err) < 0)
            return -1;
    begin(&q, a, store_of(c));
    sql_lit(&q, "DROP TABLE _move");
    store_ddl_begin(c, true);
    int rc = store_exec(c, a, &q, NULL, err);
    store_ddl_end(c);
    return rc;
}

static int note(struct conn *c, struct page *p, struct err *err)
{
    struct sql q;
    begin(&q, p->a, p->m->to);
    sql_lit(&q, "INSERT INTO _move (name, rows_done, state) VALUES (");
    sql_bind_str(&q, p->t->name);
    sql_lit(&q, ", ");
    sql_bind_int(&q, p->upto);
    sql_lit(&q, ", ");
    sql_bind_int(&q, p->state);
    sql_lit(&q, ") ON CONFLICT (name) DO UPDATE SET rows_done = excluded.rows_done,"
                " state = excluded.state");
    return store_exec(c, p->a, &q, NULL, err);
}

/* How far a table got: rows and whether that is all. */
static int diary_of(struct conn *to, struct arena *a, struct str name, int64_t *rows, bool *done,
                    struct err *err)
{
    struct sql q;
    struct stmt *s;
    begin(&q, a, store_of(to));
    sql_lit(&q, "SELECT rows_done, state FROM _move WHERE name = ");
    sql_bind_str(&q, name);
    if (store_query(to, a, &q, &s, err) < 0)
        return -1;
    int rc = stmt_step(s, err);
    *rows = rc == 1 ? stmt_int(s, 0) : 0;
    *done = rc == 1 && stmt_int(s, 1) == COPIED;
    stmt_done(s);
    return rc < 0 ? -1 : 0;
}

/* ---- copying ---- */

static void columns(struct sql *q, const struct mv_table *t)
{
    for (size_t i = 0; i < t->ncolumns; i++) {
        if (i)
            sql_lit(q, ", ");
        sql_ident(q, t->columns[i].name);
    }
}

static int put_rows(struct conn *c, struct page *p, size_t from, size_t n, struct err *err)
{
    const struct mv_table *t = p->t;
    struct sql q;
    begin(&q, p->a, p->m->to);
    sql_lit(&q, "INSERT INTO ");
    sql_ident(&q, t->name);
    sql_lit(&q, " (");
    columns(&q, t);
    sql_lit(&q, ") VALUES ");
    for (size_t r = from; r < from + n; r++) {
        sql_lit_(&q, r > from ? STR(", (") : STR("("));
        for (size_t i = 0; i < t->ncolumns; i++) {
            if (i)
                sql_lit(&q, ", ");
            sql_bind(&q, p->values[r * t->ncolumns + i]);
        }
        sql_lit(&q, ")");
    }
    return store_exec(c, p->a, &q, NULL, err);
}

static int put_page(struct conn *c, void *arg, struct err *err)
{
    struct page *p = arg;
    size_t at_once = VALUES_MAX / p->t->ncolumns;
    struct arena_mark mark = arena_mark(p->a);
    int rc = 0;
    at_once = at_once ? at_once : 1;
    for (size_t at = 0; rc == 0 && at < p->nrows; at += at_once) {
        rc = put_rows(c, p, at, p->nrows - at < at_once ? p->nrows - at : at_once, err);
        arena_reset(p->a, mark);
    }
    return rc == 0 ? note(c, p, err) : rc;
}

/* All rows in the order of the key, from the offset on. */
static int rows_from(struct conn *src, struct arena *a, const struct mv_table *t, int64_t offset,
                     struct stmt **out, struct err *err)
{
    struct sql q;
    begin(&q, a, store_of(src));
    sql_lit(&q, "SELECT ");
    columns(&q, t);
    sql_lit(&q, " FROM ");
    sql_ident(&q, t->name);
    sql_lit(&q, " ORDER BY ");
    for (size_t i = 0; i < t->nkey; i++) {
        if (i)
            sql_lit(&q, ", ");
        sql_ident(&q, t->key[i]);
    }
    sql_lit(&q, " LIMIT 9000000000000000000 OFFSET ");
    sql_bind_int(&q, offset);
    return store_query(src, a, &q, out, err);
}

static struct val kept(struct arena *a, struct val v)
{
    if (v.kind == VAL_TEXT && v.n) {
        struct str copy = str_dup(a, (struct str){v.text, v.n});
        v.text = copy.p;
    }
    return v;
}

/* Reads up to a page: how many rows, -1. */
static int64_t read_page(struct stmt *s, struct arena *a, const struct mv_table *t,
                         struct val *values, struct err *err)
{
    size_t bytes = 0;
    int64_t n = 0;
    int step = 1;
    while (n < PAGE_ROWS && bytes < PAGE_BYTES && (step = stmt_step(s, err)) == 1) {
        for (size_t i = 0; i < t->ncolumns; i++) {
            struct val v = kept(a, stmt_val(s, (int)i));
            bytes += v.kind == VAL_TEXT ? v.n : 0;
            values[(size_t)n * t->ncolumns + i] = v;
        }
        n++;
    }
    return step < 0 ? -1 : n;
}

struct lane { /* of one run */
    struct move *m;
    struct arena *a, *pages;
    struct conn *src, *dst;
};

static int copy_rows(struct lane *l, const struct mv_table *t, int64_t done, struct err *err)
{
    struct stmt *s;
    struct page p = {.m = l->m, .a = l->pages, .t = t, .upto = done, .state = COPYING};
    if (rows_from(l->src, l->a, t, done, &s, err) < 0)
        return -1;
    while (p.state == COPYING) {
        struct arena_mark mark = arena_mark(l->pages);
        struct val *values = ARENA_ARRAY(l->pages, struct val, PAGE_ROWS * t->ncolumns);
        int64_t n = read_page(s, l->pages, t, values, err);
        if (n < 0)
            return -1;
        p.values = values;
        p.nrows = (size_t)n;
        p.upto += n;
        p.state = n == 0 ? COPIED : COPYING;
        int rc = store_write(l->m->to, put_page, &p, err);
        arena_reset(l->pages, mark);
        if (rc < 0)
            return -1;
    }
    stmt_done(s);
    return 0;
}

struct making {
    struct arena *a;
    const struct mv_table *t;
};

static int make_table(struct conn *c, void *arg, struct err *err)
{
    struct making *w = arg;
    return mv_create_table(c, w->a, w->t, err);
}

static int make_indexes(struct conn *c, void *arg, struct err *err)
{
    struct making *w = arg;
    return mv_create_indexes(c, w->a, w->t, err);
}

static bool is_system(struct str name)
{
    return name.p[0] == '_';
}

static int copy_table(struct lane *l, struct mv_table *t, struct err *err)
{
    struct making w = {l->a, t};
    int64_t rows;
    bool done;
    if (mv_describe(l->src, l->a, t, err) < 0 ||
        (!is_system(t->name) && store_write(l->m->to, make_table, &w, err) < 0) ||
        diary_of(l->dst, l->a, t->name, &rows, &done, err) < 0 ||
        (!done && copy_rows(l, t, rows, err) < 0))
        return -1;
    return is_system(t->name) ? 0 : store_write(l->m->to, make_indexes, &w, err);
}

/* ---- comparing ---- */

static uint64_t mix(uint64_t h, const void *bytes, size_t n)
{
    const unsigned char *p = bytes;
    for (size_t i = 0; i < n; i++)
        h = (h ^ p[i]) * UINT64_C(0x100000001b3);
    return h;
}

static uint64_t row_hash(struct stmt *s, size_t ncolumns)
{
    uint64_t h = UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < ncolumns; i++) {
        struct val v = stmt_val(s, (int)i);
        unsigned char kind = (unsigned char)v.kind;
        h = mix(h, &kind, 1);
        if (v.kind == VAL_TEXT)
            h = mix(h, v.text, v.n);
        else if (v.kind == VAL_DEC)
            h = mix(h, &v.i, sizeof v.i);
        else if (v.kind == VAL_NUM)
            h = mix(h, &v.num, sizeof v.num);
    }
    return h;
}

/* Rows, and the sum of their hashes, whatever their order. */
static int sum_table(struct conn *c, struct arena *a, const struct mv_table *t, int64_t *rows,
                     uint64_t *sum, struct err *err)
{
    struct sql q;
    struct stmt *s;
    int step;
    begin(&q, a, store_of(c));
    sql_lit(&q, "SELECT ");
    columns(&q, t);
    sql_lit(&q, " FROM ");
    sql_ident(&q, t->name);
    if (store_query(c, a, &q, &s, err) < 0)
        return -1;
    *rows = 0;
    *sum = 0;
    while ((step = stmt_step(s, err)) == 1) {
        ++*rows;
        *sum += row_hash(s, t->ncolumns);
    }
    stmt_done(s);
    return step;
}

static int compare(struct lane *l, const struct mv_table *t, struct err *err)
{
    int64_t rows[2];
    uint64_t sums[2];
    if (sum_table(l->src, l->a, t, &rows[0], &sums[0], err) < 0 ||
        sum_table(l->dst, l->a, t, &rows[1], &sums[1], err) < 0)
        return -1;
    if (rows[0] != rows[1] || sums[0] != sums[1])
        return err_set(err, ERR_STORE, "move_differs",
                       "表“%.*s”两边不一致（%lld 行与 %lld 行），请清空目标后重新迁移。",
                       "Table “%.*s” differs (%lld rows and %lld rows); empty the target and move "
                       "again.",
                       STR_ARG(t->name), (long long)rows[0], (long long)rows[1]);
    l->m->tables++;
    l->m->rows += rows[0];
    if (l->m->table)
        l->m->table(l->m->arg, t->name, rows[0], sums[0]);
    return 0;
}

/* ---- the whole ---- */

/* The target is empty, or a move into it has begun. */
static int check_target(struct lane *l, struct err *err)
{
    struct mv_table *have;
    size_t n;
    bool begun = false;
    if (mv_tables(l->dst, l->a, &have, &n, err) < 0)
        return -1;
    for (size_t i = 0; i < n; i++)
        begun = begun || str_eqz(have[i].name, "_move");
    if (n && !begun)
        return err_set(err, ERR_CONFLICT, "target_not_empty",
                       "目标数据库不是空的（有表“%.*s”），请换一个空的数据库或模式。",
                       "The target is not empty (it has the table “%.*s”); name an empty database "
                       "or schema.",
                       STR_ARG(have[0].name));
    return 0;
}

static int carry(struct lane *l, struct err *err)
{
    struct mv_table *t;
    size_t n;
    if (mv_tables(l->src, l->a, &t, &n, err) < 0)
        return -1;
    if (!n)
        return err_set(err, ERR_NOT_FOUND, "source_empty", "源数据库是空的。",
                       "The source is empty.");
    for (size_t i = 0; i < n; i++)
        if (!left_out(t[i].name) && copy_table(l, &t[i], err) < 0)
            return -1;
    for (size_t i = 0; i < n; i++)
        if (!left_out(t[i].name) && compare(l, &t[i], err) < 0)
            return -1;
    struct carried done = {l->a, t, n};
    return store_write(l->m->to, finish, &done, err);
}

static int run(struct lane *l, struct err *err)
{
    if (check_target(l, err) < 0 || store_write(l->m->to, make_diary, l->a, err) < 0 ||
        migrate_run(l->m->to, l->m->now_us, err) < 0 || store_read_begin(l->src, err) < 0)
        return -1;
    int rc = carry(l, err);
    store_read_end(l->src);
    return rc;
}

int move_run(struct move *m, struct err *err)
{
    struct lane l = {.m = m, .a = arena_new(ARENA_BYTES), .pages = arena_new(ARENA_BYTES)};
    int rc = -1;
    m->tables = 0;
    m->rows = 0;
    if (!l.a || !l.pages)
        rc = err_set(err, ERR_OOM, "out_of_memory", "服务器内存不足，请稍后再试。",
                     "The server is out of memory; please try again later.");
    else if (store_conn_open(m->from, &l.src, err) == 0 && store_conn_open(m->to, &l.dst, err) == 0)
        rc = run(&l, err);
    store_conn_close(&l.dst);
    store_conn_close(&l.src);
    arena_free(&l.pages);
    arena_free(&l.a);
    return rc;
}

static int check_file(struct store *s, struct err *err)
{
    struct conn *c = NULL;
    struct arena *a = arena_new(1u << 20);
    int rc = store_conn_open(s, &c, err);
    if (rc == 0)
        rc = store_check(c, a, err);
    store_conn_close(&c);
    arena_free(&a);
    return rc;
}

int move_backup(struct store *from, struct str path, struct err *err)
{
    struct arena *a = arena_new(1u << 20);
    struct move m = {.from = from};
    int rc = 0;
    if (!a || access(str_z(a, path), F_OK) == 0)
        rc = err_set(err, ERR_CONFLICT, "exists", "文件“%.*s”已存在。",
                     "File “%.*s” exists already.", STR_ARG(path));
    if (rc == 0)
        rc = store_open(str_fmt(a, "sqlite:%.*s", STR_ARG(path)), NULL, &m.to, err);
    if (rc == 0)
        rc = move_run(&m, err);
    if (rc == 0)
        rc = check_file(m.to, err);
    if (m.to) {
        store_close(&m.to);
        (void)unlink(str_z(a, str_fmt(a, "%.*s-lock", STR_ARG(path))));
        if (rc < 0)
            (void)unlink(str_z(a, path));
    }
    arena_free(&a);
    return rc;
}
