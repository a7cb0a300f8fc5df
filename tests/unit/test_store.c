/*
 * The store on one thread: values both ways, errors, savepoints, snapshots, limits, what the
 * authorizer lets through, DDL, migrations, backup.
 */
#define _GNU_SOURCE

#include "tests/unit/store_test.h"

struct trip {
    const char *name; /* of a list: its JSON */
    struct val in;
    struct str column; /* of table t */
    enum val_kind read_as;
};

static int write_value(struct conn *c, void *arg, struct err *err)
{
    const struct trip *t = arg;
    struct arena *a = arena_new(32u << 20);
    struct sql q;
    sql_new(&q, a);
    sql_lit(&q, "INSERT INTO t (_id, ");
    sql_ident(&q, t->column);
    sql_lit(&q, ") VALUES (1, ");
    sql_bind(&q, t->in);
    sql_lit(&q, ") ON CONFLICT (_id) DO UPDATE SET ");
    sql_ident(&q, t->column);
    sql_lit(&q, " = excluded.");
    sql_ident(&q, t->column);
    int rc = store_exec(c, a, &q, NULL, err);
    arena_free(&a);
    return rc;
}

static int64_t whole(struct val v)
{
    return v.kind == VAL_REF ? v.ref->id : v.kind == VAL_BOOL ? v.b : v.i;
}

static void check_value(struct stmt *s, const struct trip *t)
{
    double num = stmt_num(s, 0);
    if (t->read_as == VAL_BLANK)
        assert_true(stmt_null(s, 0));
    else if (t->read_as == VAL_DEC)
        assert_true(!stmt_null(s, 0) && stmt_int(s, 0) == whole(t->in));
    else if (t->read_as == VAL_NUM)
        assert_memory_equal(&num, &t->in.num, sizeof num);
    else if (t->in.kind == VAL_TEXT)
        assert_true(str_eq(stmt_str(s, 0), (struct str){t->in.text, t->in.n}));
    else
        assert_true(str_eqz(stmt_str(s, 0), t->name));
}

static void check_trip(struct world *w, struct conn *c, struct trip *t)
{
    struct err err = ERR_INIT;
    struct sql q;
    struct stmt *s;
    ok(store_write(w->s, write_value, t, &err));
    sql_new(&q, w->a);
    sql_lit(&q, "SELECT ");
    sql_ident(&q, t->column);
    sql_lit(&q, " FROM t");
    ok(store_query(c, w->a, &q, &s, &err));
    assert_int_equal(stmt_step(s, &err), 1);
    assert_int_equal(stmt_columns(s), 1);
    check_value(s, t);
    assert_int_equal(stmt_step(s, &err), 0);
    assert_int_equal(stmt_step(s, &err), 0); /* stays at the end */
    stmt_done(s);
}

static void values_come_back(void **state)
{
    struct world w;
    struct err err = ERR_INIT;
    struct conn *c;
    (void)state;
    world_init(&w, "sqlite:");
    world_make_t(&w);
    size_t nbig = test_pg() ? 100000 : 1u << 20; /* the column has an index, of 8 kB there */
    char *big = arena_alloc(w.a, nbig);
    memset(big, 'x', nbig);
    const struct val list[] = {val_text(STR("a\"b")), val_dec(5, 2),
                               val_ref(w.a, INT64_MAX, STR_NONE), val_date(-1), val_num(0.5)};
    struct trip trips[] = {
        {"blank", VAL_NONE, STR("text"), VAL_BLANK},
        {"absent", {.kind = VAL_ABSENT}, STR("n"), VAL_BLANK},
        {"min", val_dec(INT64_MIN, 2), STR("n"), VAL_DEC},
        {"max", val_dec(INT64_MAX, 0), STR("n"), VAL_DEC},
        {"true", val_bool(true), STR("n"), VAL_DEC},
        {"false", val_bool(false), STR("n"), VAL_DEC},
        {"date", val_date(CIVIL_MIN_DAY), STR("n"), VAL_DEC},
        {"instant", val_instant(INT64_C(253402300799999999)), STR("n"), VAL_DEC},
        {"time", val_time(86399), STR("n"), VAL_DEC},
        {"ref", val_ref(w.a, INT64_C(0x7123456789abcdef), STR("t")), STR("n"), VAL_DEC},
        {"third", val_num(1.0 / 3), STR("x"), VAL_NUM},
        {"huge", val_num(1.7976931348623157e308), STR("x"), VAL_NUM},
        {"tiny", val_num(5e-324), STR("x"), VAL_NUM},
        {"zero", val_num(0), STR("x"), VAL_NUM},
        {"text", val_text(STR("线索 ＡＢＣ 👩‍👩‍👧 \xF4\x8F\xBF\xBF '\";--")),
         STR("text"), VAL_TEXT},
        {"a megabyte", val_text((struct str){big, nbig}), STR("text"), VAL_TEXT},
        {"[\"a\\\"b\",5,9223372036854775807,-1,0.5]", val_list(list, 5), STR("text"), VAL_LIST},
    };
    ok(store_conn_open(w.s, &c, &err));
    for (size_t i = 0; i < ARRAY_LEN(trips); i++)
        check_trip(&w, c, &trips[i]);
    store_conn_close(&c);
    world_fini(&w);
}

