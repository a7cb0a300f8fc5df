/*
 * Replaying a changed definition: both versions are asked the same questions about each record, at
 * the moment it stands for; where the answers differ the difference is told.
 */
#include "engine/simulate.h"

#include "engine/automation/monitor.h"
#include "engine/engine_int.h"
#include "engine/flow/flow.h"
#include "engine/meta/automation.h"
#include "engine/meta/fieldtype.h"
#include "engine/record/access.h"
#include "engine/record/eval.h"
#include "engine/record/query.h"

#define TOLD_MAX    1000
#define WINDOWS_MAX 400
#define ROW_ARENA   ((size_t)64 << 20)

struct rule_total {
    struct str rule;
    int64_t was, would, differs;
};

struct sim {
    struct ctx *c;
    struct arena *a; /* of the whole; c->a is of one record's while it is replayed */
    const struct simulate *s;
    struct app *apps[2];         /* as it runs, as it would */
    const struct form *forms[2]; /* of the records */
    struct access *x;            /* of the caller over the running form */
    struct json *out;
    VEC(struct rule_total) totals;
    int64_t told;
};

/* ---- answers ---- */

static struct rule_total *total_of(struct sim *s, struct str rule)
{
    for (size_t i = 0; i < s->totals.n; i++)
        if (str_eq(s->totals.v[i].rule, rule))
            return &s->totals.v[i];
    (void)vec_push(s->a, &s->totals, (struct rule_total){.rule = str_dup(s->a, rule)});
    return &s->totals.v[s->totals.n - 1];
}

static struct str as_json(struct arena *a, struct val v)
{
    struct strb b;
    struct json j;
    strb_init(&b, a);
    json_init(&j, &b);
    json_val(&j, v);
    return strb_str(&b);
}

/* Compared as they are, told as the caller may read them. */
static void tell(struct sim *s, struct str id, struct str rule, const struct val answers[2],
                 const struct val told[2])
{
    struct rule_total *t = total_of(s, rule);
    t->was += !val_is_blank(answers[0]);
    t->would += !val_is_blank(answers[1]);
    if (str_eq(as_json(s->c->a, answers[0]), as_json(s->c->a, answers[1])))
        return;
    t->differs++;
    if (s->told++ >= TOLD_MAX)
        return;
    json_begin_obj(s->out);
    json_kstr(s->out, "id", id);
    json_kstr(s->out, "rule", rule);
    json_kval(s->out, "was", told[0]);
    json_kval(s->out, "would", told[1]);
    json_end_obj(s->out);
}

/* ---- one record ---- */

/* The record by each version's form, at the moment it stands for. */
struct both {
    struct rec rec[2];
    struct str id;
};

static bool may_tell(const struct sim *s, struct str key)
{
    const struct field *f = form_field(s->forms[0], key);
    return f && access_field(s->x, f) >= FIELD_READ;
}

/* {field: value} of a set list over the row. What the caller may not read is only said to be set.
 */
static int set_answer(struct sim *s, const struct set_item *set, size_t n, const struct rec *row,
                      struct val *out, struct err *err)
{
    const struct eval_rows rows = {.row = row, .target = row};
    struct pair *pairs = ARENA_ARRAY(s->c->a, struct pair, n);
    for (size_t i = 0; i < n; i++) {
        pairs[i].key = set[i].field;
        if (eval_value(s->c, &set[i].value, &rows, &pairs[i].value, err))
            return -1;
    }
    *out = val_obj(pairs, n);
    return 0;
}

static int condition(struct sim *s, const struct fx *fx, const struct rec *row, struct err *err)
{
    const struct eval_rows rows = {.row = row};
    return fx ? eval_true(s->c, fx, &rows, err) : 1;
}

static int automation_answer(struct sim *s, const struct form *f, struct str key,
                             const struct rec *row, struct val *out, struct err *err)
{
    const struct automation *x = form_automation(f, key);
    *out = VAL_NONE;
    if (!x || !x->enabled)
        return 0;
    int yes = condition(s, x->where, row, err);
    if (yes == 1)
        yes = condition(s, x->when, row, err);
    if (yes <= 0)
        return yes;
    *out = val_bool(true);
    for (size_t i = 0; i < x->nsteps; i++)
        if (x->steps[i].kind == ACTION_UPDATE && x->steps[i].self)
            return set_answer(s, x->steps[i].set, x->steps[i].nset, row, out, err);
    return 0;
}

