/*
 * A handler's write: one write job, made idempotent by Idempotency-Key in the same transaction.
 */
#ifndef RUNTIME_WRITE_H
#define RUNTIME_WRITE_H

#include "runtime/http.h"

struct api_write {
    /* Inside the write job (may run again after a retry); arg is the handler's struct. */
    engine_write_fn *apply;
    /* Writes the answer: after the commit on the reader, or inside the job when a key wants it
     * kept. NULL: none. */
    int (*render)(struct http_req *req, struct http_resp *resp, void *arg, struct err *err);
    void *arg;
};

/* For handlers whose effect has no write job of its own here (publishing, backups): before it runs,
 * 1 answered from the kept row, 0 run it, -1; after it succeeded, its answer is kept. */
int idempotent_before(struct http_req *req, struct http_resp *resp, struct err *err) ATTR_MUST;
int idempotent_after(struct http_req *req, struct http_resp *resp, struct err *err) ATTR_MUST;

int api_write(struct http_req *req, struct http_resp *resp, const struct api_write *w,
              struct err *err) ATTR_MUST;

#endif
