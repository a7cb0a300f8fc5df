/*
 * Queued automations, committed() hooks and scripts: the record as it is now and as it was, who it
 * is done for, and the steps.
 */
#include "engine/automation/run.h"

#include "engine/automation/automation_int.h"
#include "engine/base/log.h"
#include "engine/record/snapshot.h"
#include "engine/value/num.h"

/* An automation that was taken out of the app meanwhile has nothing to do. */
static int nothing(const struct outbox_row *row)
{
    log_event(LOG_INFO, "automation_gone", LOG_TEXT("app", row->app), LOG_TEXT("form", row->form),
              LOG_TEXT("automation", row->target));
    return 0;
}

static struct str number_text(struct ctx *c, struct val v)
{
    struct strb b;
    struct json j;
    strb_init(&b, c->a);
    json_init(&j, &b);
    json_val(&j, v);
    return strb_str(&b);
}

/* What a webhook brought, by the automation's variables. */
static struct val *read_vars(struct ctx *c, const struct automation *x, struct val body)
{
    struct val *vars = ARENA_ARRAY(c->a, struct val, x->nvars + 1);
    for (size_t i = 0; i < x->nvars; i++) {
        struct val v = val_get(body, x->froms[i]);
        int64_t n;
        double num;
        vars[i] = VAL_NONE;
        switch ((enum fx_base)x->vars[i].type.base) {
        case FX_NUM:
            if (v.kind == VAL_NUM || v.kind == VAL_DEC)
                vars[i] = v;
            else if (v.kind == VAL_TEXT && num_parse(str_trim(val_str(v)), &num))
                vars[i] = val_num(num);
            break;
        case FX_BOOL:
            if (v.kind == VAL_BOOL)
                vars[i] = v;
            else if (v.kind == VAL_TEXT)
                vars[i] = val_bool(str_ieq(val_str(v), STR("true")) || str_eqz(val_str(v), "1"));
            break;
        case FX_DATE:
            if (v.kind == VAL_TEXT && civil_parse_date(val_str(v), &n))
                vars[i] = val_date(n);
            break;
        case FX_DATETIME:
            if (v.kind == VAL_TEXT && civil_parse_instant(val_str(v), &n))
                vars[i] = val_instant(n);
            break;
        case FX_BLANK:
        case FX_TEXT:
        case FX_TIME:
        case FX_LINK:
        case FX_MEMBER:
        case FX_DEPT:
        case FX_ROWS:
        case FX_JSON:
            if (v.kind == VAL_TEXT && v.n)
                vars[i] = v;
            else if (v.kind == VAL_NUM || v.kind == VAL_DEC)
                vars[i] = val_text(number_text(c, v));
            break;
        }
    }
    return vars;
}

static int read_snapshot(struct ctx *c, const struct form *f, int64_t id, struct val v,
                         const struct rec **out, struct err *err)
{
    struct rec *r = ARENA_NEW(c->a, struct rec);
    if (v.kind != VAL_OBJ)
        return 0;
    if (snapshot_read(c, f, id, v, r, err))
        return -1;
    *out = r;
    return 0;
}

/* The record now; where it changed since, as it was; before the event. */
static int load_rows(struct auto_run *r, const struct outbox_row *row, struct val payload,
                     struct err *err)
{
    struct ctx *c = r->c;
    struct rec *now = ARENA_NEW(c->a, struct rec);
    const struct rec *told = NULL;
    int64_t version = (int64_t)val_double(val_get(payload, STR("version")));
    int found = record_load(c, r->f, row->record, REC_LIVE, now, err);
    if (found == 0) {
        r->gone = true;
        found = record_load(c, r->f, row->record, REC_ANY, now, err);
    }
    if (found < 0 ||
        read_snapshot(c, r->f, row->record, val_get(payload, STR("old")), &r->old, err))
        return -1;
    r->gone = r->gone || val_get(payload, STR("gone")).b;
    if ((!found || (version && now->version != version)) &&
        read_snapshot(c, r->f, row->record, val_get(payload, STR("now")), &told, err))
        return -1;
    r->rec = found ? now : told;
    r->told = told;
    return 0;
}

static int run_automation(struct ctx *c, const struct outbox_row *row, struct val payload,
                          struct err *err)
{
    const struct form *f = app_form(c->app, row->form);
    const struct automation *x = f ? form_automation(f, row->target) : NULL;
    if (!x || !x->enabled)
        return nothing(row);
    struct auto_run r = {.c = c, .f = f, .x = x, .event = row->event, .row = row->id};
    if (row->record && load_rows(&r, row, payload, err))
        return -1;
    if (row->record && !r.rec)
        return nothing(row);
    bool came =
        x->trigger == TRIGGER_WEBHOOK || x->trigger == TRIGGER_PULL || x->trigger == TRIGGER_MAIL;
    if (came)
        r.vars = read_vars(c, x, val_get(payload, STR("body")));
    if (came && x->when) {
        const struct eval_rows rows = {.vars = r.vars};
        int yes = eval_true(c, x->when, &rows, err);
        if (yes <= 0)
            return yes;
    }
    if (str_eqz(row->event, "warn"))
        return r.gone ? 0 : run_warning(c, x, r.rec, err);
    if (x->trigger == TRIGGER_AT) { /* what was due may have been called off since */
        const struct eval_rows rows = {.row = r.rec};
        int yes = r.gone ? 0 : x->where ? eval_true(c, x->where, &rows, err) : 1;
        if (yes == 1 && x->when)
            yes = eval_true(c, x->when, &rows, err);
        if (yes <= 0 || (x->warns && warned_forget(c, x, r.rec, err)))
            return yes < 0 || yes == 1 ? -1 : 0;
    }
    c->chain = row->depth - 1; /* run_steps() counts this link */
    return run_steps(&r, err);
}

static int run_committed(struct ctx *c, const struct outbox_row *row, struct val payload,
                         struct err *err)
{
    const struct rec_hooks *h = engine_hooks(c->engine);
    const struct form *f = app_form(c->app, row->form);
    char id[16];
    if (!f || !f->hooks.n || !h->committed)
        return nothing(row);
    const struct pair p[] = {{STR("op"), val_text(row->event)},
                             {STR("id"), val_text(str_dup(c->a, id_print(row->record, id)))},
                             {STR("version"), val_get(payload, STR("version"))},
                             {STR("record"), val_get(payload, STR("now"))},
                             {STR("old"), val_get(payload, STR("old"))}};
    c->chain = row->depth;
    return h->committed(c, f, val_obj(p, ARRAY_LEN(p)), err);
}

static int run_script(struct ctx *c, const struct outbox_row *row, struct val payload,
                      struct err *err)
{
    const struct rec_hooks *h = engine_hooks(c->engine);
    c->chain = row->depth;
    return h->call ? h->call(c, row->target, payload, false, err) : 0;
}

int run_row(struct ctx *c, const struct outbox_row *row, struct err *err)
{
    static int (*const kinds[OUTBOX_KINDS])(struct ctx * c, const struct outbox_row *row,
                                            struct val payload, struct err *err) = {
        [OUTBOX_AUTOMATION] = run_automation,
        [OUTBOX_COMMITTED] = run_committed,
        [OUTBOX_SCRIPT] = run_script,
    };
    struct val payload = VAL_NONE;
    if (json_parse(c->a, row->payload, &payload, err) || act_as(c, row->who, err))
        return -1;
    return kinds[row->kind] ? kinds[row->kind](c, row, payload, err) : 0;
}
