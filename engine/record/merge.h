/*
 * Two records that are one: what links to the one that goes points to the survivor, its sub-rows,
 * files and comments move there, blanks of the survivor are filled. Everything is written through
 * record_write under one job, so that undo.h takes it back (comments stay).
 */
#ifndef RECORD_MERGE_H
#define RECORD_MERGE_H

#include "engine/record/record.h"

#define MERGE_LINKS_MAX 5000

struct merge {
    const struct form *form;
    int64_t survivor, gone;
    int64_t job; /* out: under which it can be undone */
};

/* Inside a write job, with the caller's rights: update and read on the survivor, delete on the one
 * that goes (ERR_NOT_FOUND, ERR_DENIED). */
int record_merge(struct ctx *c, struct merge *m, struct diags *diags, struct err *err) ATTR_MUST;

#endif
