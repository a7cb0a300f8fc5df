/*
 * Doing a publish to the tables: what is there is brought to what the new definition asks for.
 * Columns that it no longer has are renamed out of the way and recorded in _retired; a key that
 * comes back with the same kind of value gets its column back.
 */
#include "engine/record/schema_int.h"

#include "engine/record/backfill.h"
#include "engine/record/joins.h"
#include "engine/record/schema_fill.h"
#include "engine/record/sealed.h"
#include "engine/record/sealing.h"
#include "engine/record/search.h"

#include <assert.h>

#define PAGE_BYTES   (16u << 20)
#define INDEX_INLINE 20000 /* rows whose indexes a publish makes itself */

struct work {
    struct ctx *c;
    struct arena *page; /* for one page of rows at a time */
    const struct app *old;
    struct app *new_;
    int64_t n; /* the version that is being published */
};

/* One table under work. */
struct table_work {
    struct work *w;
    const struct form *old; /* NULL: not in the version before */
    struct schema_table t;
    VEC(struct str) there; /* columns, by their names in the database */
};

static void begin(struct sql *q, struct work *w)
{
    sql_init(q, w->c->a, store_dialect(w->c->store));
}

/* ---- names ---- */

/* As the database calls it: long names are shortened with a hash. */
static struct str physical(struct work *w, struct str name)
{
    struct sql q;
    begin(&q, w);
    sql_ident(&q, name);
    return (struct str){q.text.p + 1, q.text.n - 2};
}

static struct str retired_name(struct work *w, struct str name)
{
    return str_fmt(w->c->a, "_r%lld_%.*s", (long long)w->n, STR_ARG(name));
}

static bool is_there(struct table_work *tw, struct str name)
{
    struct str want = physical(tw->w, name);
    for (size_t i = 0; i < tw->there.n; i++)
        if (str_eq(tw->there.v[i], want))
            return true;
    return false;
}

static int look(struct table_work *tw, struct err *err)
{
    struct str *names;
    size_t n;
    struct ctx *c = tw->w->c;
    if (ddl_columns(c->db, c->a, &tw->t.ddl, &names, &n, err) < 0)
        return -1;
    tw->there.v = names;
    tw->there.n = n;
    tw->there.cap = n;
    return 0;
}

const struct field *schema_old_field(const struct form *old, const struct field *f)
{
    const struct field *same = old ? form_field(old, f->key) : NULL;
    if (same || !old || !f->was.n || form_field(f->form, f->was))
        return same;
    return form_field(old, f->was);
}

static const struct field *old_field(const struct table_work *tw, const struct field *f)
{
    return schema_old_field(tw->old, f);
}

/* ---- retired columns ---- */

static void bind_table(struct sql *q, const struct ddl_table *t)
{
    sql_bind_str(q, t->app);
    sql_lit(q, ", ");
    sql_bind_str(q, t->form);
    sql_lit(q, ", ");
    sql_bind_str(q, t->sub);
}

static void where_table(struct sql *q, const struct ddl_table *t)
{
    sql_lit(q, " WHERE app = ");
    sql_bind_str(q, t->app);
    sql_lit(q, " AND form = ");
    sql_bind_str(q, t->form);
    sql_lit(q, " AND sub = ");
    sql_bind_str(q, t->sub);
}

struct retired {
    struct str name, stored_as, kind;
};

static int note_retired(struct work *w, const struct ddl_table *t, const struct retired *r,
                        struct err *err)
{
    struct sql q;
    const struct principal *who = w->c->who;
    begin(&q, w);
    sql_lit(&q, "INSERT INTO _retired (app, form, sub, name, stored_as, kind, at, by, n) VALUES (");
    bind_table(&q, t);
    sql_lit(&q, ", ");
    sql_bind_str(&q, r->name);
    sql_lit(&q, ", ");
    sql_bind_str(&q, r->stored_as);
    sql_lit(&q, ", ");
    sql_bind_str(&q, r->kind);
    sql_lit(&q, ", ");
    sql_bind_int(&q, w->c->now_us);
    sql_lit(&q, ", ");
    sql_bind(&q, who && who->id ? val_dec(who->id, 0) : VAL_NONE);
    sql_lit(&q, ", ");
    sql_bind_int(&q, w->n);
    sql_lit(&q, ") ON CONFLICT (app, form, sub, stored_as) DO NOTHING");
    return store_exec(w->c->db, w->c->a, &q, NULL, err);
}

