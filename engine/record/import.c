/*
 * Rows of a table file to records: cells to values, links by what people write, and then the one
 * write path, each row in its own savepoint, up to 200 rows in a commit. Rows that fail are kept
 * as they stood, with why (import_failed.c).
 */
#include "engine/record/import.h"

#include "engine/record/import_int.h"

#define BATCH_ROWS      200
#define ROW_ARENA_BYTES (64u << 20)
#define ERRORS_MAX      1000
#define GROUP_MAX       1000   /* lines of a record with its sub-tables */
#define BATCH_US        100000 /* others want to write too: a batch of slow rows ends early */
#define HOOK_GRACE_US   450000 /* a machine under load must not fail rows for their hooks */
#define NAMES_MAX       10000
#define NAMES_BYTES     ((size_t)256 << 20)

/* ---- rows ---- */

/* Values of the columns of one table (NULL: of the record itself) in one line. */
static int line_values(struct importer *m, const struct line *l, const struct field *table,
                       struct val *out, struct diags *d, struct err *err)
{
    struct pair *pairs = ARENA_ARRAY(m->c->a, struct pair, m->ncolumns);
    uint32_t used = 0;
    for (size_t i = 0; i < m->ncolumns; i++) {
        struct column *col = &m->columns[i];
        if (!col->field || col->table != table || col->field == m->in->form->sys[SYS_ID])
            continue;
        pairs[used].key = col->field->key;
        if (import_cell_value(m, col, i < l->n ? l->cells[i] : STR_NONE, &pairs[used].value, d,
                              err) < 0)
            return -1;
        /* an empty cell of an insert leaves the default to the form */
        used += m->in->mode != IMPORT_INSERT || !val_is_blank(pairs[used].value);
    }
    *out = (struct val){.kind = VAL_OBJ, .n = used, .obj = pairs};
    return 0;
}

/* Has the line something in the columns of a table (NULL: of the record)? */
static bool says(const struct importer *m, const struct line *l, const struct field *table)
{
    for (size_t i = 0; i < m->ncolumns && i < l->n; i++)
        if (m->columns[i].field && m->columns[i].table == table && l->cells[i].n)
            return true;
    return false;
}

/* The lines of one record. */
struct group {
    const struct line *lines;
    size_t n;
};

static int table_rows(struct importer *m, struct group g, const struct field *table,
                      struct val *out, struct diags *d, struct err *err)
{
    const struct line *lines = g.lines;
    size_t n = g.n;
    struct val *rows = ARENA_ARRAY(m->c->a, struct val, n);
    size_t used = 0;
    struct str prefix = d->prefix;
    for (size_t i = 0; i < n; i++) {
        if (!says(m, &lines[i], table))
            continue;
        d->prefix = str_fmt(m->c->a, "%.*s[%zu]", STR_ARG(table->key), used);
        if (line_values(m, &lines[i], table, &rows[used++], d, err))
            return -1;
    }
    d->prefix = prefix;
    *out = val_list(rows, used);
    return 0;
}

/* The record of a group of lines: its own values stand in the first, rows of sub-tables in all. */
static int row_values(struct importer *m, const struct line *lines, size_t n, struct val *out,
                      struct diags *d, struct err *err)
{
    if (line_values(m, &lines[0], NULL, out, d, err))
        return -1;
    if (!m->tables)
        return 0;
    struct pair *pairs = ARENA_ARRAY(m->c->a, struct pair, out->n + m->ncolumns);
    memcpy(pairs, out->obj, out->n * sizeof(*pairs));
    for (size_t i = 0; i < m->ncolumns; i++) {
        struct field *table = m->columns[i].table;
        bool again = !table;
        for (size_t k = 0; k < i && !again; k++)
            again = m->columns[k].table == table;
        if (again)
            continue;
        pairs[out->n].key = table->key;
        if (table_rows(m, (struct group){lines, n}, table, &pairs[out->n++].value, d, err))
            return -1;
    }
    out->obj = pairs;
    return 0;
}

/* The row that the key names: 0 with *id 0 when there is none. */
static int match_row(struct importer *m, struct str *cells, size_t n, int64_t *id, struct diags *d,
                     struct err *err)
{
    *id = 0;
    for (size_t i = 0; i < m->ncolumns && i < n; i++) {
        int found = 0;
        if (m->columns[i].field != m->key || !cells[i].n)
            continue;
        if (import_find_by_field(m, m->key, cells[i], id, &found, err) < 0)
            return -1;
        if (found > 1)
            import_cell_problem(d, m->key, found, cells[i]);
    }
    return 0;
}

