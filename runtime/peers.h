/*
 * The thread that hears what other programs on the same database do: their events go to this one's
 * browsers, their publishes are loaded. Nothing where a database has one program at a time.
 */
#ifndef RUNTIME_PEERS_H
#define RUNTIME_PEERS_H

#include "engine/base/err.h"

struct peers;
struct server;

/* *out stays NULL where there can be no others. */
int peers_start(struct server *server, struct peers **out, struct err *err) ATTR_MUST;
void peers_stop(struct peers **p);

#endif
