/*
 * Publishing to tables: columns and indexes of a definition, renames, retired and restored columns,
 * changed types, unique rules over rows that are there, plans, versions. Apps are texts.
 */
#define _GNU_SOURCE

#include "tests/unit/store_test.h"

#include "engine/meta/load.h"
#include "engine/record/schema.h"

struct file {
    const char *path, *text;
};

static int no_zone(void *self, struct arena *a, struct str name, struct str *out)
{
    (void)self;
    (void)a;
    (void)name;
    (void)out;
    return -1;
}

static const struct load_opts OPTS = {.default_zone = {"UTC", 3}, .zone_bytes = no_zone};

/* app.yaml, a form "channel", and one of this key and text. */
static struct app *app_with(struct arena *a, const char *path, const char *lead)
{
    struct app_file *files = ARENA_ARRAY(a, struct app_file, 3);
    struct diags diags;
    files[0] = (struct app_file){STR("app.yaml"), STR("app: crm\ntitle: CRM\n")};
    files[1] = (struct app_file){
        STR("forms/channel.yaml"),
        STR("form: channel\ntitle: 渠道\nfields:\n  name: {type: text, title: 名称}\n")};
    files[2] = (struct app_file){str_of(path), str_of(lead)};
    struct app_source src = {STR("crm"), files, 3};
    diags_init(&diags, a);
    struct app *app = app_load(&src, &OPTS, &diags);
    for (size_t i = 0; i < diags.list.n; i++)
        if (diags.list.v[i].level == DIAG_ERROR)
            fail_msg("%.*s:%u: %.*s", STR_ARG(diags.list.v[i].file), diags.list.v[i].pos.line,
                     STR_ARG(diags.list.v[i].en));
    assert_non_null(app);
    return app;
}

static struct app *app_of(struct arena *a, const char *lead)
{
    return app_with(a, "forms/lead.yaml", lead);
}

struct job {
    struct world *w;
    const struct app *old;
    struct app *new_;
    int64_t n;
};

static struct ctx ctx_of(struct world *w, struct conn *db)
{
    return (struct ctx){
        .store = w->s, .db = db, .a = w->a, .who = &who_system, .via = VIA_SYSTEM, .now_us = 1000};
}

static int publish_job(struct conn *db, void *arg, struct err *err)
{
    struct job *j = arg;
    struct ctx c = ctx_of(j->w, db);
    struct changes ch = {0};
    if (schema_apply(&c, j->old, j->new_, &ch, err) < 0)
        return -1;
    return version_store(&c, &j->new_->source, STR("hash"), STR("note"), &j->n, err);
}

/* Publishes a lead form over the old version; returns the new one. */
static struct app *publish(struct world *w, const struct app *old, const char *lead)
{
    struct err err = ERR_INIT;
    struct job j = {.w = w, .old = old, .new_ = app_of(w->a, lead)};
    ok(store_write(w->s, publish_job, &j, &err));
    j.new_->n = j.n;
    return j.new_;
}

static int text_job(struct conn *db, void *arg, struct err *err)
{
    struct arena *a = arena_new(1u << 20);
    int rc = run_text(db, a, *(struct str *)arg, err);
    arena_free(&a);
    return rc;
}

static void write_sql(struct world *w, struct str text)
{
    struct err err = ERR_INIT;
    ok(store_write(w->s, text_job, &text, &err));
}

#define INSERT(columns, values)                                                                    \
    STR("INSERT INTO crm__lead (_version, _created_at, _updated_at, " columns                      \
        ") VALUES (1, 0, 0, " values ")")

/* The first row's first column as text, numbers too. */
static const char *ask(struct world *w, struct str text)
{
    struct err err = ERR_INIT;
    struct conn *c;
    struct sql q;
    struct stmt *s;
    const char *out = "";
    ok(store_conn_open(w->s, &c, &err));
    sql_new(&q, w->a);
    q.dialect = store_dialect(w->s);
    if (q.dialect == SQL_PGSQL)
        sql_lit(&q, "SELECT string_agg(x::text, ' ') FROM (");
    else
        sql_lit(&q, "SELECT group_concat(x, ' ') FROM (");
    sql_lit_(&q, text);
    sql_lit(&q, ") AS asked");
    ok(store_query(c, w->a, &q, &s, &err));
    assert_int_equal(stmt_step(s, &err), 1);
    out = str_z(w->a, stmt_str(s, 0));
    stmt_done(s);
    store_conn_close(&c);
    return out;
}

