/*
 * Many writers at once: nothing lost, few commits, failures that hit only their own job, readers
 * that see whole transactions, a process that is killed, two stores on one file.
 */
#define _GNU_SOURCE

#include "tests/unit/store_test.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/stat.h>
#include <sys/wait.h>

#define WRITERS 16
#define EACH    100

struct writer {
    struct store *s;
    pthread_t thread;
    int64_t first; /* ids first … first + count - 1 */
    int64_t count;
    int failed;
};

struct row {
    int64_t id;
};

static int insert_id(struct conn *c, void *arg, struct err *err)
{
    const struct row *r = arg;
    struct arena *a = arena_new(1u << 20);
    int rc = insert_row(c, a, r->id, r->id, STR("x"), err);
    arena_free(&a);
    return rc;
}

static void *write_many(void *arg)
{
    struct writer *w = arg;
    for (int64_t i = 0; i < w->count; i++) {
        struct err err = ERR_INIT;
        struct row r = {w->first + i};
        w->failed += store_write(w->s, insert_id, &r, &err) < 0;
    }
    return NULL;
}

static void start_writers(struct writer *w, size_t n, struct store *s, int64_t first)
{
    for (size_t i = 0; i < n; i++) {
        w[i] = (struct writer){.s = s, .first = first + (int64_t)i * EACH, .count = EACH};
        assert_int_equal(pthread_create(&w[i].thread, NULL, write_many, &w[i]), 0);
    }
}

static void join_writers(struct writer *w, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        pthread_join(w[i].thread, NULL);
        assert_int_equal(w[i].failed, 0);
    }
}

static void writers_lose_nothing(void **state)
{
    struct world w;
    struct writer writers[WRITERS];
    struct store_stats stats;
    (void)state;
    world_init(&w, "sqlite:");
    world_make_t(&w);
    start_writers(writers, WRITERS, w.s, 1);
    join_writers(writers, WRITERS);
    assert_int_equal(read_int(w.s, STR("SELECT count(*) FROM t")), WRITERS * EACH);
    assert_int_equal(read_int(w.s, STR("SELECT max(_id) FROM t")), WRITERS * EACH);
    store_stats(w.s, &stats);
    assert_int_equal(stats.jobs, WRITERS * EACH + 1);
    assert_int_equal(stats.waiting, 0);
    assert_true(stats.commits < stats.jobs); /* one fsync for several */
    world_fini(&w);
}

static void two_stores_take_turns(void **state)
{
    struct world w;
    struct world other;
    struct writer a[4], b[4];
    (void)state;
    world_init(&w, "sqlite:");
    world_make_t(&w);
    other = w;
    world_open(&other, "sqlite:"); /* a command line beside the server */
    start_writers(a, 4, w.s, 1);
    start_writers(b, 4, other.s, 4 * EACH + 1);
    join_writers(a, 4);
    join_writers(b, 4);
    assert_int_equal(read_int(w.s, STR("SELECT count(*) FROM t")), 8 * EACH);
    store_close(&other.s);
    assert_int_equal(read_int(w.s, STR("SELECT count(*) FROM t")), 8 * EACH);
    world_fini(&w);
}

/* Moves 1 from row 1 to row 2 in two statements: the sum never changes. */
static int move_one(struct conn *c, void *arg, struct err *err)
{
    struct arena *a = arena_new(1u << 20);
    (void)arg;
    int rc = run_text(c, a, STR("UPDATE t SET n = n - 1 WHERE _id = 1"), err);
    if (rc == 0)
        rc = run_text(c, a, STR("UPDATE t SET n = n + 1 WHERE _id = 2"), err);
    arena_free(&a);
    return rc;
}

static void *move_many(void *arg)
{
    struct writer *w = arg;
    for (int64_t i = 0; i < w->count; i++) {
        struct err err = ERR_INIT;
        w->failed += store_write(w->s, move_one, NULL, &err) < 0;
    }
    return NULL;
}

