/*
 * Parallel branches: a fork's token stays open until its join; every branch runs in a lane that
 * remembers the fork. Which lanes end when somebody goes out of a branch is decided here.
 */
#include "engine/flow/flow_int.h"

/* The parallel node a fork's token stands on; NULL: it is not in the definition. */
static int fork_node(struct flow_run *r, int64_t fork, struct token_row *token,
                     const struct flow_node **node, struct err *err)
{
    *token = (struct token_row){0};
    *node = NULL;
    if (fs_token_load(r, fork, token, err) < 0)
        return -1;
    *node = flow_node(r->def, token->node);
    return 0;
}

/* ---- joins ---- */

/* A branch reached the join: with `any` the first one ends the others, else the last one goes on.
 */
static int arrive(struct flow_run *r, const struct flow_node *join, int64_t fork, struct err *err)
{
    struct token_row token;
    const struct flow_node *node;
    int64_t open = 0;
    if (fork_node(r, fork, &token, &node, err) < 0)
        return -1;
    bool any = node && node->mode == MODE_ANY;
    if (any ? fs_cancel_fork(r, fork, err) < 0 : fs_tokens_open(r, fork, &open, err) < 0)
        return -1;
    if (open > 0)
        return 0;
    int closed = fs_token_close(r, fork, STR("done"), err);
    if (closed <= 0)
        return closed;
    return lane_next(r, join, token.lane, err);
}

int lane_next(struct flow_run *r, const struct flow_node *to, struct lane lane, struct err *err)
{
    struct token_row token;
    const struct flow_node *node = NULL;
    if (lane.fork && fork_node(r, lane.fork, &token, &node, err) < 0)
        return -1;
    if (node && str_eq(node->join, to->key))
        return arrive(r, to, lane.fork, err);
    return step_enter(r, to, lane, err);
}

/* 1 the fork is still open, 0 it was joined or ended, -1. */
static int fork_open(struct flow_run *r, int64_t fork, struct err *err)
{
    struct token_row token = {0};
    if (r->ended)
        return 0;
    int got = fs_token_load(r, fork, &token, err);
    return got <= 0 ? got : str_eq(token.state, STR("open"));
}

/* Each branch gets a lane of its own; a guard keeps the join shut while they are being entered. */
int lane_fork(struct flow_run *r, const struct flow_node *node, struct lane lane, struct err *err)
{
    int64_t fork, guard;
    struct lane inner = {0};
    const struct flow_node *join = flow_node(r->def, node->join);
    if (fs_token_add(r, node->key, lane, &fork, err) < 0)
        return -1;
    inner.fork = fork;
    if (fs_token_add(r, node->key, inner, &guard, err) < 0)
        return -1;
    for (size_t i = 0; i < node->nbranches; i++) {
        const struct flow_node *first = flow_node(r->def, node->branches[i]);
        inner.branch = node->branches[i];
        if (!first || lane_next(r, first, inner, err) < 0)
            return -1;
        int open = fork_open(r, fork, err);
        if (open <= 0)
            return open;
    }
    if (fs_token_close(r, guard, STR("done"), err) < 0)
        return -1;
    return join && node->mode != MODE_ANY ? arrive(r, join, fork, err) : 0;
}

/* ---- out of a branch ---- */

struct walk {
    const struct flowdef *def;
    const struct flow_node *join;
    bool *seen;
};

/* Marks what follows a node, up to the join. */
static void follow(struct walk *w, const struct flow_node *n)
{
    if (!n || n == w->join || w->seen[n - w->def->nodes])
        return;
    w->seen[n - w->def->nodes] = true;
    for (size_t i = 0; i < n->nnext; i++)
        follow(w, &w->def->nodes[n->next[i].node]);
    for (size_t i = 0; i < n->nbranches; i++)
        follow(w, flow_node(w->def, n->branches[i]));
    if (n->join.n)
        follow(w, flow_node(w->def, n->join));
}

static bool in_branch(struct flow_run *r, const struct flow_node *fork, struct str branch,
                      const struct flow_node *to)
{
    struct walk w = {r->def, flow_node(r->def, fork->join), NULL};
    w.seen = ARENA_ARRAY(r->c->a, bool, r->def->nnodes);
    follow(&w, flow_node(r->def, branch));
    return w.seen[to - r->def->nodes];
}

/* Ends the branches of a fork and says so in the timeline. */
static int leave_fork(struct flow_run *r, int64_t fork, const struct flow_node *node,
                      struct err *err)
{
    struct flow_event ev = {.verb = STR("cancel_branches"), .node = node->key};
    if (fs_cancel_fork(r, fork, err) < 0 || fs_token_close(r, fork, STR("cancelled"), err) < 0)
        return -1;
    return fs_event(r, &ev, err);
}

int lane_go(struct flow_run *r, int64_t token, const struct flow_node *to, struct err *err)
{
    struct token_row fork;
    const struct flow_node *node;
    struct lane lane = {0};
    if (fs_token_lane(r, token, &lane, err) < 0 || fs_tasks_cancel(r, token, err) < 0 ||
        fs_token_close(r, token, STR("done"), err) < 0)
        return -1;
    while (lane.fork) {
        if (fork_node(r, lane.fork, &fork, &node, err) < 0)
            return -1;
        if (node && in_branch(r, node, lane.branch, to)) {
            lane.resume = STR_NONE;
            return step_enter(r, to, lane, err);
        }
        if (node && leave_fork(r, lane.fork, node, err) < 0)
            return -1;
        lane = fork.lane;
    }
    return fs_cancel_all(r, err) < 0 ? -1 : step_enter(r, to, (struct lane){0}, err);
}

int lane_outermost(struct flow_run *r, int64_t token, struct str *key, struct err *err)
{
    struct token_row row = {0};
    *key = STR_NONE;
    for (int64_t at = token; at; at = row.lane.fork) {
        if (fs_token_load(r, at, &row, err) < 0)
            return -1;
        if (at != token)
            *key = row.node;
    }
    return 0;
}
