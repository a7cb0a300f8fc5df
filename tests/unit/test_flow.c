/*
 * Approvals on a small app: every verb, every mode, locks, and that a task is taken exactly once.
 */
#include "tests/unit/flow_test.h"

static const struct test_file FILES[] = {
    {"app.yaml", "app: desk\ntitle: 台\nversion: \"1\"\nlanguage: zh-CN\n"
                 "roles: {rep: 代表, boss: 主管, cfo: 财务, dir: 总监}\n"},
    {"forms/req.yaml",
     "form: req\n"
     "title: 申请\n"
     "record_title: what\n"
     "fields:\n"
     "  what: {type: text, title: 事由, required: true}\n"
     "  amount: {type: number, title: 金额, scale: 2}\n"
     "  discount: {type: percent, title: 折扣, scale: 2}\n"
     "  kind: {type: select, title: 走法, default: plain, options: {plain: 普通, all: 会签, seq: "
     "依次, vote: 投票, both: 并行}}\n"
     "  status: {type: select, title: 状态, default: draft, options: {draft: 草稿, done: 完成}}\n"
     "permissions:\n"
     "  own: {role: rep, can: [create, read, update], where: _owner = USER()}\n"
     "  boss: {role: boss, can: [read]}\n"
     "  cfo: {role: cfo, can: [read], fields: {amount: hidden}}\n"
     "  dir: {role: dir, can: [read]}\n"
     "flow:\n"
     "  start: {title: 提交, can: rep}\n"
     "  nodes:\n"
     "    way:\n"
     "      type: branch\n"
     "      next:\n"
     "        - {when: kind = \"all\", to: all}\n"
     "        - {when: kind = \"seq\", to: seq}\n"
     "        - {when: kind = \"vote\", to: vote}\n"
     "        - {when: kind = \"both\", to: fork}\n"
     "        - {to: boss}\n"
     "    boss:\n"
     "      type: approve\n"
     "      title: 主管审批\n"
     "      to: [role: boss]\n"
     "      fields: {discount: write}\n"
     "      check: {that: discount = BLANK OR discount <= 0.3, message: 折扣过高}\n"
     "      actions: {approve: {}, reject: {comment: required}, return: {to: [start]}, transfer: "
     "{}, add_sign: {}, withdraw: {}}\n"
     "      next:\n"
     "        - {when: amount > 1000, to: director}\n"
     "        - {to: done}\n"
     "    director: {type: approve, title: 总监, to: [role: dir], skip_same: handled, next: done}\n"
     "    all: {type: approve, title: 会签, to: [role: boss], mode: all, next: done}\n"
     "    seq: {type: approve, title: 依次, to: [role: boss], mode: sequence, next: done}\n"
     "    vote: {type: approve, title: 投票, to: [role: boss], mode: {vote: {pass: 0.6}}, next: "
     "done}\n"
     "    fork: {type: parallel, title: 并行, branches: [left, right], join: done, next: done}\n"
     "    left: {type: approve, title: 左, to: [role: cfo], fields: {amount: hidden}, next: done}\n"
     "    right: {type: approve, title: 右, to: [role: dir], next: done}\n"
     "    done: {type: end, title: 完成, set: {status: done}}\n"},
};

static struct test_member rep = {.login = "rep", .role = "rep"};
static struct test_member boss[3] = {{.login = "boss1", .role = "boss"},
                                     {.login = "boss2", .role = "boss"},
                                     {.login = "boss3", .role = "boss"}};
static struct test_member cfo = {.login = "cfo", .role = "cfo"};
static struct test_member dir = {.login = "dir", .role = "dir"};

static int setup(void **state)
{
    (void)state;
    test_app_init(&app, "desk", FILES, ARRAY_LEN(FILES));
    test_member(&app, &rep);
    for (size_t i = 0; i < ARRAY_LEN(boss); i++)
        test_member(&app, &boss[i]);
    test_member(&app, &cfo);
    test_member(&app, &dir);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    test_app_fini(&app);
    return 0;
}

/* ---- helpers ---- */

static int64_t submit(const char *json)
{
    return test_made(&app, &rep.who, "req", json);
}

static struct str state_of(int64_t id)
{
    return test_get(&app, test_one(&app, NULL, "req", id), "_state");
}

#define CHECK_STATE(id, want) CHECK_STR(state_of(id), "\"" want "\"")

/* ---- one person of several ---- */

