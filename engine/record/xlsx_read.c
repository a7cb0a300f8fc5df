/*
 * Reading .xlsx: libzip gives the parts, expat their elements. The only file with their headers.
 */
#include "engine/record/xlsx_read.h"

#include "engine/base/civil.h"
#include "engine/base/strb.h"
#include "engine/base/utf8.h"
#include "engine/base/vec.h"
#include "engine/record/csv.h"
#include "engine/record/text_heap.h"
#include "engine/value/num.h"

#include <expat.h>
#include <math.h>
#include <stdlib.h>
#include <zip.h>

#define PARTS_MAX   10000
#define SHEET_MAX   ((uint64_t)1 << 30)
#define STRINGS_MAX ((uint64_t)256 << 20)
#define SMALL_MAX   ((uint64_t)16 << 20)
#define RATIO_MAX   200u
#define RATIO_FROM  ((uint64_t)16 << 20) /* small parts may be packed better than that */
#define ROWS_MAX    1048576u
#define STYLES_MAX  65536u
#define DEPTH_MAX   64
#define PIECE       (64u << 10)
#define ROW_ARENA   ((size_t)64 << 20)

enum cell_type { CELL_NUMBER, CELL_SHARED, CELL_TEXT, CELL_BOOL, CELL_DATE };
enum date_kind { NO_DATE, DATE_ONLY, TIME_ONLY, DATE_TIME };

struct reader {
    struct arena *a;   /* shared texts, styles */
    struct arena *row; /* of the row at hand */
    struct arena_mark row_start;
    zip_t *zip;
    struct err *err;
    XML_Parser parser;
    bool failed;
    int depth;
    struct str want; /* sheet */
    const struct xlsx_in *in;

    struct heap *strings;    /* shared texts */
    VEC(uint8_t) styles;     /* enum date_kind of each cell format */
    VEC(struct str) formats; /* codes of own number formats: id, code */
    VEC(int) format_ids;
    bool in_formats; /* cellXfs */
    bool date1904;
    struct str sheet_id, sheet_name, sheet_path;
    bool found;

    struct strb text; /* of the element at hand */
    bool in_text, in_phonetic;

    xlsx_row_fn *fn;
    void *arg;
    VEC(struct str) cells;
    uint32_t line;
    bool in_row;     /* a row in a row ends both */
    uint32_t column; /* of the cell at hand, from 0 */
    enum cell_type type;
    uint32_t style;
};

bool xlsx_is(struct str head)
{
    return str_starts(head, STR("PK\x03\x04"));
}

static int bad_file(struct err *err)
{
    return err_set(err, ERR_INVALID, "xlsx", "文件不是有效的 xlsx 表格。",
                   "The file is no valid xlsx workbook.");
}

static void stop(struct reader *r)
{
    r->failed = true;
    (void)XML_StopParser(r->parser, XML_FALSE); /* fails only where it has ended already */
}

static void too_large(struct reader *r)
{
    (void)err_set(r->err, ERR_TOO_LARGE, "xlsx_too_large",
                  "表格解压后过大，已拒绝。请拆分后再导入。",
                  "The workbook is too large when unpacked; split it and import the parts.");
    stop(r);
}

/* ---- elements ---- */

static struct str local(const XML_Char *name)
{
    const char *colon = strrchr(name, ':');
    return str_of(colon ? colon + 1 : name);
}

static struct str attr(const XML_Char **atts, const char *name)
{
    for (size_t i = 0; atts[i]; i += 2)
        if (str_eqz(local(atts[i]), name))
            return str_of(atts[i + 1]);
    return STR_NONE;
}

static void XMLCALL on_text(void *arg, const XML_Char *s, int n)
{
    struct reader *r = arg;
    if (!r->in_text || r->in_phonetic || r->failed)
        return;
    if (r->text.n + (size_t)n > CSV_CELL_MAX)
        too_large(r);
    else
        strb_addn(&r->text, s, (size_t)n);
}

static void XMLCALL on_doctype(void *arg, const XML_Char *name, const XML_Char *sys,
                               const XML_Char *pub, int internal)
{
    struct reader *r = arg;
    (void)name, (void)sys, (void)pub, (void)internal;
    (void)bad_file(r->err);
    stop(r);
}

