/*
 * CSV (RFC 4180): quoted cells with doubled quotes and line breaks, CRLF or LF, a byte order mark.
 * Reads in place over a text that is already UTF-8.
 */
#ifndef RECORD_CSV_H
#define RECORD_CSV_H

#include "engine/base/err.h"

#define CSV_CELLS_MAX 1000
#define CSV_CELL_MAX  (1u << 20)

struct csv {
    struct str text;
    size_t pos;
    char sep;      /* , or ; or tab, found from the first line */
    bool guarded;  /* csv_write_cell() may have put a ' in front of cells: it is taken off */
    bool by_row;   /* lines are counted by records: the text was a sheet */
    uint32_t line; /* of the row read last, from 1 */
    uint32_t next_line;
};

/* Text of a file: without byte order mark, GB18030 turned into UTF-8. ERR_INVALID "encoding"
 * otherwise. */
int csv_decode(struct arena *a, struct str bytes, struct str *out, struct err *err) ATTR_MUST;
void csv_init(struct csv *csv, struct str text);
/* The next row that is not empty: 1, 0 at the end, -1 (an open quote, too many cells). In `a`. */
int csv_row(struct csv *csv, struct arena *a, struct str **cells, size_t *n,
            struct err *err) ATTR_MUST;
/* Counts rows that are not empty, the text in pieces: begin with zeroes, csv_counted() at the end.
 */
struct csv_count {
    int64_t rows;
    bool quoted, any;
};
void csv_count(struct csv_count *n, struct str piece);
int64_t csv_counted(const struct csv_count *n);
/* One cell for writing, quoted where needed; texts a spreadsheet would run as formulas get a ' in
 * front. */
struct strb;
void csv_write_cell(struct strb *out, struct str cell);
/* The same without the guard, for machines. */
void csv_write_plain(struct strb *out, struct str cell);

#endif
