/*
 * Entering and leaving nodes: a table of node kinds. A step goes on until every token waits for a
 * person or the flow has ended; all of it in the caller's transaction.
 */
#include "engine/flow/flow_int.h"
#include "engine/org/member.h"
#include "engine/record/access.h"

#define DEPTH_MAX 8 /* of records that flows create on the way */

typedef int enter_fn(struct flow_run *r, const struct flow_node *node, struct lane lane,
                     struct err *err);

static const struct flow_node *node_at(const struct flow_run *r, const struct next *next)
{
    return &r->def->nodes[next->node];
}

/* ---- the record ---- */

int run_reload(struct flow_run *r, struct err *err)
{
    int found = record_load(r->c, r->form, r->record, REC_LIVE, &r->rec, err);
    if (found == 0)
        return err_set(err, ERR_NOT_FOUND, "not_found", "记录不存在。",
                       "The record does not exist.");
    return found < 0 ? -1 : 0;
}

/* Writes by the flow's own right; restrict, transitions, checks and uniqueness still hold. */
static int write_values(struct flow_run *r, struct val values, struct err *err)
{
    struct rec_write w = {
        .op = REC_UPDATE,
        .form = r->live,
        .id = r->record,
        .values = values,
        .no_version = true,
        .mode = WRITE_OWN_RIGHT | WRITE_LOCKED_OK | WRITE_SYSTEM_FIELDS,
    };
    enum via via = r->c->via;
    r->c->via = via == VIA_TIMER ? VIA_TIMER : VIA_FLOW;
    int rc = record_write(r->c, &w, NULL, r->diags, err);
    r->c->via = via;
    return rc < 0 ? -1 : run_reload(r, err);
}

int step_store_state(struct flow_run *r, struct str state, struct err *err)
{
    struct val nodes;
    if (fs_node_list(r, &nodes, err) < 0)
        return -1;
    struct pair p[] = {{STR("_state"), val_text(state)}, {STR("_node"), nodes}};
    return write_values(r, val_obj(p, ARRAY_LEN(p)), err);
}

static int step_set(struct flow_run *r, const struct set_item *set, size_t n, struct err *err)
{
    if (n == 0)
        return 0;
    struct pair *pairs = ARENA_ARRAY(r->c->a, struct pair, n);
    for (size_t i = 0; i < n; i++) {
        pairs[i].key = set[i].field;
        if (set_value(r->c, &set[i], &r->rec, NULL, &pairs[i].value, err) < 0)
            return -1;
    }
    return write_values(r, val_obj(pairs, n), err);
}

/* ---- people nodes ---- */

static int no_assignee(const struct flow_node *node, struct err *err)
{
    return err_set(err, ERR_INVALID, "no_assignee", "“%.*s”找不到处理人，无法提交。",
                   "Nobody can handle \"%.*s\", so this cannot be submitted.",
                   STR_ARG(node->title));
}

int step_people(struct flow_run *r, const struct flow_node *node, struct people *out,
                enum found *how, struct err *err)
{
    *how = FOUND_TO;
    if (assign_people(r, node->to, node->nto, out, err) < 0)
        return -1;
    if (out->ids.n)
        return 0;
    *how = node->empty.kind == TO_SKIP ? FOUND_SKIP : FOUND_EMPTY;
    if (node->empty.kind != TO_SKIP && assign_people(r, &node->empty, 1, out, err) < 0)
        return -1;
    if (*how == FOUND_EMPTY && out->ids.n == 0)
        *how = FOUND_NOBODY;
    return 0;
}

/* skip_same: 1 when this member's approval was already given, 0, -1. */
static int same_person(struct flow_run *r, const struct flow_node *node, int64_t member,
                       struct err *err)
{
    struct str only = STR_NONE;
    int64_t n = 0;
    if (node->skip_same == SKIP_NONE)
        return 0;
    if (node->skip_same == SKIP_PREVIOUS) {
        if (fs_last_node(r, &only, err) < 0)
            return -1;
        if (!only.n)
            return 0;
    }
    if (fs_handled(r, member, only, &n, err) < 0)
        return -1;
    return n > 0;
}

static struct str task_kind(const struct flow_node *node)
{
    return node->kind == NODE_FILL ? STR("fill") : STR("approve");
}

