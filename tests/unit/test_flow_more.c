/*
 * Approvals in time and in branches: due times, waits, sub-flows, the first branch that wins,
 * vetoes, picks, delegation, jumping, starting anew, moving to a new version, figures.
 */
#include "tests/unit/flow_test.h"

#define FORM_HEAD(key)                                                                             \
    "form: " key "\n"                                                                              \
    "title: 申请\n"                                                                              \
    "record_title: what\n"

#define FORM_FIELDS                                                                                \
    "fields:\n"                                                                                    \
    "  what: {type: text, title: 事由, required: true}\n"                                        \
    "  amount: {type: number, title: 金额, scale: 2}\n"                                          \
    "  day: {type: date, title: 日期}\n"                                                         \
    "  way: {type: text, title: 走法}\n"                                                         \
    "  up: {type: link, title: 来源, form: req}\n"                                               \
    "permissions:\n"                                                                               \
    "  own: {role: rep, can: [create, read, update], where: _owner = USER()}\n"                    \
    "  boss: {role: boss, can: [read]}\n"

static const struct test_file FILES[] = {
    {"app.yaml", "app: desk\ntitle: 台\nversion: \"1\"\nlanguage: zh-CN\n"
                 "roles: {rep: 代表, boss: 主管, cfo: 财务, dir: 总监}\n"
                 "calendar: {holidays: [2025-11-26]}\n"},
    {"forms/req.yaml", FORM_HEAD("req") FORM_FIELDS
     "flow:\n"
     "  start: {title: 提交, can: rep}\n"
     "  nodes:\n"
     "    way:\n"
     "      type: branch\n"
     "      next:\n"
     "        - {when: way = \"auto\", to: auto}\n"
     "        - {when: way = \"refuse\", to: refuse}\n"
     "        - {when: way = \"over\", to: over}\n"
     "        - {when: way = \"hours\", to: hours}\n"
     "        - {when: way = \"until\", to: until}\n"
     "        - {when: way = \"any\", to: any}\n"
     "        - {when: way = \"both\", to: both}\n"
     "        - {when: way = \"veto\", to: veto}\n"
     "        - {when: way = \"sub\", to: sub}\n"
     "        - {when: way = \"picks\", to: picker}\n"
     "        - {to: due}\n"
     "    due: {type: approve, to: [role: boss], due: {after: 2 workdays, then: [remind, "
     "{escalate: role:dir, after: 1 workday}]}, next: done}\n"
     "    auto: {type: approve, to: [role: boss], mode: all, due: {after: 1 hour, then: [{approve: "
     "{after: 1 hour}}]}, next: done}\n"
     "    refuse: {type: approve, to: [role: boss], due: {after: 1 hour, then: [{reject: {}}]}, "
     "next: done}\n"
     "    over: {type: approve, to: [role: boss], due: {after: 1 hour, then: [{to: dir}]}, next: "
     "done}\n"
     "    dir: {type: approve, to: [role: dir], next: done}\n"
     "    hours: {type: wait, for: 3 hours, next: done}\n"
     "    until: {type: wait, until: day, next: done}\n"
     "    any: {type: parallel, mode: any, branches: [left, right], join: done}\n"
     "    both: {type: parallel, branches: [left, deep], join: done}\n"
     "    left: {type: approve, to: [role: cfo], next: done}\n"
     "    right: {type: approve, to: [role: dir], next: done}\n"
     "    deep: {type: approve, to: [role: boss], actions: {approve: {}, return: {to: [start, "
     "deep]}}, next: deeper}\n"
     "    deeper: {type: approve, to: [role: dir], actions: {approve: {}, return: {to: [start, "
     "deep, "
     "due]}}, next: done}\n"
     "    veto: {type: approve, to: [role: boss, role: cfo], mode: {vote: {pass: 0.5, veto: [role: "
     "cfo]}}, next: done}\n"
     "    sub: {type: subflow, form: child, set: {what: = what, up: = _id}, wait: true, next: "
     "done}\n"
     "    picker: {type: approve, to: [role: boss], next: picked}\n"
     "    picked: {type: approve, to: [picks: picker], empty: role:dir, next: done}\n"
     "    done: {type: end}\n"},
    /* Two forms that start each other: refused when they do, not for ever. */
    {"forms/ping.yaml", FORM_HEAD("ping") FORM_FIELDS
     "flow:\n  nodes:\n    go: {type: subflow, form: pong, set: {what: what}, wait: true, next: "
     "done}\n    done: {type: end}\n"},
    {"forms/pong.yaml", FORM_HEAD("pong") FORM_FIELDS
     "flow:\n  nodes:\n    go: {type: subflow, form: ping, set: {what: what}, wait: true, next: "
     "done}\n    done: {type: end}\n"},
    {"forms/child.yaml",
     FORM_HEAD("child") FORM_FIELDS "flow:\n"
                                    "  nodes:\n"
                                    "    cfo: {type: approve, to: [role: cfo], next: done}\n"
                                    "    done: {type: end}\n"},
};

