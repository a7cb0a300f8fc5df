/*
 * Publishing a change of what is encrypted: whose key seals a row that is there, which copies in
 * clear a table still holds.
 */
#include "engine/record/schema_int.h"

#include "engine/record/history_int.h"
#include "engine/record/rotate.h"
#include "engine/record/sealed.h"

/* A column of the record that a row belongs to. */
static void top_column(struct sql *q, const struct form *f, struct str name, int64_t id)
{
    struct ddl_table t = schema_name(f->parent ? f->parent : f);
    sql_lit(q, "SELECT t0.");
    sql_ident(q, name);
    sql_lit(q, " FROM ");
    sql_table(q, t.app, t.form, t.sub);
    sql_lit(q, " t0");
    if (f->parent) {
        t = schema_name(f);
        sql_lit(q, " JOIN ");
        sql_table(q, t.app, t.form, t.sub);
        sql_lit(q, " t1 ON t1.\"_row\" = t0.\"_id\" WHERE t1.\"_id\" = ");
    } else {
        sql_lit(q, " WHERE t0.\"_id\" = ");
    }
    sql_bind_int(q, id);
}

int schema_subject(const struct vault_on *s, const struct form *old, const struct field *f,
                   int64_t id, int64_t *subject, struct err *err)
{
    struct sql q;
    bool self = str_eqz(f->subject, "self");
    const struct form *top = old && old->parent ? old->parent : old;
    *subject = 0;
    if (!f->subject.n || !top || (!self && !form_field(top, f->subject)))
        return 0; /* a link that is new has no values */
    sql_init(&q, s->a, store_dialect(store_of(s->db)));
    top_column(&q, f->form, self ? STR("_id") : f->subject, id);
    return store_get_int(s->db, s->a, &q, subject, err) < 0 ? -1 : 0;
}

int schema_retired(struct ctx *c, const struct ddl_table *t, struct str key, struct str **names,
                   size_t *n, struct err *err)
{
    struct sql q;
    struct stmt *s;
    VEC(struct str) list = {0};
    ctx_sql(c, &q);
    sql_lit(&q, "SELECT stored_as FROM _retired WHERE app = ");
    sql_bind_str(&q, t->app);
    sql_lit(&q, " AND form = ");
    sql_bind_str(&q, t->form);
    sql_lit(&q, " AND sub = ");
    sql_bind_str(&q, t->sub);
    sql_lit(&q, " AND name = ");
    sql_bind_str(&q, key);
    if (store_query(c->db, c->a, &q, &s, err) < 0)
        return -1;
    int rc;
    while ((rc = stmt_step(s, err)) == 1)
        (void)vec_push(c->a, &list, str_dup(c->a, stmt_str(s, 0)));
    stmt_done(s);
    *names = list.v;
    *n = list.n;
    return rc;
}

/* ---- history ---- */

#define PAGE_BYTES (64u << 20)
#define PAGE_ROWS  500

struct seal_pass {
    struct ctx *c;
    const struct form *old, *f;
    int64_t record;
    bool reseal; /* only under another key: old == f */
    bool late;   /* behind a publish that sealed by a job: entries may be sealed already */
};

static const struct field *after(const struct form *f, const struct field *was)
{
    const struct field *same = form_field(f, was->key);
    for (size_t i = 0; !same && i < f->nfields; i++)
        if (str_eq(f->fields[i]->was, was->key))
            same = f->fields[i];
    return same;
}

/* What a job seals is left to it, until it comes here itself (late). */
static bool changes_seal(const struct seal_pass *p, const struct field *was,
                         const struct field *now)
{
    if (was->sealing && !(p && p->late))
        return false;
    return (was->encrypted || now->encrypted) && !schema_same_store(was, now);
}

static bool form_changes(const struct form *old, const struct form *f)
{
    for (size_t i = 0; i < old->nfields; i++) {
        const struct field *now = after(f, old->fields[i]);
        if (now && (now->sub && old->fields[i]->sub ? form_changes(old->fields[i]->sub, now->sub)
                                                    : changes_seal(NULL, old->fields[i], now)))
            return true;
    }
    return false;
}

