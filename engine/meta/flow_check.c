/*
 * Proves a flow's graph: every node is reached, an end is reached from everywhere, no choice
 * without an else, no loop in which nobody acts, parallel branches that come together.
 */
#include "engine/meta/load_int.h"

struct proof {
    struct load *ld;
    const struct flowdef *d;
    const struct src_file *file;
    uint8_t *seen;
};

/* The k-th node that can follow node i; -1 behind the last. */
static ptrdiff_t successor(const struct flowdef *d, size_t i, size_t k)
{
    const struct flow_node *n = &d->nodes[i], *to = NULL;
    if (k < n->nnext)
        return n->next[k].node;
    k -= n->nnext;
    if (k < n->nbranches)
        to = flow_node(d, n->branches[k]);
    else if (k == n->nbranches && n->kind == NODE_PARALLEL && n->join.n)
        to = flow_node(d, n->join);
    else
        return -1;
    return to ? to - d->nodes : (ptrdiff_t)i; /* a name that is told elsewhere: nowhere new */
}

static bool has_person(const struct flow_node *n)
{
    return n->kind == NODE_APPROVE || n->kind == NODE_FILL || n->kind == NODE_START;
}

#define at_node(p, i, what, zh, en)                                                                \
    diag_file((p)->ld->diags, DIAG_ERROR, (p)->file->path, (p)->d->nodes[i].at.pos, (what), zh,    \
              en, STR_ARG((p)->d->nodes[i].key))

/* ---- reached from the start ---- */

static void reach(struct proof *p, size_t from)
{
    size_t *stack = ARENA_ARRAY(p->ld->a, size_t, p->d->nnodes + 1);
    size_t n = 0;
    stack[n++] = from;
    p->seen[from] = 1;
    while (n) {
        size_t i = stack[--n];
        ptrdiff_t to;
        for (size_t k = 0; (to = successor(p->d, i, k)) >= 0; k++) {
            if (!p->seen[to]) {
                p->seen[to] = 1;
                stack[n++] = (size_t)to;
            }
        }
    }
}

/* What a timer of node i leads to; marks and tells whether that was new. */
static bool reach_by_timers(struct proof *p, size_t i)
{
    const struct flow_node *n = &p->d->nodes[i];
    bool more = false;
    for (size_t k = 0; p->seen[i] && k < n->due.nthen; k++) {
        if (n->due.then[k].kind != DUE_TO || p->seen[n->due.then[k].node])
            continue;
        reach(p, n->due.then[k].node);
        more = true;
    }
    return more;
}

/* Nodes that only an action (reject.to, return.to, a timer) leads to count as reached, too. */
static void reach_by_actions(struct proof *p)
{
    for (bool again = true; again;) {
        again = false;
        for (size_t i = 0; i < p->d->nnodes; i++) {
            const struct flow_node *n = &p->d->nodes[i];
            again = reach_by_timers(p, i) || again;
            for (size_t r = 0; p->seen[i] && r < ARRAY_LEN(n->rules); r++) {
                for (size_t k = 0; k < n->rules[r].nto; k++) {
                    const struct flow_node *t = flow_node(p->d, n->rules[r].to[k]);
                    if (t && !p->seen[t - p->d->nodes]) {
                        reach(p, (size_t)(t - p->d->nodes));
                        again = true;
                    }
                }
            }
        }
    }
}

static void check_reached(struct proof *p)
{
    memset(p->seen, 0, p->d->nnodes);
    reach(p, 0);
    reach_by_actions(p);
    for (size_t i = 1; i < p->d->nnodes; i++) {
        if (!p->seen[i])
            at_node(p, i, "unreachable", "没有路径能走到节点“%.*s”",
                    "No path leads to the node “%.*s”");
    }
}

/* ---- an end from everywhere ---- */