static const struct button *button_of(const struct form *f, struct str key)
{
    for (size_t i = 0; i < f->nbuttons; i++)
        if (str_eq(f->buttons[i].key, key))
            return &f->buttons[i];
    return NULL;
}

static int button_answer(struct sim *s, const struct form *f, struct str key, const struct rec *row,
                         struct val *out, struct err *err)
{
    const struct button *b = button_of(f, key);
    *out = VAL_NONE;
    if (!b)
        return 0;
    int yes = condition(s, b->when, row, err);
    if (yes <= 0)
        return yes;
    *out = val_bool(true);
    return b->nask ? 0 : set_answer(s, b->set, b->nset, row, out, err);
}

static int field_answer(struct sim *s, const struct form *f, struct str key, const struct rec *row,
                        struct val *out, struct err *err)
{
    const struct field *field = form_field(f, key);
    const struct fx *fx = !field ? NULL : field->value ? field->value : field->dflt.fx;
    *out = VAL_NONE;
    if (!fx)
        return 0;
    return rec_eval(s->c, fx, row, NULL, out, err);
}

static int flow_answer(struct sim *s, const struct form *f, struct str key, const struct rec *row,
                       struct val *out, struct err *err)
{
    (void)key;
    *out = VAL_NONE;
    return f->flow ? flow_path(s->c, f, row, out, err) : 0;
}

static struct val shown(const struct sim *s, struct str key, struct val v)
{
    return may_tell(s, key) || val_is_blank(v) ? v : val_text(STR("***"));
}

/* Values that are set, without those that the caller may not read. */
static struct val masked(const struct sim *s, struct val v)
{
    if (v.kind != VAL_OBJ)
        return v;
    struct pair *pairs = ARENA_ARRAY(s->c->a, struct pair, v.n);
    for (uint32_t i = 0; i < v.n; i++)
        pairs[i] = (struct pair){v.obj[i].key, shown(s, v.obj[i].key, v.obj[i].value)};
    return val_obj(pairs, v.n);
}

typedef int answer_fn(struct sim *s, const struct form *f, struct str key, const struct rec *row,
                      struct val *out, struct err *err);

static int ask(struct sim *s, const struct both *b, struct str rule, struct str key, answer_fn *fn,
               struct err *err)
{
    struct val answers[2], told[2];
    struct ctx *c = s->c;
    for (size_t i = 0; i < 2; i++) {
        c->app = s->apps[i];
        if (fn(s, s->forms[i], key, &b->rec[i], &answers[i], err))
            return -1;
        told[i] = fn == field_answer ? shown(s, key, answers[i]) : masked(s, answers[i]);
    }
    c->app = s->apps[0];
    tell(s, b->id, rule, answers, told);
    return 0;
}

/* The keys that either version has, each once: those of the second that the first has not follow.
 */
static bool is_new(const struct form *f, struct str key, bool button)
{
    return button ? !button_of(f, key) : !form_automation(f, key);
}

static int ask_automations(struct sim *s, const struct both *b, struct err *err)
{
    for (size_t v = 0; v < 2; v++)
        for (size_t i = 0; i < s->forms[v]->nautomations; i++) {
            const struct automation *x = &s->forms[v]->automations[i];
            struct str rule = str_fmt(s->c->a, "automation.%.*s", STR_ARG(x->key));
            if ((v == 0 || is_new(s->forms[0], x->key, false)) &&
                ask(s, b, rule, x->key, automation_answer, err))
                return -1;
        }
    return 0;
}

static int ask_buttons(struct sim *s, const struct both *b, struct err *err)
{
    for (size_t v = 0; v < 2; v++)
        for (size_t i = 0; i < s->forms[v]->nbuttons; i++) {
            const struct button *x = &s->forms[v]->buttons[i];
            struct str rule = str_fmt(s->c->a, "button.%.*s", STR_ARG(x->key));
            if ((v == 0 || is_new(s->forms[0], x->key, true)) &&
                ask(s, b, rule, x->key, button_answer, err))
                return -1;
        }
    return 0;
}

static struct str fx_said(const struct field *f)
{
    const struct fx *fx = f->value ? f->value : f->dflt.fx;
    return fx ? fx_text(fx) : STR_NONE;
}