static struct test_member rep = {.login = "rep", .role = "rep"};
static struct test_member boss[2] = {{.login = "boss1", .role = "boss"},
                                     {.login = "boss2", .role = "boss"}};
static struct test_member cfo = {.login = "cfo", .role = "cfo"};
static struct test_member dir = {.login = "dir", .role = "dir"};

static int setup(void **state)
{
    (void)state;
    test_app_init(&app, "desk", FILES, ARRAY_LEN(FILES));
    test_member(&app, &rep);
    test_member(&app, &boss[0]);
    test_member(&app, &boss[1]);
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

static int64_t submit(const char *way)
{
    return test_made(&app, &rep.who, "req",
                     str_fmt(app.a, "{\"what\":\"x\",\"amount\":1,\"way\":\"%s\"}", way).p);
}

static struct str state_of(const char *form, int64_t id)
{
    return test_get(&app, test_one(&app, NULL, form, id), "_state");
}

static struct str nodes_of(int64_t id)
{
    return test_get(&app, test_one(&app, NULL, "req", id), "_node");
}

#define CHECK_STATE(id, want) CHECK_STR(state_of("req", id), "\"" want "\"")

static struct str view(const struct test_member *m, int64_t id)
{
    struct err err = ERR_INIT;
    struct strb b;
    struct json j;
    strb_init(&b, app.a);
    json_init(&j, &b);
    test_as(&app, &m->who);
    assert_int_equal(flow_json(&app.c, app_form(app.app, STR("req")), id, &j, &err), 1);
    return strb_str(&b);
}

static bool has(struct str text, const char *part)
{
    return str_find(text, str_of(part), 0) >= 0;
}

/* ---- time ---- */

/* Tuesday 00:00 in Shanghai; Wednesday is a holiday: two working days end on Friday. */
static void test_due(void **state)
{
    (void)state;
    struct civil friday;
    int64_t id = submit("");
    int64_t old = task_of(&boss[0], id);
    assert_true(has(view(&boss[0], id), "\"due_at\":\"2025-11-27T16:00:0"));
    civil_of_us(app.now_us, &app.app->zone, &friday);
    assert_int_equal(friday.day, 25);
    assert_int_equal(pass_hours(71), 0); /* Thursday, 23:00 */
    assert_int_equal(pass_hours(2), 1);  /* reminded, */
    assert_true(task_of(&boss[0], id) == old);
    assert_int_equal(pass_hours(70), 0); /* the weekend does not count, */
    assert_int_equal(pass_hours(2), 1);  /* gone up on Monday */
    assert_int_equal(task_of(&boss[0], id), 0);
    must_act(&dir, id, "approve", "{}");
    CHECK_STATE(id, "approved");
    struct str seen = view(&rep, id);
    assert_true(has(seen, "\"action\":\"remind\"") && has(seen, "\"action\":\"escalate\""));
}

/* What was handled in time leaves no timer; what was not is marked as nobody's. */
static void test_due_acts(void **state)
{
    (void)state;
    static const struct {
        const char *way, *at_once, *later;
    } cases[] = {{"auto", "running", "approved"}, {"refuse", "rejected", "rejected"}};
    int64_t id = submit("auto");
    must_act(&boss[0], id, "approve", "{}");
    must_act(&boss[1], id, "approve", "{}");
    CHECK_STATE(id, "approved");
    assert_int_equal(pass_hours(5), 0);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        id = submit(cases[i].way);
        (void)pass_hours(1.01);
        CHECK_STR(state_of("req", id), str_fmt(app.a, "\"%s\"", cases[i].at_once).p);
        (void)pass_hours(1.01);
        CHECK_STR(state_of("req", id), str_fmt(app.a, "\"%s\"", cases[i].later).p);
        assert_true(has(view(&rep, id), "\"auto\":true"));
    }
    id = submit("over");
    assert_int_equal(pass_hours(1.01), 1);
    CHECK_STR(nodes_of(id), "[\"dir\"]");
    assert_int_equal(task_of(&boss[0], id), 0);
}