#define COLUMNS(table)                                                                             \
    (test_pg() ? STR("SELECT column_name::text AS x FROM information_schema.columns WHERE "        \
                     "table_schema = current_schema() AND table_name = '" table                    \
                     "' AND column_name NOT LIKE '\\_%' ORDER BY column_name COLLATE \"C\"")       \
               : STR("SELECT name AS x FROM pragma_table_info('" table "') WHERE name NOT LIKE "   \
                     "'\\_%' ESCAPE '\\' ORDER BY name"))
#define INDEXES(table)                                                                             \
    (test_pg() ? STR("SELECT replace(indexname, '" table "__', '') AS x FROM pg_indexes WHERE "    \
                     "schemaname = current_schema() AND tablename = '" table                       \
                     "' AND indexname NOT LIKE '%_pkey' ORDER BY indexname COLLATE \"C\"")         \
               : STR("SELECT replace(name, '" table "__', '') AS x FROM sqlite_master WHERE "      \
                     "type = 'index' AND tbl_name = '" table "' ORDER BY name"))
#define TABLES(like)                                                                               \
    (test_pg() ? STR("SELECT count(*)::text AS x FROM pg_tables WHERE "                            \
                     "schemaname = current_schema() AND tablename LIKE '" like "'")                \
               : STR("SELECT count(*) AS x FROM sqlite_master WHERE type = 'table'"                \
                     " AND name LIKE '" like "'"))
#define RETIRED                                                                                    \
    STR("SELECT form || '.' || sub || '.' || name || '=' || kind AS x FROM _retired"               \
        " ORDER BY 1")

static void start(struct world *w)
{
    struct err err = ERR_INIT;
    world_init(w, "sqlite:");
    ok(migrate_run(w->s, 1, &err));
}

#define FIRST                                                                                      \
    "form: lead\ntitle: 线索\nfields:\n"                                                         \
    "  company: {type: text, title: 公司}\n"                                                     \
    "  phone: {type: phone, title: 手机, unique: true}\n"                                        \
    "  amount: {type: number, title: 金额, scale: 2}\n"                                          \
    "  rate: {type: number, title: 比率}\n"                                                      \
    "  channel: {type: link, title: 渠道, form: channel}\n"                                      \
    "  tags: {type: multiselect, title: 标签, options: [a, b]}\n"                                \
    "  source: {type: select, title: 来源, options: {web: 官网, expo: 展会}}\n"              \
    "  note: {type: textarea, title: 备注}\n"                                                    \
    "  items:\n    type: table\n    title: 明细\n    fields:\n"                                  \
    "      qty: {type: number, title: 数量, scale: 0}\n"                                         \
    "views:\n  all: {title: 全部, type: grid, where: source = \"web\", sort: [-amount]}\n"

static void a_form_is_a_table(void **state)
{
    struct world w;
    (void)state;
    start(&w);
    struct app *app = publish(&w, NULL, FIRST);
    assert_string_equal(ask(&w, COLUMNS("crm__lead")),
                        "amount channel company note phone phone__key rate source tags");
    assert_string_equal(ask(&w, COLUMNS("crm__lead__items")), "qty");
    assert_string_equal(ask(&w, INDEXES("crm__lead")),
                        "_x_i__owner _x_i_amount _x_i_channel _x_i_source "
                        "_x_l_source__deleted_at_amount _x_u_phone__key");
    assert_string_equal(ask(&w, INDEXES("crm__lead__items")), "_x_i__row__pos");
    assert_string_equal(
        ask(&w, test_pg() ? STR("SELECT replace(data_type::text, 'double precision', 'real') AS x"
                                " FROM information_schema.columns WHERE table_schema ="
                                " current_schema() AND table_name = 'crm__lead' AND column_name"
                                " IN ('amount', 'rate', 'channel', 'tags', 'source') ORDER BY"
                                " column_name COLLATE \"C\"")
                          : STR("SELECT lower(replace(type, 'INTEGER', 'bigint')) AS x"
                                " FROM pragma_table_info('crm__lead') WHERE name"
                                " IN ('amount', 'rate', 'channel', 'tags', 'source') ORDER BY"
                                " name")),
        "bigint bigint real text text");
    struct app *again = publish(&w, app, FIRST); /* nothing to do */
    assert_string_equal(ask(&w, RETIRED), "");
    assert_int_equal(again->n, 2);
    app_unref(&app);
    app_unref(&again);
    world_fini(&w);
}

