/*
 * Monitors by the clock: what is due is evaluated on the reading connection; the alerts, the
 * notices and the next due time are of one transaction, so each alert comes once. One whose figures
 * cannot be had stands in the list of jobs with its error and is tried again at its next time.
 */
#include "engine/automation/monitor.h"

#include "engine/base/log.h"
#include "engine/base/utf8.h"
#include "engine/flow/flow.h"
#include "engine/flow/timer.h"
#include "engine/org/notice.h"
#include "engine/record/query.h"
#include "engine/record/record.h"
#include "engine/value/num.h"

#define WINDOWS_MAX 62  /* that ended while nothing ran */
#define ALERTS_MAX  500 /* of one run */

struct finding {
    struct mon_window w;
    struct mon_figure f;
};

struct run {
    struct ctx *c;
    const struct monitor *m;
    const struct form *alerts;
    int64_t last_us;
    VEC(struct finding) found;
    struct str failed; /* why there are no figures; empty: there are */
    int64_t made;
};

static struct schedule_take take_of(const struct ctx *c, const struct monitor *m)
{
    return (struct schedule_take){.form = m->form->key,
                                  .name = m->key,
                                  .kind = STR("monitor"),
                                  .spec = m->every,
                                  .at_once = true,
                                  .next_us = monitor_next(m, c->now_us, &c->app->zone)};
}

/* ---- words ---- */

static struct str number(struct ctx *c, struct val v)
{
    struct strb b;
    struct json j;
    if (val_is_blank(v))
        return STR("—");
    strb_init(&b, c->a);
    json_init(&j, &b);
    json_val(&j, val_num(num_round(val_double(v), 2)));
    return strb_str(&b);
}

static struct str window_text(struct ctx *c, const struct monitor *m, struct mon_window w)
{
    char from[16], to[16];
    struct str a = civil_print_date(w.from, from), b = civil_print_date(w.to - 1, to);
    if (m->window.months == 1)
        return str_dup(c->a, str_sub(a, 0, 7));
    return w.to - w.from == 1 ? str_dup(c->a, a)
                              : str_fmt(c->a, "%.*s – %.*s", STR_ARG(a), STR_ARG(b));
}

/* "渠道下滑：线上，2019-02：…" */
static struct str title(struct ctx *c, const struct monitor *m, const struct finding *x,
                        enum lang lang)
{
    bool en = lang == LANG_EN;
    const struct val *v = x->f.vars;
    struct str subject =
        x->f.title.n ? str_fmt(c->a, en ? "%.*s, " : "%.*s，", STR_ARG(x->f.title)) : STR_NONE;
    struct str change = STR_NONE;
    if (!val_is_blank(v[MVAR_CHANGE])) {
        struct str pct = number(c, val_num(100 * val_double(v[MVAR_CHANGE])));
        change = str_fmt(c->a, en ? ", %.*s %%" : "，%.*s %%", STR_ARG(pct));
    }
    struct str head = app_text(c->app, en ? STR("en") : STR("zh-CN"),
                               str_fmt(c->a, "monitors.%.*s.title", STR_ARG(m->key)), m->title);
    struct str all = str_fmt(
        c->a,
        en ? "%.*s: %.*s%.*s: %.*s (baseline %.*s%.*s)" : "%.*s：%.*s%.*s：%.*s（基准 %.*s%.*s）",
        STR_ARG(head), STR_ARG(subject), STR_ARG(window_text(c, m, x->w)),
        STR_ARG(number(c, v[MVAR_VALUE])), STR_ARG(number(c, v[MVAR_BASELINE])), STR_ARG(change));
    return utf8_cut(all, 290);
}

/* ---- alerts ---- */

static struct str quoted(struct ctx *c, struct str s)
{
    struct strb b;
    strb_init(&b, c->a);
    strb_addc(&b, '"');
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == '"')
            strb_addc(&b, '"');
        strb_addc(&b, s.p[i]);
    }
    strb_addc(&b, '"');
    return strb_str(&b);
}

static struct str day_fx(struct ctx *c, int64_t day)
{
    struct civil t;
    civil_of_days(day, &t);
    return str_fmt(c->a, "DATE(%d, %d, %d)", t.year, t.month, t.day);
}

/* 1 the window has an alert of this group, 0, -1. With `once`, one that overlaps it counts. */
static int alerted(struct run *r, const struct finding *x, struct err *err)
{
    struct ctx *c = r->c;
    int64_t n = 0;
    const char *starts = r->m->once ? "<" : "=", *ends = r->m->once ? ">" : "=";
    int64_t start = r->m->once ? x->w.to : x->w.from, end = r->m->once ? x->w.from : x->w.to;
    struct str filter =
        str_fmt(c->a,
                "monitor = %.*s AND COALESCE(subject_key, \"\") = %.*s AND window_start %s %.*s AND"
                " window_end %s %.*s",
                STR_ARG(quoted(c, r->m->key)), STR_ARG(quoted(c, x->f.key)), starts,
                STR_ARG(day_fx(c, start)), ends, STR_ARG(day_fx(c, end)));
    const struct query q = {.form = r->alerts, .filter = filter, .count = COUNT_EXACT};
    return query_count(c, &q, &n, err) ? -1 : n > 0;
}

