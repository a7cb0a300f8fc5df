/*
 * Records as CSV or .xlsx, with the reader's rights; the query is the one reader (query.h). Written
 * to a file row by row: the number of records costs no memory.
 */
#ifndef RECORD_EXPORT_H
#define RECORD_EXPORT_H

#include "engine/record/query.h"

#define EXPORT_ROWS_MAX 500000

enum export_format { EXPORT_CSV, EXPORT_XLSX };

struct export
{
    struct query query; /* fields empty: every field the reader sees; "items", "items.qty": rows of
                           a sub-table stand below each other (without fields only in workbooks for
                           people) */
    bool machine;       /* headers and options by key, links by id, instants in UTC; else by title,
                           local time, and cells of CSV that would run as formulas are defused */
    enum export_format format;
};

/* "csv", "xlsx", empty: csv. */
int export_format_of(struct str name, enum export_format *out, struct err *err) ATTR_MUST;
/* The media type of a format. */
struct str export_type(enum export_format format);

/* A value as a person reads it; f: its field, for titles of options and percent; NULL: none. */
struct str export_text(struct ctx *c, const struct field *f, struct val v);

/* Writes a new file at path (removed when it fails). ERR_DENIED without the right `export` (but for
 * the system), ERR_INVALID over EXPORT_ROWS_MAX records. temp_dir: for a workbook's rows. */
int export_file(struct ctx *c, const struct export *e, struct str path, struct str temp_dir,
                struct err *err) ATTR_MUST;

#endif
