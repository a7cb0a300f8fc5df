/*
 * All that is due, in one transaction that is open already: for tests of apps, whose clock stands
 * still.
 */
#include "engine/automation/outbox.h"

#include "engine/automation/run.h"
#include "engine/automation/schedule.h"

#define ROUNDS_MAX 1000

static int in_place(struct ctx *c, int (*fn)(struct ctx *c, void *arg, struct err *err), void *arg,
                    struct err *err)
{
    return fn(c, arg, err);
}

/* What the run of a row must not leave behind in the caller's context. */
struct kept {
    const struct principal *who;
    enum via via;
    int depth, chain;
    int64_t deadline_us, spent_us;
    void *lua, *records;
};

static struct kept keep(struct ctx *c)
{
    struct kept k = {c->who,           c->via, c->depth,  c->chain, c->hook_deadline_us,
                     c->hook_spent_us, c->lua, c->records};
    c->who = &who_system;
    c->via = VIA_TIMER;
    c->lua = NULL;
    c->records = NULL;
    c->depth = c->chain = 0;
    c->hook_deadline_us = c->hook_spent_us = 0;
    return k;
}

static void give_back(struct ctx *c, const struct kept *k)
{
    c->who = k->who;
    c->via = k->via;
    c->depth = k->depth;
    c->chain = k->chain;
    c->hook_deadline_us = k->deadline_us;
    c->hook_spent_us = k->spent_us;
    c->lua = k->lua;
    c->records = k->records;
}

static int first_error(struct ctx *c, struct err *err)
{
    struct sql q;
    struct stmt *s;
    ctx_sql(c, &q);
    sql_lit(&q, "SELECT automation, last_error FROM _outbox WHERE state = 'waiting' AND attempts"
                " > 0 AND kind IN ('automation', 'committed', 'script') AND app = ");
    sql_bind_str(&q, c->app->key);
    sql_lit(&q, " ORDER BY id LIMIT 1");
    if (store_query(c->db, c->a, &q, &s, err))
        return -1;
    int got = stmt_step(s, err);
    if (got == 1)
        got = err_set(err, ERR_INVALID, "automation_failed", "%.*s：%.*s", "%.*s: %.*s",
                      STR_ARG(stmt_str(s, 0)), STR_ARG(stmt_str(s, 1)));
    stmt_done(s);
    return got;
}

static int round_of(struct ctx *c, int64_t *n, struct err *err)
{
    struct outbox_batch b;
    struct schedule_job job;
    if (outbox_due(c, &b, err))
        return -1;
    if (b.n && str_eq(b.app, c->app->key)) {
        if (outbox_run(c, &b, err))
            return -1;
        *n += (int64_t)b.done;
        return b.done > 0;
    }
    int got = schedule_next(c, &job, err);
    if (got <= 0 || !str_eq(job.app, c->app->key))
        return got < 0 ? -1 : 0;
    *n += 1;
    return schedule_step(c, &job, err) ? -1 : 1;
}

int outbox_run_all(struct ctx *c, int64_t *n, struct err *err)
{
    int64_t fired;
    int more = 1;
    struct kept k = keep(c);
    int rc = schedule_tick(c, in_place, &fired, err);
    for (int i = 0; rc == 0 && more == 1 && i < ROUNDS_MAX; i++)
        more = round_of(c, n, err);
    if (rc == 0 && more >= 0)
        rc = first_error(c, err);
    give_back(c, &k);
    return rc < 0 || more < 0 ? -1 : 0;
}