static void an_empty_text_is_not_null(void **state)
{
    struct world w;
    struct err err = ERR_INIT;
    struct conn *c;
    struct sql q;
    struct stmt *s;
    (void)state;
    world_init(&w, "sqlite:");
    ok(store_conn_open(w.s, &c, &err));
    sql_new(&q, w.a);
    sql_lit(&q, "SELECT ");
    sql_bind_str(&q, STR_NONE);
    ok(store_query(c, w.a, &q, &s, &err));
    assert_int_equal(stmt_step(s, &err), 1);
    assert_false(stmt_null(s, 0));
    stmt_done(s);
    store_conn_close(&c);
    world_fini(&w);
}

static int insert_twice(struct conn *c, void *arg, struct err *err)
{
    struct world *w = arg;
    if (insert_row(c, w->a, 1, 7, STR("甲"), err) < 0)
        return -1;
    return insert_row(c, w->a, 2, 7, STR("甲"), err);
}

static int insert_same_id(struct conn *c, void *arg, struct err *err)
{
    struct world *w = arg;
    if (insert_row(c, w->a, 1, 7, STR("甲"), err) < 0)
        return -1;
    return insert_row(c, w->a, 1, 8, STR("乙"), err);
}

static void a_duplicate_names_its_columns(void **state)
{
    struct world w;
    struct err err = ERR_INIT;
    (void)state;
    world_init(&w, "sqlite:");
    world_make_t(&w);
    assert_int_equal(store_write(w.s, insert_twice, &w, &err), -1);
    assert_int_equal(err.code, ERR_CONFLICT);
    assert_string_equal(err.key, "duplicate");
    assert_string_equal(err.path, "n,text");
    assert_int_equal(store_write(w.s, insert_same_id, &w, &err), -1);
    assert_string_equal(err.path, "_id");
    assert_int_equal(read_int(w.s, STR("SELECT count(*) FROM t")), 0); /* nothing half done */
    world_fini(&w);
}

static int write_text(struct conn *c, void *arg, struct err *err)
{
    struct arena *a = arena_new(1u << 20);
    int rc = run_text(c, a, *(struct str *)arg, err);
    arena_free(&a);
    return rc;
}

