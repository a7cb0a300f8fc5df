/*
 * Who sits at a node: a leaver's tasks given to one who is there already, transfers and signers
 * that would make two seats of one, and that each mode counts right afterwards.
 */
#include "tests/unit/flow_test.h"

#define PEOPLE "to: [{member: a}, {member: b}, {member: c}, {member: d}]"
#define ACTIONS                                                                                    \
    "actions: {approve: {}, reject: {}, transfer: {}, add_sign: {}, return: {to: [start]}}"

static const struct test_file FILES[] = {
    {"app.yaml", "app: desk\ntitle: 台\nversion: \"1\"\nlanguage: zh-CN\n"
                 "roles: {rep: 代表, boss: 主管, new: 新人}\n"},
    {"forms/sub.yaml",
     "form: sub\ntitle: 明细\n"
     "fields:\n"
     "  what: {type: text, title: 事由}\n"
     "  cost: {type: number, title: 成本}\n"
     "  items: {type: table, title: 行, fields: {n: {type: number, title: 数}, p: {type: number, "
     "title: 价}, q: {type: number, title: 量}}}\n"
     "permissions: {own: {role: rep, can: [create, read]}}\n"
     "flow:\n"
     "  nodes:\n"
     "    up: {type: approve, to: [{chain: _created_by}], mode: all, fields: {cost: hidden, items: "
     "write, items.p: hidden, items.q: read}, next: done}\n"
     "    done: {type: end}\n"},
    {"forms/req.yaml",
     "form: req\n"
     "title: 申请\n"
     "fields: {what: {type: text, title: 事由}, way: {type: text, title: 走法}, note: "
     "{type: text, title: 备注}}\n"
     "permissions:\n"
     "  own: {role: rep, can: [create, read]}\n"
     "  new: {role: new, can: [create], ensure: what <> \"no\", fields: {note: hidden}}\n"
     "flow:\n"
     "  nodes:\n"
     "    way:\n"
     "      type: branch\n"
     "      next: [{when: way = \"any\", to: any}, {when: way = \"all\", to: all}, {when: way = "
     "\"seq\", to: seq}, {to: vote}]\n"
     "    any: {type: approve, " PEOPLE ", " ACTIONS ", next: done}\n"
     "    all: {type: approve, " PEOPLE ", mode: all, " ACTIONS ", next: done}\n"
     "    seq: {type: approve, " PEOPLE ", mode: sequence, " ACTIONS ", next: done}\n"
     "    vote: {type: approve, " PEOPLE ", mode: {vote: {pass: 0.6}}, " ACTIONS ", next: done}\n"
     "    done: {type: end}\n"},
};

static struct test_member rep = {.login = "rep", .role = "rep"};
static struct test_member who[] = {{.login = "a", .role = "boss"},
                                   {.login = "b", .role = "boss"},
                                   {.login = "c", .role = "boss"},
                                   {.login = "d", .role = "boss"},
                                   {.login = "e", .role = "boss"}};

static int setup(void **state)
{
    (void)state;
    test_app_init(&app, "desk", FILES, ARRAY_LEN(FILES));
    test_member(&app, &rep);
    for (size_t i = 0; i < ARRAY_LEN(who); i++)
        test_member(&app, &who[i]);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    test_app_fini(&app);
    return 0;
}

static struct test_member *member(char c)
{
    return &who[c - 'a'];
}

/* ---- what stands there ---- */

/* The holders of the tasks of a record in a state, each once for each of his tasks: "abb". */
static const char *holders(int64_t record, const char *state)
{
    struct err err = ERR_INIT;
    struct sql q;
    struct stmt *s;
    char *out = ARENA_ARRAY(app.a, char, 20);
    size_t n = 0;
    test_as(&app, NULL);
    ctx_sql(&app.c, &q);
    sql_lit(&q, "SELECT m.login FROM _task t JOIN _member m ON m.id = t.holder WHERE t.record = ");
    sql_bind_int(&q, record);
    sql_lit(&q, " AND t.state = ");
    sql_bind_str(&q, str_of(state));
    sql_lit(&q, " ORDER BY m.login");
    OK(store_query(app.db, app.a, &q, &s, &err));
    while (stmt_step(s, &err) == 1 && n < 19)
        out[n++] = stmt_str(s, 0).p[0];
    stmt_done(s);
    return out;
}

