/*
 * The rows of an import that failed, as CSV in parts of _job_part: sealed, since they are values of
 * records, and with the job wherever it ran.
 */
#ifndef RUNTIME_JOB_ROWS_H
#define RUNTIME_JOB_ROWS_H

#include "engine/engine.h"
#include "engine/record/export.h"

#define JOB_ROWS_MAX ((size_t)64 << 20) /* bytes kept of one job */

struct job_rows {
    int64_t job;
    int n;
    size_t bytes;
    struct str text; /* the part at hand */
};

/* Adds lines; what is over JOB_ROWS_MAX is dropped. Not in a write job. */
int job_rows_add(struct ctx *c, struct job_rows *r, struct str lines, struct err *err) ATTR_MUST;
/* All of them as a file, written to path: 1, 0 there are none, -1. */
int job_rows_file(struct ctx *c, int64_t job, enum export_format format, struct str path,
                  struct str temp_dir, struct err *err) ATTR_MUST;

#endif
