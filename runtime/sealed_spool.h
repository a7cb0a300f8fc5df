/*
 * Files that wait for a job, and what a job says of rows: sealed, since they hold values of
 * records.
 */
#ifndef RUNTIME_SEALED_SPOOL_H
#define RUNTIME_SEALED_SPOOL_H

#include "engine/engine.h"

/* Seals the file for job `id` at `to`. Not in a write job. */
int spool_seal(struct ctx *c, int64_t id, struct str from, struct str to,
               struct err *err) ATTR_MUST;
/* Opens it into a file without a name in `dir`; path is how it is read while fd is open (close it).
 * A file that is not sealed is given as it is, fd -1. */
struct spool {
    int fd;
    struct str path;
};
int spool_open(struct ctx *c, int64_t id, struct str sealed, struct str dir, struct spool *out,
               struct err *err) ATTR_MUST;

/* In a write job, and back: what a job says of rows. */
int job_text_seal(struct ctx *c, int64_t id, struct str text, struct str *out,
                  struct err *err) ATTR_MUST;
int job_text_open(struct ctx *c, int64_t id, struct str text, struct str *out,
                  struct err *err) ATTR_MUST;

#endif