static bool deeper(struct reader *r)
{
    if (++r->depth <= DEPTH_MAX)
        return true;
    (void)bad_file(r->err);
    stop(r);
    return false;
}

/* ---- parts ---- */

struct part {
    const char *name;
    uint64_t max;
    XML_StartElementHandler start;
    XML_EndElementHandler end;
};

static int feed(struct reader *r, zip_file_t *f, const struct part *p, uint64_t packed)
{
    uint64_t total = 0;
    for (;;) {
        void *buf = XML_GetBuffer(r->parser, (int)PIECE);
        zip_int64_t n = buf ? zip_fread(f, buf, PIECE) : -1;
        if (n < 0)
            return bad_file(r->err);
        total += (uint64_t)n;
        if (total > p->max || (total > RATIO_FROM && total / RATIO_MAX > packed)) {
            too_large(r);
            return -1;
        }
        if (XML_ParseBuffer(r->parser, (int)n, n == 0) != XML_STATUS_OK)
            return r->failed ? -1 : bad_file(r->err);
        if (n == 0)
            return 0;
    }
}

/* 1 read, 0 there is no such part, -1 */
static int read_part(struct reader *r, const struct part *p)
{
    zip_stat_t st;
    zip_int64_t i = zip_name_locate(r->zip, p->name, ZIP_FL_NOCASE);
    if (i < 0 || zip_stat_index(r->zip, (zip_uint64_t)i, 0, &st))
        return 0;
    zip_file_t *f = zip_fopen_index(r->zip, (zip_uint64_t)i, 0);
    r->parser = f ? XML_ParserCreate(NULL) : NULL;
    if (!r->parser) {
        if (f)
            (void)zip_fclose(f); /* nothing was read */
        return bad_file(r->err);
    }
    r->depth = 0;
    r->in_text = r->in_phonetic = false;
    XML_SetUserData(r->parser, r);
    XML_SetElementHandler(r->parser, p->start, p->end);
    XML_SetCharacterDataHandler(r->parser, on_text);
    XML_SetStartDoctypeDeclHandler(r->parser, on_doctype);
    int rc = feed(r, f, p, st.comp_size);
    XML_ParserFree(r->parser);
    r->parser = NULL;
    if (zip_fclose(f) && rc == 0)
        rc = bad_file(r->err);
    return rc ? -1 : 1;
}

/* ---- which sheet ---- */

static void XMLCALL book_start(void *arg, const XML_Char *name, const XML_Char **atts)
{
    struct reader *r = arg;
    if (!deeper(r))
        return;
    if (str_eqz(local(name), "workbookPr")) {
        struct str v = attr(atts, "date1904");
        r->date1904 = str_eqz(v, "1") || str_eqz(v, "true");
    }
    if (!str_eqz(local(name), "sheet"))
        return;
    struct str title = attr(atts, "name");
    if (r->in->sheet_fn)
        r->in->sheet_fn(r->in->sheet_arg, title);
    if (r->found)
        return;
    if (r->want.n && !str_eq(r->want, title))
        return;
    r->found = true;
    r->sheet_name = str_dup(r->a, title);
    for (size_t i = 0; atts[i]; i += 2) /* r:id, not sheetId */
        if (str_ends(str_of(atts[i]), STR(":id")))
            r->sheet_id = str_dup(r->a, str_of(atts[i + 1]));
}

static void XMLCALL plain_end(void *arg, const XML_Char *name)
{
    struct reader *r = arg;
    (void)name;
    r->depth--;
}

static void XMLCALL rels_start(void *arg, const XML_Char *name, const XML_Char **atts)
{
    struct reader *r = arg;
    if (!deeper(r) || !str_eqz(local(name), "Relationship") ||
        !str_eq(attr(atts, "Id"), r->sheet_id))
        return;
    struct str target = attr(atts, "Target");
    r->sheet_path = str_starts(target, STR("/")) ? str_dup(r->a, str_sub(target, 1, target.n))
                                                 : str_fmt(r->a, "xl/%.*s", STR_ARG(target));
}

