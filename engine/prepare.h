/*
 * Before a publish: its columns copied in small transactions (record/stage.h), under a row of _job
 * that another program goes on with when this one is killed.
 */
#ifndef ENGINE_PREPARE_H
#define ENGINE_PREPARE_H

#include "engine/engine.h"

struct prepare {
    const struct app *old, *new_;
    const struct app_source *src;
    const struct publish *p;
    int64_t job; /* that goes on; 0: a new one, set when there is something to copy */
};

/* Not in a write job. 0 all is there, 1 the jobs' thread goes on with it, -1. */
int prepare_run(struct ctx *c, struct prepare *pr, struct err *err) ATTR_MUST;
/* Inside the publishing job: before the tables are changed, and after the version is stored. */
int prepare_settle(struct ctx *c, const struct prepare *pr, struct err *err) ATTR_MUST;
int prepare_done(struct ctx *c, const struct prepare *pr, int64_t n, struct err *err) ATTR_MUST;
/* Not in a write job: it failed. What fails here only leaves columns for later. */
void prepare_failed(struct ctx *c, const struct prepare *pr, const struct err *why);
/* What a job's payload says. */
int prepare_payload(struct ctx *c, struct str payload, struct app_source *src, struct publish *p,
                    struct err *err) ATTR_MUST;

#endif
