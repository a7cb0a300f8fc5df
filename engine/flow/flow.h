/*
 * Running approvals: start, act, withdraw; one transaction each; a task completes exactly once.
 */
#ifndef FLOW_FLOW_H
#define FLOW_FLOW_H

#include "engine/record/hooks.h"

/* A record was submitted: makes the instance on the running version and enters the start's next
 * node. */
int flow_submit(struct ctx *c, const struct rec *rec, struct err *err) ATTR_MUST;
int flow_lock(struct ctx *c, const struct rec *old, struct err *err) ATTR_MUST;
int flow_task_read(struct ctx *c, const struct form *f, int64_t id, const uint8_t **fields,
                   struct err *err) ATTR_MUST;

struct task_act {
    int64_t task;
    struct str action; /* approve reject return transfer add_sign urge */
    struct str comment;
    struct val values; /* VAL_OBJ or absent: the approver's edits */
    struct val to;     /* return: a node; transfer, add_sign: members; approve: those picked */
    struct str resume; /* replay | here */
    struct str where;  /* add_sign: before after beside */
    int64_t signature; /* a file of the one who acts; 0: none */
};
/* Inside a write job. ERR_CONFLICT "task_done" when somebody was first; ERR_NOT_FOUND when not his.
 */
int flow_act(struct ctx *c, const struct task_act *act, struct diags *diags,
             struct err *err) ATTR_MUST;
/* withdraw urge stop restart jump submit on the record. */
struct record_act {
    const struct form *form;
    int64_t id;
    struct str action;
    struct val body; /* {values, comment, to}; VAL_BLANK: none */
};
int flow_record_act(struct ctx *c, const struct record_act *act, struct diags *diags,
                    struct err *err) ATTR_MUST;

/* The members that `to` names for a record, active ones, each once; the initiator is who made it.
 */
struct assignee;
struct flow_people {
    const struct form *form;
    const struct rec *rec; /* NULL: about no record; then fields name nobody */
    const struct assignee *to;
    size_t nto;
};
int flow_people(struct ctx *c, const struct flow_people *p, int64_t **ids, size_t *n,
                struct err *err) ATTR_MUST;

/* {"graph":…,"tokens":…,"timeline":[…],"can":[…]}: 1, 0, -1. */
int flow_json(struct ctx *c, const struct form *f, int64_t id, struct json *out,
              struct err *err) ATTR_MUST;

/* What was decided on a record so far, for its approval sheet. */
int flow_decisions(struct ctx *c, const struct form *f, int64_t id, struct decision **out,
                   size_t *n, struct err *err) ATTR_MUST;

enum task_box { BOX_TODO, BOX_DONE, BOX_STARTED, BOX_CC };
struct task_query {
    enum task_box box;
    struct str app;
    struct str search;
    uint32_t limit;
    struct str after;
};
/* {"tasks":[…],"counts":{todo,done,started,cc},"next"} */
int task_list(struct ctx *c, const struct task_query *q, struct json *out,
              struct err *err) ATTR_MUST;
/*
 * {"path":[{key,title,type,people,why,…}]}: what would happen to a record of these values,
 * submitted by `member`; nothing is written. Branches of a parallel node follow it one after the
 * other.
 */
int flow_simulate(struct ctx *c, const struct form *f, struct val values, int64_t member,
                  struct json *out, struct err *err) ATTR_MUST;

/* The same for a stored record, in short, for comparing: [{node, title, found, people:[name]}] of
 * the nodes where somebody acts or is told, and where it ends. */
int flow_path(struct ctx *c, const struct form *f, const struct rec *rec, struct val *out,
              struct err *err) ATTR_MUST;

/* The open tasks of one who leaves go to another member: how many. Inside a write job. */
int flow_hand_over(struct ctx *c, int64_t from, int64_t to, int64_t *n, struct err *err) ATTR_MUST;

/*
 * Moves running instances of a form to the version that runs today. `nodes`: {old key: new key},
 * others keep theirs; an instance that stands where no node of the same kind answers stays. Writes
 * {moved, kept:[{id,node,why}]}; with dry_run nothing is changed. Inside a write job.
 */
struct flow_move {
    const struct form *form;
    struct val nodes;
    bool dry_run;
};
int flow_move(struct ctx *c, const struct flow_move *m, struct json *out,
              struct err *err) ATTR_MUST;

/* {nodes:[{key,title,done,open,overdue,returned,avg_s,median_s,p90_s}]} of tasks closed in
 * [from_us, until_us) and of those open now. */
int flow_stats(struct ctx *c, const struct form *f, int64_t from_us, int64_t until_us,
               struct json *out, struct err *err) ATTR_MUST;

#endif