static void statements_that_are_refused(void **state)
{
    static const struct str ROWS[] = {
        STR("SELECT 1; SELECT 2"),
        STR(" "),
        STR("ATTACH ':memory:' AS x"),
        STR("PRAGMA journal_mode=OFF"),
        STR("PRAGMA writable_schema=ON"),
        STR("VACUUM INTO '/tmp/mortise-must-not-be'"),
        STR("COMMIT"),
        STR("SAVEPOINT x"),
        STR("CREATE TABLE x (a INTEGER)"), /* outside ddl.c */
        STR("DROP TABLE t"),
        STR("ALTER TABLE t ADD COLUMN y TEXT"),
        STR("CREATE TEMP TABLE x (a)"),
        STR("CREATE TRIGGER r AFTER INSERT ON t BEGIN SELECT 1; END"),
        STR("UPDATE _audit SET who = 1"),
        STR("DELETE FROM _audit"),
        STR("DELETE FROM _migration"),
        STR("DELETE FROM sqlite_master"),
        STR("SELECT load_extension('x')"),
        STR("INSERT INTO t (n) VALUES ('text')"), /* STRICT */
    };
    struct world w;
    struct err err = ERR_INIT;
    (void)state;
    SKIP_ON_PG();
    world_init(&w, "sqlite:");
    world_make_t(&w);
    ok(migrate_run(w.s, 1, &err));
    for (size_t i = 0; i < ARRAY_LEN(ROWS); i++) {
        struct str text = ROWS[i];
        if (store_write(w.s, write_text, &text, &err) == 0 || err.code != ERR_INTERNAL)
            fail_msg("%.*s: %d", STR_ARG(text), err.code);
    }
    struct str good = STR("INSERT INTO t (n) VALUES (1)");
    ok(store_write(w.s, write_text, &good, &err)); /* the connection is as good as before */
    world_fini(&w);
}

static void a_column_that_is_gone_is_a_conflict(void **state)
{
    static const struct str ROWS[] = {
        STR("SELECT nope FROM t"),
        STR("SELECT \"nope\" FROM t"), /* double quotes never make a text */
        STR("SELECT 1 FROM nope"),
        STR("INSERT INTO t (nope) VALUES (1)"),
    };
    struct world w;
    struct err err = ERR_INIT;
    (void)state;
    world_init(&w, "sqlite:");
    world_make_t(&w);
    for (size_t i = 0; i < ARRAY_LEN(ROWS); i++) {
        struct str text = ROWS[i];
        assert_int_equal(store_write(w.s, write_text, &text, &err), -1);
        assert_int_equal(err.code, ERR_CONFLICT);
        assert_string_equal(err.key, "definition_changed");
        assert_string_equal(err.path, "");
    }
    world_fini(&w);
}

static void readers_cannot_write(void **state)
{
    struct world w;
    struct err err = ERR_INIT;
    struct conn *c;
    (void)state;
    world_init(&w, "sqlite:");
    world_make_t(&w);
    ok(store_conn_open(w.s, &c, &err));
    assert_false(store_is_writer(c));
    assert_ptr_equal(store_of(c), w.s);
    assert_int_equal(run_text(c, w.a, STR("INSERT INTO t (n) VALUES (1)"), &err), -1);
    store_conn_close(&c);
    world_fini(&w);
}

static void urls_that_open_nothing(void **state)
{
    static const char *const URLS[] = {"", "mysql:x", "sqlite", "fault:x:y",
                                       "sqlite:/no/such/folder/db"};
    struct err err = ERR_INIT;
    struct store *s = NULL;
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(URLS); i++) {
        assert_int_equal(store_open(str_of(URLS[i]), NULL, &s, &err), -1);
        assert_null(s);
        assert_true(err.zh[0] && err.en[0]);
    }
}

static void a_file_that_is_no_database(void **state)
{
    struct world w;
    struct err err = ERR_INIT;
    char url[160];
    (void)state;
    SKIP_ON_PG();
    world_init(&w, "sqlite:");
    store_close(&w.s);
    FILE *f = fopen(w.path, "w");
    assert_non_null(f);
    for (int i = 0; i < 1000; i++)
        (void)fputs("this is no database, ", f);
    (void)fclose(f);
    (void)snprintf(url, sizeof url, "sqlite:%s", w.path);
    assert_int_equal(store_open(str_of(url), NULL, &w.s, &err), -1);
    assert_int_equal(err.code, ERR_STORE);
    assert_string_equal(err.key, "database_corrupt");
    world_fini(&w);
}

