/*
 * A record as the beginning of a new one.
 */
#ifndef RECORD_COPY_H
#define RECORD_COPY_H

#include "engine/record/record.h"

/* {"values":{…}}: what the caller may read of the record and may write in a new one; without
 * unique, serial, read-only and computed values, files and append-only rows. Nothing is stored. 1,
 * 0 invisible, -1 (no right to create included). */
int record_copy(struct ctx *c, const struct form *f, int64_t id, struct json *out,
                struct err *err) ATTR_MUST;

#endif