static int ask_fields(struct sim *s, const struct both *b, struct err *err)
{
    for (size_t i = 0; i < s->forms[1]->nfields; i++) {
        const struct field *now = s->forms[1]->fields[i];
        const struct field *was = form_field(s->forms[0], now->key);
        struct str rule = str_fmt(s->c->a, "field.%.*s", STR_ARG(now->key));
        if (was && !str_eq(fx_said(was), fx_said(now)) &&
            ask(s, b, rule, now->key, field_answer, err))
            return -1;
    }
    return 0;
}

/* The instant a record stands for: that of its date field, else its creation. */
static int64_t moment(const struct sim *s, const struct rec *row)
{
    struct val v = rec_get(row, s->s->at.n ? s->s->at : STR("_created_at"));
    struct civil day;
    if (v.kind == VAL_INSTANT)
        return v.i;
    if (v.kind != VAL_DATE)
        return s->c->now_us;
    civil_of_days(v.i, &day);
    return civil_us(&day, &s->apps[0]->zone);
}

static int replay(struct sim *s, int64_t id, struct err *err)
{
    struct both b;
    char buf[16];
    int64_t now = s->c->now_us;
    b.id = str_dup(s->c->a, id_print(id, buf));
    for (size_t i = 0; i < 2; i++) {
        int found = record_load(s->c, s->forms[i], id, REC_LIVE, &b.rec[i], err);
        if (found <= 0)
            return found;
    }
    s->c->now_us = moment(s, &b.rec[0]);
    int rc = s->forms[0]->flow || s->forms[1]->flow
                 ? ask(s, &b, STR("flow"), STR_NONE, flow_answer, err)
                 : 0;
    if (rc == 0 &&
        (ask_automations(s, &b, err) || ask_buttons(s, &b, err) || ask_fields(s, &b, err)))
        rc = -1;
    s->c->now_us = now;
    return rc;
}

static void free_arena(void *arg)
{
    struct arena *a = arg;
    arena_free(&a);
}

static int replay_all(struct sim *s, const int64_t *ids, size_t n, struct err *err)
{
    struct arena *row = arena_new(ROW_ARENA);
    int rc = 0;
    if (!row)
        return err_set(err, ERR_OOM, "out_of_memory", "内存不足。", "Out of memory.");
    arena_defer(s->a, free_arena, row);
    const struct arena_mark mark = arena_mark(row);
    for (size_t i = 0; rc == 0 && i < n; i++) {
        s->c->a = row;
        rc = replay(s, ids[i], err);
        s->c->a = s->a;
        arena_reset(row, mark);
    }
    return rc;
}

/* ---- which records ---- */

struct ids {
    struct sim *s;
    VEC(int64_t) v;
};

static int take(void *arg, int64_t id, struct val obj, struct err *err)
{
    struct ids *ids = arg;
    (void)obj, (void)err;
    if (ids->v.n <= ids->s->s->limit)
        (void)vec_push(ids->s->c->a, &ids->v, id);
    return 0;
}

static struct str day_fx(struct arena *a, int64_t day)
{
    struct civil t;
    civil_of_days(day, &t);
    return str_fmt(a, "DATE(%d, %d, %d)", t.year, t.month, t.day);
}

static int pick(struct sim *s, struct ids *out, struct err *err)
{
    struct str at = s->s->at.n ? s->s->at : STR("_created_at");
    struct str filter = str_fmt(s->c->a, "%.*s >= %.*s AND %.*s < %.*s", STR_ARG(at),
                                STR_ARG(day_fx(s->c->a, s->s->from_day)), STR_ARG(at),
                                STR_ARG(day_fx(s->c->a, s->s->until_day)));
    const struct query q = {.form = s->forms[0],
                            .filter = filter,
                            .sort = str_fmt(s->c->a, "%.*s,_id", STR_ARG(at)),
                            .fields = STR("_id"),
                            .limit = s->s->limit + 1};
    return query_each(s->c, &q, take, out, err);
}

/* ---- monitors ---- */

static struct val figure_val(struct arena *a, const struct mon_figure *f)
{
    static const struct str names[] = {STR("value"), STR("baseline"), STR("spread"), STR("z"),
                                       STR("change")};
    struct pair *p = ARENA_ARRAY(a, struct pair, MVAR_COUNT);
    for (size_t i = 0; i < MVAR_COUNT; i++)
        p[i] = (struct pair){names[i], f->vars[i]};
    return val_obj(p, MVAR_COUNT);
}