static void a_removed_field_comes_back(void **state)
{
    struct world w;
    (void)state;
    start(&w);
    struct app *one = publish(&w, NULL, FIRST);
    write_sql(&w, INSERT("_id, company, phone, phone__key, amount",
                         "1, '甲', '138 0013 8000', '13800138000', 1250"));
    write_sql(&w, STR("INSERT INTO crm__lead__items (_id, _row, _pos, qty) VALUES (11, 1, 1, 7)"));
    struct app *two = publish(&w, one,
                              "form: lead\ntitle: 线索\nfields:\n"
                              "  company: {type: text, title: 公司}\n");
    assert_string_equal(ask(&w, COLUMNS("crm__lead")), "company");
    assert_string_equal(ask(&w, INDEXES("crm__lead")), "_x_i__owner");
    struct app *three = publish(&w, two, FIRST);
    assert_string_equal(ask(&w, STR("SELECT company || phone || phone__key || amount AS x FROM"
                                    " crm__lead")),
                        "甲138 0013 8000138001380001250");
    assert_string_equal(ask(&w, STR("SELECT qty AS x FROM crm__lead__items")), "7");
    assert_string_equal(ask(&w, INDEXES("crm__lead")),
                        "_x_i__owner _x_i_amount _x_i_channel _x_i_source "
                        "_x_l_source__deleted_at_amount _x_u_phone__key");
    app_unref(&one);
    app_unref(&two);
    app_unref(&three);
    world_fini(&w);
}

static void a_rename_keeps_values(void **state)
{
    static const char RENAMED[] = "form: lead\ntitle: 线索\nfields:\n"
                                  "  mobile: {type: phone, title: 手机, unique: true, was: phone}\n"
                                  "  lines:\n    type: table\n    title: 明细\n    was: items\n"
                                  "    fields:\n"
                                  "      count: {type: number, title: 数量, scale: 0, was: qty}\n";
    struct world w;
    (void)state;
    start(&w);
    struct app *one = publish(&w, NULL, FIRST);
    write_sql(&w, INSERT("_id, phone, phone__key", "1, '138 0013 8000', '13800138000'"));
    write_sql(&w, STR("INSERT INTO crm__lead__items (_id, _row, _pos, qty) VALUES (11, 1, 1, 7)"));
    struct app *two = publish(&w, one, RENAMED);
    struct app *three = publish(&w, two, RENAMED); /* `was:` may stay */
    assert_string_equal(ask(&w, COLUMNS("crm__lead")), "mobile mobile__key");
    assert_string_equal(ask(&w, STR("SELECT mobile || mobile__key AS x FROM crm__lead")),
                        "138 0013 800013800138000");
    assert_string_equal(ask(&w, STR("SELECT count AS x FROM crm__lead__lines")), "7");
    assert_string_equal(ask(&w, INDEXES("crm__lead")), "_x_i__owner _x_u_mobile__key");
    app_unref(&one);
    app_unref(&two);
    app_unref(&three);
    world_fini(&w);
}

static void a_renamed_form_keeps_everything(void **state)
{
    struct world w;
    struct err err = ERR_INIT;
    (void)state;
    start(&w);
    struct app *one = publish(&w, NULL,
                              "form: lead\ntitle: 线索\nfields:\n"
                              "  company: {type: text, title: 公司}\n"
                              "  gone: {type: text, title: 旧}\n"
                              "  above: {type: link, title: 上级, form: lead}\n"
                              "  items:\n    type: table\n    title: 明细\n    fields:\n"
                              "      qty: {type: number, title: 数量, scale: 0}\n");
    write_sql(&w, INSERT("_id, company, above", "1, '甲', 1"));
    write_sql(&w, STR("INSERT INTO crm__lead__items (_id, _row, _pos, qty) VALUES (11, 1, 1, 7)"));
    write_sql(&w, STR("INSERT INTO _serial (app, form, field, period, last)"
                      " VALUES ('crm', 'lead', 'no', '', 5)"));
    struct job j = {.w = &w, .old = one};
    j.new_ = app_with(w.a, "forms/prospect.yaml",
                      "form: prospect\ntitle: 线索\nwas: lead\nfields:\n"
                      "  company: {type: text, title: 公司}\n"
                      "  above: {type: link, title: 上级, form: prospect}\n"
                      "  lines:\n    type: table\n    title: 明细\n    was: items\n    fields:\n"
                      "      qty: {type: number, title: 数量, scale: 0}\n");
    ok(store_write(w.s, publish_job, &j, &err));
    assert_string_equal(ask(&w, STR("SELECT company || above AS x FROM crm__prospect")), "甲1");
    assert_string_equal(ask(&w, STR("SELECT qty AS x FROM crm__prospect__lines")), "7");
    assert_string_equal(ask(&w, STR("SELECT form || last AS x FROM _serial")), "prospect5");
    assert_string_equal(ask(&w, STR("SELECT DISTINCT form AS x FROM _retired")), "prospect");
    assert_string_equal(ask(&w, TABLES("crm__lead%")), "0");
    app_unref(&one);
    app_unref(&j.new_);
    world_fini(&w);
}

