/*
 * The views behind as-of reading. For each form that a query names: a temporary table with the rows
 * that were touched since, put back step by step from their history (newest first), and a view that
 * takes it before today's row. Rows that came later are absent, rows deleted later are there. Rows
 * of sub-tables come and go with the entries that added and removed them.
 */
#include "engine/record/asof.h"

#include "engine/record/columns.h"
#include "engine/record/history_int.h"
#include "engine/record/sealed.h"

#define PAGE_ROWS 500
#define ROWS_MAX  300000 /* touched since, of one form */

struct asof {
    struct ctx *c;
    struct asof_at at;
    VEC(const struct form *) made;
    bool failed;
    struct err err;
};

/* ---- names ---- */

static void temp_name(struct sql *q, struct arena *a, const char *prefix, const struct form *f)
{
    const struct form *top = f->parent ? f->parent : f;
    sql_table(q, str_fmt(a, "_asof_%s_%.*s", prefix, STR_ARG(top->app->key)), top->key,
              f->parent ? f->key : STR_NONE);
}

static bool made(const struct asof *a, const struct form *f)
{
    for (size_t i = 0; i < a->made.n; i++)
        if (a->made.v[i] == f)
            return true;
    return false;
}

/* Columns of a form's table beside those every one has. */
static void each_column(struct ctx *c, const struct form *f,
                        void (*fn)(struct sql *q, struct str name), struct sql *q)
{
    static const struct str more[] = {STR("_deleted_at"), STR("_deleted_by")};
    for (size_t i = 0; i < f->nslots; i++) {
        const struct field *field = rec_field_at(f, i);
        if (!field_is_sys(field) && !field_has_column(field))
            continue;
        if (!field_is_sys(field) || field != f->sys[SYS_ID])
            fn(q, field->key);
        if (!field_is_sys(field) && field_has_eq(field))
            fn(q, field_eq_name(c->a, field));
        if (!field_is_sys(field) && field_has_key(field))
            fn(q, field_key_name(c->a, field));
    }
    for (size_t i = 0; i < ARRAY_LEN(more); i++)
        fn(q, more[i]);
}

static int exec(struct asof *a, const struct sql *q)
{
    return store_exec(a->c->db, a->c->a, q, NULL, &a->err);
}

/* ---- one touched record ---- */

struct back {
    struct asof *a;
    const struct form *f;
    int64_t id;
    struct val *was; /* by slot; VAL_ABSENT: as it is */
    bool deleted, alive;
};

static void set_one(struct sql *q, size_t *n, struct str name, struct val v)
{
    if ((*n)++)
        sql_lit(q, ", ");
    sql_ident(q, name);
    sql_lit(q, " = ");
    sql_bind(q, v);
}

static struct val key_of(struct ctx *c, const struct field *f, struct val v)
{
    return val_is_blank(v) || v.kind != VAL_TEXT ? VAL_NONE : val_text(f->type->fold(f, c->a, v));
}

/* The hash of equality of a value as history sealed it. */
static int eq_of(struct back *b, const struct field *f, int64_t id, struct val sealed,
                 struct val *out)
{
    struct val v;
    const struct vault_on s = sealer_of(b->a->c);
    *out = VAL_NONE;
    return sealed_get(&s, f, id, val_str(sealed), &v, &b->a->err) ||
                   sealed_eq(&s, f, v, out, &b->a->err)
               ? -1
               : 0;
}

static int put_back(struct back *b)
{
    struct ctx *c = b->a->c;
    struct sql q;
    size_t n = 0;
    ctx_sql(c, &q);
    sql_lit(&q, "UPDATE ");
    temp_name(&q, c->a, "d", b->f);
    sql_lit(&q, " SET ");
    for (size_t i = 0; i < b->f->nslots; i++) {
        const struct field *f = rec_field_at(b->f, i);
        if (b->was[i].kind == VAL_ABSENT || (!field_is_sys(f) && !field_has_column(f)))
            continue;
        set_one(&q, &n, f->key, b->was[i]);
        if (!field_is_sys(f) && field_has_eq(f)) {
            struct val eq;
            if (eq_of(b, f, b->id, b->was[i], &eq))
                return -1;
            set_one(&q, &n, field_eq_name(c->a, f), eq);
        } else if (!field_is_sys(f) && field_has_key(f))
            set_one(&q, &n, field_key_name(c->a, f), key_of(c, f, b->was[i]));
    }
    if (b->alive || b->deleted)
        set_one(&q, &n, STR("_deleted_at"), b->deleted ? val_instant(b->a->at.at_us) : VAL_NONE);
    if (!n)
        return 0;
    sql_lit(&q, " WHERE \"_id\" = ");
    sql_bind_int(&q, b->id);
    return exec(b->a, &q);
}