static int forget_retired(struct work *w, const struct ddl_table *t, struct str stored_as,
                          struct err *err)
{
    struct sql q;
    begin(&q, w);
    sql_lit(&q, "DELETE FROM _retired");
    where_table(&q, t);
    sql_lit(&q, " AND stored_as = ");
    sql_bind_str(&q, stored_as);
    return store_exec(w->c->db, w->c->a, &q, NULL, err);
}

/* The newest retired column of that name and kind: 1, 0, -1. */
static int find_retired(struct table_work *tw, const struct field *f, struct str *stored_as,
                        struct err *err)
{
    struct sql q;
    struct stmt *s;
    struct ctx *c = tw->w->c;
    begin(&q, tw->w);
    sql_lit(&q, "SELECT stored_as FROM _retired");
    where_table(&q, &tw->t.ddl);
    sql_lit(&q, " AND name = ");
    sql_bind_str(&q, f->key);
    sql_lit(&q, " AND kind = ");
    sql_bind_str(&q, schema_signature(c->a, f));
    sql_lit(&q, " ORDER BY n DESC LIMIT 1");
    if (store_query(c->db, c->a, &q, &s, err) < 0)
        return -1;
    int rc = stmt_step(s, err);
    if (rc == 1)
        *stored_as = str_dup(c->a, stmt_str(s, 0));
    stmt_done(s);
    return rc;
}

static int retire_column(struct table_work *tw, struct str name, const struct field *was,
                         struct err *err)
{
    struct ctx *c = tw->w->c;
    struct retired r = {name, retired_name(tw->w, name),
                        was ? schema_signature(c->a, was) : STR("")};
    if (ddl_rename_column(c->db, c->a, &tw->t.ddl, name, r.stored_as, err) < 0)
        return -1;
    return note_retired(tw->w, &tw->t.ddl, &r, err);
}

/* ---- filling columns from others ---- */

static int fill_column(struct table_work *tw, struct schema_copy *f, struct err *err)
{
    int64_t after = INT64_MIN;
    size_t n = SCHEMA_PAGE;
    f->db = tw->w->c->db;
    f->vault = tw->w->c->vault;
    f->a = tw->w->page;
    f->t = &tw->t.ddl;
    f->old = tw->old;
    while (n == SCHEMA_PAGE) {
        struct arena_mark mark = arena_mark(tw->w->page);
        if (schema_copy_page(f, &after, &n, err) < 0)
            return -1;
        arena_reset(tw->w->page, mark);
    }
    return 0;
}

/* Of a column that was copied before the publish: 1 it is in its place, 0 there is none, -1. */
static int take_staged(struct table_work *tw, struct str name, struct err *err)
{
    struct str stored_as;
    struct ctx *c = tw->w->c;
    int found = stage_column(c, &tw->t.ddl, name, &stored_as, err);
    if (found <= 0)
        return found;
    return ddl_rename_column(c->db, c->a, &tw->t.ddl, stored_as, name, err) ? -1 : 1;
}

/* ---- columns ---- */

static int add_column(struct table_work *tw, const struct schema_column *col, struct err *err)
{
    struct ctx *c = tw->w->c;
    return ddl_add_column(c->db, c->a, &tw->t.ddl, &col->ddl, err);
}

/* `was:` moves the column, once: where the old one exists and the new one does not. */
static int rename_column(struct table_work *tw, const struct field *f, struct err *err)
{
    struct ctx *c = tw->w->c;
    const struct ddl_table *t = &tw->t.ddl;
    struct field old = {.key = f->was};
    if (!f->was.n || is_there(tw, f->key) || !is_there(tw, f->was) || form_field(f->form, f->was))
        return 0;
    if (ddl_rename_column(c->db, c->a, t, f->was, f->key, err) < 0 ||
        ddl_rename_column(c->db, c->a, t, field_eq_name(c->a, &old), field_eq_name(c->a, f), err) <
            0 ||
        ddl_rename_column(c->db, c->a, t, field_key_name(c->a, &old), field_key_name(c->a, f),
                          err) < 0)
        return -1;
    return look(tw, err);
}

