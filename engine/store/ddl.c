/*
 * Tables, columns and indexes as structs to the DDL of a dialect. Every change looks first, so that
 * running it twice is running it once.
 */
#include "engine/store/ddl.h"

#include "engine/store/store_driver.h"

#include <assert.h>

/* What the dialects spell differently. Text of the program, hence allowed into SQL. */
struct spelling {
    struct str type[COL_JSON + 1];
    struct str primary_key; /* of "_id" */
    struct str table_end;
    struct str columns_sql; /* names of the columns of table $1, in table order */
    struct str indexes_sql; /* names of the indexes of table $1 that DDL made */
    struct str has_sql;
    struct str trigger_sql; /* a trigger named $1 is there */
};

static const struct spelling SPELLINGS[] = {
    [SQL_SQLITE] =
        {
            .type = {[COL_INT] = STR("INTEGER"),
                     [COL_REAL] = STR("REAL"),
                     [COL_TEXT] = STR("TEXT"),
                     [COL_BLOB] = STR("BLOB"),
                     [COL_JSON] = STR("TEXT")},
            .primary_key = STR("INTEGER PRIMARY KEY"),
            .table_end = STR(") STRICT"),
            .columns_sql = STR("SELECT name FROM pragma_table_info($1) ORDER BY cid"),
            .indexes_sql = STR("SELECT name FROM sqlite_master WHERE type = 'index'"
                               " AND tbl_name = $1 AND sql IS NOT NULL ORDER BY name"),
            .has_sql = STR("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = $1"),
            .trigger_sql = STR("SELECT 1 FROM sqlite_master WHERE type = 'trigger' AND name = $1"),
        },
    [SQL_PGSQL] =
        {
            .type = {[COL_INT] = STR("BIGINT"),
                     [COL_REAL] = STR("DOUBLE PRECISION"),
                     [COL_TEXT] = STR("TEXT COLLATE \"C\""),
                     [COL_BLOB] = STR("BYTEA"),
                     [COL_JSON] = STR("TEXT COLLATE \"C\"")},
            .primary_key = STR("BIGINT PRIMARY KEY"),
            .table_end = STR(")"),
            .columns_sql = STR("SELECT column_name FROM information_schema.columns"
                               " WHERE table_schema = current_schema() AND table_name = $1"
                               " ORDER BY ordinal_position"),
            .indexes_sql =
                STR("SELECT x.relname FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid"
                    " JOIN pg_class t ON t.oid = i.indrelid"
                    " JOIN pg_namespace s ON s.oid = t.relnamespace"
                    " WHERE s.nspname = current_schema() AND t.relname = $1"
                    " AND i.indisvalid AND NOT i.indisprimary ORDER BY x.relname"),
            .has_sql = STR("SELECT 1 FROM information_schema.tables"
                           " WHERE table_schema = current_schema() AND table_name = $1"),
            .trigger_sql = STR("SELECT 1 FROM pg_trigger g JOIN pg_class k ON k.oid = g.tgrelid"
                               " JOIN pg_namespace s ON s.oid = k.relnamespace"
                               " WHERE s.nspname = current_schema() AND g.tgname = $1"),
        },
};

static const struct spelling *spelling_of(struct conn *c)
{
    return &SPELLINGS[store_dialect(store_of(c))];
}

static void begin(struct sql *q, struct conn *c, struct arena *a)
{
    sql_init(q, a, store_dialect(store_of(c)));
}

static int run(struct conn *c, struct arena *a, const struct sql *q, struct err *err)
{
    store_ddl_begin(c, false);
    int rc = store_exec(c, a, q, NULL, err);
    store_ddl_end(c);
    return rc;
}

/* A quoted name without its quotes (names of the metadata grammar hold none). */
static struct str unquoted(const struct sql *q)
{
    assert(q->text.n > 2);
    return (struct str){q->text.p + 1, q->text.n - 2};
}

static void add_table(struct sql *q, const struct ddl_table *t)
{
    sql_table(q, t->app, t->form, t->sub);
}

struct str ddl_table_name(struct conn *c, struct arena *a, const struct ddl_table *t)
{
    struct sql q;
    begin(&q, c, a);
    add_table(&q, t);
    return unquoted(&q);
}

/* Tables and indexes share one name space: "_x_" cannot begin the key of a sub-table. */
static void add_index(struct sql *q, struct arena *a, const struct ddl_table *t, struct str name)
{
    struct str sub = t->sub.n ? str_fmt(a, "%.*s___x_%.*s", STR_ARG(t->sub), STR_ARG(name))
                              : str_fmt(a, "_x_%.*s", STR_ARG(name));
    sql_table(q, t->app, t->form, sub);
}

