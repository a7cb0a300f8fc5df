/*
 * What the files of this folder share: one step of one running approval.
 *
 * A step works on the definition the instance began with (run->form, pinned) for expressions and
 * nodes, and writes through the running one (run->live), by keys.
 */
#ifndef FLOW_INT_H
#define FLOW_INT_H

#include "engine/flow/flow.h"
#include "engine/flow/timer.h"
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
    int64_t parent_instance, parent_token; /* whose sub-flow this is; 0: nobody's */
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

/* flow_view.c: the words of the definition. */
struct str flow_kind_name(enum node_kind kind);
struct str flow_mode_name(enum node_mode mode);

/* flow_store.c: rows. Each is one statement. */
int fs_instance_add(struct flow_run *r, struct err *err) ATTR_MUST;
int fs_instance_end(struct flow_run *r, struct str state, struct err *err) ATTR_MUST;
/* The running instance of `record` is a sub-flow of this token: 1 it runs, 0 it ended already, -1.
 */
int fs_instance_adopt(struct flow_run *r, int64_t record, int64_t token, struct err *err) ATTR_MUST;
/* `to` takes the place of `from` as a sub-flow. */
int fs_instance_reparent(struct flow_run *from, struct flow_run *to, struct err *err) ATTR_MUST;
int fs_instance_state(struct flow_run *r, struct str state, struct err *err) ATTR_MUST;
/* The open (or newest) instance of a record: 1 found, 0, -1. */
int fs_instance_load(struct ctx *c, const struct form *live, int64_t record, bool open_only,
                     struct flow_run *out, struct err *err) ATTR_MUST;
int fs_token_add(struct flow_run *r, struct str node, struct lane lane, int64_t *id,
                 struct err *err) ATTR_MUST;
/* A node that was entered and left at once, so that the page shows it as done. */
int fs_token_passed(struct flow_run *r, struct str node, struct lane lane,
                    struct err *err) ATTR_MUST;
/* Open to done or cancelled: 1 this call did it, 0 it was not open, -1. */
int fs_token_close(struct flow_run *r, int64_t token, struct str state, struct err *err) ATTR_MUST;
int fs_token_lane(struct flow_run *r, int64_t token, struct lane *lane, struct err *err) ATTR_MUST;
struct token_row {
    struct str node, state;
    int64_t instance, entered_us;
    struct lane lane;
};
/* 1, 0, -1. */
int fs_token_load(struct flow_run *r, int64_t token, struct token_row *out,
                  struct err *err) ATTR_MUST;
/* Ends everything that came out of a fork, forks inside it too; its own token stays. */
int fs_cancel_fork(struct flow_run *r, int64_t fork, struct err *err) ATTR_MUST;
int fs_tokens_open(struct flow_run *r, int64_t fork, int64_t *n, struct err *err) ATTR_MUST;
int fs_cancel_all(struct flow_run *r, struct err *err) ATTR_MUST; /* tokens and tasks */

struct task_row {
    int64_t id, instance, token, holder, on_behalf, record, parent, round, pos;
    struct str app, form, node, kind, state, placed;
};
struct task_spec {
    struct str node, kind, state; /* kind: approve fill cc start */
    int64_t token, holder, parent, pos, on_behalf, due_us;
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
    int64_t signature; /* a file, 0: none */
};
int fs_task_close(struct flow_run *r, const struct task_close *t, struct err *err) ATTR_MUST;
/* The signature of the one who acts becomes a file of the record: 1, 0 it is no loose file of his.
 */
int fs_signature(struct flow_run *r, int64_t file, struct err *err) ATTR_MUST;
/* Opens the waiting task of a token with the lowest pos: 1, 0 none, -1. */
int fs_task_next(struct flow_run *r, int64_t token, struct err *err) ATTR_MUST;
/* The open tasks of a token. */
struct task_list {
    VEC(struct task_row) rows;
};
int fs_tasks_of(struct flow_run *r, int64_t token, struct task_list *out,
                struct err *err) ATTR_MUST;
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
/* Added signers of a task that went to somebody else go with it. */
int fs_signers_follow(struct flow_run *r, int64_t from, int64_t to, struct err *err) ATTR_MUST;
/* An open task waits for those who sign before it: 1 done, 0 it was not open, -1. */
int fs_task_pause(struct flow_run *r, int64_t task, struct err *err) ATTR_MUST;
/* A notice about this record, in the member's language; its title is the node's. */
int fs_tell(struct flow_run *r, int64_t member, struct str kind, struct str node,
            struct err *err) ATTR_MUST;
