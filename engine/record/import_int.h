/*
 * Shared by the files of imports only: columns of the file, and what a cell names.
 */
#ifndef RECORD_IMPORT_INT_H
#define RECORD_IMPORT_INT_H

#include "engine/meta/fieldtype.h"
#include "engine/record/access.h"
#include "engine/record/csv.h"
#include "engine/record/import.h"
#include "engine/record/record_int.h"

/* One column of the file; field NULL: left out. */
struct column {
    struct str header;
    struct field *field;
    struct field *table; /* field is a column of this sub-table: header "items.qty" */
    struct field *by;    /* the linked form's field that the cell names: header "agent.name" */
    struct map seen;     /* links: cell text -> struct ref *, so that a name is looked up once */
};

/* Of the mapping: a column's header or "#3", and the field ("" leaves it out). */
struct mapped {
    struct str from, to;
};

struct importer {
    struct ctx *c;
    const struct import *in;
    struct import_result *out;
    struct arena *a; /* as long as the import */
    struct csv csv;
    struct column *columns;
    size_t ncolumns;
    VEC(struct mapped) mapping;
    bool machine; /* the file was written for machines: nothing in it is defused */
    bool looking; /* only a look: no column need be known */
    struct field *key;
    struct strb failed;  /* lines of this batch that failed, as CSV; on the batch's arena */
    uint32_t line;       /* of the row at hand */
    struct arena *row;   /* as long as the batch */
    struct arena *names; /* of what cells name; emptied between batches when there are many */
    struct arena_mark no_names;
    size_t nnames;
    bool more;
    bool tables; /* some columns are of sub-tables: rows below belong to the record above */
};

/* The cells of one line. */
struct line {
    struct str *cells;
    size_t n;
};

/* ---- import.c ---- */

/* Everything that can be said before the first row; then csv stands before it. */
int import_begin(struct importer *m, struct err *err) ATTR_MUST;
int64_t import_count_rows(const struct importer *m);

/* ---- import_columns.c ---- */

/* Reads the header: columns, key, rights; before the first row. */
int import_columns(struct importer *m, struct err *err) ATTR_MUST;
/* May the caller fill the field (of a sub-table) from a column? */
bool import_may_write(struct importer *m, struct access *x, struct field *table, struct field *f);

/* ---- import_failed.c ---- */

/* The header of the file of failed rows. */
void import_failed_head(struct importer *m);
/* Keeps a record's lines with what was wrong. */
void import_failed_row(struct importer *m, const struct line *lines, size_t n,
                       const struct diags *d, const struct err *err);

/* ---- import_cells.c ---- */

/* Live rows the caller may read whose field equals a text: how many (at most 2) and the first. */
int import_find_by_field(struct importer *m, const struct field *f, struct str cell, int64_t *id,
                         int *found, struct err *err) ATTR_MUST;
/* Not found, or more than one: into d. Always 0. */
int import_cell_problem(struct diags *d, const struct field *f, int found, struct str cell);
/* A cell's value: links, members and departments by what people write. */
int import_cell_value(struct importer *m, struct column *col, struct str cell, struct val *out,
                      struct diags *d, struct err *err) ATTR_MUST;

#endif