/* One person's task; while he is away his delegate holds it too. */
static int add_person(struct flow_run *r, const struct flow_node *node, struct task_spec t,
                      struct err *err)
{
    int64_t id, delegate = 0;
    struct principal away;
    t.node = node->key;
    t.kind = task_kind(node);
    t.state = node->mode == MODE_SEQUENCE && t.pos > 0 ? STR("waiting") : STR("open");
    if (fs_delegate(r, t.holder, &delegate, err) < 0)
        return -1;
    int active = delegate && delegate != r->initiator ? member_load(r->c, delegate, &away, err) : 0;
    if (active < 0)
        return -1;
    if (active) {
        t.on_behalf = t.holder;
        t.holder = delegate;
    }
    return fs_task_add(r, &t, &id, err);
}

/* Records an automatic approval "same person". */
static int add_same(struct flow_run *r, const struct flow_node *node, int64_t token, int64_t member,
                    struct err *err)
{
    int64_t id;
    struct task_spec t = {.node = node->key,
                          .kind = STR("approve"),
                          .state = STR("open"),
                          .token = token,
                          .holder = member};
    struct task_close done = {.state = STR("done"), .action = STR("approve"), .automatic = true};
    struct flow_event ev = {.verb = STR("same_person"), .node = node->key};
    if (fs_task_add(r, &t, &id, err) < 0)
        return -1;
    done.task = ev.task = id;
    return fs_task_close(r, &done, err) < 0 || fs_event(r, &ev, err) < 0 ? -1 : 0;
}

static int enter_people(struct flow_run *r, const struct flow_node *node, struct lane lane,
                        struct err *err)
{
    struct people who = {0};
    enum found how;
    int64_t token, due_us = 0, pos = 0;
    if (step_people(r, node, &who, &how, err) < 0)
        return -1;
    if (how == FOUND_NOBODY)
        return no_assignee(node, err);
    if (how == FOUND_SKIP)
        return step_leave(r, node, lane, err);
    if (fs_token_add(r, node->key, lane, &token, err) < 0 ||
        timer_due(r, node, token, &due_us, err) < 0)
        return -1;
    bool any_done = false;
    for (size_t i = 0; i < who.ids.n; i++) {
        int same = same_person(r, node, who.ids.v[i], err);
        if (same < 0)
            return -1;
        struct task_spec t = {.token = token, .holder = who.ids.v[i], .pos = pos, .due_us = due_us};
        int rc = same ? add_same(r, node, token, who.ids.v[i], err) : add_person(r, node, t, err);
        pos += !same;
        if (rc < 0)
            return -1;
        any_done = any_done || same;
    }
    if (pos > 0 && !(any_done && node->mode == MODE_ANY))
        return 0; /* somebody has to act */
    return step_pass(r, node, token, err);
}

static int enter_cc(struct flow_run *r, const struct flow_node *node, struct lane lane,
                    struct err *err)
{
    struct people who = {0};
    if (assign_people(r, node->to, node->nto, &who, err) < 0)
        return -1;
    for (size_t i = 0; i < who.ids.n; i++) {
        int64_t id;
        struct task_spec t = {
            .node = node->key, .kind = STR("cc"), .state = STR("open"), .holder = who.ids.v[i]};
        if (fs_task_add(r, &t, &id, err) < 0)
            return -1;
    }
    return step_leave(r, node, lane, err);
}

/* ---- nodes without people ---- */

static int enter_branch(struct flow_run *r, const struct flow_node *node, struct lane lane,
                        struct err *err)
{
    return step_leave(r, node, lane, err);
}

static int enter_script(struct flow_run *r, const struct flow_node *node, struct lane lane,
                        struct err *err)
{
    const struct rec_hooks *hooks = engine_hooks(r->c->engine);
    if (hooks->script && hooks->script(r->c, node->run, &r->rec, node->as_system, err) < 0)
        return -1;
    if (run_reload(r, err) < 0)
        return -1;
    return step_leave(r, node, lane, err);
}

/* ---- records made on the way ---- */

/*
 * Creates a record of `node->form` by the flow's own right; one with a flow of its own is
 * submitted, in the initiator's name. Deeper than DEPTH_MAX is a circle of flows.
 */
