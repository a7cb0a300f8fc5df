/*
 * Expressions as SQL over real columns: the rows a filter finds are those for which the evaluator
 * says TRUE, metrics are exact, and the shapes that matter are served by an index.
 */
#include "engine/formula/fx_sql.h"
#include "engine/formula/fx_sqlfn.h"
#include "engine/store/ddl.h"
#include "engine/store/store.h"
#include "engine/value/num.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <cmocka.h>

/* ---- a form ---- */

struct column {
    const char *key;
    struct fx_type type;
    enum col_kind kind;
};

static const char lead_form[] = "lead";
static const char item_form[] = "items";
static const char status_field[] = "status";

static const struct column columns[] = {
    {"_id", {.base = FX_LINK, .form = lead_form}, COL_INT},
    {"owner", {.base = FX_MEMBER}, COL_INT},
    {"channel", {.base = FX_DEPT}, COL_INT},
    {"status", {.base = FX_TEXT, .options = status_field}, COL_TEXT},
    {"name", {.base = FX_TEXT}, COL_TEXT},
    {"amount", {.base = FX_NUM, .has_scale = true, .scale = 2}, COL_INT},
    {"credit", {.base = FX_NUM, .has_scale = true, .scale = 4}, COL_INT},
    {"qty", {.base = FX_NUM, .has_scale = true, .scale = 0}, COL_INT},
    {"x", {.base = FX_NUM}, COL_REAL},
    {"done", {.base = FX_BOOL}, COL_INT},
    {"due", {.base = FX_DATE}, COL_INT},
    {"at", {.base = FX_DATETIME}, COL_INT},
    {"tags", {.base = FX_TEXT, .list = true}, COL_JSON},
    {"phone", {.base = FX_TEXT}, COL_TEXT}};

static const struct column item_columns[] = {
    {"price", {.base = FX_NUM, .has_scale = true, .scale = 2}, COL_INT},
    {"rep", {.base = FX_MEMBER}, COL_INT}};

static int find(const struct column *list, size_t n, struct str key, struct fx_field *out)
{
    for (size_t i = 0; i < n; i++) {
        if (str_eqz(key, list[i].key)) {
            *out = (struct fx_field){.type = list[i].type, .slot = (uint32_t)i, .ref = &list[i]};
            out->encrypted = str_eqz(key, "phone");
            return 1;
        }
    }
    return 0;
}

static int schema_field(void *self, const void *form, struct str key, struct fx_field *out)
{
    (void)self;
    if (form == item_form) {
        return find(item_columns, ARRAY_LEN(item_columns), key, out);
    }
    if (form == lead_form && str_eqz(key, "items")) {
        *out = (struct fx_field){.type = {.base = FX_ROWS, .form = item_form}};
        return 1;
    }
    return form == lead_form ? find(columns, ARRAY_LEN(columns), key, out) : 0;
}

static int schema_option(void *self, const void *options, struct str key)
{
    (void)self;
    (void)options;
    return str_eqz(key, "new") || str_eqz(key, "won") || str_eqz(key, "lost");
}

static const struct fx_schema schema = {.field = schema_field, .option = schema_option};

/* ---- rows ---- */

#define NONE INT64_MIN

struct row {
    int64_t owner, channel;
    const char *status, *name;
    int64_t amount, credit, qty;
    double x; /* -99: blank */
    int64_t done, due, at;
    const char *tags; /* letters */
    int64_t prices[3];
};

#define DAY_2026_11_23 20780
#define AT(day, hour)  (((int64_t)(day)*86400 + (hour)*3600) * 1000000)