static struct val people_val(struct ctx *c, const int64_t *ids, size_t n)
{
    struct val *v = ARENA_ARRAY(c->a, struct val, n);
    for (size_t i = 0; i < n; i++) {
        char buf[16];
        v[i] = val_text(str_dup(c->a, id_print(ids[i], buf)));
    }
    return val_list(v, n);
}

struct cell {
    const char *key;
    struct val value;
};

/* Those of the cells that the form has a field for. */
static struct val cells_of(struct ctx *c, const struct form *f, const struct cell *cells, size_t n)
{
    struct pair *pairs = ARENA_ARRAY(c->a, struct pair, n);
    size_t k = 0;
    for (size_t i = 0; i < n; i++) {
        const struct field *field = form_field(f, str_of(cells[i].key));
        if (field && !field->value && !val_is_blank(cells[i].value))
            pairs[k++] = (struct pair){field->key, cells[i].value};
    }
    return val_obj(pairs, k);
}

static int write_row(struct run *r, const struct form *f, struct val values, int64_t *id,
                     struct err *err)
{
    struct diags diags;
    struct rec made;
    struct rec_write w = {.op = REC_CREATE,
                          .form = f,
                          .values = values,
                          .no_version = true,
                          .mode = WRITE_OWN_RIGHT | WRITE_SYSTEM_FIELDS};
    diags_init(&diags, r->c->a);
    if (record_write(r->c, &w, &made, &diags, err) == 0) {
        *id = made.id;
        return 0;
    }
    if (diags.list.n)
        (void)err_set(err, err->code, "monitor_open", "%.*s", "%.*s", STR_ARG(diags.list.v[0].zh));
    return -1;
}

/* The record of `open`. One that is refused does not keep the alert back: it says why. */
static int open_record(struct run *r, const struct cell *cells, size_t n, struct str *opened,
                       struct str *note, struct err *err)
{
    struct ctx *c = r->c;
    struct err cause = ERR_INIT;
    char buf[16];
    int64_t id;
    *opened = *note = STR_NONE;
    if (!r->m->open)
        return 0;
    if (store_savepoint(c->db, err))
        return -1;
    size_t events = c->events.n;
    if (write_row(r, r->m->open, cells_of(c, r->m->open, cells, n), &id, &cause) == 0) {
        *opened = str_fmt(c->a, "%.*s/%s", STR_ARG(r->m->open->key), id_print(id, buf).p);
        return store_release(c->db, err);
    }
    store_rollback(c->db);
    c->events.n = events;
    c->records = NULL;
    *note = str_fmt(c->a, "%s",
                    c->app->language.n && str_starts(c->app->language, STR("en")) ? cause.en
                                                                                  : cause.zh);
    return 0;
}

static int tell(struct run *r, const struct finding *x, int64_t id, const int64_t *ids, size_t n,
                struct err *err)
{
    for (size_t i = 0; i < n; i++) {
        enum lang his;
        if (notice_lang(r->c, ids[i], &his, err))
            return -1;
        const struct notice note = {.member = ids[i],
                                    .kind = STR("alert"),
                                    .app = r->c->app->key,
                                    .form = r->alerts->key,
                                    .record = id,
                                    .title = title(r->c, r->m, x, his)};
        if (notice_add(r->c, &note, err))
            return -1;
    }
    return 0;
}

static int make(struct run *r, const struct finding *x, struct err *err)
{
    struct ctx *c = r->c;
    const struct monitor *m = r->m;
    const struct flow_people who = {m->form, NULL, m->to, m->nto};
    const struct val *v = x->f.vars;
    bool english = str_starts(c->app->language, STR("en"));
    int64_t *ids, id;
    size_t n;
    int had = alerted(r, x, err);
    if (had)
        return had < 0 ? -1 : 0;
    if (flow_people(c, &who, &ids, &n, err))
        return -1;
    int64_t due = civil_day_of_us(timer_after(c->app, c->now_us, m->due), &c->app->zone);
    struct cell cells[] = {{"title", val_text(title(c, m, x, english ? LANG_EN : LANG_ZH))},
                           {"monitor", val_text(m->key)},
                           {"subject", val_text(utf8_cut(x->f.title, 200))},
                           {"subject_key", val_text(x->f.key)},
                           {"window_start", val_date(x->w.from)},
                           {"window_end", val_date(x->w.to)},
                           {"value", v[MVAR_VALUE]},
                           {"baseline", v[MVAR_BASELINE]},
                           {"spread", v[MVAR_SPREAD]},
                           {"z", v[MVAR_Z]},
                           {"change", v[MVAR_CHANGE]},
                           {"due", val_date(due)},
                           {"people", people_val(c, ids, n)},
                           {"opened", VAL_NONE},
                           {"note", VAL_NONE}};
    struct str opened, note;
    size_t own = ARRAY_LEN(cells) - 2;
    if (open_record(r, cells, own, &opened, &note, err))
        return -1;
    cells[own].value = opened.n ? val_text(opened) : VAL_NONE;
    cells[own + 1].value = note.n ? val_text(note) : VAL_NONE;
    if (write_row(r, r->alerts, cells_of(c, r->alerts, cells, ARRAY_LEN(cells)), &id, err) ||
        tell(r, x, id, ids, n, err))
        return -1;
    r->made++;
    return 0;
}