static void test_wait(void **state)
{
    (void)state;
    int64_t id = submit("hours");
    assert_int_equal(pass_hours(2.9), 0);
    CHECK_STR(nodes_of(id), "[\"hours\"]");
    assert_int_equal(pass_hours(0.2), 1);
    CHECK_STATE(id, "approved");
    id = submit("until"); /* blank: over at once */
    CHECK_STATE(id, "approved");
    id = test_made(&app, &rep.who, "req",
                   "{\"what\":\"x\",\"way\":\"until\",\"day\":\"2060-01-02\"}");
    CHECK_STATE(id, "running");
    assert_int_equal(pass_hours(24), 0);
    app.now_us = INT64_C(2840198400000000); /* 2060-01-01T16:00Z: midnight of the 2nd there */
    assert_true(run_timers() > 0);
    CHECK_STATE(id, "approved");
}

/* ---- branches ---- */

static void test_first_branch(void **state)
{
    (void)state;
    struct err err;
    int64_t id = submit("any"), other = task_of(&cfo, id);
    must_act(&dir, id, "approve", "{}");
    CHECK_STATE(id, "approved");
    assert_int_equal(act(&cfo, other, "approve", "{}", &err), -1);
    CHECK_STR(str_of(err.key), "task_done");
}

/* Back within a branch the sibling stays; out of it the sibling ends, and the timeline says so. */
static void test_return_in_branch(void **state)
{
    (void)state;
    int64_t id = submit("both");
    must_act(&boss[0], id, "approve", "{}");
    must_act(&dir, id, "return", "{\"to\":\"deep\"}");
    assert_true(task_of(&cfo, id) && task_of(&boss[0], id));
    must_act(&boss[0], id, "approve", "{}");
    must_act(&dir, id, "return", "{\"to\":\"due\"}");
    assert_int_equal(task_of(&cfo, id), 0);
    CHECK_STR(nodes_of(id), "[\"due\"]");
    assert_true(has(view(&rep, id), "cancel_branches"));
    must_act(&boss[0], id, "approve", "{}");
    CHECK_STATE(id, "approved");
}

/* Straight back into a branch begins the parallel node again: the sibling must not be skipped. */
static void test_resume_in_branch(void **state)
{
    (void)state;
    int64_t id = submit("both");
    must_act(&boss[0], id, "return", "{\"resume\":\"here\"}");
    CHECK_STATE(id, "returned");
    must_act(&rep, id, "approve", "{}");
    must_act(&boss[0], id, "approve", "{}");
    must_act(&dir, id, "approve", "{}");
    CHECK_STATE(id, "running");
    must_act(&cfo, id, "approve", "{}");
    CHECK_STATE(id, "approved");
}

/* ---- people ---- */

