/*
 * Entering and leaving nodes: a table of node kinds. A step goes on until every token waits for a
 * person or the flow has ended; all of it in the caller's transaction.
 */
#include "engine/flow/flow_int.h"

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

/* The people of a node after its `empty` policy; *skip when it says so. */
static int node_people(struct flow_run *r, const struct flow_node *node, struct people *out,
                       bool *skip, struct err *err)
{
    *skip = false;
    if (assign_people(r, node->to, node->nto, out, err) < 0)
        return -1;
    if (out->ids.n)
        return 0;
    if (node->empty.kind == TO_SKIP) {
        *skip = true;
        return 0;
    }
    if (node->empty.kind != TO_STOP && assign_people(r, &node->empty, 1, out, err) < 0)
        return -1;
    return out->ids.n ? 0 : no_assignee(node, err);
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
static int add_person(struct flow_run *r, const struct flow_node *node, int64_t token, int64_t pos,
                      int64_t member, struct err *err)
{
    int64_t id, delegate = 0;
    struct task_spec t = {
        .node = node->key, .kind = task_kind(node), .token = token, .holder = member, .pos = pos};
    t.state = node->mode == MODE_SEQUENCE && pos > 0 ? STR("waiting") : STR("open");
    if (fs_delegate(r->c, member, &delegate, err) < 0)
        return -1;
    if (delegate && delegate != r->initiator) {
        t.holder = delegate;
        t.on_behalf = member;
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
    bool skip;
    int64_t token, pos = 0;
    if (node_people(r, node, &who, &skip, err) < 0)
        return -1;
    if (skip)
        return step_leave(r, node, lane, err);
    if (fs_token_add(r, node->key, lane, &token, err) < 0)
        return -1;
    bool any_done = false;
    for (size_t i = 0; i < who.ids.n; i++) {
        int same = same_person(r, node, who.ids.v[i], err);
        if (same < 0)
            return -1;
        int rc = same ? add_same(r, node, token, who.ids.v[i], err)
                      : add_person(r, node, token, pos++, who.ids.v[i], err);
        if (rc < 0)
            return -1;
        any_done = any_done || same;
    }
    if (pos > 0 && !(any_done && node->mode == MODE_ANY))
        return 0; /* somebody has to act */
    if (fs_tasks_cancel(r, token, err) < 0 || fs_token_close(r, token, STR("done"), err) < 0)
        return -1;
    return step_leave(r, node, lane, err);
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

static int arrive(struct flow_run *r, const struct flow_node *join, struct lane lane,
                  struct err *err);

static int enter_branch(struct flow_run *r, const struct flow_node *node, struct lane lane,
                        struct err *err)
{
    return step_leave(r, node, lane, err);
}

/* Each branch gets a token lane of its own; the fork's token stays open until the join. */
static int enter_parallel(struct flow_run *r, const struct flow_node *node, struct lane lane,
                          struct err *err)
{
    int64_t fork, guard;
    struct lane inner = {0};
    if (fs_token_add(r, node->key, lane, &fork, err) < 0)
        return -1;
    inner.fork = fork;
    /* A token of the fork itself keeps the join shut while branches without people run through. */
    if (fs_token_add(r, node->key, inner, &guard, err) < 0)
        return -1;
    for (size_t i = 0; i < node->nbranches; i++) {
        const struct flow_node *first = flow_node(r->def, node->branches[i]);
        inner.branch = node->branches[i];
        if (!first || step_enter(r, first, inner, err) < 0)
            return -1;
        if (r->ended)
            return 0;
    }
    if (fs_token_close(r, guard, STR("done"), err) < 0)
        return -1;
    const struct flow_node *join = flow_node(r->def, node->join);
    return join ? arrive(r, join, inner, err) : 0;
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

static int enter_create(struct flow_run *r, const struct flow_node *node, struct lane lane,
                        struct err *err)
{
    const struct form *target = app_form(r->live->app, node->form);
    if (!target)
        return err_set(err, ERR_CONFLICT, "form_missing", "流程要新建记录的表单 %.*s 已不存在。",
                       "The form %.*s, in which the flow would create a record, is gone.",
                       STR_ARG(node->form));
    struct pair *pairs = ARENA_ARRAY(r->c->a, struct pair, node->nset);
    for (size_t i = 0; i < node->nset; i++) {
        pairs[i].key = node->set[i].field;
        if (set_value(r->c, &node->set[i], &r->rec, NULL, &pairs[i].value, err) < 0)
            return -1;
    }
    struct rec_write w = {
        .op = REC_CREATE,
        .form = target,
        .values = {.kind = VAL_OBJ, .n = (uint32_t)node->nset, .obj = pairs},
        .no_version = true,
        .mode = WRITE_OWN_RIGHT | WRITE_SYSTEM_FIELDS,
    };
    if (record_write(r->c, &w, NULL, r->diags, err) < 0)
        return -1;
    return step_leave(r, node, lane, err);
}

static int enter_end(struct flow_run *r, const struct flow_node *node, struct lane lane,
                     struct err *err)
{
    (void)lane;
    struct flow_event ev = {.verb = STR("end"), .node = node->key};
    if (fs_cancel_all(r, err) < 0 || step_set(r, node->set, node->nset, err) < 0 ||
        fs_instance_end(r, STR("approved"), err) < 0 || fs_event(r, &ev, err) < 0)
        return -1;
    return step_store_state(r, STR("approved"), err);
}

static int enter_unsupported(struct flow_run *r, const struct flow_node *node, struct lane lane,
                             struct err *err)
{
    (void)r;
    (void)lane;
    return err_set(err, ERR_INVALID, "node_kind", "节点“%.*s”的类型在此版本中还不能运行。",
                   "The kind of node \"%.*s\" cannot run in this version yet.",
                   STR_ARG(node->title));
}

static enter_fn *const kinds[] = {
    [NODE_START] = enter_branch,     [NODE_APPROVE] = enter_people,
    [NODE_FILL] = enter_people,      [NODE_CC] = enter_cc,
    [NODE_BRANCH] = enter_branch,    [NODE_PARALLEL] = enter_parallel,
    [NODE_WAIT] = enter_unsupported, [NODE_SCRIPT] = enter_script,
    [NODE_CREATE] = enter_create,    [NODE_SUBFLOW] = enter_unsupported,
    [NODE_END] = enter_end,
};

int step_enter(struct flow_run *r, const struct flow_node *node, struct lane lane, struct err *err)
{
    if (++r->steps > FLOW_STEPS_MAX)
        return err_set(err, ERR_INVALID, "flow_loop", "流程在没有人参与的节点之间循环。",
                       "The flow runs in a circle without a person.");
    return kinds[node->kind](r, node, lane, err);
}

/* ---- joins ---- */

/* A branch reached its join: goes on when the others are there too (or the first one suffices). */
static int arrive(struct flow_run *r, const struct flow_node *join, struct lane lane,
                  struct err *err)
{
    int64_t open = 0;
    struct lane outer = {0};
    if (fs_tokens_open(r, lane.fork, &open, err) < 0 ||
        fs_token_lane(r, lane.fork, &outer, err) < 0)
        return -1;
    if (open > 0)
        return 0;
    int closed = fs_token_close(r, lane.fork, STR("done"), err);
    if (closed <= 0)
        return closed;
    return step_enter(r, join, outer, err);
}

/* The join that a fork's token waits for; NULL when the lane has no fork. */
static const struct flow_node *lane_join(struct flow_run *r, struct lane lane)
{
    for (size_t i = 0; lane.fork && i < r->def->nnodes; i++) {
        const struct flow_node *n = &r->def->nodes[i];
        for (size_t j = 0; n->kind == NODE_PARALLEL && j < n->nbranches; j++)
            if (str_eq(n->branches[j], lane.branch))
                return flow_node(r->def, n->join);
    }
    return NULL;
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
        const struct flow_node *to = node_at(r, next);
        return to == lane_join(r, lane) ? arrive(r, to, lane, err) : step_enter(r, to, lane, err);
    }
    return err_set(err, ERR_INVALID, "no_way", "“%.*s”之后没有符合条件的去向。",
                   "No way leads on from \"%.*s\".", STR_ARG(node->title));
}
