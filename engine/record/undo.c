/*
 * What undoing a record comes to is worked out from its entries, oldest first: the value a field
 * had before the scope first touched it, and whether somebody else has touched it since.
 */
#include "engine/record/undo.h"

#include "engine/org/member.h"
#include "engine/record/history_int.h"
#include "engine/record/merge.h"

struct entry {
    bool mine; /* in the scope */
    struct str op;
    int64_t who, at_us;
    struct str name;
    struct val changes;
};

struct one_field {
    bool touched; /* by the scope */
    bool other;   /* by somebody else since */
    struct val old;
    const struct entry *by;
};

enum action { ACT_NONE, ACT_DELETE, ACT_RESTORE, ACT_CHANGE };

struct one {
    struct ctx *c;
    const struct form *f;
    int64_t id;
    struct entry *e;
    size_t n;
    struct one_field *fields; /* by slot */
    enum action action;
    const struct entry *later; /* somebody else's entry since the record was made */
    struct val set;            /* VAL_OBJ */
    struct val kept;           /* VAL_LIST of {field?, because, by?, at?} */
    struct str *names;         /* of the fields that go back */
    size_t nnames;
    struct err damaged; /* a kept value that does not open any more */
};

/* ---- its entries ---- */

static void scope_sql(struct sql *q, const struct undo_scope *s)
{
    sql_lit(q, "h.app = ");
    sql_bind_str(q, s->app);
    sql_lit(q, " AND h.op <> 'compute' AND h.at >= ");
    sql_bind_int(q, s->from_us);
    sql_lit(q, " AND h.at <= ");
    sql_bind_int(q, s->until_us);
    if (s->who) {
        sql_lit(q, " AND h.who = ");
        sql_bind_int(q, s->who);
    }
    if (s->via.n) {
        sql_lit(q, " AND h.via = ");
        sql_bind_str(q, s->via);
    }
    if (s->job) {
        sql_lit(q, " AND h.job = ");
        sql_bind_int(q, s->job);
    }
}

/* Entries of a record, oldest first; `mine` is a condition over h. */
static int entries_of(struct one *o, const struct sql *mine, struct err *err)
{
    struct ctx *c = o->c;
    struct sql q;
    struct stmt *s;
    VEC(struct entry) list = {0};
    ctx_sql(c, &q);
    sql_lit(&q, "SELECT CASE WHEN ");
    sql_append(&q, mine);
    sql_lit(&q, " THEN 1 ELSE 0 END, h.op, h.who, m.name, h.at, h.changes FROM _history h"
                " LEFT JOIN _member m ON m.id = h.who");
    org_limit(c, &q, "m");
    sql_lit(&q, " WHERE h.op <> 'compute' AND h.record = ");
    sql_bind_int(&q, o->id);
    sql_lit(&q, " ORDER BY h.id");
    if (store_query(c->db, c->a, &q, &s, err))
        return -1;
    int step;
    while ((step = stmt_step(s, err)) == 1) {
        struct entry e = {.mine = stmt_int(s, 0) != 0,
                          .op = str_dup(c->a, stmt_str(s, 1)),
                          .who = stmt_int(s, 2),
                          .name = stmt_null(s, 3) ? STR_NONE : str_dup(c->a, stmt_str(s, 3)),
                          .at_us = stmt_int(s, 4)};
        if (json_parse(c->a, str_dup(c->a, stmt_str(s, 5)), &e.changes, err)) {
            step = -1;
            break;
        }
        (void)vec_push(c->a, &list, e);
    }
    stmt_done(s);
    o->e = list.v;
    o->n = list.n;
    return step;
}

static struct val kept_val(struct one *o, const struct field *f, int64_t row, struct val v)
{
    struct val out;
    struct err err = ERR_INIT;
    if (history_get(o->c, f, row, v, &out, &err) == 0)
        return out;
    o->damaged = err;
    return VAL_NONE;
}

