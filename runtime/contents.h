/*
 * Contents of files on their way into the store: sealed beside it, then moved into place; those of
 * before sealing was there, one by one.
 */
#ifndef RUNTIME_CONTENTS_H
#define RUNTIME_CONTENTS_H

#include "engine/engine.h"
#include "engine/vault/content.h"
#include "runtime/server.h"

struct sealed_content {
    struct content_key key;
    struct str name; /* in the store */
    struct str temp; /* the sealed file, until blob_keep() moves it; contents_drop() afterwards */
};
/* Seals the file whose SHA-256 (hex) is given. Not in a write job. */
struct plain_content {
    struct str path, sha256;
};
int contents_seal(struct ctx *c, const struct server *s, const struct plain_content *from,
                  struct sealed_content *out, struct err *err) ATTR_MUST;
void contents_drop(struct ctx *c, const struct sealed_content *x);

/* Between jobs: one content of before is sealed, and the rows that name it: 1 there may be more, 0
 * none is left, -1. */
int contents_step(struct ctx *c, const struct server *s, struct err *err) ATTR_MUST;

/* Forgets loose files, those of records that are gone for good, and contents that no row names and
 * that are not being written. */
int contents_sweep(struct ctx *c, const struct server *s, struct err *err) ATTR_MUST;

#endif
