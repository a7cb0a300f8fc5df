/*
 * monitors.yaml: parsed and checked.
 */
#include "engine/meta/monitor.h"

#include "engine/meta/load_int.h"
#include "engine/value/num.h"

const struct monitor *app_monitor(const struct app *app, struct str key)
{
    for (size_t i = 0; i < app->nmonitors; i++)
        if (str_eq(app->monitors[i].key, key))
            return &app->monitors[i];
    return NULL;
}

/* ---- windows and times ---- */

static bool read_window(struct str s, struct monitor_window *out)
{
    static const char *const words[] = {"day", "week", "month", "quarter", "year", NULL};
    static const struct monitor_window windows[] = {
        {.days = 1}, {.days = 7, .week = true}, {.months = 1}, {.months = 3}, {.months = 12}};
    int word = word_index(words, s);
    struct duration d;
    if (word >= 0)
        *out = windows[word];
    if (word >= 0 || !duration_parse(s, &d))
        return word >= 0;
    *out = (struct monitor_window){0};
    if (d.unit == UNIT_DAY || d.unit == UNIT_WEEK)
        out->days = d.count * (d.unit == UNIT_WEEK ? 7 : 1);
    if (d.unit == UNIT_MONTH || d.unit == UNIT_YEAR)
        out->months = d.count * (d.unit == UNIT_YEAR ? 12 : 1);
    return (out->days > 0 && out->days <= 3660) || (out->months > 0 && out->months <= 120);
}

static bool read_every(struct str s, struct monitor *out)
{
    static const char *const words[] = {"hour", "day", "week", "month", NULL};
    static const char *const crons[] = {"5 * * * *", "20 0 * * *", "20 0 * * 1", "20 0 1 * *"};
    int word = word_index(words, s);
    out->every = s;
    if (word >= 0)
        s = str_of(crons[word]);
    out->is_cron = cron_parse(s, &out->cron);
    return out->is_cron ||
           (duration_parse(s, &out->step) && out->step.count > 0 && out->step.unit <= UNIT_DAY);
}

int64_t monitor_next(const struct monitor *m, int64_t now_us, const struct zone *zone)
{
    static const int64_t seconds[] = {
        [UNIT_SECOND] = 1, [UNIT_MINUTE] = 60, [UNIT_HOUR] = 3600, [UNIT_DAY] = 86400};
    if (m->is_cron)
        return cron_next(&m->cron, now_us, zone);
    int64_t span = m->step.count * seconds[m->step.unit];
    return now_us + MAX(span, (int64_t)60) * US_PER_S;
}

/* ---- reading ---- */

static bool is_date(const struct field *f)
{
    return f->type->fx == FX_DATE || f->type->fx == FX_DATETIME;
}

static bool is_number(const struct field *f)
{
    return f->value ? f->value_type.base == FX_NUM : f->type->fx == FX_NUM;
}

static void read_against(struct load *ld, const struct src_file *file, const struct yaml_node *n,
                         struct monitor *out)
{
    const struct yaml_node *against = node_of(n, "against", YAML_MAP);
    const struct yaml_node *field = node_scalar(against, "field");
    int count = against ? (yaml_get(against, "previous") != NULL) +
                              (yaml_get(against, "field") != NULL) +
                              (yaml_get(against, "value") != NULL)
                        : 0;
    if (against && count != 1)
        node_error(ld->diags, file, against, "against",
                   "against 应写 previous、field 或 value 之一",
                   "`against` has one of previous, field, value");
    out->previous = (uint32_t)node_int(against, "previous", 0);
    out->center = str_eqz(node_text(against, "center"), "median") ? CENTER_MEDIAN : CENTER_MEAN;
    out->mad = str_eqz(node_text(against, "spread"), "mad");
    out->phase = node_scalar(against, "phase") != NULL;
    out->field = ld_field_ref(ld, file, field, out->form);
    if (node_scalar(against, "value"))
        (void)num_parse(node_text(against, "value"), &out->fixed); /* its shape was checked */
    if (out->field && !is_number(out->field))
        node_error(ld->diags, file, field, "against", "“%.*s”不是数值字段", "“%.*s” is no number",
                   STR_ARG(field->text));
    if (out->mad && !out->previous)
        node_error(ld->diags, file, against, "against", "spread 只用于与之前的周期比较",
                   "`spread` is for a comparison with windows before");
}

static void read_alert(struct load *ld, const struct src_file *file, const struct yaml_node *n,
                       struct monitor *out)
{
    static const char *const names[MVAR_COUNT] = {"value", "baseline", "spread", "z", "change"};
    struct fx_var *vars = ARENA_ARRAY(ld->a, struct fx_var, MVAR_COUNT);
    for (size_t i = 0; i < MVAR_COUNT; i++)
        vars[i] = (struct fx_var){.name = str_of(names[i]), .type = {.base = FX_NUM}};
    struct fx_scope alert = ld_scope(ld, NULL, FX_PLACE_COND);
    alert.vars = vars;
    alert.nvars = MVAR_COUNT;
    out->alert = ld_fx(ld, file, yaml_get(n, "alert"), &alert);
}