static const struct row rows[] = {
    {7,
     1,
     "new",
     "北京公司",
     10050,
     10000,
     3,
     1.5,
     1,
     DAY_2026_11_23,
     AT(DAY_2026_11_23, 15),
     "ab",
     {100, 250, NONE}},
    {8,
     2,
     "won",
     "abc",
     0,
     5,
     0,
     -99,
     0,
     DAY_2026_11_23 - 7,
     AT(DAY_2026_11_23, 16),
     "b",
     {1, 2, 3}},
    {NONE, NONE, NULL, NULL, NONE, NONE, NONE, -99, NONE, NONE, NONE, "", {NONE, NONE, NONE}},
    {7, 2, "lost", "ABC", -250, 12500, -1, 0, 1, 0, 0, "c", {99, NONE, NONE}},
    {9,
     NONE,
     "new",
     "a",
     9007199254740991,
     9007199254740991,
     100,
     1e300,
     0,
     19782,
     NONE,
     "abc",
     {7, 7, NONE}},
    {NONE,
     3,
     "won",
     "上海",
     100,
     10000,
     1,
     100,
     NONE,
     11016,
     AT(11016, 0),
     "",
     {NONE, NONE, NONE}}};

/* The row as the evaluator sees it. */
static void values(struct arena *a, const struct row *r, size_t id, struct val *out)
{
    struct val *tags = ARENA_ARRAY(a, struct val, 3);
    size_t n = strlen(r->tags);
    for (size_t i = 0; i < n; i++) {
        tags[i] = val_text(str_sub(str_of(r->tags), i, 1));
    }
    out[0] = val_ref(a, (int64_t)id, STR_NONE);
    out[1] = r->owner == NONE ? VAL_NONE : val_ref(a, r->owner, STR_NONE);
    out[2] = r->channel == NONE ? VAL_NONE : val_ref(a, r->channel, STR_NONE);
    out[3] = val_text(str_of(r->status));
    out[4] = val_text(str_of(r->name));
    out[5] = r->amount == NONE ? VAL_NONE : val_dec(r->amount, 2);
    out[6] = r->credit == NONE ? VAL_NONE : val_dec(r->credit, 4);
    out[7] = r->qty == NONE ? VAL_NONE : val_dec(r->qty, 0);
    out[8] = r->x == -99 ? VAL_NONE : val_num(r->x);
    out[9] = r->done == NONE ? VAL_NONE : val_bool(r->done != 0);
    out[10] = r->due == NONE ? VAL_NONE : val_date(r->due);
    out[11] = r->at == NONE ? VAL_NONE : val_instant(r->at);
    out[12] = val_list(tags, n);
    out[13] = VAL_NONE;
}

/* ---- the lab ---- */

struct lab {
    struct arena *a;
    struct store *store;
    struct conn *conn;
    const struct row *row;
    size_t id;
};

/* An hour ahead until the year 2000. */
static const int32_t zone_offset[] = {32400, 28800};
static const int64_t zone_at[] = {INT64_MIN, INT64_C(946684800000000)};
static const struct zone shanghai = {{"Asia/Shanghai", 13}, 2, zone_at, zone_offset};
static const int64_t now = AT(DAY_2026_11_23, 4);

static struct val context_of(struct arena *a, enum fx_context what)
{
    struct val *list = ARENA_ARRAY(a, struct val, 2);
    if (what == FX_USER) {
        return val_ref(a, 7, STR_NONE);
    }
    list[0] = val_ref(a, 1, STR_NONE);
    list[1] = val_ref(a, 2, STR_NONE);
    return val_list(list, 2);
}

static int env_get(struct fx_env *env, const struct fx_ref *ref, struct val *out)
{
    const struct lab *l = env->self;
    struct val *items = ARENA_ARRAY(l->a, struct val, 3);
    size_t n = 0;
    assert_true(ref->n == 2);
    for (size_t i = 0; i < 3; i++) {
        if (l->row->prices[i] != NONE) {
            bool rep = str_eqz(ref->name, "items.rep");
            items[n++] =
                rep ? val_ref(l->a, l->row->prices[i], STR_NONE) : val_dec(l->row->prices[i], 2);
        }
    }
    *out = val_list(items, n);
    return 0;
}

static int env_context(struct fx_env *env, enum fx_context what, struct val arg, struct val *out)
{
    (void)arg;
    *out = context_of(env->a, what);
    return 0;
}

static int sql_context(void *self, enum fx_context what, struct val arg, struct val *out,
                       struct err *err)
{
    (void)arg;
    (void)err;
    *out = context_of(((struct lab *)self)->a, what);
    return 0;
}