static int find_sheet(struct reader *r)
{
    static const struct part book = {"xl/workbook.xml", SMALL_MAX, book_start, plain_end};
    static const struct part rels = {"xl/_rels/workbook.xml.rels", SMALL_MAX, rels_start,
                                     plain_end};
    int rc = read_part(r, &book);
    if (rc <= 0)
        return rc < 0 ? -1 : bad_file(r->err);
    if (!r->found && !r->want.n)
        return bad_file(r->err);
    if (!r->found)
        return err_set(r->err, ERR_INVALID, "no_sheet", "文件中没有工作表“%.*s”。",
                       "The workbook has no sheet “%.*s”.", STR_ARG(r->want));
    if (read_part(r, &rels) < 0)
        return -1;
    return r->sheet_path.n ? 0 : bad_file(r->err);
}

/* ---- styles: which numbers are dates ---- */

/* Built-in formats by their number. */
static enum date_kind builtin(int id)
{
    static const struct {
        int from, to;
        enum date_kind kind;
    } rows[] = {{14, 17, DATE_ONLY}, {18, 21, TIME_ONLY}, {22, 22, DATE_TIME}, {27, 31, DATE_ONLY},
                {32, 35, TIME_ONLY}, {36, 36, DATE_ONLY}, {45, 47, TIME_ONLY}, {50, 54, DATE_ONLY},
                {55, 56, TIME_ONLY}, {57, 58, DATE_ONLY}};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        if (id >= rows[i].from && id <= rows[i].to)
            return rows[i].kind;
    return NO_DATE;
}

/* Letters of a code outside of quotes, brackets and escapes. */
static enum date_kind kind_of_code(struct str code)
{
    bool day = false, clock = false, quoted = false, bracket = false;
    for (size_t i = 0; i < code.n; i++) {
        char ch = code.p[i];
        if (ch == ';')
            break; /* the part for positive numbers decides */
        if (ch == '\\' || ch == '_' || ch == '*') {
            i++;
        } else if (ch == '"') {
            quoted = !quoted;
        } else if (ch == '[' || ch == ']') {
            bracket = ch == '[';
            if (bracket && i + 1 < code.n && strchr("hHmMsS", code.p[i + 1]))
                clock = true;
        } else if (!quoted && !bracket) {
            day = day || strchr("yYdDeE", ch);
            clock = clock || strchr("hHsS", ch);
            if ((ch == 'e' || ch == 'E') && i + 1 < code.n && strchr("+-", code.p[i + 1]))
                return NO_DATE; /* 0.00E+00 */
        }
    }
    return day && clock ? DATE_TIME : day ? DATE_ONLY : clock ? TIME_ONLY : NO_DATE;
}

static enum date_kind kind_of_format(const struct reader *r, int id)
{
    for (size_t i = 0; i < r->format_ids.n; i++)
        if (r->format_ids.v[i] == id)
            return kind_of_code(r->formats.v[i]);
    return builtin(id);
}

static void XMLCALL style_start(void *arg, const XML_Char *name, const XML_Char **atts)
{
    struct reader *r = arg;
    struct str what = local(name);
    int64_t id = 0;
    if (!deeper(r))
        return;
    if (str_eqz(what, "cellXfs"))
        r->in_formats = true;
    if (!str_int(attr(atts, "numFmtId"), 0, 65535, &id))
        return;
    if (str_eqz(what, "numFmt") && r->formats.n < STYLES_MAX) {
        vec_push(r->a, &r->format_ids, (int)id);
        vec_push(r->a, &r->formats, str_dup(r->a, attr(atts, "formatCode")));
    }
    if (str_eqz(what, "xf") && r->in_formats && r->styles.n < STYLES_MAX)
        vec_push(r->a, &r->styles, (uint8_t)kind_of_format(r, (int)id));
}

static void XMLCALL style_end(void *arg, const XML_Char *name)
{
    struct reader *r = arg;
    r->depth--;
    if (str_eqz(local(name), "cellXfs"))
        r->in_formats = false;
}

/* ---- shared texts ---- */

static void XMLCALL string_start(void *arg, const XML_Char *name, const XML_Char **atts)
{
    struct reader *r = arg;
    struct str what = local(name);
    (void)atts;
    if (!deeper(r))
        return;
    if (str_eqz(what, "si"))
        r->text.n = 0;
    r->in_text = str_eqz(what, "t");
    r->in_phonetic = r->in_phonetic || str_eqz(what, "rPh");
}

