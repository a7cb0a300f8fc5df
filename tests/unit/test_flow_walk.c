/*
 * A thousand random walks over random graphs: whatever people and timers do, in whatever order, the
 * approval ends and leaves nothing open behind. The seed of a failure is printed; MORTISE_SEED
 * repeats it.
 */
#include "tests/unit/flow_test.h"

#define GRAPHS      50
#define WALKS       20
#define ACTIONS_MAX 120 /* then everybody approves; twice that: an operator stops it */

static uint64_t seed;

static uint64_t rnd(uint64_t n)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return seed % n;
}

/* ---- a random graph ---- */

struct graph {
    struct strb text;
    int keys;
    struct arena *a;
};

static const char *pick(const char *const *words, size_t n)
{
    return words[rnd(n)];
}
#define PICK(words) pick(words, ARRAY_LEN(words))

static struct str new_key(struct graph *g)
{
    return str_fmt(g->a, "n%d", ++g->keys);
}

static struct str person_node(struct graph *g, struct str next)
{
    static const char *const who[] = {"role: boss", "role: dir", "role: none", "manager_of: _owner",
                                      "field: who"};
    static const char *const mode[] = {"any", "all", "sequence",
                                       "{vote: {pass: 0.6, veto: [role: dir]}}"};
    static const char *const empty[] = {"skip", "role:dir", "initiator"};
    static const char *const same[] = {"none", "previous", "handled"};
    static const char *const due[] = {
        "",
        (", due: {after: 2 hours, then: [remind, {escalate: role:dir, after: 1 hour}, "
         "{approve: {after: 1 day}}]}"),
        ", due: {after: 1 workday, then: [{reject: {}}]}"};
    static const char *const type[] = {"approve", "approve", "fill"};
    struct str key = new_key(g);
    strb_addf(&g->text,
              "    %.*s: {type: %s, to: [%s], mode: %s, empty: %s, skip_same: %s%s, actions: "
              "{approve: {}, reject: {}, return: {}, transfer: {}, add_sign: {}, withdraw: {}}, "
              "next: %.*s}\n",
              STR_ARG(key), PICK(type), PICK(who), PICK(mode), PICK(empty), PICK(same), PICK(due),
              STR_ARG(next));
    return key;
}

static struct str block(struct graph *g, int depth, struct str next);

static struct str chain(struct graph *g, int depth, struct str next)
{
    for (uint64_t n = 1 + rnd(3); n > 0; n--)
        next = block(g, depth, next);
    return next;
}

static struct str branch_node(struct graph *g, int depth, struct str next)
{
    struct str a = chain(g, depth - 1, next), b = chain(g, depth - 1, next), key = new_key(g);
    strb_addf(&g->text,
              "    %.*s: {type: branch, next: [{when: amount > %d, to: %.*s}, {to: %.*s}]}\n",
              STR_ARG(key), (int)rnd(100), STR_ARG(a), STR_ARG(b));
    return key;
}

static struct str parallel_node(struct graph *g, int depth, struct str next)
{
    struct str join = new_key(g);
    strb_addf(&g->text, "    %.*s: {type: cc, to: [role: dir], next: %.*s}\n", STR_ARG(join),
              STR_ARG(next));
    struct str a = chain(g, depth - 1, join), b = chain(g, depth - 1, join), key = new_key(g);
    strb_addf(&g->text,
              "    %.*s: {type: parallel, mode: %s, branches: [%.*s, %.*s], join: %.*s}\n",
              STR_ARG(key), rnd(2) ? "any" : "all", STR_ARG(a), STR_ARG(b), STR_ARG(join));
    return key;
}

static struct str other_node(struct graph *g, struct str next)
{
    static const char *const lines[] = {"type: cc, to: [role: boss]",
                                        "type: wait, for: 3 hours",
                                        "type: wait, until: day",
                                        "type: subflow, form: child, set: {what: what}, wait: true",
                                        "type: subflow, form: child, set: {what: what}",
                                        "type: create, form: note, set: {what: what}"};
    struct str key = new_key(g);
    strb_addf(&g->text, "    %.*s: {%s, next: %.*s}\n", STR_ARG(key), PICK(lines), STR_ARG(next));
    return key;
}

static struct str block(struct graph *g, int depth, struct str next)
{
    switch (depth > 0 ? rnd(7) : 3 + rnd(4)) {
    case 0: return branch_node(g, depth, next);
    case 1:
    case 2: return parallel_node(g, depth, next);
    case 3: return other_node(g, next);
    default: return person_node(g, next);
    }
}