static void test_any(void **state)
{
    (void)state;
    struct err err;
    int64_t id = submit("{\"what\":\"a\",\"amount\":10}");
    CHECK_STATE(id, "running");
    CHECK_STR(test_get(&app, test_one(&app, NULL, "req", id), "_node"), "[\"boss\"]");
    int64_t first = task_of(&boss[0], id), second = task_of(&boss[1], id);
    assert_true(first && second);
    assert_int_equal(act(&cfo, first, "approve", "{}", &err), -1); /* not his: like absent */
    CHECK_STR(str_of(err.key), "not_found");
    assert_int_equal(act(&boss[0], first, "approve", "{}", &err), 0);
    CHECK_STATE(id, "approved");
    CHECK_STR(test_get(&app, test_one(&app, NULL, "req", id), "status"), "\"done\"");
    assert_int_equal(act(&boss[1], second, "approve", "{}", &err), -1);
    assert_int_equal(err.code, ERR_CONFLICT);
    assert_int_equal(act(&boss[0], first, "approve", "{}", &err), -1);
    assert_int_equal(err.code, ERR_CONFLICT);
    assert_int_equal(task_of(&boss[2], id), 0);
}

static void test_lock(void **state)
{
    (void)state;
    struct test_job j;
    struct err err;
    int64_t id = submit("{\"what\":\"a\"}");
    assert_int_equal(test_update(&app, &rep.who, "req", id, "{\"what\":\"b\"}", &j, &err), -1);
    assert_int_equal(err.code, ERR_LOCKED);
    must_act(&boss[0], id, "approve", "{}");
    assert_int_equal(test_update(&app, &rep.who, "req", id, "{\"what\":\"b\"}", &j, &err), 0);
}

static void test_edits_and_check(void **state)
{
    (void)state;
    struct err err;
    int64_t id = submit("{\"what\":\"a\",\"amount\":5}");
    int64_t task = task_of(&boss[0], id);
    assert_int_equal(act(&boss[0], task, "approve", "{\"values\":{\"discount\":0.5}}", &err), -1);
    CHECK_STR(str_of(err.key), "validation");
    CHECK_STATE(id, "running");
    assert_int_equal(act(&boss[0], task, "approve", "{\"values\":{\"what\":\"x\"}}", &err), -1);
    assert_int_equal(err.code, ERR_DENIED);
    assert_int_equal(act(&boss[0], task, "approve", "{\"values\":{\"discount\":0.2}}", &err), 0);
    CHECK_STR(test_get(&app, test_one(&app, NULL, "req", id), "discount"), "0.2");
}

static void test_reject(void **state)
{
    (void)state;
    struct err err;
    int64_t id = submit("{\"what\":\"a\"}");
    int64_t task = task_of(&boss[0], id);
    assert_int_equal(act(&boss[0], task, "reject", "{\"comment\":\"  \"}", &err), -1);
    CHECK_STR(str_of(err.key), "required");
    CHECK_STR(str_of(err.path), "comment");
    assert_int_equal(act(&boss[0], task, "reject", "{\"comment\":\"重复\"}", &err), 0);
    CHECK_STATE(id, "rejected");
    assert_int_equal(task_of(&boss[1], id), 0);
}

static void test_second_node(void **state)
{
    (void)state;
    int64_t id = submit("{\"what\":\"a\",\"amount\":5000}");
    must_act(&boss[0], id, "approve", "{}");
    CHECK_STATE(id, "running");
    must_act(&dir, id, "approve", "{}");
    CHECK_STATE(id, "approved");
}

/* ---- return, resubmit ---- */

static void test_return(void **state)
{
    (void)state;
    struct test_job j;
    struct err err;
    int64_t id = submit("{\"what\":\"a\",\"amount\":5000}");
    must_act(&boss[0], id, "approve", "{}");
    must_act(&dir, id, "return", "{\"comment\":\"补充\",\"resume\":\"here\"}");
    CHECK_STATE(id, "returned");
    assert_int_equal(test_update(&app, &rep.who, "req", id, "{\"what\":\"b\"}", &j, &err), 0);
    must_act(&rep, id, "approve", "{\"values\":{\"what\":\"c\"}}");
    CHECK_STATE(id, "running");
    assert_int_equal(task_of(&boss[0], id), 0); /* straight back */
    must_act(&dir, id, "return", "{\"comment\":\"再补\"}");
    must_act(&rep, id, "approve", "{}");
    assert_true(task_of(&boss[0], id) != 0); /* through all again */
    must_act(&boss[1], id, "approve", "{}");
    must_act(&dir, id, "approve", "{}");
    CHECK_STATE(id, "approved");
    CHECK_STR(test_get(&app, test_one(&app, NULL, "req", id), "what"), "\"c\"");
}

/* ---- modes ---- */