static int make_record(struct flow_run *r, const struct flow_node *node, struct rec *made,
                       struct err *err)
{
    struct ctx *c = r->c;
    const struct form *target = app_form(r->live->app, node->form);
    if (!target)
        return err_set(err, ERR_CONFLICT, "form_missing", "流程要新建记录的表单 %.*s 已不存在。",
                       "The form %.*s, in which the flow would create a record, is gone.",
                       STR_ARG(node->form));
    if (c->depth >= DEPTH_MAX)
        return err_set(err, ERR_INVALID, "flow_depth", "流程互相发起，超过 %d 层。",
                       "Flows start each other more than %d deep.", DEPTH_MAX);
    struct pair *pairs = ARENA_ARRAY(c->a, struct pair, node->nset);
    for (size_t i = 0; i < node->nset; i++) {
        pairs[i].key = node->set[i].field;
        if (set_value(c, &node->set[i], &r->rec, NULL, &pairs[i].value, err) < 0)
            return -1;
    }
    struct rec_write w = {
        .op = REC_CREATE,
        .form = target,
        .values = {.kind = VAL_OBJ, .n = (uint32_t)node->nset, .obj = pairs},
        .no_version = true,
        .mode = WRITE_OWN_RIGHT | WRITE_SYSTEM_FIELDS,
    };
    const struct principal *actor = c->who;
    struct principal initiator;
    int found = r->initiator ? member_load(c, r->initiator, &initiator, err) : 0;
    if (found < 0)
        return -1;
    enum via via = c->via;
    c->who = found ? &initiator : actor;
    c->via = via == VIA_TIMER ? VIA_TIMER : VIA_FLOW;
    c->depth++;
    int rc = record_write(c, &w, made, r->diags, err);
    c->depth--;
    c->via = via;
    c->who = actor;
    return rc;
}

static int enter_create(struct flow_run *r, const struct flow_node *node, struct lane lane,
                        struct err *err)
{
    struct rec made;
    if (make_record(r, node, &made, err) < 0)
        return -1;
    return step_leave(r, node, lane, err);
}

/* The token stays open until the sub-flow has ended, however it ended. */
static int enter_subflow(struct flow_run *r, const struct flow_node *node, struct lane lane,
                         struct err *err)
{
    struct rec made;
    int64_t token;
    if (make_record(r, node, &made, err) < 0)
        return -1;
    if (!node->wait)
        return step_leave(r, node, lane, err);
    if (fs_token_add(r, node->key, lane, &token, err) < 0)
        return -1;
    int runs = fs_instance_adopt(r, made.id, token, err);
    if (runs != 0)
        return runs < 0 ? -1 : 0;
    return step_pass(r, node, token, err);
}

static int resume_parent(struct flow_run *child, struct str state, struct err *err)
{
    struct flow_run r = {.c = child->c};
    struct sql q;
    struct stmt *s;
    struct token_row token = {0};
    const struct form *f = NULL;
    int64_t record = 0;
    ctx_sql(r.c, &q);
    sql_lit(&q, "SELECT form, record FROM _flow_instance WHERE ended_at IS NULL AND id = ");
    sql_bind_int(&q, child->parent_instance);
    if (store_query(r.c->db, r.c->a, &q, &s, err) < 0)
        return -1;
    int got = stmt_step(s, err);
    if (got == 1) {
        f = app_form(child->live->app, stmt_str(s, 0));
        record = stmt_int(s, 1);
    }
    stmt_done(s);
    if (got <= 0 || !f)
        return got < 0 ? -1 : 0; /* the parent was withdrawn or stopped meanwhile */
    got = fs_instance_load(r.c, f, record, true, &r, err);
    if (got <= 0)
        return got;
    r.diags = child->diags;
    got = fs_token_load(&r, child->parent_token, &token, err);
    const struct flow_node *node = got > 0 ? flow_node(r.def, token.node) : NULL;
    if (got < 0 || !node || !str_eq(token.state, STR("open")))
        return got < 0 ? -1 : 0;
    struct flow_event ev = {.verb = STR("subflow"), .node = node->key, .data = val_text(state)};
    if (run_reload(&r, err) < 0 || fs_event(&r, &ev, err) < 0 ||
        step_pass(&r, node, child->parent_token, err) < 0)
        return -1;
    return r.ended ? 0 : step_store_state(&r, STR("running"), err);
}

int step_end(struct flow_run *r, struct str state, struct err *err)
{
    if (fs_cancel_all(r, err) < 0 || fs_instance_end(r, state, err) < 0 ||
        step_store_state(r, state, err) < 0)
        return -1;
    return r->parent_instance ? resume_parent(r, state, err) : 0;
}

