/*
 * Parts of a multipart body: one file goes to a spool file as it arrives, small fields into the
 * request's arena.
 */
#ifndef RUNTIME_UPLOAD_H
#define RUNTIME_UPLOAD_H

#include "engine/value/sha256.h"
#include "runtime/exchange.h"

#define UPLOAD_PARTS_MAX 100
#define UPLOAD_NAME_MAX  1024
#define UPLOAD_FIELD_MAX 65536

struct upload {
    struct exchange *x;
    struct str dir;
    int fd; /* -1: no file yet */
    size_t parts;
    bool in_file;
    uint64_t file_bytes;
    struct sha256 hash;
    struct strb field;
    struct str field_name; /* of the field being read; empty: none */
};

struct upload_piece {
    struct str name, filename, type;
    struct str data;
    uint64_t offset; /* 0: a new part begins */
};

void upload_init(struct upload *u, struct exchange *x, struct str dir);
int upload_take(struct upload *u, const struct upload_piece *p, struct err *err) ATTR_MUST;
/* All parts are there. */
int upload_finish(struct upload *u, struct err *err) ATTR_MUST;
/* Closes the spool file, which ends it. */
void upload_drop(struct upload *u);

#endif