static int nested(struct conn *c, void *arg, struct err *err)
{
    struct world *w = arg;
    struct sql q;
    struct stmt *outer;
    sql_new(&q, w->a);
    sql_lit(&q, "SELECT _id FROM t ORDER BY _id");
    if (insert_row(c, w->a, 1, 1, STR("keep"), err) < 0 ||
        insert_row(c, w->a, 2, 2, STR("keep"), err) < 0 ||
        store_query(c, w->a, &q, &outer, err) < 0)
        return -1;
    assert_int_equal(stmt_step(outer, err), 1);
    if (store_savepoint(c, err) < 0 || insert_row(c, w->a, 3, 3, STR("inner"), err) < 0 ||
        store_savepoint(c, err) < 0 || insert_row(c, w->a, 4, 4, STR("innermost"), err) < 0)
        return -1;
    store_rollback(c); /* 4 */
    if (store_release(c, err) < 0 || store_savepoint(c, err) < 0 ||
        insert_row(c, w->a, 5, 5, STR("gone"), err) < 0)
        return -1;
    store_rollback(c);
    assert_int_equal(stmt_step(outer, err), 1); /* a loop around savepoints goes on */
    assert_int_equal(stmt_int(outer, 0), 2);
    if (store_savepoint(c, err) < 0)
        return -1;
    return insert_row(c, w->a, 6, 6, STR("left open: undone"), err);
}

static int too_deep(struct conn *c, void *arg, struct err *err)
{
    (void)arg;
    for (int i = 0; i < 16; i++)
        if (store_savepoint(c, err) < 0)
            return 0; /* too early: the test fails on 0 */
    return store_savepoint(c, err);
}

static void a_list_is_searched(void **state)
{
    struct world w;
    struct err err = ERR_INIT;
    struct conn *c;
    struct sql q;
    int64_t n = 0;
    const struct val list[] = {val_text(STR("甲")), val_text(STR("乙"))};
    (void)state;
    world_init(&w, "sqlite:");
    ok(store_conn_open(w.s, &c, &err));
    sql_new(&q, w.a);
    sql_lit(&q, "SELECT count(*) FROM json_each(");
    sql_bind(&q, val_list(list, 2));
    sql_lit(&q, ") WHERE value = ");
    sql_bind_str(&q, STR("乙"));
    assert_int_equal(store_get_int(c, w.a, &q, &n, &err), 1);
    assert_int_equal(n, 1);
    store_conn_close(&c);
    world_fini(&w);
}

static void savepoints_nest(void **state)
{
    struct world w;
    struct err err = ERR_INIT;
    (void)state;
    world_init(&w, "sqlite:");
    world_make_t(&w);
    ok(store_write(w.s, nested, &w, &err));
    assert_int_equal(read_int(w.s, STR("SELECT sum(_id * 10) FROM t")), 60); /* 1, 2, 3 */
    assert_int_equal(store_write(w.s, too_deep, NULL, &err), -1);
    assert_int_equal(err.code, ERR_LIMIT);
    world_fini(&w);
}

/* Adds a chain of n terms. */
static void chain(struct sql *q, int n)
{
    sql_lit(q, "SELECT 1");
    for (int i = 0; i < n; i++)
        sql_lit(q, " + 1");
}

static void bounds_have_clear_errors(void **state)
{
    struct world w;
    struct err err = ERR_INIT;
    struct conn *c;
    struct sql q;
    int64_t n = 0;
    (void)state;
    SKIP_ON_PG();
    world_init(&w, "sqlite:");
    ok(store_conn_open(w.s, &c, &err));
    sql_new(&q, w.a);
    chain(&q, 900);
    assert_int_equal(store_get_int(c, w.a, &q, &n, &err), 1);
    assert_int_equal(n, 901);
    sql_new(&q, w.a);
    chain(&q, 5000);
    assert_int_equal(store_get_int(c, w.a, &q, &n, &err), -1);
    assert_int_equal(err.code, ERR_INVALID);
    assert_string_equal(err.key, "query_too_complex");
    assert_int_equal(run_text(c, w.a,
                              STR("SELECT sum(v) FROM (SELECT 9223372036854775807 AS v"
                                  " UNION ALL SELECT 1)"),
                              &err),
                     -1);
    assert_int_equal(err.code, ERR_INVALID);
    store_conn_close(&c);
    world_fini(&w);
}