static int sql_column(void *self, struct sql *q, const struct fx_ref *ref, struct err *err)
{
    const struct column *c = ref->path[ref->n - 1].ref;
    (void)self;
    (void)err;
    if (ref->n == 2) {
        sql_lit(q, "SELECT ");
        sql_col(q, 1, str_of(c->key));
        sql_lit(q, " AS v FROM items t1 WHERE t1.lead = t0._id");
        return 0;
    }
    if (c->type.list) {
        sql_lit(q, "SELECT value AS v FROM json_each(");
        sql_col(q, 0, str_of(c->key));
        sql_lit(q, ")");
        return 0;
    }
    sql_col(q, 0, str_of(c->key));
    return 0;
}

static struct fx_sql_env sql_env(struct lab *l)
{
    return (struct fx_sql_env){
        .self = l, .column = sql_column, .context = sql_context, .now_us = now, .zone = &shanghai};
}

static void must(int rc, const struct err *err)
{
    if (rc < 0) {
        fail_msg("%s", err->en);
    }
}

static void insert_row(struct conn *db, struct arena *a, size_t id, struct err *err)
{
    const struct row *r = &rows[id - 1];
    struct val v[ARRAY_LEN(columns)];
    struct sql q;
    values(a, r, id, v);
    sql_init(&q, a, SQL_SQLITE);
    sql_lit(&q, "INSERT INTO lead VALUES (");
    for (size_t i = 0; i < ARRAY_LEN(columns); i++) {
        if (i > 0) {
            sql_lit(&q, ", ");
        }
        sql_bind(&q, v[i]);
    }
    sql_lit(&q, ")");
    must(store_exec(db, a, &q, NULL, err), err);
    for (size_t i = 0; i < 3; i++) {
        if (r->prices[i] == NONE) {
            continue;
        }
        sql_init(&q, a, SQL_SQLITE);
        sql_lit(&q, "INSERT INTO items (lead, price, rep) VALUES (");
        sql_bind_int(&q, (int64_t)id);
        sql_lit(&q, ", ");
        sql_bind_int(&q, r->prices[i]);
        sql_lit(&q, ", ");
        sql_bind_int(&q, r->prices[i]);
        sql_lit(&q, ")");
        must(store_exec(db, a, &q, NULL, err), err);
    }
}

static int fill(struct conn *db, void *arg, struct err *err)
{
    struct arena *a = arg;
    struct ddl_column lead[ARRAY_LEN(columns)];
    const struct ddl_column items[] = {{STR("lead"), COL_INT, false},
                                       {STR("price"), COL_INT, false},
                                       {STR("rep"), COL_INT, false}};
    size_t n = 0;
    for (size_t i = 1; i < ARRAY_LEN(columns); i++) {
        lead[n++] = (struct ddl_column){str_of(columns[i].key), columns[i].kind, false};
    }
    const struct ddl_table t = {.form = STR("lead"), .columns = lead, .ncolumns = n};
    const struct ddl_table u = {.form = STR("items"), .columns = items, .ncolumns = 3};
    must(ddl_create_table(db, a, &t, err), err);
    must(ddl_create_table(db, a, &u, err), err);
    for (size_t i = 0; i < ARRAY_LEN(columns); i++) {
        const struct str key = str_of(columns[i].key);
        const struct ddl_index ix = {.name = key, .columns = &key, .ncolumns = 1};
        must(i > 0 ? ddl_create_index(db, a, &t, &ix, err) : 0, err);
    }
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        insert_row(db, a, i + 1, err);
    }
    return 0;
}

static struct lab lab_open(void)
{
    struct lab l = {.a = arena_new((size_t)64 << 20)};
    struct store_opts opts = {0};
    struct err err = ERR_INIT;
    opts.functions = fx_sql_functions(&opts.nfunctions);
    must(store_open(STR("sqlite::memory:"), &opts, &l.store, &err), &err);
    must(store_write(l.store, fill, l.a, &err), &err);
    must(store_conn_open(l.store, &l.conn, &err), &err);
    return l;
}

static void lab_close(struct lab *l)
{
    store_conn_close(&l->conn);
    store_close(&l->store);
    arena_free(&l->a);
}

