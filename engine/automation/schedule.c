/*
 * Due times and what they order. The records of a run are in schedule_job.c.
 */
#include "engine/automation/schedule.h"

#include "engine/automation/automation_int.h"
#include "engine/automation/endpoint.h"
#include "engine/automation/monitor.h"
#include "engine/flow/timer.h"
#include "engine/meta/fieldtype.h"
#include "engine/record/query.h"

#define PAGE        500
#define AT_ROWS_MAX 50000
#define AT_KEEP_US  (60 * US_PER_S) /* how often an idle watermark is stored */

/* ---- due times ---- */

static void where_key(struct sql *q, const struct ctx *c, const struct schedule_take *t)
{
    sql_lit(q, " WHERE app = ");
    sql_bind_str(q, c->app->key);
    sql_lit(q, " AND form = ");
    sql_bind_str(q, t->form);
    sql_lit(q, " AND name = ");
    sql_bind_str(q, t->name);
    sql_lit(q, " AND kind = ");
    sql_bind_str(q, t->kind);
}

struct due_time {
    bool there, same;
    int64_t next_us, last_us;
};

static int read_due(struct ctx *c, const struct schedule_take *t, struct due_time *out,
                    struct err *err)
{
    struct sql q;
    struct stmt *s;
    ctx_sql(c, &q);
    sql_lit(&q, "SELECT spec, next_at, last_at FROM _schedule");
    where_key(&q, c, t);
    *out = (struct due_time){.there = false};
    if (store_query(c->db, c->a, &q, &s, err))
        return -1;
    int got = stmt_step(s, err);
    if (got == 1)
        *out = (struct due_time){.there = true,
                                 .same = str_eq(stmt_str(s, 0), t->spec),
                                 .next_us = stmt_int(s, 1),
                                 .last_us = stmt_null(s, 2) ? 0 : stmt_int(s, 2)};
    stmt_done(s);
    return got < 0 ? -1 : 0;
}

static int store_due(struct ctx *c, const struct schedule_take *t, int64_t last_us, struct err *err)
{
    struct sql q;
    const struct val values[] = {val_text(c->app->key),
                                 val_text(t->form),
                                 val_text(t->name),
                                 val_text(t->kind),
                                 val_text(t->spec),
                                 val_dec(t->next_us, 0),
                                 last_us ? val_dec(last_us, 0) : VAL_NONE};
    ctx_sql(c, &q);
    sql_lit(&q, "INSERT INTO _schedule (app, form, name, kind, spec, next_at, last_at) VALUES (");
    for (size_t i = 0; i < ARRAY_LEN(values); i++) {
        if (i)
            sql_lit(&q, ", ");
        sql_bind(&q, values[i]);
    }
    sql_lit(&q, ") ON CONFLICT (app, form, name, kind) DO UPDATE SET spec = excluded.spec,"
                " next_at = excluded.next_at, last_at = excluded.last_at");
    return store_exec(c->db, c->a, &q, NULL, err);
}

int schedule_take(struct ctx *c, struct schedule_take *t, struct err *err)
{
    struct due_time d;
    if (read_due(c, t, &d, err))
        return -1;
    t->last_us = d.last_us;
    bool fresh = !d.there || !d.same;
    if (fresh && !t->at_once)
        return store_due(c, t, d.last_us, err) ? -1 : 0;
    if (!fresh && d.next_us > c->now_us)
        return 0;
    return store_due(c, t, c->now_us, err) ? -1 : 1;
}

int schedule_is_due(struct ctx *c, struct schedule_take *t, struct err *err)
{
    struct due_time d;
    if (read_due(c, t, &d, err))
        return -1;
    t->last_us = d.last_us;
    return !d.there || !d.same || d.next_us <= c->now_us;
}

/* ---- every ---- */

struct one {
    const struct form *f;
    const struct automation *x;
    int64_t fired;
};

static struct schedule_take every_take(struct ctx *c, const struct one *o)
{
    return (struct schedule_take){.form = o->f->key,
                                  .name = o->x->key,
                                  .kind = STR("every"),
                                  .spec = o->x->every,
                                  .next_us = cron_next(&o->x->cron, c->now_us, &o->f->app->zone)};
}