static void a_snapshot_stands_still(void **state)
{
    struct world w;
    struct err err = ERR_INIT;
    struct conn *c;
    int64_t n = 0;
    const struct str count = STR("SELECT count(*) FROM t");
    (void)state;
    world_init(&w, "sqlite:");
    world_make_t(&w);
    ok(store_write(w.s, insert_next, &n, &err));
    ok(store_conn_open(w.s, &c, &err));
    ok(store_read_begin(c, &err));
    assert_int_equal(get_int(c, count), 1);
    ok(store_write(w.s, insert_next, &n, &err));
    assert_int_equal(get_int(c, count), 1);
    store_read_end(c);
    assert_int_equal(get_int(c, count), 2);
    store_conn_close(&c);
    world_fini(&w);
}

static void prepared_statements_are_kept(void **state)
{
    struct world w;
    struct err err = ERR_INIT;
    struct conn *c;
    struct sql q;
    struct stmt *s, *same;
    struct store_stats stats;
    (void)state;
    world_init(&w, "sqlite:");
    ok(store_conn_open(w.s, &c, &err));
    sql_new(&q, w.a);
    sql_lit(&q, "SELECT 1 UNION ALL SELECT 2");
    store_stats(w.s, &stats);
    int64_t before = stats.statements;
    for (int i = 0; i < 100; i++) {
        struct arena_mark m = arena_mark(w.a);
        ok(store_query(c, w.a, &q, &s, &err));
        ok(store_query(c, w.a, &q, &same, &err)); /* the same text twice at once */
        assert_int_equal(stmt_step(s, &err), 1);
        arena_reset(w.a, m); /* gives both back */
    }
    store_stats(w.s, &stats);
    assert_int_equal(stats.statements - before, 2);
    for (int64_t i = 0; i < 500; i++) { /* more texts than the cache holds */
        struct sql one;
        int64_t got = -1;
        sql_new(&one, w.a);
        sql_lit(&one, "SELECT ");
        sql_int(&one, i % 300);
        assert_int_equal(store_get_int(c, w.a, &one, &got, &err), 1);
        assert_int_equal(got, i % 300);
    }
    store_conn_close(&c);
    world_fini(&w);
}

static const struct str SLOW = STR("WITH RECURSIVE r(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM r"
                                   " WHERE i < 1000000000) SELECT count(*) FROM r");

static void a_query_has_its_time(void **state)
{
    struct world w;
    struct err err = ERR_INIT;
    struct conn *c;
    (void)state;
    world_init(&w, "sqlite:");
    world_make_t(&w);
    ok(store_conn_open(w.s, &c, &err));
    store_limit(c, test_mono_us() + 30000, 0);
    assert_int_equal(run_text(c, w.a, SLOW, &err), -1);
    assert_int_equal(err.code, ERR_TIMEOUT);
    assert_string_equal(err.key, "query_too_expensive");
    store_limit(c, 0, 100000);
    assert_int_equal(run_text(c, w.a, SLOW, &err), -1);
    assert_int_equal(err.code, ERR_TIMEOUT);
    store_limit(c, 0, 0);
    assert_int_equal(get_int(c, STR("SELECT count(*) FROM t")), 0);
    store_conn_close(&c);
    world_fini(&w);
}

static int slow_write(struct conn *c, void *arg, struct err *err)
{
    struct world *w = arg;
    store_limit(c, test_mono_us() + 20000, 0);
    return run_text(
        c, w->a,
        STR("INSERT INTO t (_id, n) WITH RECURSIVE r(i) AS (SELECT 1 UNION ALL SELECT i + 1"
            " FROM r WHERE i < 1000000000) SELECT i, i FROM r"),
        err);
}

