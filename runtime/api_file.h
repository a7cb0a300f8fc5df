/*
 * Uploads, shared by members' and visitors' handlers.
 */
#ifndef RUNTIME_API_FILE_H
#define RUNTIME_API_FILE_H

#include "engine/record/file.h"
#include "runtime/http.h"

/* The uploaded file becomes a loose one of the caller; app and form of `file` may be set. Answers
 * 201 {id,name,size,type}; ticket: what to say as the id instead. */
struct file_upload {
    struct file file;
    struct str (*ticket)(struct http_req *req, const struct file *f);
};
int file_upload(struct http_req *req, struct http_resp *resp, struct file_upload *up,
                struct err *err) ATTR_MUST;

#endif
