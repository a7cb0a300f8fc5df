/*
 * What a publish would do to the rows that are there: counts for each change of the definition, and
 * the changes only data can show.
 */
#include "engine/record/schema_int.h"

#include "engine/record/sealed.h"
#include "engine/value/json.h"

#include <stdio.h>
#include <stdlib.h>

#define HASHES_BYTES ((size_t)512 << 20)

struct plan {
    struct conn *db;
    struct vault *vault;
    struct arena *a;
    const struct app *old, *new_;
};

static void begin(struct sql *q, const struct plan *p)
{
    sql_init(q, p->a, store_dialect(store_of(p->db)));
}

static void from_table(struct sql *q, const struct form *f)
{
    struct ddl_table t = schema_name(f);
    sql_lit(q, " FROM ");
    sql_table(q, t.app, t.form, t.sub);
}

static void live(struct sql *q, const struct form *f)
{
    if (!f->parent) {
        sql_lit(q, " AND ");
        sql_ident(q, STR("_deleted_at"));
        sql_lit(q, " IS NULL");
    }
}

/* The old version's table is there: 1, 0, -1. (A version may be recorded and its tables lost.) */
static int there(const struct plan *p, const struct form *f, struct err *err)
{
    struct ddl_table t;
    if (!f)
        return 0;
    t = schema_name(f);
    return ddl_has_table(p->db, p->a, &t, err);
}

static int count(const struct plan *p, const struct sql *q, int64_t *n, struct err *err)
{
    *n = 0;
    return store_get_int(p->db, p->a, q, n, err) < 0 ? -1 : 0;
}

static int count_rows(const struct plan *p, const struct form *f, int64_t *n, struct err *err)
{
    struct sql q;
    *n = 0;
    int has = there(p, f, err);
    if (has <= 0)
        return has;
    begin(&q, p);
    sql_lit(&q, "SELECT count(*)");
    from_table(&q, f);
    return count(p, &q, n, err);
}

/* Rows where the old column holds something, or nothing (live ones only). */
enum holds { HOLDS_VALUE, HOLDS_BLANK };

static int count_column(const struct plan *p, const struct field *f, enum holds what, int64_t *n,
                        struct err *err)
{
    struct sql q;
    *n = 0;
    if (!f || !field_has_column(f))
        return 0;
    int has = there(p, f->form, err);
    if (has <= 0)
        return has;
    begin(&q, p);
    sql_lit(&q, "SELECT count(*)");
    from_table(&q, f->form);
    sql_lit(&q, " WHERE ");
    sql_ident(&q, f->key);
    if (what == HOLDS_VALUE) {
        sql_lit(&q, " IS NOT NULL");
    } else {
        sql_lit(&q, " IS NULL");
        live(&q, f->form);
    }
    return count(p, &q, n, err);
}

static void say(const struct plan *p, struct change *ch, const char *zh, const char *en)
{
    ch->zh = str_fmt(p->a, "%.*s%s", STR_ARG(ch->zh), zh);
    ch->en = str_fmt(p->a, "%.*s%s", STR_ARG(ch->en), en);
}

static void say_rows(const struct plan *p, struct change *ch, const char *zh, const char *en)
{
    char number[32];
    (void)snprintf(number, sizeof number, "%lld", (long long)ch->rows);
    say(p, ch, "", " "); /* Chinese sentences end without a blank */
    say(p, ch, number, number);
    say(p, ch, zh, en);
}

/* ---- one kind of change each ---- */

static int plan_removed(const struct plan *p, struct change *ch, struct err *err)
{
    const struct form *table = ch->old_field ? ch->old_field->sub : ch->old_form;
    bool whole = !ch->old_field || ch->old_field->sub;
    if (whole ? count_rows(p, table, &ch->rows, err) < 0
              : count_column(p, ch->old_field, HOLDS_VALUE, &ch->rows, err) < 0)
        return -1;
    if (ch->rows == 0) {
        if (ch->kind == CHANGE_DESTRUCTIVE)
            ch->kind = CHANGE_CONFIRM;
        return 0;
    }
    ch->kind = MAX(ch->kind, CHANGE_DESTRUCTIVE);
    say_rows(p, ch, " 行数据将被收起（30 天内可恢复）。",
             " rows of data are put away (restorable for 30 days).");
    return 0;
}