/* What is sealed now leaves no copy in clear; what was sealed under another name opens no more. */
static int drop_copies(struct table_work *tw, const struct field *old, const struct field *f,
                       struct err *err)
{
    struct ctx *c = tw->w->c;
    struct str *names;
    size_t n;
    bool moved = old->encrypted && f->encrypted && !str_eq(old->key, f->key);
    if (old->encrypted && f->encrypted && !moved)
        return 0; /* another type: the old column stays for 30 days, sealed */
    if (schema_retired(c, &tw->t.ddl, f->key, &names, &n, err) < 0)
        return -1;
    for (size_t i = 0; i < n; i++)
        if (ddl_drop_column(c->db, c->a, &tw->t.ddl, names[i], err) < 0 ||
            forget_retired(tw->w, &tw->t.ddl, names[i], err) < 0)
            return -1;
    return 0;
}

/* They are made again at the end. */
static int drop_indexes_of(struct table_work *tw, struct str column, struct err *err)
{
    struct ctx *c = tw->w->c;
    for (size_t i = 0; i < tw->t.indexes.n; i++) {
        const struct schema_index *ix = &tw->t.indexes.v[i];
        bool has = false;
        for (size_t k = 0; k < ix->ncolumns; k++)
            has |= str_eq(ix->columns[k], column);
        if (has && ddl_drop_index(c->db, c->a, &tw->t.ddl, ix->name, err) < 0)
            return -1;
    }
    return 0;
}

static int change_type(struct table_work *tw, const struct schema_column *col,
                       const struct field *old, struct err *err)
{
    struct schema_copy fill = {.source = retired_name(tw->w, col->ddl.name),
                               .column = col->ddl.name,
                               .from = old,
                               .to = col->field,
                               .how = COPY_CONVERT};
    if (drop_indexes_of(tw, col->ddl.name, err) < 0 ||
        retire_column(tw, col->ddl.name, old, err) < 0)
        return -1;
    int staged = take_staged(tw, col->ddl.name, err);
    if (staged < 0 || (!staged && add_column(tw, col, err) < 0))
        return -1;
    if (!staged && !(col->field->type->flags & FT_COMPUTED) && /* it is computed, not converted */
        fill_column(tw, &fill, err) < 0)
        return -1;
    return old->encrypted == col->field->encrypted && !old->encrypted
               ? 0
               : drop_copies(tw, old, col->field, err);
}

static int bring_back(struct table_work *tw, const struct field *f, struct str stored_as,
                      struct err *err)
{
    struct ctx *c = tw->w->c;
    if (ddl_rename_column(c->db, c->a, &tw->t.ddl, stored_as, f->key, err) < 0)
        return -1;
    return forget_retired(tw->w, &tw->t.ddl, stored_as, err);
}

static int rename_to(struct table_work *tw, struct str from, struct str to, struct err *err)
{
    struct ctx *c = tw->w->c;
    return is_there(tw, from) ? ddl_rename_column(c->db, c->a, &tw->t.ddl, from, to, err) : 0;
}

static int drop_indexes_of(struct table_work *tw, struct str column, struct err *err);

/* All rows are sealed beside the column: what is sealed takes its place. The clear one waits under
 * a name of no field until history has followed (sealing.h). */
static int take_shadow(struct table_work *tw, const struct field *f, struct err *err)
{
    struct arena *a = tw->w->c->a;
    struct str key = field_key_name(a, f);
    if (drop_indexes_of(tw, f->key, err) || drop_indexes_of(tw, key, err) ||
        rename_to(tw, f->key, str_fmt(a, "_x_%.*s", STR_ARG(f->key)), err) ||
        rename_to(tw, key, str_fmt(a, "_x_%.*s", STR_ARG(key)), err) ||
        rename_to(tw, field_shadow_name(a, f, ""), f->key, err) ||
        rename_to(tw, field_shadow_name(a, f, "__eq"), field_eq_name(a, f), err) ||
        rename_to(tw, field_shadow_name(a, f, "__key"), key, err))
        return -1;
    return look(tw, err);
}

