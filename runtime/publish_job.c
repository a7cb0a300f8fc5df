/*
 * Publishing as a job, and what the request would have done after it.
 */
#include "runtime/publish_job.h"

#include "engine/base/log.h"
#include "engine/org/member.h"
#include "runtime/audited.h"
#include "runtime/public.h"

static int published(struct ctx *c, void *arg, struct err *err)
{
    return audit_add(c, arg, err);
}

static void after_publish(struct ctx *c, const struct publish_job *job, int64_t n)
{
    struct err err = ERR_INIT;
    struct audit a = {.what = STR("publish"),
                      .app = job->app,
                      .detail = audit_detail(c->a, "version", val_num((double)n))};
    if (public_tokens(c, job->app, &err) || engine_write(c, published, &a, &err))
        log_event(LOG_WARN, "publish", LOG_TEXT("app", job->app),
                  LOG_TEXT("code", str_of(err.key)));
}

void publish_job_run(struct ctx *c, const struct publish_job *job)
{
    struct err err = ERR_INIT;
    int64_t n = 0, id = job->id;
    struct publish p = {.key = job->app, .patience_us = US_PER_S, .job = &id};
    struct principal *who = ARENA_NEW(c->a, struct principal);
    int rc = 0;
    if (job->by && member_load(c, job->by, who, &err) == 1)
        c->who = who;
    err = ERR_INIT;
    while (rc == 0 && n == 0 && !job->stop(job->arg)) {
        c->now_us = engine_now_us(c->engine);
        id = job->id;
        rc = engine_publish_goes_on(c, &p, job->payload, &n, &err);
    }
    if (rc)
        log_event(LOG_ERROR, "publish", LOG_TEXT("app", job->app),
                  LOG_TEXT("code", str_of(err.key)));
    else if (n)
        after_publish(c, job, n);
}