static const struct mon_figure *find(const struct mon_figure *v, size_t n, struct str key)
{
    for (size_t i = 0; i < n; i++)
        if (str_eq(v[i].key, key))
            return &v[i];
    return NULL;
}

struct figures {
    struct mon_figure *v;
    size_t n;
};

/* Figures may be made of any of them. */
static bool all_fields(const struct sim *s)
{
    for (size_t i = 0; i < s->forms[0]->nfields; i++)
        if (access_field(s->x, s->forms[0]->fields[i]) < FIELD_READ)
            return false;
    return true;
}

static void tell_window(struct sim *s, struct str rule, struct mon_window w,
                        const struct figures f[2])
{
    char day[16];
    struct str from = str_dup(s->c->a, civil_print_date(w.from, day));
    bool open = access_every_row(s->x) && all_fields(s);
    for (size_t v = 0; v < 2; v++)
        for (size_t i = 0; i < f[v].n; i++) {
            const struct mon_figure *x = &f[v].v[i];
            if (v == 1 && find(f[0].v, f[0].n, x->key))
                continue; /* told with the first */
            struct val answers[2], told[2];
            for (size_t k = 0; k < 2; k++) {
                const struct mon_figure *of = find(f[k].v, f[k].n, x->key);
                answers[k] = of && of->alert ? figure_val(s->c->a, of) : VAL_NONE;
                told[k] = open || val_is_blank(answers[k]) ? answers[k] : val_bool(true);
            }
            struct str group = open ? x->title : str_fmt(s->c->a, "%zu", i + 1 + (v ? f[0].n : 0));
            tell(s,
                 str_fmt(s->c->a, "%.*s%s%.*s", STR_ARG(group), group.n ? " " : "", STR_ARG(from)),
                 rule, answers, told);
        }
}

/* The windows of either version; those of a version that has no such window are empty there. */
static int monitor_of(struct sim *s, struct str key, struct err *err)
{
    const struct monitor *m[2] = {app_monitor(s->apps[0], key), app_monitor(s->apps[1], key)};
    struct mon_eval *e[2] = {NULL, NULL};
    struct str rule = str_fmt(s->c->a, "monitor.%.*s", STR_ARG(key));
    for (size_t i = 0; i < 2; i++)
        if (m[i] && m[i]->form && str_eq(m[i]->form->key, s->forms[0]->key))
            e[i] = mon_eval_new(s->c, m[i]);
    const struct monitor *by = e[1] ? m[1] : m[0];
    bool same = e[0] && e[1] && memcmp(&m[0]->window, &m[1]->window, sizeof(m[0]->window)) == 0;
    (void)total_of(s, rule);
    struct mon_window w = mon_last(by, s->s->until_day);
    for (size_t n = 0; (e[0] || e[1]) && w.to > s->s->from_day && n < WINDOWS_MAX; n++) {
        struct figures f[2] = {{0}, {0}};
        for (size_t i = 0; i < 2; i++)
            if (e[i] && (same || m[i] == by) && mon_eval(e[i], w, &f[i].v, &f[i].n, err))
                return -1;
        tell_window(s, rule, w, f);
        w = mon_before(by, w);
    }
    return 0;
}

static int monitors(struct sim *s, struct err *err)
{
    for (size_t v = 0; v < 2; v++)
        for (size_t i = 0; i < s->apps[v]->nmonitors; i++) {
            const struct monitor *m = &s->apps[v]->monitors[i];
            bool ours = m->form && str_eq(m->form->key, s->forms[0]->key);
            if (ours && (v == 0 || !app_monitor(s->apps[0], m->key)) && monitor_of(s, m->key, err))
                return -1;
        }
    return 0;
}

/* ---- the changed definition ---- */