static struct fx *compile(struct lab *l, const char *text, enum fx_place place)
{
    struct fx_scope scope = {.schema = &schema, .form = lead_form, .place = place, .request = true};
    struct diags diags;
    diags_init(&diags, l->a);
    struct fx *fx =
        fx_compile(l->a, str_of(text), &scope, STR_NONE, (struct src_pos){1, 1}, &diags);
    if (fx == NULL) {
        fail_msg("%s: %.*s", text, STR_ARG(diags.list.v[0].en));
    }
    return fx;
}

/* ---- filters ---- */

static const char *const filters[] = {"owner = USER()",
                                      "owner <> USER()",
                                      "owner = BLANK",
                                      "owner <> BLANK",
                                      "NOT (owner = USER())",
                                      "channel IN DEPTS()",
                                      "channel NOT IN DEPTS()",
                                      "status = \"new\"",
                                      "status <> \"new\"",
                                      "status IN [\"new\", \"won\"]",
                                      "status = \"nonsense\"",
                                      "status = \"\"",
                                      "name = \"abc\"",
                                      "name < \"b\"",
                                      "name >= \"a\"",
                                      "name CONTAINS \"b\"",
                                      "name CONTAINS \"\"",
                                      "NOT (name CONTAINS \"b\")",
                                      "amount > 100",
                                      "amount >= 100.5",
                                      "amount = 100.5",
                                      "amount <> 100.5",
                                      "amount < 100.505",
                                      "amount <= -2.5",
                                      "amount = 0",
                                      "amount = 0.001",
                                      "amount <> 0.001",
                                      "amount > -2.501",
                                      "100 < amount",
                                      "amount > credit",
                                      "amount = credit * 100",
                                      "amount IN [0, 100.5, 0.001]",
                                      "amount + 1 > 1",
                                      "amount = BLANK",
                                      "amount * qty > 5",
                                      "qty / amount > 0",
                                      "qty > 0 AND amount > 0 OR done",
                                      "done",
                                      "NOT done",
                                      "done = TRUE",
                                      "done = FALSE",
                                      "done = BLANK",
                                      "done <> TRUE",
                                      "x > 1",
                                      "x = 100",
                                      "x * x > 1",
                                      "x * x = BLANK",
                                      "x < 0 OR x >= 0",
                                      "due = DATE(2026, 11, 23)",
                                      "due < TODAY()",
                                      "due >= TODAY() - 7",
                                      "due + 7 > TODAY()",
                                      "due = BLANK",
                                      "at < NOW()",
                                      "at >= due",
                                      "at = due",
                                      "at < TODAY()",
                                      "at >= DATE(2026, 11, 24)",
                                      "DAY(at) = 24",
                                      "HOUR(at) = 8",
                                      "LEFT(name) = \"a\" AND RIGHT(name, 2) = \"bc\"",
                                      "LEFT(name, x) = BLANK",
                                      "MID(name, 2, 1) = \"b\" OR MID(name, 3, 9) = \"公司\"",
                                      "FIND(\"b\", name) = 2",
                                      "SUBSTITUTE(name, \"b\", \"\") = \"ac\"",
                                      "STARTSWITH(name, \"a\") AND NOT ENDSWITH(name, \"c\")",
                                      "EXACT(name, \"ABC\")",
                                      "QUARTER(due) = 4 AND ISOWEEKNUM(due) >= 47",
                                      "EOMONTH(due, -1) < DATE(2026, 11, 1)",
                                      "EOMONTH(at, 0) = DATE(2026, 11, 30)",
                                      "DAYS(TODAY(), due) = 7 OR MONTH(due) = 1",
                                      "SIGN(amount) < 0 OR SQRT(amount) = BLANK",
                                      "ROUND(x) = 2 OR ROUND(credit, 1) = 1.3",
                                      "due - 1.5 < TODAY() - 8",
                                      "TEXT(at, \"hh\") = \"09\" OR HOUR(at) = 9",
                                      "at & \"\" CONTAINS \"+08:00\"",
                                      "YEAR(due) = 2026",
                                      "tags CONTAINS \"b\"",
                                      "tags CONTAINS \"z\"",
                                      "tags = BLANK",
                                      "tags <> BLANK",
                                      "COUNT(tags) > 1",
                                      "SUM(items.price) > 2",
                                      "SUM(items.price) = 3.5",
                                      "MAX(items.price) < 1",
                                      "AVERAGE(items.price) > 0.5",
                                      "COUNT(items.price) = 0",
                                      "items.price = BLANK",
                                      "items.rep CONTAINS USER()",
                                      "COUNTD(items.price) = 2",
                                      "items.price CONTAINS 2.5",
                                      "MEDIAN(items.price) > 1",
                                      "IF(done, amount, credit) > 1",
                                      "IF(amount > 0, done, NOT done)",
                                      "IFERROR(1 / amount, 5) = 5",
                                      "IFERROR(qty / 2, 5) > 0",
                                      "COALESCE(amount, credit, 7) = 7",
                                      "ISBLANK(name) OR LEN(name) > 2",
                                      "ROUND(amount / 3, 1) = 33.5",
                                      "SWITCH(status, \"new\", amount, \"won\", 5, 1) > 4",
                                      "IFS(done, amount > 0, TRUE, FALSE)",
                                      "UPPER(name) = \"ABC\"",
                                      "LEFT(name, 1) & status = \"anew\"",
                                      "name & amount = \"abc0\"",
                                      "_id = BLANK",
                                      "_id <> BLANK",
                                      "XOR(done, amount > 0)",
                                      "EDATE(due, 1) > TODAY()",
                                      "due - DATE(2026, 11, 1) > 0",
                                      "(at - NOW()) * 24 > 1",
                                      "TRUE",
                                      "FALSE",
                                      "BLANK",
                                      "amount % > 1",
                                      "-amount > 0",
                                      "amount ^ 2 > 10000",
                                      "qty IN [1, 3]",
                                      "x IN [1.5, 100]",
                                      "owner IN [USER()]",
                                      "MOD(qty, 2) = 1",
                                      "NETWORKDAYS(due, TODAY()) > 5",
                                      "TEXT(due, \"yyyy\") = \"2026\""};

