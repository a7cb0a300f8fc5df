/*
 * Join tables of fields that hold several references (links, members, departments): a row for each,
 * so that "which rows name this one" goes by an index. The field's own column keeps the list and
 * its order; the join table follows from it (ADR 0016).
 */
#ifndef RECORD_JOINS_H
#define RECORD_JOINS_H

#include "engine/record/record.h"

struct ddl_table;

/* The field has one. */
bool joins_has(const struct field *f);
/* It has, all rows are in it, and it speaks of the rows that are asked for (not as of then). */
bool joins_ready(const struct ctx *c, const struct field *f);
struct ddl_table joins_table(struct arena *a, const struct field *f);

/* Appends alias."_id" IN (SELECT the rows whose target; a comparison and one ")" must follow. */
void joins_open(struct sql *q, unsigned alias, const struct field *f);

/* In a write job: the references of a row of the form or sub-table. old: what it named before;
 * NULL: nothing is known, its rows are made anew. */
int joins_row(struct ctx *c, const struct rec *r, const struct rec *old, struct err *err) ATTR_MUST;
/* Those of one field. */
int joins_field(struct ctx *c, const struct rec *r, const struct field *f,
                struct err *err) ATTR_MUST;
/* In a write job: of a record and its sub-rows that come back. */
int joins_restore(struct ctx *c, const struct rec *r, struct err *err) ATTR_MUST;
/* In a write job: before a row, or the sub-rows of a record, are deleted. */
int joins_forget(struct ctx *c, const struct form *f, struct str column, int64_t id,
                 struct err *err) ATTR_MUST;

/* Inside the publishing job: makes the tables that are missing, drops those of fields that are
 * gone; sets field.unjoined where rows are there that must be entered (backfill.h). */
int joins_apply(struct ctx *c, const struct app *old, const struct app *new_,
                struct err *err) ATTR_MUST;
/* 1 a table of the app is missing: the database is of an older program. 0, -1. */
int joins_missing(struct ctx *c, const struct app *app, struct err *err) ATTR_MUST;

#endif
