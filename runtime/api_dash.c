/*
 * Dashboards: what to draw, and the rows of each widget with the viewer's own rights.
 */
#include "runtime/api.h"

#include "engine/meta/fieldtype.h"
#include "engine/meta/node.h"
#include "engine/record/access.h"
#include "engine/record/query.h"

static struct str lang_of(const struct ctx *c)
{
    return c->lang == LANG_EN ? STR("en") : STR("zh-CN");
}

static int find(struct http_req *req, const struct dashboard **out, struct err *err)
{
    struct ctx *c = req->ctx;
    bool visible;
    if (req_app(req, err))
        return -1;
    const struct dashboard *d = app_dashboard(req->app, req->params[1]);
    if (!d || app_visible(c, req->app, &visible, err))
        return d ? -1 : no_such(err);
    bool may = visible && d->ncan == 0;
    for (size_t i = 0; i < d->ncan; i++)
        may = may || who_has_role(c->who, req->app->key, d->can[i]);
    *out = d;
    return may ? 0 : no_such(err);
}

static struct str title(struct http_req *req, const struct dashboard *d, struct str path,
                        struct str source)
{
    return app_text(
        req->app, lang_of(req->ctx),
        str_fmt(req->ctx->a, "dashboards.%.*s%.*s.title", STR_ARG(d->key), STR_ARG(path)), source);
}

static void put_filters(struct http_req *req, const struct dashboard *d, struct json *j)
{
    json_key(j, STR("filters"));
    json_begin_list(j);
    for (size_t i = 0; i < d->nfilters; i++) {
        const struct dash_filter *f = &d->filters[i];
        json_begin_obj(j);
        json_kstr(j, "key", f->key);
        json_kstr(j, "title",
                  title(req, d, str_fmt(req->ctx->a, ".filters.%.*s", STR_ARG(f->key)), f->key));
        json_kstr(j, "field", f->field);
        json_kstr(j, "type", f->type);
        json_kval(j, "default", f->dflt.kind == VAL_ABSENT ? VAL_NONE : f->dflt);
        json_end_obj(j);
    }
    json_end_list(j);
}

static void put_metrics(struct http_req *req, const struct widget *w, struct json *j)
{
    json_key(j, STR("metrics"));
    json_begin_list(j);
    for (size_t i = 0; i < w->nmetrics; i++) {
        const struct metric *m = &w->metrics[i];
        json_begin_obj(j);
        json_kstr(j, "key", m->key);
        json_kstr(j, "title",
                  app_text(req->app, lang_of(req->ctx), STR_NONE, m->title.n ? m->title : m->key));
        json_kstr(j, "format", m->format.n ? m->format : w->format);
        json_end_obj(j);
    }
    json_end_list(j);
}

static void put_widget(struct http_req *req, const struct dashboard *d, const struct widget *w,
                       struct json *j)
{
    json_begin_obj(j);
    json_kstr(j, "key", w->key);
    json_kstr(j, "type", w->type);
    json_kstr(j, "title",
              title(req, d, str_fmt(req->ctx->a, ".widgets.%.*s", STR_ARG(w->key)), w->title));
    json_key(j, STR("at"));
    json_begin_list(j);
    json_int(j, w->x);
    json_int(j, w->y);
    json_int(j, w->w);
    json_int(j, w->h);
    json_end_list(j);
    if (w->format.n)
        json_kstr(j, "format", w->format);
    if (w->form)
        json_kstr(j, "form", w->form->key);
    if (w->view)
        json_kstr(j, "view", w->view->key);
    struct val text = val_get(w->raw, STR("text"));
    if (text.kind == VAL_TEXT)
        json_kval(j, "text", text);
    put_metrics(req, w, j);
    json_key(j, STR("group"));
    json_begin_list(j);
    for (size_t i = 0; i < w->ngroup; i++)
        json_str(j, fx_text(w->group[i]));
    json_end_list(j);
    json_end_obj(j);
}

/* `refresh: 60 s` in seconds, or "live" (a record event of its forms); absent: as the page likes.
 */
static void put_refresh(const struct dashboard *d, struct json *j)
{
    static const int32_t SECONDS[] = {[UNIT_SECOND] = 1, [UNIT_MINUTE] = 60, [UNIT_HOUR] = 3600};
    struct str text = val_str(val_get(d->raw, STR("refresh")));
    struct duration every;
    if (str_eqz(text, "live"))
        json_kstr(j, "refresh", text);
    else if (duration_parse(text, &every) && every.unit <= UNIT_HOUR && every.count > 0 &&
             every.count <= 86400)
        json_kint(j, "refresh", every.count * SECONDS[every.unit]);
}