/* *fresh: the values are not those of before, a key column must be made anew. */
static int place_field(struct table_work *tw, const struct schema_column *col, bool *fresh,
                       struct err *err)
{
    const struct field *old = old_field(tw, col->field);
    struct str stored_as;
    *fresh = true;
    if (is_there(tw, col->ddl.name)) {
        if (old && old->sealing && col->field->encrypted) {
            *fresh = false;
            return take_shadow(tw, col->field, err);
        }
        if (old && field_has_column(old) && !schema_same_store(old, col->field))
            return change_type(tw, col, old, err);
        *fresh = !old || old->type != col->field->type;
        return 0;
    }
    int found = find_retired(tw, col->field, &stored_as, err);
    if (found < 0)
        return -1;
    return found ? bring_back(tw, col->field, stored_as, err) : add_column(tw, col, err);
}

/* The columns beside a field's own: their values follow from it. */
static int place_beside(struct table_work *tw, const struct schema_column *col, bool fresh,
                        struct err *err)
{
    struct ctx *c = tw->w->c;
    struct str stored_as;
    struct schema_copy fill = {.source = col->field->key,
                               .column = col->ddl.name,
                               .from = col->field,
                               .to = col->field,
                               .how = col->is == COLUMN_EQ ? COPY_HASH : COPY_FOLD};
    int staged = stage_column(c, &tw->t.ddl, col->ddl.name, &stored_as, err);
    if (staged < 0)
        return -1;
    if (is_there(tw, col->ddl.name)) {
        if (!fresh && !staged)
            return 0;
        if (drop_indexes_of(tw, col->ddl.name, err) < 0)
            return -1;
        /* a dropped column rewrites the table */
        if (staged ? retire_column(tw, col->ddl.name, NULL, err) < 0
                   : ddl_drop_column(c->db, c->a, &tw->t.ddl, col->ddl.name, err) < 0)
            return -1;
    }
    if (staged)
        return take_staged(tw, col->ddl.name, err) < 0 ? -1 : 0;
    if (add_column(tw, col, err) < 0)
        return -1;
    return fill_column(tw, &fill, err);
}

static int place_shadow(struct table_work *tw, const struct schema_column *col, struct err *err)
{
    return is_there(tw, col->ddl.name) ? 0 : add_column(tw, col, err);
}

static int place_columns(struct table_work *tw, struct err *err)
{
    bool fresh = false;
    for (size_t i = 0; i < tw->t.columns.n; i++) {
        const struct schema_column *col = &tw->t.columns.v[i];
        int rc = col->is == COLUMN_SHADOW ? place_shadow(tw, col, err)
                 : col->is != COLUMN_OWN  ? place_beside(tw, col, fresh, err)
                 : col->field             ? place_field(tw, col, &fresh, err)
                                          : 0;
        if (rc < 0)
            return -1;
    }
    return look(tw, err);
}

static bool wanted(struct table_work *tw, struct str there)
{
    if (there.p[0] == '_')
        return true; /* the engine's own, or retired already */
    for (size_t i = 0; i < tw->t.columns.n; i++)
        if (str_eq(physical(tw->w, tw->t.columns.v[i].ddl.name), there))
            return true;
    return false;
}

/* A computed column goes when what it is made of is sealed: it would be a copy in clear. */
static bool was_computed(const struct table_work *tw, const struct field *old)
{
    const struct field *now = old ? form_field(tw->t.form, old->key) : NULL;
    return now && (now->type->flags & FT_COMPUTED) && now->encrypted;
}

