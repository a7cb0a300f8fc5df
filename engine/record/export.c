/*
 * Export: a line a record, or a line a row of its sub-tables. Values are written as a person reads
 * them or, for machines, as the API writes them.
 */
#include "engine/record/export.h"

#include "engine/base/id.h"
#include "engine/meta/fieldtype.h"
#include "engine/record/access.h"
#include "engine/record/csv.h"
#include "engine/record/record.h"
#include "engine/record/xlsx_write.h"
#include "engine/value/num.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#define ROW_ARENA ((size_t)64 << 20)
#define EXACT_MAX 9007199254740992.0 /* 2^53 */

struct column {
    const struct field *f;
    const struct field *table; /* f is a column of it */
};

struct run {
    struct ctx *c;
    const struct export *e;
    struct access *x;
    struct column *columns;
    size_t n;
    bool tables; /* some are of sub-tables */
    bool all;    /* the right to read a row is the right to export it */
    size_t records;
    uint32_t line; /* of the sheet; 0 is the header */
    FILE *csv;
    struct xlsx_out *xlsx;
};

int export_format_of(struct str name, enum export_format *out, struct err *err)
{
    *out = str_eqz(name, "xlsx") ? EXPORT_XLSX : EXPORT_CSV;
    if (!name.n || str_eqz(name, "csv") || *out == EXPORT_XLSX)
        return 0;
    (void)err_set(err, ERR_INVALID, "bad_format", "导出格式应为 csv 或 xlsx。",
                  "The format is csv or xlsx.");
    err_at(err, "format");
    return -1;
}

struct str export_type(enum export_format format)
{
    return format == EXPORT_CSV
               ? STR("text/csv; charset=utf-8")
               : STR("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet");
}

static int denied(struct err *err)
{
    return err_set(err, ERR_DENIED, "denied", "您没有权限导出这张表单的数据。",
                   "You may not export the data of this form.");
}

/* ---- columns ---- */

static void add_column(struct run *r, const struct field *table, const struct field *f)
{
    if (access_field(r->x, f) < FIELD_MASKED)
        return;
    r->columns = arena_grow(r->c->a, r->columns, r->n * sizeof(*r->columns),
                            (r->n + 1) * sizeof(*r->columns));
    r->columns[r->n++] = (struct column){f, table};
    r->tables = r->tables || table;
}

static void add_field(struct run *r, const struct field *f)
{
    if (!f->sub)
        add_column(r, NULL, f);
    else if (access_field(r->x, f) >= FIELD_MASKED)
        for (size_t i = 0; i < f->sub->nfields; i++)
            add_column(r, f, f->sub->fields[i]);
}

static int unknown(struct str key, struct err *err)
{
    (void)err_set(err, ERR_INVALID, "unknown_field", "没有字段“%.*s”。",
                  "There is no field “%.*s”.", STR_ARG(key));
    err_at(err, "fields");
    return -1;
}

/* "items.qty" or a key */
static int add_named(struct run *r, struct str key, struct err *err)
{
    const struct form *f = r->e->query.form;
    struct str head, tail = str_cut(key, '.', &head);
    const struct field *field = form_field(f, head);
    size_t before = r->n;
    if (!field)
        return unknown(key, err);
    if (!tail.n) {
        add_field(r, field);
    } else {
        const struct field *col = field->sub ? form_field(field->sub, tail) : NULL;
        if (col && !field_is_sys(col) && access_field(r->x, field) >= FIELD_MASKED)
            add_column(r, field, col);
    }
    return r->n > before ? 0 : unknown(key, err);
}

static int pick_columns(struct run *r, struct err *err)
{
    const struct form *f = r->e->query.form;
    struct str rest = r->e->query.fields, key;
    bool tables = r->e->format == EXPORT_XLSX && !r->e->machine;
    for (size_t i = 0; !rest.n && i < f->nfields; i++)
        if (!f->fields[i]->sub || tables)
            add_field(r, f->fields[i]);
    while (rest.n && r->n < CSV_CELLS_MAX) {
        rest = str_cut(rest, ',', &key);
        if (add_named(r, str_trim(key), err))
            return -1;
    }
    return 0;
}

/* The reader is asked for fields of the record only: a table comes with its rows. */
static struct str query_fields(struct run *r)
{
    struct strb b;
    strb_init(&b, r->c->a);
    for (size_t i = 0; i < r->n; i++) {
        const struct field *f = r->columns[i].table ? r->columns[i].table : r->columns[i].f;
        bool again = false;
        for (size_t k = 0; k < i && !again; k++)
            again = r->columns[k].table ? r->columns[k].table == f : r->columns[k].f == f;
        if (!again)
            strb_addf(&b, "%s%.*s", b.n ? "," : "", STR_ARG(f->key));
    }
    return strb_str(&b);
}

