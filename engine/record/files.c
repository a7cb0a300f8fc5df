/*
 * Files named by a record: only what the writer uploaded himself and nobody holds yet, or what this
 * record holds already. Names, types and sizes are the stored ones. A file is claimed with the
 * record.
 */
#include "engine/record/write_int.h"

static bool holds_files(const struct field *f)
{
    return str_eqz(f->type->name, "file") || str_eqz(f->type->name, "image") ||
           str_eqz(f->type->name, "signature");
}

struct file_row {
    struct str name, type;
    int64_t size_bytes, record, created_by;
};

static int load_file(struct ctx *c, int64_t id, struct file_row *out, struct err *err)
{
    struct sql q;
    struct stmt *s;
    ctx_sql(c, &q);
    sql_lit(&q, "SELECT name, type, size, record, created_by FROM _file WHERE id = ");
    sql_bind_int(&q, id);
    if (store_query(c->db, c->a, &q, &s, err))
        return -1;
    int step = stmt_step(s, err);
    if (step == 1)
        *out = (struct file_row){.name = column_text(c, s, 0),
                                 .type = column_text(c, s, 1),
                                 .size_bytes = stmt_int(s, 2),
                                 .record = stmt_int(s, 3),
                                 .created_by = stmt_int(s, 4)};
    stmt_done(s);
    return step;
}

static bool may_use(const struct wr *w, const struct file_row *f)
{
    if (f->record == w->rec.id || !w->by_user)
        return true;
    return !f->record && f->created_by == w->c->who->id;
}

static int check_file(struct wr *w, const struct field *f, struct val *v, struct err *err)
{
    struct file_row row = {0};
    int found = load_file(w->c, v->ref->id, &row, err);
    if (found < 0)
        return -1;
    if (!found || !may_use(w, &row)) {
        diag_field(w->diags, f->key, "file", "“%.*s”中的文件不存在，请重新上传。",
                   "A file of “%.*s” does not exist; please upload it again.", STR_ARG(f->title));
        return 0;
    }
    struct ref *r = ARENA_NEW(w->c->a, struct ref);
    *r = (struct ref){
        .id = v->ref->id, .title = row.name, .type = row.type, .size_bytes = row.size_bytes};
    v->ref = r;
    return 0;
}

static int check_files(struct wr *w, const struct field *f, struct val *v, struct err *err)
{
    struct val *items = ARENA_ARRAY(w->c->a, struct val, v->n);
    memcpy(items, v->list, v->n * sizeof(*items));
    for (uint32_t i = 0; i < v->n; i++)
        if (items[i].kind == VAL_REF && check_file(w, f, &items[i], err))
            return -1;
    v->list = items;
    return 0;
}

static int each_files(struct wr *w, const struct rec *r,
                      int (*fn)(struct wr *w, const struct field *f, struct val *v,
                                struct err *err),
                      struct err *err)
{
    for (size_t i = 0; i < r->form->nfields; i++) {
        const struct field *f = r->form->fields[i];
        if (!f->sub && holds_files(f) && r->v[i].kind == VAL_LIST && fn(w, f, &r->v[i], err))
            return -1;
        for (size_t k = 0; f->sub && r->rows && k < r->rows[i].n; k++)
            if (each_files(w, &r->rows[i].v[k], fn, err))
                return -1;
    }
    return 0;
}

int wr_files(struct wr *w, struct err *err)
{
    return each_files(w, &w->rec, check_files, err);
}

static int claim(struct wr *w, const struct field *f, struct val *v, struct err *err)
{
    for (uint32_t i = 0; i < v->n; i++) {
        struct sql q;
        if (v->list[i].kind != VAL_REF)
            continue;
        ctx_sql(w->c, &q);
        sql_lit(&q, "UPDATE _file SET app = ");
        sql_bind_str(&q, w->f->app->key);
        sql_lit(&q, ", form = ");
        sql_bind_str(&q, w->f->key);
        sql_lit(&q, ", record = ");
        sql_bind_int(&q, w->rec.id);
        sql_lit(&q, ", field = ");
        sql_bind_str(&q, f->key);
        sql_lit(&q, " WHERE record IS NULL AND id = ");
        sql_bind_int(&q, v->list[i].ref->id);
        if (store_exec(w->c->db, w->c->a, &q, NULL, err))
            return -1;
    }
    return 0;
}

int wr_claim_files(struct wr *w, struct err *err)
{
    return each_files(w, &w->rec, claim, err);
}