static void a_slow_write_leaves_nothing(void **state)
{
    struct world w;
    struct err err = ERR_INIT;
    int64_t n = 0;
    (void)state;
    world_init(&w, "sqlite:");
    world_make_t(&w);
    assert_int_equal(store_write(w.s, slow_write, &w, &err), -1);
    assert_int_equal(err.code, ERR_TIMEOUT);
    ok(store_write(w.s, insert_next, &n, &err)); /* without a limit again */
    assert_int_equal(read_int(w.s, STR("SELECT count(*) FROM t")), 1);
    world_fini(&w);
}

static int eat_memory(struct conn *c, void *arg, struct err *err)
{
    struct arena *a = arg;
    if (insert_row(c, a, 0, 1, STR("x"), err) < 0 || store_savepoint(c, err) < 0)
        return -1;
    for (;;)
        (void)arena_alloc(a, 1u << 16);
}

static void out_of_memory_undoes_the_job(void **state)
{
    struct world w;
    struct err err = ERR_INIT;
    int64_t n = 0;
    (void)state;
    world_init(&w, "sqlite:");
    world_make_t(&w);
    struct arena *small = arena_new(1u << 20);
    assert_int_equal(store_write(w.s, eat_memory, small, &err), -1);
    assert_int_equal(err.code, ERR_OOM);
    arena_free(&small);
    assert_int_equal(read_int(w.s, STR("SELECT count(*) FROM t")), 0);
    ok(store_write(w.s, insert_next, &n, &err));
    world_fini(&w);
}

static int insert_two(struct conn *c, void *arg, struct err *err)
{
    if (insert_row(c, arg, 0, 1, STR("a"), err) < 0 || store_savepoint(c, err) < 0 ||
        insert_row(c, arg, 0, 2, STR("b"), err) < 0)
        return -1;
    return store_release(c, err);
}

/* Lets each allocation of a job fail in turn: nothing is half written, the next job works. */
static void each_allocation_may_fail(void **state)
{
    struct world w;
    struct err err = ERR_INIT;
    bool done = false;
    (void)state;
    world_init(&w, "sqlite:");
    world_make_t(&w);
    for (long n = 1; !done; n++) {
        struct arena *a = arena_new(1u << 20);
        assert_true(n < 1000);
        arena_fail_after(n);
        done = store_write(w.s, insert_two, a, &err) == 0;
        arena_fail_after(0);
        if (!done)
            assert_int_equal(err.code, ERR_OOM);
        arena_free(&a);
        assert_int_equal(read_int(w.s, STR("SELECT count(*) FROM t")), done ? 2 : 0);
    }
    world_fini(&w);
}

struct ddl_case {
    struct world *w;
    struct ddl_table t;
};

static int change_table(struct conn *c, void *arg, struct err *err)
{
    struct ddl_case *d = arg;
    struct arena *a = d->w->a;
    struct str columns[] = {STR("second")};
    struct ddl_index ix = {STR("i_second"), columns, 1, false, false, true};
    struct ddl_column extra = {STR("second"), COL_JSON, false};
    if (ddl_create_table(c, a, &d->t, err) < 0 || ddl_add_column(c, a, &d->t, &extra, err) < 0 ||
        ddl_rename_column(c, a, &d->t, STR("note"), STR("remark"), err) < 0)
        return -1;
    return ddl_create_index(c, a, &d->t, &ix, err);
}

static int drop_parts(struct conn *c, void *arg, struct err *err)
{
    struct ddl_case *d = arg;
    if (ddl_drop_index(c, d->w->a, &d->t, STR("i_second"), err) < 0)
        return -1;
    return ddl_drop_column(c, d->w->a, &d->t, STR("second"), err);
}

