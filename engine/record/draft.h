/*
 * Drafts: what their author has not handed in yet. They are his alone. In a form with a flow a
 * draft that he keeps is a record in state "draft"; in other forms, and what a page keeps by itself
 * while one types, it is a sealed text of its own (_draft), which no list, count, rollup or unique
 * rule ever sees.
 */
#ifndef RECORD_DRAFT_H
#define RECORD_DRAFT_H

#include "engine/record/record.h"

#define DRAFTS_MAX  100 /* of one member and form, kept by hand */
#define DRAFT_BYTES (256u << 10)
#define DRAFT_US    (INT64_C(30) * US_PER_DAY) /* untouched drafts are forgotten */

struct rec_draft {
    const struct form *form;
    int64_t id;     /* of one kept by hand; else found by `record` */
    int64_t record; /* that is edited; 0: a new one */
    bool own;       /* kept by hand */
    int64_t base;   /* the record's version when it was begun; 0: none */
    struct val values;
    /* out */
    int64_t version, created_us, at_us;
};

/* Appends {app, form, form_title, id, title, at, record?, own} of the caller's drafts in an app to
 * an open list, the last changed of each form first. */
int draft_list(struct ctx *c, const struct app *app, struct json *out, struct err *err) ATTR_MUST;
/* The caller's own: 1, 0 none (any more), -1. */
int draft_read(struct ctx *c, struct rec_draft *d, struct err *err) ATTR_MUST;
/* Inside a write job: keeps the values as they are, known keys only (422 unknown_field); d->id is
 * set. Needs `create`, or `update` on the record. What is wrong with them is told when they are
 * handed in. */
int draft_put(struct ctx *c, struct rec_draft *d, struct diags *diags, struct err *err) ATTR_MUST;
/* Inside a write job: 1 it is gone, 0 there was none, -1. */
int draft_drop(struct ctx *c, const struct rec_draft *d, struct err *err) ATTR_MUST;
/* Inside a write job: makes it a record with the caller's rights, under the same id. */
int draft_submit(struct ctx *c, struct rec_draft *d, struct val more, struct rec *out,
                 struct diags *diags, struct err *err) ATTR_MUST;
/* The draft's values with those of `more` over them. */
struct val draft_with(struct ctx *c, struct val values, struct val more);
/* As a record: {_id, _version, _state: "draft", …, fields}. */
void draft_json(struct ctx *c, const struct rec_draft *d, struct json *out);
/* Inside a write job: those nobody touched for DRAFT_US. */
int draft_purge(struct ctx *c, struct err *err) ATTR_MUST;

#endif