/* ---- rows of its sub-tables ---- */

/* The first entry that touches a sub-table of the record takes the rows of today along. */
static int take_rows(struct back *b, const struct form *sub)
{
    struct ctx *c = b->a->c;
    struct sql q;
    int64_t one;
    ctx_sql(c, &q);
    sql_lit(&q, "SELECT 1 FROM ");
    temp_name(&q, c->a, "m", sub);
    sql_lit(&q, " WHERE \"_id\" = ");
    sql_bind_int(&q, b->id);
    int has = store_get_int(c->db, c->a, &q, &one, &b->a->err);
    if (has)
        return has < 0 ? -1 : 0;
    ctx_sql(c, &q);
    sql_lit(&q, "INSERT INTO ");
    temp_name(&q, c->a, "m", sub);
    sql_lit(&q, " (\"_id\") VALUES (");
    sql_bind_int(&q, b->id);
    sql_lit(&q, ")");
    if (exec(b->a, &q))
        return -1;
    ctx_sql(c, &q);
    sql_lit(&q, "INSERT INTO ");
    temp_name(&q, c->a, "d", sub);
    sql_lit(&q, " SELECT * FROM ");
    sql_form(&q, sub);
    sql_lit(&q, " WHERE \"_row\" = ");
    sql_bind_int(&q, b->id);
    return exec(b->a, &q);
}

static int drop_row(struct back *b, const struct form *sub, int64_t id)
{
    struct sql q;
    ctx_sql(b->a->c, &q);
    sql_lit(&q, "DELETE FROM ");
    temp_name(&q, b->a->c->a, "d", sub);
    sql_lit(&q, " WHERE \"_id\" = ");
    sql_bind_int(&q, id);
    return exec(b->a, &q);
}

static int insert_row(struct back *b, const struct form *sub, int64_t id, struct val old)
{
    struct ctx *c = b->a->c;
    struct sql q;
    ctx_sql(c, &q);
    sql_lit(&q, "INSERT INTO ");
    temp_name(&q, c->a, "d", sub);
    sql_lit(&q, " (\"_id\", \"_row\", \"_pos\"");
    for (uint32_t i = 0; i < old.n; i++) {
        const struct field *f = form_field(sub, old.obj[i].key);
        if (!f || !field_has_column(f))
            continue;
        sql_lit(&q, ", ");
        sql_ident(&q, f->key);
        if (field_has_eq(f)) {
            sql_lit(&q, ", ");
            sql_ident(&q, field_eq_name(c->a, f));
        }
    }
    sql_lit(&q, ") VALUES (");
    sql_bind_int(&q, id);
    sql_lit(&q, ", ");
    sql_bind_int(&q, b->id);
    sql_lit(&q, ", ");
    sql_bind_int(&q, (int64_t)val_double(val_get(old, STR("_pos"))));
    for (uint32_t i = 0; i < old.n; i++) {
        const struct field *f = form_field(sub, old.obj[i].key);
        if (!f || !field_has_column(f))
            continue;
        sql_lit(&q, ", ");
        struct val column = history_column(c, f, old.obj[i].value);
        sql_bind(&q, column);
        if (field_has_eq(f)) {
            struct val eq;
            if (eq_of(b, f, id, column, &eq))
                return -1;
            sql_lit(&q, ", ");
            sql_bind(&q, eq);
        }
    }
    sql_lit(&q, ")");
    return exec(b->a, &q);
}

static int order_rows(struct back *b, const struct form *sub, struct val order)
{
    for (uint32_t i = 0; order.kind == VAL_LIST && i < order.n; i++) {
        struct sql q;
        int64_t id;
        if (!id_parse(val_str(order.list[i]), &id))
            continue;
        ctx_sql(b->a->c, &q);
        sql_lit(&q, "UPDATE ");
        temp_name(&q, b->a->c->a, "d", sub);
        sql_lit(&q, " SET \"_pos\" = ");
        sql_bind_int(&q, i);
        sql_lit(&q, " WHERE \"_id\" = ");
        sql_bind_int(&q, id);
        if (exec(b->a, &q))
            return -1;
    }
    return 0;
}

