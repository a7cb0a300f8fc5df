/*
 * How often: requests by class and caller (in memory), failed logins by login and address (in the
 * database, so that a restart forgets nothing).
 */
#ifndef RUNTIME_THROTTLE_H
#define RUNTIME_THROTTLE_H

#include "runtime/http.h"
#include "runtime/router.h"

struct throttle;

int throttle_new(struct throttle **out, struct err *err) ATTR_MUST;
void throttle_free(struct throttle **t);

/* ERR_LIMIT and resp->retry_after_s when the class is used up. */
int throttle_route(struct http_req *req, struct http_resp *resp, enum rate rate,
                   struct err *err) ATTR_MUST;
/* A bucket by name: at most `burst` at once, refilled over per_s seconds. false: used up, *wait_s
 * until the next. */
bool throttle_take(struct throttle *t, struct str who, uint32_t burst, uint32_t per_s,
                   int64_t mono_us, int64_t *wait_s);

/* Logins of one name from one address are tried one after the other: begin before the password is
 * looked at (ERR_LIMIT with retry_after_s while blocked), end with how it went. Successes are never
 * counted. */
struct login_try {
    struct str who;  /* "login:x@addr" */
    struct str name; /* "login:x" */
    struct str addr; /* "addr:…" */
    struct str login, remote;
    struct throttle *throttle;
    size_t lock;
};
int throttle_login_begin(struct http_req *req, struct http_resp *resp, struct str login,
                         struct login_try **out, struct err *err) ATTR_MUST;
int throttle_login_end(struct http_req *req, struct login_try *t, bool ok,
                       struct err *err) ATTR_MUST;

#endif