struct str ddl_index_name(struct conn *c, struct arena *a, const struct ddl_table *t,
                          struct str name)
{
    struct sql q;
    begin(&q, c, a);
    add_index(&q, a, t, name);
    return unquoted(&q);
}

int ddl_analyze(struct conn *c, struct arena *a, struct str physical, struct err *err)
{
    struct sql q;
    begin(&q, c, a);
    if (q.dialect != SQL_PGSQL)
        return 0;
    sql_lit(&q, "ANALYZE ");
    sql_ident(&q, physical);
    store_ddl_begin(c, true);
    int rc = store_exec(c, a, &q, NULL, err);
    store_ddl_end(c);
    return rc;
}

static void add_column(struct sql *q, const struct spelling *sp, const struct ddl_column *col)
{
    sql_ident(q, col->name);
    sql_lit(q, " ");
    sql_lit_(q, sp->type[col->kind]);
    if (col->not_null)
        sql_lit(q, " NOT NULL");
}

int ddl_create_table(struct conn *c, struct arena *a, const struct ddl_table *t, struct err *err)
{
    const struct spelling *sp = spelling_of(c);
    struct sql q;
    begin(&q, c, a);
    sql_lit(&q, "CREATE TABLE IF NOT EXISTS ");
    add_table(&q, t);
    sql_lit(&q, " (");
    sql_ident(&q, STR("_id"));
    sql_lit(&q, " ");
    sql_lit_(&q, sp->primary_key);
    for (size_t i = 0; i < t->ncolumns; i++) {
        sql_lit(&q, ", ");
        add_column(&q, sp, &t->columns[i]);
    }
    sql_lit_(&q, sp->table_end);
    return run(c, a, &q, err);
}

int ddl_rename_table(struct conn *c, struct arena *a, const struct ddl_table *from,
                     const struct ddl_table *to, struct err *err)
{
    struct sql q;
    int has = ddl_has_table(c, a, from, err);
    if (has <= 0)
        return has;
    begin(&q, c, a);
    sql_lit(&q, "ALTER TABLE ");
    add_table(&q, from);
    sql_lit(&q, " RENAME TO ");
    add_table(&q, to);
    return run(c, a, &q, err);
}

/* 1, 0, -1 */
static int has_column(struct conn *c, struct arena *a, const struct ddl_table *t, struct str name,
                      struct err *err)
{
    struct str *names;
    size_t n;
    if (ddl_columns(c, a, t, &names, &n, err) < 0)
        return -1;
    for (size_t i = 0; i < n; i++)
        if (str_eq(names[i], name))
            return 1;
    return 0;
}

int ddl_add_column(struct conn *c, struct arena *a, const struct ddl_table *t,
                   const struct ddl_column *col, struct err *err)
{
    struct sql q;
    assert(!col->not_null); /* rows that are there have no value for it */
    int has = has_column(c, a, t, col->name, err);
    if (has != 0)
        return has < 0 ? -1 : 0;
    begin(&q, c, a);
    sql_lit(&q, "ALTER TABLE ");
    add_table(&q, t);
    sql_lit(&q, " ADD COLUMN ");
    add_column(&q, spelling_of(c), col);
    return run(c, a, &q, err);
}

int ddl_rename_column(struct conn *c, struct arena *a, const struct ddl_table *t, struct str from,
                      struct str to, struct err *err)
{
    struct sql q;
    int has = has_column(c, a, t, from, err);
    if (has <= 0)
        return has;
    begin(&q, c, a);
    sql_lit(&q, "ALTER TABLE ");
    add_table(&q, t);
    sql_lit(&q, " RENAME COLUMN ");
    sql_ident(&q, from);
    sql_lit(&q, " TO ");
    sql_ident(&q, to);
    return run(c, a, &q, err);
}

int ddl_drop_column(struct conn *c, struct arena *a, const struct ddl_table *t, struct str name,
                    struct err *err)
{
    struct sql q;
    int has = has_column(c, a, t, name, err);
    if (has <= 0)
        return has;
    begin(&q, c, a);
    sql_lit(&q, "ALTER TABLE ");
    add_table(&q, t);
    sql_lit(&q, " DROP COLUMN ");
    sql_ident(&q, name);
    return run(c, a, &q, err);
}

int ddl_drop_table(struct conn *c, struct arena *a, const struct ddl_table *t, struct err *err)
{
    struct sql q;
    begin(&q, c, a);
    sql_lit(&q, "DROP TABLE ");
    add_table(&q, t);
    return run(c, a, &q, err);
}

