/*
 * What an automation does: a table of actions. Everything is written through record_write, by the
 * automation's own right; what leaves the program is ordered in the outbox.
 */
#include "engine/automation/automation_int.h"
#include "engine/automation/endpoint.h"
#include "engine/flow/flow.h"
#include "engine/meta/fieldtype.h"
#include "engine/org/member.h"
#include "engine/org/notice.h"
#include "engine/record/query.h"

#include <stdio.h>

typedef int act_fn(struct auto_run *r, const struct action *s, struct err *err);

static struct eval_rows rows_of(const struct auto_run *r, const struct rec *target)
{
    return (struct eval_rows){.row = r->rec, .old = r->old, .target = target, .vars = r->vars};
}

/* What is told speaks of the moment it happened. */
static struct eval_rows told_rows(const struct auto_run *r)
{
    return (struct eval_rows){.row = r->told ? r->told : r->rec, .old = r->old, .vars = r->vars};
}

static int set_values(struct auto_run *r, const struct action *s, const struct eval_rows *rows,
                      struct val *out, struct err *err)
{
    struct pair *pairs = ARENA_ARRAY(r->c->a, struct pair, s->nset);
    for (size_t i = 0; i < s->nset; i++) {
        pairs[i].key = s->set[i].field;
        if (eval_value(r->c, &s->set[i].value, rows, &pairs[i].value, err))
            return -1;
    }
    *out = val_obj(pairs, s->nset);
    return 0;
}

/* The first problem of a refused write, in words, as the error of the run. */
static int refused(const struct auto_run *r, const struct diags *d, struct err *err)
{
    for (size_t i = 0; i < d->list.n; i++) {
        const struct diag *g = &d->list.v[i];
        if (g->level != DIAG_ERROR)
            continue;
        (void)err_set(err, g->code ? g->code : ERR_INVALID, "automation_failed",
                      "自动化“%.*s”未能完成：%.*s", "The automation “%.*s” could not be done: %.*s",
                      STR_ARG(r->x->title), STR_ARG(g->zh));
        (void)snprintf(err->en, sizeof(err->en), "The automation “%.*s” could not be done: %.*s",
                       STR_ARG(r->x->title), STR_ARG(g->en));
        return -1;
    }
    return -1;
}

static int write_row(struct auto_run *r, struct rec_write *w, struct rec *out, struct err *err)
{
    struct diags d;
    diags_init(&d, r->c->a);
    w->no_version = true;
    w->mode = WRITE_OWN_RIGHT | WRITE_LOCKED_OK | WRITE_SYSTEM_FIELDS;
    if (record_write(r->c, w, out, &d, err))
        return refused(r, &d, err);
    return 0;
}

/* ---- update ---- */

static int update_one(struct auto_run *r, const struct action *s, const struct rec *target,
                      struct err *err)
{
    const struct eval_rows rows = rows_of(r, target);
    struct rec_write w = {.op = REC_UPDATE, .form = target->form, .id = target->id};
    return set_values(r, s, &rows, &w.values, err) ? -1 : write_row(r, &w, NULL, err);
}

static int update_id(struct auto_run *r, const struct action *s, int64_t id, struct err *err)
{
    struct rec target;
    int found = record_load(r->c, s->target, id, REC_LIVE, &target, err);
    return found == 1 ? update_one(r, s, &target, err) : found;
}

static int update_links(struct auto_run *r, const struct action *s, struct val v, struct err *err)
{
    if (v.kind == VAL_REF)
        return update_id(r, s, v.ref->id, err);
    for (uint32_t i = 0; v.kind == VAL_LIST && i < v.n; i++)
        if (update_links(r, s, v.list[i], err))
            return -1;
    return 0;
}

static int update_where(struct auto_run *r, const struct action *s, struct err *err)
{
    int64_t *ids = ARENA_ARRAY(r->c->a, int64_t, ROWS_MAX + 1);
    size_t n;
    const struct query_pick pick = {
        .form = s->target, .where = s->where, .this_ = r->rec, .limit = ROWS_MAX + 1};
    if (query_ids(r->c, &pick, ids, &n, err))
        return -1;
    if (n > ROWS_MAX)
        return err_set(err, ERR_INVALID, "too_many_rows",
                       "自动化“%.*s”的一步要改 %d 条以上的记录，已停止。",
                       "A step of the automation “%.*s” would change more than %d records.",
                       STR_ARG(r->x->title), ROWS_MAX);
    for (size_t i = 0; i < n; i++)
        if (update_id(r, s, ids[i], err))
            return -1;
    return 0;
}

