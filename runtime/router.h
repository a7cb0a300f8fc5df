/*
 * Method and path to a row of the route table.
 */
#ifndef RUNTIME_ROUTER_H
#define RUNTIME_ROUTER_H

#include "runtime/http.h"

/* Who may call; more exact rights are the engine's business. */
enum need { NEED_NONE, NEED_MEMBER, NEED_DESIGN, NEED_PEOPLE, NEED_OPERATE, NEED_ORG };
/* NEED_ORG: the right `people`, or the administrator of an external organisation over his own. */

/* What a caller may do how often; throttle.c has the figures. */
enum rate { RATE_NONE, RATE_SETUP, RATE_PUBLIC, RATE_HEAVY };

enum route_flag {
    ROUTE_UPLOAD = 1,    /* multipart, spooled to a file */
    ROUTE_TEXT = 2,      /* any body, not JSON (definition files) */
    ROUTE_NO_CSRF = 4,   /* login, setup, public: same-origin is tested instead */
    ROUTE_READS = 8,     /* a POST that only reads: read scope is enough, no idempotency */
    ROUTE_PLAIN = 16,    /* outside /api */
    ROUTE_DRAINING = 32, /* answers while draining */
    ROUTE_REST = 64,     /* the last parameter takes the rest of the path */
    ROUTE_ANON = 128,    /* no session is looked at */
    ROUTE_SECRET = 256,  /* the answer holds a secret: never compressed, never kept */
    ROUTE_LOGIN = 512,   /* looks at a password: has workers of its own */
    ROUTE_FIRST = 1024   /* open to one who must change his password first */
};

struct route {
    enum http_method method;
    const char *pattern; /* "/apps/{app}", below /api/v1 unless ROUTE_PLAIN */
    http_handler *handler;
    enum need need;
    enum rate rate;
    uint32_t body_max; /* bytes; 0: no body is read */
    unsigned flags;
    const char *tag;  /* group in OpenAPI */
    const char *help; /* one line */
};

size_t routes(const struct route **out);

/* The row for a path as sent (not decoded), NULL when none; *known: another method would fit. */
const struct route *router_find(struct str method, struct str path, struct str *params,
                                bool *known);
/* "GET, PATCH" for 405. */
struct str router_allow(struct arena *a, struct str path);
bool http_method_of(struct str name, enum http_method *m);

#endif