/* What follows CREATE … INDEX. */
static void index_sql(struct sql *q, struct arena *a, const struct ddl_table *t,
                      const struct ddl_index *ix)
{
    sql_lit(q, "IF NOT EXISTS ");
    add_index(q, a, t, ix->name);
    sql_lit(q, " ON ");
    add_table(q, t);
    for (size_t i = 0; i < ix->ncolumns; i++) {
        sql_lit_(q, i ? STR(", ") : STR(" ("));
        sql_ident(q, ix->columns[i]);
    }
    if (ix->last_zh)
        sql_lit(q, " COLLATE \"zh\"");
    sql_lit(q, ")");
    if (ix->live_only) {
        sql_lit(q, " WHERE ");
        sql_ident(q, STR("_deleted_at"));
        sql_lit(q, " IS NULL");
    }
}

int ddl_create_index(struct conn *c, struct arena *a, const struct ddl_table *t,
                     const struct ddl_index *ix, struct err *err)
{
    struct sql q;
    begin(&q, c, a);
    sql_lit(&q, "CREATE ");
    if (ix->unique)
        sql_lit(&q, "UNIQUE ");
    sql_lit(&q, "INDEX ");
    index_sql(&q, a, t, ix);
    return run(c, a, &q, err);
}

int ddl_build_index(struct conn *c, struct arena *a, const struct ddl_table *t,
                    const struct ddl_index *ix, struct err *err)
{
    struct sql q;
    begin(&q, c, a);
    sql_lit(&q, "CREATE INDEX CONCURRENTLY ");
    index_sql(&q, a, t, ix);
    return store_build_index(store_of(c), str_z(a, ddl_index_name(c, a, t, ix->name)),
                             str_z(a, (struct str){q.text.p, q.text.n}), err);
}

bool ddl_builds_aside(struct conn *c)
{
    return store_builds_aside(store_of(c));
}

int ddl_create_search(struct conn *c, struct arena *a, const struct ddl_table *t, size_t columns,
                      struct err *err)
{
    struct sql q;
    begin(&q, c, a);
    if (q.dialect == SQL_PGSQL) {
        sql_lit(&q, "CREATE TABLE IF NOT EXISTS ");
        add_table(&q, t);
        sql_lit(&q, " (t TEXT COLLATE \"C\" NOT NULL, id BIGINT NOT NULL, f SMALLINT NOT NULL, "
                    "p INTEGER NOT NULL, PRIMARY KEY (t, id, f, p))");
        return run(c, a, &q, err);
    }
    sql_lit(&q, "CREATE VIRTUAL TABLE IF NOT EXISTS ");
    add_table(&q, t);
    sql_lit(&q, " USING fts5(");
    for (size_t i = 0; i < columns; i++) {
        sql_lit(&q, "c");
        sql_int(&q, (int64_t)i);
        sql_lit(&q, ", ");
    }
    sql_lit(&q, "content = '', columnsize = 0, tokenize = 'ascii')");
    return run(c, a, &q, err);
}

int ddl_drop_search(struct conn *c, struct arena *a, const struct ddl_table *t, struct err *err)
{
    struct sql q;
    begin(&q, c, a);
    sql_lit(&q, "DROP TABLE IF EXISTS ");
    add_table(&q, t);
    return run(c, a, &q, err);
}

/* ---- rows written meanwhile ---- */

/* Two triggers: of an insert, and of an update of the columns. */
static void add_trigger(struct sql *q, struct arena *a, const struct ddl_table *t, bool update)
{
    add_index(q, a, t, update ? STR("watch_u") : STR("watch_i"));
}

static void watch_event(struct sql *q, const struct ddl_table *t, const struct ddl_watch *w,
                        bool update)
{
    sql_lit_(q, update ? STR(" AFTER UPDATE OF ") : STR(" AFTER INSERT"));
    for (size_t i = 0; update && i < w->ncolumns; i++) {
        if (i)
            sql_lit(q, ", ");
        sql_ident(q, w->columns[i]);
    }
    sql_lit(q, " ON ");
    add_table(q, t);
    if (q->dialect == SQL_PGSQL) {
        sql_lit(q, " FOR EACH ROW EXECUTE FUNCTION _stage_note('");
        sql_int(q, w->t);
        sql_lit(q, "')");
        return;
    }
    sql_lit(q, " BEGIN INSERT INTO _stage_dirty (t, id) VALUES (");
    sql_int(q, w->t);
    sql_lit(q, ", NEW.\"_id\") ON CONFLICT (t, id) DO NOTHING; END");
}