static void a_changed_type_converts(void **state)
{
    static const char BEFORE[] = "form: lead\ntitle: 线索\nfields:\n"
                                 "  price: {type: text, title: 价格}\n"
                                 "  fine: {type: number, title: 金额, scale: 2}\n"
                                 "  day: {type: date, title: 日期}\n"
                                 "  kind: {type: select, title: 类别, options: {a: 甲, b: 乙}}\n";
    static const char AFTER[] =
        "form: lead\ntitle: 线索\nfields:\n"
        "  price: {type: number, title: 价格, scale: 2}\n"
        "  fine: {type: number, title: 金额, scale: 1}\n"
        "  day: {type: datetime, title: 日期}\n"
        "  kind: {type: multiselect, title: 类别, options: {a: 甲, b: 乙}}\n";
    struct world w;
    (void)state;
    start(&w);
    struct app *one = publish(&w, NULL, BEFORE);
    write_sql(&w, INSERT("_id, price, fine, day, kind", "1, '12.5', 125, 1, 'a'"));
    write_sql(&w, INSERT("_id, price", "2, 'twelve'"));
    struct app *two = publish(&w, one, AFTER);
    assert_string_equal(ask(&w, STR("SELECT price || ',' || fine || ',' || day || ',' || kind AS x"
                                    " FROM crm__lead WHERE _id = 1")),
                        "1250,13,86400000000,[\"a\"]");
    assert_string_equal(
        ask(&w, STR("SELECT count(*) AS x FROM crm__lead WHERE _id = 2 AND price IS NULL")), "1");
    struct app *three = publish(&w, two, BEFORE);
    assert_string_equal(ask(&w, STR("SELECT price || ',' || day || ',' || kind AS x FROM crm__lead"
                                    " WHERE _id = 1")),
                        "12.50,1,a"); /* converted back: rows were written meanwhile */
    app_unref(&one);
    app_unref(&two);
    app_unref(&three);
    world_fini(&w);
}

#define UNIQUE                                                                                     \
    "form: lead\ntitle: 线索\nfields:\n"                                                         \
    "  company: {type: text, title: 公司, unique: true}\n"                                       \
    "  a: {type: text, title: 甲}\n"                                                              \
    "  b: {type: number, title: 乙, scale: 0}\n"                                                  \
    "unique: [[a, b]]\n"

static void a_new_unique_rule_meets_rows(void **state)
{
    static const char PLAIN[] = "form: lead\ntitle: 线索\nfields:\n"
                                "  company: {type: text, title: 公司}\n"
                                "  a: {type: text, title: 甲}\n"
                                "  b: {type: number, title: 乙, scale: 0}\n";
    struct world w;
    struct err err = ERR_INIT;
    (void)state;
    start(&w);
    struct app *one = publish(&w, NULL, PLAIN);
    write_sql(&w, INSERT("_id, company, a, b", "1, 'ＡＢＣ', 'x', 1"));
    write_sql(&w, INSERT("_id, company, a, b", "2, 'abc ', 'X', 1")); /* the same when folded */
    write_sql(&w, INSERT("_id, company, a, b", "3, 'abd', 'x', NULL"));
    struct job j = {.w = &w, .old = one, .new_ = app_of(w.a, UNIQUE)};
    assert_int_equal(store_write(w.s, publish_job, &j, &err), -1);
    assert_int_equal(err.code, ERR_CONFLICT);
    assert_string_equal(ask(&w, COLUMNS("crm__lead")), "a b company"); /* as before */
    write_sql(&w, STR("UPDATE crm__lead SET company = 'other', a = 'y' WHERE _id = 2"));
    ok(store_write(w.s, publish_job, &j, &err));
    assert_string_equal(ask(&w, STR("SELECT company__key AS x FROM crm__lead ORDER BY _id")),
                        "abc other abd");
    struct str again = INSERT("_id, company, company__key", "4, 'ABC', 'abc'");
    assert_int_equal(store_write(w.s, text_job, &again, &err), -1);
    assert_string_equal(err.path, "company__key");
    write_sql(&w, STR("UPDATE crm__lead SET _deleted_at = 1 WHERE _id = 1"));
    ok(store_write(w.s, text_job, &again, &err)); /* a recycled row frees its values */
    app_unref(&one);
    app_unref(&j.new_);
    world_fini(&w);
}

