/*
 * Parts of _job_part: in as they come, out as one CSV file or workbook.
 */
#include "runtime/job_rows.h"

#include "engine/record/csv.h"
#include "engine/record/xlsx_write.h"
#include "runtime/sealed_spool.h"

#include <errno.h>
#include <stdio.h>

#define PART_ARENA ((size_t)128 << 20)

static const struct str BOM = STR("\xEF\xBB\xBF");

/* ---- in ---- */

static int insert(struct ctx *c, void *arg, struct err *err)
{
    struct job_rows *r = arg;
    struct sql q;
    struct str sealed;
    if (job_text_seal(c, r->job, r->text, &sealed, err))
        return -1;
    ctx_sql(c, &q);
    sql_lit(&q, "INSERT INTO _job_part (job, n, text) VALUES (");
    sql_bind_int(&q, r->job);
    sql_lit(&q, ", ");
    sql_bind_int(&q, r->n);
    sql_lit(&q, ", ");
    sql_bind_str(&q, sealed);
    sql_lit(&q, ")");
    return store_exec(c->db, c->a, &q, NULL, err);
}

int job_rows_add(struct ctx *c, struct job_rows *r, struct str lines, struct err *err)
{
    struct ctx own = *c;
    struct arena *a = arena_new(PART_ARENA);
    if (r->bytes + lines.n > JOB_ROWS_MAX) {
        arena_free(&a);
        return 0;
    }
    if (!a)
        return err_set(err, ERR_OOM, "out_of_memory", "内存不足。", "Out of memory.");
    own.a = a;
    own.records = NULL;
    memset(&own.events, 0, sizeof own.events);
    r->text = lines;
    int rc = engine_write(&own, insert, r, err);
    r->n++;
    r->bytes += lines.n;
    arena_free(&a);
    return rc;
}

/* ---- out ---- */

struct rows_out {
    FILE *f;
    struct xlsx_out *xlsx;
    uint32_t line;
};

static int not_written(struct err *err)
{
    return err_set(err, errno == ENOSPC ? ERR_FULL : ERR_STORE, "file_error",
                   "无法写入导出文件：磁盘出错或已满。",
                   "The export cannot be written: the disk fails or is full.");
}

/* As they are for CSV; a workbook runs no formula that is a text, so nothing is defused there. */
static int put_part(struct ctx *c, struct rows_out *o, struct str text, struct err *err)
{
    struct csv csv;
    struct str *cells;
    size_t n;
    int got = 0;
    if (o->f)
        return fwrite(text.p, 1, text.n, o->f) == text.n ? 0 : not_written(err);
    csv_init(&csv, text);
    csv.sep = ',';
    csv.guarded = true;
    while ((got = csv_row(&csv, c->a, &cells, &n, err)) == 1) {
        for (size_t i = 0; i < n; i++)
            if (o->line)
                xlsx_text(o->xlsx, o->line, (uint32_t)i, cells[i]);
            else
                xlsx_header(o->xlsx, (uint32_t)i, cells[i], i + 1 == n ? 40 : 16);
        o->line++;
    }
    return got;
}

static int put_parts(struct ctx *c, int64_t job, struct rows_out *o, struct err *err)
{
    struct sql q;
    struct stmt *s;
    int any = 0, step;
    ctx_sql(c, &q);
    sql_lit(&q, "SELECT text FROM _job_part WHERE job = ");
    sql_bind_int(&q, job);
    sql_lit(&q, " ORDER BY n");
    if (store_query(c->db, c->a, &q, &s, err))
        return -1;
    while ((step = stmt_step(s, err)) == 1) {
        struct arena_mark mark = arena_mark(c->a);
        struct str text;
        if (job_text_open(c, job, stmt_str(s, 0), &text, err) || put_part(c, o, text, err)) {
            step = -1;
            break;
        }
        any = 1;
        arena_reset(c->a, mark);
    }
    stmt_done(s);
    return step < 0 ? -1 : any;
}

static void close_file(void *arg)
{
    struct rows_out *o = arg;
    if (o->f)
        (void)fclose(o->f); /* given up */
}

static int as_csv(struct ctx *c, int64_t job, struct str path, struct err *err)
{
    struct rows_out *o = ARENA_NEW(c->a, struct rows_out);
    *o = (struct rows_out){.f = fopen(str_z(c->a, path), "wb")};
    arena_defer(c->a, close_file, o);
    if (!o->f || fwrite(BOM.p, 1, BOM.n, o->f) != BOM.n)
        return not_written(err);
    int any = put_parts(c, job, o, err);
    FILE *f = o->f;
    o->f = NULL;
    return fclose(f) && any >= 0 ? not_written(err) : any;
}

int job_rows_file(struct ctx *c, int64_t job, enum export_format format, struct str path,
                  struct str temp_dir, struct err *err)
{
    struct rows_out o = {0};
    if (format == EXPORT_CSV)
        return as_csv(c, job, path, err);
    struct str title = c->lang == LANG_EN ? STR("Failed rows") : STR("失败的行");
    if (xlsx_create(c->a, path, temp_dir, title, &o.xlsx, err))
        return -1;
    int any = put_parts(c, job, &o, err);
    return xlsx_close(o.xlsx, err) ? -1 : any;
}
