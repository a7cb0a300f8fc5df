/*
 * The catalogues of both databases; see the header. Indexes are read from the text that made them,
 * which is ours: names of columns, perhaps WHERE "_deleted_at" IS NULL.
 */
#include "engine/store/move_catalog.h"

#include "engine/store/store_driver.h"

/* Queries of the catalogue, by dialect; $1 is the table. */
struct questions {
    struct str tables, columns, key, indexes;
};

static const struct questions ASK[] = {
    [SQL_SQLITE] =
        {
            .tables = STR("SELECT m.name FROM sqlite_master m WHERE m.type = 'table'"
                          " AND substr(m.name, 1, 7) <> 'sqlite_' AND NOT EXISTS (SELECT 1"
                          " FROM sqlite_master v WHERE v.sql LIKE 'CREATE VIRTUAL%' AND (v.name ="
                          " m.name OR substr(m.name, 1, length(v.name) + 1) = v.name || '_'))"
                          " ORDER BY m.name"),
            .columns = STR("SELECT name, type, \"notnull\" FROM pragma_table_info($1) ORDER BY"
                           " cid"),
            .key = STR("SELECT name FROM pragma_table_info($1) WHERE pk > 0 ORDER BY pk"),
            .indexes = STR("SELECT name, sql FROM sqlite_master WHERE type = 'index' AND tbl_name ="
                           " $1 AND sql IS NOT NULL ORDER BY name"),
        },
    [SQL_PGSQL] =
        {
            .tables = STR("SELECT t.table_name FROM information_schema.tables t WHERE"
                          " t.table_schema = current_schema() AND t.table_type = 'BASE TABLE'"
                          " AND (t.table_name LIKE '\\_%' OR EXISTS (SELECT 1 FROM"
                          " information_schema.columns c WHERE c.table_schema = t.table_schema AND"
                          " c.table_name = t.table_name AND c.column_name = '_id'))"
                          " ORDER BY t.table_name COLLATE \"C\""),
            .columns = STR("SELECT column_name, data_type, CASE is_nullable WHEN 'NO' THEN 1 ELSE 0"
                           " END FROM information_schema.columns WHERE table_schema ="
                           " current_schema() AND table_name = $1 ORDER BY ordinal_position"),
            .key = STR("SELECT k.column_name FROM information_schema.table_constraints t JOIN"
                       " information_schema.key_column_usage k ON k.constraint_name ="
                       " t.constraint_name AND k.table_schema = t.table_schema AND k.table_name ="
                       " t.table_name WHERE t.table_schema = current_schema() AND t.table_name ="
                       " $1 AND t.constraint_type = 'PRIMARY KEY' ORDER BY k.ordinal_position"),
            .indexes =
                STR("SELECT x.relname, pg_get_indexdef(x.oid) FROM pg_index i JOIN pg_class x"
                    " ON x.oid = i.indexrelid JOIN pg_class t ON t.oid = i.indrelid"
                    " JOIN pg_namespace s ON s.oid = t.relnamespace"
                    " WHERE s.nspname = current_schema() AND t.relname = $1"
                    " AND NOT i.indisprimary ORDER BY x.relname COLLATE \"C\""),
        },
};

static int ask(struct conn *c, struct arena *a, struct str text, struct str table,
               struct stmt **out, struct err *err)
{
    struct sql q;
    sql_init(&q, a, store_dialect(store_of(c)));
    sql_lit_(&q, text);
    if (table.n)
        (void)vec_push(a, &q.args, val_text(table));
    return store_query(c, a, &q, out, err);
}

int mv_tables(struct conn *c, struct arena *a, struct mv_table **out, size_t *n, struct err *err)
{
    VEC(struct mv_table) list = {0};
    struct stmt *s;
    int step;
    if (ask(c, a, ASK[store_dialect(store_of(c))].tables, STR_NONE, &s, err) < 0)
        return -1;
    while ((step = stmt_step(s, err)) == 1)
        (void)vec_push(a, &list, (struct mv_table){.name = str_dup(a, stmt_str(s, 0))});
    stmt_done(s);
    *out = list.v;
    *n = list.n;
    return step;
}

struct type_row {
    struct str name;
    enum col_kind kind;
};

static const struct type_row TYPES[] = {
    {STR("INTEGER"), COL_INT}, {STR("BIGINT"), COL_INT}, {STR("SMALLINT"), COL_INT},
    {STR("INT"), COL_INT},     {STR("REAL"), COL_REAL},  {STR("DOUBLE PRECISION"), COL_REAL},
    {STR("TEXT"), COL_TEXT},
};

static int column_of(struct stmt *s, struct arena *a, struct str table, struct ddl_column *out,
                     struct err *err)
{
    struct str type = stmt_str(s, 1);
    *out = (struct ddl_column){.name = str_dup(a, stmt_str(s, 0)), .not_null = stmt_int(s, 2) != 0};
    for (size_t i = 0; i < ARRAY_LEN(TYPES); i++) {
        if (str_ieq(TYPES[i].name, type)) {
            out->kind = TYPES[i].kind;
            return 0;
        }
    }
    return err_set(err, ERR_INVALID, "move_column", "表“%.*s”的列“%.*s”类型无法迁移。",
                   "Table “%.*s”, column “%.*s”: its type cannot be moved.", STR_ARG(table),
                   STR_ARG(out->name));
}

