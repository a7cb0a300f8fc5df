/*
 * Managing approvals that run: instances that move to a new version, how long each node takes.
 */
#include "engine/flow/flow_int.h"

#define MOVE_MAX  10000
#define KEPT_MAX  200
#define STATS_MAX 200000

/* ---- moving to a new version ---- */

struct moving {
    struct ctx *c;
    const struct flow_move *m;
    struct json *kept;
    int64_t moved, nkept;
};

static struct str mapped(const struct moving *x, struct str key)
{
    struct val to = val_get(x->m->nodes, key);
    return to.kind == VAL_TEXT ? val_str(to) : key;
}

static void keep(struct moving *x, int64_t record, struct str node, struct str why)
{
    char id[16];
    if (++x->nkept > KEPT_MAX)
        return;
    json_begin_obj(x->kept);
    json_kstr(x->kept, "id", id_print(record, id));
    json_kstr(x->kept, "node", node);
    json_kstr(x->kept, "why", why);
    json_end_obj(x->kept);
}

static bool person(enum node_kind kind)
{
    return kind == NODE_APPROVE || kind == NODE_FILL;
}

/* Why a token cannot stand on the new node; empty: it can. */
static struct str misfit(const struct flow_node *was, const struct flow_node *now,
                         const struct lane *lane, const struct moving *x)
{
    const struct flowdef *def = x->m->form->flow;
    if (!now)
        return STR("no_node");
    if (was && was->kind != now->kind && !(person(was->kind) && person(now->kind)))
        return STR("other_type");
    if (lane->fork && !flow_node(def, mapped(x, lane->branch)))
        return STR("no_branch");
    return STR_NONE;
}

struct standing {
    int64_t token, entered_us;
    struct str node;
    struct lane lane;
};

static int standing_load(struct flow_run *r, struct standing **out, size_t *n, struct err *err)
{
    struct sql q;
    struct stmt *s;
    VEC(struct standing) rows = {0};
    ctx_sql(r->c, &q);
    sql_lit(&q, "SELECT id, node, fork, branch, entered_at FROM _flow_token WHERE state = 'open'"
                " AND instance = ");
    sql_bind_int(&q, r->instance);
    if (store_query(r->c->db, r->c->a, &q, &s, err) < 0)
        return -1;
    int got;
    while ((got = stmt_step(s, err)) == 1)
        vec_push(r->c->a, &rows,
                 (struct standing){.token = stmt_int(s, 0),
                                   .node = str_dup(r->c->a, stmt_str(s, 1)),
                                   .lane.fork = stmt_int(s, 2),
                                   .lane.branch = str_dup(r->c->a, stmt_str(s, 3)),
                                   .entered_us = stmt_int(s, 4)});
    stmt_done(s);
    *out = rows.v;
    *n = rows.n;
    return got;
}

static int move_token(struct moving *x, struct flow_run *r, const struct standing *t,
                      struct err *err)
{
    struct sql q;
    struct str node = mapped(x, t->node);
    ctx_sql(x->c, &q);
    sql_lit(&q, "UPDATE _flow_token SET node = ");
    sql_bind_str(&q, node);
    sql_lit(&q, ", branch = ");
    sql_bind(&q, val_text(mapped(x, t->lane.branch)));
    sql_lit(&q, " WHERE id = ");
    sql_bind_int(&q, t->token);
    if (store_exec(x->c->db, x->c->a, &q, NULL, err) < 0)
        return -1;
    ctx_sql(x->c, &q);
    sql_lit(&q, "UPDATE _task SET node = ");
    sql_bind_str(&q, node);
    sql_lit(&q, " WHERE state IN ('open', 'waiting') AND token = ");
    sql_bind_int(&q, t->token);
    if (store_exec(x->c->db, x->c->a, &q, NULL, err) < 0)
        return -1;
    const struct flow_node *now = flow_node(x->m->form->flow, node);
    int64_t due_us;
    if (!now || !person(now->kind))
        return 0; /* a wait goes on as it was set */
    return timer_cancel(r, t->token, err) < 0 ? -1 : timer_due(r, now, t->token, &due_us, err);
}

static int move_instance(struct moving *x, struct flow_run *r, struct err *err)
{
    struct standing *at;
    size_t n;
    if (standing_load(r, &at, &n, err) < 0)
        return -1;
    for (size_t i = 0; i < n; i++) {
        const struct flow_node *now = flow_node(x->m->form->flow, mapped(x, at[i].node));
        struct str why = misfit(flow_node(r->def, at[i].node), now, &at[i].lane, x);
        if (why.n) {
            keep(x, r->record, at[i].node, why);
            return 0;
        }
    }
    x->moved++;
    if (x->m->dry_run)
        return 0;
    for (size_t i = 0; i < n; i++)
        if (move_token(x, r, &at[i], err) < 0)
            return -1;
    struct sql q;
    ctx_sql(x->c, &q);
    sql_lit(&q, "UPDATE _flow_instance SET n = ");
    sql_bind_int(&q, x->m->form->app->n);
    sql_lit(&q, " WHERE id = ");
    sql_bind_int(&q, r->instance);
    struct flow_event ev = {.verb = STR("move")};
    if (store_exec(x->c->db, x->c->a, &q, NULL, err) < 0 || fs_event(r, &ev, err) < 0)
        return -1;
    r->form = x->m->form;
    r->def = x->m->form->flow;
    return run_reload(r, err) < 0
               ? -1
               : step_store_state(r, val_str(r->rec.v[r->form->nfields + SYS_STATE]), err);
}