static void test_veto(void **state)
{
    (void)state;
    int64_t id = submit("veto");
    must_act(&boss[0], id, "reject", "{}");
    CHECK_STATE(id, "running");
    must_act(&cfo, id, "reject", "{}");
    CHECK_STATE(id, "rejected");
}

static void test_picks(void **state)
{
    (void)state;
    int64_t id = submit("picks");
    must_act(&boss[0], id, "approve", to_body(&cfo, "x"));
    assert_int_equal(task_of(&dir, id), 0);
    must_act(&cfo, id, "approve", "{}");
    CHECK_STATE(id, "approved");
    id = submit("picks");
    must_act(&boss[0], id, "approve", "{}"); /* nobody picked */
    assert_true(task_of(&dir, id) != 0);
}

static int delegate_job(struct ctx *c, void *arg, struct err *err)
{
    struct sql q;
    const char *forms = arg;
    ctx_sql(c, &q);
    sql_lit(&q, "INSERT INTO _delegation (id, member, delegate, starts_at, ends_at, forms, "
                "created_at) VALUES (");
    sql_bind_int(&q, id_next(c->ids, c->now_us));
    sql_lit(&q, ", ");
    sql_bind_int(&q, boss[0].who.id);
    sql_lit(&q, ", ");
    sql_bind_int(&q, cfo.who.id);
    sql_lit(&q, ", 0, ");
    sql_bind_int(&q, c->now_us + 3600 * US_PER_S);
    sql_lit(&q, ", ");
    sql_bind(&q, val_text(str_of(forms)));
    sql_lit(&q, ", 0)");
    return store_exec(c->db, c->a, &q, NULL, err);
}

/* Both see it, the first completes it; only for the forms named, only while absent. */
static void test_delegation(void **state)
{
    (void)state;
    struct err err = ERR_INIT;
    test_as(&app, NULL);
    char forms[] = "[\"desk/req\"]";
    OK(engine_write(&app.c, delegate_job, forms, &err));
    int64_t id = submit("");
    int64_t task = task_of(&cfo, id);
    assert_true(task != 0);
    assert_true(has(box(&boss[0], BOX_TODO), "\"title\":\"x\""));
    assert_true(has(box(&cfo, BOX_TODO), "\"node\":\"due\""));
    assert_int_equal(act(&boss[0], task, "approve", "{}", &err), 0);
    assert_int_equal(act(&cfo, task, "approve", "{}", &err), -1);
    CHECK_STATE(id, "approved");
    app.now_us += 2 * 3600 * US_PER_S;
    id = submit("");
    assert_int_equal(task_of(&cfo, id), 0);
}

static int hand_job(struct ctx *c, void *arg, struct err *err)
{
    return flow_hand_over(c, boss[0].who.id, dir.who.id, arg, err);
}

static void test_hand_over(void **state)
{
    (void)state;
    struct err err = ERR_INIT;
    int64_t n = 0, id = submit("");
    test_as(&app, NULL);
    OK(engine_write(&app.c, hand_job, &n, &err));
    assert_true(n >= 1);
    assert_int_equal(task_of(&boss[0], id), 0);
    must_act(&dir, id, "approve", "{}");
    CHECK_STATE(id, "approved");
}

/* ---- sub-flows ---- */

static int64_t child_of(int64_t id)
{
    struct err err = ERR_INIT;
    struct sql q;
    int64_t child = 0;
    test_as(&app, NULL);
    ctx_sql(&app.c, &q);
    sql_lit(&q, "SELECT c.record FROM _flow_instance c JOIN _flow_instance p"
                " ON p.id = c.parent_instance WHERE p.record = ");
    sql_bind_int(&q, id);
    sql_lit(&q, " ORDER BY c.id DESC LIMIT 1");
    OK(store_get_int(app.db, app.a, &q, &child, &err));
    return child;
}

