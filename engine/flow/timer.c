/*
 * Time in approvals: due times, waits, and what happens when they are over. A timer is a row of
 * _job (kind "flow", subject: the token), written and called off in the step's own transaction, so
 * it fires for a token that is still open, once. What a timer does is the system's, never a
 * person's.
 */
#include "engine/flow/timer.h"

#include "engine/flow/flow_int.h"

#define WAIT_STEP    (-1)
#define RETRY_US     (60 * US_PER_S)
#define ATTEMPTS_MAX 8

/* ---- spans ---- */

static int64_t unit_us(enum duration_unit unit)
{
    static const int64_t seconds[] = {[UNIT_SECOND] = 1,
                                      [UNIT_MINUTE] = 60,
                                      [UNIT_HOUR] = 3600,
                                      [UNIT_DAY] = 86400,
                                      [UNIT_WEEK] = 7 * 86400};
    return seconds[unit] * US_PER_S;
}

/* The same time of day, n working days on. */
static int64_t add_workdays(const struct app *app, int64_t day, int64_t n)
{
    while (n > 0 && day < CIVIL_MAX_DAY)
        n -= fx_is_workday(&app->calendar, ++day);
    while (n < 0 && day > CIVIL_MIN_DAY)
        n += fx_is_workday(&app->calendar, --day);
    return day;
}

/* The same day of a later month, or that month's last. */
static void add_months(struct civil *t, int64_t n)
{
    int64_t months = (int64_t)t->year * 12 + t->month - 1 + n;
    t->year = (int)MIN(months / 12, 9999);
    t->month = (int)(months % 12) + 1;
    t->day = MIN(t->day, civil_month_days(t->year, t->month));
}

int64_t timer_after(const struct app *app, int64_t from_us, struct duration span)
{
    struct civil t, day;
    civil_of_us(from_us, &app->zone, &t);
    switch (span.unit) {
    case UNIT_SECOND:
    case UNIT_MINUTE:
    case UNIT_HOUR: return from_us + span.count * unit_us(span.unit);
    case UNIT_MONTH: add_months(&t, span.count); break;
    case UNIT_YEAR: add_months(&t, span.count * 12); break;
    case UNIT_DAY:
    case UNIT_WEEK:
    case UNIT_WORKDAY: {
        int64_t at = civil_day_of_us(from_us, &app->zone);
        at = span.unit == UNIT_WORKDAY ? add_workdays(app, at, span.count)
                                       : at + span.count * (span.unit == UNIT_WEEK ? 7 : 1);
        civil_of_days(MIN(at, CIVIL_MAX_DAY), &day);
        t.year = day.year, t.month = day.month, t.day = day.day;
        break;
    }
    }
    return civil_us(&t, &app->zone);
}

/* ---- rows ---- */

static int timer_add(struct flow_run *r, int64_t token, int step, int64_t at_us, struct err *err)
{
    struct sql q;
    struct strb text;
    struct json j;
    char id[16];
    strb_init(&text, r->c->a);
    json_init(&j, &text);
    json_begin_obj(&j);
    json_kstr(&j, "form", r->live->key);
    json_kstr(&j, "record", id_print(r->record, id));
    json_kint(&j, "step", step);
    json_end_obj(&j);
    ctx_sql(r->c, &q);
    sql_lit(&q, "INSERT INTO _job (id, kind, subject, app, payload, state, run_at, created_at)"
                " VALUES (");
    sql_bind_int(&q, id_next(r->c->ids, r->c->now_us));
    sql_lit(&q, ", 'flow', ");
    sql_bind_int(&q, token);
    sql_lit(&q, ", ");
    sql_bind_str(&q, r->live->app->key);
    sql_lit(&q, ", ");
    sql_bind_str(&q, strb_str(&text));
    sql_lit(&q, ", 'queued', ");
    sql_bind_int(&q, at_us);
    sql_lit(&q, ", ");
    sql_bind_int(&q, r->c->now_us);
    sql_lit(&q, ")");
    return store_exec(r->c->db, r->c->a, &q, NULL, err);
}

