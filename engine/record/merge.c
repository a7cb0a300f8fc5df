/*
 * Merging: the links first, then the comments, then the one that goes (it frees its unique values),
 * then the rows and values.
 */
#include "engine/record/merge.h"

#include "engine/meta/fieldtype.h"
#include "engine/meta/people_app.h"
#include "engine/record/write_int.h"

#define LINKS_PAGE 1000 /* of links_to_sql() */

struct run {
    struct ctx *c;
    struct merge *m;
    struct diags *diags;
    struct rec keep, gone;
    /* by slot, what the caller may do: write and read on the survivor, read on the other */
    uint8_t *write, *read, *other;
    VEC(struct val) links, kept;
    size_t turned;
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
    w.mode |= WRITE_OWN_RIGHT;
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
    /* that a record is in approval says nothing about what it points to */
    return write(r,
                 (struct rec_write){.op = REC_UPDATE,
                                    .form = top,
                                    .id = id,
                                    .values = val_obj(&p, 1),
                                    .mode = WRITE_LOCKED_OK},
                 err);
}

static int linking(struct run *r, const struct field *link, int64_t *ids, size_t *n,
                   struct err *err)
{
    struct sql q;
    struct stmt *s;
    int step;
    *n = 0;
    links_to_sql(r->c, link, r->m->gone, &q);
    if (store_query(r->c->db, r->c->a, &q, &s, err))
        return -1;
    while ((step = stmt_step(s, err)) == 1 && *n < LINKS_PAGE)
        ids[(*n)++] = stmt_int(s, 0);
    stmt_done(s);
    return step < 0 ? -1 : 0;
}

static bool only_added(const struct field *link)
{
    const struct form *f = link->form;
    return f->parent ? f->parent->append_only || f->parent_field->append_only : f->append_only;
}

static void note_links(struct run *r, const struct field *link, size_t n, bool moved)
{
    const struct form *f = link->form;
    struct arena *a = r->c->a;
    struct pair *p = ARENA_ARRAY(a, struct pair, 4);
    struct str key =
        f->parent ? str_fmt(a, "%.*s.%.*s", STR_ARG(f->parent_field->key), STR_ARG(link->key))
                  : link->key;
    p[0] = (struct pair){STR("form"), val_text(f->parent ? f->parent->key : f->key)};
    p[1] = (struct pair){STR("field"), val_text(key)};
    p[2] = (struct pair){STR("records"), val_num((double)n)};
    p[3] = (struct pair){STR("moved"), val_bool(moved)};
    (void)vec_push(a, &r->links, val_obj(p, 4));
}

