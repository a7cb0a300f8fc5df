/*
 * Which events a member may know of, and their text on the wire.
 */
#ifndef RUNTIME_LIVE_H
#define RUNTIME_LIVE_H

#include "engine/engine.h"

/* An event that outlives the arena it came from. */
struct live_event {
    char app[64], form[64], op[16];
    int64_t id, version;
};

void live_copy(struct live_event *out, const struct event *ev);

/* One round of deliveries: members and apps are loaded once. */
struct live {
    struct ctx c;
    struct map members; /* id text -> struct principal * */
    struct map apps;    /* key -> struct app * */
};

void live_begin(struct live *l, struct engine *e, struct arena *a, struct conn *reader);
void live_end(struct live *l);
/* true: text is what this member gets. */
bool live_text(struct live *l, const struct live_event *ev, int64_t n, int64_t member,
               struct str *text);

#endif