static size_t natively(struct lab *l, const struct fx *fx)
{
    struct err err = ERR_INIT;
    size_t found = 0;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct val v[ARRAY_LEN(columns)];
        l->row = &rows[i];
        values(l->a, &rows[i], i + 1, v);
        struct fx_env env = {.a = l->a,
                             .row = v,
                             .self = l,
                             .get = env_get,
                             .context = env_context,
                             .now_us = now,
                             .zone = &shanghai,
                             .err = &err};
        found |= (size_t)fx_true(fx, &env) << i;
    }
    return found;
}

/* The rows as bits. */
static size_t by_sql(struct lab *l, const struct fx *fx, struct str *text)
{
    struct err err = ERR_INIT;
    struct sql q;
    struct stmt *st;
    struct fx_sql_env env = sql_env(l);
    size_t found = 0;
    sql_init(&q, l->a, SQL_SQLITE);
    sql_lit(&q, "SELECT t0._id FROM lead t0 WHERE ");
    must(fx_sql_cond(fx, &q, &env, &err), &err);
    *text = str_dup(l->a, strb_str(&q.text));
    must(store_query(l->conn, l->a, &q, &st, &err), &err);
    int rc;
    while ((rc = stmt_step(st, &err)) == 1) {
        found |= (size_t)1 << (stmt_int(st, 0) - 1);
    }
    must(rc, &err);
    stmt_done(st);
    return found;
}