static int rows_back(struct back *b, const struct form *sub, struct val change)
{
    struct val rows = val_get(change, STR("rows"));
    if (take_rows(b, sub))
        return -1;
    for (uint32_t i = 0; rows.kind == VAL_LIST && i < rows.n; i++) {
        struct val old = val_get(rows.list[i], STR("old"));
        int64_t id;
        if (!id_parse(val_str(val_get(rows.list[i], STR("id"))), &id))
            continue;
        if (drop_row(b, sub, id) || (old.kind == VAL_OBJ && insert_row(b, sub, id, old)))
            return -1;
    }
    return order_rows(b, sub, val_get(change, STR("order")));
}

/* ---- its entries, newest first ---- */

static int entry_back(struct back *b, struct str op, struct val changes)
{
    if (str_eqz(op, "delete") || str_eqz(op, "restore")) {
        b->alive = str_eqz(op, "delete");
        b->deleted = !b->alive;
    }
    for (uint32_t i = 0; changes.kind == VAL_OBJ && i < changes.n; i++) {
        const struct field *f = form_field(b->f, changes.obj[i].key);
        struct val v = changes.obj[i].value;
        if (!f)
            continue;
        if (f->sub && v.kind == VAL_OBJ && rows_back(b, f->sub, v))
            return -1;
        if (!f->sub && v.kind == VAL_LIST && v.n == 2)
            b->was[f->slot] = history_column(b->a->c, f, v.list[0]);
    }
    return 0;
}

static void start(struct back *b, int64_t id)
{
    b->id = id;
    b->alive = b->deleted = false;
    for (size_t i = 0; i < b->f->nslots; i++)
        b->was[i] = (struct val){.kind = VAL_ABSENT};
}

struct entry {
    int64_t record;
    struct str op, changes;
};

/* Entries of the touched records lo … hi. */
static int entries_of(struct asof *a, const struct form *f, const int64_t span[2],
                      struct entry **out, size_t *n)
{
    struct ctx *c = a->c;
    struct sql q;
    struct stmt *s;
    VEC(struct entry) list = {0};
    ctx_sql(c, &q);
    sql_lit(&q, "SELECT h.record, h.op, h.changes FROM ");
    temp_name(&q, c->a, "d", f);
    sql_lit(&q, " d JOIN _history h ON h.record = d.\"_id\" WHERE d.\"_id\" >= ");
    sql_bind_int(&q, span[0]);
    sql_lit(&q, " AND d.\"_id\" <= ");
    sql_bind_int(&q, span[1]);
    sql_lit(&q, " AND h.at > ");
    sql_bind_int(&q, a->at.at_us);
    sql_lit(&q, " ORDER BY h.record, h.id DESC");
    if (store_query(c->db, c->a, &q, &s, &a->err))
        return -1;
    int step;
    while ((step = stmt_step(s, &a->err)) == 1) {
        struct entry e = {stmt_int(s, 0), str_dup(c->a, stmt_str(s, 1)),
                          str_dup(c->a, stmt_str(s, 2))};
        (void)vec_push(c->a, &list, e);
    }
    stmt_done(s);
    *out = list.v;
    *n = list.n;
    return step;
}

static int page_back(struct back *b, const int64_t span[2])
{
    struct entry *e;
    size_t n;
    if (entries_of(b->a, b->f, span, &e, &n))
        return -1;
    for (size_t i = 0; i < n; i++) {
        struct val changes;
        if (!i || e[i].record != e[i - 1].record)
            start(b, e[i].record);
        if (json_parse(b->a->c->a, e[i].changes, &changes, &b->a->err) ||
            entry_back(b, e[i].op, changes))
            return -1;
        bool last = i + 1 == n || e[i + 1].record != e[i].record;
        if (last && put_back(b))
            return -1;
    }
    return 0;
}

/* The next touched ids: 1 a page, 0 the end, -1. */
static int next_page(struct asof *a, const struct form *f, int64_t span[2])
{
    struct ctx *c = a->c;
    struct sql q;
    ctx_sql(c, &q);
    sql_lit(&q, "SELECT min(p.\"_id\"), max(p.\"_id\") FROM (SELECT \"_id\" FROM ");
    temp_name(&q, c->a, "d", f);
    sql_lit(&q, " WHERE \"_id\" > ");
    sql_bind_int(&q, span[1]);
    sql_lit(&q, " ORDER BY \"_id\" LIMIT ");
    sql_int(&q, PAGE_ROWS);
    sql_lit(&q, ") p");
    struct stmt *s;
    if (store_query(c->db, c->a, &q, &s, &a->err))
        return -1;
    int step = stmt_step(s, &a->err);
    if (step == 1 && stmt_null(s, 0))
        step = 0;
    if (step == 1) {
        span[0] = stmt_int(s, 0);
        span[1] = stmt_int(s, 1);
    }
    stmt_done(s);
    return step;
}

