/*
 * Deadlines of connections: a client that drips its request or reads its answer too slowly is cut
 * off. (The library's own time-out is about idleness only and never ends a drip.) One thread looks
 * once a second.
 */
#ifndef RUNTIME_REAPER_H
#define RUNTIME_REAPER_H

#include "engine/base/err.h"

#include <stdatomic.h>

struct reaper;

#define REAPER_IDLE_US (58 * INT64_C(1000000)) /* an open connection without a request */
#define REAPER_HEAD_US                                                                             \
    (25 * INT64_C(1000000)) /* from the first byte of a request to the end of its head */

/* One connection. In the state `idle` a request has not begun, or its head is not complete: the
 * thread finds out which by the bytes that came in. Else the deadline holds, monotonic
 * microseconds; 0: none. */
struct reaper_link {
    struct reaper_link *prev, *next;
    int fd;
    _Atomic int64_t deadline_us;
    atomic_bool idle;
    int64_t seen_us; /* the thread's own: when it first saw this idleness; 0: not yet */
    uint64_t seen_bytes;
    int64_t head_us; /* when it first saw bytes of a request; 0: none yet */
    bool cut;        /* told to go, to make room */
};

/* At three quarters of `room` connections, those that rest longest make place. */
int reaper_start(int64_t (*mono_us)(void), size_t room, struct reaper **out,
                 struct err *err) ATTR_MUST;
void reaper_stop(struct reaper **r);
void reaper_add(struct reaper *r, struct reaper_link *link);
/* After this the socket may be closed: it is not touched any more. */
void reaper_remove(struct reaper *r, struct reaper_link *link);

#endif