static int read_columns(struct conn *c, struct arena *a, struct mv_table *t, struct err *err)
{
    VEC(struct ddl_column) list = {0};
    struct stmt *s;
    int step;
    if (ask(c, a, ASK[store_dialect(store_of(c))].columns, t->name, &s, err) < 0)
        return -1;
    while ((step = stmt_step(s, err)) == 1) {
        struct ddl_column col;
        if (column_of(s, a, t->name, &col, err) < 0)
            return -1;
        (void)vec_push(a, &list, col);
    }
    stmt_done(s);
    t->columns = list.v;
    t->ncolumns = list.n;
    return step;
}

static int read_key(struct conn *c, struct arena *a, struct mv_table *t, struct err *err)
{
    VEC(struct str) list = {0};
    struct stmt *s;
    int step;
    if (ask(c, a, ASK[store_dialect(store_of(c))].key, t->name, &s, err) < 0)
        return -1;
    while ((step = stmt_step(s, err)) == 1)
        (void)vec_push(a, &list, str_dup(a, stmt_str(s, 0)));
    stmt_done(s);
    t->key = list.v;
    t->nkey = list.n;
    if (step == 0 && !list.n)
        return err_set(err, ERR_INVALID, "move_key", "表“%.*s”没有主键，无法迁移。",
                       "Table “%.*s” has no primary key and cannot be moved.", STR_ARG(t->name));
    return step;
}

/* "… ON t (a, b) WHERE …" to its parts; columns must be plain names. */
static bool index_of(struct arena *a, struct str sql, struct mv_index *out)
{
    VEC(struct str) list = {0};
    struct str columns, column, tail;
    ptrdiff_t open = str_findc(sql, '(');
    if (open < 0)
        return false;
    out->unique = str_find(sql, STR("CREATE UNIQUE"), 0) == 0;
    tail = str_cut(str_sub(sql, (size_t)open + 1, sql.n), ')', &columns);
    out->live_only = str_find(tail, STR("_deleted_at"), 0) >= 0;
    if (str_findc(columns, '(') >= 0)
        return false;
    while (columns.n) {
        columns = str_cut(columns, ',', &column);
        column = str_trim(column);
        ptrdiff_t order = str_find(column, STR(" COLLATE "), 0);
        if (order > 0) {
            out->last_zh = true;
            column = str_sub(column, 0, (size_t)order);
        }
        if (column.n > 2 && column.p[0] == '"')
            column = str_sub(column, 1, column.n - 2);
        if (str_findc(column, ' ') >= 0)
            return false;
        (void)vec_push(a, &list, column);
    }
    out->columns = list.v;
    out->ncolumns = list.n;
    return true;
}

static int read_indexes(struct conn *c, struct arena *a, struct mv_table *t, struct err *err)
{
    VEC(struct mv_index) list = {0};
    struct stmt *s;
    int step;
    if (ask(c, a, ASK[store_dialect(store_of(c))].indexes, t->name, &s, err) < 0)
        return -1;
    while ((step = stmt_step(s, err)) == 1) {
        struct mv_index ix = {.name = str_dup(a, stmt_str(s, 0))};
        if (index_of(a, str_dup(a, stmt_str(s, 1)), &ix))
            (void)vec_push(a, &list, ix);
    }
    stmt_done(s);
    t->indexes = list.v;
    t->nindexes = list.n;
    return step;
}

int mv_describe(struct conn *c, struct arena *a, struct mv_table *t, struct err *err)
{
    if (read_columns(c, a, t, err) < 0 || read_key(c, a, t, err) < 0)
        return -1;
    return read_indexes(c, a, t, err);
}

int mv_create_table(struct conn *c, struct arena *a, const struct mv_table *t, struct err *err)
{
    struct ddl_column *columns = ARENA_ARRAY(a, struct ddl_column, t->ncolumns);
    struct ddl_table made = {.app = t->name, .columns = columns};
    for (size_t i = 0; i < t->ncolumns; i++)
        if (!str_eqz(t->columns[i].name, "_id"))
            columns[made.ncolumns++] = t->columns[i];
    return ddl_create_table(c, a, &made, err);
}

static int create_index(struct conn *c, struct arena *a, const struct mv_table *t,
                        const struct mv_index *ix, struct err *err)
{
    struct sql q;
    sql_init(&q, a, store_dialect(store_of(c)));
    sql_lit_(&q, ix->unique ? STR("CREATE UNIQUE INDEX IF NOT EXISTS ")
                            : STR("CREATE INDEX IF NOT EXISTS "));
    sql_ident(&q, ix->name);
    sql_lit(&q, " ON ");
    sql_ident(&q, t->name);
    for (size_t i = 0; i < ix->ncolumns; i++) {
        sql_lit_(&q, i ? STR(", ") : STR(" ("));
        sql_ident(&q, ix->columns[i]);
    }
    if (ix->last_zh)
        sql_lit(&q, " COLLATE \"zh\"");
    sql_lit(&q, ")");
    if (ix->live_only) {
        sql_lit(&q, " WHERE ");
        sql_ident(&q, STR("_deleted_at"));
        sql_lit(&q, " IS NULL");
    }
    store_ddl_begin(c, false);
    int rc = store_exec(c, a, &q, NULL, err);
    store_ddl_end(c);
    return rc;
}

int mv_create_indexes(struct conn *c, struct arena *a, const struct mv_table *t, struct err *err)
{
    for (size_t i = 0; i < t->nindexes; i++)
        if (create_index(c, a, t, &t->indexes[i], err) < 0)
            return -1;
    return 0;
}