static void ddl_twice_is_ddl_once(void **state)
{
    struct world w;
    struct err err = ERR_INIT;
    struct conn *c;
    struct str *names;
    size_t n;
    struct ddl_column columns[] = {{STR("order"), COL_INT, true}, {STR("note"), COL_TEXT, false}};
    struct ddl_case d = {&w, {STR("crm"), STR("lead"), STR("items"), columns, 2}};
    (void)state;
    world_init(&w, "sqlite:");
    ok(store_conn_open(w.s, &c, &err));
    assert_int_equal(ddl_has_table(c, w.a, &d.t, &err), 0);
    for (int i = 0; i < 2; i++) {
        ok(store_write(w.s, change_table, &d, &err));
        assert_int_equal(ddl_has_table(c, w.a, &d.t, &err), 1);
        ok(ddl_columns(c, w.a, &d.t, &names, &n, &err));
        assert_int_equal(n, 4);
        assert_true(str_eqz(names[0], "_id") && str_eqz(names[1], "order"));
        assert_true(str_eqz(names[2], "remark") && str_eqz(names[3], "second"));
        ok(ddl_indexes(c, w.a, &d.t, &names, &n, &err));
        assert_int_equal(n, 1);
        assert_true(str_eq(names[0], ddl_index_name(c, w.a, &d.t, STR("i_second"))));
    }
    for (int i = 0; i < 2; i++)
        ok(store_write(w.s, drop_parts, &d, &err));
    ok(ddl_indexes(c, w.a, &d.t, &names, &n, &err));
    assert_int_equal(n, 0);
    ok(ddl_columns(c, w.a, &d.t, &names, &n, &err));
    assert_int_equal(n, 3);
    store_conn_close(&c);
    world_fini(&w);
}

static int analyze(struct conn *c, void *arg, struct err *err)
{
    (void)arg;
    return store_analyze(c, err);
}

/* Outside of transactions, and again after a try that left nothing but a name. */
static void an_index_is_made_beside_writers(void **state)
{
    struct world w;
    struct err err = ERR_INIT;
    struct conn *c;
    struct str *names;
    size_t n;
    struct str on[] = {STR("remark")};
    struct ddl_index ix = {STR("i_aside"), on, 1, false, false, false};
    struct ddl_column columns[] = {{STR("order"), COL_INT, true}, {STR("note"), COL_TEXT, false}};
    struct ddl_case d = {&w, {STR("crm"), STR("lead"), STR("items"), columns, 2}};
    (void)state;
    world_init(&w, "sqlite:");
    ok(store_conn_open(w.s, &c, &err));
    ok(store_write(w.s, change_table, &d, &err));
    assert_int_equal(ddl_builds_aside(c), test_pg());
    for (int i = 0; i < 2 && test_pg(); i++) {
        assert_int_equal(ddl_build_index(c, w.a, &d.t, &ix, &err), 1);
        ok(ddl_indexes(c, w.a, &d.t, &names, &n, &err));
        assert_int_equal(n, 2);
        ok(store_build_index(w.s, "none",
                             "UPDATE pg_index SET indisvalid = false WHERE indexrelid IN (SELECT"
                             " oid FROM pg_class WHERE relname LIKE '%i\\_aside')",
                             &err));
        ok(ddl_indexes(c, w.a, &d.t, &names, &n, &err));
        assert_int_equal(n, 1);
    }
    ok(store_write(w.s, analyze, NULL, &err));
    ok(store_analyze_aside(w.s, &err));
    store_conn_close(&c);
    world_fini(&w);
}

static void migrations_run_once(void **state)
{
    struct world w;
    struct err err = ERR_INIT;
    struct str later =
        STR("INSERT INTO _migration (n, name, checksum, at) VALUES (9999, 'later', '', 0)");
    (void)state;
    world_init(&w, "sqlite:");
    for (int i = 0; i < 2; i++) {
        ok(migrate_run(w.s, 1000 + i, &err));
        assert_int_equal(read_int(w.s, STR("SELECT count(*) FROM _migration")), migrate_latest());
        assert_int_equal(read_int(w.s, STR("SELECT max(at) FROM _migration")), 1000);
    }
    if (!test_pg())
        assert_int_equal(read_int(w.s, STR("SELECT count(*) FROM sqlite_master WHERE type = 'table'"
                                           " AND sql NOT LIKE '%STRICT'")),
                         0);
    ok(store_write(w.s, write_text, &later, &err));
    assert_int_equal(migrate_run(w.s, 2000, &err), -1);
    assert_int_equal(err.code, ERR_CONFLICT);
    assert_string_equal(err.key, "schema_newer");
    world_fini(&w);
}

