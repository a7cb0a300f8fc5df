/*
 * Evaluating monitors: windows, snapshots (one aggregate a window), baselines, the alert condition.
 */
#include "engine/automation/monitor.h"

#include "engine/base/utf8.h"
#include "engine/record/eval.h"
#include "engine/record/query.h"

#include <math.h>
#include <stdlib.h>

#define GROUPS_MAX 10000
#define MAD_SCALE  1.4826 /* of the standard deviation of what is normally distributed */

/* ---- windows ---- */

static int64_t month_start(int64_t month)
{
    int64_t days = 0;
    (void)civil_days((int)(month / 12), (int)(month % 12) + 1, 1, &days);
    return days;
}

static int64_t month_of(int64_t day)
{
    struct civil t;
    civil_of_days(day, &t);
    return (int64_t)t.year * 12 + t.month - 1;
}

struct mon_window mon_last(const struct monitor *m, int64_t day)
{
    const struct monitor_window *w = &m->window;
    if (w->months) {
        int64_t end = month_of(day);
        if (12 % w->months == 0)
            end -= end % w->months;
        return (struct mon_window){month_start(end - w->months), month_start(end)};
    }
    if (w->week)
        day -= (civil_weekday(day) + 6) % 7; /* back to Monday */
    return (struct mon_window){day - w->days, day};
}

static struct mon_window moved(const struct monitor *m, struct mon_window w, int64_t back)
{
    if (!m->window.months)
        return (struct mon_window){w.from - back, w.to - back};
    int64_t from = month_of(w.from) - back;
    return (struct mon_window){month_start(from), month_start(from + m->window.months)};
}

/* The k-th window of a baseline: right before, or of the same weekday or month. */
static struct mon_window earlier(const struct monitor *m, struct mon_window w, int64_t k)
{
    if (m->window.months)
        return moved(m, w, k * (m->phase ? (m->window.months + 11) / 12 * 12 : m->window.months));
    return moved(m, w, k * (m->phase ? (m->window.days + 6) / 7 * 7 : m->window.days));
}

struct mon_window mon_before(const struct monitor *m, struct mon_window w)
{
    const struct monitor_window *x = &m->window;
    bool aligned = x->months && 12 % x->months == 0;
    return moved(m, w, x->months ? (aligned ? x->months : 1) : x->week ? 7 : 1);
}

/* ---- snapshots ---- */

struct group {
    struct str key, title;
    struct val value, target;
};

struct snapshot {
    struct mon_window w;
    struct group *v; /* by key */
    size_t n;
};

struct mon_eval {
    struct ctx *c;
    const struct monitor *m;
    VEC(struct snapshot *) taken;
    struct str time;   /* key of the date field */
    struct str target; /* metric of the target field */
    bool begun;
    bool any;           /* the form has rows at all */
    int64_t first;      /* day of the first one */
    struct val nothing; /* the metric over no rows */
};

struct mon_eval *mon_eval_new(struct ctx *c, const struct monitor *m)
{
    static const char *const same[] = {"AVERAGE", "MEDIAN", "MIN", "MAX"};
    struct mon_eval *e = ARENA_NEW(c->a, struct mon_eval);
    const char *fn = "SUM";
    *e = (struct mon_eval){.c = c, .m = m, .time = m->time ? m->time->key : STR("_created_at")};
    for (size_t i = 0; i < ARRAY_LEN(same); i++)
        if (str_starts(fx_text(m->metric), str_of(same[i])))
            fn = same[i];
    if (m->field)
        e->target = str_fmt(c->a, "%s(%.*s)", fn, STR_ARG(m->field->key));
    return e;
}

static int ask(struct mon_eval *e, const struct aggregate *g, struct val *rows, struct err *err)
{
    struct strb b;
    struct json j;
    struct val answer;
    strb_init(&b, e->c->a);
    json_init(&j, &b);
    if (query_aggregate(e->c, g, &j, err) || json_parse(e->c->a, strb_str(&b), &answer, err))
        return -1;
    *rows = val_get(answer, STR("rows"));
    return 0;
}

/* A day from what MIN over the date gave: a date, or the instant. */
static int64_t day_of(const struct mon_eval *e, struct val v)
{
    int64_t day = 0, us;
    if (civil_parse_instant(val_str(v), &us))
        return civil_day_of_us(us, &e->m->form->app->zone);
    (void)civil_parse_date(val_str(v), &day); /* ours */
    return day;
}

static int begin(struct mon_eval *e, struct err *err)
{
    static const struct str key = STR("value");
    struct str first = str_fmt(e->c->a, "MIN(%.*s)", STR_ARG(e->time));
    struct val rows;
    struct aggregate g = {.form = e->m->form, .metrics = first, .filter_fx = e->m->where};
    if (e->begun)
        return 0;
    if (ask(e, &g, &rows, err))
        return -1;
    struct val v = rows.n ? val_get(rows.list[0], first) : VAL_NONE;
    e->any = v.kind == VAL_TEXT;
    e->first = e->any ? day_of(e, v) : 0;
    g = (struct aggregate){.form = e->m->form,
                           .metric_fx = &e->m->metric,
                           .nmetric_fx = 1,
                           .metric_keys = &key,
                           .filter = STR("FALSE")};
    if (ask(e, &g, &rows, err))
        return -1;
    e->nothing = rows.n ? val_get(rows.list[0], key) : VAL_NONE;
    e->begun = true;
    return 0;
}

