/*
 * What the files of this folder share: one run of one automation.
 */
#ifndef AUTOMATION_INT_H
#define AUTOMATION_INT_H

#include "engine/automation/event.h"
#include "engine/meta/automation.h"
#include "engine/org/outbox.h"
#include "engine/record/eval.h"

#define CHAIN_MAX 8    /* automations that set each other off */
#define ROWS_MAX  1000 /* rows that one step writes */

struct auto_run {
    struct ctx *c;
    const struct form *f;
    const struct automation *x;
    const struct rec *rec;  /* as it is now; NULL: about no record */
    const struct rec *told; /* as it was when it happened: what is told of it; NULL: as rec */
    const struct rec *old;  /* before the event; may be NULL */
    struct val *vars;       /* what a webhook brought, by the automation's vars */
    struct str event;       /* "create" … */
    int64_t row;            /* of _outbox; 0: in the transaction of the event */
    bool gone;              /* the record was deleted: nothing to update */
};

/* Does its steps, one link further down the chain. The steps' rows are in the caller's transaction;
 * an error is one a person can read. */
int run_steps(struct auto_run *r, struct err *err) ATTR_MUST;

/* The word for a trigger in logs and bodies. */
struct str trigger_word(enum trigger_kind kind);

/* A run that was left out, counted and logged. */
struct skip {
    const struct form *f;
    const struct automation *x;
    int64_t record;
    struct str why; /* "from", "disabled", "chain" */
};
int skip_note(struct ctx *c, const struct skip *s, struct err *err) ATTR_MUST;

/* Tells those of `warn` that it will happen to the record, once. */
int run_warning(struct ctx *c, const struct automation *x, const struct rec *rec,
                struct err *err) ATTR_MUST;
/* It has happened: the next time there is a warning again. */
int warned_forget(struct ctx *c, const struct automation *x, const struct rec *rec,
                  struct err *err) ATTR_MUST;

/* In the member's name (0, or who has left: as the system), by VIA_AUTOMATION. */
int act_as(struct ctx *c, int64_t member, struct err *err) ATTR_MUST;

#endif