static int pass_subject(struct seal_pass *p, const struct field *f, int64_t *subject,
                        struct err *err)
{
    struct field top = *f;
    const struct vault_on s = sealer_of(p->c);
    *subject = str_eqz(f->subject, "self") ? p->record : 0;
    if (*subject || !f->subject.n)
        return 0;
    if (top.form->parent)
        top.form = top.form->parent;
    return schema_subject(&s, p->old, &top, p->record, subject, err);
}

static int reseal(struct seal_pass *p, const struct field *f, int64_t row, struct val *v,
                  struct err *err)
{
    struct vault_at at;
    struct str text;
    struct ctx *c = p->c;
    if (!f->encrypted || v->kind != VAL_TEXT)
        return 0;
    sealed_place(c->a, f, row, &at);
    const struct vault_on on = sealer_of(c);
    int rc = vault_reseal(&on, &at, val_str(*v), &text, err);
    if (rc == 1)
        *v = val_text(text);
    if (rc < 0 && str_eqz(str_of(err->key), "sealed_damaged")) {
        *err = ERR_INIT; /* it could not be read before either */
        rc = 0;
    }
    return rc < 0 ? -1 : 0;
}

/* One kept value as the field keeps it now. */
static int pass_value(struct seal_pass *p, const struct field *was, const struct field *now,
                      int64_t row, struct val *v, struct err *err)
{
    struct sealed_at at = {now, row, 0};
    const struct vault_on s = sealer_of(p->c);
    if (p->reseal)
        return reseal(p, now, row, v, err);
    if (val_is_blank(*v) || !changes_seal(p, was, now))
        return 0;
    if (p->late && v->kind == VAL_TEXT && vault_key_of(val_str(*v)))
        return 0; /* written since */
    struct val column = history_column(p->c, was, *v);
    if (was->encrypted) {
        if (sealed_get(&s, was, row, val_str(column), v, err))
            return -1;
        column = field_to_column(was, s.a, *v);
    }
    if (!now->encrypted)
        return 0; /* json_val() prints the typed value */
    return pass_subject(p, now, &at.subject, err) || sealed_put_column(&s, &at, column, v, err) ? -1
                                                                                                : 0;
}

static int pass_row(struct seal_pass *p, const struct form *old, const struct form *f, int64_t id,
                    struct val *row, struct err *err)
{
    struct pair *pairs = ARENA_ARRAY(p->c->a, struct pair, row->n);
    if (row->kind != VAL_OBJ)
        return 0;
    for (uint32_t i = 0; i < row->n; i++) {
        pairs[i] = row->obj[i];
        const struct field *was = form_field(old, pairs[i].key);
        const struct field *now = was && !field_is_sys(was) ? after(f, was) : NULL;
        if (!now)
            continue;
        pairs[i].key = now->key;
        if (pass_value(p, was, now, id, &pairs[i].value, err))
            return -1;
    }
    *row = val_obj(pairs, row->n);
    return 0;
}

/* {"rows":[{"id","old","new"}],…} */
static int pass_table(struct seal_pass *p, const struct form *old, const struct form *f,
                      struct val *change, struct err *err)
{
    struct pair *pairs = ARENA_ARRAY(p->c->a, struct pair, change->n);
    for (uint32_t i = 0; i < change->n; i++) {
        pairs[i] = change->obj[i];
        struct val list = pairs[i].value;
        if (!str_eqz(pairs[i].key, "rows") || list.kind != VAL_LIST)
            continue;
        struct val *rows = ARENA_ARRAY(p->c->a, struct val, list.n);
        for (uint32_t k = 0; k < list.n; k++) {
            int64_t id = 0;
            struct val was = val_get(list.list[k], STR("old"));
            struct val now = val_get(list.list[k], STR("new"));
            (void)id_parse(val_str(val_get(list.list[k], STR("id"))), &id);
            if (pass_row(p, old, f, id, &was, err) || pass_row(p, old, f, id, &now, err))
                return -1;
            struct pair *row = ARENA_ARRAY(p->c->a, struct pair, 3);
            row[0] = (struct pair){STR("id"), val_get(list.list[k], STR("id"))};
            row[1] = (struct pair){STR("old"), was};
            row[2] = (struct pair){STR("new"), now};
            rows[k] = val_obj(row, 3);
        }
        pairs[i].value = val_list(rows, list.n);
    }
    *change = val_obj(pairs, change->n);
    return 0;
}

