/*
 * The tasks of one who leaves go to another. Whoever has a seat at the node already does not get a
 * second one: the leaver's is struck out, and the node is counted anew without it.
 */
#include "engine/flow/flow_int.h"

int fs_seat(struct flow_run *r, int64_t token, int64_t member, struct task_row *out,
            struct err *err)
{
    struct sql q;
    int64_t id;
    ctx_sql(r->c, &q);
    sql_lit(&q, "SELECT id FROM _task WHERE kind <> 'cc' AND (state IN ('open', 'waiting') OR"
                " (state = 'done' AND action IN ('approve', 'reject'))) AND token = ");
    sql_bind_int(&q, token);
    sql_lit(&q, " AND holder = ");
    sql_bind_int(&q, member);
    sql_lit(&q, " ORDER BY CASE state WHEN 'open' THEN 0 WHEN 'waiting' THEN 1 ELSE 2 END, id"
                " LIMIT 1");
    int found = store_get_int(r->c->db, r->c->a, &q, &id, err);
    return found <= 0 ? found : fs_task_load(r->c, id, out, err);
}

static int strike(struct flow_run *r, const struct task_row *t, struct err *err)
{
    struct sql q;
    ctx_sql(r->c, &q);
    sql_lit(&q, "UPDATE _task SET state = 'cancelled', action = 'hand_over', closed_at = ");
    sql_bind_int(&q, r->c->now_us);
    sql_lit(&q, " WHERE id = ");
    sql_bind_int(&q, t->id);
    return store_exec(r->c->db, r->c->a, &q, NULL, err);
}

/* What the node says without the leaver's seat. Where one decision suffices, a seat that is still
 * to decide decides nothing. */
static int count_anew(struct flow_run *r, const struct flow_node *node, const struct task_row *kept,
                      struct err *err)
{
    enum settled how = SETTLE_WAIT;
    bool decided = str_eq(kept->state, STR("done"));
    if (!decided && node->mode == MODE_ANY)
        return settle_wake(r, kept->token, err);
    if (settle(r, node, kept, &how, err) < 0)
        return -1;
    if (how == SETTLE_WAIT)
        return 0;
    if ((how == SETTLE_PASS ? step_pass(r, node, kept->token, err)
                            : step_refuse(r, node, kept->token, err)) < 0)
        return -1;
    return r->ended ? 0 : step_store_state(r, STR("running"), err);
}

/* The leaver's signers are the other's now; those before sign before him. */
static int take_signers(struct flow_run *r, int64_t from, int64_t to, struct err *err)
{
    struct sql q;
    if (fs_signers_follow(r, from, to, err) < 0)
        return -1;
    ctx_sql(r->c, &q);
    sql_lit(&q, "UPDATE _task SET state = 'waiting' WHERE state = 'open' AND EXISTS (SELECT 1 FROM"
                " _task s WHERE s.parent = _task.id AND s.placed = 'before'"
                " AND s.state IN ('open', 'waiting')) AND id = ");
    sql_bind_int(&q, to);
    return store_exec(r->c->db, r->c->a, &q, NULL, err);
}

static int merge(struct flow_run *r, const struct task_row *t, const struct task_row *kept,
                 struct err *err)
{
    const struct flow_node *node = flow_node(r->def, t->node);
    if (strike(r, t, err) < 0 || take_signers(r, t->id, kept->id, err) < 0)
        return -1;
    return node ? count_anew(r, node, kept, err) : 0;
}

static int give(struct flow_run *r, const struct task_row *t, int64_t from, int64_t to,
                struct err *err)
{
    struct sql q;
    int64_t holder = t->holder == from ? to : t->holder;
    int64_t behalf = t->on_behalf == from ? to : t->on_behalf;
    ctx_sql(r->c, &q);
    sql_lit(&q, "UPDATE _task SET holder = ");
    sql_bind_int(&q, holder);
    sql_lit(&q, ", on_behalf = ");
    sql_bind(&q, behalf && behalf != holder ? val_dec(behalf, 0) : VAL_NONE);
    sql_lit(&q, " WHERE id = ");
    sql_bind_int(&q, t->id);
    ctx_event(r->c, t->app, t->form, t->record, to, STR("task"));
    return store_exec(r->c->db, r->c->a, &q, NULL, err);
}

/* One task, in its app. One whose definition cannot be read any more changes hands all the same. */
static int hand_one(struct ctx *c, int64_t id, int64_t from, int64_t to, struct err *err)
{
    struct diags diags;
    struct task_row t, kept;
    struct flow_run r = {.c = c};
    diags_init(&diags, c->a);
    int found = fs_task_load(c, id, &t, err);
    if (found <= 0 || !(str_eq(t.state, STR("open")) || str_eq(t.state, STR("waiting"))))
        return found < 0 ? -1 : 0; /* ended by one handed over before it */
    c->app = engine_app_version(c, t.app, 0);
    const struct form *f = c->app ? app_form(c->app, t.form) : NULL;
    found = f && f->flow ? fs_instance_load(c, f, t.record, true, &r, err) : 0;
    if (found < 0 || (found && run_reload(&r, err) < 0))
        return -1;
    if (!found)
        r = (struct flow_run){.c = c, .instance = t.instance, .record = t.record};
    r.diags = &diags;
    struct flow_event ev = {.verb = STR("hand_over"), .node = t.node, .task = t.id};
    int seat = found && t.token ? fs_seat(&r, t.token, to, &kept, err) : 0;
    if (seat < 0 || fs_event(&r, &ev, err) < 0)
        return -1;
    return seat && kept.id != t.id ? merge(&r, &t, &kept, err) : give(&r, &t, from, to, err);
}

int flow_hand_over(struct ctx *c, int64_t from, int64_t to, int64_t *n, struct err *err)
{
    struct sql q;
    struct stmt *s;
    struct app *outer = c->app;
    VEC(int64_t) ids = {0};
    ctx_sql(c, &q);
    sql_lit(&q, "SELECT id FROM _task WHERE state IN ('open', 'waiting') AND kind <> 'cc' AND"
                " (holder = ");
    sql_bind_int(&q, from);
    sql_lit(&q, " OR on_behalf = ");
    sql_bind_int(&q, from);
    sql_lit(&q, ") ORDER BY id");
    if (store_query(c->db, c->a, &q, &s, err) < 0)
        return -1;
    int got;
    while ((got = stmt_step(s, err)) == 1)
        vec_push(c->a, &ids, stmt_int(s, 0));
    stmt_done(s);
    for (size_t i = 0; got == 0 && i < ids.n; i++)
        got = hand_one(c, ids.v[i], from, to, err);
    c->app = outer;
    *n = (int64_t)ids.n;
    return got;
}
