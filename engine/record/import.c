/*
 * Rows of a table file to records: which column is which field, cells to values, links by what
 * people write, and then the one write path, each row in its own savepoint, up to 200 rows in a
 * commit.
 */
#include "engine/record/import.h"

#include "engine/record/columns.h"
#include "engine/record/sealed.h"
#include "engine/org/member.h"

#include "engine/meta/fieldtype.h"
#include "engine/record/access.h"
#include "engine/record/csv.h"
#include "engine/record/record_int.h"

#define BATCH_ROWS      200
#define ROW_ARENA_BYTES (64u << 20)
#define ERRORS_MAX      1000

/* One column of the file; field NULL: left out. */
struct column {
    struct str header;
    struct field *field;
    struct field *by; /* the linked form's field that the cell names: header "agent.name" */
    struct map seen;  /* links: cell text -> struct ref *, so that a name is looked up once */
};

struct importer {
    struct ctx *c;
    const struct import *in;
    struct import_result *out;
    struct arena *a; /* as long as the import */
    struct csv csv;
    struct column *columns;
    size_t ncolumns;
    struct field *key;
    uint32_t line;     /* of the row at hand */
    struct arena *row; /* as long as the batch */
    bool more;
};

/* ---- columns ---- */

static struct field *field_like(const struct form *f, struct str header)
{
    struct field *field = form_field(f, header);
    for (size_t i = 0; !field && i < f->nfields; i++)
        if (str_eq(f->fields[i]->title, header))
            field = f->fields[i];
    return field;
}

/* The mapping's field for a header: 1 mapped (empty: left out), 0 not named. */
static int mapped(const struct import *in, struct str header, struct str *field)
{
    struct str rest = in->mapping, item, from;
    while (rest.n) {
        rest = str_cut(rest, ',', &item);
        *field = str_trim(str_cut(item, '=', &from));
        if (str_eq(str_trim(from), header))
            return 1;
    }
    return 0;
}

static int unknown_column(struct str name, struct err *err)
{
    err_set(err, ERR_INVALID, "unknown_field", "表单中没有字段“%.*s”。",
            "The form has no field \"%.*s\".", STR_ARG(name));
    err_at(err, "%.*s", STR_ARG(name));
    return -1;
}

/* "agent" or "agent.name": the field, and by what its link is named. */
static int find_column(struct importer *m, struct str name, bool must, struct column *col,
                       struct err *err)
{
    struct str head;
    struct str tail = str_cut(name, '.', &head);
    col->field = field_like(m->in->form, name);
    if (!col->field && tail.n) {
        col->field = field_like(m->in->form, head);
        if (col->field && col->field->target)
            col->by = form_field(col->field->target, tail);
        if (!col->by)
            col->field = NULL;
    }
    return col->field || !must ? 0 : unknown_column(name, err);
}

static int read_header(struct importer *m, struct err *err)
{
    struct str *cells;
    size_t known = 0;
    int got = csv_row(&m->csv, m->a, &cells, &m->ncolumns, err);
    if (got < 0)
        return -1;
    if (got == 0)
        return err_set(err, ERR_INVALID, "empty_file", "文件中没有内容。", "The file is empty.");
    m->columns = ARENA_ARRAY(m->a, struct column, m->ncolumns);
    for (size_t i = 0; i < m->ncolumns; i++) {
        struct column *col = &m->columns[i];
        struct str name = cells[i];
        col->header = cells[i];
        map_init(&col->seen, m->a);
        bool named = mapped(m->in, cells[i], &name);
        if (name.n && find_column(m, name, named, col, err) < 0)
            return -1;
        known += col->field != NULL;
        for (size_t k = 0; k < i && col->field; k++)
            if (m->columns[k].field == col->field)
                return err_set(err, ERR_INVALID, "column_twice", "“%.*s”有两列。",
                               "There are two columns for “%.*s”.", STR_ARG(col->field->title));
    }
    if (known)
        return 0;
    return err_set(err, ERR_INVALID, "no_columns", "没有一列与表单的字段对应。",
                   "No column matches a field of the form.");
}