int api_dashboard(struct http_req *req, struct http_resp *resp, struct err *err)
{
    const struct dashboard *d;
    struct json *j = &resp->json;
    if (find(req, &d, err))
        return -1;
    json_begin_obj(j);
    json_kstr(j, "app", req->app->key);
    json_kstr(j, "key", d->key);
    json_kstr(j, "title", title(req, d, STR_NONE, d->title));
    json_kint(j, "columns", d->columns ? d->columns : 12);
    put_refresh(d, j);
    put_filters(req, d, j);
    json_key(j, STR("widgets"));
    json_begin_list(j);
    for (size_t i = 0; i < d->nwidgets; i++)
        put_widget(req, d, &d->widgets[i], j);
    json_end_list(j);
    json_end_obj(j);
    return 0;
}

/* ---- a widget's rows ---- */

static const struct widget *widget_of(const struct dashboard *d, struct str key)
{
    for (size_t i = 0; i < d->nwidgets; i++)
        if (str_eq(d->widgets[i].key, key))
            return &d->widgets[i];
    return NULL;
}

static const struct dash_filter *filter_of(const struct dashboard *d, struct str key)
{
    for (size_t i = 0; i < d->nfilters; i++)
        if (str_eq(d->filters[i].key, key))
            return &d->filters[i];
    return NULL;
}

/* A text of the expression language: quotes doubled. */
static void add_quoted(struct strb *b, struct str s)
{
    strb_addc(b, '"');
    for (size_t i = 0; i < s.n; i++)
        strb_addn(b, s.p[i] == '"' ? "\"\"" : &s.p[i], s.p[i] == '"' ? 2 : 1);
    strb_addc(b, '"');
}

/* "key:value,key:value" to an expression over the widget's form; keys whose field it lacks do not
 * apply. */
static int filter_text(struct http_req *req, const struct dashboard *d, const struct widget *w,
                       struct str *out, struct err *err)
{
    struct str rest = req_query(req, "filter");
    struct strb b;
    strb_init(&b, req->ctx->a);
    while (rest.n) {
        struct str item, key, value;
        rest = str_cut(rest, ',', &item);
        value = str_cut(item, ':', &key);
        const struct dash_filter *f = filter_of(d, str_trim(key));
        if (!f) {
            (void)err_set(err, ERR_INVALID, "unknown_filter", "没有筛选“%.*s”。",
                          "There is no filter “%.*s”.", STR_ARG(key));
            err_at(err, "filter");
            return -1;
        }
        if (!value.n || !form_field(w->form, f->field))
            continue;
        strb_addz(&b, b.n ? " and " : "");
        strb_add(&b, f->field);
        strb_addz(&b, " = ");
        add_quoted(&b, value);
    }
    *out = strb_str(&b);
    return 0;
}

static const struct metric *metric_of(const struct widget *w, struct str key)
{
    for (size_t i = 0; i < w->nmetrics; i++)
        if (str_eq(w->metrics[i].key, key))
            return &w->metrics[i];
    return NULL;
}

static struct str sort_key(const struct widget *w)
{
    return str_starts(w->sort, STR("-")) ? str_sub(w->sort, 1, w->sort.n) : w->sort;
}

/* Ordering by a metric that is computed from others happens here, after it is known. */
static bool sorted_here(const struct widget *w)
{
    const struct metric *m = metric_of(w, sort_key(w));
    return m && m->derived;
}

static int run(struct http_req *req, const struct dashboard *d, const struct widget *w,
               struct json *j, struct err *err)
{
    struct ctx *c = req->ctx;
    struct fx **metrics = ARENA_ARRAY(c->a, struct fx *, w->nmetrics);
    struct str *keys = ARENA_ARRAY(c->a, struct str, w->nmetrics);
    size_t n = 0;
    for (size_t i = 0; i < w->nmetrics; i++) {
        if (w->metrics[i].derived)
            continue;
        metrics[n] = w->metrics[i].fx;
        keys[n++] = w->metrics[i].key;
    }
    bool later = sorted_here(w);
    struct aggregate g = {.form = w->form,
                          .view = w->view,
                          .sort = later ? STR_NONE : w->sort,
                          .limit = later ? 0 : w->limit,
                          .group_fx = w->group,
                          .ngroup_fx = w->ngroup,
                          .metric_fx = metrics,
                          .nmetric_fx = n,
                          .filter_fx = w->filter,
                          .metric_keys = keys};
    if (filter_text(req, d, w, &g.filter, err))
        return -1;
    return query_aggregate(c, &g, j, err);
}