static void readers_see_whole_transactions(void **state)
{
    struct world w;
    struct err err = ERR_INIT;
    struct conn *c;
    struct writer movers[4];
    struct row one = {1}, two = {2};
    (void)state;
    world_init(&w, "sqlite:");
    world_make_t(&w);
    ok(store_write(w.s, insert_id, &one, &err));
    ok(store_write(w.s, insert_id, &two, &err));
    ok(store_conn_open(w.s, &c, &err));
    for (size_t i = 0; i < ARRAY_LEN(movers); i++) {
        movers[i] = (struct writer){.s = w.s, .count = EACH};
        assert_int_equal(pthread_create(&movers[i].thread, NULL, move_many, &movers[i]), 0);
    }
    for (int i = 0; i < 200; i++) {
        assert_int_equal(get_int(c, STR("SELECT sum(n) FROM t")), 3);
        ok(store_read_begin(c, &err));
        int64_t first = get_int(c, STR("SELECT n FROM t WHERE _id = 1"));
        sched_yield();
        assert_int_equal(first + get_int(c, STR("SELECT n FROM t WHERE _id = 2")), 3);
        store_read_end(c);
    }
    join_writers(movers, ARRAY_LEN(movers));
    assert_int_equal(get_int(c, STR("SELECT n FROM t WHERE _id = 2")), 2 + 4 * EACH);
    store_conn_close(&c);
    world_fini(&w);
}

static void a_backup_beside_writers(void **state)
{
    struct world w;
    struct err err = ERR_INIT;
    struct writer writers[4];
    char path[160], url[176];
    struct store *copy;
    struct conn *c;
    (void)state;
    SKIP_ON_PG();
    world_init(&w, "sqlite:");
    world_make_t(&w);
    (void)snprintf(path, sizeof path, "%s/copy", w.dir);
    (void)snprintf(url, sizeof url, "sqlite:%s", path);
    start_writers(writers, 4, w.s, 1);
    while (read_int(w.s, STR("SELECT count(*) FROM t")) < EACH)
        sched_yield();
    ok(store_backup(w.s, str_of(path), &err));
    join_writers(writers, 4);
    ok(store_open(str_of(url), NULL, &copy, &err));
    assert_true(read_int(copy, STR("SELECT count(*) FROM t")) >= EACH);
    ok(store_conn_open(copy, &c, &err));
    ok(store_check(c, w.a, &err));
    store_conn_close(&c);
    store_close(&copy);
    world_fini(&w);
}

/* ---- batches made on purpose: a job that waits until the others stand in line ---- */

struct line {
    struct store *s;
    _Atomic int64_t waiting;
};

static int wait_for_line(struct conn *c, void *arg, struct err *err)
{
    struct line *line = arg;
    struct store_stats stats;
    (void)c;
    (void)err;
    do {
        sched_yield();
        store_stats(line->s, &stats);
    } while (stats.waiting < line->waiting);
    return 0;
}

struct member_of_line {
    struct store *s;
    store_fn *fn;
    void *arg;
    pthread_t thread;
    int rc;
    struct err err;
};

static void *stand(void *arg)
{
    struct member_of_line *m = arg;
    m->rc = store_write(m->s, m->fn, m->arg, &m->err);
    return NULL;
}

static void wait_until_waiting(struct store *s, int64_t n)
{
    struct store_stats stats;
    do {
        sched_yield();
        store_stats(s, &stats);
    } while (stats.waiting < n);
}

/* Lets all of them run in one batch behind a first one; returns when all are answered. */
static void run_in_line(struct store *s, struct member_of_line *m, size_t n)
{
    struct line line = {s, (int64_t)n + 1};
    struct member_of_line first = {.s = s, .fn = wait_for_line, .arg = &line};
    assert_int_equal(pthread_create(&first.thread, NULL, stand, &first), 0);
    wait_until_waiting(s, 1);
    for (size_t i = 0; i < n; i++) {
        m[i].s = s;
        assert_int_equal(pthread_create(&m[i].thread, NULL, stand, &m[i]), 0);
    }
    pthread_join(first.thread, NULL);
    for (size_t i = 0; i < n; i++)
        pthread_join(m[i].thread, NULL);
}