static int row_not_found(struct err *err)
{
    return err_set(err, ERR_NOT_FOUND, "not_found", "找不到要更新的记录。",
                   "The record to update was not found.");
}

static int write_row(struct importer *m, struct val values, int64_t id, struct diags *d,
                     struct err *err)
{
    struct ctx *c = m->c;
    if (id == 0 && m->in->mode == IMPORT_UPDATE)
        return row_not_found(err);
    struct rec_write w = {
        .op = id ? REC_UPDATE : REC_CREATE,
        .form = m->in->form,
        .id = id,
        .values = values,
        .no_version = true,
        .mode = ctx_is_system(c) ? WRITE_OWN_RIGHT | WRITE_SYSTEM_FIELDS : WRITE_USER,
    };
    c->hook_deadline_us = 0; /* each row is an event of its own, and nobody waits for it */
    c->hook_spent_us = -HOOK_GRACE_US;
    if (record_write(c, &w, NULL, d, err) < 0) {
        bool denied = err->code == ERR_NOT_FOUND || (err->code == ERR_DENIED && !d->errors);
        return id && denied ? row_not_found(err) : -1;
    }
    m->out->created += !id;
    m->out->updated += id != 0;
    return 0;
}

/* Adds the row's problems to the report; the import goes on. */
static void row_failed(struct importer *m, const struct diags *d, const struct err *err)
{
    struct diags *all = &m->out->errors;
    for (size_t i = 0; i < d->list.n && all->list.n < ERRORS_MAX; i++) {
        const struct diag *g = &d->list.v[i];
        struct str path = str_fmt(all->a, "%u: %.*s", m->line, STR_ARG(g->path));
        struct diag *made = diag_field(all, path, "row", "%.*s", "%.*s", STR_ARG(g->zh));
        made->key = str_dup(all->a, g->key);
        made->en = str_dup(all->a, g->en);
        made->pos.line = m->line;
    }
    if (d->list.n || all->list.n >= ERRORS_MAX)
        return;
    struct diag *made = diag_field(all, str_fmt(all->a, "%u: %s", m->line, err->path), err->key,
                                   "%s", "%s", err->zh);
    made->key = str_dup(all->a, str_of(err->key)); /* err goes with the row */
    made->en = str_dup(all->a, str_of(err->en));
    made->pos.line = m->line;
}

/* Trouble that is not the row's: the whole import stops. */
static bool is_fatal(const struct err *err)
{
    return err->code == ERR_STORE || err->code == ERR_RETRY || err->code == ERR_FULL ||
           err->code == ERR_BUSY || err->code == ERR_OOM;
}

static int one_row(struct importer *m, const struct line *lines, size_t n, struct err *err)
{
    struct diags d;
    struct val values;
    struct err row_err = ERR_INIT;
    int64_t id = 0;
    diags_init(&d, m->c->a);
    m->out->total++;
    if (store_savepoint(m->c->db, err) < 0)
        return -1;
    int rc = row_values(m, lines, n, &values, &d, &row_err);
    if (rc == 0 && m->key)
        rc = match_row(m, lines->cells, lines->n, &id, &d, &row_err);
    if (rc == 0 && d.errors)
        rc = err_set(&row_err, ERR_INVALID, "validation", "数据有误。", "The data is not valid.");
    if (rc == 0)
        rc = write_row(m, values, id, &d, &row_err);
    if (rc == 0)
        return store_release(m->c->db, err);
    store_rollback(m->c->db);
    if (is_fatal(&row_err)) {
        *err = row_err;
        return -1;
    }
    if (m->out->failed++ == 0)
        import_failed_head(m);
    import_failed_row(m, lines, n, &d, &row_err);
    row_failed(m, &d, &row_err);
    return 0;
}

/* ---- batches ---- */

/* Does the line go on with the record above it: nothing in the record's own columns (cells merged
 * over its rows read so), or in all of them the same? */
