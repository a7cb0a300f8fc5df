/*
 * Taking back what one person, import, automation or script did in a time window, field by field:
 * what others changed since stays and is named. Through record_write, so it is history itself and
 * can be taken back by its job's id. And a record as one of its versions.
 */
#ifndef RECORD_UNDO_H
#define RECORD_UNDO_H

#include "engine/record/record.h"

struct undo_scope {
    struct str app;
    int64_t who;    /* 0: anybody */
    struct str via; /* empty: any way */
    int64_t job;    /* an import, batch or undo; 0: any */
    int64_t from_us, until_us;
};

#define UNDO_PAGE   200   /* records that one call of undo_page() takes */
#define UNDO_ITEMS  200   /* records that an answer lists */
#define UNDO_DIRECT 10000 /* more records go to a job */
#define UNDO_TRY    1000  /* of these a preview tries what would be refused */
#define UNDO_AGAIN  2000  /* records that are tried again once the others are back */

struct undo_record {
    int64_t id;
    struct str form;
};

struct undo {
    struct undo_scope scope;
    const struct app *app;
    bool dry_run;
    int64_t job;    /* of this undo, in the history of what it writes */
    int64_t cursor; /* records with a smaller id are still to come; start with INT64_MAX */
    int64_t records, undone, partly, kept;
    struct json *items; /* a list that is open; NULL: only counted */
    size_t nitems;
    /* Refused so far: what they need may come back after them (a link's target, a unique value). */
    VEC(struct undo_record) again;
    bool last; /* what is refused now is kept */
    /* Rows that the scope made go last, so that the others are history with what they named. */
    enum undo_deletes { UNDO_UNKNOWN, UNDO_DELETE_LAST, UNDO_DELETE_NOW } deletes;
};

/* How many records the scope touched. */
int undo_count(struct ctx *c, const struct undo_scope *s, int64_t *n, struct err *err) ATTR_MUST;
/* The next records, newest first, then those that were refused: 1 there may be more, 0 that was
 * all, -1. Writes inside a write job, unless dry_run. A record that cannot be taken back (a check,
 * a lock, a unique value) is kept with the reason. */
int undo_page(struct ctx *c, struct undo *u, struct err *err) ATTR_MUST;

struct version_back {
    const struct form *form;
    int64_t id;
    int64_t version;  /* to be as it was at */
    int64_t base;     /* If-Match; 0: none */
    const char *left; /* out: keys that the caller may not write and that stay, "a, b" */
};
/* Writes the record as it was at a version, with the caller's rights. Inside a write job. */
int undo_version(struct ctx *c, struct version_back *v, struct rec *out, struct diags *diags,
                 struct err *err) ATTR_MUST;

#endif
