/*
 * The approval flow of a form as data: nodes, who, next, checks. Immutable. flow/ runs it.
 */
#ifndef META_FLOWDEF_H
#define META_FLOWDEF_H

#include "engine/meta/form.h"
#include "engine/meta/node.h"

enum node_kind {
    NODE_START,
    NODE_APPROVE,
    NODE_FILL,
    NODE_CC,
    NODE_BRANCH,
    NODE_PARALLEL,
    NODE_WAIT,
    NODE_SCRIPT,
    NODE_CREATE,
    NODE_SUBFLOW,
    NODE_END
};
enum assignee_kind {
    TO_INITIATOR,
    TO_MEMBER,
    TO_ROLE,
    TO_DEPARTMENT,
    TO_FIELD,
    TO_MANAGER_OF,
    TO_CHAIN,
    TO_PICKS,
    TO_VALUE,
    TO_SKIP,
    TO_STOP
};
enum node_mode { MODE_ANY, MODE_ALL, MODE_SEQUENCE, MODE_VOTE };
enum flow_action {
    ACT_APPROVE = 1,
    ACT_REJECT = 2,
    ACT_RETURN = 4,
    ACT_TRANSFER = 8,
    ACT_ADD_SIGN = 16,
    ACT_WITHDRAW = 32,
    ACT_URGE = 64
};
enum skip_same { SKIP_NONE, SKIP_PREVIOUS, SKIP_HANDLED };

struct assignee {
    enum assignee_kind kind;
    struct str name; /* login, role, department, node */
    struct field
        *field; /* TO_FIELD, TO_MANAGER_OF, TO_CHAIN: a member field, system ones included */
    uint32_t level;
    struct fx *fx; /* TO_VALUE */
};

struct next {
    struct fx *when; /* NULL: else */
    struct str to;
    uint32_t node; /* index */
};

struct action_rule {
    bool comment_required;
    bool signature, signature_required; /* asked for a signature by hand; not without one */
    struct str to[8];                   /* return targets, reject.to */
    size_t nto;
};

/* What happens to a task nobody handled in time; `after` counts from its due time. */
enum due_kind { DUE_REMIND, DUE_ESCALATE, DUE_APPROVE, DUE_REJECT, DUE_TO };
struct due_step {
    enum due_kind kind;
    struct duration after; /* count 0: at once */
    struct assignee to;    /* DUE_ESCALATE */
    uint32_t node;         /* DUE_TO: index */
};
struct due {
    bool on;
    struct duration after; /* from entering the node */
    const struct due_step *then;
    size_t nthen;
};

struct flow_node {
    struct str key;
    struct str title;
    struct place at;
    enum node_kind kind;
    const struct assignee *to;
    size_t nto;
    enum node_mode mode;
    double vote_pass;
    const struct assignee *veto;
    size_t nveto;
    struct assignee empty;
    unsigned actions;            /* enum flow_action */
    struct action_rule rules[8]; /* by bit number of the action */
    const uint8_t *fields;       /* enum field_right by slot of the form; NULL: none said */
    const uint8_t *const
        *sub_fields; /* by slot of a table field: rights of its columns; may be NULL */
    struct fx *check;
    struct str check_message;
    enum skip_same skip_same;
    const struct next *next;
    size_t nnext;
    const struct set_item *set; /* end, create */
    size_t nset;
    struct str run; /* script */
    bool as_system;
    struct str form;            /* create, subflow */
    bool wait;                  /* subflow: until it ends */
    const struct str *branches; /* parallel */
    size_t nbranches;
    struct str join;
    struct fx *until;         /* wait: a date or an instant; NULL: wait_for */
    struct duration wait_for; /* wait */
    struct due due;
    struct val raw; /* as written, to tell versions apart */
};

struct flowdef {
    struct form *form;
    struct place at;
    struct str start_title;
    uint32_t first;        /* index of the node the start leads to */
    const struct str *can; /* roles that may start */
    size_t ncan;
    struct flow_node *nodes; /* [0] is the start node, key "start" */
    size_t nnodes;
};

const struct flow_node *flow_node(const struct flowdef *f, struct str key); /* NULL */

#endif