static void a_new_formula_is_filled(void **state)
{
    static const char BEFORE[] = "form: lead\ntitle: 线索\nfields:\n"
                                 "  company: {type: text, title: 公司}\n"
                                 "  a: {type: number, title: 甲, scale: 1}\n"
                                 "  items:\n    type: table\n    title: 明细\n    fields:\n"
                                 "      qty: {type: number, title: 数量, scale: 0}\n";
    static const char AFTER[] =
        "form: lead\ntitle: 线索\nrecord_title: company & \"!\"\nfields:\n"
        "  company: {type: text, title: 公司}\n"
        "  a: {type: number, title: 甲, scale: 1}\n"
        "  items:\n    type: table\n    title: 明细\n    fields:\n"
        "      qty: {type: number, title: 数量, scale: 0}\n"
        "      twice: {type: formula, title: 两倍, value: qty * 2, scale: 0}\n"
        "  sum: {type: formula, title: 和, scale: 1,"
        " value: a + SUM(items.twice)}\n";
    struct world w;
    (void)state;
    start(&w);
    struct app *one = publish(&w, NULL, BEFORE);
    write_sql(&w, INSERT("_id, company, a", "1, '甲', 15"));
    write_sql(&w, INSERT("_id, company, a", "2, '甲', 15"));
    write_sql(&w, INSERT("_id, company, a", "3, '甲', 15"));
    write_sql(&w, STR("INSERT INTO crm__lead__items (_id, _row, _pos, qty) VALUES (11, 2, 1, 7), "
                      "(12, 2, 2, 8)"));
    struct app *two = publish(&w, one, AFTER);
    assert_string_equal(ask(&w, STR("SELECT sum AS x FROM crm__lead ORDER BY _id")), "15 315 15");
    assert_string_equal(ask(&w, STR("SELECT twice AS x FROM crm__lead__items ORDER BY _id")),
                        "14 16");
    assert_string_equal(ask(&w, STR("SELECT DISTINCT _title AS x FROM crm__lead")), "甲!");
    app_unref(&one);
    app_unref(&two);
    world_fini(&w);
}

/* ---- plans ---- */

static struct change *find(struct changes *ch, enum change_what what)
{
    for (size_t i = 0; i < ch->n; i++)
        if (ch->v[i].what == what)
            return &ch->v[i];
    fail_msg("no change of kind %d", (int)what);
    return NULL;
}

static struct changes plan(struct world *w, const struct app *old, const struct app *new_)
{
    struct err err = ERR_INIT;
    struct conn *c;
    struct changes ch = app_diff(w->a, old, new_);
    ok(store_conn_open(w->s, &c, &err));
    struct ctx x = ctx_of(w, c);
    ok(schema_plan(&x, old, new_, &ch, &err));
    store_conn_close(&c);
    return ch;
}

static void a_plan_counts(void **state)
{
    struct world w;
    (void)state;
    start(&w);
    struct app *one = publish(&w, NULL, FIRST);
    write_sql(&w, INSERT("_id, company, source, note, rate", "1, '甲', 'web', 'x', 1.5"));
    write_sql(&w, INSERT("_id, company, source", "2, '甲', 'expo'"));
    struct app *two = app_of(w.a, "form: lead\ntitle: 线索\nfields:\n"
                                  "  company: {type: text, title: 公司, unique: true}\n"
                                  "  phone: {type: phone, title: 手机, required: true}\n"
                                  "  rate: {type: date, title: 比率}\n"
                                  "  amount: {type: number, title: 金额, scale: 2}\n"
                                  "  channel: {type: link, title: 渠道, form: channel}\n"
                                  "  tags: {type: multiselect, title: 标签, options: [a, b]}\n"
                                  "  source: {type: select, title: 来源, options: {web: 官网}}\n");
    struct changes ch = plan(&w, one, two);
    struct change *unique = find(&ch, CHANGE_FIELD_UNIQUE);
    assert_int_equal(unique->kind, CHANGE_BLOCKED);
    assert_int_equal(unique->rows, 2);
    assert_int_equal(find(&ch, CHANGE_FIELD_REQUIRED)->rows, 2);
    assert_int_equal(find(&ch, CHANGE_FIELD_TYPE)->rows, 1);
    assert_int_equal(find(&ch, CHANGE_FIELD_TYPE)->kind, CHANGE_DESTRUCTIVE);
    assert_int_equal(find(&ch, CHANGE_OPTION_REMOVED)->rows, 1);
    for (size_t i = 0; i < ch.n; i++) {
        struct change *c = &ch.v[i];
        if (c->what != CHANGE_FIELD_REMOVED)
            continue;
        bool note = str_eqz(c->old_field->key, "note");
        assert_int_equal(c->rows, note ? 1 : 0);
        assert_int_equal(c->kind, note ? CHANGE_DESTRUCTIVE : CHANGE_CONFIRM);
    }
    app_unref(&one);
    app_unref(&two);
    world_fini(&w);
}

