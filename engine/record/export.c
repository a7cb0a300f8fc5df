/*
 * Export: one line a record. Values are written as a person reads them or, for machines, as the API
 * writes them.
 */
#include "engine/record/export.h"

#include "engine/base/id.h"
#include "engine/meta/fieldtype.h"
#include "engine/record/access.h"
#include "engine/record/csv.h"
#include "engine/record/record.h"
#include "engine/value/num.h"

struct run {
    struct ctx *c;
    const struct export *e;
    struct access *x;
    const struct field **columns;
    size_t n;
    struct strb *out;
    size_t rows;
};

static int denied(struct err *err)
{
    return err_set(err, ERR_DENIED, "denied", "您没有权限导出这张表单的数据。",
                   "You may not export the data of this form.");
}

/* A table has rows of its own and no place in one line. */
static bool exportable(struct access *x, const struct field *f)
{
    return !f->sub && access_field(x, f) >= FIELD_MASKED;
}

static int pick_columns(struct run *r, struct err *err)
{
    const struct form *f = r->e->query.form;
    struct str rest = r->e->query.fields, key;
    r->columns = ARENA_ARRAY(r->c->a, const struct field *, f->nfields + 64);
    for (size_t i = 0; !rest.n && i < f->nfields; i++)
        if (exportable(r->x, f->fields[i]))
            r->columns[r->n++] = f->fields[i];
    if (!r->e->query.fields.n)
        return 0;
    r->n = 0;
    while (rest.n && r->n < f->nfields + 64) {
        rest = str_cut(rest, ',', &key);
        const struct field *col = form_field(f, str_trim(key));
        if (!col || !exportable(r->x, col)) {
            (void)err_set(err, ERR_INVALID, "unknown_field", "没有字段“%.*s”。",
                          "There is no field “%.*s”.", STR_ARG(key));
            err_at(err, "fields");
            return -1;
        }
        r->columns[r->n++] = col;
    }
    return 0;
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
    case VAL_INSTANT: return str_dup(a, civil_print_instant(v.i, buf));
    case VAL_REF: return r->e->machine ? str_dup(a, id_print(v.ref->id, buf)) : v.ref->title;
    case VAL_TEXT:
        o = r->e->machine ? NULL : field_option(f, val_str(v));
        return o ? o->title : val_str(v);
    case VAL_BLANK:
    case VAL_LIST:
    case VAL_OBJ:
    case VAL_ABSENT: break;
    }
    return STR_NONE;
}

static struct str cell(struct run *r, const struct field *f, struct val v)
{
    struct strb b;
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

static int row(void *arg, int64_t id, struct val obj, struct err *err)
{
    struct run *r = arg;
    char buf[16];
    if (++r->rows > EXPORT_ROWS_MAX)
        return err_set(err, ERR_INVALID, "too_many_rows", "一次最多导出 %d 行，请缩小范围。",
                       "At most %d rows at a time; narrow the filter.", EXPORT_ROWS_MAX);
    int rc = ctx_is_system(r->c) ? 1 : record_can(r->c, r->e->query.form, id, RIGHT_EXPORT, err);
    if (rc <= 0)
        return rc;
    if (r->e->machine)
        csv_write_cell(r->out, id_print(id, buf));
    for (size_t i = 0; i < r->n; i++) {
        if (i || r->e->machine)
            strb_addc(r->out, ',');
        csv_write_cell(r->out, cell(r, r->columns[i], val_get(obj, r->columns[i]->key)));
    }
    strb_addz(r->out, "\r\n");
    return 0;
}

int export_csv(struct ctx *c, const struct export *e, struct strb *out, struct err *err)
{
    struct run r = {.c = c, .e = e, .out = out};
    if (access_of(c, e->query.form, &r.x, err))
        return -1;
    if (access_none(r.x) && !ctx_is_system(c))
        return err_set(err, ERR_NOT_FOUND, "not_found", "没有找到，或您无权查看。",
                       "Not found, or not visible to you.");
    if (!(access_rights(r.x) & RIGHT_EXPORT) && !ctx_is_system(c))
        return denied(err);
    if (pick_columns(&r, err))
        return -1;
    strb_addz(out, "\xEF\xBB\xBF");
    if (e->machine)
        strb_addz(out, "_id");
    for (size_t i = 0; i < r.n; i++) {
        if (i || e->machine)
            strb_addc(out, ',');
        csv_write_cell(out, e->machine ? r.columns[i]->key : r.columns[i]->title);
    }
    strb_addz(out, "\r\n");
    struct query q = e->query;
    q.no_masks = e->machine;
    return query_each(c, &q, row, &r, err);
}