#define FIELDS                                                                                     \
    "fields:\n"                                                                                    \
    "  what: {type: text, title: 事由}\n"                                                        \
    "  amount: {type: number, title: 金额, scale: 2}\n"                                          \
    "  day: {type: date, title: 日期}\n"                                                         \
    "  who: {type: member, title: 谁}\n"

/* The last block made is where the flow begins: an entry node points to it. */
static const char *random_form(struct arena *a)
{
    struct graph g = {.a = a};
    strb_init(&g.text, a);
    struct str first = chain(&g, 3, STR("done"));
    return str_fmt(a,
                   "form: req\ntitle: 申请\n" FIELDS "permissions:\n"
                   "  own: {role: rep, can: [create, read, update]}\n"
                   "flow:\n  start: {title: 提交, to: %.*s}\n  nodes:\n%.*s    done: {type: end}\n",
                   STR_ARG(first), STR_ARG(strb_str(&g.text)))
        .p;
}

/* ---- people ---- */

static struct test_member rep = {.login = "rep", .role = "rep"};
static struct test_member boss[3] = {{.login = "boss1", .role = "boss"},
                                     {.login = "boss2", .role = "boss"},
                                     {.login = "boss3", .role = "boss"}};
static struct test_member dir = {.login = "dir", .role = "dir"};
static struct test_member *const everybody[] = {&rep, &boss[0], &boss[1], &boss[2], &dir};

static const struct test_member *member_of(int64_t id)
{
    for (size_t i = 0; i < ARRAY_LEN(everybody); i++)
        if (everybody[i]->who.id == id)
            return everybody[i];
    fail_msg("no such member");
    return NULL;
}

/* ---- a walk ---- */

struct open_task {
    int64_t id, holder;
};

static size_t open_tasks(struct open_task *out, size_t max)
{
    struct err err = ERR_INIT;
    struct sql q;
    struct stmt *s;
    size_t n = 0;
    test_as(&app, NULL);
    ctx_sql(&app.c, &q);
    sql_lit(&q, "SELECT id, holder FROM _task WHERE state = 'open' AND kind <> 'cc' ORDER BY id");
    OK(store_query(app.db, app.a, &q, &s, &err));
    while (n < max && stmt_step(s, &err) == 1)
        out[n++] = (struct open_task){stmt_int(s, 0), stmt_int(s, 1)};
    stmt_done(s);
    return n;
}

static void one_action(const struct open_task *t, bool settle)
{
    static const char *const actions[] = {"approve", "approve", "approve",  "approve",
                                          "reject",  "return",  "transfer", "add_sign"};
    static const char *const wheres[] = {"before", "after", "beside"};
    struct err err;
    const struct test_member *m = member_of(t->holder), *other = everybody[rnd(5)];
    const char *action = settle ? "approve" : PICK(actions);
    const char *body = "{}";
    if (str_eqz(str_of(action), "return"))
        body = rnd(2) ? "{\"resume\":\"here\"}" : "{}";
    else if (str_eqz(str_of(action), "transfer"))
        body = to_body(other, NULL);
    else if (str_eqz(str_of(action), "add_sign"))
        body = to_body(other, PICK(wheres));
    int rc = act(m, t->id, action, body, &err);
    if (getenv("MORTISE_TRACE"))
        print_message("%s %llx %s %s: %s\n", m->login, (unsigned long long)t->id, action, body,
                      rc ? err.key : "done");
    if (rc == 0)
        return;
    /* refused for a reason a person understands: not a fault of the store or of ours */
    if (err.code != ERR_INVALID && err.code != ERR_CONFLICT && err.code != ERR_DENIED)
        fail_msg("%s: %s (%s)", action, err.en, err.key);
}

/* To when the next timer is due; false: there is none. */
static bool sleep_till_due(void)
{
    struct err err = ERR_INIT;
    struct sql q;
    int64_t at = 0;
    test_as(&app, NULL);
    ctx_sql(&app.c, &q);
    sql_lit(&q, "SELECT MIN(run_at) FROM _job WHERE kind = 'flow' AND state = 'queued'");
    OK(store_get_int(app.db, app.a, &q, &at, &err));
    if (!at)
        return false;
    app.now_us = MAX(app.now_us, at);
    return run_timers() > 0;
}

static struct str instance_state(int64_t record)
{
    return test_get(&app, test_one(&app, NULL, "req", record), "_state");
}

