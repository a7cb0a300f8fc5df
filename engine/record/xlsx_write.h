/*
 * Writing an .xlsx workbook of one sheet, row by row in constant memory: typed cells, a frozen bold
 * header, numbers with their decimals, dates as dates, cells merged over rows.
 */
#ifndef RECORD_XLSX_WRITE_H
#define RECORD_XLSX_WRITE_H

#include "engine/base/civil.h"
#include "engine/base/err.h"

struct xlsx_out;

#define XLSX_ROWS_MAX 1048576

/* The file is made; temp_dir for the rows until it is closed. Given back with the arena. */
int xlsx_create(struct arena *a, struct str path, struct str temp_dir, struct str sheet,
                struct xlsx_out **out, struct err *err) ATTR_MUST;
/* Rows in order, from 0. A cell that cannot be (a text over 32,767 characters) is cut. */
void xlsx_text(struct xlsx_out *x, uint32_t row, uint32_t col, struct str text);
/* decimals: -1 as many as there are; percent: 0.125 shows as 12.5 %. */
struct xlsx_number {
    double n;
    int decimals;
    bool percent;
};
void xlsx_number(struct xlsx_out *x, uint32_t row, uint32_t col, struct xlsx_number n);
void xlsx_bool(struct xlsx_out *x, uint32_t row, uint32_t col, bool b);
void xlsx_date(struct xlsx_out *x, uint32_t row, uint32_t col, int64_t days);
void xlsx_instant(struct xlsx_out *x, uint32_t row, uint32_t col, const struct civil *local);
void xlsx_header(struct xlsx_out *x, uint32_t col, struct str title, double width);
/* Cells of a column over several rows become one; when the last of them was written. */
void xlsx_merge(struct xlsx_out *x, uint32_t col, uint32_t first, uint32_t last);
int xlsx_close(struct xlsx_out *x, struct err *err) ATTR_MUST;

#endif
