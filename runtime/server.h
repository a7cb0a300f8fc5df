/*
 * What a serving process shares between its threads.
 */
#ifndef RUNTIME_SERVER_H
#define RUNTIME_SERVER_H

#include "engine/engine.h"
#include "runtime/config.h"

#include <stdatomic.h>

struct server {
    const struct config *cfg;
    struct engine *engine;
    struct pool *pool;
    struct pool *logins; /* password hashes take 20 ms and more: they never hold up the others */
    struct http *http;
    struct sse *sse;
    struct jobs *jobs;
    struct outbox *outbox;
    struct dev *dev;     /* with --dev */
    struct peers *peers; /* NULL where a database has one program */
    struct metrics *metrics;
    struct throttle *throttle;
    struct assets *assets;
    struct clock *clock;
    struct str spool_dir;
    struct str files_dir; /* contents of uploaded files, on the same disk */
    struct str oom_body;  /* the problem of an answer that has no memory left */
    bool tls;
    bool loopback;
    atomic_bool ready;
    atomic_bool draining;
    atomic_bool set_up;       /* there is a member */
    unsigned char secret[32]; /* of this process: signs what need not outlive it */
};

#endif
