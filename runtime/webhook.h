/*
 * What a row of the outbox looks like on the wire, by the kind of its endpoint: address, headers,
 * body, and whether an answer means that it arrived. Knows no sockets.
 */
#ifndef RUNTIME_WEBHOOK_H
#define RUNTIME_WEBHOOK_H

#include "engine/automation/endpoint.h"
#include "engine/automation/outbox.h"

#define WEBHOOK_HEADERS 8

struct webhook {
    struct str url;
    struct str type; /* of the body */
    struct str body;
    struct str headers[WEBHOOK_HEADERS]; /* "name: value" */
    size_t nheaders;
};

/* now_us: by the wall clock, for the receiver's replay window. */
int webhook_make(struct arena *a, const struct outbox_row *row, const struct endpoint_now *e,
                 int64_t now_us, struct webhook *out, struct err *err) ATTR_MUST;

/* A request that reads the endpoint: its id and time are signed, with an empty body. */
void webhook_read(struct arena *a, const struct endpoint_now *e, int64_t now_us,
                  struct webhook *out);

/* Robots answer 200 whatever happened, and say it in the body. *why: for a person. */
bool webhook_arrived(struct arena *a, enum endpoint_kind kind, struct str answer, struct str *why);

#endif
