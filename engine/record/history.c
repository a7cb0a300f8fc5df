/*
 * Who changed what, when, how. Written with the change, as values in their JSON forms; read with
 * the rights the reader has on the record as it is now, titles of links included.
 */
#include "engine/record/history.h"

#include "engine/record/write_int.h"

#define HISTORY_MAX 500 /* entries an answer holds */

/* ---- writing ---- */

static void rows_change(struct json *j, const struct rec *now, const struct rec *old,
                        const struct field *table)
{
    const struct rec_rows none = {0};
    const struct rec_rows *n = now->rows ? &now->rows[table->slot] : &none;
    const struct rec_rows *o = old && old->rows ? &old->rows[table->slot] : &none;
    int64_t kept = 0;
    int64_t changed = 0;
    for (size_t i = 0; i < n->n; i++)
        for (size_t k = 0; k < o->n; k++) {
            if (n->v[i].id != o->v[k].id)
                continue;
            bool same = true;
            for (size_t s = 0; s < table->sub->nfields; s++)
                same &= val_same(n->v[i].v[s], o->v[k].v[s]);
            kept++;
            changed += !same;
        }
    json_key(j, table->key);
    json_begin_obj(j);
    json_kint(j, "added", (int64_t)n->n - kept);
    json_kint(j, "removed", (int64_t)o->n - kept);
    json_kint(j, "changed", changed);
    json_end_obj(j);
}

static bool kept_in_history(const struct rec *r, const struct field *f)
{
    const struct form *form = r->form;
    if (!field_is_sys(f))
        return f->sub || (field_has_column(f) && !(f->value && !f->stored));
    return f == form->sys[SYS_OWNER] || f == form->sys[SYS_DEPT] || f == form->sys[SYS_STATE];
}

static size_t write_changes(struct json *j, const struct rec *now, const struct rec *old)
{
    size_t n = 0;
    json_begin_obj(j);
    for (size_t i = 0; i < now->form->nslots; i++) {
        const struct field *f = rec_field_at(now->form, i);
        if (!kept_in_history(now, f))
            continue;
        if (f->sub) {
            bool any = now->rows && now->rows[i].n;
            if (old ? !rec_same_rows(now, old, f) : any) {
                rows_change(j, now, old, f);
                n++;
            }
            continue;
        }
        struct val was = old ? old->v[i] : VAL_NONE;
        if (val_same(now->v[i], was))
            continue;
        json_key(j, f->key);
        json_begin_list(j);
        json_val(j, val_is_blank(was) ? VAL_NONE : was);
        json_val(j, val_is_blank(now->v[i]) ? VAL_NONE : now->v[i]);
        json_end_list(j);
        n++;
    }
    json_end_obj(j);
    return n;
}

/* A button says which one it was: "button:claim". */
static struct str op_text(struct ctx *c, enum rec_op op)
{
    static const struct str ops[] = {[REC_CREATE] = STR("create"),
                                     [REC_UPDATE] = STR("update"),
                                     [REC_DELETE] = STR("delete"),
                                     [REC_RESTORE] = STR("restore")};
    const struct button *b = rcache_of(c)->button;
    if (op == REC_UPDATE && b)
        return str_fmt(c->a, "button:%.*s", STR_ARG(b->key));
    return ops[op];
}

int history_add(struct ctx *c, enum rec_op op, const struct rec *rec, const struct rec *old,
                struct err *err)
{
    struct strb b;
    struct json j;
    struct sql q;
    const struct form *f = rec->form;
    strb_init(&b, c->a);
    json_init(&j, &b);
    bool values = op == REC_CREATE || op == REC_UPDATE;
    if (!write_changes(&j, rec, values ? old : rec) && op == REC_UPDATE)
        return 0;
    ctx_sql(c, &q);
    sql_lit(&q, "INSERT INTO _history (id, app, form, record, version, at, who, via, op, changes,"
                " job) VALUES (");
    sql_bind_int(&q, id_next(c->ids, c->now_us));
    sql_lit(&q, ", ");
    sql_bind_str(&q, f->app->key);
    sql_lit(&q, ", ");
    sql_bind_str(&q, f->key);
    sql_lit(&q, ", ");
    sql_bind_int(&q, rec->id);
    sql_lit(&q, ", ");
    sql_bind_int(&q, rec->version);
    sql_lit(&q, ", ");
    sql_bind_int(&q, c->now_us);
    sql_lit(&q, ", ");
    sql_bind(&q, c->who->id ? val_dec(c->who->id, 0) : VAL_NONE);
    sql_lit(&q, ", ");
    sql_bind_str(&q, via_name(c->via));
    sql_lit(&q, ", ");
    sql_bind_str(&q, op_text(c, op));
    sql_lit(&q, ", ");
    sql_bind_str(&q, strb_str(&b));
    sql_lit(&q, ", ");
    int64_t job = rcache_of(c)->job;
    sql_bind(&q, job ? val_dec(job, 0) : VAL_NONE);
    sql_lit(&q, ")");
    return store_exec(c->db, c->a, &q, NULL, err);
}

/* ---- reading ---- */

struct reading {
    struct ctx *c;
    const struct form *f;
    uint8_t *rights;
    struct json *out;
};