int timer_due(struct flow_run *r, const struct flow_node *node, int64_t token, int64_t *due_us,
              struct err *err)
{
    const struct app *app = r->live->app;
    *due_us = 0;
    if (!node->due.on)
        return 0;
    *due_us = timer_after(app, r->c->now_us, node->due.after);
    for (size_t i = 0; i < node->due.nthen; i++) {
        int64_t at = timer_after(app, *due_us, node->due.then[i].after);
        if (timer_add(r, token, (int)i, at, err) < 0)
            return -1;
    }
    return 0;
}

int timer_wait(struct flow_run *r, int64_t token, int64_t until_us, struct err *err)
{
    return timer_add(r, token, WAIT_STEP, until_us, err);
}

int timer_cancel(struct flow_run *r, int64_t token, struct err *err)
{
    struct sql q;
    ctx_sql(r->c, &q);
    sql_lit(&q, "DELETE FROM _job WHERE kind = 'flow' AND state = 'queued' AND subject ");
    if (token) {
        sql_lit(&q, "= ");
        sql_bind_int(&q, token);
    } else {
        sql_lit(&q, "IN (SELECT id FROM _flow_token WHERE state = 'open' AND instance = ");
        sql_bind_int(&q, r->instance);
        sql_lit(&q, ")");
    }
    return store_exec(r->c->db, r->c->a, &q, NULL, err);
}

/* ---- what happens ---- */

struct firing {
    struct flow_run r;
    const struct flow_node *node;
    const struct due_step *step;
    int64_t token;
};

typedef int fire_fn(struct firing *f, struct err *err);

static int say(struct firing *f, struct str verb, struct err *err)
{
    struct flow_event ev = {.verb = verb, .node = f->node->key};
    return fs_event(&f->r, &ev, err);
}

static int tell(struct firing *f, int64_t member, struct str kind, struct err *err)
{
    return fs_tell(&f->r, member, kind, f->node->key, err);
}

static int fire_remind(struct firing *f, struct err *err)
{
    struct task_list open = {0};
    if (fs_tasks_of(&f->r, f->token, &open, err) < 0)
        return -1;
    for (size_t i = 0; i < open.rows.n; i++) {
        const struct task_row *t = &open.rows.v[i];
        if (tell(f, t->holder, STR("due"), err) < 0 ||
            (t->on_behalf && tell(f, t->on_behalf, STR("due"), err) < 0))
            return -1;
    }
    return say(f, STR("remind"), err);
}

/* Closes the open tasks of the token, by nobody. */
static int close_open(struct firing *f, struct str state, struct str action, struct task_list *open,
                      struct err *err)
{
    if (fs_tasks_of(&f->r, f->token, open, err) < 0)
        return -1;
    for (size_t i = 0; i < open->rows.n; i++) {
        struct task_close t = {
            .task = open->rows.v[i].id, .state = state, .action = action, .automatic = true};
        if (fs_task_close(&f->r, &t, err) < 0)
            return -1;
    }
    return 0;
}

/* A task to each of those it goes up to; an added signer's keeps its place. */
static int pass_up(struct firing *f, const struct task_row *from, const struct people *up,
                   struct err *err)
{
    for (size_t i = 0; i < up->ids.n; i++) {
        struct task_spec t = {.node = f->node->key,
                              .kind = from->kind,
                              .state = STR("open"),
                              .token = f->token,
                              .holder = up->ids.v[i],
                              .parent = from->placed.n ? from->parent : from->id,
                              .placed = from->placed,
                              .pos = from->pos};
        int64_t id;
        if (fs_task_add(&f->r, &t, &id, err) < 0 ||
            (i == 0 && fs_signers_follow(&f->r, from->id, id, err) < 0) ||
            tell(f, up->ids.v[i], STR("escalate"), err) < 0)
            return -1;
    }
    return 0;
}