static void test_filters(void **state)
{
    struct lab l = lab_open();
    size_t bad = 0;
    const size_t all = ((size_t)1 << ARRAY_LEN(rows)) - 1;
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(filters); i++) {
        struct str text;
        struct fx *fx = compile(&l, filters[i], FX_PLACE_FILTER);
        size_t want = natively(&l, fx);
        size_t got = by_sql(&l, fx, &text);
        if (got != want) {
            bad++;
            printf("%s: native %zx sqlite %zx\n  %.*s\n", filters[i], want, got, STR_ARG(text));
        }
        fx = compile(&l, str_z(l.a, str_fmt(l.a, "NOT (%s)", filters[i])), FX_PLACE_FILTER);
        got = by_sql(&l, fx, &text);
        if (got != (all & ~want)) {
            bad++;
            printf("not %s: native %zx sqlite %zx\n  %.*s\n", filters[i], all & ~want, got,
                   STR_ARG(text));
        }
    }
    printf("%zu filters, %zu differ\n", ARRAY_LEN(filters), bad);
    assert_int_equal(bad, 0);
    lab_close(&l);
}

/* ---- shapes ---- */

struct shape {
    const char *filter;
    const char *sql;
};

static const struct shape shapes[] = {
    {"owner = USER()", "(t0.\"owner\" = $1)"},
    {"owner = BLANK", "(t0.\"owner\" IS NULL)"},
    {"status = \"new\" AND amount > 100", "((t0.\"status\" = $1) AND (t0.\"amount\" > $2))"},
    {"due < TODAY() - 7", "(t0.\"due\" < $1)"},
    {"owner <> USER()", "(t0.\"owner\" IS NOT $1)"},
    {"status IN [\"new\", \"won\"]", "(t0.\"status\" IN ($1, $2))"},
    {"channel IN DEPTS()", "(t0.\"channel\" IN (SELECT value FROM json_each($1)))"},
    {"at >= DATE(2026, 11, 23)", "(t0.\"at\" >= $1)"},
    {"name CONTAINS \"x\"", "(instr(COALESCE(t0.\"name\", ''), $1) > 0)"}};

static void test_shapes(void **state)
{
    struct lab l = lab_open();
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(shapes); i++) {
        struct err err = ERR_INIT;
        struct sql q;
        struct fx_sql_env env = sql_env(&l);
        sql_init(&q, l.a, SQL_SQLITE);
        must(fx_sql_cond(compile(&l, shapes[i].filter, FX_PLACE_FILTER), &q, &env, &err), &err);
        assert_string_equal(str_z(l.a, strb_str(&q.text)), shapes[i].sql);
    }
    lab_close(&l);
}

/* PostgreSQL text, until a server runs it. */
static const struct shape pg_shapes[] = {
    {"owner = USER()", "(t0.\"owner\" = $1::bigint)"},
    {"owner <> USER()", "(t0.\"owner\" IS DISTINCT FROM $1::bigint)"},
    {"NOT (status = \"new\")", "(NOT (t0.\"status\" IS NOT DISTINCT FROM $1::text))"},
    {"amount > 100", "(t0.\"amount\" > $1::bigint)"},
    {"name < \"b\"", "(t0.\"name\" COLLATE \"C\" < $1::text)"},
    {"x * 2 > 1", "(fx_mul(COALESCE(CAST(t0.\"x\" AS float8), 0.0), $1::float8) > $2::float8)"},
    {"amount / 2 > 1",
     "((COALESCE((t0.\"amount\" / 100::float8), 0.0) / $1::float8) > $2::float8)"},
    {"done", "(t0.\"done\" = 1)"}};

static void test_pg_shapes(void **state)
{
    struct lab l = lab_open();
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(pg_shapes); i++) {
        struct err err = ERR_INIT;
        struct sql q;
        struct fx_sql_env env = sql_env(&l);
        sql_init(&q, l.a, SQL_PGSQL);
        must(fx_sql_cond(compile(&l, pg_shapes[i].filter, FX_PLACE_FILTER), &q, &env, &err), &err);
        assert_string_equal(str_z(l.a, strb_str(&q.text)), pg_shapes[i].sql);
    }
    lab_close(&l);
}

/* ---- metrics ---- */

struct metric {
    const char *text;
    double want;
    uint8_t scale;
};

