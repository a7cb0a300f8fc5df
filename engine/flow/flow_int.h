/*
 * What the files of this folder share: one step of one running approval.
 *
 * A step works on the definition the instance began with (run->form, pinned) for expressions and
 * nodes, and writes through the running one (run->live), by keys.
 */
#ifndef FLOW_INT_H
#define FLOW_INT_H

#include "engine/flow/flow.h"
#include "engine/meta/flowdef.h"
#include "engine/record/eval.h"

#define FLOW_STEPS_MAX  200 /* nodes entered in one step */
#define FLOW_PEOPLE_MAX 500 /* tasks of one node */

struct flow_run {
    struct ctx *c;
    const struct form *live;   /* the form as it runs today */
    const struct form *form;   /* as pinned */
    const struct flowdef *def; /* pinned */
    int64_t instance;
    int64_t record;
    int64_t initiator;
    int64_t round;
    struct rec rec; /* the record, by the pinned form */
    uint32_t steps;
    bool ended;
    struct diags *diags;
};

/* A set of members, in order, without doubles. */
struct people {
    VEC(int64_t) ids;
};
void people_add(struct arena *a, struct people *p, int64_t id);

/* Where a token stands: the fork it came out of (0: none) and which branch. */
struct lane {
    int64_t fork;
    struct str branch;
    struct str resume; /* a returned record's way: the node to come back to, or empty */
};

/* Title of a node (or of "start") in the caller's language; the key itself for a node that is gone.
 */
struct str flow_node_title(struct ctx *c, const struct form *f, const struct flowdef *def,
                           struct str key);

/* flow_store.c: rows. Each is one statement. */
int fs_instance_add(struct flow_run *r, struct err *err) ATTR_MUST;
int fs_instance_end(struct flow_run *r, struct str state, struct err *err) ATTR_MUST;
int fs_instance_state(struct flow_run *r, struct str state, struct err *err) ATTR_MUST;
/* The open (or newest) instance of a record: 1 found, 0, -1. */
int fs_instance_load(struct ctx *c, const struct form *live, int64_t record, bool open_only,
                     struct flow_run *out, struct err *err) ATTR_MUST;
int fs_token_add(struct flow_run *r, struct str node, struct lane lane, int64_t *id,
                 struct err *err) ATTR_MUST;
/* Open to done or cancelled: 1 this call did it, 0 it was not open, -1. */
int fs_token_close(struct flow_run *r, int64_t token, struct str state, struct err *err) ATTR_MUST;
int fs_token_lane(struct flow_run *r, int64_t token, struct lane *lane, struct err *err) ATTR_MUST;
int fs_tokens_open(struct flow_run *r, int64_t fork, int64_t *n, struct err *err) ATTR_MUST;
int fs_cancel_all(struct flow_run *r, struct err *err) ATTR_MUST; /* tokens and tasks */

struct task_row {
    int64_t id, instance, token, holder, record, parent, round, pos;
    struct str app, form, node, kind, state, placed;
};
struct task_spec {
    struct str node, kind, state; /* kind: approve fill cc start */
    int64_t token, holder, parent, pos, on_behalf;
    struct str placed; /* an added signer: before after beside */
};
int fs_task_add(struct flow_run *r, const struct task_spec *t, int64_t *id,
                struct err *err) ATTR_MUST;
int fs_task_load(struct ctx *c, int64_t id, struct task_row *out, struct err *err) ATTR_MUST;
/* Compare and set: 1 this call closed it, 0 somebody else did, -1. */
struct task_close {
    int64_t task;
    struct str state, action, comment; /* state: done cancelled */
    bool automatic;
};
int fs_task_close(struct flow_run *r, const struct task_close *t, struct err *err) ATTR_MUST;
/* Opens the waiting task of a token with the lowest pos: 1, 0 none, -1. */
int fs_task_next(struct flow_run *r, int64_t token, struct err *err) ATTR_MUST;
int fs_tasks_count(struct flow_run *r, int64_t token, struct str action, int64_t *n,
                   struct err *err) ATTR_MUST; /* action empty: those still open or waiting */
int fs_tasks_cancel(struct flow_run *r, int64_t token, struct err *err) ATTR_MUST;
int fs_handled(struct flow_run *r, int64_t member, struct str node, int64_t *n,
               struct err *err) ATTR_MUST;
int fs_last_node(struct flow_run *r, struct str *node, struct err *err) ATTR_MUST;

struct flow_event {
    struct str verb, node, comment;
    int64_t task;
    struct val data;
};
int fs_event(struct flow_run *r, const struct flow_event *e, struct err *err) ATTR_MUST;
/* The keys of the nodes where open tokens stand, as a list of texts. */
int fs_node_list(struct flow_run *r, struct val *out, struct err *err) ATTR_MUST;
/* Added signers of a task: how many are still open; opening those that wait for it. */
int fs_signers_open(struct flow_run *r, int64_t parent, int64_t *n, struct err *err) ATTR_MUST;
int fs_signers_start(struct flow_run *r, int64_t parent, int64_t *n, struct err *err) ATTR_MUST;
/* An open task waits for those who sign before it, and comes back: 1 done, 0 it was not so, -1. */
int fs_task_pause(struct flow_run *r, int64_t task, struct err *err) ATTR_MUST;
int fs_task_reopen(struct flow_run *r, int64_t task, struct err *err) ATTR_MUST;
/* Marks the open tasks as urged and tells their holders. */
int fs_urge(struct flow_run *r, struct err *err) ATTR_MUST;
/* The member a task goes to while this one is away; 0: nobody. */
int fs_delegate(struct ctx *c, int64_t member, int64_t *out, struct err *err) ATTR_MUST;

/* assign.c: who a list of assignees means; empty when nobody. */
int assign_people(struct flow_run *r, const struct assignee *to, size_t n, struct people *out,
                  struct err *err) ATTR_MUST;

/* flow.c: 1 the caller may withdraw now, 0, -1. */
int flow_may_withdraw(struct flow_run *r, struct err *err) ATTR_MUST;

/* task_summary.c: the key "summary" of a task in a list; f NULL: its form is gone, an empty one. */
int task_summary(struct ctx *c, const struct form *f, int64_t record, struct json *out,
                 struct err *err) ATTR_MUST;

/* step.c */
int step_enter(struct flow_run *r, const struct flow_node *node, struct lane lane,
               struct err *err) ATTR_MUST;
int step_leave(struct flow_run *r, const struct flow_node *node, struct lane lane,
               struct err *err) ATTR_MUST;
/* Puts _state and _node of the record as the tokens now stand. */
int step_store_state(struct flow_run *r, struct str state, struct err *err) ATTR_MUST;
int run_reload(struct flow_run *r, struct err *err) ATTR_MUST;

#endif
