/*
 * Rows of _file: what a member uploaded, who may read it, when it goes. A file is loose until a
 * record names it; from then on it is as visible as the field that holds it. Contents: blob.h.
 */
#ifndef RECORD_FILE_H
#define RECORD_FILE_H

#include "engine/org/ctx.h"

#define FILE_NAME_MAX   200 /* characters */
#define FILE_LOOSE_MAX  200 /* loose files of one member */
#define FILE_LOOSE_SIZE ((int64_t)1 << 30)
#define FILE_LOOSE_US   US_PER_DAY

struct file {
    int64_t id;
    struct str name, type, hash;
    int64_t size_bytes;
    int64_t record; /* 0: loose */
    struct str app, form, field;
    int64_t created_by; /* 0: a visitor, the system */
};

/* A name without folders, control characters and what runs the wrong way; "file" when nothing is
 * left. */
struct str file_name(struct arena *a, struct str name);
/* Inside a write job: a loose row of c->who. Sets id. ERR_LIMIT "loose_files" when he has too many
 * that no record holds. Visitors (app, form, field given) share one allowance a form. */
int file_add(struct ctx *c, struct file *f, struct err *err) ATTR_MUST;
/* The row, without rights: 1, 0, -1. */
int file_load(struct ctx *c, int64_t id, struct file *out, struct err *err) ATTR_MUST;
/* May c->who read it? A loose one only who uploaded it; a held one who sees its field in clear on
 * its record (in the recycle bin with `restore`; one that only the history still names with
 * `history`). f: the form that holds it, NULL when it is gone. 1, 0, -1. */
int file_readable(struct ctx *c, const struct form *f, const struct file *file,
                  struct err *err) ATTR_MUST;
/* Inside a write job: forgets a loose file of c->who: 1, 0 there is none, -1. */
int file_drop(struct ctx *c, int64_t id, struct err *err) ATTR_MUST;
/* Inside a write job, as the system: forgets loose files after FILE_LOOSE_US; those of records of a
 * form that are gone for good. */
int file_purge_loose(struct ctx *c, struct err *err) ATTR_MUST;
int file_purge_form(struct ctx *c, const struct form *f, struct err *err) ATTR_MUST;
/* 1 when some row names the content, 0, -1. */
int file_in_use(struct ctx *c, struct str hash, struct err *err) ATTR_MUST;

#endif