static int slow_insert(struct conn *c, void *arg, struct err *err)
{
    struct arena *a = arena_new(1u << 20);
    (void)arg;
    store_limit(c, test_mono_us() + 10000, 0);
    int rc = run_text(c, a,
                      STR("INSERT INTO t (_id, n) WITH RECURSIVE r(i) AS (SELECT 1 UNION ALL"
                          " SELECT i + 1 FROM r WHERE i < 1000000000) SELECT i + 99, i FROM r"),
                      err);
    arena_free(&a);
    return rc;
}

static int insert_and_fail(struct conn *c, void *arg, struct err *err)
{
    if (insert_id(c, arg, err) < 0)
        return -1;
    return err_set(err, ERR_INVALID, "no", "不行。", "No.");
}

static int insert_and_starve(struct conn *c, void *arg, struct err *err)
{
    if (insert_id(c, arg, err) < 0)
        return -1;
    oom_raise();
}

static void a_job_fails_alone(void **state)
{
    struct world w;
    struct row rows[5] = {{1}, {2}, {3}, {4}, {5}};
    struct member_of_line m[] = {
        {.fn = insert_id, .arg = &rows[0]},
        {.fn = insert_and_fail, .arg = &rows[1]},
        {.fn = slow_insert}, /* ends the transaction of the whole batch */
        {.fn = insert_id, .arg = &rows[2]},
        {.fn = insert_and_starve, .arg = &rows[3]},
        {.fn = insert_id, .arg = &rows[4]},
        {.fn = insert_id, .arg = &rows[0]}, /* again */
    };
    (void)state;
    world_init(&w, "sqlite:");
    world_make_t(&w);
    run_in_line(w.s, m, ARRAY_LEN(m));
    assert_int_equal(m[1].rc, -1);
    assert_int_equal(m[1].err.code, ERR_INVALID);
    assert_int_equal(m[2].rc, -1);
    assert_int_equal(m[2].err.code, ERR_TIMEOUT);
    assert_int_equal(m[3].rc, 0);
    assert_int_equal(m[4].err.code, ERR_OOM);
    assert_int_equal(m[5].rc, 0);
    assert_int_equal(m[0].rc + m[6].rc, -1); /* exactly one of the two that want id 1 */
    assert_int_equal((m[0].rc < 0 ? m[0] : m[6]).err.code, ERR_CONFLICT);
    assert_int_equal(read_int(w.s, STR("SELECT sum(_id * _id) FROM t")), 1 + 9 + 25);
    world_fini(&w);
}

static int write_inside(struct conn *c, void *arg, struct err *err)
{
    struct row one = {1};
    (void)arg;
    return store_write(store_of(c), insert_id, &one, err);
}

static void a_job_cannot_wait_for_itself(void **state)
{
    struct world w;
    struct err err = ERR_INIT;
    (void)state;
    world_init(&w, "sqlite:");
    world_make_t(&w);
    assert_int_equal(store_write(w.s, write_inside, NULL, &err), -1);
    assert_int_equal(err.code, ERR_INTERNAL);
    world_fini(&w);
}