/* ---- a run ---- */

static int note_failure(struct run *r, struct err *err)
{
    struct ctx *c = r->c;
    struct sql q;
    struct strb b;
    struct json j;
    strb_init(&b, c->a);
    json_init(&j, &b);
    json_begin_list(&j);
    json_begin_obj(&j);
    json_kstr(&j, "field", r->m->key);
    json_kstr(&j, "code", STR("monitor"));
    json_kstr(&j, "message", r->failed);
    json_end_obj(&j);
    json_end_list(&j);
    ctx_sql(c, &q);
    sql_lit(&q, "INSERT INTO _job (id, kind, app, payload, state, run_at, created_at, finished_at,"
                " errors) VALUES (");
    sql_bind_int(&q, id_next(c->ids, c->now_us));
    sql_lit(&q, ", 'monitor', ");
    sql_bind_str(&q, c->app->key);
    sql_lit(&q, ", '{}', 'failed', ");
    sql_bind_int(&q, c->now_us);
    sql_lit(&q, ", ");
    sql_bind_int(&q, c->now_us);
    sql_lit(&q, ", ");
    sql_bind_int(&q, c->now_us);
    sql_lit(&q, ", ");
    sql_bind_str(&q, strb_str(&b));
    sql_lit(&q, ")");
    return store_exec(c->db, c->a, &q, NULL, err);
}

static int fire(struct ctx *c, void *arg, struct err *err)
{
    struct run *r = arg;
    struct schedule_take t = take_of(c, r->m);
    const struct principal *who = c->who;
    enum via via = c->via;
    r->c = c;
    r->made = 0;
    int due = schedule_take(c, &t, err);
    if (due <= 0)
        return due;
    if (r->failed.n)
        return note_failure(r, err);
    c->who = &who_system;
    c->via = VIA_TIMER;
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < r->found.n; i++)
        rc = make(r, &r->found.v[i], err);
    c->who = who;
    c->via = via;
    return rc;
}

static int evaluate(struct run *r, struct err *err)
{
    struct ctx *c = r->c;
    const struct monitor *m = r->m;
    struct mon_eval *e = mon_eval_new(c, m);
    struct mon_window w = mon_last(m, civil_day_of_us(c->now_us, &c->app->zone));
    int64_t seen = r->last_us ? civil_day_of_us(r->last_us, &c->app->zone) : w.to;
    for (size_t i = 0; i < WINDOWS_MAX && (i == 0 || w.to > seen); i++, w = mon_before(m, w)) {
        struct mon_figure *f;
        size_t n;
        if (mon_eval(e, w, &f, &n, err))
            return -1;
        for (size_t k = 0; k < n && r->found.n < ALERTS_MAX; k++)
            if (f[k].alert)
                (void)vec_push(c->a, &r->found, (struct finding){w, f[k]});
    }
    return 0;
}

static bool transient(const struct err *e)
{
    return e->code == ERR_RETRY || e->code == ERR_BUSY || e->code == ERR_STORE ||
           e->code == ERR_FULL || e->code == ERR_OOM ||
           str_eqz(str_of(e->key), "definition_changed");
}

static void failed(struct run *r, const struct err *cause)
{
    log_event(LOG_WARN, "monitor", LOG_TEXT("app", r->c->app->key), LOG_TEXT("monitor", r->m->key),
              LOG_TEXT("code", str_of(cause->key)));
    r->failed = str_fmt(r->c->a, "%s / %s", cause->zh, cause->en);
    r->found.n = 0;
    r->made = 0;
}

static int look(struct ctx *c, const struct monitor *m, schedule_write *write, int64_t *n,
                struct err *err)
{
    struct run r = {.c = c, .m = m, .alerts = app_form(c->app, ALERT_FORM)};
    struct schedule_take t = take_of(c, m);
    struct err cause = ERR_INIT;
    int due = m->form && r.alerts ? schedule_is_due(c, &t, err) : 0;
    if (due <= 0)
        return due;
    r.last_us = t.last_us;
    if (evaluate(&r, &cause))
        failed(&r, &cause);
    if (!r.failed.n && write(c, fire, &r, &cause)) {
        if (transient(&cause)) {
            *err = cause;
            return -1;
        }
        failed(&r, &cause); /* no second look before its next time */
    }
    if (r.failed.n && write(c, fire, &r, err))
        return -1;
    *n += r.made;
    return 0;
}

int monitor_tick(struct ctx *c, schedule_write *write, int64_t *n, struct err *err)
{
    for (size_t i = 0; i < c->app->nmonitors; i++)
        if (look(c, &c->app->monitors[i], write, n, err))
            return -1;
    return 0;
}
