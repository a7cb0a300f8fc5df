/*
 * A row of the outbox as a message of RFC 5322: headers encoded, the text in base64. Knows no
 * sockets.
 */
#ifndef RUNTIME_MAIL_H
#define RUNTIME_MAIL_H

#include "engine/base/err.h"

struct mail {
    struct str from; /* "Name <address>" or an address */
    struct str to;
    int64_t id; /* of the row: the same in every try */
    int64_t at_us;
    struct str payload; /* {subject, text} */
};

/* ERR_INVALID "address" for one that could be two, or a header. */
int mail_make(struct arena *a, const struct mail *m, struct str *out, struct err *err) ATTR_MUST;

/* The address of "Name <address>". */
struct str mail_address(struct str from);

#endif
