/*
 * Request and response of a handler; no library in sight. A handler sees one complete request, parses it,
 * calls one engine function and fills the response. Everything is in the request's arena.
 */
#ifndef RUNTIME_HTTP_H
#define RUNTIME_HTTP_H

#include "engine/engine.h"

enum http_method { HTTP_GET, HTTP_HEAD, HTTP_POST, HTTP_PUT, HTTP_PATCH, HTTP_DELETE, HTTP_METHODS };

#define HTTP_PARAMS_MAX 8

struct http_pair {
    struct str name;
    struct str value;
};

struct http_req {
    struct ctx *ctx;          /* principal set, reader of this worker */
    struct server *server;
    const struct route *route;
    enum http_method method;
    struct str path;          /* decoded */
    struct str params[HTTP_PARAMS_MAX]; /* {app}, {form}, {id} … in order of the pattern */
    const struct http_pair *query;
    size_t nquery;
    const struct http_pair *headers;
    size_t nheaders;
    struct str body;          /* JSON and small bodies */
    struct str upload;        /* path of the spooled file part of a multipart body, or empty */
    struct str upload_name;
    struct str upload_type;
    const struct http_pair *fields; /* the other parts */
    size_t nfields;
    struct str remote;        /* address */
    struct str session;       /* token hash of the cookie, or empty */
};

struct http_resp {
    int status;
    struct strb body;
    struct json json;         /* over body */
    struct str type;          /* default application/json */
    struct http_pair headers[12];
    size_t nheaders;
    struct str file;          /* path to stream instead of the body */
    bool sse;                 /* the connection becomes an event stream */
};

typedef int http_handler(struct http_req *req, struct http_resp *resp, struct err *err);

/* 0 and defaults when absent. Repeated parameters are refused before the handler runs. */
struct str req_query(const struct http_req *req, const char *name);
struct str req_header(const struct http_req *req, const char *name); /* any case */
int req_json(struct http_req *req, struct val *out, struct err *err) ATTR_MUST; /* must be an object */
void resp_header(struct http_resp *resp, struct str name, struct str value);
void resp_etag(struct http_resp *resp, int64_t version);

#endif