static void read_times(struct load *ld, const struct src_file *file, const struct yaml_node *n,
                       struct monitor *out)
{
    const struct yaml_node *window = node_scalar(n, "window"), *every = node_scalar(n, "every");
    const struct yaml_node *due = node_scalar(n, "due");
    if (window && !read_window(window->text, &out->window))
        node_error(ld->diags, file, window, "window",
                   "周期以天计，应写成 7 days、week、month、quarter、3 months 等",
                   "A window is of whole days: 7 days, week, month, quarter, 3 months");
    if (!read_every(every ? every->text : STR("day"), out))
        node_error(ld->diags, file, every, "every", "多久一次应写成 hour、day、2 hours 或五项定时",
                   "How often is hour, day, 2 hours, or a schedule of five parts");
    out->due = (struct duration){3, UNIT_WORKDAY};
    if (due)
        (void)duration_parse(due->text, &out->due); /* its shape was checked */
}

/* Whom a record names, nobody knows: an alert is about many. */
static void check_to(struct load *ld, const struct src_file *file, const struct yaml_node *n,
                     const struct monitor *m)
{
    for (size_t i = 0; n && i < m->nto; i++) {
        enum assignee_kind kind = m->to[i].kind;
        if (kind == TO_ROLE || kind == TO_MEMBER || kind == TO_DEPARTMENT || kind == TO_VALUE)
            continue;
        node_error(ld->diags, file, n, "to",
                   "监控只能通知角色、成员、部门或算式给出的人，没有某一条记录可言",
                   "A monitor tells roles, members, departments or whom an expression gives; "
                   "there is no record whose people it could be");
        return;
    }
}

static void read_monitor(struct load *ld, const struct src_file *file, const struct yaml_node *key,
                         const struct yaml_node *n, struct monitor *out)
{
    const struct yaml_node *at = node_scalar(n, "at");
    *out = (struct monitor){.key = key->text, .title = key->text, .at = ld_place(file, key)};
    if (node_scalar(n, "title"))
        out->title = node_text(n, "title");
    out->form = ld_form_ref(ld, file, node_scalar(n, "of"));
    read_alert(ld, file, n, out);
    read_times(ld, file, n, out);
    out->once = node_scalar(n, "once") != NULL;
    if (node_scalar(n, "min_change"))
        (void)num_parse(node_text(n, "min_change"), &out->min_change);
    if (node_scalar(n, "open"))
        out->open = ld_form_ref(ld, file, node_scalar(n, "open"));
    if (!out->form || out->form->broken)
        return;
    struct fx_scope scope = ld_scope(ld, out->form, FX_PLACE_METRIC);
    out->metric = ld_fx(ld, file, yaml_get(n, "metric"), &scope);
    scope.place = FX_PLACE_FILTER;
    out->where = ld_fx(ld, file, yaml_get(n, "where"), &scope);
    scope.place = FX_PLACE_GROUP;
    out->by = ld_fx(ld, file, yaml_get(n, "by"), &scope);
    read_against(ld, file, n, out);
    out->time = ld_field_ref(ld, file, at, out->form);
    if (out->time && !is_date(out->time))
        node_error(ld->diags, file, at, "at", "“%.*s”不是日期或时间字段",
                   "“%.*s” is no date or time", STR_ARG(at->text));
    out->to = ld_assignees(ld, file, yaml_get(n, "to"), NULL, out->form, &out->nto);
    check_to(ld, file, yaml_get(n, "to"), out);
}

/* A form of alerts of the app's own has what tells one window from another. */
static void check_alerts(struct load *ld, const struct src_file *file, const struct yaml_node *map)
{
    static const struct {
        const char *key;
        enum fx_base base;
    } needed[] = {{"monitor", FX_TEXT},
                  {"subject_key", FX_TEXT},
                  {"window_start", FX_DATE},
                  {"window_end", FX_DATE}};
    const struct form *f = app_form(ld->app, ALERT_FORM);
    for (size_t i = 0; map && f && !f->broken && i < ARRAY_LEN(needed); i++) {
        const struct field *x = form_field(f, str_of(needed[i].key));
        if (!x || x->sub || x->value || x->type->fx != needed[i].base)
            node_error(ld->diags, file, map, "alert_form",
                       "表单 alert 要有字段 %s（文本，window_start、window_end 是日期）",
                       "The form alert needs the field %s (a text; window_start and window_end are "
                       "dates)",
                       needed[i].key);
    }
}

void ld_monitors(struct load *ld)
{
    const struct src_file *file = ld_file(ld, "monitors.yaml");
    const struct yaml_node *map = file ? node_of(file->root, "monitors", YAML_MAP) : NULL;
    struct app *app = ld->app;
    app->monitors = ARENA_ARRAY(ld->a, struct monitor, map ? map->n : 0);
    check_alerts(ld, file, map);
    for (size_t i = 0; map && i < map->n; i++) {
        if (map->items[i]->kind == YAML_MAP)
            read_monitor(ld, file, map->keys[i], map->items[i], &app->monitors[app->nmonitors++]);
    }
}
