/*
 * Computed columns whose values a publish makes untrue: found by comparing the definitions.
 */
#ifndef RECORD_SCHEMA_FILL_H
#define RECORD_SCHEMA_FILL_H

#include "engine/record/schema.h"

/* Inside the publishing job, after the tables are there: recomputes the rows of every form that has
 * a new or changed stored computation, or an input whose type changed; where there are many rows it
 * sets field.filling instead and leaves them to a job. old may be NULL. */
int schema_fill(struct ctx *c, const struct app *old, struct app *new_, struct err *err) ATTR_MUST;

#endif