/* ---- failures, versions ---- */

static void each_call_of_a_publish_may_fail(void **state)
{
    bool unharmed = false;
    (void)state;
    SKIP_ON_PG();
    for (long n = 1; !unharmed; n += 1 + n / 24) {
        struct world w;
        struct err err = ERR_INIT;
        world_init(&w, "fault:sqlite:");
        ok(migrate_run(w.s, 1, &err));
        struct app *one = publish(&w, NULL, FIRST);
        write_sql(&w, INSERT("_id, company", "1, '甲'"));
        struct job j = {.w = &w, .old = one};
        j.new_ = app_of(w.a, "form: lead\ntitle: 线索\nfields:\n"
                             "  firm: {type: text, title: 公司, was: company, unique: true}\n");
        store_fault_set(w.s, n, FAULT_ERROR, false);
        bool done = store_write(w.s, publish_job, &j, &err) == 0;
        unharmed = store_fault_calls(w.s) < n;
        store_fault_set(w.s, 0, FAULT_ERROR, false);
        assert_true(done == unharmed);
        assert_string_equal(ask(&w, COLUMNS("crm__lead")),
                            done ? "firm firm__key"
                                 : "amount channel company note phone phone__key rate source tags");
        app_unref(&one);
        app_unref(&j.new_);
        world_fini(&w);
    }
}

static void versions_are_kept(void **state)
{
    struct world w;
    struct err err = ERR_INIT;
    struct conn *c;
    struct app_source src;
    struct version *list;
    struct str *keys;
    size_t n;
    int64_t running = 0;
    (void)state;
    start(&w);
    ok(store_conn_open(w.s, &c, &err));
    assert_int_equal(version_running(c, w.a, STR("crm"), &running, &err), 0);
    struct app *one = publish(&w, NULL, FIRST);
    struct app *two = publish(&w, one, FIRST);
    assert_int_equal(version_running(c, w.a, STR("crm"), &running, &err), 1);
    assert_int_equal(running, 2);
    assert_int_equal(version_load(c, w.a, STR("crm"), 1, &src, &err), 1);
    assert_int_equal(src.nfiles, 3);
    assert_true(str_eqz(src.files[2].path, "forms/lead.yaml"));
    assert_true(str_eqz(src.files[2].text, FIRST));
    assert_int_equal(version_load(c, w.a, STR("crm"), 3, &src, &err), 0);
    ok(version_list(c, w.a, STR("crm"), &list, &n, &err));
    assert_int_equal(n, 2);
    assert_int_equal(list[0].n, 2);
    assert_true(str_eqz(list[1].note, "note"));
    ok(version_apps(c, w.a, &keys, &n, &err));
    assert_int_equal(n, 1);
    assert_true(str_eqz(keys[0], "crm"));
    store_conn_close(&c);
    app_unref(&one);
    app_unref(&two);
    world_fini(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_form_is_a_table),
        cmocka_unit_test(a_removed_field_comes_back),
        cmocka_unit_test(a_rename_keeps_values),
        cmocka_unit_test(a_renamed_form_keeps_everything),
        cmocka_unit_test(a_changed_type_converts),
        cmocka_unit_test(a_new_unique_rule_meets_rows),
        cmocka_unit_test(a_new_formula_is_filled),
        cmocka_unit_test(a_plan_counts),
        cmocka_unit_test(each_call_of_a_publish_may_fail),
        cmocka_unit_test(versions_are_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