static const struct metric metrics[] = {{"COUNT()", 6, 0},
                                        {"COUNT(amount)", 5, 0},
                                        {"COUNTD(owner)", 3, 0},
                                        {"SUM(qty)", 103, 0},
                                        {"SUM(IF(status = \"new\", qty, 0))", 103, 0},
                                        {"SUM(IF(amount < 1000, amount, 0))", 99, 0},
                                        {"MIN(amount)", -250, 2},
                                        {"MAX(due)", DAY_2026_11_23, 0},
                                        {"AVERAGE(qty)", 20.6, 0},
                                        {"COUNT(done) / COUNT()", 4.0 / 6, 0},
                                        {"ROUND(SUM(qty) / COUNT(), 1) * 2", 34.4, 0},
                                        {"IF(COUNT() > 5, 1, 2)", 1, 0}};

static void test_metrics(void **state)
{
    struct lab l = lab_open();
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(metrics); i++) {
        struct err err = ERR_INIT;
        struct sql q;
        struct stmt *st;
        uint8_t scale = 9;
        struct fx_sql_env env = sql_env(&l);
        sql_init(&q, l.a, SQL_SQLITE);
        sql_lit(&q, "SELECT ");
        must(fx_sql_metric(compile(&l, metrics[i].text, FX_PLACE_METRIC), &q, &env, &scale, &err),
             &err);
        sql_lit(&q, " FROM lead t0");
        must(store_query(l.conn, l.a, &q, &st, &err), &err);
        assert_int_equal(stmt_step(st, &err), 1);
        double got = stmt_num(st, 0);
        if (got != metrics[i].want || scale != metrics[i].scale) {
            fail_msg("%s: %g scale %u", metrics[i].text, got, scale);
        }
        stmt_done(st);
    }
    lab_close(&l);
}

/* What a metric or filter may not be. */
struct refusal {
    const char *text;
    enum fx_place place;
    const char *says; /* NULL: allowed */
};

static const struct refusal refusals[] = {
    {"amount + SUM(qty)", FX_PLACE_METRIC, "inside an aggregate"},
    {"SUM(SUM(qty))", FX_PLACE_METRIC, "cannot be nested"},
    {"SUM(items.price)", FX_PLACE_METRIC, "cannot be a list"},
    {"SUM(name)", FX_PLACE_METRIC, "must be a number"},
    {"amount", FX_PLACE_FILTER, "boolean condition"},
    {"tags", FX_PLACE_GROUP, "single value"},
    {"PINYIN(name) = \"a\"", FX_PLACE_FILTER, "PINYIN"},
    {"phone CONTAINS \"1\"", FX_PLACE_FILTER, "encrypted"},
    {"phone = name", FX_PLACE_FILTER, "encrypted"},
    {"LEFT(phone, 3) = \"138\"", FX_PLACE_FILTER, "encrypted"},
    {"phone", FX_PLACE_GROUP, "encrypted"},
    {"phone < \"2\"", FX_PLACE_FILTER, "encrypted"},
    {"phone = \"1\" OR phone IN [\"2\"] OR ISBLANK(phone) OR phone <> BLANK", FX_PLACE_FILTER,
     NULL},
    {"LEFT(phone, 3)", FX_PLACE_VALUE, NULL},
    {"COUNT(phone)", FX_PLACE_METRIC, NULL}};

static void test_refused(void **state)
{
    struct lab l = lab_open();
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(refusals); i++) {
        const struct refusal *r = &refusals[i];
        struct fx_scope scope = {.schema = &schema, .form = lead_form, .place = r->place};
        struct diags d;
        diags_init(&d, l.a);
        struct fx *fx =
            fx_compile(l.a, str_of(r->text), &scope, STR_NONE, (struct src_pos){1, 1}, &d);
        struct str said = d.list.n ? d.list.v[0].en : STR_NONE;
        bool as_told = r->says ? fx == NULL && str_find(said, str_of(r->says), 0) >= 0 : fx != NULL;
        if (!as_told) {
            fail_msg("%s: %.*s", r->text, STR_ARG(said));
        }
    }
    lab_close(&l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_filters),   cmocka_unit_test(test_shapes),
        cmocka_unit_test(test_pg_shapes), cmocka_unit_test(test_metrics),
        cmocka_unit_test(test_refused),
    };
    return cmocka_run_group_tests_name("fx_sql", tests, NULL, NULL);
}
