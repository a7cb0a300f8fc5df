/*
 * Rows of _file: what a member uploaded, who may read it, when it goes. A file is loose until a
 * record names it; from then on it is as visible as the field that holds it. Contents: blob.h, each
 * sealed with a key of its own; the row keeps that key and the file's name sealed: a loose one's
 * and one of a plain field under the key of the installation or app, one of a sensitive field under
 * the key of the field's person, so that erasing him erases his files.
 */
#ifndef RECORD_FILE_H
#define RECORD_FILE_H

#include "engine/org/ctx.h"
#include "engine/vault/content.h"

#define FILE_NAME_MAX   200 /* characters */
#define FILE_LOOSE_MAX  200 /* loose files of one member */
#define FILE_LOOSE_SIZE ((int64_t)1 << 30)
#define FILE_LOOSE_US   US_PER_DAY

/* The field of a file that signs a decision on a record: whoever may read the record sees it. */
#define FILE_SIGNATURE STR("_signature")

struct file {
    int64_t id;
    struct str name, type, hash; /* hash: what the content is called in the store */
    int64_t size_bytes;
    bool sealed;            /* false: of before; its content lies in clear until a job seals it */
    bool erased;            /* its person was: no key opens it, it has no name */
    struct content_key key; /* of its content, when sealed and not erased */
    int64_t record;         /* 0: loose */
    struct str app, form, field;
    int64_t created_by; /* 0: a visitor, the system */
};

/* A name without folders, control characters and what runs the wrong way; "file" when nothing is
 * left. */
struct str file_name(struct arena *a, struct str name);
/* Inside a write job: a loose row of c->who, whose content has f->key. Sets id. ERR_LIMIT
 * "loose_files" when he has too many that no record holds. Visitors (app, form, field given) share
 * one allowance a form. */
int file_add(struct ctx *c, struct file *f, struct err *err) ATTR_MUST;
/* The row, without rights: 1, 0, -1. */
int file_load(struct ctx *c, int64_t id, struct file *out, struct err *err) ATTR_MUST;
/* May c->who read it? A loose one only who uploaded it; a held one who sees its field in clear on
 * its record (in the recycle bin with `restore`; one that only the history still names with
 * `history`). f: the form that holds it, NULL when it is gone. 1, 0, -1. */
int file_readable(struct ctx *c, const struct form *f, const struct file *file,
                  struct err *err) ATTR_MUST;
/* Inside a write job: a row of its own for the same content, loose; sets f->id. */
int file_copy(struct ctx *c, struct file *f, struct err *err) ATTR_MUST;

/* Inside a write job: a loose file (or one of this record) becomes one of a record. subject: whose
 * key seals it from now on, 0 the app's. 1, 0 it is another record's, -1. */
struct file_claim {
    int64_t file, record, subject;
    struct str app, form, field;
};
int file_claim(struct ctx *c, const struct file_claim *k, struct err *err) ATTR_MUST;

/* Whose key seals the files of a field of a record that is there; 0: the app's. */
int file_subject(struct ctx *c, const struct form *f, const struct file *file, int64_t *subject,
                 struct err *err) ATTR_MUST;
/* Inside a write job: the row's sealed text, made anew for f->app, f->name and f->key. */
int file_seal(struct ctx *c, const struct file *f, int64_t subject, struct err *err) ATTR_MUST;
/* Inside a write job: files whose key is gone have no content any more. *n: how many. */
int file_forget_erased(struct ctx *c, int64_t subject, int64_t *n, struct err *err) ATTR_MUST;
/* Inside a write job: rows behind *last whose text an old key sealed are sealed again, at most a
 * page; *n 0: the end. */
int file_reseal(struct ctx *c, struct str app, int64_t *last, size_t *n, struct err *err) ATTR_MUST;

/* Inside a write job: forgets a loose file of c->who: 1, 0 there is none, -1. */
int file_drop(struct ctx *c, int64_t id, struct err *err) ATTR_MUST;
/* Inside a write job, as the system: forgets loose files after FILE_LOOSE_US; those of records of a
 * form that are gone for good. */
int file_purge_loose(struct ctx *c, struct err *err) ATTR_MUST;
int file_purge_form(struct ctx *c, const struct form *f, struct err *err) ATTR_MUST;
/* 1 when some row names the content, 0, -1. */
int file_in_use(struct ctx *c, struct str hash, struct err *err) ATTR_MUST;

#endif