/* A mapping that names a column which is not there is a mistake, not a wish. */
static int check_mapping(struct importer *m, struct err *err)
{
    struct str rest = m->in->mapping, item, from;
    while (rest.n) {
        rest = str_cut(rest, ',', &item);
        str_cut(item, '=', &from);
        bool found = false;
        for (size_t i = 0; i < m->ncolumns; i++)
            found = found || str_eq(m->columns[i].header, str_trim(from));
        if (!found && str_trim(from).n)
            return err_set(err, ERR_INVALID, "no_column", "文件中没有名为“%.*s”的列。",
                           "The file has no column \"%.*s\".", STR_ARG(str_trim(from)));
    }
    return 0;
}

static int column_denied(const struct column *col, struct err *err)
{
    err_set(err, ERR_DENIED, "field_not_writable", "列“%.*s”不能写入。",
            "The column \"%.*s\" cannot be written.", STR_ARG(col->header));
    err_at(err, "%.*s", STR_ARG(col->header));
    return -1;
}

/* A column must be one the caller may write; the key only one he may read. The field a link is
 * named by must be readable too: "agent.name". */
static int column_right(struct importer *m, struct access *x, const struct column *col,
                        struct err *err)
{
    const struct field *f = col->field;
    struct access *t;
    if (col->by) {
        if (access_of(m->c, col->by->form, &t, err))
            return -1;
        if (access_show(t, col->by, FIELD_READ) == SHOW_NEVER)
            return unknown_column(col->header, err);
    }
    if (f == m->key)
        return access_show(x, f, FIELD_READ) == SHOW_NEVER ? column_denied(col, err) : 0;
    bool fixed = (f->type->flags & (FT_COMPUTED | FT_SERIAL)) || f->readonly;
    return fixed || access_field(x, f) != FIELD_WRITE ? column_denied(col, err) : 0;
}

/* Rights of the whole file, before the first row (definitions.md §11). */
static int check_rights(struct importer *m, struct err *err)
{
    struct access *x;
    if (access_of(m->c, m->in->form, &x, err) < 0)
        return -1;
    if (access_none(x))
        return err_set(err, ERR_NOT_FOUND, "not_found", "没有这个表单。", "There is no such form.");
    if (!ctx_is_system(m->c) && !(access_rights(x) & RIGHT_IMPORT))
        return err_set(err, ERR_DENIED, "not_allowed", "没有导入的权限。",
                       "You may not import here.");
    for (size_t i = 0; i < m->ncolumns && !ctx_is_system(m->c); i++)
        if (m->columns[i].field && column_right(m, x, &m->columns[i], err) < 0)
            return -1;
    return 0;
}

static int find_key(struct importer *m, struct err *err)
{
    if (m->in->mode == IMPORT_INSERT)
        return 0;
    m->key = field_like(m->in->form, m->in->key);
    if (!m->key)
        return unknown_column(m->in->key, err);
    for (size_t i = 0; i < m->ncolumns; i++)
        if (m->columns[i].field == m->key)
            return 0;
    return err_set(err, ERR_INVALID, "no_column", "文件中没有用于匹配的列“%.*s”。",
                   "The file lacks the column \"%.*s\" that rows are matched by.",
                   STR_ARG(m->in->key));
}

/* ---- finding rows by what people write ---- */

/* SELECT of live rows the caller may read: what he may not see is not found, as if it were not
 * there, whatever he guesses. The query goes on with its own condition. */
static int visible_sql(struct importer *m, const struct form *f, struct access **x, struct sql *q,
                       struct err *err)
{
    ctx_sql(m->c, q);
    sql_lit(q, "SELECT t0.\"_id\" FROM ");
    sql_form(q, f);
    sql_lit(q, " t0 WHERE ");
    if (access_of(m->c, f, x, err) || access_rows(*x, q, 0, RIGHT_READ, err))
        return -1;
    sql_lit(q, " AND ");
    return 0;
}

