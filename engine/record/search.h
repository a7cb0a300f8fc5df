/*
 * The search index of a form: the words of its title and of its fields that say `search: true`,
 * kept true in the write transaction. Asking it is search_query.c's business; what a text's words
 * are, token.h's.
 *
 * Rows in the recycle bin are not in it, nor is anything sensitive: what is encrypted is found by
 * its exact value through a filter. Beside the index stands a row of _search that says what it
 * holds and how far it is filled, so that a new definition is served (by LIKE) at once and gets its
 * index behind the scenes.
 */
#ifndef RECORD_SEARCH_H
#define RECORD_SEARCH_H

#include "engine/record/record.h"

/* What is searched in a form, in the order of the index's columns; SYS_TITLE may be among them. In
 * a. */
const struct field **search_fields(struct arena *a, const struct form *f, size_t *n);

/* A live row of a form is written: old NULL, it comes; now NULL, it goes. Inside a write job. Both
 * as stored, with all columns; sub-tables have no index of their own. */
int search_row(struct ctx *c, const struct rec *old, const struct rec *now,
               struct err *err) ATTR_MUST;

/* Inside the publishing job, after the tables are there: drops what is no longer asked for, makes
 * what is new and fills it when there is little to fill. old may be NULL. */
int search_apply(struct ctx *c, const struct app *old, const struct app *new_,
                 struct err *err) ATTR_MUST;

/* A step of filling an app's indexes, as a write job of its own: a page of rows. 1 there may be
 * more to do, 0 all is done, -1. */
int search_step(struct ctx *c, const struct app *app, struct err *err) ATTR_MUST;

/* True when the index of the form is whole and of this definition: 1, 0, -1. */
int search_ready(struct ctx *c, const struct form *f, struct err *err) ATTR_MUST;

#endif