static int pass_field(struct seal_pass *p, struct pair *pair, struct err *err)
{
    const struct field *was = form_field(p->old, pair->key);
    const struct field *now = was && !field_is_sys(was) ? after(p->f, was) : NULL;
    if (!now)
        return 0;
    pair->key = now->key;
    if (now->sub && was->sub && pair->value.kind == VAL_OBJ)
        return pass_table(p, was->sub, now->sub, &pair->value, err);
    if (pair->value.kind != VAL_LIST || pair->value.n != 2)
        return 0;
    struct val *sides = ARENA_ARRAY(p->c->a, struct val, 2);
    for (size_t i = 0; i < 2; i++) {
        sides[i] = pair->value.list[i];
        if (pass_value(p, was, now, p->record, &sides[i], err))
            return -1;
    }
    pair->value = (struct val){.kind = VAL_LIST, .n = 2, .list = sides};
    return 0;
}

static int pass_entry(struct seal_pass *p, int64_t id, struct str changes, struct err *err)
{
    struct strb b;
    struct json j;
    struct sql q;
    struct val v;
    if (json_parse(p->c->a, changes, &v, err))
        return -1;
    strb_init(&b, p->c->a);
    json_init(&j, &b);
    json_begin_obj(&j);
    for (uint32_t i = 0; v.kind == VAL_OBJ && i < v.n; i++) {
        struct pair pair = v.obj[i];
        if (str_eqz(pair.key, "_title") && !p->reseal)
            continue; /* it may hold what is sealed now */
        if (pass_field(p, &pair, err))
            return -1;
        json_key(&j, pair.key);
        json_val(&j, pair.value);
    }
    json_end_obj(&j);
    ctx_sql(p->c, &q);
    sql_lit(&q, "UPDATE _history SET changes = ");
    sql_bind_str(&q, strb_str(&b));
    sql_lit(&q, " WHERE id = ");
    sql_bind_int(&q, id);
    return store_exec(p->c->db, p->c->a, &q, NULL, err);
}

struct kept_entry {
    int64_t id, record;
    struct str changes, form;
};

static int pass_page(struct seal_pass *p, int64_t *last, size_t *n, struct err *err)
{
    struct sql q;
    struct stmt *s;
    struct kept_entry *e = ARENA_ARRAY(p->c->a, struct kept_entry, PAGE_ROWS);
    ctx_sql(p->c, &q);
    sql_lit(&q, "SELECT id, record, changes FROM _history WHERE app = ");
    sql_bind_str(&q, p->f->app->key);
    sql_lit(&q, " AND form = ");
    sql_bind_str(&q, p->f->key);
    sql_lit(&q, " AND id > ");
    sql_bind_int(&q, *last);
    sql_lit(&q, " ORDER BY id LIMIT ");
    sql_int(&q, PAGE_ROWS);
    if (store_query(p->c->db, p->c->a, &q, &s, err))
        return -1;
    int rc;
    *n = 0;
    while ((rc = stmt_step(s, err)) == 1)
        e[(*n)++] = (struct kept_entry){.id = stmt_int(s, 0),
                                        .record = stmt_int(s, 1),
                                        .changes = str_dup(p->c->a, stmt_str(s, 2))};
    stmt_done(s);
    for (size_t i = 0; rc == 0 && i < *n; i++) {
        p->record = e[i].record;
        *last = e[i].id;
        rc = pass_entry(p, e[i].id, e[i].changes, err);
    }
    return rc;
}

