/*
 * Sends leased rows of the outbox over HTTP and SMTP, many at a time, on the caller's thread. The
 * only place that includes curl.
 */
#ifndef RUNTIME_SENDER_H
#define RUNTIME_SENDER_H

#include "engine/engine.h"

struct sender;
struct server;

int sender_new(struct server *server, struct sender **out, struct err *err) ATTR_MUST;
void sender_free(struct sender **s);
/* One round: takes rows while there is room, moves what is under way, stores what came of it, waits
 * up to wait_ms (less when woken or when there is more). */
void sender_round(struct sender *s, struct conn *reader, int wait_ms);
/* Calls that arrived, and that did not; from any thread. */
void sender_counts(struct sender *s, int64_t *sent, int64_t *failed);
/* From any thread. */
void sender_wake(struct sender *s);

#endif