static void note_field(struct one *o, const struct entry *e, const struct pair *p)
{
    const struct field *f = form_field(o->f, p->key);
    if (!f)
        return;
    struct one_field *x = &o->fields[f->slot];
    if (e->mine && !x->touched) {
        x->touched = true;
        if (p->value.kind == VAL_LIST && p->value.n == 2)
            x->old = kept_val(o, f, o->id, p->value.list[0]);
    } else if (!e->mine && x->touched) {
        x->other = true;
        x->by = e;
    }
}

static void note_entries(struct one *o)
{
    bool seen = false;
    o->fields = ARENA_ARRAY(o->c->a, struct one_field, o->f->nslots);
    for (size_t i = 0; i < o->n; i++) {
        const struct entry *e = &o->e[i];
        seen |= e->mine;
        if (!seen)
            continue;
        if (e->mine && str_eqz(e->op, "create"))
            o->action = ACT_DELETE;
        else if (e->mine && str_eqz(e->op, "delete"))
            o->action = o->action == ACT_DELETE ? ACT_NONE : ACT_RESTORE;
        else if (e->mine && str_eqz(e->op, "restore"))
            o->action = o->action == ACT_RESTORE ? ACT_NONE : ACT_DELETE;
        if (!e->mine)
            o->later = e;
        for (uint32_t k = 0; e->changes.kind == VAL_OBJ && k < e->changes.n; k++)
            note_field(o, e, &e->changes.obj[k]);
    }
    if (o->action == ACT_NONE)
        o->action = ACT_CHANGE;
}

/* ---- what it comes to ---- */

static void keep(struct one *o, struct str field, struct str because, const struct entry *by)
{
    struct ctx *c = o->c;
    struct val *list = ARENA_ARRAY(c->a, struct val, o->kept.n + 1);
    struct pair *p = ARENA_ARRAY(c->a, struct pair, 4);
    size_t n = 0;
    if (o->kept.n)
        memcpy(list, o->kept.list, o->kept.n * sizeof(*list));
    if (field.n)
        p[n++] = (struct pair){STR("field"), val_text(field)};
    p[n++] = (struct pair){STR("because"), val_text(because)};
    if (by) {
        p[n++] = (struct pair){STR("by"), by->who ? val_ref(c->a, by->who, by->name) : VAL_NONE};
        p[n++] = (struct pair){STR("at"), val_instant(by->at_us)};
    }
    list[o->kept.n] = val_obj(p, n);
    o->kept = val_list(list, o->kept.n + 1);
}

static struct val row_body(struct one *o, const struct form *sub, int64_t id, struct val row)
{
    char buf[16];
    struct pair *p = ARENA_ARRAY(o->c->a, struct pair, sub->nfields + 1);
    size_t n = 0;
    p[n++] = (struct pair){STR("_id"), val_text(str_dup(o->c->a, id_print(id, buf)))};
    for (size_t i = 0; i < sub->nfields; i++) {
        const struct field *f = sub->fields[i];
        struct val v = row.kind == VAL_OBJ ? val_get(row, f->key) : VAL_NONE;
        if (f->type->flags & (FT_COMPUTED | FT_SERIAL))
            continue;
        if (v.kind == VAL_ABSENT)
            v = VAL_NONE;
        p[n++] = (struct pair){f->key, kept_val(o, f, id, v)};
    }
    return val_obj(p, n);
}

/* Rows of today, as bodies, in their order. */
static struct val *rows_now(struct one *o, const struct rec *now, const struct field *table,
                            size_t *n)
{
    const struct rec_rows none = {0};
    const struct rec_rows *rows = now->rows ? &now->rows[table->slot] : &none;
    struct val *list = ARENA_ARRAY(o->c->a, struct val, rows->n);
    for (size_t i = 0; i < rows->n; i++) {
        struct val obj = rec_to_obj(o->c->a, &rows->v[i]);
        list[i] = row_body(o, table->sub, rows->v[i].id, obj);
    }
    *n = rows->n;
    return list;
}

static size_t row_of(const struct val *list, size_t n, struct str id)
{
    size_t i = 0;
    while (i < n && !str_eq(val_str(val_get(list[i], STR("_id"))), id))
        i++;
    return i;
}

