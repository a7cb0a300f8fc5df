/*
 * Cookie sessions: rows of _session under the hash of the cookie's token.
 */
#ifndef RUNTIME_SESSION_H
#define RUNTIME_SESSION_H

#include "runtime/http.h"

#define SESSION_IDLE_US (7 * US_PER_DAY)
#define SESSION_MAX_US  (30 * US_PER_DAY)

/* 1 and ctx->who, req->session, req->csrf set; 0 no (live) session; -1. */
int session_load(struct http_req *req, struct err *err) ATTR_MUST;
/* A new session for a member: cookie on the answer, req->csrf set, the old session ended. */
int session_begin(struct http_req *req, struct http_resp *resp, int64_t member,
                  struct err *err) ATTR_MUST;
/* Ends this session and clears the cookie. */
int session_end(struct http_req *req, struct http_resp *resp, struct err *err) ATTR_MUST;
/* Inside a write job: ends all sessions of a member but `keep` (a hash, may be empty). */
int session_end_all(struct ctx *c, int64_t member, struct str keep, struct err *err) ATTR_MUST;

/* His sessions: {"sessions":[{id, created_at, seen_at, addr, agent, current}]} */
int session_list_json(struct http_req *req, int64_t member, struct json *out,
                      struct err *err) ATTR_MUST;
/* Ends one by the id of the list: 1, 0 none of his, -1. Inside a write job. */
int session_end_one(struct ctx *c, int64_t member, struct str id, struct err *err) ATTR_MUST;

#endif