static void stands(const char *name, int64_t id, const char *state, const char *open,
                   const char *waiting)
{
    struct str is = test_get(&app, test_one(&app, NULL, "req", id), "_state");
    const char *o = holders(id, "open"), *w = holders(id, "waiting");
    if (!str_eq(is, str_fmt(app.a, "\"%s\"", state)) || strcmp(o, open) || strcmp(w, waiting))
        fail_msg("%s: %.*s, open \"%s\", waiting \"%s\"; not %s, \"%s\", \"%s\"", name, STR_ARG(is),
                 o, w, state, open, waiting);
}

/* ---- steps, one letter for who and one for what ---- */

struct handing {
    int64_t from, to, n;
};

static int hand_job(struct ctx *c, void *arg, struct err *err)
{
    struct handing *h = arg;
    return flow_hand_over(c, h->from, h->to, &h->n, err);
}

/* "b+" approves, "b-" rejects, "a>b" a's tasks go to b, "a<e" a adds e before, "a]e" after. */
static void play(int64_t id, const char *steps)
{
    struct err err = ERR_INIT;
    for (const char *p = steps; *p; p += *p == ' ') {
        struct test_member *m = member(*p++);
        char what = *p++;
        if (what == '+') {
            must_act(m, id, "approve", "{}");
        } else if (what == '-') {
            must_act(m, id, "reject", "{}");
        } else if (what == '>') {
            struct handing h = {m->who.id, member(*p++)->who.id, 0};
            test_as(&app, NULL);
            OK(engine_write(&app.c, hand_job, &h, &err));
            assert_true(h.n > 0);
        } else {
            must_act(m, id, "add_sign", to_body(member(*p++), what == '<' ? "before" : "after"));
        }
    }
}

static const struct {
    const char *way, *steps, *state, *open, *waiting;
} cases[] = {
    {"all", "a>e", "running", "bcde", ""},
    /* b has a seat: a's is struck out */
    {"all", "a>b", "running", "bcd", ""},
    {"all", "a>b b+ c+", "running", "d", ""},
    {"all", "a>b b+ c+ d+", "approved", "", ""},
    {"all", "b+ c+ d+ a>b", "approved", "", ""}, /* nobody is left to ask */
    {"all", "b+ a>b", "running", "cd", ""},
    {"any", "a>b", "running", "bcd", ""},
    {"any", "a>b c+", "approved", "", ""},
    {"seq", "a>b", "running", "b", "cd"}, /* the next one's turn */
    {"seq", "b>a", "running", "a", "cd"},
    {"seq", "a+ b>a", "running", "c", "d"},
    {"seq", "a+ d>b b+ c+", "approved", "", ""},
    /* 0.6 of four needs three, of three needs two */
    {"vote", "b+ c+ d>a", "approved", "", ""},
    {"vote", "b+ d>a", "running", "ac", ""},
    {"vote", "b- a>b", "running", "cd", ""},
    {"vote", "b+ c- a>b", "running", "d", ""},
    {"vote", "b+ c- a>b d-", "rejected", "", ""},
    {"vote", "b+ c- a>b d+", "approved", "", ""},
    /* signers */
    {"all", "a<e a>b", "running", "cde", "b"}, /* e signs before b now */
    {"all", "a<e a>b e+ b+ c+ d+", "approved", "", ""},
    {"any", "a<e a>b e+", "running", "bcd", ""}, /* a signer before decides nothing */
    {"any", "a<e e>a", "running", "abcd", ""},   /* what he waited for is gone */
    {"any", "a]e a+ e>a", "approved", "", ""},
    {"all", "a]e a>b b+ c+ d+", "running", "e", ""},
};