/* Whose field equals a text, folded where the type folds. */
static int by_field_sql(struct importer *m, const struct field *f, struct val v, struct sql *q,
                        struct err *err)
{
    struct access *x;
    if (visible_sql(m, f->form, &x, q, err) || access_show_cond(x, q, 0, f, FIELD_READ, err))
        return -1;
    sql_lit(q, " AND ");
    if (f->encrypted) {
        const struct sealer s = sealer_of(m->c);
        bool key = field_has_key(f);
        struct val hash;
        if (key ? sealed_key(&s, f, v, &hash, err) : sealed_eq(&s, f, v, &hash, err))
            return -1;
        sql_col(q, 0, key ? field_key_name(m->c->a, f) : field_eq_name(m->c->a, f));
        sql_lit(q, " = ");
        sql_bind(q, hash);
    } else if (f->unique && (f->type->flags & FT_FOLD) && f->type->fold) {
        sql_col(q, 0, str_fmt(m->c->a, "%.*s__key", STR_ARG(f->key)));
        sql_lit(q, " = ");
        sql_bind_str(q, f->type->fold(f, m->c->a, v));
    } else {
        sql_col(q, 0, f->key);
        sql_lit(q, " = ");
        sql_bind(q, field_to_column(f, m->c->a, v));
    }
    sql_lit(q, " ORDER BY t0.\"_id\" LIMIT 2");
    return 0;
}

/* How many rows (at most 2) and the first id: 0 or -1. */
static int run_find(struct importer *m, const struct sql *q, int64_t *id, int *found,
                    struct err *err)
{
    struct stmt *s;
    *found = 0;
    if (store_query(m->c->db, m->c->a, q, &s, err) < 0)
        return -1;
    int got;
    while ((got = stmt_step(s, err)) == 1)
        if ((*found)++ == 0)
            *id = stmt_int(s, 0);
    stmt_done(s);
    return got;
}

static int find_by_field(struct importer *m, const struct field *f, struct str cell, int64_t *id,
                         int *found, struct err *err)
{
    struct diags ignored;
    diags_init(&ignored, m->c->a);
    struct val v = f->type->from_text ? f->type->from_text(f, m->c->a, cell) : val_text(cell);
    *found = 0;
    v = f->type->coerce(f, m->c->a, v, f->key, &ignored);
    if (ignored.errors || val_is_blank(v))
        return 0;
    struct sql q;
    if (by_field_sql(m, f, v, &q, err))
        return -1;
    return run_find(m, &q, id, found, err);
}

static int find_by_title(struct importer *m, const struct form *f, struct str cell, int64_t *id,
                         int *found, struct err *err)
{
    struct sql q;
    struct access *x;
    if (visible_sql(m, f, &x, &q, err) || access_title(x, &q, 0, err))
        return -1;
    sql_lit(&q, " = ");
    sql_bind_str(&q, cell);
    sql_lit(&q, " ORDER BY t0.\"_id\" LIMIT 2");
    return run_find(m, &q, id, found, err);
}

static int find_by_id(struct importer *m, const struct form *f, struct str cell, int64_t *id,
                      int *found, struct err *err)
{
    struct sql q;
    *found = 0;
    if (!id_parse(cell, id))
        return 0;
    struct access *x;
    if (visible_sql(m, f, &x, &q, err))
        return -1;
    sql_lit(&q, "t0.\"_id\" = ");
    sql_bind_int(&q, *id);
    return run_find(m, &q, id, found, err);
}

/* By the named field, else by each unique field, by title, by id. More than one row is nobody. */
static int find_linked(struct importer *m, const struct column *col, struct str cell, int64_t *id,
                       int *found, struct err *err)
{
    const struct form *target = col->field->target;
    if (col->by)
        return find_by_field(m, col->by, cell, id, found, err);
    *found = 0;
    for (size_t i = 0; *found == 0 && i < target->nfields; i++) {
        const struct field *f = target->fields[i];
        if (f->unique && !(f->type->flags & FT_REF) &&
            find_by_field(m, f, cell, id, found, err) < 0)
            return -1;
    }
    if (*found == 0 && find_by_title(m, target, cell, id, found, err) < 0)
        return -1;
    return *found ? 0 : find_by_id(m, target, cell, id, found, err);
}

