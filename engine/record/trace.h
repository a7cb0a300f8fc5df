/*
 * "Why is this value": a computed field of one record taken apart (fx_trace_parts).
 */
#ifndef RECORD_TRACE_H
#define RECORD_TRACE_H

#include "engine/record/record.h"

/*
 * Writes {field, expr, kind, value, parts:[{text, line, column, depth, type, value, reason,
 * hidden}]}, inner parts first, as the caller may see it: `hidden` parts are made of something he
 * may not read and have neither value nor reason. A field whose value he sees blank or masked has
 * no parts. `sub` is the row of "items.amount".
 * 1, 0 no such record for him, -1 (ERR_INVALID unknown_field).
 */
int record_trace(struct ctx *c, const struct rec_key *key, struct str field, int64_t sub,
                 struct json *out, struct err *err) ATTR_MUST;

#endif