static int retire_columns(struct table_work *tw, struct err *err)
{
    for (size_t i = 0; i < tw->there.n; i++) {
        struct str name = tw->there.v[i];
        const struct field *old = tw->old ? form_field(tw->old, name) : NULL;
        if (wanted(tw, name))
            continue;
        if (was_computed(tw, old)
                ? ddl_drop_column(tw->w->c->db, tw->w->c->a, &tw->t.ddl, name, err)
                : retire_column(tw, name, old, err))
            return -1;
    }
    return 0;
}

/* ---- indexes ---- */

static int drop_indexes(struct table_work *tw, struct err *err)
{
    struct ctx *c = tw->w->c;
    struct str *names;
    size_t n;
    if (ddl_indexes(c->db, c->a, &tw->t.ddl, &names, &n, err) < 0)
        return -1;
    for (size_t i = 0; i < n; i++) {
        bool keep = false;
        for (size_t k = 0; k < tw->t.indexes.n && !keep; k++)
            keep =
                str_eq(names[i], ddl_index_name(c->db, c->a, &tw->t.ddl, tw->t.indexes.v[k].name));
        if (!keep && ddl_drop_index_named(c->db, c->a, names[i], err) < 0)
            return -1;
    }
    return 0;
}

static int not_unique(struct table_work *tw, struct err *err)
{
    char columns[sizeof err->path];
    memcpy(columns, err->path, sizeof columns);
    (void)err_set(err, ERR_CONFLICT, "duplicate",
                  "无法发布：表单“%.*s”中已有重复的值，不能设为唯一（%s）。",
                  "Cannot publish: form \"%.*s\" holds duplicate values under a unique rule (%s).",
                  STR_ARG(tw->t.form->title), columns);
    return -1;
}

static int has_many(struct table_work *tw, struct err *err)
{
    struct sql q;
    int64_t one;
    begin(&q, tw->w);
    sql_lit(&q, "SELECT 1 FROM ");
    sql_table(&q, tw->t.ddl.app, tw->t.ddl.form, tw->t.ddl.sub);
    sql_lit(&q, " LIMIT 1 OFFSET ");
    sql_int(&q, INDEX_INLINE);
    return store_get_int(tw->w->c->db, tw->w->c->a, &q, &one, err);
}

/* Unique ones are part of the publish; the others of a large table come behind it, one by one
 * (schema_index_step), so that writers wait for one at most. */
static int make_indexes(struct table_work *tw, struct err *err)
{
    struct ctx *c = tw->w->c;
    int many = has_many(tw, err);
    if (many < 0)
        return -1;
    for (size_t i = 0; i < tw->t.indexes.n; i++) {
        const struct schema_index *ix = &tw->t.indexes.v[i];
        if (many && !ix->unique)
            continue;
        struct ddl_index ddl = {ix->name,   ix->columns, ix->ncolumns,
                                ix->unique, ix->live,    ix->last_zh};
        if (ddl_create_index(c->db, c->a, &tw->t.ddl, &ddl, err) < 0)
            return err->code == ERR_CONFLICT ? not_unique(tw, err) : -1;
    }
    return 0;
}

/* ---- tables ---- */

static int make_table(struct table_work *tw, struct err *err)
{
    struct ctx *c = tw->w->c;
    struct ddl_table t = tw->t.ddl;
    struct ddl_column *columns = ARENA_ARRAY(c->a, struct ddl_column, tw->t.columns.n);
    for (size_t i = 0; i < tw->t.columns.n; i++)
        columns[i] = tw->t.columns.v[i].ddl;
    t.columns = columns;
    t.ncolumns = tw->t.columns.n;
    if (ddl_create_table(c->db, c->a, &t, err) < 0)
        return -1;
    return make_indexes(tw, err);
}

static int change_table(struct table_work *tw, struct err *err)
{
    if (look(tw, err) < 0 || forget_retired(tw->w, &tw->t.ddl, STR(""), err) < 0 ||
        drop_indexes(tw, err) < 0)
        return -1;
    for (size_t i = 0; i < tw->t.form->nfields; i++)
        if (rename_column(tw, tw->t.form->fields[i], err) < 0)
            return -1;
    if (place_columns(tw, err) < 0 || retire_columns(tw, err) < 0)
        return -1;
    return make_indexes(tw, err);
}

