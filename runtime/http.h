/*
 * Request and response of a handler; no library in sight. A handler sees one complete request,
 * parses it, calls one engine function and fills the response. Everything is in the request's
 * arena.
 */
#ifndef RUNTIME_HTTP_H
#define RUNTIME_HTTP_H

#include "engine/engine.h"

enum http_method {
    HTTP_GET,
    HTTP_HEAD,
    HTTP_POST,
    HTTP_PUT,
    HTTP_PATCH,
    HTTP_DELETE,
    HTTP_METHODS
};

#define HTTP_PARAMS_MAX 8

struct http_pair {
    struct str name;
    struct str value;
};

/* How the caller proved who he is. */
enum auth_by { AUTH_NONE, AUTH_SESSION, AUTH_TOKEN };

struct http_req {
    struct ctx *ctx; /* principal set, reader of this worker */
    struct server *server;
    struct exchange *x; /* the wire's side; handlers leave it alone */
    const struct route *route;
    enum http_method method;
    struct str path;                    /* decoded */
    struct str params[HTTP_PARAMS_MAX]; /* {app}, {form}, {id} … in order of the pattern */
    const struct http_pair *query;
    size_t nquery;
    const struct http_pair *headers;
    size_t nheaders;
    struct str body;   /* JSON and small bodies */
    struct str upload; /* path of the spooled file part of a multipart body, or empty */
    struct str upload_name;
    struct str upload_type;
    struct str upload_hash; /* SHA-256, hex */
    uint64_t upload_bytes;
    const struct http_pair *fields; /* the other parts */
    size_t nfields;
    struct str remote; /* address */
    bool secure;       /* TLS, here or at the trusted proxy */
    enum auth_by by;
    struct str session; /* token hash of the cookie, or empty */
    struct str csrf;    /* of the session */
    int64_t token;      /* id of the bearer token, or 0 */
    struct app *app;    /* the reference behind ctx->app */
    bool batch;         /* a part of POST /batch: inside its write job, its body is `json` */
    struct val json;
    struct str key_hash; /* of the body, when there is an Idempotency-Key; write.c */
    bool keyed;          /* its Idempotency-Key was taken care of in its write job */
};

struct http_resp {
    int status; /* 0: 200 */
    struct strb body;
    struct json json; /* over body */
    struct str type;  /* default application/json */
    struct str raw;   /* bytes that live as long as the program or in body.a, instead of body */
    struct http_pair headers[12];
    size_t nheaders;
    struct str file;           /* path to stream instead of the body */
    int file_fd;               /* > 0: an open file to stream instead; the answer's from now on */
    struct content *content;   /* the same, a sealed content (vault/content.h) */
    uint64_t file_from;        /* a part of it … */
    uint64_t file_part;        /* … of so many bytes; 0: to its end */
    struct sse_stream *stream; /* the connection becomes an event stream */
    struct diags diags;        /* of validation, for the problem */
    /* Writes "errors" and more into the problem instead of the diags: 1 written, 0 not. */
    int (*conflict)(struct http_req *req, struct http_resp *resp, const struct err *err,
                    struct json *j);
    void *conflict_arg;
    int64_t retry_after_s; /* on 429 and 503 */
};

typedef int http_handler(struct http_req *req, struct http_resp *resp, struct err *err);

/* Empty when absent. Repeated parameters are refused before the handler runs. */
struct str req_query(const struct http_req *req, const char *name);
struct str req_header(const struct http_req *req, const char *name); /* any case */
int req_json(struct http_req *req, struct val *out,
             struct err *err) ATTR_MUST; /* must be an object */
void resp_header(struct http_resp *resp, struct str name, struct str value);
void resp_etag(struct http_resp *resp, int64_t version);
/* A header with a text of this request. */
void resp_no_body(struct http_resp *resp, int status);

/* A whole number from the query: dflt when absent; -1: not one, or out of range. */
struct req_range {
    int64_t min, max, dflt;
};
int req_int(const struct http_req *req, const char *name, struct req_range range, int64_t *out,
            struct err *err) ATTR_MUST;
/* Does the caller take this Content-Encoding? */
bool req_accepts(const struct http_req *req, const char *coding);
bool req_flag(const struct http_req *req, const char *name); /* "1" or "true" */
/* The path parameter as an id; -1: ERR_NOT_FOUND (an id that cannot be is an absent one). */
int req_id(const struct http_req *req, size_t param, int64_t *id, struct err *err) ATTR_MUST;
/* Sets req->app and ctx->app by params[0]; ERR_NOT_FOUND for an absent app or a token of another
 * one. */
int req_app(struct http_req *req, struct err *err) ATTR_MUST;
/* The same, and the form by params[1]. */
int req_form(struct http_req *req, struct form **form, struct err *err) ATTR_MUST;
/* If-Match: "7" as a version: 1, 0 no such header, -1 malformed. */
int req_if_match(const struct http_req *req, int64_t *version, struct err *err) ATTR_MUST;

/* ERR_NOT_FOUND with the usual words. */
int no_such(struct err *err);
/* Members of a JSON body. */
struct str body_str(struct val body, const char *key);
bool body_bool(struct val body, const char *key);

#endif