/* One entry's change of the rows, taken back. */
static struct val *rows_back(struct one *o, const struct field *table, struct val change,
                             struct val *list, size_t *n)
{
    struct val rows = val_get(change, STR("rows"));
    struct val order = val_get(change, STR("order"));
    uint32_t more = rows.kind == VAL_LIST ? rows.n : 0;
    struct val *out = ARENA_ARRAY(o->c->a, struct val, *n + more);
    size_t m = *n;
    if (m)
        memcpy(out, list, m * sizeof(*out));
    for (uint32_t i = 0; i < more; i++) {
        struct str id = val_str(val_get(rows.list[i], STR("id")));
        struct val old = val_get(rows.list[i], STR("old"));
        size_t at = row_of(out, m, id);
        int64_t row = 0;
        (void)id_parse(id, &row);
        if (old.kind == VAL_OBJ) {
            out[at] = row_body(o, table->sub, row, old);
            m = MAX(m, at + 1);
        } else if (at < m) {
            memmove(&out[at], &out[at + 1], (m - at - 1) * sizeof(*out));
            m--;
        }
    }
    for (uint32_t i = 0; order.kind == VAL_LIST && i < order.n && i < m; i++) {
        size_t at = row_of(out, m, val_str(order.list[i]));
        if (at >= m || at == i)
            continue;
        struct val moved = out[at];
        if (at > i)
            memmove(&out[i + 1], &out[i], (at - i) * sizeof(*out));
        out[i] = moved;
    }
    *n = m;
    return out;
}

static struct val table_back(struct one *o, const struct rec *now, const struct field *table)
{
    size_t n;
    struct val *list = rows_now(o, now, table, &n);
    for (size_t i = o->n; i-- > 0;) {
        struct val change = val_get(o->e[i].changes, table->key);
        if (o->e[i].mine && change.kind == VAL_OBJ)
            list = rows_back(o, table, change, list, &n);
    }
    return n ? val_list(list, n) : VAL_NONE;
}

/* ---- lists of links: what was added goes, what was taken away comes back in its place; links to
 * what lay in the recycle bin meanwhile are in no entry and stay ---- */

static struct str ref_id(struct one *o, struct val v)
{
    char buf[16];
    if (v.kind == VAL_REF)
        return str_dup(o->c->a, id_print(v.ref->id, buf));
    return val_str(v.kind == VAL_OBJ ? val_get(v, STR("id")) : v);
}

static size_t id_at(const struct str *ids, size_t n, struct str id)
{
    size_t i = 0;
    while (i < n && !str_eq(ids[i], id))
        i++;
    return i;
}

static bool holds_id(struct one *o, struct val list, struct str id)
{
    for (uint32_t i = 0; list.kind == VAL_LIST && i < list.n; i++)
        if (str_eq(ref_id(o, list.list[i]), id))
            return true;
    return false;
}

static size_t refs_back(struct one *o, struct val change, struct str *ids, size_t n)
{
    struct val was = change.list[0], now = change.list[1];
    for (uint32_t i = 0; now.kind == VAL_LIST && i < now.n; i++) {
        struct str id = ref_id(o, now.list[i]);
        size_t at = id_at(ids, n, id);
        if (at == n || holds_id(o, was, id))
            continue;
        memmove(&ids[at], &ids[at + 1], (n - at - 1) * sizeof(*ids));
        n--;
    }
    for (uint32_t i = 0; was.kind == VAL_LIST && i < was.n; i++) {
        struct str id = ref_id(o, was.list[i]);
        size_t at = MIN((size_t)i, n);
        if (holds_id(o, now, id) || id_at(ids, n, id) < n)
            continue;
        memmove(&ids[at + 1], &ids[at], (n - at) * sizeof(*ids));
        ids[at] = id;
        n++;
    }
    return n;
}