static void test_all(void **state)
{
    (void)state;
    int64_t id = submit("{\"what\":\"a\",\"kind\":\"all\"}");
    must_act(&boss[0], id, "approve", "{}");
    must_act(&boss[1], id, "approve", "{}");
    CHECK_STATE(id, "running");
    must_act(&boss[2], id, "approve", "{}");
    CHECK_STATE(id, "approved");
}

static void test_sequence(void **state)
{
    (void)state;
    int64_t id = submit("{\"what\":\"a\",\"kind\":\"seq\"}");
    assert_int_equal(task_of(&boss[1], id), 0);
    must_act(&boss[0], id, "approve", "{}");
    assert_int_equal(task_of(&boss[2], id), 0);
    must_act(&boss[1], id, "approve", "{}");
    must_act(&boss[2], id, "approve", "{}");
    CHECK_STATE(id, "approved");
}

/* 0.6 of three is two. */
static void test_vote(void **state)
{
    (void)state;
    int64_t id = submit("{\"what\":\"a\",\"kind\":\"vote\"}");
    must_act(&boss[0], id, "reject", "{\"comment\":\"不\"}");
    CHECK_STATE(id, "running");
    must_act(&boss[1], id, "approve", "{}");
    must_act(&boss[2], id, "approve", "{}");
    CHECK_STATE(id, "approved");
    id = submit("{\"what\":\"b\",\"kind\":\"vote\"}");
    must_act(&boss[0], id, "reject", "{\"comment\":\"不\"}");
    must_act(&boss[1], id, "reject", "{\"comment\":\"不\"}");
    CHECK_STATE(id, "rejected");
    assert_int_equal(task_of(&boss[2], id), 0);
}

static void test_parallel(void **state)
{
    (void)state;
    int64_t id = submit("{\"what\":\"a\",\"kind\":\"both\"}");
    must_act(&dir, id, "approve", "{}");
    CHECK_STATE(id, "running");
    assert_int_equal(task_of(&dir, id), 0);
    must_act(&cfo, id, "approve", "{}");
    CHECK_STATE(id, "approved");
}

/* ---- transfer, signers, withdraw ---- */

static void test_transfer(void **state)
{
    (void)state;
    int64_t id = submit("{\"what\":\"a\"}");
    must_act(&boss[0], id, "transfer", to_body(&cfo, NULL));
    assert_int_equal(task_of(&boss[0], id), 0);
    must_act(&cfo, id, "approve", "{}");
    CHECK_STATE(id, "approved");
}

static void test_sign_before(void **state)
{
    (void)state;
    struct err err;
    int64_t id = submit("{\"what\":\"a\"}");
    int64_t mine = task_of(&boss[0], id);
    must_act(&boss[0], id, "add_sign", to_body(&cfo, "before"));
    assert_int_equal(act(&boss[0], mine, "approve", "{}", &err), -1); /* waits */
    must_act(&cfo, id, "approve", "{}");
    CHECK_STATE(id, "running");
    must_act(&boss[0], id, "approve", "{}");
    CHECK_STATE(id, "approved");
}

static void test_sign_after(void **state)
{
    (void)state;
    int64_t id = submit("{\"what\":\"a\"}");
    must_act(&boss[0], id, "add_sign", to_body(&cfo, "after"));
    assert_int_equal(task_of(&cfo, id), 0);
    must_act(&boss[0], id, "approve", "{}");
    CHECK_STATE(id, "running");
    must_act(&cfo, id, "approve", "{}");
    CHECK_STATE(id, "approved");
}

static void test_withdraw(void **state)
{
    (void)state;
    struct err err;
    int64_t id = submit("{\"what\":\"a\"}");
    assert_int_equal(record_act(&boss[0], "req", id, "withdraw", "{}", &err), -1);
    assert_int_equal(err.code, ERR_DENIED);
    assert_int_equal(record_act(&rep, "req", id, "urge", "{}", &err), 0);
    assert_int_equal(record_act(&rep, "req", id, "withdraw", "{}", &err), 0);
    CHECK_STATE(id, "withdrawn");
    assert_int_equal(task_of(&boss[0], id), 0);
    assert_int_equal(record_act(&rep, "req", id, "withdraw", "{}", &err), -1);
    assert_int_equal(err.code, ERR_CONFLICT);
}

/* ---- drafts, lists, views ---- */

static void test_draft(void **state)
{
    (void)state;
    struct err err;
    struct test_job j = {.w = {.op = REC_CREATE,
                               .form = app_form(app.app, STR("req")),
                               .draft = true,
                               .values = test_json(&app, "{\"amount\":1}")}};
    assert_int_equal(test_write(&app, &rep.who, &j, &err), 0); /* required is not asked for yet */
    int64_t id = j.out.id;
    CHECK_STATE(id, "draft");
    assert_int_equal(record_act(&rep, "req", id, "submit", "{}", &err), -1);
    assert_int_equal(err.code, ERR_INVALID);
    assert_int_equal(test_update(&app, &rep.who, "req", id, "{\"what\":\"x\"}", &j, &err), 0);
    assert_int_equal(record_act(&rep, "req", id, "submit", "{}", &err), 0);
    CHECK_STATE(id, "running");
    assert_true(task_of(&boss[0], id) != 0);
}