/* Marks the open tasks (0: all) as urged and tells their holders. ERR_LIMIT: all were lately. */
int fs_urge(struct flow_run *r, int64_t task, struct err *err) ATTR_MUST;
/* The member a task of this form goes to while this one is away; 0: nobody. */
int fs_delegate(struct flow_run *r, int64_t member, int64_t *out, struct err *err) ATTR_MUST;

/* step.c: the people of a node after its `empty` policy. *rule: how they were found. */
enum found { FOUND_TO, FOUND_EMPTY, FOUND_SKIP, FOUND_NOBODY };
int step_people(struct flow_run *r, const struct flow_node *node, struct people *out,
                enum found *how, struct err *err) ATTR_MUST;

/* assign.c: who a list of assignees means; empty when nobody. */
int assign_people(struct flow_run *r, const struct assignee *to, size_t n, struct people *out,
                  struct err *err) ATTR_MUST;

/* flow.c: 1 the caller may withdraw now, 0, -1. */
int flow_may_withdraw(struct flow_run *r, struct err *err) ATTR_MUST;
int flow_may_restart(struct flow_run *r, struct err *err) ATTR_MUST;

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
/* The whole approval is over; a sub-flow's parent goes on. */
int step_end(struct flow_run *r, struct str state, struct err *err) ATTR_MUST;
/* A token where people acted is done (its other tasks are cancelled), and the flow goes on. */
int step_pass(struct flow_run *r, const struct flow_node *node, int64_t token,
              struct err *err) ATTR_MUST;
/* Refused at a node: to where `actions.reject.to` says, else the approval ends. */
int step_refuse(struct flow_run *r, const struct flow_node *node, int64_t token,
                struct err *err) ATTR_MUST;

/* settle.c: what follows from the decision `last` at a node of people, by its mode. */
enum settled { SETTLE_WAIT, SETTLE_PASS, SETTLE_REFUSE };
/* Opens the tasks of a token whose signers before have all signed, and signers after one who has.
 */
int settle_wake(struct flow_run *r, int64_t token, struct err *err) ATTR_MUST;
int settle(struct flow_run *r, const struct flow_node *node, const struct task_row *last,
           enum settled *out, struct err *err) ATTR_MUST;

/* hand_over.c: a member's seat at a token, open, waiting or decided: 1, 0 none, -1. */
int fs_seat(struct flow_run *r, int64_t token, int64_t member, struct task_row *out,
            struct err *err) ATTR_MUST;

/* lane.c: parallel branches. */
int lane_fork(struct flow_run *r, const struct flow_node *node, struct lane lane,
              struct err *err) ATTR_MUST;
/* The next node behind one in this lane: entered, or arrived at when it is the lane's join. */
int lane_next(struct flow_run *r, const struct flow_node *to, struct lane lane,
              struct err *err) ATTR_MUST;
/* From a token to any node: within its branch the others go on, else they are cancelled. */
int lane_go(struct flow_run *r, int64_t token, const struct flow_node *to,
            struct err *err) ATTR_MUST;
/* Key of the outermost parallel node a token stands in; empty: in none. */
int lane_outermost(struct flow_run *r, int64_t token, struct str *key, struct err *err) ATTR_MUST;

/* timer.c */
/* Sets the timers of a token that entered a node with `due`; *due_us: when it is due, 0: never. */
int timer_due(struct flow_run *r, const struct flow_node *node, int64_t token, int64_t *due_us,
              struct err *err) ATTR_MUST;
int timer_wait(struct flow_run *r, int64_t token, int64_t until_us, struct err *err) ATTR_MUST;
/* Calls off the timers of a closed token; of all tokens of the instance when token is 0. */
int timer_cancel(struct flow_run *r, int64_t token, struct err *err) ATTR_MUST;

#endif