static struct val list_back(struct one *o, const struct rec *now, const struct field *f)
{
    struct val cur = now->v[f->slot];
    size_t n = 0, most = cur.kind == VAL_LIST ? cur.n : 0;
    for (size_t i = 0; i < o->n; i++) {
        struct val change = val_get(o->e[i].changes, f->key);
        if (o->e[i].mine && change.kind == VAL_LIST && change.n == 2)
            most += change.list[0].kind == VAL_LIST ? change.list[0].n : 0;
    }
    struct str *ids = ARENA_ARRAY(o->c->a, struct str, most + 1);
    for (uint32_t i = 0; cur.kind == VAL_LIST && i < cur.n; i++)
        ids[n++] = ref_id(o, cur.list[i]);
    for (size_t i = o->n; i-- > 0;) {
        struct val change = val_get(o->e[i].changes, f->key);
        if (o->e[i].mine && change.kind == VAL_LIST && change.n == 2)
            n = refs_back(o, change, ids, n);
    }
    struct val *items = ARENA_ARRAY(o->c->a, struct val, n);
    for (size_t i = 0; i < n; i++)
        items[i] = val_text(ids[i]);
    return n ? val_list(items, n) : VAL_NONE;
}

static bool goes_back(const struct field *f)
{
    if (field_is_sys(f))
        return f == f->form->sys[SYS_OWNER] || f == f->form->sys[SYS_DEPT];
    return !(f->type->flags & (FT_COMPUTED | FT_SERIAL)) && !f->log.n;
}

static void plan_fields(struct one *o, const struct rec *now)
{
    struct pair *set = ARENA_ARRAY(o->c->a, struct pair, o->f->nslots);
    size_t n = 0;
    o->names = ARENA_ARRAY(o->c->a, struct str, o->f->nslots);
    for (size_t i = 0; i < o->f->nslots; i++) {
        const struct field *f = rec_field_at(o->f, i);
        const struct one_field *x = &o->fields[i];
        if (!x->touched || !goes_back(f))
            continue;
        if (x->other) {
            keep(o, f->key, STR("changed"), x->by);
            continue;
        }
        if (f->append_only) {
            keep(o, f->key, STR("append_only"), NULL);
            continue;
        }
        set[n] =
            (struct pair){f->key, f->sub                                     ? table_back(o, now, f)
                                  : f->target && (f->type->flags & FT_MULTI) ? list_back(o, now, f)
                                                                             : x->old};
        o->names[n++] = f->key;
    }
    o->nnames = n;
    o->set = val_obj(set, n);
}

/* 1 something goes back, 0 nothing does. */
static int plan(struct one *o, struct err *err)
{
    struct rec now;
    note_entries(o);
    int found = record_load(o->c, o->f, o->id, REC_ANY, &now, err);
    if (found < 0)
        return -1;
    int64_t live = found ? record_load(o->c, o->f, o->id, REC_LIVE, &now, err) : 0;
    if (live < 0)
        return -1;
    if (!found || (!live && o->action != ACT_RESTORE)) {
        keep(o, STR_NONE, STR("gone"), o->later);
        return 0;
    }
    if (o->f->append_only) {
        keep(o, STR_NONE, STR("append_only"), NULL);
        return 0;
    }
    if (o->action == ACT_DELETE && o->later) {
        keep(o, STR_NONE, STR("changed"), o->later);
        return 0;
    }
    if (o->action == ACT_RESTORE && live)
        o->action = ACT_CHANGE; /* somebody brought it back */
    if (o->action == ACT_DELETE)
        return 1;
    plan_fields(o, &now);
    if (o->damaged.code != ERR_NONE) {
        *err = o->damaged;
        return -1;
    }
    return o->action == ACT_RESTORE || o->nnames;
}

/* ---- carrying it out ---- */

/* The scope deleted it: by a merge, perhaps. */
static bool took_away(const struct one *o)
{
    for (size_t i = 0; i < o->n; i++)
        if (o->e[i].mine && str_eqz(o->e[i].op, "delete"))
            return true;
    return false;
}

