/*
 * Merging: the links first, then the rows and values, then the comments, then the one that goes.
 */
#include "engine/record/merge.h"

#include "engine/meta/fieldtype.h"
#include "engine/record/write_int.h"

struct run {
    struct ctx *c;
    struct merge *m;
    struct diags *diags;
    struct rec keep, gone;
    size_t links;
};

static int may(struct ctx *c, const struct form *f, int64_t id, unsigned right, struct err *err)
{
    int rc = record_can(c, f, id, RIGHT_READ, err);
    if (rc == 0)
        return not_found(err);
    rc = rc == 1 ? record_can(c, f, id, right, err) : rc;
    return rc < 0 ? -1 : rc == 0 ? denied(err) : 0;
}

static int write(struct run *r, struct rec_write w, struct err *err)
{
    w.no_version = true;
    w.mode = WRITE_OWN_RIGHT;
    return record_write(r->c, &w, NULL, r->diags, err);
}

/* ---- links ---- */

/* A link's value with the survivor in the place of the other, once. */
static struct val turned(struct run *r, struct val v)
{
    struct arena *a = r->c->a;
    if (v.kind == VAL_REF)
        return v.ref->id == r->m->gone ? val_ref(a, r->m->survivor, STR_NONE) : v;
    if (v.kind != VAL_LIST)
        return v;
    struct val *items = ARENA_ARRAY(a, struct val, v.n);
    uint32_t n = 0;
    bool there = false;
    for (uint32_t i = 0; i < v.n; i++)
        there = there || (v.list[i].kind == VAL_REF && v.list[i].ref->id == r->m->survivor);
    for (uint32_t i = 0; i < v.n; i++) {
        bool it = v.list[i].kind == VAL_REF && v.list[i].ref->id == r->m->gone;
        if (it && there)
            continue;
        there = there || it;
        items[n++] = it ? turned(r, v.list[i]) : v.list[i];
    }
    return val_list(items, n);
}

static struct val id_text(struct run *r, int64_t id)
{
    char buf[16];
    return val_text(str_dup(r->c->a, id_print(id, buf)));
}

/* Rows of a table as a body: with their ids, or as new ones. */
static uint32_t rows_body(struct run *r, const struct rec *rec, const struct field *table,
                          bool fresh, struct val *out)
{
    const struct rec_rows *rows = rec->rows ? &rec->rows[table->slot] : NULL;
    const struct form *sub = table->sub;
    for (size_t i = 0; rows && i < rows->n; i++) {
        struct pair *p = ARENA_ARRAY(r->c->a, struct pair, sub->nfields + 1);
        size_t n = 0;
        if (!fresh)
            p[n++] = (struct pair){STR("_id"), id_text(r, rows->v[i].id)};
        for (size_t k = 0; k < sub->nfields; k++) {
            const struct field *f = sub->fields[k];
            if (f->type->flags & FT_COMPUTED)
                continue;
            struct val v = rows->v[i].v[f->slot];
            p[n++] = (struct pair){f->key, f->target == r->m->form ? turned(r, v) : v};
        }
        out[i] = val_obj(p, n);
    }
    return rows ? (uint32_t)rows->n : 0;
}

/* Points one link field of a record (or of its rows) to the survivor. */
static int turn_one(struct run *r, const struct field *link, int64_t id, struct err *err)
{
    const struct form *top = link->form->parent ? link->form->parent : link->form;
    struct rec row;
    struct pair p = {link->key, VAL_NONE};
    int found = record_load(r->c, top, id, REC_LIVE, &row, err);
    if (found <= 0)
        return found;
    if (link->form->parent) {
        const struct field *table = link->form->parent_field;
        size_t n = row.rows ? row.rows[table->slot].n : 0;
        struct val *rows = ARENA_ARRAY(r->c->a, struct val, n);
        p = (struct pair){table->key, val_list(rows, rows_body(r, &row, table, false, rows))};
    } else {
        p.value = turned(r, row.v[link->slot]);
    }
    return write(
        r, (struct rec_write){.op = REC_UPDATE, .form = top, .id = id, .values = val_obj(&p, 1)},
        err);
}

static int turn_links(struct run *r, const struct field *link, struct err *err)
{
    struct sql q;
    struct stmt *s;
    int step;
    VEC(int64_t) ids = {0};
    if (link->value) /* a lookup follows by itself */
        return 0;
    links_to_sql(r->c, link, r->m->gone, &q);
    if (store_query(r->c->db, r->c->a, &q, &s, err))
        return -1;
    while ((step = stmt_step(s, err)) == 1)
        (void)vec_push(r->c->a, &ids, stmt_int(s, 0));
    stmt_done(s);
    r->links += ids.n;
    if (step == 0 && (ids.n >= 1000 || r->links > MERGE_LINKS_MAX))
        return err_set(
            err, ERR_CONFLICT, "too_many",
            "引用它的记录过多（超过 1000 条，合计 %d 条），不能合并。",
            "Too many records point to it (1000 of one field, %d in all); it cannot be merged.",
            MERGE_LINKS_MAX);
    for (size_t i = 0; step == 0 && i < ids.n; i++)
        if (turn_one(r, link, ids.v[i], err))
            return -1;
    return step;
}