/* The overdue tasks go over to those named; whom nobody can be found for stays as he is. */
static int fire_escalate(struct firing *f, struct err *err)
{
    struct people up = {0};
    struct task_list open = {0};
    if (assign_people(&f->r, &f->step->to, 1, &up, err) < 0)
        return -1;
    if (up.ids.n == 0)
        return say(f, STR("escalate_nobody"), err);
    if (close_open(f, STR("cancelled"), STR("escalate"), &open, err) < 0)
        return -1;
    for (size_t i = 0; i < open.rows.n; i++)
        if ((i == 0 || open.rows.v[i].placed.n) && pass_up(f, &open.rows.v[i], &up, err) < 0)
            return -1;
    return say(f, STR("escalate"), err);
}

static int fire_approve(struct firing *f, struct err *err)
{
    struct task_list open = {0};
    if (close_open(f, STR("done"), STR("approve"), &open, err) < 0 ||
        say(f, STR("approve"), err) < 0)
        return -1;
    return step_pass(&f->r, f->node, f->token, err);
}

static int fire_reject(struct firing *f, struct err *err)
{
    struct task_list open = {0};
    if (close_open(f, STR("done"), STR("reject"), &open, err) < 0 || say(f, STR("reject"), err) < 0)
        return -1;
    return step_refuse(&f->r, f->node, f->token, err);
}

static int fire_to(struct firing *f, struct err *err)
{
    if (say(f, STR("timeout"), err) < 0)
        return -1;
    return lane_go(&f->r, f->token, &f->r.def->nodes[f->step->node], err);
}

static fire_fn *const fires[] = {[DUE_REMIND] = fire_remind,
                                 [DUE_ESCALATE] = fire_escalate,
                                 [DUE_APPROVE] = fire_approve,
                                 [DUE_REJECT] = fire_reject,
                                 [DUE_TO] = fire_to};

static int fire_wait(struct firing *f, struct err *err)
{
    return say(f, STR("waited"), err) < 0 ? -1 : step_pass(&f->r, f->node, f->token, err);
}

/* ---- running them ---- */

int timer_next(struct ctx *c, struct timer *out, struct err *err)
{
    struct sql q;
    struct stmt *s;
    ctx_sql(c, &q);
    sql_lit(&q, "SELECT id, app FROM _job WHERE kind = 'flow' AND state = 'queued' AND run_at <= ");
    sql_bind_int(&q, c->now_us);
    sql_lit(&q, " ORDER BY run_at, id LIMIT 1");
    if (store_query(c->db, c->a, &q, &s, err) < 0)
        return -1;
    int got = stmt_step(s, err);
    if (got == 1)
        *out = (struct timer){.id = stmt_int(s, 0), .app = str_dup(c->a, stmt_str(s, 1))};
    stmt_done(s);
    return got;
}

/* 1 this call took it, 0 it was called off or taken, -1. */
static int take(struct ctx *c, int64_t id, struct err *err)
{
    struct sql q;
    int64_t n = 0;
    ctx_sql(c, &q);
    sql_lit(&q, "UPDATE _job SET state = 'done', finished_at = ");
    sql_bind_int(&q, c->now_us);
    sql_lit(&q, " WHERE state = 'queued' AND id = ");
    sql_bind_int(&q, id);
    return store_exec(c->db, c->a, &q, &n, err) < 0 ? -1 : n > 0;
}

struct due_row {
    int64_t token, record;
    struct str form;
    int64_t step;
};

