/*
 * kill -9 before every single call to the database of one approval step: after a restart the step
 * has happened wholly or not at all, and the approval can go on.
 */
#include "tests/unit/flow_test.h"

#include "engine/store/store_fault.h"

#include <sys/wait.h>

#define CALLS_MAX 1000

static const struct test_file FILES[] = {
    {"app.yaml", "app: desk\ntitle: 台\nversion: \"1\"\nlanguage: zh-CN\n"
                 "roles: {rep: 代表, boss: 主管, dir: 总监}\n"},
    {"forms/req.yaml",
     "form: req\n"
     "title: 申请\n"
     "fields:\n"
     "  what: {type: text, title: 事由}\n"
     "  status: {type: select, title: 状态, options: {seen: 已阅, done: 完成}}\n"
     "permissions:\n"
     "  own: {role: rep, can: [create, read, update]}\n"
     "flow:\n"
     "  nodes:\n"
     "    boss: {type: approve, to: [role: boss], fields: {status: write}, due: {after: 1 hour, "
     "then: [remind]}, next: fork}\n"
     "    fork: {type: parallel, branches: [one, two], join: done}\n"
     "    one: {type: approve, to: [role: dir], due: {after: 1 hour, then: [remind]}, next: done}\n"
     "    two: {type: subflow, form: child, set: {what: what}, wait: true, next: done}\n"
     "    done: {type: end, set: {status: done}}\n"},
    {"forms/child.yaml", "form: child\ntitle: 子\n"
                         "fields: {what: {type: text, title: 事由}}\n"
                         "permissions: {all: {role: dir, can: all}}\n"
                         "flow:\n  nodes:\n    one: {type: approve, to: [role: dir], next: done}\n"
                         "    done: {type: end}\n"},
};

static struct test_member rep = {.login = "rep", .role = "rep"};
static struct test_member boss = {.login = "boss", .role = "boss"};
static struct test_member dir = {.login = "dir", .role = "dir"};
static int64_t record;

static void copy(const char *from, const char *to)
{
    char buf[65536];
    size_t n;
    FILE *in = fopen(from, "rb"), *out = fopen(to, "wb");
    assert_true(in && out);
    while ((n = fread(buf, 1, sizeof buf, in)) > 0)
        assert_int_equal(fwrite(buf, 1, n, out), n);
    (void)fclose(in);
    (void)fclose(out);
}

static const char *path(const char *name)
{
    static char buffers[2][120];
    static int at;
    at = !at;
    (void)snprintf(buffers[at], sizeof buffers[at], "%s/%s", app.dir, name);
    return buffers[at];
}

static void open_store(const char *scheme)
{
    static char url[160];
    (void)snprintf(url, sizeof url, "%s%s", scheme, path("run.db"));
    test_app_open(&app, "desk", url);
    boss.t = dir.t = rep.t = &app;
}

static void close_store(void)
{
    struct arena *a = app.a;
    app.a = NULL;
    app_unref(&app.app);
    store_conn_close(&app.db);
    engine_close(&app.e);
    app.a = a;
}

/* The step, killed before its n-th call. */
static void child(long n)
{
    struct err err;
    open_store("fault:sqlite:");
    int64_t task = task_of(&boss, record);
    store_fault_set(engine_store(app.e), n, FAULT_KILL, false);
    int rc = act(&boss, task, "approve", "{\"values\":{\"status\":\"seen\"}}", &err);
    _exit(rc == 0 ? 0 : 1);
}

static int64_t count(struct str text)
{
    struct err err = ERR_INIT;
    struct sql q;
    int64_t n = 0;
    test_as(&app, NULL);
    ctx_sql(&app.c, &q);
    sql_lit_(&q, text);
    OK(store_get_int(app.db, app.a, &q, &n, &err));
    return n;
}

/* The state of everything a step writes, before it and after it. */
static const struct {
    struct str sql;
    int64_t before, after;
} facts[] = {
    {STR("SELECT COUNT(*) FROM _task WHERE state = 'open' AND node = 'boss'"), 1, 0},
    {STR("SELECT COUNT(*) FROM _task WHERE state = 'open' AND node = 'one' AND form = 'req'"), 0,
     1},
    {STR("SELECT COUNT(*) FROM _flow_token WHERE state = 'open'"), 1, 4},
    {STR("SELECT COUNT(*) FROM _flow_event WHERE verb = 'approve'"), 0, 1},
    {STR("SELECT COUNT(*) FROM _flow_instance"), 1, 2},
    {STR("SELECT COUNT(*) FROM _job WHERE kind = 'flow'"), 1, 1},
    {STR("SELECT COUNT(*) FROM desk__child"), 0, 1},
    {STR("SELECT COUNT(*) FROM desk__req WHERE status = 'seen'"), 0, 1},
};

/* 1 it happened, 0 it did not; anything between fails. */
static int happened(long n)
{
    int after = count(facts[0].sql) == facts[0].after;
    for (size_t i = 0; i < ARRAY_LEN(facts); i++) {
        int64_t got = count(facts[i].sql), want = after ? facts[i].after : facts[i].before;
        if (got != want)
            fail_msg("killed before call %ld: %.*s gives %d, not %d", n, STR_ARG(facts[i].sql),
                     (int)got, (int)want);
    }
    return after;
}

static void test_kill_at_every_call(void **state)
{
    (void)state;
    long n, kept = 0;
    int status = 0;
    test_app_files(&app, "desk", FILES, ARRAY_LEN(FILES));
    open_store("sqlite:");
    test_member(&app, &rep);
    test_member(&app, &boss);
    test_member(&app, &dir);
    record = test_made(&app, &rep.who, "req", "{\"what\":\"x\"}");
    close_store();
    copy(path("run.db"), path("base.db"));
    for (n = 1; n < CALLS_MAX; n++) {
        copy(path("base.db"), path("run.db"));
        (void)unlink(path("run.db-wal"));
        (void)unlink(path("run.db-shm"));
        pid_t pid = fork();
        assert_true(pid >= 0);
        if (pid == 0)
            child(n);
        assert_int_equal(waitpid(pid, &status, 0), pid);
        open_store("sqlite:");
        kept += happened(n);
        if (!task_of(&dir, record))
            must_act(&boss, record, "approve", "{}");
        must_act(&dir, record, "approve", "{}"); /* it goes on */
        close_store();
        if (WIFEXITED(status))
            break;
        assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    }
    print_message("killed before each of %ld calls; after %ld the step was there\n", n - 1,
                  kept - 1);
    assert_int_equal(WEXITSTATUS(status), 0);
    assert_true(n > 30);
    arena_free(&app.a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_kill_at_every_call)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