/* The record was written: what follows sees it as it is. */
static int reread(struct auto_run *r, struct err *err)
{
    struct rec *now = ARENA_NEW(r->c->a, struct rec);
    int found = record_load(r->c, r->rec->form, r->rec->id, REC_LIVE, now, err);
    if (found == 1)
        r->rec = now;
    r->told = NULL;
    return found < 0 ? -1 : 0;
}

static int act_update(struct auto_run *r, const struct action *s, struct err *err)
{
    if (!s->self && !s->link)
        return update_where(r, s, err);
    if (!r->rec)
        return 0;
    if (s->link)
        return update_links(r, s, r->rec->v[s->link->slot], err);
    if (r->gone)
        return 0;
    return update_one(r, s, r->rec, err) ? -1 : reread(r, err);
}

/* ---- create ---- */

/* The row that has the key's value already: 1, 0, -1. */
static int find_by_key(struct auto_run *r, const struct action *s, struct val values, int64_t *id,
                       struct err *err)
{
    struct diags ignored;
    size_t n = 0;
    struct val v = val_get(values, s->key->key);
    if (val_is_blank(v) || s->key->encrypted || !s->key->type->coerce)
        return 0;
    diags_init(&ignored, r->c->a);
    v = s->key->type->coerce(s->key, r->c->a, v, s->key->key, &ignored);
    const struct query_pick pick = {.form = s->target, .same = s->key, .same_value = v, .limit = 1};
    if (val_is_blank(v))
        return 0;
    return query_ids(r->c, &pick, id, &n, err) ? -1 : n > 0;
}

static int act_create(struct auto_run *r, const struct action *s, struct err *err)
{
    const struct eval_rows rows = rows_of(r, NULL);
    struct rec_write w = {.op = REC_CREATE, .form = s->target};
    if (set_values(r, s, &rows, &w.values, err))
        return -1;
    int there = s->key ? find_by_key(r, s, w.values, &w.id, err) : 0;
    if (there < 0)
        return -1;
    w.op = there ? REC_UPDATE : REC_CREATE;
    return write_row(r, &w, NULL, err);
}

/* ---- notify ---- */

static struct str text_of(struct ctx *c, const struct app *app, struct val v)
{
    struct strb b;
    struct json j;
    char buf[40];
    struct civil t;
    switch (v.kind) {
    case VAL_TEXT: return val_str(v);
    case VAL_REF: return v.ref->title;
    case VAL_DATE: return str_dup(c->a, civil_print_date(v.i, buf));
    case VAL_INSTANT:
        civil_of_us(v.i, &app->zone, &t);
        return str_fmt(c->a, "%04d-%02d-%02d %02d:%02d", t.year, t.month, t.day, t.hour, t.minute);
    default: break;
    }
    if (val_is_blank(v))
        return STR_NONE;
    strb_init(&b, c->a);
    json_init(&j, &b);
    json_val(&j, v);
    return strb_str(&b);
}

/* The address in the member's first email field; fields of members are the apps' business. */
static int address_of(struct ctx *c, int64_t member, struct str *out, struct err *err)
{
    struct app *people = engine_running_app(c, STR("people"));
    const struct form *f = people ? app_form(people, STR("member")) : NULL;
    struct rec row;
    *out = STR_NONE;
    for (size_t i = 0; f && i < f->nfields; i++) {
        if (!str_eqz(f->fields[i]->type->name, "email"))
            continue;
        int found = record_load(c, f, member, REC_LIVE, &row, err);
        if (found == 1)
            *out = val_str(row.v[f->fields[i]->slot]);
        return found < 0 ? -1 : 0;
    }
    return 0;
}

static int order_mail(struct auto_run *r, int64_t member, struct str title, struct str body,
                      struct err *err)
{
    struct str to;
    if (address_of(r->c, member, &to, err))
        return -1;
    if (!to.n)
        return 0;
    struct strb b;
    struct json j;
    strb_init(&b, r->c->a);
    json_init(&j, &b);
    json_begin_obj(&j);
    json_kstr(&j, "subject", title);
    json_kstr(&j, "text", body);
    json_end_obj(&j);
    const struct outbox_item item = {.kind = OUTBOX_MAIL,
                                     .target = to,
                                     .app = r->f->app->key,
                                     .form = r->f->key,
                                     .record = r->rec ? r->rec->id : 0,
                                     .payload = strb_str(&b),
                                     .automation = r->x->key,
                                     .event = r->event,
                                     .parent = r->row};
    return outbox_add(r->c, &item, NULL, err);
}