static bool goes_on(const struct importer *m, const struct line *first, const struct line *l)
{
    bool same = true, blank = true;
    for (size_t i = 0; i < m->ncolumns; i++) {
        if (!m->columns[i].field || m->columns[i].table)
            continue;
        struct str one = i < first->n ? first->cells[i] : STR_NONE;
        struct str two = i < l->n ? l->cells[i] : STR_NONE;
        same = same && str_eq(one, two);
        blank = blank && !two.n;
    }
    return blank || same;
}

/* The lines of the next record: 1, 0 the end, -1. */
static int next_group(struct importer *m, struct line *lines, size_t *n, struct err *err)
{
    int got = csv_row(&m->csv, m->c->a, &lines[0].cells, &lines[0].n, err);
    *n = 1;
    m->line = m->csv.line;
    while (got == 1 && m->tables && *n < GROUP_MAX) {
        struct csv before = m->csv;
        struct line *next = &lines[*n];
        int more = csv_row(&m->csv, m->c->a, &next->cells, &next->n, err);
        if (more < 0)
            return -1;
        if (more == 0 || !goes_on(m, &lines[0], next)) {
            m->csv = before;
            break;
        }
        (*n)++;
    }
    return got;
}

/* Inside a write job; runs again from the same place after ERR_RETRY. */
static int batch_rows(struct importer *m, struct err *err)
{
    struct line *lines = ARENA_ARRAY(m->c->a, struct line, m->tables ? GROUP_MAX : 1);
    int64_t began_us = m->c->mono_us ? m->c->mono_us() : 0;
    for (int i = 0; i < BATCH_ROWS; i++) {
        size_t n;
        if (i && m->c->mono_us && m->c->mono_us() - began_us > BATCH_US)
            return 0;
        int got = next_group(m, lines, &n, err);
        if (got <= 0) {
            m->more = false;
            return got;
        }
        if (one_row(m, lines, n, err) < 0)
            return -1;
    }
    return 0;
}

static int batch_job(struct conn *db, void *arg, struct err *err)
{
    struct importer *m = arg;
    struct ctx *c = m->c;
    struct ctx saved = *c;
    struct csv csv = m->csv;
    struct import_result out = *m->out;
    c->db = db;
    c->a = m->row;
    c->lua = NULL;
    c->records = NULL;
    c->job = m->in->job;
    rcache_bulk(c);
    c->events.n = c->events.cap = 0;
    c->events.v = NULL;
    strb_init(&m->failed, m->row);
    int rc = batch_rows(m, err);
    *c = saved;
    if (rc == 0 && m->in->dry_run) {
        err_set(err, ERR_CONFLICT, "dry_run", "试运行。", "Dry run.");
        return -1; /* takes the rows back; the counts stay */
    }
    if (rc < 0) {
        m->csv = csv;
        *m->out = out;
    }
    return rc;
}

/* What cells named is remembered from batch to batch, up to a bound. */
static void bound_names(struct importer *m)
{
    if (m->nnames < NAMES_MAX)
        return;
    arena_reset(m->names, m->no_names);
    for (size_t i = 0; i < m->ncolumns; i++)
        map_init(&m->columns[i].seen, m->names);
    m->nnames = 0;
}

static int run_batch(struct importer *m, struct err *err)
{
    bound_names(m);
    m->row = arena_new(ROW_ARENA_BYTES);
    if (!m->row)
        return err_set(err, ERR_OOM, "out_of_memory", "内存不足。", "Out of memory.");
    struct ctx saved = *m->c;
    int rc = store_write(m->c->store, batch_job, m, err);
    *m->c = saved; /* also when memory ran out inside */
    if (rc < 0 && m->in->dry_run && strcmp(err->key, "dry_run") == 0) {
        *err = (struct err)ERR_INIT;
        rc = 0;
    }
    if (rc == 0 && m->failed.n && m->in->failed)
        rc = m->in->failed(m->in->arg, strb_str(&m->failed), err);
    arena_free(&m->row);
    return rc;
}

/* Everything that can be said before the first row. */
int import_begin(struct importer *m, struct err *err)
{
    struct str text = m->in->csv;
    if (!m->in->table && csv_decode(m->a, m->in->csv, &text, err) < 0)
        return -1;
    csv_init(&m->csv, text);
    m->csv.by_row = m->in->table && m->in->table->by_row;
    if (import_columns(m, err))
        return -1;
    m->csv.guarded = !m->machine && !m->csv.by_row;
    return 0;
}