static void check_end(struct proof *p)
{
    uint8_t *ends = arena_alloc(p->ld->a, p->d->nnodes);
    for (size_t i = 0; i < p->d->nnodes; i++)
        ends[i] = p->d->nodes[i].kind == NODE_END;
    for (bool again = true; again;) {
        again = false;
        for (size_t i = 0; i < p->d->nnodes; i++) {
            ptrdiff_t to;
            for (size_t k = 0; !ends[i] && (to = successor(p->d, i, k)) >= 0; k++) {
                ends[i] = ends[to];
                again = again || ends[i];
            }
        }
    }
    for (size_t i = 1; i < p->d->nnodes; i++) {
        if (p->seen[i] && !ends[i])
            at_node(p, i, "no_end", "从节点“%.*s”走不到结束节点",
                    "No path leads from the node “%.*s” to an end");
    }
}

/* ---- choices ---- */

static void check_else(struct proof *p, size_t i)
{
    const struct flow_node *n = &p->d->nodes[i];
    bool has_else = false;
    for (size_t k = 0; k < n->nnext; k++) {
        if (has_else) {
            at_node(p, i, "after_else", "节点“%.*s”的“否则”后面还有分支，永远走不到",
                    "Behind the else of the node “%.*s” nothing is reached");
            return;
        }
        has_else = !n->next[k].when;
    }
    if (n->nnext && !has_else)
        at_node(p, i, "no_else", "节点“%.*s”的 next 缺少没有 when 的“否则”",
                "`next` of the node “%.*s” has no else (an entry without `when`)");
}

/* ---- loops without a person ---- */

/* Depth first over nodes at which nobody acts; meeting one that is still open (1) is a loop. */
static bool loops(struct proof *p, size_t i, uint8_t *state)
{
    ptrdiff_t to;
    if (has_person(&p->d->nodes[i]) || state[i] == 2)
        return false;
    if (state[i] == 1)
        return true;
    state[i] = 1;
    for (size_t k = 0; (to = successor(p->d, i, k)) >= 0; k++) {
        if (loops(p, (size_t)to, state))
            return true;
    }
    state[i] = 2;
    return false;
}

static void check_loops(struct proof *p)
{
    uint8_t *state = arena_alloc(p->ld->a, p->d->nnodes);
    for (size_t i = 0; i < p->d->nnodes; i++) {
        if (p->seen[i] && loops(p, i, state)) {
            at_node(p, i, "loop", "从节点“%.*s”会转圈，圈里没有人处理",
                    "From the node “%.*s” the flow runs in a circle in which nobody acts");
            return;
        }
    }
}

/* ---- parallel ---- */

static void check_parallel(struct proof *p, size_t i)
{
    const struct flow_node *n = &p->d->nodes[i], *join = flow_node(p->d, n->join);
    for (size_t k = 0; join && k < n->nbranches; k++) {
        const struct flow_node *b = flow_node(p->d, n->branches[k]);
        if (!b)
            continue;
        memset(p->seen, 0, p->d->nnodes);
        reach(p, (size_t)(b - p->d->nodes));
        if (!p->seen[join - p->d->nodes])
            diag_file(
                p->ld->diags, DIAG_ERROR, p->file->path, n->at.pos, "no_join",
                "并行节点“%.*s”的分支“%.*s”走不到汇合节点“%.*s”",
                "Of the parallel node “%.*s” the branch “%.*s” does not reach the join “%.*s”",
                STR_ARG(n->key), STR_ARG(b->key), STR_ARG(join->key));
    }
    if (n->nbranches < 2)
        at_node(p, i, "branches", "并行节点“%.*s”至少要有两个分支",
                "The parallel node “%.*s” needs two branches at least");
}

void ld_flow_proof(struct load *ld, const struct flowdef *d, const struct src_file *file,
                   bool shaky)
{
    struct proof p = {.ld = ld, .d = d, .file = file, .seen = arena_alloc(ld->a, d->nnodes)};
    for (size_t i = 1; i < d->nnodes; i++)
        check_else(&p, i);
    if (shaky)
        return; /* a missing edge would make every later node a mistake */
    check_reached(&p);
    check_end(&p);
    check_loops(&p);
    for (size_t i = 1; i < d->nnodes; i++) {
        if (d->nodes[i].kind == NODE_PARALLEL)
            check_parallel(&p, i);
    }
}
