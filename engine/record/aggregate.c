/*
 * Groups and metrics over a form with the reader's rights: one SELECT … GROUP BY. What some of his
 * grants hide is blank on those rows in groups and metrics alike; drafts do not count.
 */
#include "engine/record/query_int.h"

#include "engine/org/member.h"

#define GROUPS_MAX   8
#define METRICS_MAX  32
#define ROWS_DEFAULT 1000
#define ROWS_MAX     10000

struct agg_col {
    const struct fx *fx;
    struct str key;  /* in the answer */
    struct str text; /* as it may be named in sort */
    uint8_t scale;
    bool metric;
};

struct agg {
    struct ctx *c;
    const struct aggregate *g;
    struct access *x;
    struct agg_col cols[GROUPS_MAX + METRICS_MAX];
    size_t n, ngroups;
    struct sql q;
};

static int too_many(struct err *err, const char *what, int most)
{
    err_set(err, ERR_INVALID, what, "最多 %d 项。", "At most %d of them.", most);
    err_at(err, "%s", what);
    return -1;
}

static int add_texts(struct agg *s, struct str list, enum fx_place place, const char *what,
                     int most, struct err *err)
{
    size_t n;
    struct str *parts = split_commas(s->c->a, list, &n);
    if (n > (size_t)most)
        return too_many(err, what, most);
    for (size_t i = 0; i < n; i++) {
        const struct fx *fx = access_compile(s->c, s->x->f, parts[i], place, str_of(what), err);
        if (!fx)
            return -1;
        s->cols[s->n++] = (struct agg_col){
            .fx = fx, .key = parts[i], .text = parts[i], .metric = place == FX_PLACE_METRIC};
    }
    return 0;
}

static int add_compiled(struct agg *s, struct fx *const *fx, size_t n, const struct str *keys,
                        int most, struct err *err)
{
    if (n > (size_t)most)
        return too_many(err, keys ? "metrics" : "group", most);
    for (size_t i = 0; i < n; i++)
        s->cols[s->n++] = (struct agg_col){.fx = fx[i],
                                           .key = keys ? keys[i] : fx_text(fx[i]),
                                           .text = fx_text(fx[i]),
                                           .metric = keys != NULL};
    return 0;
}

static int add_columns(struct agg *s, struct err *err)
{
    const struct aggregate *g = s->g;
    if (add_texts(s, g->group, FX_PLACE_GROUP, "group", GROUPS_MAX, err) ||
        add_compiled(s, g->group_fx, g->ngroup_fx, NULL, GROUPS_MAX - (int)s->n, err))
        return -1;
    s->ngroups = s->n;
    struct str metrics = g->metrics.n || g->nmetric_fx ? g->metrics : STR("COUNT()");
    if (add_texts(s, metrics, FX_PLACE_METRIC, "metrics", METRICS_MAX, err))
        return -1;
    return add_compiled(s, g->metric_fx, g->nmetric_fx, g->metric_keys,
                        METRICS_MAX - (int)(s->n - s->ngroups), err);
}

static int select_columns(struct agg *s, const struct fx_sql_env *env, struct err *err)
{
    sql_lit(&s->q, "SELECT ");
    for (size_t i = 0; i < s->n; i++) {
        struct agg_col *col = &s->cols[i];
        if (i)
            sql_lit(&s->q, ", ");
        int rc = col->metric ? fx_sql_metric(col->fx, &s->q, env, &col->scale, err)
                             : fx_sql_value(col->fx, &s->q, env, &col->scale, err);
        if (rc)
            return -1;
    }
    return 0;
}

static int where(struct agg *s, const struct fx_sql_env *env, struct err *err)
{
    const struct aggregate *g = s->g;
    struct query filter = {.form = g->form, .filter = g->filter, .view = g->view};
    if (query_where(s->x, &filter, &s->q, err))
        return -1;
    if (g->filter_fx) {
        sql_lit(&s->q, " AND ");
        if (fx_sql_cond(g->filter_fx, &s->q, env, err))
            return -1;
    }
    if (s->x->f->flow)
        sql_lit(&s->q, " AND COALESCE(t0.\"_state\", '') <> 'draft'");
    return 0;
}

static void group_by(struct agg *s)
{
    for (size_t i = 0; i < s->ngroups; i++) {
        if (i)
            sql_lit(&s->q, ", ");
        else
            sql_lit(&s->q, " GROUP BY ");
        sql_int(&s->q, (int64_t)i + 1);
    }
}

static void order_column(struct agg *s, size_t i, bool descending, bool first)
{
    if (first)
        sql_lit(&s->q, " ORDER BY ");
    else
        sql_lit(&s->q, ", ");
    sql_int(&s->q, (int64_t)i + 1);
    if (descending)
        sql_lit(&s->q, " DESC NULLS LAST");
    else
        sql_lit(&s->q, " ASC NULLS FIRST");
}

