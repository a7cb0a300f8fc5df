/*
 * What the tests of approvals share: acting on tasks and records of one app, and its timers.
 */
#ifndef TESTS_FLOW_TEST_H
#define TESTS_FLOW_TEST_H

#include "tests/unit/record_test.h"

#include "engine/flow/flow.h"
#include "engine/flow/timer.h"

static struct test_app app;

static inline struct str box(const struct test_member *m, enum task_box which)
{
    struct err err = ERR_INIT;
    struct strb b;
    struct json j;
    struct task_query q = {.box = which};
    strb_init(&b, app.a);
    json_init(&j, &b);
    test_as(&app, &m->who);
    OK(task_list(&app.c, &q, &j, &err));
    return strb_str(&b);
}

/* The caller's open task on a record; 0: none. */
static inline int64_t task_of(const struct test_member *m, int64_t record)
{
    struct err err = ERR_INIT;
    int64_t id = 0;
    struct sql q;
    test_as(&app, &m->who);
    ctx_sql(&app.c, &q);
    sql_lit(&q, "SELECT id FROM _task WHERE state = 'open' AND holder = ");
    sql_bind_int(&q, m->who.id);
    sql_lit(&q, " AND record = ");
    sql_bind_int(&q, record);
    OK(store_get_int(app.db, app.a, &q, &id, &err));
    return id;
}

struct act_job {
    struct task_act act;
    struct diags diags;
};

static inline int act_run(struct ctx *c, void *arg, struct err *err)
{
    struct act_job *j = arg;
    diags_init(&j->diags, c->a);
    return flow_act(c, &j->act, &j->diags, err);
}

static inline int act(const struct test_member *m, int64_t task, const char *action,
                      const char *body, struct err *err)
{
    struct val v = test_json(&app, body);
    struct act_job j = {.act = {
                            .task = task,
                            .action = str_of(action),
                            .comment = val_str(val_get(v, STR("comment"))),
                            .values = val_get(v, STR("values")),
                            .to = val_get(v, STR("to")),
                            .resume = val_str(val_get(v, STR("resume"))),
                            .where = val_str(val_get(v, STR("where"))),
                        }};
    test_as(&app, m ? &m->who : NULL);
    *err = ERR_INIT;
    return engine_write(&app.c, act_run, &j, err);
}

static inline void must_act(const struct test_member *m, int64_t record, const char *action,
                            const char *body)
{
    struct err err;
    int64_t task = task_of(m, record);
    if (!task)
        fail_msg("%s has no task", m->login);
    if (act(m, task, action, body, &err) < 0)
        fail_msg("%s %s: %s (%s)", m->login, action, err.en, err.key);
}

struct record_job {
    const char *form;
    int64_t id;
    const char *action;
    struct val body;
    struct diags diags;
};

static inline int record_run(struct ctx *c, void *arg, struct err *err)
{
    struct record_job *j = arg;
    diags_init(&j->diags, c->a);
    struct record_act act = {app_form(c->app, str_of(j->form)), j->id, str_of(j->action), j->body};
    return flow_record_act(c, &act, &j->diags, err);
}

static inline int record_act(const struct test_member *m, const char *form, int64_t id,
                             const char *action, const char *body, struct err *err)
{
    struct record_job j = {.form = form, .id = id, .action = action, .body = test_json(&app, body)};
    test_as(&app, m ? &m->who : NULL);
    *err = ERR_INIT;
    return engine_write(&app.c, record_run, &j, err);
}

static inline const char *to_body(const struct test_member *m, const char *where)
{
    char id[16];
    (void)id_print(m->who.id, id);
    if (!where)
        return str_fmt(app.a, "{\"to\":\"%s\"}", id).p;
    return str_fmt(app.a, "{\"to\":[\"%s\"],\"where\":\"%s\"}", id, where).p;
}

/* ---- timers ---- */

/* Fires everything that is due at the clock's time; how many. */
static inline int run_timers(void)
{
    struct timer t;
    struct err err = ERR_INIT;
    for (int n = 0;; n++) {
        test_as(&app, NULL);
        app.c.via = VIA_TIMER;
        int due = timer_next(&app.c, &t, &err);
        OK(due);
        if (!due)
            return n;
        if (engine_write(&app.c, timer_fire, &t, &err) < 0)
            fail_msg("timer: %s (%s)", err.en, err.key);
    }
}

/* Moves the clock on and fires what became due. */
static inline int pass_hours(double hours)
{
    app.now_us += (int64_t)(hours * 3600) * US_PER_S;
    return run_timers();
}

#endif
