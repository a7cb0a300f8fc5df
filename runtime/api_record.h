/*
 * What the handlers of records, batches and imports share.
 */
#ifndef RUNTIME_API_RECORD_H
#define RUNTIME_API_RECORD_H

#include "engine/record/record.h"
#include "runtime/api.h"
#include "runtime/write.h"

struct record_edit {
    struct rec_write w;
    struct rec out;
    struct diags *diags;
};

/* Runs one record_write as a request of its own and answers with the record. */
int record_edit(struct http_req *req, struct http_resp *resp, struct record_edit *e,
                struct err *err) ATTR_MUST;
/* The record with its ETag; one that the writer no longer sees answers with its id only. */
int record_answer(struct http_req *req, struct http_resp *resp, const struct form *f, int64_t id,
                  struct err *err) ATTR_MUST;
/* Starts as-of reading when `text` (of ?as_of=) says an instant or a date (its end): 1, 0 empty,
 * -1. only: the one record that is read. After 1, asof_end(). */
int as_of_begin(struct http_req *req, struct str text, const struct form *f, int64_t only,
                struct err *err) ATTR_MUST;
/* Out of the recycle bin for good (api_keep.c). */
int api_record_purge(struct http_req *req, struct http_resp *resp, const struct form *f, int64_t id,
                     struct err *err) ATTR_MUST;
/* The record as it was at a version (api_undo.c). */
int api_version_back(struct http_req *req, struct http_resp *resp, const struct form *f, int64_t id,
                     struct val version, struct err *err) ATTR_MUST;
/* Drafts of forms without a flow (api_draft.c): 1 it is the caller's, 0 none, -1. */
struct rec_draft;
int draft_at(struct http_req *req, const struct form *f, int64_t id, struct rec_draft *d,
             struct err *err) ATTR_MUST;
int draft_answer(struct http_req *req, struct http_resp *resp, const struct form *f, int64_t id,
                 struct err *err) ATTR_MUST;
int draft_create(struct http_req *req, struct http_resp *resp, const struct form *f,
                 struct val values, struct err *err) ATTR_MUST;
int draft_change(struct http_req *req, struct http_resp *resp, const struct rec_draft *d,
                 struct val values, struct err *err) ATTR_MUST;
int draft_remove(struct http_req *req, struct http_resp *resp, const struct rec_draft *d,
                 struct err *err) ATTR_MUST;
int draft_hand_in(struct http_req *req, struct http_resp *resp, const struct form *f, int64_t id,
                  struct val body, struct err *err) ATTR_MUST;
struct val body_fields(struct arena *a, struct val body);
int record_base(struct http_req *req, struct val body, struct rec_write *w,
                struct err *err) ATTR_MUST;
int record_conflict(struct http_req *req, struct http_resp *resp, const struct err *err,
                    struct json *j);

#endif