static int move_all(struct moving *x, const int64_t *records, size_t n, struct err *err)
{
    struct diags diags;
    diags_init(&diags, x->c->a);
    for (size_t i = 0; i < n; i++) {
        struct flow_run r;
        int found = fs_instance_load(x->c, x->m->form, records[i], true, &r, err);
        r.diags = &diags;
        if (found < 0 || (found && move_instance(x, &r, err) < 0))
            return -1;
    }
    return 0;
}

int flow_move(struct ctx *c, const struct flow_move *m, struct json *out, struct err *err)
{
    struct moving x = {.c = c, .m = m, .kept = out};
    struct sql q;
    struct stmt *s;
    VEC(int64_t) records = {0};
    if (!m->form->flow)
        return err_set(err, ERR_NOT_FOUND, "not_found", "此表单没有流程。",
                       "This form has no flow.");
    ctx_sql(c, &q);
    sql_lit(&q, "SELECT record FROM _flow_instance WHERE ended_at IS NULL AND app = ");
    sql_bind_str(&q, m->form->app->key);
    sql_lit(&q, " AND form = ");
    sql_bind_str(&q, m->form->key);
    sql_lit(&q, " AND n <> ");
    sql_bind_int(&q, m->form->app->n);
    sql_lit(&q, " ORDER BY id LIMIT ");
    sql_int(&q, MOVE_MAX);
    if (store_query(c->db, c->a, &q, &s, err) < 0)
        return -1;
    int got;
    while ((got = stmt_step(s, err)) == 1)
        vec_push(c->a, &records, stmt_int(s, 0));
    stmt_done(s);
    json_begin_obj(out);
    json_key(out, STR("kept"));
    json_begin_list(out);
    if (got == 0)
        got = move_all(&x, records.v, records.n, err);
    json_end_list(out);
    json_kint(out, "moved", x.moved);
    json_kint(out, "kept_total", x.nkept);
    json_kbool(out, "dry_run", m->dry_run);
    json_end_obj(out);
    return got;
}

/* ---- how long each node takes ---- */

struct node_times {
    struct str key;
    VEC(int64_t) us; /* of done tasks, sorted */
    int64_t open, overdue, returned;
};

static void times_json(struct ctx *c, const struct form *f, const struct node_times *t,
                       struct json *out)
{
    int64_t sum = 0;
    size_t n = t->us.n;
    for (size_t i = 0; i < n; i++)
        sum += t->us.v[i];
    json_begin_obj(out);
    json_kstr(out, "key", t->key);
    json_kstr(out, "title", flow_node_title(c, f, f->flow, t->key));
    json_kint(out, "done", (int64_t)n);
    json_kint(out, "open", t->open);
    json_kint(out, "overdue", t->overdue);
    json_kint(out, "returned", t->returned);
    json_kval(out, "avg_s", n ? val_num((double)(sum / (int64_t)n / US_PER_S)) : VAL_NONE);
    json_kval(out, "median_s", n ? val_num((double)(t->us.v[n / 2] / US_PER_S)) : VAL_NONE);
    json_kval(out, "p90_s", n ? val_num((double)(t->us.v[n * 9 / 10] / US_PER_S)) : VAL_NONE);
    json_end_obj(out);
}

static void stats_sql(struct ctx *c, const struct form *f, int64_t from_us, int64_t until_us,
                      struct sql *q)
{
    ctx_sql(c, q);
    sql_lit(q, "SELECT node, state, action, COALESCE(closed_at, ");
    sql_bind_int(q, c->now_us);
    sql_lit(q, ") - opened_at AS took, COALESCE(due_at, 0), COALESCE(closed_at, ");
    sql_bind_int(q, c->now_us);
    sql_lit(q, ") FROM _task WHERE kind IN ('approve', 'fill') AND auto = 0 AND app = ");
    sql_bind_str(q, f->app->key);
    sql_lit(q, " AND form = ");
    sql_bind_str(q, f->key);
    sql_lit(q, " AND (state = 'open' OR (state = 'done' AND closed_at >= ");
    sql_bind_int(q, from_us);
    sql_lit(q, " AND closed_at < ");
    sql_bind_int(q, until_us);
    sql_lit(q, ")) ORDER BY node, took LIMIT ");
    sql_int(q, STATS_MAX);
}

int flow_stats(struct ctx *c, const struct form *f, int64_t from_us, int64_t until_us,
               struct json *out, struct err *err)
{
    struct sql q;
    struct stmt *s;
    size_t n = 0;
    if (!f->flow)
        return err_set(err, ERR_NOT_FOUND, "not_found", "此表单没有流程。",
                       "This form has no flow.");
    stats_sql(c, f, from_us, until_us, &q);
    if (store_query(c->db, c->a, &q, &s, err) < 0)
        return -1;
    json_begin_obj(out);
    json_key(out, STR("nodes"));
    json_begin_list(out);
    struct node_times t = {0};
    int got;
    while ((got = stmt_step(s, err)) == 1) {
        struct str key = stmt_str(s, 0);
        if (n++ == 0 || !str_eq(t.key, key)) {
            if (n > 1)
                times_json(c, f, &t, out);
            t = (struct node_times){.key = str_dup(c->a, key)};
        }
        int64_t due = stmt_int(s, 4);
        t.overdue += due && stmt_int(s, 5) > due;
        t.returned += str_eq(stmt_str(s, 2), STR("return"));
        if (str_eq(stmt_str(s, 1), STR("open")))
            t.open++;
        else
            vec_push(c->a, &t.us, stmt_int(s, 3));
    }
    stmt_done(s);
    if (n)
        times_json(c, f, &t, out);
    json_end_list(out);
    json_end_obj(out);
    return got;
}