static void test_hand_over(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        const char *name = str_fmt(app.a, "%s %s", cases[i].way, cases[i].steps).p;
        int64_t id = test_made(&app, &rep.who, "req",
                               str_fmt(app.a, "{\"what\":\"x\",\"way\":\"%s\"}", cases[i].way).p);
        struct err err;
        play(id, cases[i].steps);
        stands(name, id, cases[i].state, cases[i].open, cases[i].waiting);
        struct test_member *boss = NULL;
        if (strcmp(cases[i].state, "running") ==
            0) /* leavers of the next case find nothing of it */
            OK(record_act(boss, "req", id, "stop", "{}", &err));
    }
}

/* A task that is somebody's in place of a leaver stays with him, for the receiver. */
static void test_on_behalf(void **state)
{
    (void)state;
    struct err err = ERR_INIT;
    struct sql q;
    int64_t id = test_made(&app, &rep.who, "req", "{\"what\":\"x\",\"way\":\"any\"}");
    int64_t behalf = 0;
    struct handing h = {who[0].who.id, who[2].who.id, 0};
    test_as(&app, NULL);
    ctx_sql(&app.c, &q);
    sql_lit(&q, "SELECT COALESCE(MAX(on_behalf), 0) FROM _task WHERE state = 'open' AND record = ");
    sql_bind_int(&q, id);
    OK(store_get_int(app.db, app.a, &q, &behalf, &err));
    assert_int_equal(behalf, 0);
    OK(engine_write(&app.c, hand_job, &h, &err));
    stands("on behalf", id, "running", "bcd", "");
}

static void test_no_second_seat(void **state)
{
    (void)state;
    struct err err;
    int64_t id = test_made(&app, &rep.who, "req", "{\"what\":\"x\",\"way\":\"all\"}");
    assert_int_equal(act(&who[0], task_of(&who[0], id), "transfer", to_body(&who[1], NULL), &err),
                     -1);
    assert_string_equal(err.key, "has_task");
    assert_string_equal(err.path, "to");
    for (const char *const *w = (const char *const[]){"before", "after", "beside", NULL}; *w; w++) {
        assert_int_equal(act(&who[0], task_of(&who[0], id), "add_sign", to_body(&who[1], *w), &err),
                         -1);
        assert_string_equal(err.key, "has_task");
    }
    stands("nothing happened", id, "running", "abcd", "");
    must_act(&who[0], id, "transfer", to_body(&who[4], NULL));
    stands("to e", id, "running", "bcde", "");
}

/* Nodes where nobody waits show as done once they were passed, on the way that was taken. */
static void test_passed(void **state)
{
    (void)state;
    struct err err = ERR_INIT;
    struct strb b;
    struct json j;
    int64_t id = test_made(&app, &rep.who, "req", "{\"what\":\"x\",\"way\":\"any\"}");
    must_act(&who[0], id, "approve", "{}");
    strb_init(&b, app.a);
    json_init(&j, &b);
    test_as(&app, &rep.who);
    assert_int_equal(flow_json(&app.c, app_form(app.app, STR("req")), id, &j, &err), 1);
    struct val nodes = val_get(test_json(&app, str_z(app.a, strb_str(&b))), STR("nodes"));
    static const char *const want[] = {"done",    "done",    "done", "skipped",
                                       "skipped", "skipped", "done"};
    assert_int_equal(nodes.n, ARRAY_LEN(want));
    for (uint32_t i = 0; i < nodes.n; i++)
        CHECK_STR(val_str(val_get(nodes.list[i], STR("state"))), want[i]);
}