static void a_full_queue_answers_busy(void **state)
{
    struct world w;
    struct err err = ERR_INIT;
    struct row rows[3] = {{1}, {2}, {3}};
    char url[400];
    (void)state;
    world_init(&w, "sqlite:");
    world_make_t(&w);
    store_close(&w.s);
    world_url(&w, "sqlite:", url, sizeof url);
    ok(store_open(str_of(url), &(struct store_opts){.queue_max = 3}, &w.s, &err));
    struct member_of_line m[] = {{.fn = insert_id, .arg = &rows[0]},
                                 {.fn = insert_id, .arg = &rows[1]}};
    struct line line = {w.s, 4}; /* only 3 may wait: the leader stays busy until we let it go */
    struct member_of_line first = {.s = w.s, .fn = wait_for_line, .arg = &line};
    assert_int_equal(pthread_create(&first.thread, NULL, stand, &first), 0);
    wait_until_waiting(w.s, 1);
    for (size_t i = 0; i < ARRAY_LEN(m); i++) {
        m[i].s = w.s;
        assert_int_equal(pthread_create(&m[i].thread, NULL, stand, &m[i]), 0);
    }
    wait_until_waiting(w.s, 3);
    assert_int_equal(store_write(w.s, insert_id, &rows[2], &err), -1);
    assert_int_equal(err.code, ERR_BUSY);
    atomic_store(&line.waiting, 3);
    pthread_join(first.thread, NULL);
    for (size_t i = 0; i < ARRAY_LEN(m); i++) {
        pthread_join(m[i].thread, NULL);
        assert_int_equal(m[i].rc, 0);
    }
    ok(store_write(w.s, insert_id, &rows[2], &err));
    assert_int_equal(read_int(w.s, STR("SELECT count(*) FROM t")), 3);
    world_fini(&w);
}

/* ---- failures of the database ---- */

static int insert_two(struct conn *c, void *arg, struct err *err)
{
    struct arena *a = arg;
    if (insert_row(c, a, 0, 1, STR("a"), err) < 0 || store_savepoint(c, err) < 0 ||
        insert_row(c, a, 0, 2, STR("b"), err) < 0)
        return -1;
    return store_release(c, err);
}

/* For every N: the N-th call fails; both rows are there or none, as the answer said. */
static void each_call_may_fail(void **state)
{
    static const enum fault_kind KINDS[] = {FAULT_ERROR, FAULT_FULL};
    (void)state;
    SKIP_ON_PG();
    for (size_t k = 0; k < ARRAY_LEN(KINDS); k++) {
        bool unharmed = false;
        for (long n = 1; !unharmed; n++) {
            struct world w;
            struct err err = ERR_INIT;
            world_init(&w, "fault:sqlite:");
            world_make_t(&w);
            store_fault_set(w.s, n, KINDS[k], false);
            bool done = store_write(w.s, insert_two, w.a, &err) == 0;
            unharmed = store_fault_calls(w.s) < n;
            store_fault_set(w.s, 0, KINDS[k], false);
            assert_true(done == unharmed);
            if (!done)
                assert_int_equal(err.code, KINDS[k] == FAULT_FULL ? ERR_FULL : ERR_STORE);
            assert_int_equal(read_int(w.s, STR("SELECT count(*) FROM t")), done ? 2 : 0);
            if (!done)
                ok(store_write(w.s, insert_two, w.a, &err)); /* the next one works */
            world_fini(&w);
        }
    }
}

static void a_failed_fsync_ends_writing(void **state)
{
    struct world w;
    struct err err = ERR_INIT;
    struct row one = {1}, two = {2};
    bool broken = false;
    (void)state;
    SKIP_ON_PG();
    world_init(&w, "fault:sqlite:");
    world_make_t(&w);
    for (long n = 1; !broken; n++) { /* one of the calls is the commit */
        struct row r = {100 + n};
        store_fault_set(w.s, n, FAULT_FSYNC, false);
        bool failed = store_write(w.s, insert_id, &r, &err) < 0;
        store_fault_set(w.s, 0, FAULT_FSYNC, false);
        assert_true(failed);
        broken = store_write(w.s, insert_id, &(struct row){200 + n}, &err) < 0;
    }
    assert_int_equal(err.code, ERR_STORE);
    assert_string_equal(err.key, "store_broken");
    assert_int_equal(store_write(w.s, insert_id, &one, &err), -1);
    assert_true(read_int(w.s, STR("SELECT count(*) FROM t")) >= 0); /* reading goes on */
    store_close(&w.s);
    world_open(&w, "sqlite:");
    ok(store_write(w.s, insert_id, &two, &err)); /* after a restart */
    world_fini(&w);
}