/* The N-th call of a migration fails, for every N; the next run finishes it. */
static void migrations_survive_each_failure(void **state)
{
    bool unharmed = false;
    (void)state;
    SKIP_ON_PG();
    for (long n = 1; !unharmed; n += 1 + n / 16) {
        struct world w;
        struct err err = ERR_INIT;
        world_init(&w, "fault:sqlite:");
        store_fault_set(w.s, n, FAULT_ERROR, false);
        bool done = migrate_run(w.s, 1, &err) == 0;
        unharmed = store_fault_calls(w.s) < n;
        assert_true(done == unharmed);
        store_fault_set(w.s, 0, FAULT_ERROR, false);
        ok(migrate_run(w.s, 1, &err));
        assert_int_equal(read_int(w.s, STR("SELECT count(*) FROM _migration")), migrate_latest());
        world_fini(&w);
    }
}

static void a_backup_is_whole(void **state)
{
    struct world w;
    struct err err = ERR_INIT;
    char path[160], url[176];
    struct store *copy;
    struct conn *c;
    int64_t n = 0;
    (void)state;
    SKIP_ON_PG();
    world_init(&w, "sqlite:");
    world_make_t(&w);
    for (int i = 0; i < 50; i++)
        ok(store_write(w.s, insert_next, &n, &err));
    (void)snprintf(path, sizeof path, "%s/copy", w.dir);
    (void)snprintf(url, sizeof url, "sqlite:%s", path);
    ok(store_backup(w.s, str_of(path), &err));
    assert_int_equal(store_backup(w.s, str_of(path), &err), -1); /* never over a file */
    ok(store_write(w.s, insert_next, &n, &err));
    ok(store_open(str_of(url), NULL, &copy, &err));
    assert_int_equal(read_int(copy, STR("SELECT count(*) FROM t")), 50);
    ok(store_conn_open(copy, &c, &err));
    ok(store_check(c, w.a, &err));
    store_conn_close(&c);
    store_close(&copy);
    world_fini(&w);
}

static void a_store_of_tests_is_gone_afterwards(void **state)
{
    struct err err = ERR_INIT;
    struct store *s;
    int64_t n = 0;
    (void)state;
    SKIP_ON_PG();
    struct arena *a = arena_new(1u << 20);
    ok(store_open(STR("sqlite::memory:"), NULL, &s, &err));
    ok(store_write(s, make_t, a, &err));
    ok(store_write(s, insert_next, &n, &err));
    assert_int_equal(read_int(s, STR("SELECT count(*) FROM t")), 1);
    store_close(&s);
    assert_null(s);
    arena_free(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_come_back),
        cmocka_unit_test(an_empty_text_is_not_null),
        cmocka_unit_test(a_duplicate_names_its_columns),
        cmocka_unit_test(statements_that_are_refused),
        cmocka_unit_test(a_column_that_is_gone_is_a_conflict),
        cmocka_unit_test(readers_cannot_write),
        cmocka_unit_test(urls_that_open_nothing),
        cmocka_unit_test(a_file_that_is_no_database),
        cmocka_unit_test(a_list_is_searched),
        cmocka_unit_test(savepoints_nest),
        cmocka_unit_test(bounds_have_clear_errors),
        cmocka_unit_test(a_snapshot_stands_still),
        cmocka_unit_test(prepared_statements_are_kept),
        cmocka_unit_test(a_query_has_its_time),
        cmocka_unit_test(a_slow_write_leaves_nothing),
        cmocka_unit_test(out_of_memory_undoes_the_job),
        cmocka_unit_test(each_allocation_may_fail),
        cmocka_unit_test(ddl_twice_is_ddl_once),
        cmocka_unit_test(an_index_is_made_beside_writers),
        cmocka_unit_test(migrations_run_once),
        cmocka_unit_test(migrations_survive_each_failure),
        cmocka_unit_test(a_backup_is_whole),
        cmocka_unit_test(a_store_of_tests_is_gone_afterwards),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
