/*
 * Two records that are one: what links to the one that goes points to the survivor, its sub-rows,
 * files and comments move there, blanks of the survivor are filled, and what the caller chose is
 * taken over. Everything is written through record_write under one job, so that undo.h takes it
 * back; _merge says what else moved and until when that can be done.
 */
#ifndef RECORD_MERGE_H
#define RECORD_MERGE_H

#include "engine/record/record.h"

#define MERGE_LINKS_MAX 5000
#define MERGE_UNDO_US   (INT64_C(90) * US_PER_DAY)

struct merge {
    const struct form *form;
    int64_t survivor, gone;
    struct val take;  /* VAL_LIST of keys whose value is that of the one that goes; blank: none */
    int64_t job;      /* out: under which it can be undone */
    struct val links; /* out: VAL_LIST of {form, field, records, moved} */
    struct val kept;  /* out: VAL_LIST of keys that the caller may not carry over */
};

/* Inside a write job, with the caller's rights: update and read on the survivor, delete on the one
 * that goes (ERR_NOT_FOUND, ERR_DENIED). Rows that are only ever added keep their link. */
int record_merge(struct ctx *c, struct merge *m, struct diags *diags, struct err *err) ATTR_MUST;

/* ---- what is known of merges (merge_log.c) ---- */

/* Inside a write job: the row of _merge. comments: their ids, VAL_LIST. */
int merge_note(struct ctx *c, const struct merge *m, struct val comments,
               struct err *err) ATTR_MUST;
/* 0 the merge may be undone, -1: ERR_CONFLICT "undone", "too_late"; another job is 0. */
int merge_may_undo(struct ctx *c, int64_t job, struct err *err) ATTR_MUST;
/* Inside a write job: the one that went is back, its comments follow. Nothing for others. */
int merge_back(struct ctx *c, int64_t gone, struct err *err) ATTR_MUST;
/* Records that went into this one, and into those; in c->a. */
int merge_gone(struct ctx *c, int64_t survivor, int64_t **ids, size_t *n,
               struct err *err) ATTR_MUST;
/* {"merges":[{id, at, by, from:{id,title}, until, undone_at, mine}]}, newest first: 1, 0 the
 * record is invisible, -1. */
struct json;
int merge_list(struct ctx *c, const struct form *f, int64_t record, struct json *out,
               struct err *err) ATTR_MUST;

#endif