static int apply_table(struct work *w, const struct form *old, const struct form *f,
                       struct err *err)
{
    struct table_work tw = {.w = w, .old = old};
    schema_table(w->c->a, f, &tw.t);
    int has = ddl_has_table(w->c->db, w->c->a, &tw.t.ddl, err);
    if (has < 0)
        return -1;
    return has ? change_table(&tw, err) : make_table(&tw, err);
}

/* The form before of a sub-table, by its key or the field's `was:`; NULL. */
static const struct form *sub_before(const struct form *old, const struct field *f)
{
    const struct form *same = schema_sub(old, f->key);
    return same || !f->was.n || form_field(f->form, f->was) ? same : schema_sub(old, f->was);
}

/* A table whose form or field was renamed moves with it; one that is retired under the new name
 * makes room. */
static int move_table(struct work *w, const struct form *old, const struct form *f, struct err *err)
{
    struct ctx *c = w->c;
    struct ddl_table to = schema_name(f);
    struct ddl_table aside = to;
    if (!old)
        return 0;
    struct ddl_table from = schema_name(old);
    if (str_eq(from.form, to.form) && str_eq(from.sub, to.sub))
        return 0;
    int has = ddl_has_table(c->db, c->a, &from, err);
    if (has <= 0)
        return has;
    aside.sub = retired_name(w, to.sub);
    if (ddl_rename_table(c->db, c->a, &to, &aside, err) < 0)
        return -1;
    return ddl_rename_table(c->db, c->a, &from, &to, err);
}

static int apply_form(struct work *w, const struct form *f, struct err *err)
{
    const struct form *old = schema_before(w->old, f);
    if (move_table(w, old, f, err) < 0 || schema_rename(w->c, old, f, err) < 0 ||
        apply_table(w, old, f, err) < 0)
        return -1;
    for (size_t i = 0; i < f->nfields; i++) {
        const struct form *sub = f->fields[i]->sub;
        const struct form *was = sub ? sub_before(old, f->fields[i]) : NULL;
        if (sub && (move_table(w, was, sub, err) < 0 || schema_rename(w->c, was, sub, err) < 0 ||
                    apply_table(w, was, sub, err) < 0))
            return -1;
    }
    return 0;
}

/* Tables that the new version has no more stay, and are noted. */
static int retire_table(struct work *w, const struct form *f, struct err *err)
{
    struct ddl_table t = schema_name(f);
    struct retired r = {STR(""), STR(""), STR("table")};
    return note_retired(w, &t, &r, err);
}

/* What the new version makes of an old form; NULL: nothing. */
static const struct form *form_after(const struct app *new_, const struct form *old)
{
    for (size_t i = 0; i < new_->nforms; i++)
        if (schema_before(old->app, new_->forms[i]) == old)
            return new_->forms[i];
    return NULL;
}

static bool sub_after(const struct form *old, const struct form *new_, const struct form *sub)
{
    for (size_t i = 0; new_ && i < new_->nfields; i++)
        if (new_->fields[i]->sub && sub_before(old, new_->fields[i]) == sub)
            return true;
    return false;
}

static int retire_tables(struct work *w, struct err *err)
{
    for (size_t i = 0; w->old && i < w->old->nforms; i++) {
        const struct form *old = w->old->forms[i];
        const struct form *f = form_after(w->new_, old);
        if (!f && retire_table(w, old, err) < 0)
            return -1;
        for (size_t k = 0; k < old->nfields; k++) {
            const struct form *sub = old->fields[k]->sub;
            if (sub && !sub_after(old, f, sub) && retire_table(w, sub, err) < 0)
                return -1;
        }
    }
    return 0;
}

static int next_version(struct work *w, struct err *err)
{
    struct sql q;
    begin(&q, w);
    sql_lit(&q, "SELECT coalesce(max(n), 0) + 1 FROM _app_version WHERE app = ");
    sql_bind_str(&q, w->new_->key);
    return store_get_int(w->c->db, w->c->a, &q, &w->n, err) < 0 ? -1 : 0;
}