static void test_subflow(void **state)
{
    (void)state;
    struct err err;
    static const char *const actions[] = {"approve", "reject"};
    for (size_t i = 0; i < ARRAY_LEN(actions); i++) {
        int64_t id = submit("sub"), child = child_of(id);
        assert_true(child != 0);
        CHECK_STR(nodes_of(id), "[\"sub\"]");
        must_act(&cfo, child, actions[i], "{}");
        CHECK_STATE(id, "approved"); /* however it ended */
    }
    int64_t id = submit("sub"), child = child_of(id);
    assert_int_equal(record_act(NULL, "req", id, "stop", "{}", &err), 0);
    must_act(&cfo, child, "approve", "{}"); /* its parent is over: nothing more happens */
    CHECK_STATE(id, "stopped");
    CHECK_STR(state_of("child", child), "\"approved\"");
}

static void test_circle_of_flows(void **state)
{
    (void)state;
    struct test_job j;
    struct err err;
    assert_int_equal(test_create(&app, &rep.who, "ping", "{\"what\":\"x\"}", &j, &err), -1);
    CHECK_STR(str_of(err.key), "flow_depth");
}

/* ---- before it runs ---- */

static struct str simulate(const char *values)
{
    struct err err = ERR_INIT;
    struct strb b;
    struct json j;
    strb_init(&b, app.a);
    json_init(&j, &b);
    test_as(&app, &rep.who);
    OK(flow_simulate(&app.c, app_form(app.app, STR("req")), test_json(&app, values), rep.who.id, &j,
                     &err));
    return strb_str(&b);
}

