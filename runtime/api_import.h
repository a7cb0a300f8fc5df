/*
 * Shared by the handlers of imports only.
 */
#ifndef RUNTIME_API_IMPORT_H
#define RUNTIME_API_IMPORT_H

#include "runtime/api_record.h"

struct job_row {
    struct str state, errors, result;
    int64_t done, total;
    bool rows; /* there are failed rows to be had */
};
/* One's own jobs, and all of them for those who operate the system. */
int job_find(struct http_req *req, int64_t id, struct job_row *out, struct err *err) ATTR_MUST;

/* Answers what the uploaded file is (?preview=1). */
int import_look(struct http_req *req, struct http_resp *resp, const struct form *f,
                struct str sheet, struct err *err) ATTR_MUST;
/* The import was taken back; shown in lists. */
int import_note_undo(struct http_req *req, int64_t job, struct str result,
                     struct err *err) ATTR_MUST;

#endif