/* A job for the records; its key keeps a due time from running twice. */
static int order_job(struct ctx *c, const struct one *o, int64_t run, struct err *err)
{
    struct sql q;
    struct strb text;
    struct json j;
    char id[16];
    strb_init(&text, c->a);
    json_init(&j, &text);
    json_begin_obj(&j);
    json_kstr(&j, "form", o->f->key);
    json_kstr(&j, "automation", o->x->key);
    json_kstr(&j, "run", id_print(run, id));
    json_kstr(&j, "after", STR("0"));
    json_kstr(&j, "phase", STR("do"));
    json_end_obj(&j);
    ctx_sql(c, &q);
    sql_lit(&q,
            "INSERT INTO _job (id, kind, key, app, payload, state, run_at, created_at) VALUES (");
    sql_bind_int(&q, id_next(c->ids, c->now_us));
    sql_lit(&q, ", 'schedule', ");
    sql_bind_str(&q, str_fmt(c->a, "%.*s/%.*s/%.*s@%lld", STR_ARG(c->app->key), STR_ARG(o->f->key),
                             STR_ARG(o->x->key), (long long)c->now_us));
    sql_lit(&q, ", ");
    sql_bind_str(&q, c->app->key);
    sql_lit(&q, ", ");
    sql_bind_str(&q, strb_str(&text));
    sql_lit(&q, ", 'queued', ");
    sql_bind_int(&q, c->now_us);
    sql_lit(&q, ", ");
    sql_bind_int(&q, c->now_us);
    sql_lit(&q, ")");
    ctx_event(c, c->app->key, STR_NONE, 0, 0, STR("outbox"));
    return store_exec(c->db, c->a, &q, NULL, err);
}

/* A reading that has not managed yet gives way to the next one. */
static int give_way(struct ctx *c, const struct one *o, struct err *err)
{
    struct sql q;
    ctx_sql(c, &q);
    sql_lit(&q, "UPDATE _outbox SET state = 'stopped', done_at = ");
    sql_bind_int(&q, c->now_us);
    sql_lit(&q, " WHERE state = 'waiting' AND kind IN ('pull', 'inbox') AND"
                " coalesce(lease_until, 0) <= ");
    sql_bind_int(&q, c->now_us);
    sql_lit(&q, " AND app = ");
    sql_bind_str(&q, c->app->key);
    sql_lit(&q, " AND form = ");
    sql_bind_str(&q, o->f->key);
    sql_lit(&q, " AND automation = ");
    sql_bind_str(&q, o->x->key);
    return store_exec(c->db, c->a, &q, NULL, err);
}

/* 1 there is something to read, 0 the endpoint has no address (counted), -1. */
static int readable(struct ctx *c, const struct one *o, struct err *err)
{
    struct endpoint_now e;
    const struct skip skip = {o->f, o->x, 0, STR("endpoint")};
    int got = endpoint_get(c, o->f->app, o->x->name, &e, err);
    if (got < 0 || (got && !e.url.n && skip_note(c, &skip, err)))
        return -1;
    return got && e.url.n && give_way(c, o, err) ? -1 : got && e.url.n;
}

static int fire_every(struct ctx *c, void *arg, struct err *err)
{
    struct one *o = arg;
    struct schedule_take t = every_take(c, o);
    int64_t run;
    int due = schedule_take(c, &t, err);
    o->fired = 0;
    if (due <= 0)
        return due;
    o->fired = 1;
    c->via = VIA_TIMER;
    bool reads = o->x->trigger != TRIGGER_EVERY;
    int go = reads ? readable(c, o, err) : 1;
    if (go <= 0)
        return go;
    const struct outbox_item line = {.kind = o->x->trigger == TRIGGER_PULL   ? OUTBOX_PULL
                                             : o->x->trigger == TRIGGER_MAIL ? OUTBOX_INBOX
                                                                             : OUTBOX_AUTOMATION,
                                     .target = reads ? o->x->name : o->x->key,
                                     .app = c->app->key,
                                     .form = o->f->key,
                                     .automation = o->x->key,
                                     .event = trigger_word(o->x->trigger),
                                     .state = o->x->per_record && !reads ? STR("done") : STR_NONE};
    if (outbox_add(c, &line, &run, err))
        return -1;
    return o->x->per_record && !reads ? order_job(c, o, run, err) : 0;
}

/* ---- at ---- */

static struct duration reversed(struct duration d)
{
    d.count = -d.count;
    return d;
}

/* The value of the field at which the moment `us` is due. */
static struct val bound(const struct one *o, int64_t us, bool warn)
{
    const struct app *app = o->f->app;
    int64_t at = timer_after(app, us, reversed(o->x->offset));
    if (warn)
        at = timer_after(app, at, o->x->warn_before);
    return o->x->due->type->fx == FX_DATE ? val_date(civil_day_of_us(at, &app->zone))
                                          : val_instant(at);
}

struct at_scan {
    struct one one;
    bool warn;
    bool idle; /* nothing was found last time: only a look */
};