static int write_one(struct one *o, struct diags *diags, struct err *err)
{
    static const enum rec_op ops[] = {[ACT_NONE] = REC_UPDATE,
                                      [ACT_DELETE] = REC_DELETE,
                                      [ACT_RESTORE] = REC_RESTORE,
                                      [ACT_CHANGE] = REC_UPDATE};
    struct rec_write w = {.op = ops[o->action],
                          .form = o->f,
                          .id = o->id,
                          .values = o->set,
                          .no_version = true,
                          .mode = WRITE_OWN_RIGHT | WRITE_SYSTEM_FIELDS | WRITE_BACK};
    if (record_write(o->c, &w, NULL, diags, err))
        return -1;
    if (took_away(o) && merge_back(o->c, o->id, err))
        return -1;
    if (o->action != ACT_RESTORE || !o->nnames)
        return 0;
    w.op = REC_UPDATE;
    return record_write(o->c, &w, NULL, diags, err);
}

/* 1 done, 0 it could not be done: the reason is kept, -1. */
static int carry_out(struct one *o, struct err *err)
{
    struct diags diags;
    struct err why = ERR_INIT;
    struct conn *db = o->c->db;
    diags_init(&diags, o->c->a);
    if (store_savepoint(db, err))
        return -1;
    if (write_one(o, &diags, &why) == 0)
        return store_release(db, err) ? -1 : 1;
    store_rollback(db);
    rcache_forget(o->c);
    bool refused = why.code == ERR_INVALID || why.code == ERR_CONFLICT || why.code == ERR_DENIED ||
                   why.code == ERR_LOCKED || why.code == ERR_NOT_FOUND;
    if (!refused) {
        *err = why;
        return -1;
    }
    struct str field = diags.list.n ? diags.list.v[0].path : STR_NONE;
    struct str key = diags.list.n ? diags.list.v[0].key : str_dup(o->c->a, str_of(why.key));
    o->kept = VAL_NONE;
    keep(o, field, key, NULL);
    return 0;
}

static int item_json(struct undo *u, struct one *o, bool undone, struct err *err)
{
    static const struct str actions[] = {[ACT_NONE] = STR("none"),
                                         [ACT_DELETE] = STR("delete"),
                                         [ACT_RESTORE] = STR("restore"),
                                         [ACT_CHANGE] = STR("change")};
    struct json *j = u->items;
    struct str title = STR_NONE;
    char buf[16];
    if (!j || u->nitems++ >= UNDO_ITEMS)
        return 0;
    int may = record_could_read(o->c, o->f, o->id, err);
    if (may < 0 || (may && record_title(o->c, o->f, o->id, &title, err) < 0))
        return -1;
    json_begin_obj(j);
    json_kstr(j, "form", o->f->key);
    json_kstr(j, "id", id_print(o->id, buf));
    json_kval(j, "title", val_text(title));
    json_kstr(j, "action", undone ? actions[o->action] : actions[ACT_NONE]);
    json_key(j, STR("undo"));
    json_begin_list(j);
    for (size_t i = 0; undone && i < o->nnames; i++)
        json_str(j, o->names[i]);
    json_end_list(j);
    json_key(j, STR("kept"));
    json_begin_list(j);
    for (uint32_t i = 0; o->kept.kind == VAL_LIST && i < o->kept.n; i++)
        json_val(j, o->kept.list[i]);
    json_end_list(j);
    json_end_obj(j);
    return 0;
}

/* 1 done, or kept for good; 0 refused for now, -1. */
static int undo_record(struct ctx *c, struct undo *u, const struct undo_record *r, struct err *err)
{
    struct sql mine;
    struct one o = {.c = c, .f = app_form(u->app, r->form), .id = r->id};
    if (!o.f) { /* the form is gone with its rows */
        u->kept++;
        return 1;
    }
    ctx_sql(c, &mine);
    scope_sql(&mine, &u->scope);
    if (entries_of(&o, &mine, err))
        return -1;
    int does = plan(&o, err);
    if (does == 1 && o.action == ACT_DELETE && u->deletes == UNDO_DELETE_LAST && !u->dry_run &&
        !u->last)
        return 0;
    if (does == 1 && !u->dry_run) {
        does = carry_out(&o, err);
        if (does == 0 && !u->last)
            return 0;
    }
    if (does < 0)
        return -1;
    if (!does)
        u->kept++;
    else if (o.kept.n)
        u->partly++;
    else
        u->undone++;
    return item_json(u, &o, does == 1, err) ? -1 : 1;
}