static void XMLCALL string_end(void *arg, const XML_Char *name)
{
    struct reader *r = arg;
    struct str what = local(name);
    r->depth--;
    r->in_text = false;
    if (str_eqz(what, "rPh"))
        r->in_phonetic = false;
    if (str_eqz(what, "si") && !r->failed && heap_add(r->strings, strb_str(&r->text), r->err))
        stop(r);
}

/* ---- cells ---- */

/* "BC17": 54; SIZE_MAX when it is no reference. */
static uint32_t column_of(struct str ref, uint32_t next)
{
    uint32_t n = 0;
    size_t i = 0;
    for (; i < ref.n && ref.p[i] >= 'A' && ref.p[i] <= 'Z' && i < 4; i++)
        n = n * 26 + (uint32_t)(ref.p[i] - 'A') + 1;
    return i ? n - 1 : next;
}

static struct str date_text(struct reader *r, double serial, enum date_kind kind)
{
    struct civil c;
    double days = floor(serial);
    int64_t second = (int64_t)llround((serial - days) * 86400);
    if (r->date1904)
        days += 1462;
    else if (days < 60)
        days += 1; /* Excel believes in 1900-02-29 */
    int64_t day = (int64_t)days - 25569;
    char buf[16];
    if (day < CIVIL_MIN_DAY || day > CIVIL_MAX_DAY)
        return STR_NONE;
    if (second >= 86400) {
        second -= 86400;
        day++;
    }
    civil_of_us(second * US_PER_S, &zone_utc, &c);
    struct str clock = str_fmt(r->row, "%02d:%02d:%02d", c.hour, c.minute, c.second);
    if (kind == TIME_ONLY)
        return clock;
    struct str date = str_dup(r->row, civil_print_date(day, buf));
    return kind == DATE_ONLY && second == 0
               ? date
               : str_fmt(r->row, "%.*s %.*s", STR_ARG(date), STR_ARG(clock));
}

static struct str number_text(struct reader *r, struct str text)
{
    char buf[40];
    double n;
    enum date_kind kind = r->style < r->styles.n ? (enum date_kind)r->styles.v[r->style] : NO_DATE;
    if (!num_parse(text, &n))
        return str_dup(r->row, text);
    if (kind != NO_DATE && n >= 0 && n < 2958466) {
        struct str date = date_text(r, n, kind);
        if (date.n)
            return date;
    }
    return str_dup(r->row, num_print(n, buf));
}

static struct str cell_text(struct reader *r)
{
    struct str text = strb_str(&r->text);
    int64_t i;
    switch (r->type) {
    case CELL_SHARED:
        return str_int(str_trim(text), 0, INT32_MAX, &i) ? heap_get(r->strings, r->row, (uint64_t)i)
                                                         : STR_NONE;
    case CELL_BOOL: return str_eqz(str_trim(text), "1") ? STR("TRUE") : STR("FALSE");
    case CELL_NUMBER: return text.n ? number_text(r, str_trim(text)) : STR_NONE;
    case CELL_TEXT:
    case CELL_DATE: break;
    }
    return str_dup(r->row, text);
}

static void begin_row(struct reader *r, const XML_Char **atts)
{
    int64_t line = (int64_t)r->line + 1;
    struct str given = attr(atts, "r");
    if (given.n && (!str_int(given, 1, ROWS_MAX, &line) || line <= r->line)) {
        (void)bad_file(r->err);
        stop(r);
        return;
    }
    if (line > ROWS_MAX) {
        too_large(r);
        return;
    }
    r->line = (uint32_t)line;
    r->in_row = true;
    r->column = UINT32_MAX;
    r->cells.n = r->cells.cap = 0;
    r->cells.v = NULL;
    arena_reset(r->row, r->row_start);
    strb_init(&r->text, r->row);
}

static void begin_cell(struct reader *r, const XML_Char **atts)
{
    static const struct {
        const char *name;
        enum cell_type type;
    } types[] = {{"s", CELL_SHARED}, {"str", CELL_TEXT}, {"inlineStr", CELL_TEXT},
                 {"b", CELL_BOOL},   {"e", CELL_TEXT},   {"d", CELL_DATE}};
    int64_t style = 0;
    struct str t = attr(atts, "t");
    r->column = column_of(attr(atts, "r"), r->column + 1);
    r->type = CELL_NUMBER;
    for (size_t i = 0; i < ARRAY_LEN(types); i++)
        if (str_eqz(t, types[i].name))
            r->type = types[i].type;
    r->style = str_int(attr(atts, "s"), 0, STYLES_MAX, &style) ? (uint32_t)style : 0;
    r->text.n = 0;
}