/* Whoever may create it, and no more, corrects what came back as he could create it. */
static void test_came_back(void **state)
{
    (void)state;
    static struct test_member young = {.login = "young", .role = "new"};
    struct test_job j;
    struct err err;
    test_member(&app, &young);
    int64_t id = test_made(&app, &young.who, "req", "{\"what\":\"x\",\"way\":\"any\"}");
    assert_int_equal(test_update(&app, &young.who, "req", id, "{\"what\":\"y\"}", &j, &err), -1);
    must_act(&who[0], id, "return", "{}");
    CHECK_STR(test_get(&app, test_one(&app, &young.who, "req", id), "what"), "\"x\"");
    OK(test_update(&app, &young.who, "req", id, "{\"what\":\"y\"}", &j, &err));
    /* nor what his grant hides, nor a row it would not let him make */
    assert_int_equal(test_update(&app, &young.who, "req", id, "{\"note\":\"n\"}", &j, &err), -1);
    assert_int_equal(test_update(&app, &young.who, "req", id, "{\"what\":\"no\"}", &j, &err), -1);
    assert_string_equal(err.key, "ensure");
    assert_int_equal(test_update(&app, &rep.who, "req", id, "{\"what\":\"z\"}", &j, &err), -1);
    int64_t task = task_of(&young, id);
    assert_int_equal(act(&young, task, "approve", "{\"values\":{\"note\":\"n\"}}", &err), -1);
    OK(act(&young, task, "approve", "{\"values\":{\"what\":\"z\",\"way\":\"all\"}}", &err));
    stands("again", id, "running", "abcd", "");
    CHECK_STR(test_get(&app, test_one(&app, NULL, "req", id), "what"), "\"z\"");
    assert_int_equal(test_update(&app, &young.who, "req", id, "{\"what\":\"y\"}", &j, &err), -1);
}

static int manager_job(struct ctx *c, void *arg, struct err *err)
{
    const int64_t *pair = arg;
    struct sql q;
    ctx_sql(c, &q);
    sql_lit(&q, "UPDATE _member SET manager = ");
    sql_bind_int(&q, pair[1]);
    sql_lit(&q, " WHERE id = ");
    sql_bind_int(&q, pair[0]);
    return store_exec(c->db, c->a, &q, NULL, err);
}

/* A chain without a level goes all the way up; a node's columns hold in what its people send. */
static void test_chain_and_columns(void **state)
{
    (void)state;
    static const struct {
        const char *values, *error; /* path and code of the first problem; NULL: it passes */
    } tries[] = {
        {"{\"cost\":1}", "cost unknown_field"},
        {"{\"items\":[{\"p\":1}]}", "items[0].p unknown_field"},
        {"{\"items\":[{\"q\":1}]}", "items[0].q read_only"},
        {"{\"what\":\"y\"}", "what read_only"},
        {"{\"items\":[{\"n\":7}]}", NULL},
    };
    struct err err = ERR_INIT;
    int64_t up[][2] = {{rep.who.id, who[0].who.id}, {who[0].who.id, who[1].who.id}};
    for (size_t i = 0; i < ARRAY_LEN(up); i++) {
        test_as(&app, NULL);
        OK(engine_write(&app.c, manager_job, up[i], &err));
    }
    int64_t id = test_made(&app, &rep.who, "sub", "{\"what\":\"x\",\"cost\":5}");
    CHECK_STR(str_of(holders(id, "open")), "ab");
    for (size_t i = 0; i < ARRAY_LEN(tries); i++) {
        struct act_job j = {.act = {.task = task_of(&who[0], id), .action = STR("approve")}};
        j.act.values = test_json(&app, tries[i].values);
        test_as(&app, &who[0].who);
        err = ERR_INIT;
        int rc = engine_write(&app.c, act_run, &j, &err);
        assert_int_equal(rc, tries[i].error ? -1 : 0);
        if (!tries[i].error)
            continue;
        const struct diag *d = &j.diags.list.v[0];
        CHECK_STR(str_fmt(app.a, "%.*s %.*s", STR_ARG(d->path), STR_ARG(d->key)), tries[i].error);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hand_over),      cmocka_unit_test(test_on_behalf),
        cmocka_unit_test(test_no_second_seat), cmocka_unit_test(test_passed),
        cmocka_unit_test(test_came_back),      cmocka_unit_test(test_chain_and_columns),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
