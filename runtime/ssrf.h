/*
 * Where the program may connect to on an app's behalf: the public Internet, and what the operator
 * allows (--outbound-allow). Tested on the address a connection is about to be made to, at every
 * hop, so names that resolve to something else in between help nobody.
 */
#ifndef RUNTIME_SSRF_H
#define RUNTIME_SSRF_H

#include "engine/base/err.h"

#include <stdint.h>
#include <sys/socket.h>

#define SSRF_RULES_MAX 64

struct ssrf_rule {
    uint8_t net[16]; /* IPv6, or IPv4 as ::ffff:a.b.c.d */
    unsigned bits;
};
struct ssrf {
    struct ssrf_rule allow[SSRF_RULES_MAX];
    size_t n;
};

/* "10.1.0.0/16,127.0.0.1,fd00::/8"; empty: nothing beyond the public Internet. */
int ssrf_parse(struct str list, struct ssrf *out, struct err *err) ATTR_MUST;

/* May a connection go to this address and port? */
bool ssrf_ok(const struct ssrf *s, const struct sockaddr *to);

/* The same for a mailbox: ports 143 and 993 of the Internet. */
bool ssrf_mail_ok(const struct ssrf *s, const struct sockaddr *to);

/* The same of an address written as it stands in a URL ("127.0.0.1", "[::1]"), for a better message
 * when it is saved: false for a literal that would be refused; names are true. */
bool ssrf_url_ok(const struct ssrf *s, struct str url);

#endif