int undo_count(struct ctx *c, const struct undo_scope *s, int64_t *n, struct err *err)
{
    struct sql q;
    ctx_sql(c, &q);
    sql_lit(&q, "SELECT COUNT(*) FROM (SELECT DISTINCT h.record FROM _history h WHERE ");
    scope_sql(&q, s);
    sql_lit(&q, ") x");
    *n = 0;
    return store_get_int(c->db, c->a, &q, n, err) < 0 ? -1 : 0;
}

static int targets(struct ctx *c, const struct undo *u, struct undo_record *out, size_t *n,
                   struct err *err)
{
    struct sql q;
    struct stmt *s;
    ctx_sql(c, &q);
    sql_lit(&q, "SELECT DISTINCT h.record, h.form FROM _history h WHERE ");
    scope_sql(&q, &u->scope);
    sql_lit(&q, " AND h.record < ");
    sql_bind_int(&q, u->cursor);
    sql_lit(&q, " ORDER BY h.record DESC LIMIT ");
    sql_int(&q, UNDO_PAGE);
    if (store_query(c->db, c->a, &q, &s, err))
        return -1;
    int step;
    *n = 0;
    while (*n < UNDO_PAGE && (step = stmt_step(s, err)) == 1)
        out[(*n)++] = (struct undo_record){stmt_int(s, 0), str_dup(c->a, stmt_str(s, 1))};
    stmt_done(s);
    return *n < UNDO_PAGE && step < 0 ? -1 : 0;
}

static int take_page(struct ctx *c, struct undo *u, size_t *n, struct err *err)
{
    struct undo_record *list = ARENA_ARRAY(c->a, struct undo_record, UNDO_PAGE);
    if (targets(c, u, list, n, err))
        return -1;
    for (size_t i = 0; i < *n; i++) {
        u->last = u->again.n >= UNDO_AGAIN;
        int done = undo_record(c, u, &list[i], err);
        if (done < 0)
            return -1;
        if (!done)
            (void)vec_push(c->a, &u->again, list[i]);
        u->records++;
        u->cursor = list[i].id;
    }
    u->last = false;
    return 0;
}

/* Only where the scope did more than making rows: an import of new ones has no such order. */
static int find_order(struct ctx *c, struct undo *u, struct err *err)
{
    struct sql q;
    int64_t one;
    if (u->deletes != UNDO_UNKNOWN)
        return 0;
    ctx_sql(c, &q);
    sql_lit(&q, "SELECT 1 FROM _history h WHERE ");
    scope_sql(&q, &u->scope);
    sql_lit(&q, " AND h.op <> 'create' LIMIT 1");
    int found = store_get_int(c->db, c->a, &q, &one, err);
    u->deletes = found == 1 ? UNDO_DELETE_LAST : UNDO_DELETE_NOW;
    return found < 0 ? -1 : 0;
}

/* Those that were refused, as long as one of them goes through; then the rest is kept. */
static int take_again(struct ctx *c, struct undo *u, struct err *err)
{
    bool deleted = u->deletes == UNDO_DELETE_NOW;
    while (u->again.n) {
        size_t left = 0;
        for (size_t i = 0; i < u->again.n; i++) {
            int done = undo_record(c, u, &u->again.v[i], err);
            if (done < 0)
                return -1;
            if (!done)
                u->again.v[left++] = u->again.v[i];
        }
        u->last = left == u->again.n && deleted;
        deleted |= left == u->again.n;
        u->deletes = deleted ? UNDO_DELETE_NOW : UNDO_DELETE_LAST;
        u->again.n = left;
    }
    return 0;
}