static int turn_links(struct run *r, const struct field *link, struct err *err)
{
    int64_t *ids = ARENA_ARRAY(r->c->a, int64_t, LINKS_PAGE);
    size_t n, total = 0;
    bool stays = only_added(link);
    if (link->value) /* a lookup follows by itself */
        return 0;
    do {
        if (linking(r, link, ids, &n, err))
            return -1;
        total += n;
        if (!stays && (r->turned += n) > MERGE_LINKS_MAX)
            return err_set(err, ERR_CONFLICT, "too_many", "引用它的记录超过 %d 条，不能合并。",
                           "More than %d records point to it; it cannot be merged.",
                           MERGE_LINKS_MAX);
        for (size_t i = 0; !stays && i < n; i++)
            if (turn_one(r, link, ids[i], err))
                return -1;
    } while (!stays && n == LINKS_PAGE);
    if (total)
        note_links(r, link, total, !stays);
    return 0;
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

static bool taken(const struct run *r, const struct field *f)
{
    struct val take = r->m->take;
    for (uint32_t i = 0; take.kind == VAL_LIST && i < take.n; i++)
        if (str_eq(val_str(take.list[i]), f->key))
            return true;
    return false;
}

static bool carried(const struct field *f)
{
    return !(f->type->flags & (FT_COMPUTED | FT_SERIAL)) && !f->log.n;
}

/* Keys in `take`: a value the caller sees, into a field that he may write. */
static int check_take(struct run *r, struct err *err)
{
    struct val take = r->m->take;
    for (uint32_t i = 0; take.kind == VAL_LIST && i < take.n; i++) {
        struct str key = val_str(take.list[i]);
        const struct field *f = form_field(r->m->form, key);
        if (!f || field_is_sys(f) || r->read[f->slot] < FIELD_MASKED) {
            diag_field(r->diags, key, "unknown_field", "没有这个字段。", "There is no such field.");
            continue;
        }
        bool may = carried(f) && !f->readonly && r->write[f->slot] >= FIELD_WRITE &&
                   r->other[f->slot] >= FIELD_READ && !(f->sub && f->append_only);
        if (!may)
            diag_field(r->diags, key, "read_only", "“%.*s”不能取另一条记录的值。",
                       "“%.*s” cannot take the value of the other record.", STR_ARG(f->title))
                ->code = ERR_DENIED;
    }
    if (!r->diags->errors)
        return 0;
    for (size_t i = 0; i < r->diags->list.n; i++)
        if (r->diags->list.v[i].code == ERR_DENIED)
            return err_set(err, ERR_DENIED, "read_only", "有的字段您无权修改。",
                           "Some fields may not be changed by you.");
    return err_set(err, ERR_INVALID, "validation", "输入有误，请按提示修改。",
                   "Some of the input is not valid.");
}

static struct val joined_rows(struct run *r, const struct field *f)
{
    bool mine = !taken(r, f);
    size_t n = 0;
    size_t most =
        (r->keep.rows ? r->keep.rows[f->slot].n : 0) + (r->gone.rows ? r->gone.rows[f->slot].n : 0);
    struct val *rows = ARENA_ARRAY(r->c->a, struct val, most);
    if (mine)
        n = rows_body(r, &r->keep, f, false, rows);
    n += rows_body(r, &r->gone, f, true, rows + n);
    return val_list(rows, n);
}

/* What the survivor lacks or is to take, the files of both, the rows of both. */
static struct val joined(struct run *r, const struct field *f)
{
    struct val mine = r->keep.v[f->slot], other = r->gone.v[f->slot];
    size_t n = 0;
    if (f->sub)
        return joined_rows(r, f);
    if (f->target == r->m->form)
        other = turned(r, other);
    if (taken(r, f))
        return other;
    if (!field_holds_files(f) || mine.kind != VAL_LIST || other.kind != VAL_LIST ||
        str_eqz(f->type->name, "signature"))
        return val_is_blank(mine) ? other : mine;
    size_t most = f->max_length ? f->max_length : mine.n + other.n;
    struct val *items = ARENA_ARRAY(r->c->a, struct val, mine.n + other.n);
    for (uint32_t i = 0; i < mine.n + other.n && n < MAX(most, mine.n); i++)
        items[n++] = i < mine.n ? mine.list[i] : other.list[i - mine.n];
    return val_list(items, n);
}

/* What the caller sees less of on the one that goes than on the survivor would come to light. */
static bool would_show(struct run *r, const struct field *f)
{
    struct val other = r->gone.v[f->slot];
    bool any = f->sub ? r->gone.rows && r->gone.rows[f->slot].n : !val_is_blank(other);
    return any && r->other[f->slot] < MIN(r->read[f->slot], (uint8_t)FIELD_READ);
}

static int join_values(struct run *r, struct err *err)
{
    const struct form *f = r->m->form;
    struct pair *p = ARENA_ARRAY(r->c->a, struct pair, f->nfields);
    size_t n = 0;
    for (size_t i = 0; i < f->nfields; i++) {
        const struct field *x = f->fields[i];
        if (!carried(x))
            continue;
        if (would_show(r, x))
            (void)vec_push(r->c->a, &r->kept, val_text(x->key));
        else
            p[n++] = (struct pair){x->key, joined(r, x)};
    }
    return write(r,
                 (struct rec_write){
                     .op = REC_UPDATE, .form = f, .id = r->m->survivor, .values = val_obj(p, n)},
                 err);
}

/* ---- comments, and what is kept of it ---- */

static int move_comments(struct run *r, struct val *moved, struct err *err)
{
    struct sql q;
    struct stmt *s;
    int step;
    VEC(struct val) ids = {0};
    ctx_sql(r->c, &q);
    sql_lit(&q, "SELECT id FROM _comment WHERE record = ");
    sql_bind_int(&q, r->m->gone);
    if (store_query(r->c->db, r->c->a, &q, &s, err))
        return -1;
    while ((step = stmt_step(s, err)) == 1)
        (void)vec_push(r->c->a, &ids, id_text(r, stmt_int(s, 0)));
    stmt_done(s);
    *moved = val_list(ids.v, ids.n);
    if (step < 0 || !ids.n)
        return step;
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

/* ---- all of it ---- */

static int begin(struct run *r, struct err *err)
{
    struct ctx *c = r->c;
    const struct form *f = r->m->form;
    struct access *x;
    if (r->m->gone == r->m->survivor)
        return err_set(err, ERR_INVALID, "same", "不能与自己合并。",
                       "A record cannot be merged with itself.");
    if (people_is(f->app))
        return err_set(err, ERR_INVALID, "people", "成员和部门不能合并，请使用“交接”。",
                       "Members and departments are not merged; hand over what they have.");
    if (may(c, f, r->m->survivor, RIGHT_UPDATE, err) || may(c, f, r->m->gone, RIGHT_DELETE, err) ||
        record_load(c, f, r->m->survivor, REC_LIVE, &r->keep, err) != 1 ||
        record_load(c, f, r->m->gone, REC_LIVE, &r->gone, err) != 1)
        return -1;
    r->write = ARENA_ARRAY(c->a, uint8_t, f->nslots);
    r->read = ARENA_ARRAY(c->a, uint8_t, f->nslots);
    r->other = ARENA_ARRAY(c->a, uint8_t, f->nslots);
    return access_of(c, f, &x, err) ||
                   access_row_fields(x, &r->keep, RIGHT_UPDATE, r->write, err) ||
                   access_row_fields(x, &r->keep, RIGHT_READ, r->read, err) ||
                   access_row_fields(x, &r->gone, RIGHT_READ, r->other, err)
               ? -1
               : check_take(r, err);
}

static int carry_out(struct run *r, struct err *err)
{
    struct ctx *c = r->c;
    struct merge *m = r->m;
    const struct form *f = m->form;
    struct val comments;
    if (note_job(r, err))
        return -1;
    for (size_t i = 0; i < f->app->nforms; i++)
        if (turn_form(r, f->app->forms[i], err))
            return -1;
    if (move_comments(r, &comments, err) ||
        write(r, (struct rec_write){.op = REC_DELETE, .form = f, .id = m->gone}, err) ||
        record_load(c, f, m->survivor, REC_LIVE, &r->keep, err) != 1 || join_values(r, err))
        return -1;
    m->links = val_list(r->links.v, r->links.n);
    m->kept = val_list(r->kept.v, r->kept.n);
    return merge_note(c, m, comments, err);
}

int record_merge(struct ctx *c, struct merge *m, struct diags *diags, struct err *err)
{
    struct run r = {.c = c, .m = m, .diags = diags};
    if (begin(&r, err))
        return -1;
    m->job = id_next(c->ids, c->now_us);
    int64_t was = c->job;
    c->job = m->job;
    int done = carry_out(&r, err);
    c->job = was;
    return done;
}