static int all_back(struct asof *a, const struct form *f)
{
    struct back b = {.a = a, .f = f, .was = ARENA_ARRAY(a->c->a, struct val, f->nslots)};
    int64_t span[2] = {0, 0};
    int more;
    while ((more = next_page(a, f, span)) == 1) {
        struct arena_mark mark = arena_mark(a->c->a);
        int rc = page_back(&b, span);
        arena_reset(a->c->a, mark);
        if (rc)
            return -1;
    }
    return more;
}

/* Version and last change as of then: what the newest entry before says. */
static int stamp_back(struct asof *a, const struct form *f)
{
    static const struct {
        struct str column;
        struct str from;
    } stamps[] = {{STR("_version"), STR("version")},
                  {STR("_updated_at"), STR("at")},
                  {STR("_updated_by"), STR("who")}};
    struct sql q;
    ctx_sql(a->c, &q);
    sql_lit(&q, "UPDATE ");
    temp_name(&q, a->c->a, "d", f);
    sql_lit(&q, " SET ");
    for (size_t i = 0; i < ARRAY_LEN(stamps); i++) {
        if (i)
            sql_lit(&q, ", ");
        sql_ident(&q, stamps[i].column);
        sql_lit(&q, " = COALESCE((SELECT h.");
        sql_ident(&q, stamps[i].from);
        sql_lit(&q, " FROM _history h WHERE h.record = ");
        temp_name(&q, a->c->a, "d", f);
        sql_lit(&q, ".\"_id\" AND h.at <= ");
        sql_bind_int(&q, a->at.at_us);
        sql_lit(&q, " AND h.op <> 'compute' ORDER BY h.id DESC LIMIT 1), ");
        sql_ident(&q, stamps[i].column);
        sql_lit(&q, ")");
    }
    return exec(a, &q);
}

/* ---- tables and views ---- */

static int make_like(struct asof *a, const struct form *f)
{
    struct sql q;
    ctx_sql(a->c, &q);
    sql_lit(&q, "CREATE TEMP TABLE ");
    temp_name(&q, a->c->a, "d", f);
    sql_lit(&q, " AS SELECT * FROM ");
    sql_form(&q, f);
    sql_lit(&q, " WHERE 1 = 0");
    return exec(a, &q);
}

static int make_index(struct asof *a, const char *prefix, const struct form *f, struct str column)
{
    struct sql q;
    ctx_sql(a->c, &q);
    sql_lit(&q, "CREATE INDEX ");
    temp_name(&q, a->c->a, str_z(a->c->a, str_fmt(a->c->a, "%s%.*s", prefix, STR_ARG(column))), f);
    sql_lit(&q, " ON ");
    temp_name(&q, a->c->a, prefix, f);
    sql_lit(&q, " (");
    sql_ident(&q, column);
    sql_lit(&q, ")");
    return exec(a, &q);
}

static int make_subs(struct asof *a, const struct form *f)
{
    for (size_t i = 0; i < f->nfields; i++) {
        const struct form *sub = f->fields[i]->sub;
        struct sql q;
        if (!sub)
            continue;
        ctx_sql(a->c, &q);
        sql_lit(&q, "CREATE TEMP TABLE ");
        temp_name(&q, a->c->a, "m", sub);
        if (store_dialect(a->c->store) == SQL_PGSQL)
            sql_lit(&q, " (\"_id\" BIGINT PRIMARY KEY)");
        else
            sql_lit(&q, " (\"_id\" INTEGER PRIMARY KEY)");
        if (exec(a, &q) || make_like(a, sub) || make_index(a, "d", sub, STR("_id")) ||
            make_index(a, "d", sub, STR("_row")))
            return -1;
    }
    return 0;
}

static void touched(struct asof *a, const struct form *f, struct sql *q)
{
    sql_lit(q, "(SELECT h.record FROM _history h WHERE h.app = ");
    sql_bind_str(q, f->app->key);
    sql_lit(q, " AND h.form = ");
    sql_bind_str(q, f->key);
    sql_lit(q, " AND h.at > ");
    sql_bind_int(q, a->at.at_us);
    if (a->at.only && a->at.form == f) {
        sql_lit(q, " AND h.record = ");
        sql_bind_int(q, a->at.only);
    }
    sql_lit(q, ")");
}

