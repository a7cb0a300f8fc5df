/*
 * A publish whose columns take long to copy, or whose server was killed: the jobs' thread goes on
 * with it.
 */
#ifndef RUNTIME_PUBLISH_JOB_H
#define RUNTIME_PUBLISH_JOB_H

#include "engine/engine.h"

struct publish_job {
    int64_t id;
    int64_t by; /* who asked for it; 0: the system */
    struct str app, payload;
    bool (*stop)(void *arg); /* the server stops: the next one goes on */
    void *arg;
};

void publish_job_run(struct ctx *c, const struct publish_job *job);

#endif
