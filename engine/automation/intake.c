/*
 * CSV and JSON to rows, rows to queued runs.
 */
#include "engine/automation/intake.h"

#include "engine/automation/automation_int.h"
#include "engine/record/csv.h"

struct taking {
    struct ctx *c;
    struct intake *in;
    const struct form *f;
    const struct automation *x;
};

/* ---- rows ---- */

static int too_many(struct err *err)
{
    return err_set(err, ERR_TOO_LARGE, "too_many_rows", "一次最多读取 %d 行。",
                   "At most %d rows are read at a time.", INTAKE_ROWS_MAX);
}

static int read_csv(struct taking *t, struct val *out, struct err *err)
{
    struct arena *a = t->c->a;
    struct csv csv;
    struct str text, *head, *cells;
    size_t ncols, n;
    VEC(struct val) rows = {0};
    int got;
    if (csv_decode(a, t->in->bytes, &text, err))
        return -1;
    csv_init(&csv, text);
    if ((got = csv_row(&csv, a, &head, &ncols, err)) <= 0)
        return got;
    while ((got = csv_row(&csv, a, &cells, &n, err)) == 1) {
        struct pair *p = ARENA_ARRAY(a, struct pair, ncols);
        if (rows.n == INTAKE_ROWS_MAX)
            return too_many(err);
        for (size_t i = 0; i < ncols; i++)
            p[i] =
                (struct pair){str_trim(head[i]), i < n ? val_text(str_trim(cells[i])) : VAL_NONE};
        (void)vec_push(a, &rows, val_obj(p, ncols));
    }
    *out = val_list(rows.v, rows.n);
    return got;
}

/* The list itself, or the first one an object holds ({"records": […]}). */
static int read_json(struct taking *t, struct val *out, struct err *err)
{
    struct val v;
    if (json_parse(t->c->a, t->in->bytes, &v, err))
        return -1;
    for (uint32_t i = 0; v.kind == VAL_OBJ && i < v.n; i++)
        if (v.obj[i].value.kind == VAL_LIST) {
            v = v.obj[i].value;
            break;
        }
    if (v.kind != VAL_LIST)
        return err_set(err, ERR_INVALID, "no_rows", "没有找到行的列表。",
                       "There is no list of rows.");
    *out = v;
    return v.n > INTAKE_ROWS_MAX ? too_many(err) : 0;
}

/* ---- each once ---- */

/* The value that tells rows apart, and what it says: another text is a change. */
static struct str mark_of(struct taking *t, struct val row, struct str text)
{
    struct val key = val_get(row, t->x->trigger == TRIGGER_MAIL ? STR("id") : t->x->tells);
    struct strb b;
    struct json j;
    strb_init(&b, t->c->a);
    json_init(&j, &b);
    if (key.kind != VAL_ABSENT)
        json_val(&j, key);
    if (t->x->trigger != TRIGGER_MAIL)
        strb_addf(&b, " %.*s", STR_ARG(vault_sha256_hex(t->c->a, text)));
    return vault_sha256_hex(t->c->a, strb_str(&b));
}

/* 1 it is new, 0 it came before. */
static int fresh(struct taking *t, struct str mark, struct err *err)
{
    struct sql q;
    int64_t n = 0;
    ctx_sql(t->c, &q);
    sql_lit(&q, "INSERT INTO _hook_seen (app, hook, id, at) VALUES (");
    sql_bind_str(&q, t->in->app);
    sql_lit(&q, ", ");
    sql_bind_str(
        &q, str_fmt(t->c->a, "read:%.*s/%.*s", STR_ARG(t->in->form), STR_ARG(t->in->automation)));
    sql_lit(&q, ", ");
    sql_bind_str(&q, mark);
    sql_lit(&q, ", ");
    sql_bind_int(&q, t->c->now_us);
    sql_lit(&q, ") ON CONFLICT DO NOTHING");
    return store_exec(t->c->db, t->c->a, &q, &n, err) ? -1 : n > 0;
}

static int queue_row(struct taking *t, struct val row, struct err *err)
{
    struct strb b, line;
    struct json j;
    strb_init(&line, t->c->a);
    json_init(&j, &line);
    json_val(&j, row);
    bool tells = t->x->tells.n || t->x->trigger == TRIGGER_MAIL;
    int is_new = tells ? fresh(t, mark_of(t, row, strb_str(&line)), err) : 1;
    if (is_new <= 0)
        return is_new;
    strb_init(&b, t->c->a);
    json_init(&j, &b);
    json_begin_obj(&j);
    json_kval(&j, "body", row);
    json_end_obj(&j);
    const struct outbox_item item = {.kind = OUTBOX_AUTOMATION,
                                     .target = t->x->key,
                                     .app = t->in->app,
                                     .form = t->in->form,
                                     .payload = strb_str(&b),
                                     .automation = t->x->key,
                                     .event = trigger_word(t->x->trigger),
                                     .parent = t->in->row};
    t->in->queued++;
    return outbox_add(t->c, &item, NULL, err);
}

int intake_take(struct ctx *c, void *arg, struct err *err)
{
    struct intake *in = arg;
    struct taking t = {.c = c, .in = in, .f = app_form(c->app, in->form)};
    struct val rows = in->rows;
    t.x = t.f ? form_automation(t.f, in->automation) : NULL;
    in->queued = 0;
    c->via = VIA_TIMER;
    if (t.x && t.x->enabled) {
        if (in->bytes.n && (t.x->json ? read_json(&t, &rows, err) : read_csv(&t, &rows, err)))
            return -1;
        for (uint32_t i = 0; rows.kind == VAL_LIST && i < rows.n; i++)
            if (rows.list[i].kind == VAL_OBJ && queue_row(&t, rows.list[i], err))
                return -1;
    }
    const struct outbox_result ok = {.id = in->row, .ok = true, .status = in->status};
    struct outbox_results all = {&ok, 1};
    return outbox_settle(c, &all, err);
}

/* ---- how far it was read ---- */

int schedule_mark_get(struct ctx *c, struct schedule_mark *m, struct err *err)
{
    struct sql q;
    ctx_sql(c, &q);
    sql_lit(&q, "SELECT last_at FROM _schedule WHERE kind = 'read' AND app = ");
    sql_bind_str(&q, m->app);
    sql_lit(&q, " AND form = ");
    sql_bind_str(&q, m->form);
    sql_lit(&q, " AND name = ");
    sql_bind_str(&q, m->name);
    m->value = 0;
    return store_get_int(c->db, c->a, &q, &m->value, err) < 0 ? -1 : 0;
}

int schedule_mark_set(struct ctx *c, const struct schedule_mark *m, struct err *err)
{
    struct sql q;
    ctx_sql(c, &q);
    sql_lit(&q, "INSERT INTO _schedule (app, form, name, kind, spec, next_at, last_at) VALUES (");
    sql_bind_str(&q, m->app);
    sql_lit(&q, ", ");
    sql_bind_str(&q, m->form);
    sql_lit(&q, ", ");
    sql_bind_str(&q, m->name);
    sql_lit(&q, ", 'read', '', ");
    sql_bind_int(&q, INT64_MAX);
    sql_lit(&q, ", ");
    sql_bind_int(&q, m->value);
    sql_lit(&q, ") ON CONFLICT (app, form, name, kind) DO UPDATE SET last_at = excluded.last_at");
    return store_exec(c->db, c->a, &q, NULL, err);
}