/* A link's title is the reader's, not that of the one who wrote. */
static int reader_val(struct reading *r, const struct field *f, struct val v, struct val *out,
                      struct err *err)
{
    struct str title;
    int64_t id;
    const struct form *target = ref_target(f);
    *out = v;
    if (v.kind == VAL_LIST && target) {
        struct val *items = ARENA_ARRAY(r->c->a, struct val, v.n);
        for (uint32_t i = 0; i < v.n; i++)
            if (reader_val(r, f, v.list[i], &items[i], err))
                return -1;
        *out = val_list(items, v.n);
        return 0;
    }
    if (v.kind != VAL_OBJ || !target)
        return 0;
    struct val text = val_get(v, STR("id"));
    if (text.kind != VAL_TEXT || !id_parse(val_str(text), &id))
        return 0;
    if (record_title(r->c, target, id, &title, err) < 0)
        return -1;
    *out = val_ref(r->c->a, id, title);
    return 0;
}

static struct val masked(struct arena *a, const struct field *f, struct val v)
{
    if (v.kind != VAL_TEXT)
        return VAL_NONE;
    return val_text(f->type->mask ? f->type->mask(a, v) : STR("***"));
}

static int side(struct reading *r, const struct field *f, const char *key, struct val v,
                struct err *err)
{
    if (reader_val(r, f, v, &v, err))
        return -1;
    if (r->rights[f->slot] == FIELD_MASKED)
        v = masked(r->c->a, f, v);
    json_key(r->out, str_of(key));
    json_val(r->out, v);
    return 0;
}

static int one_change(struct reading *r, const struct pair *p, struct err *err)
{
    const struct field *f = form_field(r->f, p->key);
    if (!f || r->rights[f->slot] < FIELD_MASKED)
        return 0;
    json_begin_obj(r->out);
    json_kstr(r->out, "field", f->key);
    json_kstr(r->out, "title", f->title);
    if (p->value.kind == VAL_LIST && p->value.n == 2) {
        if (side(r, f, "old", p->value.list[0], err) || side(r, f, "new", p->value.list[1], err))
            return -1;
    } else if (p->value.kind == VAL_OBJ) {
        for (uint32_t i = 0; i < p->value.n; i++) {
            json_key(r->out, p->value.obj[i].key);
            json_val(r->out, p->value.obj[i].value);
        }
    }
    json_end_obj(r->out);
    return 0;
}

static void op_json(struct reading *r, struct str op)
{
    struct str key;
    struct str name = str_cut(op, ':', &key);
    json_kstr(r->out, "op", key);
    const struct button *b = name.n ? form_button(r->f, name) : NULL;
    if (b)
        json_kstr(r->out, "title", b->title);
}

static int entry(struct reading *r, struct stmt *s, struct err *err)
{
    struct json *out = r->out;
    struct val changes;
    char buf[16];
    json_begin_obj(out);
    json_kstr(out, "id", id_print(stmt_int(s, 0), buf));
    json_kint(out, "version", stmt_int(s, 1));
    json_kval(out, "at", val_instant(stmt_int(s, 2)));
    json_kval(out, "by",
              stmt_null(s, 3) ? VAL_NONE
                              : val_ref(r->c->a, stmt_int(s, 3), str_dup(r->c->a, stmt_str(s, 4))));
    json_kstr(out, "via", stmt_str(s, 5));
    op_json(r, str_dup(r->c->a, stmt_str(s, 6)));
    json_key(out, STR("changes"));
    json_begin_list(out);
    if (json_parse(r->c->a, str_dup(r->c->a, stmt_str(s, 7)), &changes, err))
        return -1;
    for (uint32_t i = 0; changes.kind == VAL_OBJ && i < changes.n; i++)
        if (one_change(r, &changes.obj[i], err))
            return -1;
    json_end_list(out);
    json_end_obj(out);
    return 0;
}

/* 1 may read this record's history, 0 invisible, -1 (denied included). */
static int may_read(struct ctx *c, const struct form *f, int64_t id, uint8_t *rights,
                    struct err *err)
{
    struct access *x;
    struct rec row;
    if (access_of(c, f, &x, err))
        return -1;
    int found = record_load(c, f, id, REC_LIVE, &row, err);
    if (found <= 0)
        return found;
    int seen = access_row(x, &row, RIGHT_READ, err);
    if (seen <= 0)
        return seen;
    int may = access_row(x, &row, RIGHT_HISTORY, err);
    if (may < 0 || access_row_fields(x, &row, RIGHT_READ, rights, err))
        return -1;
    for (size_t s = 0; x->needs && s < f->nslots; s++)
        if (x->needs[s]) /* the rows it looked at then are not those of now */
            rights[s] = FIELD_HIDDEN;
    return may ? 1 : denied(err);
}

int history_json(struct ctx *c, const struct form *f, int64_t id, struct json *out, struct err *err)
{
    struct reading r = {
        .c = c, .f = f, .out = out, .rights = ARENA_ARRAY(c->a, uint8_t, f->nslots)};
    int may = may_read(c, f, id, r.rights, err);
    if (may <= 0)
        return may;
    struct sql q;
    struct stmt *s;
    ctx_sql(c, &q);
    sql_lit(&q, "SELECT h.id, h.version, h.at, h.who, m.name, h.via, h.op, h.changes"
                " FROM _history h LEFT JOIN _member m ON m.id = h.who WHERE h.record = ");
    sql_bind_int(&q, id);
    sql_lit(&q, " ORDER BY h.id DESC LIMIT ");
    sql_int(&q, HISTORY_MAX);
    if (store_query(c->db, c->a, &q, &s, err))
        return -1;
    json_begin_obj(out);
    json_key(out, STR("history"));
    json_begin_list(out);
    int step;
    while ((step = stmt_step(s, err)) == 1)
        if (entry(&r, s, err)) {
            step = -1;
            break;
        }
    stmt_done(s);
    json_end_list(out);
    json_end_obj(out);
    return step < 0 ? -1 : 1;
}
