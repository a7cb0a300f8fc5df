/*
 * What a request must be before anything looks at it: framing (no request smuggling), host, path
 * and query text. Pure: no sockets, no library.
 */
#ifndef RUNTIME_HTTP_GUARD_H
#define RUNTIME_HTTP_GUARD_H

#include "runtime/http.h"

#define GUARD_HEADERS_MAX 100
#define GUARD_QUERY_MAX   64

/* -1: refuse and close (ERR_MALFORMED). version: "HTTP/1.1". */
int guard_headers(struct str version, const struct http_pair *headers, size_t n,
                  struct err *err) ATTR_MUST;
/* The target's form, percent escapes, "." and ".." segments, NUL, bad UTF-8. */
int guard_target(struct arena *a, struct str target, struct err *err) ATTR_MUST;

/* Percent-decodes into the arena; -1: a bad escape, NUL, control character or bad UTF-8. */
int guard_decode(struct arena *a, struct str raw, bool plus_is_space, struct str *out,
                 struct err *err) ATTR_MUST;
/* The pairs of "a=1&b=2"; a name twice is refused. */
int guard_query(struct arena *a, struct str raw, struct http_pair **out, size_t *n,
                struct err *err) ATTR_MUST;

#endif