static int row_load(struct ctx *c, int64_t id, struct due_row *out, struct err *err)
{
    struct sql q;
    struct stmt *s;
    struct val payload = VAL_NONE;
    ctx_sql(c, &q);
    sql_lit(&q, "SELECT subject, payload FROM _job WHERE id = ");
    sql_bind_int(&q, id);
    if (store_query(c->db, c->a, &q, &s, err) < 0)
        return -1;
    int got = stmt_step(s, err);
    if (got == 1) {
        out->token = stmt_int(s, 0);
        got = json_parse(c->a, stmt_str(s, 1), &payload, err) < 0 ? -1 : 1;
    }
    stmt_done(s);
    out->form = val_str(val_get(payload, STR("form")));
    out->step = (int64_t)val_double(val_get(payload, STR("step")));
    (void)id_parse(val_str(val_get(payload, STR("record"))), &out->record); /* we wrote it */
    return got;
}

static int fire(struct firing *f, const struct due_row *row, struct err *err)
{
    struct token_row token = {0};
    int got = fs_token_load(&f->r, row->token, &token, err);
    if (got <= 0 || !str_eq(token.state, STR("open")) || token.instance != f->r.instance)
        return got < 0 ? -1 : 0;
    f->token = row->token;
    f->node = flow_node(f->r.def, token.node);
    if (!f->node || run_reload(&f->r, err) < 0)
        return f->node ? -1 : 0;
    bool wait = row->step == WAIT_STEP;
    if (!wait && (row->step < 0 || (size_t)row->step >= f->node->due.nthen))
        return 0;
    f->step = wait ? NULL : &f->node->due.then[row->step];
    if ((wait ? fire_wait : fires[f->step->kind])(f, err) < 0)
        return -1;
    return f->r.ended ? 0 : step_store_state(&f->r, STR("running"), err);
}

int timer_fire(struct ctx *c, void *arg, struct err *err)
{
    const struct timer *timer = arg;
    struct due_row row = {0};
    struct diags diags;
    diags_init(&diags, c->a);
    int mine = take(c, timer->id, err);
    if (mine <= 0)
        return mine;
    if (row_load(c, timer->id, &row, err) < 0)
        return -1;
    const struct form *f = c->app ? app_form(c->app, row.form) : NULL;
    if (!f)
        return err_set(err, ERR_CONFLICT, "form_missing", "表单 %.*s 已不存在。",
                       "The form %.*s is gone.", STR_ARG(row.form));
    struct firing x = {0};
    int found = fs_instance_load(c, f, row.record, true, &x.r, err);
    if (found <= 0)
        return found;
    x.r.diags = &diags;
    return fire(&x, &row, err);
}

#define FIRE_MAX 1000 /* timers that set off each other at one instant */

int timer_fire_due(struct ctx *c, int64_t *n, struct err *err)
{
    const struct principal *who = c->who;
    enum via via = c->via;
    struct timer t = {0};
    int due = 0;
    *n = 0;
    c->who = &who_system;
    c->via = VIA_TIMER;
    while (*n < FIRE_MAX && (due = timer_next(c, &t, err)) == 1) {
        if (timer_fire(c, &t, err) < 0) {
            due = -1;
            break;
        }
        ++*n;
    }
    c->who = who;
    c->via = via;
    return due < 0 ? -1 : 0;
}

/* Tried again later and later; after ATTEMPTS_MAX it stands in the list of jobs as failed. */
int timer_failed(struct ctx *c, void *arg, struct err *err)
{
    const struct timer *timer = arg;
    struct sql q;
    ctx_sql(c, &q);
    sql_lit(&q, "UPDATE _job SET attempts = attempts + 1, run_at = ");
    sql_bind_int(&q, c->now_us + RETRY_US);
    sql_lit(&q, " + attempts * ");
    sql_int(&q, RETRY_US * 5);
    sql_lit(&q, ", state = CASE WHEN attempts + 1 >= ");
    sql_int(&q, ATTEMPTS_MAX);
    sql_lit(&q, " THEN 'failed' ELSE state END, errors = ");
    sql_bind_str(&q, timer->errors);
    sql_lit(&q, " WHERE state = 'queued' AND id = ");
    sql_bind_int(&q, timer->id);
    return store_exec(c->db, c->a, &q, NULL, err);
}
