/*
 * When a node of several people is complete. After each decision the added signers whose turn has
 * come are asked, then the mode decides over what the tasks of the token say; nobody can be left
 * waiting for one who has already signed.
 */
#include "engine/flow/flow_int.h"

struct tally {
    int64_t open, waiting, yes, no;
};

typedef int mode_fn(struct flow_run *r, const struct task_row *last, const struct flow_node *node,
                    struct tally t, struct err *err);

/* ---- signers whose turn has come ---- */

#define NO_SIGNER_BEFORE                                                                           \
    " AND NOT EXISTS (SELECT 1 FROM _task s WHERE s.parent = _task.id AND s.placed = 'before'"     \
    " AND s.state IN ('open', 'waiting'))"

/* Those placed after a task that is done, and tasks whose signers before have all signed. */
int settle_wake(struct flow_run *r, int64_t token, struct err *err)
{
    struct sql q;
    ctx_sql(r->c, &q);
    sql_lit(&q, "UPDATE _task SET state = 'open', opened_at = ");
    sql_bind_int(&q, r->c->now_us);
    sql_lit(&q, " WHERE state = 'waiting' AND token = ");
    sql_bind_int(&q, token);
    sql_lit(&q,
            " AND ((placed = 'after' AND EXISTS (SELECT 1 FROM _task p WHERE p.id = _task.parent"
            " AND p.state = 'done')) OR EXISTS (SELECT 1 FROM _task b WHERE b.parent = _task.id"
            " AND b.placed = 'before'))" NO_SIGNER_BEFORE);
    return store_exec(r->c->db, r->c->a, &q, NULL, err);
}

static int count_tasks(struct flow_run *r, int64_t token, struct tally *t, struct err *err)
{
    struct sql q;
    struct stmt *s;
    ctx_sql(r->c, &q);
    sql_lit(&q,
            "SELECT COALESCE(SUM(CASE WHEN state = 'open' THEN 1 ELSE 0 END), 0),"
            " COALESCE(SUM(CASE WHEN state = 'waiting' THEN 1 ELSE 0 END), 0),"
            " COALESCE(SUM(CASE WHEN state = 'done' AND action = 'approve' THEN 1 ELSE 0 END), 0),"
            " COALESCE(SUM(CASE WHEN state = 'done' AND action = 'reject' THEN 1 ELSE 0 END), 0)"
            " FROM _task WHERE token = ");
    sql_bind_int(&q, token);
    if (store_query(r->c->db, r->c->a, &q, &s, err) < 0)
        return -1;
    int got = stmt_step(s, err);
    if (got == 1)
        *t = (struct tally){stmt_int(s, 0), stmt_int(s, 1), stmt_int(s, 2), stmt_int(s, 3)};
    stmt_done(s);
    return got < 0 ? -1 : 0;
}

/* ---- modes: SETTLE_… or -1 ---- */

/* The first approval suffices, once the signers around it have signed too. */
static int mode_any(struct flow_run *r, const struct task_row *last, const struct flow_node *node,
                    struct tally t, struct err *err)
{
    struct sql q;
    int64_t n = 0;
    (void)node, (void)t;
    bool after = str_eq(last->placed, STR("after")), before = str_eq(last->placed, STR("before"));
    ctx_sql(r->c, &q);
    sql_lit(&q, "SELECT COUNT(*) FROM _task WHERE state IN ('open', 'waiting') AND token = ");
    sql_bind_int(&q, last->token);
    sql_lit(&q, " AND ((placed = 'after' AND parent IN (");
    sql_bind_int(&q, last->id);
    sql_lit(&q, ", ");
    sql_bind_int(&q, after ? last->parent : 0);
    sql_lit(&q, ")) OR id = ");
    sql_bind_int(&q, before ? last->parent : 0);
    sql_lit(&q, ")");
    if (store_get_int(r->c->db, r->c->a, &q, &n, err) < 0)
        return -1;
    return n > 0 ? SETTLE_WAIT : SETTLE_PASS;
}

static int mode_all(struct flow_run *r, const struct task_row *last, const struct flow_node *node,
                    struct tally t, struct err *err)
{
    (void)r, (void)last, (void)node, (void)err;
    return t.open + t.waiting == 0 ? SETTLE_PASS : SETTLE_WAIT;
}

static int mode_sequence(struct flow_run *r, const struct task_row *last,
                         const struct flow_node *node, struct tally t, struct err *err)
{
    (void)node;
    if (t.open > 0)
        return SETTLE_WAIT;
    int more = fs_task_next(r, last->token, err);
    return more < 0 ? -1 : more ? SETTLE_WAIT : SETTLE_PASS;
}

/* Shares round up: pass 0.6 of 4 people needs 3. Lost as soon as the rest cannot reach the share.
 */
static int mode_vote(struct flow_run *r, const struct task_row *last, const struct flow_node *node,
                     struct tally t, struct err *err)
{
    (void)r, (void)last, (void)err;
    int64_t left = t.open + t.waiting;
    double needed = node->vote_pass * (double)(left + t.yes + t.no);
    if ((double)t.yes + 1e-9 >= needed)
        return SETTLE_PASS;
    return (double)(t.yes + left) + 1e-9 < needed ? SETTLE_REFUSE : SETTLE_WAIT;
}

static mode_fn *const modes[] = {[MODE_ANY] = mode_any,
                                 [MODE_ALL] = mode_all,
                                 [MODE_SEQUENCE] = mode_sequence,
                                 [MODE_VOTE] = mode_vote};

int settle(struct flow_run *r, const struct flow_node *node, const struct task_row *last,
           enum settled *out, struct err *err)
{
    struct tally t = {0};
    if (settle_wake(r, last->token, err) < 0 || count_tasks(r, last->token, &t, err) < 0)
        return -1;
    int rc = modes[node->mode](r, last, node, t, err);
    if (rc < 0)
        return -1;
    *out = (enum settled)rc;
    return 0;
}