static void free_arena(void *arg)
{
    struct arena *a = arg;
    arena_free(&a);
}

/* Titles of rows in the recycle bin are not computed anew: they may hold what is sealed now. */
static int bin_titles(struct ctx *c, const struct form *f, struct err *err)
{
    struct sql q;
    ctx_sql(c, &q);
    sql_lit(&q, "UPDATE ");
    sql_form(&q, f);
    sql_lit(&q, " SET \"_title\" = NULL WHERE \"_deleted_at\" IS NOT NULL");
    return store_exec(c->db, c->a, &q, NULL, err);
}

static bool seals_later(const struct form *old)
{
    for (size_t i = 0; i < old->nfields; i++)
        if (old->fields[i]->sealing || (old->fields[i]->sub && seals_later(old->fields[i]->sub)))
            return true;
    return false;
}

int schema_seal_history(struct ctx *c, const struct form *old, const struct form *f, bool *did,
                        struct err *err)
{
    struct ctx own = *c;
    struct seal_pass p = {.c = &own, .old = old, .f = f};
    int64_t last = 0;
    size_t n = PAGE_ROWS;
    int rc = 0;
    if (!old || seals_later(old) || !form_changes(old, f))
        return 0; /* behind a job its entries follow page by page */
    *did = true;
    own.a = arena_new(PAGE_BYTES);
    if (!own.a)
        oom_raise();
    arena_defer(c->a, free_arena, own.a);
    while (rc == 0 && n == PAGE_ROWS) {
        struct arena_mark mark = arena_mark(own.a);
        rc = pass_page(&p, &last, &n, err);
        arena_reset(own.a, mark);
    }
    arena_undefer(c->a, own.a);
    arena_free(&own.a);
    return rc ? -1 : bin_titles(c, f, err);
}

int schema_seal_late(struct ctx *c, const struct form *old, const struct form *f, int64_t *last,
                     size_t *n, struct err *err)
{
    struct seal_pass p = {.c = c, .old = old, .f = f, .late = true};
    return pass_page(&p, last, n, err);
}

/* ---- under another key ---- */

static int read_entries(struct ctx *c, const struct app *app, int64_t last, struct kept_entry *e,
                        size_t *n, struct err *err)
{
    struct sql q;
    struct stmt *s;
    ctx_sql(c, &q);
    sql_lit(&q, "SELECT id, record, changes, form FROM _history WHERE app = ");
    sql_bind_str(&q, app->key);
    sql_lit(&q, " AND id > ");
    sql_bind_int(&q, last);
    sql_lit(&q, " ORDER BY id LIMIT ");
    sql_int(&q, PAGE_ROWS);
    if (store_query(c->db, c->a, &q, &s, err))
        return -1;
    int rc;
    *n = 0;
    while ((rc = stmt_step(s, err)) == 1)
        e[(*n)++] =
            (struct kept_entry){stmt_int(s, 0), stmt_int(s, 1), str_dup(c->a, stmt_str(s, 2)),
                                str_dup(c->a, stmt_str(s, 3))};
    stmt_done(s);
    return rc;
}

int rotate_history(struct ctx *c, const struct app *app, int64_t *last, size_t *n, struct err *err)
{
    struct kept_entry *e = ARENA_ARRAY(c->a, struct kept_entry, PAGE_ROWS);
    if (read_entries(c, app, *last, e, n, err))
        return -1;
    for (size_t i = 0; i < *n; i++) {
        const struct form *f = app_form(app, e[i].form);
        struct seal_pass p = {.c = c, .old = f, .f = f, .record = e[i].record, .reseal = true};
        *last = e[i].id;
        if (f && str_find(e[i].changes, STR("\"v1."), 0) >= 0 &&
            pass_entry(&p, e[i].id, e[i].changes, err))
            return -1;
    }
    return 0;
}