static struct str header(struct run *r, const struct column *col)
{
    bool machine = r->e->machine;
    struct str own = machine ? col->f->key : col->f->title;
    if (!col->table)
        return own;
    struct str table = machine ? col->table->key : col->table->title;
    return str_fmt(r->c->a, "%.*s.%.*s", STR_ARG(table), STR_ARG(own));
}

/* ---- cells as text ---- */

static const struct zone *zone_of(const struct run *r)
{
    return r->c->app ? &r->c->app->zone : &zone_utc;
}

static struct str instant_text(struct run *r, int64_t us)
{
    struct civil t;
    char buf[40];
    if (r->e->machine)
        return str_dup(r->c->a, civil_print_instant(us, buf));
    civil_of_us(us, zone_of(r), &t);
    return str_fmt(r->c->a, "%04d-%02d-%02d %02d:%02d:%02d", t.year, t.month, t.day, t.hour,
                   t.minute, t.second);
}

static struct str scalar(struct run *r, const struct field *f, struct val v)
{
    struct arena *a = r->c->a;
    char buf[40];
    const struct option *o;
    switch ((enum val_kind)v.kind) {
    case VAL_BOOL:
        return r->e->machine ? (v.b ? STR("true") : STR("false")) : (v.b ? STR("是") : STR("否"));
    case VAL_NUM: return str_dup(a, num_print(v.num, buf));
    case VAL_DEC: return str_dup(a, num_print_dec(v.i, v.scale, buf));
    case VAL_DATE: return str_dup(a, civil_print_date(v.i, buf));
    case VAL_TIME: return str_dup(a, civil_print_time(v.i, buf));
    case VAL_INSTANT: return instant_text(r, v.i);
    case VAL_REF: return r->e->machine ? str_dup(a, id_print(v.ref->id, buf)) : v.ref->title;
    case VAL_TEXT:
        o = r->e->machine || !f ? NULL : field_option(f, val_str(v));
        return o ? o->title : val_str(v);
    case VAL_BLANK:
    case VAL_LIST:
    case VAL_OBJ:
    case VAL_ABSENT: break;
    }
    return STR_NONE;
}

/* "30.25,120.16 西湖" */
static struct str place(struct run *r, struct val v)
{
    char lat[40], lng[40];
    struct str address = val_str(val_get(v, STR("address")));
    return str_fmt(r->c->a, "%s,%s%s%.*s", num_print(val_double(val_get(v, STR("lat"))), lat).p,
                   num_print(val_double(val_get(v, STR("lng"))), lng).p, address.n ? " " : "",
                   STR_ARG(address));
}

static struct str text(struct run *r, const struct field *f, struct val v)
{
    struct strb b;
    if (v.kind == VAL_OBJ && f && !r->e->machine && str_eqz(f->type->name, "location"))
        return place(r, v);
    if (v.kind == VAL_OBJ) {
        struct json j;
        strb_init(&b, r->c->a);
        json_init(&j, &b);
        json_val(&j, v);
        return strb_str(&b);
    }
    if (v.kind != VAL_LIST)
        return scalar(r, f, v);
    strb_init(&b, r->c->a);
    for (size_t i = 0; i < v.n; i++) {
        strb_addz(&b, i ? (r->e->machine ? "," : "、") : "");
        strb_add(&b, scalar(r, f, v.list[i]));
    }
    return strb_str(&b);
}

struct str export_text(struct ctx *c, const struct field *f, struct val v)
{
    static const struct export people;
    struct run r = {.c = c, .e = &people};
    char buf[40];
    bool number = v.kind == VAL_NUM || v.kind == VAL_DEC;
    if (!f || !number || !str_eqz(f->type->name, "percent"))
        return text(&r, f, v);
    return str_fmt(c->a, "%s%%", num_print(val_double(v) * 100, buf).p);
}

/* ---- cells of a workbook ---- */

