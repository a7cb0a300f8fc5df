/*
 * A record's values as JSON, to be kept beside the tables (sealed by who keeps it), and back.
 */
#ifndef RECORD_SNAPSHOT_H
#define RECORD_SNAPSHOT_H

#include "engine/record/record.h"

/* {"key": value, …, "table": [{…}]}: what the record itself holds; computed fields are worked out
 * again by snapshot_read(). */
void snapshot_put(struct ctx *c, const struct rec *r, struct json *out);

/* The record `id` of the form with those values. Keys that the form no longer has are left out. */
int snapshot_read(struct ctx *c, const struct form *f, int64_t id, struct val v, struct rec *out,
                  struct err *err) ATTR_MUST;

#endif