static struct schedule_take at_take(struct ctx *c, const struct at_scan *s)
{
    return (struct schedule_take){
        .form = s->one.f->key,
        .name = s->one.x->key,
        .kind = s->warn ? STR("warn") : STR("at"),
        .spec = str_fmt(c->a, "%.*s %lld %d %lld %d", STR_ARG(s->one.x->due->key),
                        (long long)s->one.x->offset.count, (int)s->one.x->offset.unit,
                        (long long)s->one.x->warn_before.count, (int)s->one.x->warn_before.unit),
        .next_us = c->now_us};
}

struct found {
    int64_t *ids; /* PAGE of them */
    size_t n;
};

static int scan(struct ctx *c, const struct at_scan *s, int64_t from_us, int64_t after,
                struct found *out, struct err *err)
{
    const struct query_pick pick = {.form = s->one.f,
                                    .where = s->one.x->where,
                                    .due = s->one.x->due,
                                    .due_from = bound(&s->one, from_us, s->warn),
                                    .due_to = bound(&s->one, c->now_us, s->warn),
                                    .after = after,
                                    .limit = PAGE};
    return query_ids(c, &pick, out->ids, &out->n, err);
}

static int order_row(struct ctx *c, const struct at_scan *s, int64_t id, struct err *err)
{
    const struct outbox_item item = {.kind = OUTBOX_AUTOMATION,
                                     .target = s->one.x->key,
                                     .app = c->app->key,
                                     .form = s->one.f->key,
                                     .record = id,
                                     .automation = s->one.x->key,
                                     .event = s->warn ? STR("warn") : STR("at")};
    return outbox_add(c, &item, NULL, err);
}

/* All between the watermark and now, ordered in one transaction with the new watermark. */
static int fire_at(struct ctx *c, void *arg, struct err *err)
{
    struct at_scan *s = arg;
    struct schedule_take t = at_take(c, s);
    struct due_time d;
    struct found f = {ARENA_ARRAY(c->a, int64_t, PAGE), PAGE};
    int64_t after = 0;
    s->one.fired = 0;
    c->via = VIA_TIMER;
    if (read_due(c, &t, &d, err))
        return -1;
    for (; d.there && d.same && f.n == PAGE && s->one.fired < AT_ROWS_MAX;
         after = f.ids[PAGE - 1]) {
        if (scan(c, s, d.last_us, after, &f, err))
            return -1;
        for (size_t i = 0; i < f.n; i++, s->one.fired++)
            if (order_row(c, s, f.ids[i], err))
                return -1;
    }
    return store_due(c, &t, c->now_us, err);
}

/* A look on the reading connection first: mostly there is nothing to write. */
static int look_at(struct ctx *c, struct at_scan *s, schedule_write *write, struct err *err)
{
    struct schedule_take t = at_take(c, s);
    struct due_time d;
    struct found f = {.ids = ARENA_ARRAY(c->a, int64_t, PAGE)};
    s->one.fired = 0;
    if (read_due(c, &t, &d, err))
        return -1;
    if (d.there && d.same) {
        if (c->now_us <= d.last_us)
            return 0;
        if (scan(c, s, d.last_us, 0, &f, err))
            return -1;
        if (!f.n && c->now_us - d.last_us < AT_KEEP_US)
            return 0;
    }
    return write(c, fire_at, s, err) ? -1 : 0;
}

/* ---- all ---- */

static int look_every(struct ctx *c, struct one *o, schedule_write *write, struct err *err)
{
    struct schedule_take t = every_take(c, o);
    struct due_time d;
    o->fired = 0;
    if (read_due(c, &t, &d, err))
        return -1;
    if (d.there && d.same && d.next_us > c->now_us)
        return 0;
    return write(c, fire_every, o, err) ? -1 : 0;
}

static int look(struct ctx *c, struct one o, schedule_write *write, int64_t *n, struct err *err)
{
    const struct automation *x = o.x;
    struct at_scan s = {.one = o};
    if (!x->enabled)
        return 0;
    if (x->trigger == TRIGGER_EVERY || x->trigger == TRIGGER_PULL || x->trigger == TRIGGER_MAIL) {
        if (look_every(c, &o, write, err))
            return -1;
        *n += o.fired;
    }
    if (x->trigger != TRIGGER_AT || !x->due)
        return 0;
    if (look_at(c, &s, write, err))
        return -1;
    *n += s.one.fired;
    s.warn = true;
    if (x->warns && look_at(c, &s, write, err))
        return -1;
    *n += x->warns ? s.one.fired : 0;
    return 0;
}

int schedule_tick(struct ctx *c, schedule_write *write, int64_t *n, struct err *err)
{
    *n = 0;
    for (size_t i = 0; i < c->app->nforms; i++) {
        const struct form *f = c->app->forms[i];
        for (size_t k = 0; k < f->nautomations; k++)
            if (look(c, (struct one){.f = f, .x = &f->automations[k]}, write, n, err))
                return -1;
    }
    return monitor_tick(c, write, n, err);
}