int undo_page(struct ctx *c, struct undo *u, struct err *err)
{
    int64_t outer = c->job;
    size_t n;
    c->job = u->job ? u->job : outer;
    int rcode = find_order(c, u, err) || take_page(c, u, &n, err) ? -1 : 0;
    if (rcode == 0 && n < UNDO_PAGE)
        rcode = take_again(c, u, err);
    c->job = outer;
    return rcode ? -1 : n == UNDO_PAGE;
}

/* ---- one version ---- */

static bool columns_writable(struct one *o, struct access *x, uint64_t held,
                             const struct field *table)
{
    for (size_t i = 0; i < table->sub->nfields; i++) {
        const struct field *f = table->sub->fields[i];
        if (!(f->type->flags & (FT_COMPUTED | FT_SERIAL)) &&
            (f->readonly || access_held_sub(x, held, table, f) < FIELD_WRITE))
            return false;
    }
    (void)o;
    return true;
}

/* Leaves out what the caller may not write; *left names it. */
static int narrow(struct one *o, const struct rec *now, struct version_back *v, struct err *err)
{
    struct access *x;
    uint64_t held;
    struct strb left;
    size_t n = 0;
    uint8_t *rights = ARENA_ARRAY(o->c->a, uint8_t, o->f->nslots);
    struct pair *set = ARENA_ARRAY(o->c->a, struct pair, o->set.n);
    strb_init(&left, o->c->a);
    if (access_of(o->c, o->f, &x, err) || access_row_held(x, now, RIGHT_UPDATE, &held, err))
        return -1;
    access_held_fields(x, held, rights);
    for (uint32_t i = 0; i < o->set.n; i++) {
        const struct field *f = form_field(o->f, o->set.obj[i].key);
        bool may = rights[f->slot] >= FIELD_WRITE && !f->readonly && !field_is_sys(f) &&
                   (!f->sub || columns_writable(o, x, held, f));
        if (may)
            set[n++] = o->set.obj[i];
        else if (rights[f->slot] >= FIELD_MASKED && !field_is_sys(f))
            strb_addf(&left, "%s%.*s", left.n ? ", " : "", STR_ARG(f->key));
    }
    o->set = val_obj(set, n);
    v->left = str_z(o->c->a, strb_str(&left));
    return 0;
}

static int may_look(struct ctx *c, const struct version_back *v, struct err *err)
{
    int seen = record_can(c, v->form, v->id, RIGHT_READ, err);
    int may = seen == 1 ? record_can(c, v->form, v->id, RIGHT_HISTORY, err) : seen;
    if (seen == 0)
        return not_found(err);
    return may == 0 ? denied(err) : may < 0 ? -1 : 0;
}

int undo_version(struct ctx *c, struct version_back *v, struct rec *out, struct diags *diags,
                 struct err *err)
{
    struct one o = {.c = c, .f = v->form, .id = v->id};
    struct sql mine;
    struct rec now;
    v->left = "";
    if (may_look(c, v, err))
        return -1;
    int found = record_load(c, v->form, v->id, REC_LIVE, &now, err);
    if (found <= 0)
        return found < 0 ? -1 : not_found(err);
    if (v->version < 1 || v->version > now.version) {
        (void)err_set(err, ERR_INVALID, "version", "这条记录没有版本 %lld。",
                      "This record has no version %lld.", (long long)v->version);
        err_at(err, "version");
        return -1;
    }
    ctx_sql(c, &mine);
    sql_lit(&mine, "h.version > ");
    sql_bind_int(&mine, v->version);
    if (entries_of(&o, &mine, err))
        return -1;
    note_entries(&o);
    plan_fields(&o, &now);
    if (o.damaged.code != ERR_NONE) {
        *err = o.damaged;
        return -1;
    }
    if (narrow(&o, &now, v, err))
        return -1;
    struct rec_write w = {.op = REC_UPDATE,
                          .form = v->form,
                          .id = v->id,
                          .values = o.set,
                          .has_version = v->base != 0,
                          .version = v->base,
                          .if_match = v->base != 0,
                          .no_version = v->base == 0,
                          .mode = WRITE_ROW_IDS};
    return record_write(c, &w, out, diags, err);
}