/* The record of a row. */
static int record_of(const struct plan *p, const struct form *f, int64_t row, int64_t *id,
                     struct err *err)
{
    struct sql q;
    *id = row;
    if (!f->parent)
        return 0;
    begin(&q, p);
    sql_lit(&q, "SELECT \"_row\"");
    from_table(&q, f);
    sql_lit(&q, " WHERE \"_id\" = ");
    sql_bind_int(&q, row);
    return store_get_int(p->db, p->a, &q, id, err) < 0 ? -1 : 0;
}

/* Counts the values that do not convert, page by page, and says where the first of them are. */
static int misfits(const struct plan *p, struct change *ch, struct arena *page, struct err *err)
{
    const struct field *old = ch->old_field;
    const struct field *new_ = ch->new_field;
    int64_t *ids = ARENA_ARRAY(p->a, int64_t, CHANGE_EXAMPLES);
    struct ddl_table t = schema_name(old->form);
    struct schema_read read = {p->db, p->vault, page, &t, old->key, old};
    struct schema_cast cast = {p->db, page, old, new_};
    int64_t after = INT64_MIN;
    size_t got = SCHEMA_PAGE;
    ch->rows = 0;
    ch->examples = ids;
    ch->nexamples = 0;
    while (got == SCHEMA_PAGE) {
        struct arena_mark mark = arena_mark(page);
        struct schema_value *v = ARENA_ARRAY(page, struct schema_value, SCHEMA_PAGE);
        if (schema_page(&read, after, v, &got, err) < 0)
            return -1;
        for (size_t i = 0; i < got; i++) {
            bool fits;
            after = v[i].id;
            if (schema_convert(&cast, &v[i].v, &fits, err) < 0)
                return -1;
            if (fits)
                continue;
            ch->rows++;
            if (ch->nexamples < CHANGE_EXAMPLES &&
                record_of(p, old->form, v[i].id, &ids[ch->nexamples++], err))
                return -1;
        }
        arena_reset(page, mark);
    }
    return 0;
}

static void free_arena(void *arg)
{
    struct arena *a = arg;
    arena_free(&a);
}

/* An arena that goes when p->a does, or with drop_scratch. */
static struct arena *scratch(const struct plan *p)
{
    struct arena *a = arena_new(HASHES_BYTES);
    if (!a)
        oom_raise();
    arena_defer(p->a, free_arena, a);
    return a;
}

static void drop_scratch(const struct plan *p, struct arena *a)
{
    arena_undefer(p->a, a);
    arena_free(&a);
}

static int plan_type(const struct plan *p, struct change *ch, struct err *err)
{
    const struct field *old = ch->old_field;
    const struct field *new_ = ch->new_field;
    if (!old || !new_ || !field_has_column(old) || !field_has_column(new_) ||
        (new_->type->flags & FT_COMPUTED))
        return 0;
    int has = there(p, old->form, err);
    if (has <= 0)
        return has;
    struct arena *page = scratch(p);
    int rc = misfits(p, ch, page, err);
    drop_scratch(p, page);
    if (rc < 0)
        return -1;
    if (ch->rows > 0) {
        ch->kind = MAX(ch->kind, CHANGE_DESTRUCTIVE);
        say_rows(p, ch, " 个值无法转换，将变为空白（原值保留 30 天）。",
                 " values do not convert and become blank (the old ones are kept for 30 days).");
    } else if (ch->kind == CHANGE_DESTRUCTIVE) {
        ch->kind = CHANGE_CONFIRM;
    }
    return 0;
}

static int plan_required(const struct plan *p, struct change *ch, struct err *err)
{
    if (count_column(p, ch->old_field, HOLDS_BLANK, &ch->rows, err) < 0)
        return -1;
    if (ch->rows > 0) {
        ch->kind = MAX(ch->kind, CHANGE_CONFIRM);
        say_rows(p, ch, " 行尚未填写，下次修改时必须补填。",
                 " rows are blank and must be filled at their next change.");
    }
    return 0;
}

static int plan_computed(const struct plan *p, struct change *ch, struct err *err)
{
    const struct field *f = ch->old_field ? ch->old_field : ch->new_field;
    return f ? count_rows(p, ch->old_form ? ch->old_form : f->form, &ch->rows, err) : 0;
}