static struct app_source changed(struct sim *s, const struct app_source *base)
{
    struct arena *a = s->c->a;
    struct val rules = s->s->rules;
    struct app_source out = {.key = base->key};
    struct app_file *files = ARENA_ARRAY(a, struct app_file, base->nfiles + rules.n);
    for (size_t i = 0; i < base->nfiles; i++) {
        struct val text = val_get(rules, base->files[i].path);
        files[out.nfiles++] = text.kind == VAL_TEXT
                                  ? (struct app_file){base->files[i].path, val_str(text)}
                                  : base->files[i];
    }
    for (uint32_t i = 0; i < rules.n; i++) {
        bool there = false;
        for (size_t k = 0; k < base->nfiles; k++)
            there = there || str_eq(base->files[k].path, rules.obj[i].key);
        if (!there && rules.obj[i].value.kind == VAL_TEXT)
            files[out.nfiles++] = (struct app_file){rules.obj[i].key, val_str(rules.obj[i].value)};
    }
    out.files = files;
    return out;
}

/* Fields of the record's form that are not stored as the changed definition reads them. */
static int stored(const struct sim *s, struct err *err)
{
    const struct form *was = s->forms[0], *now = s->forms[1];
    for (size_t i = 0; i < now->nfields; i++) {
        const struct field *f = now->fields[i], *old = form_field(was, f->key);
        bool same = old && old->type == f->type && old->scale == f->scale && !old->sub == !f->sub;
        for (size_t k = 0; same && f->sub && k < f->sub->nfields; k++)
            same = form_field(old->sub, f->sub->fields[k]->key) != NULL;
        if (!same)
            return err_set(err, ERR_INVALID, "not_stored",
                           "字段“%.*s”是新的或换了类型，发布之后才有数据可以试算。",
                           "The field “%.*s” is new or of another type: there is data to try it on "
                           "only after publishing.",
                           STR_ARG(f->key));
    }
    return 0;
}

static void drop_app(void *arg)
{
    struct app *app = arg;
    app_unref(&app);
}

static int load_changed(struct sim *s, struct diags *diags, struct err *err)
{
    struct ctx *c = s->c;
    struct app_source src = s->apps[0]->source;
    struct draft draft = {.diags = diags};
    if (s->s->rules.kind == VAL_OBJ) {
        src = changed(s, &src);
        s->apps[1] = engine_check(c->engine, c->a, &src, diags);
    } else {
        if (engine_draft(c->engine, c->a, s->s->app, &draft, err))
            return -1;
        s->apps[1] = draft.app;
    }
    if (!s->apps[1])
        return err_set(err, ERR_INVALID, "draft_errors", "改动后的定义有错误。",
                       "The changed definition has mistakes.");
    arena_defer(c->a, drop_app, s->apps[1]);
    s->forms[1] = app_form(s->apps[1], s->forms[0]->key);
    if (!s->forms[1])
        return err_set(err, ERR_INVALID, "no_form", "改动后的定义里没有这个表单。",
                       "The changed definition has no such form.");
    return stored(s, err);
}

static void totals_json(const struct sim *s)
{
    json_key(s->out, STR("totals"));
    json_begin_obj(s->out);
    for (size_t i = 0; i < s->totals.n; i++) {
        const struct rule_total *t = &s->totals.v[i];
        json_key(s->out, t->rule);
        json_begin_obj(s->out);
        json_kint(s->out, "was", t->was);
        json_kint(s->out, "would", t->would);
        json_kint(s->out, "differs", t->differs);
        json_end_obj(s->out);
    }
    json_end_obj(s->out);
}

int engine_simulate(struct ctx *c, const struct simulate *in, struct json *out, struct diags *diags,
                    struct err *err)
{
    struct sim s = {
        .c = c, .a = c->a, .s = in, .apps = {in->form->app}, .forms = {in->form}, .out = out};
    struct ids ids = {.s = &s};
    if (access_of(c, in->form, &s.x, err) || load_changed(&s, diags, err))
        return -1;
    const struct principal *caller = c->who;
    c->who = &who_system; /* the rules see every row; what is told is the caller's to read */
    if (pick(&s, &ids, err)) {
        c->who = caller;
        return -1;
    }
    size_t rows = MIN(ids.v.n, (size_t)in->limit);
    json_begin_obj(out);
    json_key(out, STR("differs"));
    json_begin_list(out);
    int rc = monitors(&s, err);
    if (rc == 0)
        rc = replay_all(&s, ids.v.v, rows, err);
    json_end_list(out);
    c->app = s.apps[0];
    c->who = caller;
    json_kint(out, "rows", (int64_t)rows);
    json_kbool(out, "more", ids.v.n > rows || s.told > TOLD_MAX);
    totals_json(&s);
    json_end_obj(out);
    return rc;
}