/* How a person reads a group: the title of an option or a record, else the value. */
static struct str title_of(const struct mon_eval *e, struct val v)
{
    struct ctx *c = e->c;
    const struct field *f = form_field(e->m->form, fx_text(e->m->by));
    struct strb b;
    struct json j;
    for (size_t i = 0; f && i < f->noptions; i++)
        if (str_eq(f->options[i].key, val_str(v)))
            return f->options[i].title;
    if (v.kind == VAL_OBJ && val_str(val_get(v, STR("title"))).n)
        return val_str(val_get(v, STR("title")));
    if (v.kind == VAL_TEXT)
        return val_str(v);
    if (val_is_blank(v))
        return STR("—");
    strb_init(&b, c->a);
    json_init(&j, &b);
    json_val(&j, v);
    return strb_str(&b);
}

static struct str key_of(const struct mon_eval *e, struct val v)
{
    struct strb b;
    struct json j;
    strb_init(&b, e->c->a);
    json_init(&j, &b);
    if (v.kind == VAL_OBJ)
        v = val_get(v, STR("id"));
    json_val(&j, v);
    return utf8_cut(strb_str(&b), 180);
}

static struct str day_text(struct ctx *c, int64_t day)
{
    struct civil t;
    civil_of_days(day, &t);
    return str_fmt(c->a, "DATE(%d, %d, %d)", t.year, t.month, t.day);
}

static int by_key(const void *x, const void *y)
{
    const struct group *a = x, *b = y;
    return str_cmp(a->key, b->key);
}

static int take(struct mon_eval *e, struct snapshot *s, struct err *err)
{
    static const struct str key = STR("value");
    const struct monitor *m = e->m;
    struct ctx *c = e->c;
    struct val rows;
    struct fx *by = m->by;
    struct aggregate g = {.form = m->form,
                          .group_fx = &by,
                          .ngroup_fx = m->by ? 1 : 0,
                          .metric_fx = &m->metric,
                          .nmetric_fx = 1,
                          .metric_keys = &key,
                          .metrics = e->target,
                          .filter_fx = m->where,
                          .limit = GROUPS_MAX};
    g.filter =
        str_fmt(c->a, "%.*s >= %.*s AND %.*s < %.*s", STR_ARG(e->time),
                STR_ARG(day_text(c, s->w.from)), STR_ARG(e->time), STR_ARG(day_text(c, s->w.to)));
    if (ask(e, &g, &rows, err))
        return -1;
    s->v = ARENA_ARRAY(c->a, struct group, rows.n);
    s->n = rows.n;
    for (size_t i = 0; i < s->n; i++) {
        struct val v = m->by ? val_get(rows.list[i], fx_text(m->by)) : VAL_NONE;
        s->v[i] =
            (struct group){.key = m->by ? key_of(e, v) : STR_NONE,
                           .title = m->by ? title_of(e, v) : STR_NONE,
                           .value = val_get(rows.list[i], key),
                           .target = e->target.n ? val_get(rows.list[i], e->target) : VAL_NONE};
    }
    if (s->n)
        qsort(s->v, s->n, sizeof(*s->v), by_key);
    return 0;
}

static int snapshot(struct mon_eval *e, struct mon_window w, const struct snapshot **out,
                    struct err *err)
{
    for (size_t i = 0; i < e->taken.n; i++)
        if (e->taken.v[i]->w.from == w.from && e->taken.v[i]->w.to == w.to) {
            *out = e->taken.v[i];
            return 0;
        }
    struct snapshot *s = ARENA_NEW(e->c->a, struct snapshot);
    s->w = w;
    if (take(e, s, err))
        return -1;
    (void)vec_push(e->c->a, &e->taken, s);
    *out = s;
    return 0;
}

static const struct group *find(const struct snapshot *s, struct str key)
{
    const struct group want = {.key = key};
    return s->n ? bsearch(&want, s->v, s->n, sizeof(*s->v), by_key) : NULL;
}

/* ---- baselines ---- */

static int by_num(const void *x, const void *y)
{
    double a = *(const double *)x, b = *(const double *)y;
    return (a > b) - (a < b);
}

static double median(double *v, size_t n)
{
    qsort(v, n, sizeof(*v), by_num);
    return n % 2 ? v[n / 2] : (v[n / 2 - 1] + v[n / 2]) / 2;
}

static double mean(const double *v, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += v[i];
    return sum / (double)n;
}

static bool is_number(struct val v)
{
    return v.kind == VAL_NUM || v.kind == VAL_DEC;
}

static struct val num_or_blank(double x)
{
    return isfinite(x) ? val_num(x) : VAL_NONE;
}

