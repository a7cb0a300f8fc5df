/*
 * Rows of an .xlsx file, one sheet, streamed: cells as the text that stands for their value (dates
 * by their style as ISO text, numbers with up to 15 digits, formulas by the value they had).
 * Formulas are not run, links not followed, document types refused.
 *
 * Bounds: 10,000 parts, 1 GB of sheet, 256 MB of shared texts, 200 times the packed size (a zip
 * bomb), 1,048,576 rows of CSV_CELLS_MAX columns.
 */
#ifndef RECORD_XLSX_READ_H
#define RECORD_XLSX_READ_H

#include "engine/base/err.h"

/* Does a file begin like one? */
bool xlsx_is(struct str head);

/* Called for each row that has cells; line: its number in the sheet, from 1. The texts are gone
 * after. 0, or -1 to stop. */
typedef int xlsx_row_fn(void *arg, uint32_t line, const struct str *cells, size_t n,
                        struct err *err);
typedef void xlsx_sheet_fn(void *arg, struct str name);
struct xlsx_in {
    struct str path;
    struct str sheet;        /* its name; empty: the first */
    struct str temp_dir;     /* for shared texts; nothing stays there */
    xlsx_sheet_fn *sheet_fn; /* called with each sheet's name; NULL: not wanted */
    void *sheet_arg;
};
/* Nothing in memory grows with rows or texts. ERR_INVALID "xlsx" (with a path such as "Sheet1!17"),
 * "no_sheet"; ERR_TOO_LARGE "xlsx_too_large". */
int xlsx_read(struct arena *a, const struct xlsx_in *in, xlsx_row_fn *fn, void *arg,
              struct err *err) ATTR_MUST;

#endif