static void number_cell(struct run *r, uint32_t col, const struct field *f, struct val v)
{
    bool percent = str_eqz(f->type->name, "percent");
    int scale = v.kind == VAL_DEC ? v.scale : -1;
    struct xlsx_number n = {val_double(v), scale, percent};
    if (percent)
        n.decimals = scale < 0 ? 2 : scale > 2 ? scale - 2 : 0;
    if (v.kind == VAL_DEC && ((double)v.i > EXACT_MAX || (double)v.i < -EXACT_MAX))
        xlsx_text(r->xlsx, r->line, col, scalar(r, f, v)); /* a double would lose its end */
    else
        xlsx_number(r->xlsx, r->line, col, n);
}

static void xlsx_cell(struct run *r, uint32_t col, const struct field *f, struct val v)
{
    struct civil local;
    switch ((enum val_kind)v.kind) {
    case VAL_NUM:
    case VAL_DEC: number_cell(r, col, f, v); break;
    case VAL_DATE: xlsx_date(r->xlsx, r->line, col, v.i); break;
    case VAL_INSTANT:
        civil_of_us(v.i, zone_of(r), &local);
        if (r->e->machine)
            xlsx_text(r->xlsx, r->line, col, instant_text(r, v.i));
        else
            xlsx_instant(r->xlsx, r->line, col, &local);
        break;
    case VAL_BOOL:
        if (r->e->machine)
            xlsx_bool(r->xlsx, r->line, col, v.b);
        else
            xlsx_text(r->xlsx, r->line, col, scalar(r, f, v));
        break;
    case VAL_BLANK:
    case VAL_ABSENT: break;
    case VAL_TIME:
    case VAL_REF:
    case VAL_TEXT:
    case VAL_LIST:
    case VAL_OBJ: xlsx_text(r->xlsx, r->line, col, text(r, f, v)); break;
    }
}

/* ---- lines ---- */

static struct val value_at(const struct column *col, struct val obj, size_t i)
{
    if (!col->table)
        return i ? VAL_NONE : val_get(obj, col->f->key);
    struct val rows = val_get(obj, col->table->key);
    return rows.kind == VAL_LIST && i < rows.n ? val_get(rows.list[i], col->f->key) : VAL_NONE;
}

static size_t lines_of(const struct run *r, struct val obj)
{
    size_t n = 1;
    for (size_t i = 0; r->tables && i < r->n; i++) {
        struct val rows = r->columns[i].table ? val_get(obj, r->columns[i].table->key) : VAL_NONE;
        n = rows.kind == VAL_LIST ? MAX(n, rows.n) : n;
    }
    return n;
}

static int put(struct run *r, struct strb *b, struct err *err)
{
    strb_addz(b, "\r\n");
    if (fwrite(b->p, 1, b->n, r->csv) == b->n)
        return 0;
    return err_set(err, errno == ENOSPC ? ERR_FULL : ERR_STORE, "file_error",
                   "无法写入导出文件：磁盘出错或已满。",
                   "The export cannot be written: the disk fails or is full.");
}

static void csv_cell(const struct run *r, struct strb *b, struct str cell)
{
    if (r->e->machine)
        csv_write_plain(b, cell);
    else
        csv_write_cell(b, cell);
}

static int csv_line(struct run *r, struct str id, struct val obj, size_t i, struct err *err)
{
    struct strb b;
    strb_init(&b, r->c->a);
    if (r->e->machine)
        csv_cell(r, &b, i ? STR_NONE : id);
    for (size_t k = 0; k < r->n; k++) {
        if (k || r->e->machine)
            strb_addc(&b, ',');
        csv_cell(r, &b, text(r, r->columns[k].f, value_at(&r->columns[k], obj, i)));
    }
    return put(r, &b, err);
}

static int too_many(struct err *err)
{
    return err_set(err, ERR_INVALID, "too_many_rows", "一次最多导出 %d 行，请缩小范围。",
                   "At most %d rows at a time; narrow the filter.", EXPORT_ROWS_MAX);
}

static int xlsx_line(struct run *r, struct str id, struct val obj, size_t i, struct err *err)
{
    uint32_t first = r->e->machine;
    if (++r->line >= XLSX_ROWS_MAX)
        return too_many(err);
    if (first && !i)
        xlsx_text(r->xlsx, r->line, 0, id);
    for (size_t k = 0; k < r->n; k++)
        xlsx_cell(r, first + (uint32_t)k, r->columns[k].f, value_at(&r->columns[k], obj, i));
    return 0;
}