static int pg_function(struct conn *c, struct arena *a, struct err *err)
{
    struct sql q;
    begin(&q, c, a);
    sql_lit(&q, "CREATE OR REPLACE FUNCTION _stage_note() RETURNS trigger LANGUAGE plpgsql AS '"
                " BEGIN INSERT INTO _stage_dirty (t, id) VALUES (TG_ARGV[0]::bigint, NEW._id)"
                " ON CONFLICT (t, id) DO NOTHING; RETURN NULL; END'");
    return run(c, a, &q, err);
}

int ddl_watch(struct conn *c, struct arena *a, const struct ddl_table *t, const struct ddl_watch *w,
              struct err *err)
{
    struct sql q;
    if (store_dialect(store_of(c)) == SQL_PGSQL && pg_function(c, a, err) < 0)
        return -1;
    for (int update = 0; update < 2; update++) {
        begin(&q, c, a);
        sql_lit(&q, "CREATE TRIGGER ");
        add_trigger(&q, a, t, update);
        watch_event(&q, t, w, update);
        if (run(c, a, &q, err) < 0)
            return -1;
    }
    return 0;
}

int ddl_watched(struct conn *c, struct arena *a, const struct ddl_table *t, struct err *err)
{
    struct sql q, name;
    int64_t one;
    begin(&name, c, a);
    add_trigger(&name, a, t, true);
    begin(&q, c, a);
    sql_lit_(&q, spelling_of(c)->trigger_sql);
    (void)vec_push(a, &q.args, val_text(unquoted(&name)));
    return store_get_int(c, a, &q, &one, err);
}

int ddl_unwatch(struct conn *c, struct arena *a, const struct ddl_table *t, struct err *err)
{
    struct sql q;
    for (int update = 0; update < 2; update++) {
        begin(&q, c, a);
        sql_lit(&q, "DROP TRIGGER IF EXISTS ");
        add_trigger(&q, a, t, update);
        if (q.dialect == SQL_PGSQL) {
            sql_lit(&q, " ON ");
            add_table(&q, t);
        }
        if (run(c, a, &q, err) < 0)
            return -1;
    }
    return 0;
}

static int drop_index(struct conn *c, struct arena *a, const struct sql *name, struct err *err)
{
    struct sql q;
    begin(&q, c, a);
    sql_lit(&q, "DROP INDEX IF EXISTS ");
    sql_append(&q, name);
    return run(c, a, &q, err);
}

int ddl_drop_index(struct conn *c, struct arena *a, const struct ddl_table *t, struct str name,
                   struct err *err)
{
    struct sql q;
    begin(&q, c, a);
    add_index(&q, a, t, name);
    return drop_index(c, a, &q, err);
}

int ddl_drop_index_named(struct conn *c, struct arena *a, struct str physical, struct err *err)
{
    struct sql q;
    begin(&q, c, a);
    sql_ident(&q, physical);
    return drop_index(c, a, &q, err);
}

/* A catalogue query over table $1. */
static void ask(struct sql *q, struct conn *c, struct arena *a, struct str text,
                const struct ddl_table *t)
{
    struct val name = val_text(ddl_table_name(c, a, t));
    begin(q, c, a);
    sql_lit_(q, text);
    (void)vec_push(a, &q->args, name);
}

int ddl_has_table(struct conn *c, struct arena *a, const struct ddl_table *t, struct err *err)
{
    struct sql q;
    int64_t one;
    ask(&q, c, a, spelling_of(c)->has_sql, t);
    return store_get_int(c, a, &q, &one, err);
}

static int names_of(struct conn *c, struct arena *a, const struct sql *q, struct str **names,
                    size_t *n, struct err *err)
{
    VEC(struct str) list = {0};
    struct stmt *s;
    int rc;
    if (store_query(c, a, q, &s, err) < 0)
        return -1;
    while ((rc = stmt_step(s, err)) == 1)
        (void)vec_push(a, &list, str_dup(a, stmt_str(s, 0)));
    stmt_done(s);
    *names = list.v;
    *n = list.n;
    return rc;
}

int ddl_columns(struct conn *c, struct arena *a, const struct ddl_table *t, struct str **names,
                size_t *n, struct err *err)
{
    struct sql q;
    ask(&q, c, a, spelling_of(c)->columns_sql, t);
    return names_of(c, a, &q, names, n, err);
}

int ddl_indexes(struct conn *c, struct arena *a, const struct ddl_table *t, struct str **names,
                size_t *n, struct err *err)
{
    struct sql q;
    ask(&q, c, a, spelling_of(c)->indexes_sql, t);
    return names_of(c, a, &q, names, n, err);
}
