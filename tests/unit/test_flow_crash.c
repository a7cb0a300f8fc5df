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

static bool on_server(void)
{
    const char *base = getenv("MORTISE_TEST_PG");
    return base && base[0];
}

/* In a file, for what a killed process leaves behind is read from the disk. */
enum around { PLAIN, FAULTY };
static void open_store(enum around how)
{
    char url[320], base[300];
    test_app_url(&app, base, sizeof base);
    bool pg = on_server();
    if (!pg)
        (void)snprintf(base, sizeof base, "sqlite:%s/run.db", app.dir);
    (void)snprintf(url, sizeof url, "%s%s", how == PLAIN ? "" : pg ? "faultpg:" : "fault:", base);
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
    open_store(FAULTY);
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

/* Everything a step writes, and by how much; of the step's own record it would be the same. */
static const struct {
    struct str sql;
    int64_t more;
} facts[] = {
    {STR("SELECT COUNT(*) FROM _flow_event WHERE verb = 'approve'"), 1},
    {STR("SELECT COUNT(*) FROM _task WHERE state = 'open' AND node = 'boss'"), -1},
    {STR("SELECT COUNT(*) FROM _task WHERE state = 'open' AND node = 'one' AND form = 'req'"), 1},
    {STR("SELECT COUNT(*) FROM _flow_token WHERE state = 'open'"), 3},
    {STR("SELECT COUNT(*) FROM _flow_instance"), 1},
    {STR("SELECT COUNT(*) FROM _job WHERE kind = 'flow'"), 0},
    {STR("SELECT COUNT(*) FROM desk__child"), 1},
    {STR("SELECT COUNT(*) FROM desk__req WHERE status = 'seen'"), 1},
};

static void count_facts(int64_t at[ARRAY_LEN(facts)])
{
    for (size_t i = 0; i < ARRAY_LEN(facts); i++)
        at[i] = count(facts[i].sql);
}

/* 1 it happened, 0 it did not; anything between fails. */
static int happened(long n, const int64_t before[ARRAY_LEN(facts)])
{
    int64_t now[ARRAY_LEN(facts)];
    count_facts(now);
    int after = now[0] != before[0];
    for (size_t i = 0; i < ARRAY_LEN(facts); i++) {
        int64_t want = before[i] + (after ? facts[i].more : 0);
        if (now[i] != want)
            fail_msg("killed before call %ld: %.*s gives %d, not %d", n, STR_ARG(facts[i].sql),
                     (int)now[i], (int)want);
    }
    return after;
}

/* One more request, its step killed before the n-th call; how the process ended. */
static int kill_at(long n, int64_t before[ARRAY_LEN(facts)])
{
    int status = 0;
    record = test_made(&app, &rep.who, "req", "{\"what\":\"x\"}");
    count_facts(before);
    if (!on_server())
        close_store(); /* a server has nothing of ours to be read from the disk again */
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0)
        child(n);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return status;
}

static void test_kill_at_every_call(void **state)
{
    (void)state;
    long n, kept = 0;
    int status = 0;
    int64_t start = test_app_mono();
    test_app_files(&app, "desk", FILES, ARRAY_LEN(FILES));
    open_store(PLAIN);
    test_member(&app, &rep);
    test_member(&app, &boss);
    test_member(&app, &dir);
    for (n = 1; n < CALLS_MAX; n++) {
        int64_t before[ARRAY_LEN(facts)];
        status = kill_at(n, before);
        if (!on_server())
            open_store(PLAIN);
        kept += happened(n, before);
        if (!task_of(&dir, record))
            must_act(&boss, record, "approve", "{}");
        must_act(&dir, record, "approve", "{}"); /* it goes on */
        if (WIFEXITED(status))
            break;
        assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    }
    print_message("killed before each of %ld calls in %d s; after %ld the step was there\n", n - 1,
                  (int)((test_app_mono() - start) / 1000000), kept - 1);
    assert_int_equal(WEXITSTATUS(status), 0);
    assert_true(n > 30);
    test_app_fini(&app);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_kill_at_every_call)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
