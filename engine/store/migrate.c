/*
 * Runs the numbered migrations that are not recorded yet, each in one transaction with its record.
 */
#include "engine/store/migrate.h"

#include "engine/store/migrate_int.h"
#include "engine/store/store_driver.h"

#include <assert.h>

#define ARENA_BYTES (4u << 20)

static const struct migration *const MIGRATIONS[] = {&migrate_org, &migrate_app, &migrate_work,
                                                     &migrate_flow, &migrate_history,
                                                     &migrate_vault, &migrate_search};

struct word {
    struct str name;     /* with braces */
    struct str spelt[2]; /* by enum sql_dialect */
};

static const struct word WORDS[] = {
    {STR("{id}"), {STR("INTEGER PRIMARY KEY"), STR("BIGINT PRIMARY KEY")}},
    {STR("{int}"), {STR("INTEGER"), STR("BIGINT")}},
    {STR("{real}"), {STR("REAL"), STR("DOUBLE PRECISION")}},
    {STR("{text}"), {STR("TEXT"), STR("TEXT COLLATE \"C\"")}},
    {STR("{json}"), {STR("TEXT"), STR("TEXT")}},
    {STR("{strict}"), {STR("STRICT"), STR("")}},
};

static const struct str RECORD_TABLE =
    STR("CREATE TABLE IF NOT EXISTS _migration ("
        "n {int} NOT NULL PRIMARY KEY, name {text} NOT NULL, checksum {text} NOT NULL,"
        "at {int} NOT NULL) {strict}");

struct run {
    struct arena *a;
    int64_t now_us;
    const struct migration *m;
};

int migrate_latest(void)
{
    return (int)ARRAY_LEN(MIGRATIONS);
}

static void spell(struct sql *q, struct str text, enum sql_dialect dialect)
{
    while (text.n) {
        ptrdiff_t open = str_findc(text, '{');
        size_t plain = open < 0 ? text.n : (size_t)open;
        sql_lit_(q, str_sub(text, 0, plain));
        text = str_sub(text, plain, text.n);
        for (size_t i = 0; text.n && i <= ARRAY_LEN(WORDS); i++) {
            assert(i < ARRAY_LEN(WORDS)); /* a word nobody spells */
            if (str_starts(text, WORDS[i].name)) {
                sql_lit_(q, WORDS[i].spelt[dialect]);
                text = str_sub(text, WORDS[i].name.n, text.n);
                break;
            }
        }
    }
}

static int exec(struct conn *c, struct arena *a, struct str text, struct err *err)
{
    struct sql q;
    enum sql_dialect dialect = store_dialect(store_of(c));
    sql_init(&q, a, dialect);
    spell(&q, text, dialect);
    return store_exec(c, a, &q, NULL, err);
}

/* FNV-1a over the statements as written: the same on every machine and dialect. */
static struct str checksum(struct arena *a, const struct migration *m)
{
    uint64_t h = UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < m->nsteps; i++)
        for (size_t k = 0; k <= m->steps[i].n; k++)
            h = (h ^ (k < m->steps[i].n ? (unsigned char)m->steps[i].p[k] : 0xff)) *
                UINT64_C(0x100000001b3);
    return str_fmt(a, "%016llx", (unsigned long long)h);
}

/* 1 recorded as we know it, 0 not recorded, -1 */
static int recorded(struct conn *c, struct arena *a, const struct migration *m, struct err *err)
{
    struct sql q;
    struct stmt *s;
    sql_init(&q, a, store_dialect(store_of(c)));
    sql_lit(&q, "SELECT checksum FROM _migration WHERE n = ");
    sql_bind_int(&q, m->n);
    if (store_query(c, a, &q, &s, err) < 0)
        return -1;
    int rc = stmt_step(s, err);
    if (rc == 1 && !str_eq(stmt_str(s, 0), checksum(a, m)))
        rc = err_set(err, ERR_CONFLICT, "migration_changed",
                     "数据库由另一版本的程序创建（第 %d 步结构不同），请使用原来的程序版本。",
                     "The database was made by another build (step %d differs); "
                     "please use the program that made it.",
                     m->n);
    stmt_done(s);
    return rc;
}

static int record(struct conn *c, const struct run *r, struct err *err)
{
    struct sql q;
    sql_init(&q, r->a, store_dialect(store_of(c)));
    sql_lit(&q, "INSERT INTO _migration (n, name, checksum, at) VALUES (");
    sql_bind_int(&q, r->m->n);
    sql_lit(&q, ", ");
    sql_bind_str(&q, r->m->name);
    sql_lit(&q, ", ");
    sql_bind_str(&q, checksum(r->a, r->m));
    sql_lit(&q, ", ");
    sql_bind_int(&q, r->now_us);
    sql_lit(&q, ")");
    return store_exec(c, r->a, &q, NULL, err);
}

static int run_one(struct conn *c, void *arg, struct err *err)
{
    struct run *r = arg;
    int done = recorded(c, r->a, r->m, err);
    if (done != 0)
        return done < 0 ? -1 : 0;
    store_ddl_begin(c, true);
    for (size_t i = 0; i < r->m->nsteps; i++)
        if (exec(c, r->a, r->m->steps[i], err) < 0)
            return -1;
    return record(c, r, err);
}

/* Makes the record table; refuses a database of a newer program. */
static int prepare(struct conn *c, void *arg, struct err *err)
{
    struct run *r = arg;
    struct sql q;
    int64_t newest = 0;
    store_ddl_begin(c, true);
    if (exec(c, r->a, RECORD_TABLE, err) < 0)
        return -1;
    sql_init(&q, r->a, store_dialect(store_of(c)));
    sql_lit(&q, "SELECT max(n) FROM _migration");
    if (store_get_int(c, r->a, &q, &newest, err) < 0)
        return -1;
    if (newest > migrate_latest())
        return err_set(err, ERR_CONFLICT, "schema_newer",
                       "数据库来自更新版本的程序（结构 %d，本程序最高 %d），请升级程序。",
                       "The database belongs to a newer program (schema %d, this one knows %d); "
                       "please upgrade.",
                       (int)newest, migrate_latest());
    return 0;
}

static int run_all(struct store *s, struct run *r, struct err *err)
{
    if (store_write(s, prepare, r, err) < 0)
        return -1;
    for (size_t i = 0; i < ARRAY_LEN(MIGRATIONS); i++) {
        r->m = MIGRATIONS[i];
        assert(r->m->n == (int)i + 1);
        if (store_write(s, run_one, r, err) < 0)
            return -1;
    }
    return 0;
}

int migrate_run(struct store *s, int64_t now_us, struct err *err)
{
    struct run r = {.a = arena_new(ARENA_BYTES), .now_us = now_us};
    if (!r.a)
        return err_set(err, ERR_OOM, "out_of_memory", "内存不足，无法启动。",
                       "There is not enough memory to start.");
    int rc = run_all(s, &r, err);
    arena_free(&r.a);
    return rc;
}