static void XMLCALL sheet_start(void *arg, const XML_Char *name, const XML_Char **atts)
{
    struct reader *r = arg;
    struct str what = local(name);
    if (r->failed || !deeper(r))
        return;
    r->in_text = str_eqz(what, "v") || str_eqz(what, "t");
    if (str_eqz(what, "row"))
        begin_row(r, atts);
    else if (str_eqz(what, "c") && r->in_row)
        begin_cell(r, atts);
    else if (str_eqz(what, "rPh"))
        r->in_phonetic = true;
}

static void end_cell(struct reader *r)
{
    struct str text = str_trim(cell_text(r));
    if (!text.n)
        return;
    if (r->column >= CSV_CELLS_MAX) {
        (void)err_set(r->err, ERR_INVALID, "xlsx", "第 %u 行超过 %d 列。",
                      "Row %u has more than %d columns.", r->line, CSV_CELLS_MAX);
        stop(r);
        return;
    }
    while (r->cells.n <= r->column)
        vec_push(r->row, &r->cells, STR_NONE);
    r->cells.v[r->column] = text;
}

static void XMLCALL sheet_end(void *arg, const XML_Char *name)
{
    struct reader *r = arg;
    struct str what = local(name);
    r->depth--;
    r->in_text = false;
    if (r->failed)
        return;
    if (str_eqz(what, "rPh"))
        r->in_phonetic = false;
    if (str_eqz(what, "c") && r->in_row)
        end_cell(r);
    if (!str_eqz(what, "row") || !r->in_row)
        return;
    r->in_row = false;
    if (r->cells.n && r->fn(r->arg, r->line, r->cells.v, r->cells.n, r->err))
        stop(r);
}

static int read_parts(struct reader *r)
{
    static const struct part styles = {"xl/styles.xml", SMALL_MAX, style_start, style_end};
    static const struct part strings = {"xl/sharedStrings.xml", STRINGS_MAX, string_start,
                                        string_end};
    strb_init(&r->text, r->a);
    if (zip_get_num_entries(r->zip, 0) > PARTS_MAX) {
        return err_set(r->err, ERR_TOO_LARGE, "xlsx_too_large", "表格中的部件过多，已拒绝。",
                       "The workbook has too many parts.");
    }
    if (find_sheet(r) || read_part(r, &styles) < 0 || read_part(r, &strings) < 0 ||
        heap_end(r->strings, r->err))
        return -1;
    struct part sheet = {str_z(r->a, r->sheet_path), SHEET_MAX, sheet_start, sheet_end};
    strb_init(&r->text, r->row);
    r->row_start = arena_mark(r->row);
    int rc = read_part(r, &sheet);
    if (rc < 0 && !r->err->path[0])
        err_at(r->err, "%.*s!%u", STR_ARG(r->sheet_name), r->line);
    return rc < 0 ? -1 : rc == 0 ? bad_file(r->err) : 0;
}

/* What must be given back when memory runs out inside. */
static void give_back(void *arg)
{
    struct reader *r = arg;
    if (r->parser)
        XML_ParserFree(r->parser);
    if (r->zip)
        zip_discard(r->zip);
    arena_free(&r->row);
}

int xlsx_read(struct arena *a, const struct xlsx_in *in, xlsx_row_fn *fn, void *arg,
              struct err *err)
{
    int why = 0;
    struct reader *r = ARENA_NEW(a, struct reader);
    *r = (struct reader){.a = a, .err = err, .want = in->sheet, .in = in, .fn = fn, .arg = arg};
    arena_defer(a, give_back, r);
    r->row = arena_new(ROW_ARENA);
    r->zip = r->row ? zip_open(str_z(a, in->path), ZIP_RDONLY, &why) : NULL;
    int rc = !r->zip                                        ? bad_file(err)
             : heap_open(a, in->temp_dir, &r->strings, err) ? -1
                                                            : read_parts(r);
    arena_undefer(a, r);
    give_back(r);
    return rc;
}
