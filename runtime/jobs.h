/*
 * Long work behind a request: rows of _job that one thread takes one after the other (imports, so
 * far).
 */
#ifndef RUNTIME_JOBS_H
#define RUNTIME_JOBS_H

#include "engine/engine.h"

struct jobs;
struct server;

int jobs_start(struct server *server, struct jobs **out, struct err *err) ATTR_MUST;
/* There may be something to do. */
void jobs_wake(struct jobs *j);
/* Waits for the row batch in work; what is unfinished is marked as interrupted at the next start.
 */
void jobs_stop(struct jobs **j);

/* A file import as it is stored in _job.payload and run. */
struct import_job {
    struct str app, form, path, mapping, mode, key;
    struct str sheet; /* of a workbook; empty: the first */
    struct str name;  /* of the file */
    bool dry_run;
    int64_t member; /* 0: the system */
    enum lang lang;
};
/* Inside a write job: the queued row. *id is set before (id_next). */
int jobs_add_import(struct ctx *c, const struct import_job *in, int64_t id,
                    struct err *err) ATTR_MUST;

#endif