/* Members by login or name, departments by name. */
static int find_person(struct importer *m, const struct field *f, struct str cell, int64_t *id,
                       int *found, struct err *err)
{
    struct sql q;
    ctx_sql(m->c, &q);
    if (f->type->fx == FX_DEPT) {
        sql_lit(&q, "SELECT d.id FROM _department d WHERE d.active = 1 AND d.name = ");
        sql_bind_str(&q, cell);
        org_limit(m->c, &q, "d");
    } else {
        sql_lit(&q, "SELECT id FROM _member WHERE active = 1 AND (login = ");
        sql_bind_str(&q, cell);
        sql_lit(&q, " OR name = ");
        sql_bind_str(&q, cell);
        sql_lit(&q, ")");
        if (org_limited(m->c)) {
            sql_lit(&q, " AND org = ");
            sql_bind_int(&q, m->c->who->org);
        }
        sql_lit(&q, " ORDER BY login = ");
        sql_bind_str(&q, cell);
        sql_lit(&q, " DESC LIMIT 1");
    }
    return run_find(m, &q, id, found, err);
}

/* ---- cells ---- */

static int cell_problem(struct diags *d, const struct field *f, int found, struct str cell)
{
    if (found > 1)
        diag_field(d, f->key, "ambiguous", "“%.*s”对应多条记录。",
                   "\"%.*s\" names more than one record.", STR_ARG(cell));
    else
        diag_field(d, f->key, "not_found", "找不到“%.*s”。", "\"%.*s\" was not found.",
                   STR_ARG(cell));
    return 0;
}

static int ref_cell(struct importer *m, struct column *col, struct str cell, struct val *out,
                    struct diags *d, struct err *err)
{
    int64_t id = 0;
    int found = 0;
    const struct ref *known = map_get(&col->seen, cell);
    if (known) {
        *out = (struct val){.kind = VAL_REF, .ref = known};
        return 0;
    }
    int rc = col->field->target ? find_linked(m, col, cell, &id, &found, err)
                                : find_person(m, col->field, cell, &id, &found, err);
    if (rc < 0)
        return -1;
    if (found != 1)
        return cell_problem(d, col->field, found, cell);
    *out = val_ref(m->a, id, STR_NONE);
    map_put(&col->seen, str_dup(m->a, cell), ARENA_NEW(m->a, struct ref));
    *(struct ref *)map_get(&col->seen, cell) = *out->ref;
    return 0;
}

/* Several of them: "张三、李四". */
static int ref_list_cell(struct importer *m, struct column *col, struct str cell, struct val *out,
                         struct diags *d, struct err *err)
{
    VEC(struct val) items = {0};
    static const struct str separators[] = {STR("、"), STR("；"), STR("，"), STR(";")};
    struct strb plain;
    strb_init(&plain, m->c->a);
    for (size_t i = 0; i < cell.n;) {
        size_t skip = 0;
        for (size_t k = 0; k < ARRAY_LEN(separators); k++)
            if (str_starts(str_sub(cell, i, cell.n), separators[k]))
                skip = separators[k].n;
        strb_addc(&plain, skip ? ',' : cell.p[i]);
        i += skip ? skip : 1;
    }
    struct str rest = strb_str(&plain), one;
    while (rest.n) {
        struct val v = VAL_NONE;
        rest = str_cut(rest, ',', &one);
        one = str_trim(one);
        if (one.n && ref_cell(m, col, one, &v, d, err) < 0)
            return -1;
        if (!val_is_blank(v))
            vec_push(m->c->a, &items, v);
    }
    *out = val_list(items.v, items.n);
    return 0;
}

static int cell_value(struct importer *m, struct column *col, struct str cell, struct val *out,
                      struct diags *d, struct err *err)
{
    const struct field *f = col->field;
    *out = VAL_NONE;
    if (cell.n == 0)
        return 0;
    if (f->type->flags & FT_REF)
        return f->type->flags & FT_MULTI ? ref_list_cell(m, col, cell, out, d, err)
                                         : ref_cell(m, col, cell, out, d, err);
    *out = f->type->from_text ? f->type->from_text(f, m->c->a, cell) : val_text(cell);
    return 0;
}

/* ---- rows ---- */

