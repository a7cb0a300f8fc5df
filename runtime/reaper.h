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

/* One connection. The deadline is monotonic microseconds; 0: none. */
struct reaper_link {
    struct reaper_link *prev, *next;
    int fd;
    _Atomic int64_t deadline_us;
};

int reaper_start(int64_t (*mono_us)(void), struct reaper **out, struct err *err) ATTR_MUST;
void reaper_stop(struct reaper **r);
void reaper_add(struct reaper *r, struct reaper_link *link);
/* After this the socket may be closed: it is not touched any more. */
void reaper_remove(struct reaper *r, struct reaper_link *link);
/* Cuts every connection now (end of a drain). */
void reaper_cut_all(struct reaper *r);

#endif