static void test_simulate(void **state)
{
    (void)state;
    static const struct {
        const char *values, *has;
    } cases[] = {
        {"{\"way\":\"both\"}", "\"key\":\"left\""},
        {"{\"way\":\"both\"}", "\"key\":\"deeper\""},
        {"{\"way\":\"both\"}", "\"when\":\"way = \\\"both\\\"\""},
        {"{\"way\":\"veto\"}", "\"mode\":\"vote\""},
        {"{\"way\":\"picks\"}", "\"found\":\"empty\""},
        {"{}", "\"due_at\":\""},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        if (!has(simulate(cases[i].values), cases[i].has))
            fail_msg("%s: no %s in %s", cases[i].values, cases[i].has,
                     str_z(app.a, simulate(cases[i].values)));
}

/* ---- with the right ---- */

static void test_jump(void **state)
{
    (void)state;
    struct err err;
    int64_t id = submit("both");
    assert_int_equal(record_act(&rep, "req", id, "jump", "{\"to\":\"dir\"}", &err), -1);
    CHECK_STR(str_of(err.key), "not_allowed");
    assert_int_equal(record_act(NULL, "req", id, "jump", "{\"to\":\"nowhere\"}", &err), -1);
    CHECK_STR(str_of(err.key), "jump_to");
    assert_int_equal(record_act(NULL, "req", id, "jump", "{\"to\":\"dir\"}", &err), 0);
    CHECK_STR(nodes_of(id), "[\"dir\"]");
    assert_int_equal(task_of(&cfo, id), 0);
    assert_int_equal(record_act(NULL, "req", id, "jump", "{\"to\":\"done\"}", &err), 0);
    CHECK_STATE(id, "approved");
}

static void test_restart(void **state)
{
    (void)state;
    struct err err;
    int64_t id = submit("");
    assert_int_equal(record_act(&rep, "req", id, "restart", "{}", &err), -1); /* it still runs */
    must_act(&boss[0], id, "reject", "{}");
    CHECK_STATE(id, "rejected");
    assert_int_equal(record_act(&boss[0], "req", id, "restart", "{}", &err), -1);
    assert_int_equal(record_act(&rep, "req", id, "restart", "{}", &err), 0);
    CHECK_STATE(id, "running");
    assert_int_equal(record_act(NULL, "req", id, "restart", "{}", &err),
                     0); /* an operator, always */
    CHECK_STATE(id, "running");
    must_act(&boss[1], id, "approve", "{}");
    CHECK_STATE(id, "approved");
}

/* ---- managing ---- */

struct move_job {
    struct flow_move m;
    struct strb text;
};

static int move_run(struct ctx *c, void *arg, struct err *err)
{
    struct move_job *m = arg;
    struct json j;
    m->m.form = app_form(c->app, STR("req"));
    strb_init(&m->text, app.a);
    json_init(&j, &m->text);
    return flow_move(c, &m->m, &j, err);
}

static struct str move(const char *nodes, bool dry)
{
    struct err err = ERR_INIT;
    struct move_job m = {.m = {.nodes = test_json(&app, nodes), .dry_run = dry}};
    test_as(&app, NULL);
    OK(engine_write(&app.c, move_run, &m, &err));
    return strb_str(&m.text);
}

/* The text with the one place of `from` changed. */
static struct str swapped(struct str text, const char *from, const char *to)
{
    ptrdiff_t at = str_find(text, str_of(from), 0);
    assert_true(at >= 0);
    struct str tail = str_sub(text, (size_t)at + strlen(from), text.n);
    return str_fmt(app.a, "%.*s%s%.*s", (int)at, text.p, to, STR_ARG(tail));
}

/* A new version in which a node has another key: what stands there moves by the map, or stays. */
static void test_move(void **state)
{
    (void)state;
    struct err err = ERR_INIT;
    struct diags diags;
    int64_t id = submit("over"), n;
    struct str changed = swapped(str_of(FILES[1].text), "    over: {", "    late: {");
    changed = swapped(changed, "to: over}", "to: late}");
    test_write_file(app.dir, "desk/forms/req.yaml", str_z(app.a, changed));
    diags_init(&diags, app.a);
    test_as(&app, NULL);
    struct publish p = {.key = STR("desk")};
    if (engine_publish(&app.c, &p, &n, &diags, &err) < 0)
        fail_msg("publish: %s", diags.list.n ? diags.list.v[0].en.p : err.en);
    app_unref(&app.app);
    app.app = engine_app(app.e, STR("desk"));
    assert_true(has(move("{}", true), "\"why\":\"no_node\""));
    assert_true(has(move("{\"over\":\"late\"}", true), "\"kept_total\":0"));
    CHECK_STR(nodes_of(id), "[\"over\"]");
    assert_true(has(move("{\"over\":\"late\"}", false), "\"kept_total\":0"));
    CHECK_STR(nodes_of(id), "[\"late\"]");
    assert_int_equal(pass_hours(1.01), 1); /* its time limit came along */
    must_act(&dir, id, "approve", "{}");
    CHECK_STATE(id, "approved");
}

static void test_stats(void **state)
{
    (void)state;
    struct err err = ERR_INIT;
    struct strb b;
    struct json j;
    int64_t id = submit("");
    app.now_us += 7200 * US_PER_S;
    must_act(&boss[0], id, "approve", "{}");
    strb_init(&b, app.a);
    json_init(&j, &b);
    test_as(&app, NULL);
    OK(flow_stats(&app.c, app_form(app.app, STR("req")), 0, INT64_MAX, &j, &err));
    assert_true(has(strb_str(&b), "\"key\":\"due\""));
    assert_true(has(strb_str(&b), "\"p90_s\":"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_due),
        cmocka_unit_test(test_due_acts),
        cmocka_unit_test(test_first_branch),
        cmocka_unit_test(test_return_in_branch),
        cmocka_unit_test(test_resume_in_branch),
        cmocka_unit_test(test_veto),
        cmocka_unit_test(test_picks),
        cmocka_unit_test(test_delegation),
        cmocka_unit_test(test_hand_over),
        cmocka_unit_test(test_subflow),
        cmocka_unit_test(test_circle_of_flows),
        cmocka_unit_test(test_simulate),
        cmocka_unit_test(test_jump),
        cmocka_unit_test(test_restart),
        cmocka_unit_test(test_stats),
        cmocka_unit_test(test_move),
        cmocka_unit_test(test_wait),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
