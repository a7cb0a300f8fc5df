/*
 * Triggers against what happened. Conditions are tested when it happens, on the rows of that
 * moment; what is queued carries them along.
 */
#include "engine/automation/event.h"

#include "engine/automation/automation_int.h"
#include "engine/base/log.h"
#include "engine/record/snapshot.h"

#include <assert.h>

static_assert(VIA_AUTOMATION == 9, "engine/meta/automation.c numbers the ways by enum via");

struct str trigger_word(enum trigger_kind kind)
{
    static const struct str words[] = {
        [TRIGGER_CREATE] = STR("create"), [TRIGGER_UPDATE] = STR("update"),
        [TRIGGER_DELETE] = STR("delete"), [TRIGGER_STATE] = STR("state"),
        [TRIGGER_EVERY] = STR("every"),   [TRIGGER_AT] = STR("at"),
        [TRIGGER_BUTTON] = STR("button"), [TRIGGER_WEBHOOK] = STR("webhook"),
        [TRIGGER_MAIL] = STR("mail"),     [TRIGGER_PULL] = STR("pull")};
    return words[kind];
}

/* ---- does it fire? ---- */

static bool same_rows(const struct rec *x, const struct rec *y, uint32_t slot)
{
    size_t nx = x->rows ? x->rows[slot].n : 0, ny = y->rows ? y->rows[slot].n : 0;
    if (nx != ny)
        return false;
    for (size_t i = 0; i < nx; i++) {
        const struct rec *rx = &x->rows[slot].v[i], *ry = &y->rows[slot].v[i];
        if (rx->id != ry->id)
            return false;
        for (size_t s = 0; s < rx->form->nfields; s++)
            if (!val_same(rx->v[s], ry->v[s]))
                return false;
    }
    return true;
}

static bool differs(const struct rec_event *ev, const struct field *f)
{
    if (f->sub)
        return !same_rows(ev->rec, ev->old, f->slot);
    return !val_same(ev->rec->v[f->slot], ev->old->v[f->slot]);
}

static bool fires_update(const struct automation *x, const struct rec_event *ev)
{
    if (ev->op != REC_UPDATE || !ev->old || ev->submitted)
        return false;
    if (!x->nfields)
        return true;
    for (size_t i = 0; i < x->nfields; i++)
        if (differs(ev, x->fields[i]))
            return true;
    return false;
}

static bool fires_state(const struct automation *x, const struct rec_event *ev)
{
    if (ev->op != REC_UPDATE && ev->op != REC_CREATE)
        return false;
    struct str now = val_str(rec_get(ev->rec, STR("_state")));
    struct str was = ev->old ? val_str(rec_get(ev->old, STR("_state"))) : STR_NONE;
    return str_eq(now, x->name) && !str_eq(was, now);
}

static bool fires(const struct automation *x, const struct rec_event *ev)
{
    if (ev->button)
        return x->trigger == TRIGGER_BUTTON && str_eq(x->name, ev->button->key);
    switch (x->trigger) {
    case TRIGGER_CREATE: return ev->op == REC_CREATE || ev->submitted;
    case TRIGGER_UPDATE: return fires_update(x, ev);
    case TRIGGER_DELETE: return ev->op == REC_DELETE;
    case TRIGGER_STATE: return fires_state(x, ev);
    case TRIGGER_EVERY:
    case TRIGGER_AT:
    case TRIGGER_BUTTON:
    case TRIGGER_WEBHOOK:
    case TRIGGER_MAIL:
    case TRIGGER_PULL: break;
    }
    return false;
}

/* 1, 0, -1 */
static int holds(struct ctx *c, const struct automation *x, const struct rec_event *ev,
                 struct err *err)
{
    const struct eval_rows rows = {.row = ev->rec, .old = ev->old};
    int yes = x->where ? eval_true(c, x->where, &rows, err) : 1;
    if (yes == 1 && x->when)
        yes = eval_true(c, x->when, &rows, err);
    return yes;
}

/* ---- what is left out ---- */

int skip_note(struct ctx *c, const struct skip *s, struct err *err)
{
    struct sql q;
    const struct val key[] = {
        val_text(s->f->app->key),   val_text(s->f->key),
        val_text(s->x->key),        val_text(s->why),
        val_text(via_name(c->via)), val_dec(civil_day_of_us(c->now_us, &s->f->app->zone), 0)};
    char id[16];
    log_event(LOG_INFO, "automation_skipped", LOG_TEXT("app", s->f->app->key),
              LOG_TEXT("form", s->f->key), LOG_TEXT("automation", s->x->key),
              LOG_TEXT("record", id_print(s->record, id)), LOG_TEXT("why", s->why),
              LOG_TEXT("via", via_name(c->via)));
    ctx_sql(c, &q);
    sql_lit(&q, "INSERT INTO _automation_skip (app, form, automation, why, via, day, n, last_at)"
                " VALUES (");
    for (size_t i = 0; i < ARRAY_LEN(key); i++) {
        sql_bind(&q, key[i]);
        sql_lit(&q, ", ");
    }
    sql_lit(&q, "1, ");
    sql_bind_int(&q, c->now_us);
    sql_lit(&q, ") ON CONFLICT (app, form, automation, why, via, day) DO UPDATE SET"
                " n = _automation_skip.n + 1, last_at = excluded.last_at");
    return store_exec(c->db, c->a, &q, NULL, err);
}

