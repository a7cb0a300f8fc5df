/*
 * Who changed what, when, how: written in the write transaction, read with the reader's field
 * rights.
 */
#ifndef RECORD_HISTORY_H
#define RECORD_HISTORY_H

#include "engine/record/record.h"

int history_add(struct ctx *c, enum rec_op op, const struct rec *rec, const struct rec *old,
                struct err *err) ATTR_MUST;
/* {"history":[{version, at, by, via, op, changes:[{field, title, was, is}]}]}; 1, 0 invisible, -1.
 */
int history_json(struct ctx *c, const struct form *f, int64_t id, struct json *out,
                 struct err *err) ATTR_MUST;

#endif
