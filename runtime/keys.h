/*
 * Changing the keys of what is encrypted, for the command line, the API and the jobs' thread.
 */
#ifndef RUNTIME_KEYS_H
#define RUNTIME_KEYS_H

#include "engine/engine.h"

/* A new master key, all data keys wrapped by it; then a new data key for each running app, and a
 * job that seals again what the old one sealed. Not in a write job. */
int keys_rotate(struct ctx *c, struct err *err) ATTR_MUST;
/* Wraps what an interrupted change left under an older master key. */
int keys_rewrap(struct ctx *c, struct err *err) ATTR_MUST;
/* One step of the app's rotation: 1 there is more, 0 nothing, -1. Memory of c->a is given back. */
int keys_step(struct ctx *c, struct str app, struct err *err) ATTR_MUST;
/* {"keys":[{id, current, wraps}], "data_keys":[{app, kind, state, n, since}], "rotations":[{app,
 * state, done, at}]} */
int keys_json(struct ctx *c, struct json *out, struct err *err) ATTR_MUST;

#endif