/* The group's values of the windows before; fewer than asked for where there is nothing. */
static int history(struct mon_eval *e, struct mon_window w, struct str key, double *out, size_t *n,
                   struct err *err)
{
    *n = 0;
    for (uint32_t k = 1; k <= e->m->previous; k++) {
        const struct snapshot *s;
        if (snapshot(e, earlier(e->m, w, k), &s, err))
            return -1;
        const struct group *g = find(s, key);
        struct val v = g ? g->value : e->nothing;
        if (is_number(v))
            out[(*n)++] = val_double(v);
    }
    return 0;
}

/* Against windows before the first record nothing can be said. */
static bool long_enough(const struct mon_eval *e, struct mon_window w)
{
    return e->any && earlier(e->m, w, e->m->previous).from >= e->first;
}

static int against_previous(struct mon_eval *e, struct mon_window w, struct str key,
                            struct val vars[MVAR_COUNT], struct err *err)
{
    const struct monitor *m = e->m;
    double *v = ARENA_ARRAY(e->c->a, double, m->previous);
    size_t n = 0;
    if (!long_enough(e, w))
        return 0;
    if (history(e, w, key, v, &n, err))
        return -1;
    if (!n)
        return 0;
    double base = m->center == CENTER_MEDIAN ? median(v, n) : mean(v, n);
    vars[MVAR_BASELINE] = num_or_blank(base);
    if (!m->mad)
        return 0;
    for (size_t i = 0; i < n; i++)
        v[i] = fabs(v[i] - base);
    double spread = MAD_SCALE * median(v, n);
    vars[MVAR_SPREAD] = num_or_blank(spread);
    if (is_number(vars[MVAR_VALUE]) && spread > 0)
        vars[MVAR_Z] = num_or_blank((val_double(vars[MVAR_VALUE]) - base) / spread);
    return 0;
}

static int compare(struct mon_eval *e, struct mon_window w, const struct group *now,
                   struct mon_figure *out, struct err *err)
{
    const struct monitor *m = e->m;
    for (size_t i = 0; i < MVAR_COUNT; i++)
        out->vars[i] = VAL_NONE;
    out->vars[MVAR_VALUE] = is_number(now->value) ? val_num(val_double(now->value)) : VAL_NONE;
    if (m->previous && against_previous(e, w, out->key, out->vars, err))
        return -1;
    if (!m->previous && m->field && is_number(now->target))
        out->vars[MVAR_BASELINE] = val_num(val_double(now->target));
    if (!m->previous && !m->field)
        out->vars[MVAR_BASELINE] = val_num(m->fixed);
    struct val value = out->vars[MVAR_VALUE], base = out->vars[MVAR_BASELINE];
    if (is_number(value) && is_number(base) && val_double(base) != 0.0)
        out->vars[MVAR_CHANGE] =
            num_or_blank((val_double(value) - val_double(base)) / fabs(val_double(base)));
    const struct eval_rows rows = {.vars = out->vars};
    int yes = eval_true(e->c, m->alert, &rows, err);
    struct val change = out->vars[MVAR_CHANGE];
    if (yes > 0 && m->min_change > 0)
        yes = is_number(change) && fabs(val_double(change)) >= m->min_change;
    out->alert = yes > 0;
    return yes < 0 ? -1 : 0;
}

/* The groups of the window, and those that were in a window before and are gone. */
static int groups(struct mon_eval *e, struct mon_window w, struct group **out, size_t *n,
                  struct err *err)
{
    const struct snapshot *now, *was;
    VEC(struct group) all = {0};
    if (snapshot(e, w, &now, err))
        return -1;
    for (uint32_t k = 1; k <= e->m->previous && long_enough(e, w); k++) {
        if (snapshot(e, earlier(e->m, w, k), &was, err))
            return -1;
        for (size_t i = 0; i < was->n; i++) {
            struct group gone = was->v[i];
            gone.value = e->nothing;
            gone.target = VAL_NONE;
            if (!find(now, gone.key))
                (void)vec_push(e->c->a, &all, gone);
        }
    }
    if (all.n)
        qsort(all.v, all.n, sizeof(*all.v), by_key);
    size_t kept = 0;
    for (size_t i = 0; i < all.n; i++)
        if (!kept || !str_eq(all.v[kept - 1].key, all.v[i].key))
            all.v[kept++] = all.v[i];
    all.n = kept;
    for (size_t i = 0; i < now->n; i++)
        (void)vec_push(e->c->a, &all, now->v[i]);
    *out = all.v;
    *n = all.n;
    return 0;
}

int mon_eval(struct mon_eval *e, struct mon_window w, struct mon_figure **out, size_t *n,
             struct err *err)
{
    struct group *v;
    if (begin(e, err) || groups(e, w, &v, n, err))
        return -1;
    *out = ARENA_ARRAY(e->c->a, struct mon_figure, *n);
    for (size_t i = 0; i < *n; i++) {
        (*out)[i] = (struct mon_figure){.key = v[i].key, .title = v[i].title};
        if (compare(e, w, &v[i], &(*out)[i], err))
            return -1;
    }
    return 0;
}