/* Rows whose choice is not among today's options. */
static int plan_options(const struct plan *p, struct change *ch, struct err *err)
{
    struct sql q;
    const struct field *old = ch->old_field;
    if (!old || !ch->new_field || !field_has_column(old))
        return 0;
    int has = there(p, old->form, err);
    if (has <= 0)
        return has;
    bool list = field_column_kind(old) == COL_JSON;
    begin(&q, p);
    sql_lit(&q, "SELECT count(*)");
    from_table(&q, old->form);
    sql_lit(&q, " t0 WHERE ");
    if (list) {
        sql_lit(&q, "EXISTS (SELECT 1 FROM ");
        sql_each(&q, SQL_EACH_TEXT);
    }
    sql_col(&q, 0, old->key);
    if (list)
        sql_lit(&q, ") WHERE value");
    sql_lit(&q, " NOT IN (''");
    for (size_t i = 0; i < ch->new_field->noptions; i++) {
        sql_lit(&q, ", ");
        sql_bind_str(&q, ch->new_field->options[i].key);
    }
    sql_lit_(&q, list ? STR("))") : STR(")"));
    if (count(p, &q, &ch->rows, err) < 0)
        return -1;
    if (ch->rows > 0) {
        ch->kind = MAX(ch->kind, CHANGE_CONFIRM);
        say_rows(p, ch, " 行仍使用已删除的选项。", " rows still hold an option that is gone.");
    }
    return 0;
}

/* ---- duplicates under a new unique rule ---- */

static int by_value(const void *x, const void *y)
{
    uint64_t a = *(const uint64_t *)x;
    uint64_t b = *(const uint64_t *)y;
    return (a > b) - (a < b);
}

struct unique {
    struct field *const *fields; /* of the new version */
    const struct field **old;    /* of the old one, by the same index */
    size_t n;
    const struct form *table; /* the old version's */
};

static void add_value(struct strb *b, const struct field *f, struct val v)
{
    struct json j;
    json_init(&j, b);
    if (f->type && (f->type->flags & FT_FOLD) && f->type->fold)
        json_str(&j, f->type->fold(f, b->a, v));
    else
        json_val(&j, v);
    strb_addc(b, '\n');
}

static void unique_sql(const struct plan *p, const struct unique *u, struct sql *q)
{
    begin(q, p);
    sql_lit(q, "SELECT ");
    sql_ident(q, u->table->parent ? STR("_row") : STR("_id"));
    sql_lit(q, ", \"_id\"");
    for (size_t i = 0; i < u->n; i++) {
        sql_lit(q, ", ");
        sql_ident(q, u->old[i]->key);
    }
    from_table(q, u->table);
    sql_lit(q, " WHERE ");
    for (size_t i = 0; i < u->n; i++) {
        if (i)
            sql_lit(q, " AND ");
        sql_ident(q, u->old[i]->key);
        sql_lit(q, " IS NOT NULL");
    }
    live(q, u->table);
}

typedef VEC(uint64_t) hash_list;

static int read_hashes(const struct plan *p, const struct unique *u, struct arena *big,
                       hash_list *out, struct err *err)
{
    struct sql q;
    struct stmt *s;
    struct arena *small = scratch(p);
    int rc;
    unique_sql(p, u, &q);
    if (store_query(p->db, p->a, &q, &s, err) < 0)
        return -1;
    while ((rc = stmt_step(s, err)) == 1) {
        struct arena_mark mark = arena_mark(small);
        const struct vault_on sealer = {p->vault, p->db, small};
        struct strb b;
        strb_init(&b, small);
        strb_addi(&b, u->table->parent ? stmt_int(s, 0) : 0);
        for (size_t i = 0; i < u->n; i++) {
            struct val v;
            const struct sealed_at at = {u->old[i], stmt_int(s, 1), 0};
            if (sealed_column(&sealer, &at, s, (int)i + 2, &v, err))
                return -1; /* memory and statement go with p->a */
            add_value(&b, u->fields[i], v);
        }
        (void)vec_push(big, out, str_hash(strb_str(&b)));
        arena_reset(small, mark);
    }
    stmt_done(s);
    drop_scratch(p, small);
    return rc;
}

/* Rows that have a value another row has too. */
static int count_duplicates(const struct plan *p, const struct unique *u, int64_t *n,
                            struct err *err)
{
    hash_list list = {0};
    *n = 0;
    int has = there(p, u->table, err);
    if (has <= 0)
        return has;
    struct arena *big = scratch(p);
    int rc = read_hashes(p, u, big, &list, err);
    if (rc == 0 && list.n)
        qsort(list.v, list.n, sizeof *list.v, by_value);
    for (size_t i = 0; rc == 0 && i < list.n; i++)
        *n +=
            (i > 0 && list.v[i] == list.v[i - 1]) || (i + 1 < list.n && list.v[i] == list.v[i + 1]);
    drop_scratch(p, big);
    return rc;
}

