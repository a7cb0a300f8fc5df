/*
 * Records as CSV, with the reader's rights; the query is the one reader (query.h).
 */
#ifndef RECORD_EXPORT_H
#define RECORD_EXPORT_H

#include "engine/record/query.h"

#define EXPORT_ROWS_MAX 100000

struct export
{
    struct query query; /* fields empty: every field the reader sees */
    bool machine;       /* headers and options by key, links by id; else by title */
};

/* ERR_DENIED without the right `export` (but for the system), ERR_INVALID over EXPORT_ROWS_MAX
 * rows. Appends UTF-8 with a byte order mark. */
int export_csv(struct ctx *c, const struct export *e, struct strb *out, struct err *err) ATTR_MUST;

#endif