static int row_values(struct importer *m, struct str *cells, size_t n, struct val *out,
                      struct diags *d, struct err *err)
{
    struct pair *pairs = ARENA_ARRAY(m->c->a, struct pair, m->ncolumns);
    uint32_t used = 0;
    for (size_t i = 0; i < m->ncolumns; i++) {
        struct column *col = &m->columns[i];
        if (!col->field)
            continue;
        pairs[used].key = col->field->key;
        if (cell_value(m, col, i < n ? cells[i] : STR_NONE, &pairs[used].value, d, err) < 0)
            return -1;
        /* an empty cell of an insert leaves the default to the form */
        used += m->in->mode != IMPORT_INSERT || !val_is_blank(pairs[used].value);
    }
    *out = (struct val){.kind = VAL_OBJ, .n = used, .obj = pairs};
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
        if (find_by_field(m, m->key, cells[i], id, &found, err) < 0)
            return -1;
        if (found > 1)
            cell_problem(d, m->key, found, cells[i]);
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
    c->hook_deadline_us = 0; /* each row is an event of its own */
    c->hook_spent_us = 0;
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
    m->out->failed++;
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

static int one_row(struct importer *m, struct str *cells, size_t n, struct err *err)
{
    struct diags d;
    struct val values;
    struct err row_err = ERR_INIT;
    int64_t id = 0;
    diags_init(&d, m->c->a);
    m->out->total++;
    if (store_savepoint(m->c->db, err) < 0)
        return -1;
    int rc = row_values(m, cells, n, &values, &d, &row_err);
    if (rc == 0 && m->key)
        rc = match_row(m, cells, n, &id, &d, &row_err);
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
    row_failed(m, &d, &row_err);
    return 0;
}

/* ---- batches ---- */

/* Inside a write job; runs again from the same place after ERR_RETRY. */
static int batch_rows(struct importer *m, struct err *err)
{
    for (int i = 0; i < BATCH_ROWS; i++) {
        struct str *cells;
        size_t n;
        int got = csv_row(&m->csv, m->c->a, &cells, &n, err);
        if (got <= 0) {
            m->more = false;
            return got;
        }
        m->line = m->csv.line;
        if (one_row(m, cells, n, err) < 0)
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
    rcache_of(c)->job = m->in->job;
    c->events.n = c->events.cap = 0;
    c->events.v = NULL;
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

static int run_batch(struct importer *m, struct err *err)
{
    m->row = arena_new(ROW_ARENA_BYTES);
    if (!m->row)
        return err_set(err, ERR_OOM, "out_of_memory", "内存不足。", "Out of memory.");
    struct ctx saved = *m->c;
    int rc = store_write(m->c->store, batch_job, m, err);
    *m->c = saved; /* also when memory ran out inside */
    arena_free(&m->row);
    if (rc < 0 && m->in->dry_run && strcmp(err->key, "dry_run") == 0) {
        *err = (struct err)ERR_INIT;
        rc = 0;
    }
    return rc;
}

/* Everything that can be said before the first row. */
static int begin(struct importer *m, struct err *err)
{
    struct str text;
    if (csv_decode(m->a, m->in->csv, &text, err) < 0)
        return -1;
    csv_init(&m->csv, text);
    return read_header(m, err) < 0 || check_mapping(m, err) < 0 || find_key(m, err) < 0 ||
                   check_rights(m, err) < 0
               ? -1
               : 0;
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
    return begin(&m, err);
}

int import_run(struct ctx *c, const struct import *in, struct import_result *out, struct err *err)
{
    struct importer m = {.c = c, .in = in, .out = out, .a = c->a, .more = true};
    enum via via = c->via;
    *out = (struct import_result){0};
    diags_init(&out->errors, c->a);
    if (begin(&m, err) < 0)
        return -1;
    c->via = VIA_IMPORT;
    int64_t rows = csv_rows(&m.csv);
    int rc = 0;
    while (rc == 0 && m.more) {
        rc = run_batch(&m, err);
        if (in->progress)
            in->progress(in->arg, out->total, rows);
    }
    c->via = via;
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
    return cell_value(m, &col, val_str(in), out, d, err);
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
    struct importer m = {.c = c, .a = c->a};
    return names_in(&m, f, in, out, d, err);
}