/* The old version's fields of a key; false when one has no values yet. */
static bool old_fields(const struct plan *p, const struct form *old, struct unique *u)
{
    u->old = ARENA_ARRAY(p->a, const struct field *, u->n);
    for (size_t i = 0; i < u->n; i++) {
        const struct field *f = form_field(old, u->fields[i]->key);
        if (!f && u->fields[i]->was.n)
            f = form_field(old, u->fields[i]->was);
        if (!f || (!field_is_sys(f) && !field_has_column(f)))
            return false;
        u->old[i] = f;
    }
    u->table = old;
    return true;
}

static void block(const struct plan *p, struct change *ch, int64_t rows)
{
    ch->rows = rows;
    if (rows == 0)
        return;
    ch->kind = CHANGE_BLOCKED;
    say_rows(p, ch, " 行存在重复的值，请先处理。", " rows hold duplicates; resolve them first.");
}

static int plan_unique(const struct plan *p, struct change *ch, struct err *err)
{
    struct unique u = {.fields = &ch->new_field, .n = 1};
    int64_t rows = 0;
    if (!ch->new_field || !ch->new_field->unique || !ch->old_form ||
        !old_fields(p, ch->old_field ? ch->old_field->form : ch->old_form, &u))
        return 0;
    if (count_duplicates(p, &u, &rows, err) < 0)
        return -1;
    block(p, ch, rows);
    return 0;
}

/* ---- composite keys, which no change of a field shows ---- */

static bool same_key(const struct unique_key *x, const struct unique_key *y)
{
    if (x->nfields != y->nfields)
        return false;
    for (size_t i = 0; i < x->nfields; i++)
        if (!str_eq(x->fields[i]->key, y->fields[i]->key))
            return false;
    return true;
}

static bool had_key(const struct form *old, const struct unique_key *k)
{
    for (size_t i = 0; i < old->nuniques; i++)
        if (same_key(&old->uniques[i], k))
            return true;
    return false;
}

static void append(const struct plan *p, struct changes *ch, struct change c)
{
    struct change *v = ARENA_ARRAY(p->a, struct change, ch->n + 1);
    if (ch->n)
        memcpy(v, ch->v, ch->n * sizeof *v);
    v[ch->n] = c;
    ch->v = v;
    ch->n++;
}

static struct str key_names(const struct plan *p, const struct unique_key *k)
{
    struct strb b;
    strb_init(&b, p->a);
    for (size_t i = 0; i < k->nfields; i++) {
        if (i)
            strb_addz(&b, " + ");
        strb_add(&b, k->fields[i]->title.n ? k->fields[i]->title : k->fields[i]->key);
    }
    return strb_str(&b);
}

static int plan_key(const struct plan *p, struct changes *changes, struct form *old, struct form *f,
                    const struct unique_key *k, struct err *err)
{
    struct unique u = {.fields = k->fields, .n = k->nfields};
    int64_t rows;
    if (!old_fields(p, old, &u))
        return 0;
    if (count_duplicates(p, &u, &rows, err) < 0)
        return -1;
    if (rows == 0)
        return 0;
    struct str names = key_names(p, k);
    struct change ch = {
        .what = CHANGE_FIELD_UNIQUE,
        .old_form = old,
        .new_form = f,
        .path = str_fmt(p->a, "%.*s: unique", STR_ARG(k->at.file)),
        .zh = str_fmt(p->a, "表单“%.*s”要求“%.*s”的组合唯一：", STR_ARG(f->title), STR_ARG(names)),
        .en = str_fmt(p->a, "Form \"%.*s\" demands a unique combination of %.*s:",
                      STR_ARG(f->title), STR_ARG(names)),
    };
    block(p, &ch, rows);
    append(p, changes, ch);
    return 0;
}