static void test_lists(void **state)
{
    (void)state;
    struct str before = test_get(&app, box(&rep, BOX_STARTED), "counts");
    int64_t id = submit("{\"what\":\"看得见\"}");
    assert_true(str_cmp(before, test_get(&app, box(&rep, BOX_STARTED), "counts")) != 0);
    assert_true(str_find(box(&boss[0], BOX_TODO), STR("看得见"), 0) >= 0);
    must_act(&boss[0], id, "approve", "{}");
    assert_true(str_find(box(&boss[0], BOX_TODO), STR("看得见"), 0) < 0);
    assert_true(str_find(box(&boss[0], BOX_DONE), STR("看得见"), 0) >= 0);
}

/* The card of a task on the record; fails when there is none. */
static struct str card(const struct test_member *m, int64_t id)
{
    char key[16];
    struct str all = box(m, BOX_TODO);
    ptrdiff_t at = str_find(all, id_print(id, key), 0);
    assert_true(at >= 0);
    ptrdiff_t end = str_find(all, STR("\"actions\""), (size_t)at);
    return str_sub(all, (size_t)at, (size_t)(end - at));
}

/* Amounts first, then choices, three at most; nothing of what the caller may not see. */
static void test_summary(void **state)
{
    (void)state;
    int64_t id = submit("{\"what\":\"卡片\",\"kind\":\"both\",\"amount\":12.5,\"discount\":0.1}");
    static const struct {
        const struct test_member *who;
        const char *has;
        bool shown;
    } cases[] = {
        {&dir,
         "{\"field\":\"amount\",\"title\":\"金额\",\"type\":\"number\",\"scale\":2,"
         "\"value\":12.50}",
         true},
        {&dir, "\"field\":\"discount\"", true},
        {&dir, "\"options\":[{\"key\":\"both\",\"title\":\"并行\"}]", true},
        {&dir, "\"field\":\"status\"", false},
        {&cfo, "\"field\":\"amount\"", false},
        {&cfo, "\"field\":\"kind\"", true},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct str got = card(cases[i].who, id);
        if ((str_find(got, str_of(cases[i].has), 0) >= 0) != cases[i].shown)
            fail_msg("case %zu: %s in %.*s", i, cases[i].has, STR_ARG(got));
    }
}

static void test_view(void **state)
{
    (void)state;
    struct err err = ERR_INIT;
    struct strb b;
    struct json j;
    int64_t id = submit("{\"what\":\"a\",\"amount\":5000}");
    strb_init(&b, app.a);
    json_init(&j, &b);
    test_as(&app, &boss[0].who);
    assert_int_equal(flow_json(&app.c, app_form(app.app, STR("req")), id, &j, &err), 1);
    struct str json = strb_str(&b);
    CHECK_STR(test_get(&app, json, "state"), "\"running\"");
    assert_true(str_find(json, STR("\"action\":\"reject\",\"comment\":\"required\""), 0) >= 0);
    assert_true(str_find(json, STR("\"fields\":{\"discount\":\"write\"}"), 0) >= 0);
    strb_init(&b, app.a);
    json_init(&j, &b);
    test_as(&app, &rep.who);
    OK(flow_simulate(&app.c, app_form(app.app, STR("req")),
                     test_json(&app, "{\"what\":\"x\",\"amount\":5000}"), rep.who.id, &j, &err));
    assert_true(str_find(strb_str(&b), STR("\"key\":\"director\""), 0) >= 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_any),
        cmocka_unit_test(test_lock),
        cmocka_unit_test(test_edits_and_check),
        cmocka_unit_test(test_reject),
        cmocka_unit_test(test_second_node),
        cmocka_unit_test(test_return),
        cmocka_unit_test(test_all),
        cmocka_unit_test(test_sequence),
        cmocka_unit_test(test_vote),
        cmocka_unit_test(test_parallel),
        cmocka_unit_test(test_transfer),
        cmocka_unit_test(test_sign_before),
        cmocka_unit_test(test_sign_after),
        cmocka_unit_test(test_withdraw),
        cmocka_unit_test(test_draft),
        cmocka_unit_test(test_lists),
        cmocka_unit_test(test_summary),
        cmocka_unit_test(test_view),
    };
    return cmocka_run_group_tests_name("flow", tests, setup, teardown);
}