/* ---- kill -9 ---- */

/* Writes rows and says so on the pipe after each answer, until it is killed. */
static void child_writes(const struct world *w, int out)
{
    struct err err = ERR_INIT;
    struct store *s;
    char url[400];
    world_url(w, "sqlite:", url, sizeof url);
    if (store_open(str_of(url), NULL, &s, &err) < 0)
        _exit(1);
    for (;;) {
        struct row r = {read_int(s, STR("SELECT coalesce(max(_id), 0) FROM t")) + 1};
        if (store_write(s, insert_id, &r, &err) < 0 ||
            write(out, &r.id, sizeof r.id) != sizeof r.id)
            _exit(1);
    }
}

static int64_t run_and_kill(const struct world *w, int acks)
{
    int ends[2];
    int64_t last = 0;
    assert_int_equal(pipe(ends), 0);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        close(ends[0]);
        child_writes(w, ends[1]);
    }
    close(ends[1]);
    for (int i = 0; i < acks; i++)
        assert_int_equal(read(ends[0], &last, sizeof last), sizeof last);
    kill(pid, SIGKILL);
    int64_t more;
    while (read(ends[0], &more, sizeof more) == sizeof more)
        last = more;
    close(ends[0]);
    waitpid(pid, NULL, 0);
    return last;
}

static void a_killed_process_keeps_its_word(void **state)
{
    struct world w;
    struct err err = ERR_INIT;
    struct conn *c;
    (void)state;
    world_init(&w, "sqlite:");
    world_make_t(&w);
    store_close(&w.s);
    for (int i = 0; i < 10; i++) {
        int64_t acked = run_and_kill(&w, 5 + i * 3);
        world_open(&w, "sqlite:");
        int64_t stored = read_int(w.s, STR("SELECT max(_id) FROM t"));
        assert_true(stored == acked || stored == acked + 1);
        assert_int_equal(read_int(w.s, STR("SELECT count(*) FROM t")), stored);
        ok(store_conn_open(w.s, &c, &err));
        ok(store_check(c, w.a, &err));
        store_conn_close(&c);
        store_close(&w.s);
    }
    world_open(&w, "sqlite:");
    world_fini(&w);
}

static int insert_big(struct conn *c, void *arg, struct err *err)
{
    struct arena *a = arena_new(2u << 20);
    int64_t *n = arg;
    char *text = arena_alloc(a, 100000);
    memset(text, 'x', 100000);
    int rc = insert_row(c, a, 0, ++*n, (struct str){text, 100000}, err);
    arena_free(&a);
    return rc;
}

static void the_log_does_not_grow_for_ever(void **state)
{
    struct world w;
    struct err err = ERR_INIT;
    struct stat st;
    char wal[160];
    int64_t n = 0;
    (void)state;
    SKIP_ON_PG();
    world_init(&w, "sqlite:");
    world_make_t(&w);
    (void)snprintf(wal, sizeof wal, "%s-wal", w.path);
    for (int i = 0; i < 300; i++) /* 30 MB */
        ok(store_write(w.s, insert_big, &n, &err));
    assert_int_equal(stat(wal, &st), 0);
    assert_true(st.st_size < 6 << 20); /* 1000 pages and one job */
    world_fini(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writers_lose_nothing),
        cmocka_unit_test(two_stores_take_turns),
        cmocka_unit_test(readers_see_whole_transactions),
        cmocka_unit_test(a_backup_beside_writers),
        cmocka_unit_test(a_job_fails_alone),
        cmocka_unit_test(a_job_cannot_wait_for_itself),
        cmocka_unit_test(a_full_queue_answers_busy),
        cmocka_unit_test(each_call_may_fail),
        cmocka_unit_test(a_failed_fsync_ends_writing),
        cmocka_unit_test(a_killed_process_keeps_its_word),
        cmocka_unit_test(the_log_does_not_grow_for_ever),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