static int plan_keys(const struct plan *p, struct changes *changes, struct form *old,
                     struct form *f, struct err *err)
{
    for (size_t i = 0; old && i < f->nuniques; i++)
        if (!had_key(old, &f->uniques[i]) && plan_key(p, changes, old, f, &f->uniques[i], err) < 0)
            return -1;
    for (size_t i = 0; old && i < f->nfields; i++)
        if (f->fields[i]->sub &&
            plan_keys(p, changes, schema_sub(old, f->fields[i]->key), f->fields[i]->sub, err) < 0)
            return -1;
    return 0;
}

/* ---- indexes ---- */

static void index_change(const struct plan *p, struct changes *changes, struct form *f,
                         const struct schema_index *ix, struct str dropped)
{
    struct strb columns;
    strb_init(&columns, p->a);
    for (size_t i = 0; ix && i < ix->ncolumns; i++)
        strb_addf(&columns, "%s%.*s", i ? ", " : "", STR_ARG(ix->columns[i]));
    struct str over = strb_str(&columns);
    struct change ch = {.kind = CHANGE_SAFE,
                        .what = CHANGE_FIELD_RULES,
                        .new_form = f,
                        .rows = -1,
                        .path = str_fmt(p->a, "%.*s", STR_ARG(f->at.file))};
    if (ix) {
        ch.zh = str_fmt(p->a, "建立索引 %.*s（%.*s）：%.*s。", STR_ARG(ix->name), STR_ARG(over),
                        STR_ARG(ix->zh));
        ch.en = str_fmt(p->a, "Index %.*s (%.*s) is made: %.*s.", STR_ARG(ix->name), STR_ARG(over),
                        STR_ARG(ix->en));
    } else {
        ch.zh = str_fmt(p->a, "删除索引 %.*s：定义不再用到它。", STR_ARG(dropped));
        ch.en = str_fmt(p->a, "Index %.*s is dropped: the definition no longer uses it.",
                        STR_ARG(dropped));
    }
    append(p, changes, ch);
}

static bool has_index(const struct schema_table *t, struct str name)
{
    for (size_t i = 0; i < t->indexes.n; i++)
        if (str_eq(t->indexes.v[i].name, name))
            return true;
    return false;
}

static void plan_indexes(const struct plan *p, struct changes *changes, struct form *old,
                         struct form *f)
{
    struct schema_table was, is;
    if (!old)
        return; /* a new table comes with its own */
    schema_table(p->a, old, &was);
    schema_table(p->a, f, &is);
    for (size_t i = 0; i < is.indexes.n; i++)
        if (!has_index(&was, is.indexes.v[i].name))
            index_change(p, changes, f, &is.indexes.v[i], STR_NONE);
    for (size_t i = 0; i < was.indexes.n; i++)
        if (!has_index(&is, was.indexes.v[i].name))
            index_change(p, changes, f, NULL, was.indexes.v[i].name);
    for (size_t i = 0; i < f->nfields; i++)
        if (f->fields[i]->sub)
            plan_indexes(p, changes, schema_sub(old, f->fields[i]->key), f->fields[i]->sub);
}

typedef int plan_fn(const struct plan *p, struct change *ch, struct err *err);

static plan_fn *const BY_WHAT[] = {
    [CHANGE_FORM_REMOVED] = plan_removed,    [CHANGE_FIELD_REMOVED] = plan_removed,
    [CHANGE_FIELD_TYPE] = plan_type,         [CHANGE_FIELD_SCALE] = plan_type,
    [CHANGE_FIELD_REQUIRED] = plan_required, [CHANGE_FIELD_UNIQUE] = plan_unique,
    [CHANGE_OPTION_REMOVED] = plan_options,  [CHANGE_COMPUTED] = plan_computed,
};

int schema_plan(struct ctx *c, const struct app *old, const struct app *new_, struct changes *ch,
                struct err *err)
{
    struct plan p = {c->db, c->vault, c->a, old, new_};
    for (size_t i = 0; old && i < ch->n; i++) {
        plan_fn *fn = ch->v[i].what < ARRAY_LEN(BY_WHAT) ? BY_WHAT[ch->v[i].what] : NULL;
        if (fn && fn(&p, &ch->v[i], err) < 0)
            return -1;
    }
    for (size_t i = 0; old && i < new_->nforms; i++)
        if (plan_keys(&p, ch, schema_before(old, new_->forms[i]), new_->forms[i], err) < 0)
            return -1;
    for (size_t i = 0; old && i < new_->nforms; i++)
        plan_indexes(&p, ch, schema_before(old, new_->forms[i]), new_->forms[i]);
    return 0;
}