int import_check(struct ctx *c, const struct import *in, struct err *err)
{
    struct importer m = {.c = c, .in = in, .a = c->a};
    struct import head = *in;
    ptrdiff_t end = -1;
    if (head.csv.n > IMPORT_HEAD)
        for (end = IMPORT_HEAD; end > 0 && head.csv.p[end - 1] != '\n'; end--)
            ;
    if (end == 0)
        return 0; /* one line without an end: the job says so */
    if (end > 0)
        head.csv = str_sub(head.csv, 0, (size_t)end);
    m.in = &head;
    return import_begin(&m, err);
}

static void count_piece(void *arg, struct str piece)
{
    csv_count(arg, piece);
}

int64_t import_count_rows(const struct importer *m)
{
    struct csv_count n = {0};
    if (m->in->table)
        tablefile_each(m->in->table, m->csv.pos, count_piece, &n);
    else
        csv_count(&n, str_sub(m->csv.text, m->csv.pos, m->csv.text.n));
    return csv_counted(&n);
}

static int run_all(struct importer *m, struct err *err)
{
    int rc = 0;
    int64_t rows = import_count_rows(m);
    while (rc == 0 && m->more) {
        rc = run_batch(m, err);
        if (m->in->table)
            tablefile_passed(m->in->table, m->csv.pos);
        if (m->in->progress)
            m->in->progress(m->in->arg, m->out->total, rows);
    }
    return rc;
}

static void drop_names(void *arg)
{
    struct importer *m = arg;
    arena_free(&m->names);
}

int import_run(struct ctx *c, const struct import *in, struct import_result *out, struct err *err)
{
    struct importer *m = ARENA_NEW(c->a, struct importer);
    enum via via = c->via;
    *m = (struct importer){.c = c, .in = in, .out = out, .a = c->a, .more = true};
    *out = (struct import_result){0};
    diags_init(&out->errors, c->a);
    m->names = arena_new(NAMES_BYTES);
    if (!m->names)
        return err_set(err, ERR_OOM, "out_of_memory", "内存不足。", "Out of memory.");
    arena_defer(c->a, drop_names, m);
    m->no_names = arena_mark(m->names);
    int rc = import_begin(m, err);
    for (size_t i = 0; rc == 0 && i < m->ncolumns; i++)
        map_init(&m->columns[i].seen, m->names);
    c->via = VIA_IMPORT;
    if (rc == 0)
        rc = run_all(m, err);
    c->via = via;
    arena_undefer(c->a, m);
    arena_free(&m->names);
    return rc;
}

/* ---- records of YAML files ---- */

static int names_in(struct importer *m, const struct form *f, struct val in, struct val *out,
                    struct diags *d, struct err *err);

static int name_value(struct importer *m, struct field *f, struct val in, struct val *out,
                      struct diags *d, struct err *err)
{
    struct column col = {.field = f};
    *out = in;
    if (f->sub && in.kind == VAL_LIST) {
        struct val *rows = ARENA_ARRAY(m->a, struct val, in.n);
        for (uint32_t i = 0; i < in.n; i++)
            if (names_in(m, f->sub, in.list[i], &rows[i], d, err) < 0)
                return -1;
        *out = val_list(rows, in.n);
        return 0;
    }
    if (in.kind != VAL_TEXT || !(f->type->flags & FT_REF))
        return 0;
    map_init(&col.seen, m->a);
    return import_cell_value(m, &col, val_str(in), out, d, err);
}

static int names_in(struct importer *m, const struct form *f, struct val in, struct val *out,
                    struct diags *d, struct err *err)
{
    if (in.kind != VAL_OBJ) {
        *out = in;
        return 0;
    }
    struct pair *pairs = ARENA_ARRAY(m->a, struct pair, in.n);
    for (uint32_t i = 0; i < in.n; i++) {
        struct field *field = form_field(f, in.obj[i].key);
        pairs[i] = in.obj[i];
        if (field && name_value(m, field, in.obj[i].value, &pairs[i].value, d, err) < 0)
            return -1;
    }
    *out = (struct val){.kind = VAL_OBJ, .n = in.n, .obj = pairs};
    return 0;
}

int import_names(struct ctx *c, const struct form *f, struct val in, struct val *out,
                 struct diags *d, struct err *err)
{
    struct importer m = {.c = c, .a = c->a, .names = c->a};
    return names_in(&m, f, in, out, d, err);
}