static void check_nothing_open(const char *what)
{
    static const struct {
        const char *what;
        struct str sql;
    } rules[] = {
        {"an open task", STR("SELECT COUNT(*) FROM _task WHERE state IN ('open', 'waiting')"
                             " AND kind <> 'cc'")},
        {"an open token", STR("SELECT COUNT(*) FROM _flow_token WHERE state = 'open'")},
        {"a timer", STR("SELECT COUNT(*) FROM _job WHERE kind = 'flow' AND state = 'queued'")},
        {"an instance", STR("SELECT COUNT(*) FROM _flow_instance WHERE ended_at IS NULL")},
    };
    for (size_t i = 0; i < ARRAY_LEN(rules); i++) {
        struct err err = ERR_INIT;
        struct sql q;
        int64_t n = 0;
        test_as(&app, NULL);
        ctx_sql(&app.c, &q);
        sql_lit_(&q, rules[i].sql);
        OK(store_get_int(app.db, app.a, &q, &n, &err));
        if (n)
            fail_msg("%s: %d of %s left", what, (int)n, rules[i].what);
    }
}

static void stop_all(void)
{
    struct err err = ERR_INIT;
    struct sql q;
    struct stmt *s;
    struct {
        int64_t record;
        char form[16];
    } open[64];
    size_t n = 0;
    test_as(&app, NULL);
    ctx_sql(&app.c, &q);
    sql_lit(&q, "SELECT record, form FROM _flow_instance WHERE ended_at IS NULL");
    OK(store_query(app.db, app.a, &q, &s, &err));
    while (n < ARRAY_LEN(open) && stmt_step(s, &err) == 1) {
        open[n].record = stmt_int(s, 0);
        (void)snprintf(open[n++].form, 16, "%.*s", STR_ARG(stmt_str(s, 1)));
    }
    stmt_done(s);
    for (size_t i = 0; i < n; i++) /* one may have ended with another: its parent */
        (void)record_act(NULL, open[i].form, open[i].record, "stop", "{}", &err);
}

/* 1 it ended by itself, 0 an operator stopped it. */
static int walk(void)
{
    char id[16], body[200];
    struct open_task tasks[64];
    struct test_job j;
    struct err err;
    (void)snprintf(body, sizeof body, "{\"what\":\"w\",\"amount\":%d,\"who\":\"%s\"}",
                   (int)rnd(100), id_print(everybody[rnd(5)]->who.id, id).p);
    if (test_create(&app, &rep.who, "req", body, &j, &err) < 0) {
        if (!str_eqz(str_of(err.key), "no_assignee"))
            fail_msg("submit: %s (%s)", err.en, err.key);
        return 1;
    }
    int64_t record = j.out.id;
    for (int i = 0; i < 2 * ACTIONS_MAX; i++) {
        size_t n = open_tasks(tasks, ARRAY_LEN(tasks));
        if (n && rnd(8))
            one_action(&tasks[rnd(n)], i > ACTIONS_MAX);
        else if (!sleep_till_due() && n == 0)
            break;
    }
    struct str state = instance_state(record);
    bool ended = !str_eqz(state, "\"running\"") && !str_eqz(state, "\"returned\"");
    if (!ended && open_tasks(tasks, 1) == 0)
        fail_msg("stuck: nobody has a task and no timer runs");
    stop_all();
    return ended;
}

static void test_walks(void **state)
{
    (void)state;
    int ended = 0, walks = 0;
    const char *given = getenv("MORTISE_SEED");
    uint64_t start = given ? strtoull(given, NULL, 10) : 20261124;
    for (uint64_t g = 0; g < GRAPHS; g++) {
        struct arena *a = arena_new(1u << 24);
        seed = start + g * 7919;
        print_message("graph %d, MORTISE_SEED=%llu\n", (int)g, (unsigned long long)seed);
        (void)rnd(10);
        const struct test_file files[] = {
            {"app.yaml", "app: desk\ntitle: 台\nversion: \"1\"\nlanguage: zh-CN\n"
                         "roles: {rep: 代表, boss: 主管, dir: 总监, none: 无人}\n"},
            {"forms/req.yaml", random_form(a)},
            {"forms/child.yaml",
             "form: child\ntitle: 子\n" FIELDS "permissions: {all: {role: dir, can: all}}\n"
             "flow:\n  nodes:\n    one: {type: approve, to: [role: dir], next: "
             "done}\n    done: {type: end}\n"},
            {"forms/note.yaml",
             "form: note\ntitle: 记\n" FIELDS "permissions: {all: {role: dir, can: all}}\n"},
        };
        if (getenv("MORTISE_TRACE"))
            print_message("%s\n", files[1].text);
        test_app_init(&app, "desk", files, ARRAY_LEN(files));
        for (size_t i = 0; i < ARRAY_LEN(everybody); i++)
            test_member(&app, everybody[i]);
        for (int w = 0; w < WALKS; w++, walks++) {
            ended += walk();
            check_nothing_open("after a walk");
        }
        test_app_fini(&app);
        arena_free(&a);
    }
    print_message("%d walks, %d ended by themselves\n", walks, ended);
    assert_true(ended * 10 > walks * 9);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_walks)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