static int enter_end(struct flow_run *r, const struct flow_node *node, struct lane lane,
                     struct err *err)
{
    (void)lane;
    struct flow_event ev = {.verb = STR("end"), .node = node->key};
    if (fs_cancel_all(r, err) < 0 || step_set(r, node->set, node->nset, err) < 0 ||
        fs_event(r, &ev, err) < 0)
        return -1;
    return step_end(r, STR("approved"), err);
}

/* ---- waiting ---- */

/* When a wait is over; a blank `until` is over at once. */
static int wait_until(struct flow_run *r, const struct flow_node *node, int64_t *us,
                      struct err *err)
{
    const struct app *app = r->live->app;
    struct val v;
    *us = timer_after(app, r->c->now_us, node->wait_for);
    if (!node->until)
        return 0;
    if (rec_eval(r->c, node->until, &r->rec, NULL, &v, err) < 0)
        return -1;
    struct civil day;
    *us = 0;
    if (v.kind == VAL_INSTANT) {
        *us = v.i;
    } else if (v.kind == VAL_DATE) {
        civil_of_days(v.i, &day);
        *us = civil_us(&day, &app->zone);
    }
    return 0;
}

static int enter_wait(struct flow_run *r, const struct flow_node *node, struct lane lane,
                      struct err *err)
{
    int64_t us, token;
    if (wait_until(r, node, &us, err) < 0)
        return -1;
    if (us <= r->c->now_us)
        return step_leave(r, node, lane, err);
    return fs_token_add(r, node->key, lane, &token, err) < 0 ? -1 : timer_wait(r, token, us, err);
}

static enter_fn *const kinds[] = {
    [NODE_START] = enter_branch,    [NODE_APPROVE] = enter_people, [NODE_FILL] = enter_people,
    [NODE_CC] = enter_cc,           [NODE_BRANCH] = enter_branch,  [NODE_PARALLEL] = lane_fork,
    [NODE_WAIT] = enter_wait,       [NODE_SCRIPT] = enter_script,  [NODE_CREATE] = enter_create,
    [NODE_SUBFLOW] = enter_subflow, [NODE_END] = enter_end,
};

/* Nobody waits there. */
static bool at_once(const struct flow_node *node)
{
    switch (node->kind) {
    case NODE_CC:
    case NODE_BRANCH:
    case NODE_SCRIPT:
    case NODE_CREATE:
    case NODE_END: return true;
    case NODE_SUBFLOW: return !node->wait;
    case NODE_START:
    case NODE_APPROVE:
    case NODE_FILL:
    case NODE_PARALLEL:
    case NODE_WAIT: break;
    }
    return false;
}

int step_enter(struct flow_run *r, const struct flow_node *node, struct lane lane, struct err *err)
{
    if (++r->steps > FLOW_STEPS_MAX)
        return err_set(err, ERR_INVALID, "flow_loop", "流程在没有人参与的节点之间循环。",
                       "The flow runs in a circle without a person.");
    if (at_once(node) && fs_token_passed(r, node->key, lane, err) < 0)
        return -1;
    return kinds[node->kind](r, node, lane, err);
}

/* ---- going on ---- */

int step_pass(struct flow_run *r, const struct flow_node *node, int64_t token, struct err *err)
{
    struct lane lane = {0};
    if (fs_tasks_cancel(r, token, err) < 0 || fs_token_lane(r, token, &lane, err) < 0 ||
        fs_token_close(r, token, STR("done"), err) < 0)
        return -1;
    lane.resume = STR_NONE;
    return step_leave(r, node, lane, err);
}

int step_refuse(struct flow_run *r, const struct flow_node *node, int64_t token, struct err *err)
{
    const struct action_rule *rule = &node->rules[__builtin_ctz((unsigned)ACT_REJECT)];
    const struct flow_node *to = rule->nto ? flow_node(r->def, rule->to[0]) : NULL;
    return to ? lane_go(r, token, to, err) : step_end(r, STR("rejected"), err);
}

int step_leave(struct flow_run *r, const struct flow_node *node, struct lane lane, struct err *err)
{
    for (size_t i = 0; i < node->nnext; i++) {
        const struct next *next = &node->next[i];
        int yes = next->when ? rec_true(r->c, next->when, &r->rec, NULL, err) : 1;
        if (yes < 0)
            return -1;
        if (!yes)
            continue;
        return lane_next(r, node_at(r, next), lane, err);
    }
    return err_set(err, ERR_INVALID, "no_way", "“%.*s”之后没有符合条件的去向。",
                   "No way leads on from \"%.*s\".", STR_ARG(node->title));
}