static int take_touched(struct asof *a, const struct form *f, int64_t *n)
{
    struct sql q;
    ctx_sql(a->c, &q);
    sql_lit(&q, "INSERT INTO ");
    temp_name(&q, a->c->a, "d", f);
    sql_lit(&q, " SELECT * FROM ");
    sql_form(&q, f);
    sql_lit(&q, " WHERE \"_created_at\" <= ");
    sql_bind_int(&q, a->at.at_us);
    sql_lit(&q, " AND \"_id\" IN ");
    touched(a, f, &q);
    sql_lit(&q, " LIMIT ");
    sql_int(&q, ROWS_MAX + 1);
    if (store_exec(a->c->db, a->c->a, &q, n, &a->err))
        return -1;
    if (*n <= ROWS_MAX)
        return 0;
    return err_set(
        &a->err, ERR_INVALID, "as_of_too_far", "该时刻之后改动的记录超过 %d 条，请选择更近的时刻。",
        "More than %d records changed since then; please choose a later moment.", ROWS_MAX);
}

static void pick(struct sql *q, struct str name)
{
    sql_lit(q, ", CASE WHEN d.\"_id\" IS NULL THEN r.");
    sql_ident(q, name);
    sql_lit(q, " ELSE d.");
    sql_ident(q, name);
    sql_lit(q, " END AS ");
    sql_ident(q, name);
}

static int make_view(struct asof *a, const struct form *f)
{
    struct sql q;
    ctx_sql(a->c, &q);
    sql_lit(&q, "CREATE TEMP VIEW ");
    temp_name(&q, a->c->a, "v", f);
    sql_lit(&q, " AS SELECT r.\"_id\" AS \"_id\"");
    each_column(a->c, f, pick, &q);
    sql_lit(&q, " FROM ");
    sql_form(&q, f);
    sql_lit(&q, " r LEFT JOIN ");
    temp_name(&q, a->c->a, "d", f);
    sql_lit(&q, " d ON d.\"_id\" = r.\"_id\" WHERE r.\"_created_at\" <= ");
    sql_int(&q, a->at.at_us);
    return exec(a, &q);
}

static int make_sub_view(struct asof *a, const struct form *sub)
{
    struct sql q;
    ctx_sql(a->c, &q);
    sql_lit(&q, "CREATE TEMP VIEW ");
    temp_name(&q, a->c->a, "v", sub);
    sql_lit(&q, " AS SELECT * FROM ");
    sql_form(&q, sub);
    sql_lit(&q, " WHERE \"_row\" NOT IN (SELECT \"_id\" FROM ");
    temp_name(&q, a->c->a, "m", sub);
    sql_lit(&q, ") UNION ALL SELECT * FROM ");
    temp_name(&q, a->c->a, "d", sub);
    return exec(a, &q);
}

static int make_views(struct asof *a, const struct form *f)
{
    for (size_t i = 0; i < f->nfields; i++)
        if (f->fields[i]->sub && make_sub_view(a, f->fields[i]->sub))
            return -1;
    return make_view(a, f);
}

static int make(struct asof *a, const struct form *f)
{
    int64_t n = 0;
    if (make_like(a, f) || take_touched(a, f, &n) || make_index(a, "d", f, STR("_id")) ||
        make_subs(a, f))
        return -1;
    if (n && (all_back(a, f) || stamp_back(a, f)))
        return -1;
    return make_views(a, f);
}

void asof_form(struct asof *a, struct sql *q, const struct form *f)
{
    const struct form *top = f->parent ? f->parent : f;
    if (!made(a, top) && !a->failed) {
        (void)vec_push(a->c->a, &a->made, top);
        a->c->as_of = NULL; /* its own statements read what there is */
        a->failed = make(a, top) != 0;
        a->c->as_of = a;
    }
    temp_name(q, a->c->a, "v", f);
}

/* ---- begin and end ---- */

int asof_begin(struct ctx *c, const struct asof_at *at, struct err *err)
{
    if (at->at_us > c->now_us) {
        (void)err_set(err, ERR_INVALID, "as_of", "as_of 不能晚于现在。",
                      "as_of cannot be later than now.");
        err_at(err, "as_of");
        return -1;
    }
    if (store_scratch_begin(c->db, err))
        return -1;
    struct asof *a = ARENA_NEW(c->a, struct asof);
    *a = (struct asof){.c = c, .at = *at, .err = ERR_INIT};
    rcache_forget(c);
    c->as_of = a;
    return 0;
}

int asof_end(struct ctx *c, int rc, struct err *err)
{
    struct asof *a = c->as_of;
    c->as_of = NULL;
    rcache_forget(c);
    store_read_end(c->db);
    if (!a || !a->failed)
        return rc;
    *err = a->err;
    return -1;
}

int64_t asof_at(const struct ctx *c)
{
    return c->as_of ? c->as_of->at.at_us : c->now_us;
}
