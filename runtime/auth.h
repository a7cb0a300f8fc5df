/*
 * Who is it: a cookie session, a bearer token, or nobody; and whether the request may be his
 * (cross-site requests).
 */
#ifndef RUNTIME_AUTH_H
#define RUNTIME_AUTH_H

#include "runtime/http.h"
#include "runtime/router.h"

/* Sets ctx->who, req->by … . A dead cookie is nobody; a bad bearer token is ERR_AUTH. */
int auth_load(struct http_req *req, struct err *err) ATTR_MUST;
/* Session, rights, scopes, CSRF of the route. */
int auth_allow(struct http_req *req, const struct route *route, struct err *err) ATTR_MUST;

#endif