static int act_notify(struct auto_run *r, const struct action *s, struct err *err)
{
    const struct eval_rows rows = told_rows(r);
    const struct flow_people who = {r->f, rows.row, s->to, s->nto};
    struct val title, body;
    int64_t *ids;
    size_t n;
    if (flow_people(r->c, &who, &ids, &n, err) || eval_value(r->c, &s->title, &rows, &title, err) ||
        eval_value(r->c, &s->body, &rows, &body, err))
        return -1;
    struct notice note = {.kind = STR("notify"),
                          .app = r->f->app->key,
                          .form = r->rec ? r->f->key : STR_NONE,
                          .record = r->rec ? r->rec->id : 0,
                          .title = text_of(r->c, r->f->app, title),
                          .body = text_of(r->c, r->f->app, body)};
    for (size_t i = 0; i < n; i++) {
        note.member = ids[i];
        if (notice_add(r->c, &note, err) ||
            (s->mail && order_mail(r, ids[i], note.title, note.body, err)))
            return -1;
    }
    return 0;
}

/* ---- webhook ---- */

/* Without a body of its own: what happened, and to which record; no values. */
static void plain_body(const struct auto_run *r, struct json *j)
{
    char id[16];
    json_begin_obj(j);
    json_kstr(j, "event", r->event);
    json_kstr(j, "app", r->f->app->key);
    json_kstr(j, "form", r->f->key);
    json_kstr(j, "automation", r->x->key);
    json_kval(j, "at", val_instant(r->c->now_us));
    if (r->rec) {
        json_kstr(j, "id", id_print(r->rec->id, id));
        json_kint(j, "version", (r->told ? r->told : r->rec)->version);
    }
    json_end_obj(j);
}

/* An endpoint that nobody has given an address is not connected: left out, and counted. */
static int connected(struct auto_run *r, const struct action *s, struct err *err)
{
    struct endpoint_now e;
    const struct skip skip = {r->f, r->x, r->rec ? r->rec->id : 0, STR("endpoint")};
    int got = endpoint_get(r->c, r->f->app, s->name, &e, err);
    if (got <= 0 || e.url.n)
        return got;
    return skip_note(r->c, &skip, err) ? -1 : 0;
}

static int act_webhook(struct auto_run *r, const struct action *s, struct err *err)
{
    int there = connected(r, s, err);
    if (there <= 0)
        return there;
    struct strb b;
    struct json j;
    struct val body;
    const struct eval_rows rows = told_rows(r);
    strb_init(&b, r->c->a);
    json_init(&j, &b);
    if (set_values(r, s, &rows, &body, err))
        return -1;
    if (s->nset)
        json_val(&j, body);
    else
        plain_body(r, &j);
    const struct outbox_item item = {.kind = OUTBOX_WEBHOOK,
                                     .target = s->name,
                                     .app = r->f->app->key,
                                     .form = r->f->key,
                                     .record = r->rec ? r->rec->id : 0,
                                     .payload = strb_str(&b),
                                     .automation = r->x->key,
                                     .event = r->event,
                                     .parent = r->row};
    return outbox_add(r->c, &item, NULL, err);
}

/* ---- script ---- */

static struct val vars_obj(const struct auto_run *r)
{
    struct pair *p = ARENA_ARRAY(r->c->a, struct pair, r->x->nvars);
    for (size_t i = 0; i < r->x->nvars; i++)
        p[i] = (struct pair){str_sub(r->x->vars[i].name, sizeof("body.") - 1, SIZE_MAX),
                             r->vars ? r->vars[i] : VAL_NONE};
    return val_obj(p, r->x->nvars);
}

static int act_script(struct auto_run *r, const struct action *s, struct err *err)
{
    const struct rec_hooks *h = engine_hooks(r->c->engine);
    if (r->rec && h->script)
        return h->script(r->c, s->name, r->rec, s->as_system, err) ? -1
               : r->gone                                           ? 0
                                                                   : reread(r, err);
    return h->call ? h->call(r->c, s->name, vars_obj(r), s->as_system, err) : 0;
}

static act_fn *const acts[] = {[ACTION_UPDATE] = act_update,
                               [ACTION_CREATE] = act_create,
                               [ACTION_NOTIFY] = act_notify,
                               [ACTION_WEBHOOK] = act_webhook,
                               [ACTION_SCRIPT] = act_script};

int run_steps(struct auto_run *r, struct err *err)
{
    int rc = 0;
    r->c->chain++;
    for (size_t i = 0; rc == 0 && i < r->x->nsteps; i++)
        rc = acts[r->x->steps[i].kind](r, &r->x->steps[i], err);
    r->c->chain--;
    return rc;
}

int act_as(struct ctx *c, int64_t member, struct err *err)
{
    struct principal *who = ARENA_NEW(c->a, struct principal);
    int found = member ? member_load(c, member, who, err) : 0;
    if (found < 0)
        return -1;
    who->scopes = 3;
    c->who = found ? who : &who_system;
    c->via = VIA_AUTOMATION;
    return 0;
}
