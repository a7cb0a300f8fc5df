/*
 * The store with many rows: writes nobody waits for, results in portions with other statements
 * between them.
 */
#define _GNU_SOURCE

#include "tests/unit/store_test.h"

#define ROWS 1700 /* more than three portions of a cursor */

static int insert_later(struct conn *c, struct arena *a, int64_t id, struct str text,
                        struct err *err)
{
    struct sql q;
    sql_new(&q, a);
    sql_lit(&q, "INSERT INTO t (_id, n, text) VALUES (");
    sql_bind_int(&q, id);
    sql_lit(&q, ", ");
    sql_bind_int(&q, id % 7);
    sql_lit(&q, ", ");
    sql_bind_str(&q, text);
    sql_lit(&q, ")");
    return store_exec_later(c, a, &q, err);
}

static struct str number(struct arena *a, int64_t n)
{
    return str_fmt(a, "row %lld", (long long)n);
}

static int fill(struct conn *c, void *arg, struct err *err)
{
    struct arena *a = arg;
    for (int64_t i = 1; i <= ROWS; i++)
        if (insert_later(c, a, i, number(a, i), err) < 0)
            return -1;
    return get_int(c, STR("SELECT count(*) FROM t")) == ROWS ? 0 : -1; /* they are there */
}

static void what_comes_later_is_there(void **state)
{
    struct world w;
    struct err err = ERR_INIT;
    (void)state;
    world_init(&w, "sqlite:");
    world_make_t(&w);
    ok(store_write(w.s, fill, w.a, &err));
    assert_int_equal(read_int(w.s, STR("SELECT count(*) FROM t")), ROWS);
    world_fini(&w);
}

/* Rows of a savepoint that is taken back go with it, the others stay. */
static int half_taken_back(struct conn *c, void *arg, struct err *err)
{
    struct arena *a = arg;
    for (int64_t i = 1; i <= 20; i++) {
        if (store_savepoint(c, err) < 0 || insert_later(c, a, i, number(a, i), err) < 0)
            return -1;
        if (i % 2)
            store_rollback(c);
        else if (store_release(c, err) < 0)
            return -1;
    }
    return 0;
}

static void a_savepoint_takes_it_back(void **state)
{
    struct world w;
    struct err err = ERR_INIT;
    (void)state;
    world_init(&w, "sqlite:");
    world_make_t(&w);
    ok(store_write(w.s, half_taken_back, w.a, &err));
    assert_int_equal(read_int(w.s, STR("SELECT count(*) FROM t")), 10);
    assert_int_equal(read_int(w.s, STR("SELECT count(*) FROM t WHERE _id % 2 = 1")), 0);
    world_fini(&w);
}

/* The third row is there already; a caller that goes on with the next savepoint as if it were a
 * row's own trouble must not get the rest committed. */
static int one_fails(struct conn *c, void *arg, struct err *err)
{
    static const int64_t ids[] = {101, 102, 102, 103, 104};
    struct arena *a = arg;
    for (size_t i = 0; i < ARRAY_LEN(ids); i++) {
        struct err row = ERR_INIT;
        if (store_savepoint(c, err) < 0)
            return -1;
        bool fine = insert_later(c, a, ids[i], number(a, ids[i]), &row) == 0 &&
                    insert_row(c, a, 200 + (int64_t)i, 1, number(a, (int64_t)i), &row) == 0 &&
                    store_release(c, &row) == 0;
        if (!fine)
            store_rollback(c);
    }
    return test_pg() ? 0 : err_set(err, ERR_CONFLICT, "sqlite", "-", "-"); /* it was told at once */
}

static void a_failure_later_fails_the_job(void **state)
{
    struct world w;
    struct err err = ERR_INIT;
    int64_t n = 0;
    (void)state;
    world_init(&w, "sqlite:");
    world_make_t(&w);
    ok(store_write(w.s, half_taken_back, w.a, &err)); /* the statement is known */
    assert_true(store_write(w.s, one_fails, w.a, &err) < 0);
    assert_int_equal(read_int(w.s, STR("SELECT count(*) FROM t")), 10);
    err = (struct err)ERR_INIT;
    ok(store_write(w.s, insert_next, &n, &err)); /* and the connection goes on */
    assert_int_equal(read_int(w.s, STR("SELECT count(*) FROM t")), 11);
    world_fini(&w);
}

static void all_of_t(struct conn *c, struct arena *a, struct stmt **s)
{
    struct err err = ERR_INIT;
    struct sql q;
    sql_new(&q, a);
    sql_lit(&q, "SELECT _id, text FROM t WHERE n <> ");
    sql_bind_int(&q, 99);
    sql_lit(&q, " ORDER BY _id");
    ok(store_query(c, a, &q, s, &err));
    stmt_many(*s);
}

static void many_rows_with_others_between(void **state)
{
    struct world w;
    struct err err = ERR_INIT;
    struct conn *c;
    struct stmt *one, *two;
    (void)state;
    world_init(&w, "sqlite:");
    world_make_t(&w);
    ok(store_write(w.s, fill, w.a, &err));
    ok(store_conn_open(w.s, &c, &err));
    for (int round = 0; round < 3; round++) {
        ok(store_read_begin(c, &err));
        all_of_t(c, w.a, &one);
        all_of_t(c, w.a, &two);
        for (int64_t i = 1; i <= ROWS; i++) {
            assert_int_equal(stmt_step(one, &err), 1);
            assert_int_equal(stmt_int(one, 0), i);
            assert_true(str_eq(stmt_str(one, 1), number(w.a, i)));
            if (i % 2 == 0) {
                assert_int_equal(stmt_step(two, &err), 1);
                assert_int_equal(stmt_int(two, 0), i / 2);
            }
            if (i % 10 == 0)
                assert_int_equal(get_int(c, STR("SELECT max(_id) FROM t")), ROWS);
        }
        assert_int_equal(stmt_step(one, &err), 0);
        assert_int_equal(stmt_step(one, &err), 0);
        stmt_done(one);
        if (round)
            stmt_done(two); /* in the middle; or with the snapshot */
        store_read_end(c);
    }
    assert_int_equal(get_int(c, STR("SELECT count(*) FROM t")), ROWS);
    store_conn_close(&c);
    world_fini(&w);
}

static void without_a_snapshot_it_is_a_query(void **state)
{
    struct world w;
    struct err err = ERR_INIT;
    struct conn *c;
    struct stmt *s;
    int64_t n = 0;
    (void)state;
    world_init(&w, "sqlite:");
    world_make_t(&w);
    ok(store_write(w.s, fill, w.a, &err));
    ok(store_conn_open(w.s, &c, &err));
    all_of_t(c, w.a, &s);
    while (stmt_step(s, &err) == 1)
        n++;
    assert_int_equal(n, ROWS);
    stmt_done(s);
    store_conn_close(&c);
    world_fini(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_comes_later_is_there),
        cmocka_unit_test(a_savepoint_takes_it_back),
        cmocka_unit_test(a_failure_later_fails_the_job),
        cmocka_unit_test(many_rows_with_others_between),
        cmocka_unit_test(without_a_snapshot_it_is_a_query),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