static int seal_history(struct work *w, struct err *err)
{
    bool did = false;
    for (size_t i = 0; i < w->new_->nforms; i++)
        if (schema_seal_history(w->c, schema_before(w->old, w->new_->forms[i]), w->new_->forms[i],
                                &did, err) < 0)
            return -1;
    if (did)
        store_repack(w->c->db);
    return 0;
}

static int apply_all(struct work *w, struct err *err)
{
    if (next_version(w, err) < 0)
        return -1;
    for (size_t i = 0; i < w->new_->nforms; i++)
        if (apply_form(w, w->new_->forms[i], err) < 0)
            return -1;
    if (retire_tables(w, err) < 0 || seal_history(w, err) < 0)
        return -1;
    if (schema_fill(w->c, w->old, w->new_, err) < 0 ||
        joins_apply(w->c, w->old, w->new_, err) < 0 ||
        backfill_begin(w->c, w->new_, w->n, err) < 0 || sealing_begin(w->c, w->new_, err) < 0)
        return -1;
    return search_apply(w->c, w->old, w->new_, err);
}

static void free_page(void *arg)
{
    struct arena *a = arg;
    arena_free(&a);
}

int schema_apply(struct ctx *c, const struct app *old, struct app *new_, const struct changes *ch,
                 struct err *err)
{
    struct work w = {.c = c, .page = arena_new(PAGE_BYTES), .old = old, .new_ = new_};
    (void)ch; /* the tables themselves say what is to be done */
    assert(store_is_writer(c->db));
    if (!w.page)
        oom_raise();
    arena_defer(c->a, free_page, w.page); /* an unwind must not leak it */
    int rc = apply_all(&w, err);
    arena_undefer(c->a, w.page);
    arena_free(&w.page);
    return rc;
}

/* ---- indexes behind a publish ---- */

/* 1 one was made, 0 another program is at it, -1. */
typedef int make_fn(struct conn *c, struct arena *a, const struct ddl_table *t,
                    const struct ddl_index *ix, struct err *err);

static int make_one(struct conn *c, struct arena *a, const struct ddl_table *t,
                    const struct ddl_index *ix, struct err *err)
{
    return ddl_create_index(c, a, t, ix, err) ? -1 : 1;
}

/* 1 one was made, 0 all are there, -1. */
static int missing_index(struct ctx *c, const struct form *f, make_fn *make, struct err *err)
{
    struct schema_table t;
    struct str *names;
    size_t n;
    schema_table(c->a, f, &t);
    if (ddl_indexes(c->db, c->a, &t.ddl, &names, &n, err) < 0)
        return -1;
    for (size_t i = 0; i < t.indexes.n; i++) {
        const struct schema_index *ix = &t.indexes.v[i];
        struct str name = ddl_index_name(c->db, c->a, &t.ddl, ix->name);
        bool there = ix->unique; /* made with the table, or not at all */
        for (size_t k = 0; k < n && !there; k++)
            there = str_eq(names[k], name);
        struct ddl_index ddl = {ix->name, ix->columns, ix->ncolumns, false, ix->live, ix->last_zh};
        if (!there)
            return make(c->db, c->a, &t.ddl, &ddl, err);
    }
    return 0;
}

static int each_missing(struct ctx *c, const struct app *app, make_fn *make, struct err *err)
{
    for (size_t i = 0; i < app->nforms; i++) {
        const struct form *f = app->forms[i];
        int made = missing_index(c, f, make, err);
        for (size_t k = 0; made == 0 && k < f->nfields; k++)
            if (f->fields[k]->sub)
                made = missing_index(c, f->fields[k]->sub, make, err);
        if (made)
            return made;
    }
    return 0;
}

int schema_index_step(struct ctx *c, const struct app *app, struct err *err)
{
    return ddl_builds_aside(c->db) ? 0 : each_missing(c, app, make_one, err);
}

int schema_index_aside(struct ctx *c, const struct app *app, struct err *err)
{
    return ddl_builds_aside(c->db) ? each_missing(c, app, ddl_build_index, err) : 0;
}
