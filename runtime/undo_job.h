/*
 * Undo as the routes and the jobs' thread run it: what to take back, in one transaction, or beyond
 * UNDO_DIRECT records page by page as a job that goes on where it was interrupted.
 */
#ifndef RUNTIME_UNDO_JOB_H
#define RUNTIME_UNDO_JOB_H

#include "engine/record/undo.h"
#include "runtime/http.h"

/* What an answer says: every record with reasons, or for an import {undone, kept}, where a row of
 * which something was kept counts as kept. */
enum undo_answer { UNDO_FULL, UNDO_COUNTS };
/* Queues a job (202) when there is too much for one transaction. */
int undo_request(struct http_req *req, struct http_resp *resp, const struct undo_scope *scope,
                 enum undo_answer answer, struct err *err) ATTR_MUST;
/* One page of a queued undo, in a write job of its own: 1 there is more, 0 done, -1. */
int undo_job_page(struct ctx *c, int64_t job, struct str payload, struct err *err) ATTR_MUST;

#endif