static int turn_form(struct run *r, const struct form *f, struct err *err)
{
    for (size_t i = 0; i < f->nfields; i++) {
        const struct field *x = f->fields[i];
        if (x->sub ? turn_form(r, x->sub, err) : x->target == r->m->form && turn_links(r, x, err))
            return -1;
    }
    return 0;
}

/* ---- values ---- */

/* What the survivor lacks, the files of both, the rows of both. */
static struct val joined(struct run *r, const struct field *f)
{
    struct val mine = r->keep.v[f->slot], other = r->gone.v[f->slot];
    size_t n = 0;
    if (f->sub) {
        size_t most = (r->keep.rows ? r->keep.rows[f->slot].n : 0) +
                      (r->gone.rows ? r->gone.rows[f->slot].n : 0);
        struct val *rows = ARENA_ARRAY(r->c->a, struct val, most);
        n = rows_body(r, &r->keep, f, false, rows);
        n += rows_body(r, &r->gone, f, true, rows + n);
        return val_list(rows, n);
    }
    if (!field_holds_files(f) || mine.kind != VAL_LIST || other.kind != VAL_LIST ||
        str_eqz(f->type->name, "signature"))
        return val_is_blank(mine) ? other : mine;
    size_t most = f->max_length ? f->max_length : mine.n + other.n;
    struct val *items = ARENA_ARRAY(r->c->a, struct val, mine.n + other.n);
    for (uint32_t i = 0; i < mine.n + other.n && n < MAX(most, mine.n); i++)
        items[n++] = i < mine.n ? mine.list[i] : other.list[i - mine.n];
    return val_list(items, n);
}

/* Unique values stay with the one that goes: else an undo could not bring it back first. */
static int join_values(struct run *r, struct err *err)
{
    const struct form *f = r->m->form;
    struct pair *p = ARENA_ARRAY(r->c->a, struct pair, f->nfields);
    size_t n = 0;
    for (size_t i = 0; i < f->nfields; i++) {
        const struct field *x = f->fields[i];
        if (!(x->type->flags & (FT_COMPUTED | FT_SERIAL)) && !x->log.n && !x->unique)
            p[n++] = (struct pair){x->key, joined(r, x)};
    }
    return write(r,
                 (struct rec_write){
                     .op = REC_UPDATE, .form = f, .id = r->m->survivor, .values = val_obj(p, n)},
                 err);
}

static int move_comments(struct run *r, struct err *err)
{
    struct sql q;
    ctx_sql(r->c, &q);
    sql_lit(&q, "UPDATE _comment SET record = ");
    sql_bind_int(&q, r->m->survivor);
    sql_lit(&q, " WHERE record = ");
    sql_bind_int(&q, r->m->gone);
    return store_exec(r->c->db, r->c->a, &q, NULL, err);
}

/* Undo finds the app by the job's row. */
static int note_job(struct run *r, struct err *err)
{
    struct ctx *c = r->c;
    struct sql q;
    ctx_sql(c, &q);
    sql_lit(&q, "INSERT INTO _job (id, kind, app, payload, state, run_at, created_at, created_by,"
                " finished_at) VALUES (");
    sql_bind_int(&q, r->m->job);
    sql_lit(&q, ", 'merge', ");
    sql_bind_str(&q, r->m->form->app->key);
    sql_lit(&q, ", '{}', 'done', ");
    sql_bind_int(&q, c->now_us);
    sql_lit(&q, ", ");
    sql_bind_int(&q, c->now_us);
    sql_lit(&q, ", ");
    sql_bind(&q, c->who->id ? val_dec(c->who->id, 0) : VAL_NONE);
    sql_lit(&q, ", ");
    sql_bind_int(&q, c->now_us);
    sql_lit(&q, ")");
    return store_exec(c->db, c->a, &q, NULL, err);
}

int record_merge(struct ctx *c, struct merge *m, struct diags *diags, struct err *err)
{
    struct run r = {.c = c, .m = m, .diags = diags};
    const struct form *f = m->form;
    if (m->gone == m->survivor)
        return err_set(err, ERR_INVALID, "same", "不能与自己合并。",
                       "A record cannot be merged with itself.");
    if (may(c, f, m->survivor, RIGHT_UPDATE, err) || may(c, f, m->gone, RIGHT_DELETE, err) ||
        record_load(c, f, m->survivor, REC_LIVE, &r.keep, err) != 1 ||
        record_load(c, f, m->gone, REC_LIVE, &r.gone, err) != 1)
        return -1;
    m->job = id_next(c->ids, c->now_us);
    struct rcache *rc = rcache_of(c);
    int64_t was = rc->job;
    rc->job = m->job;
    int done = note_job(&r, err);
    for (size_t i = 0; done == 0 && i < f->app->nforms; i++)
        done = turn_form(&r, f->app->forms[i], err);
    if (done == 0)
        done = move_comments(&r, err) ||
                       write(&r, (struct rec_write){.op = REC_DELETE, .form = f, .id = m->gone},
                             err) ||
                       record_load(c, f, m->survivor, REC_LIVE, &r.keep, err) != 1 ||
                       join_values(&r, err)
                   ? -1
                   : 0;
    rc->job = was;
    return done;
}
