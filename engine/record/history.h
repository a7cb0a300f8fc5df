/*
 * Who changed what, when, how: written in the write transaction, read with the reader's field
 * rights.
 */
#ifndef RECORD_HISTORY_H
#define RECORD_HISTORY_H

#include "engine/record/record.h"

int history_add(struct ctx *c, enum rec_op op, const struct rec *rec, const struct rec *old,
                struct err *err) ATTR_MUST;
/* Stored computed values that followed from another row's change: an entry "compute" with the
 * row's version, which as-of reading needs and timelines leave out. */
int history_computed(struct ctx *c, const struct rec *rec, const struct rec *old,
                     struct err *err) ATTR_MUST;

/* The one line that stays of a record that was purged. */
int history_purged(struct ctx *c, const struct rec *rec, struct err *err) ATTR_MUST;

struct history_query {
    const struct form *form;
    int64_t id;     /* the record */
    int64_t before; /* only entries before this one, from `next`; 0: the newest */
    bool computed;  /* those of recomputation too */
};
/* {"history":[{id, version, at, by, via, op, changes:[{field, title, old, new} | {field, title,
 * added, removed, changed, rows:[{id, old, new}]}]}], "next"}, newest first, with the entries of
 * what was merged into it ("record" names that); 1, 0 invisible, -1. */
int history_json(struct ctx *c, const struct history_query *h, struct json *out,
                 struct err *err) ATTR_MUST;

#endif