/* A row with the metrics that are arithmetic over others, in the order of the definition. */
static struct val with_derived(struct ctx *c, const struct widget *w, struct val row)
{
    struct pair *pairs = ARENA_ARRAY(c->a, struct pair, row.n + w->nmetrics);
    struct val *vars = ARENA_ARRAY(c->a, struct val, w->nmetrics);
    uint32_t n = row.n;
    if (n)
        memcpy(pairs, row.obj, n * sizeof(*pairs));
    struct fx_env env = {.a = c->a, .vars = vars, .now_us = c->now_us, .zone = &c->app->zone};
    for (size_t i = 0; i < w->nmetrics; i++) {
        const struct metric *m = &w->metrics[i];
        vars[i] = val_get(row, m->key);
        if (!m->derived)
            continue;
        vars[i] = fx_eval(m->fx, &env);
        pairs[n++] = (struct pair){m->key, vars[i]};
    }
    return (struct val){.kind = VAL_OBJ, .n = n, .obj = pairs};
}

/* Insertion: a widget has few rows. Blanks last. */
static void sort_rows(struct val *rows, size_t n, struct str key, bool descending)
{
    for (size_t i = 1; i < n; i++) {
        struct val row = rows[i];
        double x = val_double(val_get(row, key));
        size_t k = i;
        for (; k > 0; k--) {
            struct val before = val_get(rows[k - 1], key);
            bool after = val_is_blank(before) ||
                         (descending ? val_double(before) < x : val_double(before) > x);
            if (val_is_blank(val_get(row, key)) || !after)
                break;
            rows[k] = rows[k - 1];
        }
        rows[k] = row;
    }
}

static struct val complete_rows(struct ctx *c, const struct widget *w, struct val rows)
{
    struct val *out = ARENA_ARRAY(c->a, struct val, rows.n);
    uint32_t n = rows.n;
    for (uint32_t i = 0; i < n; i++)
        out[i] = with_derived(c, w, rows.list[i]);
    if (sorted_here(w)) {
        sort_rows(out, n, sort_key(w), str_starts(w->sort, STR("-")));
        n = w->limit && w->limit < n ? w->limit : n;
    }
    return val_list(out, n);
}

/* Titles of the option keys that a group can give, also through links and lookups. */
static void put_labels(struct http_req *req, const struct widget *w, struct json *j)
{
    json_key(j, STR("labels"));
    json_begin_obj(j);
    for (size_t i = 0; i < w->ngroup; i++) {
        const struct field *f = fx_type_of(w->group[i]).options;
        if (!f || !f->noptions || f->form->parent)
            continue;
        json_key(j, fx_text(w->group[i]));
        json_begin_obj(j);
        for (size_t k = 0; k < f->noptions; k++) {
            struct str path =
                str_fmt(req->ctx->a, "forms.%.*s.fields.%.*s.options.%.*s", STR_ARG(f->form->key),
                        STR_ARG(f->key), STR_ARG(f->options[k].key));
            json_key(j, f->options[k].key);
            json_str(j, app_text(req->app, lang_of(req->ctx), path, f->options[k].title));
        }
        json_end_obj(j);
    }
    json_end_obj(j);
}

int api_widget(struct http_req *req, struct http_resp *resp, struct err *err)
{
    const struct dashboard *d;
    struct strb text;
    struct json out, *j = &resp->json;
    struct val rows;
    if (find(req, &d, err))
        return -1;
    const struct widget *w = widget_of(d, req->params[2]);
    if (!w || !w->form)
        return no_such(err);
    strb_init(&text, req->ctx->a);
    json_init(&out, &text);
    if (run(req, d, w, &out, err) || json_parse(req->ctx->a, strb_str(&text), &rows, err))
        return -1;
    json_begin_obj(j);
    json_kval(j, "rows", complete_rows(req->ctx, w, val_get(rows, STR("rows"))));
    put_labels(req, w, j);
    json_kval(j, "compare", VAL_NONE);
    json_end_obj(j);
    return 0;
}