static int order_by(struct agg *s, struct err *err)
{
    size_t n;
    struct str *parts = split_commas(s->c->a, s->g->sort, &n);
    bool any = false;
    for (size_t i = 0; i < n; i++) {
        bool descending = parts[i].p[0] == '-';
        struct str name = str_trim(str_sub(parts[i], descending, parts[i].n));
        size_t at = 0;
        while (at < s->n && !str_eq(s->cols[at].key, name) && !str_eq(s->cols[at].text, name))
            at++;
        if (at == s->n) {
            err_set(err, ERR_INVALID, "sort", "只能按分组或指标排序：%.*s",
                    "Only a group or a metric can be sorted by: %.*s", STR_ARG(name));
            err_at(err, "sort");
            return -1;
        }
        order_column(s, at, descending, !any);
        any = true;
    }
    for (size_t i = 0; i < s->ngroups; i++, any = true) /* the same order every time */
        order_column(s, i, false, !any);
    return 0;
}

static int build(struct agg *s, struct err *err)
{
    struct fx_sql_env env = access_sql_env(s->x, 0, true);
    ctx_sql(s->c, &s->q);
    if (select_columns(s, &env, err))
        return -1;
    sql_lit(&s->q, " FROM ");
    sql_form(&s->q, s->x->f);
    sql_lit(&s->q, " t0");
    if (where(s, &env, err))
        return -1;
    group_by(s);
    if (order_by(s, err))
        return -1;
    uint32_t limit = s->g->limit ? MIN(s->g->limit, (uint32_t)ROWS_MAX) : ROWS_DEFAULT;
    sql_lit(&s->q, " LIMIT ");
    sql_int(&s->q, limit);
    return 0;
}

/* ---- the answer ---- */

static int ref_name(struct agg *s, struct fx_type type, int64_t id, struct str *out,
                    struct err *err)
{
    *out = STR_NONE;
    if (type.base == FX_LINK)
        return type.form ? record_title(s->c, type.form, id, out, err) : 0;
    struct sql q;
    struct stmt *st;
    ctx_sql(s->c, &q);
    if (type.base == FX_MEMBER)
        sql_lit(&q, "SELECT t1.name FROM _member t1 WHERE t1.id = ");
    else
        sql_lit(&q, "SELECT t1.name FROM _department t1 WHERE t1.id = ");
    sql_bind_int(&q, id);
    org_limit(s->c, &q, "t1");
    if (store_query(s->c->db, s->c->a, &q, &st, err))
        return -1;
    int step = stmt_step(st, err);
    if (step == 1)
        *out = column_text(s->c, st, 0);
    stmt_done(st);
    return step;
}

static int write_row(struct agg *s, struct stmt *st, struct json *out, struct err *err)
{
    json_begin_obj(out);
    for (size_t i = 0; i < s->n; i++) {
        struct agg_col *col = &s->cols[i];
        struct fx_type type = fx_type_of(col->fx);
        struct val v = column_val(s->c, st, (int)i, type, col->scale);
        struct str title;
        if (v.kind == VAL_REF) {
            if (ref_name(s, type, v.ref->id, &title, err) < 0)
                return -1;
            v = val_ref(s->c->a, v.ref->id, title);
        }
        json_key(out, col->key);
        json_val(out, v);
    }
    json_end_obj(out);
    return 0;
}

int query_aggregate(struct ctx *c, const struct aggregate *g, struct json *out, struct err *err)
{
    struct agg s = {.c = c, .g = g};
    struct stmt *st;
    if (query_access(c, g->form, false, &s.x, err) || add_columns(&s, err) || build(&s, err) ||
        store_query(c->db, c->a, &s.q, &st, err))
        return -1;
    json_begin_obj(out);
    json_key(out, STR("rows"));
    json_begin_list(out);
    int step;
    while ((step = stmt_step(st, err)) == 1)
        if (write_row(&s, st, out, err)) {
            step = -1;
            break;
        }
    stmt_done(st);
    json_end_list(out);
    json_end_obj(out);
    return step;
}

int query_sum(struct ctx *c, const struct form *form, struct str field, struct str filter,
              struct val *out, struct err *err)
{
    struct str metric = str_fmt(c->a, "SUM(%.*s)", STR_ARG(field));
    struct aggregate g = {.form = form, .metrics = metric, .filter = filter};
    struct agg s = {.c = c, .g = &g};
    struct stmt *st;
    *out = VAL_NONE;
    if (query_access(c, form, false, &s.x, err) || add_columns(&s, err) || build(&s, err) ||
        store_query(c->db, c->a, &s.q, &st, err))
        return -1;
    int step = stmt_step(st, err);
    if (step == 1)
        *out = column_val(c, st, 0, fx_type_of(s.cols[0].fx), s.cols[0].scale);
    stmt_done(st);
    return step < 0 ? -1 : 0;
}