/* A line of the log that a person finds among the runs. */
static int too_deep(struct ctx *c, const struct automation *x, const struct rec_event *ev,
                    struct err *err)
{
    const struct form *f = ev->rec->form;
    const struct outbox_item line = {
        .kind = OUTBOX_AUTOMATION,
        .target = x->key,
        .app = f->app->key,
        .form = f->key,
        .record = ev->rec->id,
        .automation = x->key,
        .event = trigger_word(x->trigger),
        .state = STR("stopped"),
        .error = STR("自动化互相触发超过 8 层，已停在这里。 / "
                     "Automations set each other off more than 8 deep; stopped here."),
    };
    log_event(LOG_WARN, "automation_chain", LOG_TEXT("app", f->app->key), LOG_TEXT("form", f->key),
              LOG_TEXT("automation", x->key));
    return outbox_add(c, &line, NULL, err);
}

/* ---- now, or after the commit ---- */

static int run_now(struct ctx *c, const struct automation *x, const struct rec_event *ev,
                   struct err *err)
{
    const struct form *f = ev->rec->form;
    struct auto_run r = {.c = c,
                         .f = f,
                         .x = x,
                         .rec = ev->rec,
                         .old = ev->old,
                         .event = trigger_word(x->trigger),
                         .gone = !ev->button && ev->op == REC_DELETE};
    const struct outbox_item line = {.kind = OUTBOX_AUTOMATION,
                                     .target = x->key,
                                     .app = f->app->key,
                                     .form = f->key,
                                     .record = ev->rec->id,
                                     .automation = x->key,
                                     .event = r.event,
                                     .state = STR("done")};
    if (outbox_add(c, &line, &r.row, err))
        return -1;
    enum via via = c->via;
    c->via = VIA_AUTOMATION;
    int rc = run_steps(&r, err);
    c->via = via;
    return rc;
}

static struct str rows_text(struct ctx *c, const struct rec_event *ev)
{
    struct strb b;
    struct json j;
    strb_init(&b, c->a);
    json_init(&j, &b);
    json_begin_obj(&j);
    json_kint(&j, "version", ev->rec->version);
    json_kbool(&j, "gone", !ev->button && ev->op == REC_DELETE);
    json_key(&j, STR("now"));
    snapshot_put(c, ev->rec, &j);
    if (ev->old) {
        json_key(&j, STR("old"));
        snapshot_put(c, ev->old, &j);
    }
    json_end_obj(&j);
    return strb_str(&b);
}

static int run_later(struct ctx *c, const struct automation *x, const struct rec_event *ev,
                     struct str *rows, struct err *err)
{
    const struct form *f = ev->rec->form;
    if (!rows->n)
        *rows = rows_text(c, ev);
    const struct outbox_item item = {.kind = OUTBOX_AUTOMATION,
                                     .target = x->key,
                                     .app = f->app->key,
                                     .form = f->key,
                                     .record = ev->rec->id,
                                     .payload = *rows,
                                     .automation = x->key,
                                     .event = trigger_word(x->trigger)};
    return outbox_add(c, &item, NULL, err);
}

static int set_off(struct ctx *c, const struct automation *x, const struct rec_event *ev,
                   struct str *rows, struct err *err)
{
    const struct skip skip = {ev->rec->form, x, ev->rec->id,
                              x->enabled ? STR("from") : STR("disabled")};
    if (!x->enabled || (x->from && !(x->from >> c->via & 1)))
        return skip_note(c, &skip, err);
    int yes = holds(c, x, ev, err);
    if (yes <= 0)
        return yes;
    if (c->chain >= CHAIN_MAX || c->depth > CHAIN_MAX)
        return too_deep(c, x, ev, err);
    return x->in_transaction ? run_now(c, x, ev, err) : run_later(c, x, ev, rows, err);
}

/* ---- committed() of the form's script ---- */

static int queue_committed(struct ctx *c, const struct rec_event *ev, struct str *rows,
                           struct err *err)
{
    static const struct str ops[] = {[REC_CREATE] = STR("create"),
                                     [REC_UPDATE] = STR("update"),
                                     [REC_DELETE] = STR("delete"),
                                     [REC_RESTORE] = STR("restore")};
    const struct rec_hooks *h = engine_hooks(c->engine);
    const struct form *f = ev->rec->form;
    if (ev->button || !f->hooks.n || !h->has_committed || !h->has_committed(c, f))
        return 0;
    if (c->chain >= CHAIN_MAX) {
        const struct automation hook = {.key = f->hooks};
        return too_deep(c, &hook, ev, err);
    }
    if (!rows->n)
        *rows = rows_text(c, ev);
    const struct outbox_item item = {.kind = OUTBOX_COMMITTED,
                                     .target = f->hooks,
                                     .app = f->app->key,
                                     .form = f->key,
                                     .record = ev->rec->id,
                                     .payload = *rows,
                                     .event = ops[ev->op]};
    return outbox_add(c, &item, NULL, err);
}

int automation_event(struct ctx *c, const struct rec_event *ev, struct err *err)
{
    const struct form *f = ev->rec->form;
    struct str rows = STR_NONE;
    if (c->via == VIA_SYSTEM) /* first rows of an app: nobody did anything */
        return 0;
    for (size_t i = 0; i < f->nautomations; i++) {
        const struct automation *x = &f->automations[i];
        if (fires(x, ev) && set_off(c, x, ev, &rows, err))
            return -1;
    }
    return queue_committed(c, ev, &rows, err);
}
