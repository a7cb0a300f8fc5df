/*
 * Writing .xlsx by libxlsxwriter. The only file with its header.
 */
#include "engine/record/xlsx_write.h"

#include "engine/base/utf8.h"

#include <xlsxwriter.h>

#define TEXT_MAX     32767
#define DECIMALS_MAX 12

struct xlsx_out {
    struct arena *a;
    lxw_workbook *book; /* NULL: closed */
    lxw_worksheet *sheet;
    lxw_format *head, *date, *instant, *merged;
    lxw_format *number[DECIMALS_MAX + 1], *percent[DECIMALS_MAX + 1];
    bool failed;
};

static void drop(void *arg)
{
    struct xlsx_out *x = arg;
    if (x->book)
        (void)workbook_close(x->book); /* it is given up: its file is removed by the caller */
}

static struct lxw_format *format(struct xlsx_out *x, const char *code)
{
    lxw_format *f = workbook_add_format(x->book);
    if (f && code)
        format_set_num_format(f, code);
    if (f)
        format_set_align(f, LXW_ALIGN_VERTICAL_TOP);
    return f;
}

static const char *decimals(struct arena *a, int n, const char *after)
{
    return str_fmt(a, "%s%.*s%s", n ? "0." : "0", n, "000000000000", after).p;
}

/* A sheet's name has 31 characters and none of []:*?/\ . */
static const char *sheet_name(struct arena *a, struct str title)
{
    char *z = str_z(a, str_sub(title, 0, utf8_offset(title, 31)));
    for (char *p = z; *p; p++)
        if (strchr("[]:*?/\\'", *p))
            *p = ' ';
    return z;
}

static void formats(struct xlsx_out *x)
{
    x->head = format(x, NULL);
    format_set_bold(x->head);
    format_set_bg_color(x->head, 0xEEF1F5);
    format_set_bottom(x->head, LXW_BORDER_THIN);
    x->date = format(x, "yyyy-mm-dd");
    x->instant = format(x, "yyyy-mm-dd hh:mm:ss");
    x->merged = format(x, NULL);
    for (int i = 0; i <= DECIMALS_MAX; i++) {
        x->number[i] = format(x, decimals(x->a, i, ""));
        x->percent[i] = format(x, decimals(x->a, i, "%"));
    }
}

int xlsx_create(struct arena *a, struct str path, struct str temp_dir, struct str sheet,
                struct xlsx_out **out, struct err *err)
{
    struct xlsx_out *x = ARENA_NEW(a, struct xlsx_out);
    lxw_workbook_options o = {.constant_memory = LXW_TRUE, .tmpdir = str_z(a, temp_dir)};
    x->a = a;
    x->book = workbook_new_opt(str_z(a, path), &o);
    *out = x;
    if (!x->book)
        return err_set(err, ERR_OOM, "out_of_memory", "内存不足。", "Out of memory.");
    arena_defer(a, drop, x);
    x->sheet = workbook_add_worksheet(x->book, sheet_name(a, sheet));
    if (!x->sheet)
        x->sheet = workbook_add_worksheet(x->book, NULL);
    if (!x->sheet)
        return err_set(err, ERR_STORE, "file_error", "无法写入导出文件。",
                       "The export cannot be written.");
    formats(x);
    worksheet_freeze_panes(x->sheet, 1, 0);
    return 0;
}

static void check(struct xlsx_out *x, lxw_error rc)
{
    x->failed = x->failed || rc != LXW_NO_ERROR;
}

void xlsx_text(struct xlsx_out *x, uint32_t row, uint32_t col, struct str text)
{
    struct arena_mark mark = arena_mark(x->a);
    if (utf8_len(text) > TEXT_MAX)
        text = str_sub(text, 0, utf8_offset(text, TEXT_MAX));
    if (text.n)
        check(x,
              worksheet_write_string(x->sheet, row, (lxw_col_t)col, str_z(x->a, text), x->merged));
    arena_reset(x->a, mark);
}

void xlsx_number(struct xlsx_out *x, uint32_t row, uint32_t col, struct xlsx_number n)
{
    int d = n.decimals > DECIMALS_MAX ? DECIMALS_MAX : n.decimals;
    lxw_format *f = d < 0 ? x->merged : n.percent ? x->percent[d] : x->number[d];
    check(x, worksheet_write_number(x->sheet, row, (lxw_col_t)col, n.n, f));
}

void xlsx_bool(struct xlsx_out *x, uint32_t row, uint32_t col, bool b)
{
    check(x, worksheet_write_boolean(x->sheet, row, (lxw_col_t)col, b, x->merged));
}

/* Excel counts from 1899-12-30 and knows no day before 1900-03-01 rightly. */
void xlsx_date(struct xlsx_out *x, uint32_t row, uint32_t col, int64_t days)
{
    char buf[16];
    if (days + 25569 < 61)
        xlsx_text(x, row, col, civil_print_date(days, buf));
    else
        check(x, worksheet_write_number(x->sheet, row, (lxw_col_t)col, (double)(days + 25569),
                                        x->date));
}

void xlsx_instant(struct xlsx_out *x, uint32_t row, uint32_t col, const struct civil *c)
{
    int64_t days = 0;
    (void)civil_days(c->year, c->month, c->day, &days); /* of a civil that was an instant */
    double part = (c->hour * 3600 + c->minute * 60 + c->second) / 86400.0;
    check(x, worksheet_write_number(x->sheet, row, (lxw_col_t)col, (double)(days + 25569) + part,
                                    x->instant));
}

void xlsx_header(struct xlsx_out *x, uint32_t col, struct str title, double width)
{
    struct arena_mark mark = arena_mark(x->a);
    check(x, worksheet_set_column(x->sheet, (lxw_col_t)col, (lxw_col_t)col, width, NULL));
    check(x, worksheet_write_string(x->sheet, 0, (lxw_col_t)col,
                                    str_z(x->a, title.n ? title : STR(" ")), x->head));
    arena_reset(x->a, mark);
}

/* In constant memory the library cannot go back to the first row: it only notes the merge, which is
 * all that is wanted, as the cells are there already. */
void xlsx_merge(struct xlsx_out *x, uint32_t col, uint32_t first, uint32_t last)
{
    (void)worksheet_merge_range(x->sheet, first, (lxw_col_t)col, last, (lxw_col_t)col, "",
                                x->merged);
}

int xlsx_close(struct xlsx_out *x, struct err *err)
{
    lxw_workbook *book = x->book;
    x->book = NULL;
    arena_undefer(x->a, x);
    if (workbook_close(book) == LXW_NO_ERROR && !x->failed)
        return 0;
    return err_set(err, ERR_STORE, "file_error", "无法写入导出文件：磁盘出错或已满。",
                   "The export cannot be written: the disk fails or is full.");
}