static int row(void *arg, int64_t id, struct val obj, struct err *err)
{
    struct run *r = arg;
    char buf[16];
    if (++r->records > EXPORT_ROWS_MAX)
        return too_many(err);
    int rc = r->all ? 1 : record_can(r->c, r->e->query.form, id, RIGHT_EXPORT, err);
    if (rc <= 0)
        return rc;
    struct str key = id_print(id, buf);
    size_t n = lines_of(r, obj);
    for (size_t i = 0; i < n; i++)
        if (r->xlsx ? xlsx_line(r, key, obj, i, err) : csv_line(r, key, obj, i, err))
            return -1;
    for (size_t k = 0; r->xlsx && n > 1 && !r->e->machine && k < r->n; k++)
        if (!r->columns[k].table)
            xlsx_merge(r->xlsx, (uint32_t)k, r->line - (uint32_t)n + 1, r->line);
    return 0;
}

/* ---- the file ---- */

static double width_of(const struct field *f, struct str title)
{
    double w = 4 + (double)title.n * 2 / 3; /* a Chinese character is three bytes and two wide */
    bool wide = str_eqz(f->type->name, "textarea") || str_eqz(f->type->name, "datetime");
    return MAX(w, wide ? 20 : 12);
}

static int write_head(struct run *r, struct err *err)
{
    struct strb b;
    strb_init(&b, r->c->a);
    uint32_t first = r->e->machine;
    if (r->xlsx && first)
        xlsx_header(r->xlsx, 0, STR("_id"), 16);
    for (size_t i = 0; r->xlsx && i < r->n; i++) {
        struct str title = header(r, &r->columns[i]);
        xlsx_header(r->xlsx, first + (uint32_t)i, title, width_of(r->columns[i].f, title));
    }
    if (r->xlsx)
        return 0;
    strb_addz(&b, first ? "\xEF\xBB\xBF_id" : "\xEF\xBB\xBF");
    for (size_t i = 0; i < r->n; i++) {
        if (i || first)
            strb_addc(&b, ',');
        csv_cell(r, &b, header(r, &r->columns[i]));
    }
    return put(r, &b, err);
}

static int write_rows(struct run *r, struct err *err)
{
    struct query q = r->e->query;
    struct arena *rows = arena_new(ROW_ARENA);
    if (!rows)
        return err_set(err, ERR_OOM, "out_of_memory", "内存不足。", "Out of memory.");
    q.no_masks = r->e->machine;
    q.fields = query_fields(r);
    q.with_rows = r->tables;
    q.rows = rows;
    int rc = write_head(r, err) || query_each(r->c, &q, row, r, err) ? -1 : 0;
    arena_free(&rows);
    return rc;
}

static void close_csv(void *arg)
{
    FILE *f = *(FILE **)arg;
    if (f)
        (void)fclose(f); /* given up */
}

static int write_csv(struct run *r, struct str path, struct err *err)
{
    FILE **f = ARENA_NEW(r->c->a, FILE *);
    *f = r->csv = fopen(str_z(r->c->a, path), "wb");
    arena_defer(r->c->a, close_csv, f);
    if (!r->csv)
        return err_set(err, ERR_STORE, "file_error", "无法写入导出文件。",
                       "The export cannot be written.");
    if (write_rows(r, err))
        return -1;
    *f = NULL;
    if (fclose(r->csv) == 0)
        return 0;
    return err_set(err, errno == ENOSPC ? ERR_FULL : ERR_STORE, "file_error",
                   "无法写入导出文件：磁盘出错或已满。",
                   "The export cannot be written: the disk fails or is full.");
}

static int check(struct run *r, struct err *err)
{
    if (access_of(r->c, r->e->query.form, &r->x, err))
        return -1;
    if (access_none(r->x) && !ctx_is_system(r->c))
        return err_set(err, ERR_NOT_FOUND, "not_found", "没有找到，或您无权查看。",
                       "Not found, or not visible to you.");
    if (!(access_rights(r->x) & RIGHT_EXPORT) && !ctx_is_system(r->c))
        return denied(err);
    r->all = ctx_is_system(r->c) || access_implied(r->x, RIGHT_EXPORT);
    return pick_columns(r, err);
}

int export_file(struct ctx *c, const struct export *e, struct str path, struct str temp_dir,
                struct err *err)
{
    struct run r = {.c = c, .e = e};
    if (check(&r, err))
        return -1;
    int rc = e->format == EXPORT_CSV ? write_csv(&r, path, err)
             : xlsx_create(c->a, path, temp_dir, e->query.form->title, &r.xlsx, err) ||
                     write_rows(&r, err) || xlsx_close(r.xlsx, err)
                 ? -1
                 : 0;
    if (rc)
        (void)unlink(str_z(c->a, path)); /* half an export is none */
    return rc;
}
