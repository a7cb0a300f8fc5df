/*
 * Reading and writing CSV; see csv.h.
 */
#include "engine/record/csv.h"
#include "engine/base/strb.h"
#include "engine/base/utf8.h"
#include "engine/base/vec.h"
#include <iconv.h>

static const struct str bom = STR("\xEF\xBB\xBF");

/* Excel in China writes GB18030. */
static int from_gb18030(struct arena *a, struct str bytes, struct str *out)
{
    iconv_t cd = iconv_open("UTF-8", "GB18030");
    if (cd == (iconv_t)-1)
        return -1;
    size_t cap = bytes.n * 2 + 16, left = cap, in_left = bytes.n;
    char *buf = arena_alloc(a, cap);
    char *to = buf;
    char *from = str_z(a, bytes);
    size_t rc = iconv(cd, &from, &in_left, &to, &left);
    iconv_close(cd);
    *out = (struct str){buf, cap - left};
    return rc == (size_t)-1 || in_left ? -1 : 0;
}

int csv_decode(struct arena *a, struct str bytes, struct str *out, struct err *err)
{
    if (str_starts(bytes, bom))
        bytes = str_sub(bytes, bom.n, bytes.n);
    *out = bytes;
    if (utf8_valid(bytes) || (from_gb18030(a, bytes, out) == 0 && utf8_valid(*out)))
        return 0;
    return err_set(err, ERR_INVALID, "encoding", "文件编码应为 UTF-8 或 GB18030。",
                   "The file must be UTF-8 or GB18030.");
}

/* The separator that stands most often in the first line. */
void csv_init(struct csv *csv, struct str text)
{
    static const char seps[] = {',', ';', '\t'};
    struct str first;
    size_t most = 0;
    *csv = (struct csv){.text = text, .sep = ',', .next_line = 1};
    str_cut(text, '\n', &first);
    for (size_t i = 0; i < sizeof(seps); i++) {
        size_t n = 0;
        for (size_t j = 0; j < first.n; j++)
            n += first.p[j] == seps[i];
        if (n > most) {
            most = n;
            csv->sep = seps[i];
        }
    }
}

static int peek(const struct csv *csv)
{
    return csv->pos < csv->text.n ? (unsigned char)csv->text.p[csv->pos] : -1;
}

/* A quoted cell behind its opening quote; the text is copied only when it holds doubled quotes. */
static int quoted_cell(struct csv *csv, struct arena *a, struct str *cell, struct err *err)
{
    struct strb b;
    strb_init(&b, a);
    size_t from = csv->pos;
    for (int c; (c = peek(csv)) >= 0; csv->pos++) {
        csv->next_line += c == '\n' && !csv->by_row;
        if (c != '"')
            continue;
        strb_addn(&b, csv->text.p + from, csv->pos - from);
        csv->pos++;
        if (peek(csv) != '"') {
            *cell = strb_str(&b);
            return 0;
        }
        from = csv->pos; /* the second quote stays */
    }
    return err_set(err, ERR_INVALID, "csv", "第 %u 行的引号没有结束。",
                   "The quote in line %u is never closed.", csv->line);
}

static struct str plain_cell(struct csv *csv)
{
    size_t from = csv->pos;
    for (int c; (c = peek(csv)) >= 0 && c != csv->sep && c != '\n' && c != '\r';)
        csv->pos++;
    return str_sub(csv->text, from, csv->pos - from);
}

/* Ends the row at a line break or the end: true. */
static bool end_of_row(struct csv *csv)
{
    if (peek(csv) == '\r')
        csv->pos++;
    if (peek(csv) == '\n') {
        csv->pos++;
        csv->next_line++;
        return true;
    }
    return peek(csv) < 0;
}

/* A cell that begins like a formula would run in a spreadsheet (CSV injection); plain numbers may
 * not. One that has a ' in front of that is guarded too, so that taking one off gives the text. */
static bool looks_like_formula(struct str s)
{
    static const struct str starts[] = {STR("="),  STR("+"),  STR("-"),  STR("@"),  STR("\t"),
                                        STR("\r"), STR("＝"), STR("＋"), STR("－"), STR("＠")};
    bool number = true;
    while (s.n && s.p[0] == '\'')
        s = str_sub(s, 1, s.n);
    for (size_t i = 0; i < s.n; i++)
        number = number && strchr("0123456789.-+eE", s.p[i]);
    for (size_t i = 0; !number && i < ARRAY_LEN(starts); i++)
        if (str_starts(s, starts[i]))
            return true;
    return false;
}

static int read_row(struct csv *csv, struct arena *a, struct str **cells, size_t *n,
                    struct err *err)
{
    VEC(struct str) row = {0};
    csv->line = csv->next_line;
    for (;;) {
        struct str cell = STR_NONE;
        if (peek(csv) == '"') {
            csv->pos++;
            if (quoted_cell(csv, a, &cell, err) < 0)
                return -1;
            plain_cell(csv); /* blanks behind the closing quote */
        } else {
            cell = plain_cell(csv);
        }
        if (row.n >= CSV_CELLS_MAX || cell.n > CSV_CELL_MAX)
            return err_set(err, ERR_INVALID, "csv", "第 %u 行的列过多或单元格过长。",
                           "Line %u has too many columns or too long a cell.", csv->line);
        cell = str_trim(cell);
        if (csv->guarded && cell.n > 1 && cell.p[0] == '\'' && looks_like_formula(cell))
            cell = str_sub(cell, 1, cell.n);
        vec_push(a, &row, cell);
        if (peek(csv) == csv->sep) {
            csv->pos++;
            continue;
        }
        if (end_of_row(csv))
            break;
    }
    *cells = row.v;
    *n = row.n;
    return 0;
}

int csv_row(struct csv *csv, struct arena *a, struct str **cells, size_t *n, struct err *err)
{
    while (csv->pos < csv->text.n) {
        if (read_row(csv, a, cells, n, err) < 0)
            return -1;
        for (size_t i = 0; i < *n; i++)
            if ((*cells)[i].n)
                return 1;
    }
    return 0;
}

static void write_cell(struct strb *out, struct str cell, bool guard)
{
    bool quote = guard;
    for (size_t i = 0; i < cell.n; i++)
        quote = quote || strchr(",;\"\r\n\t", cell.p[i]);
    if (!quote) {
        strb_add(out, cell);
        return;
    }
    strb_addc(out, '"');
    if (guard)
        strb_addc(out, '\'');
    for (size_t i = 0; i < cell.n; i++) {
        if (cell.p[i] == '"')
            strb_addc(out, '"');
        strb_addc(out, cell.p[i]);
    }
    strb_addc(out, '"');
}

void csv_write_cell(struct strb *out, struct str cell)
{
    write_cell(out, cell, looks_like_formula(cell));
}

void csv_write_plain(struct strb *out, struct str cell)
{
    write_cell(out, cell, false);
}

void csv_count(struct csv_count *n, struct str piece)
{
    for (size_t i = 0; i < piece.n; i++) {
        char ch = piece.p[i];
        n->quoted ^= ch == '"';
        if (ch == '\n' && !n->quoted) {
            n->rows += n->any;
            n->any = false;
        } else {
            n->any = n->any || ch != '\r';
        }
    }
}

int64_t csv_counted(const struct csv_count *n)
{
    return n->rows + n->any;
}
