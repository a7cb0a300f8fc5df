/*
 * What record_write calls around a change; implemented by script and flow, registered by engine.c
 * (so that the arrow does not point up). Any slot may be NULL.
 */
#ifndef RECORD_HOOKS_H
#define RECORD_HOOKS_H

#include "engine/record/record.h"

/* One line of an approval sheet. */
struct decision {
    struct str node, who, action, comment; /* in the reader's language; who empty: a timer */
    int64_t at_us;
    int64_t signature; /* a file; 0: none */
};

/* Something happened to a record: for automations. */
struct rec_event {
    enum rec_op op;
    const struct rec *rec;       /* as it is now; of a delete as it was */
    const struct rec *old;       /* before an update; else NULL */
    bool submitted;              /* a draft became a record */
    const struct button *button; /* a button was pressed; then op says nothing */
};

struct rec_hooks {
    /* May change `rec` in place (values by slot) or refuse. Runs on c->db inside the write job. */
    int (*before)(struct ctx *c, enum rec_op op, struct rec *rec, const struct rec *old,
                  struct diags *diags, struct err *err);
    /* 1 something ran that may have written, 0 there was nothing to run, -1. */
    int (*after)(struct ctx *c, enum rec_op op, const struct rec *rec, const struct rec *old,
                 struct err *err);
    /* A button's `run`: script.function. rec is loaded; the script writes through record_write. */
    int (*button)(struct ctx *c, const struct button *b, const struct rec *rec, struct val ask,
                  struct diags *diags, struct err *err);
    /* After the flow, in the same transaction. Not for drafts. */
    int (*event)(struct ctx *c, const struct rec_event *ev, struct err *err);
    /* The hook committed() of a script, after the commit: change {op, id, record, old}. */
    int (*committed)(struct ctx *c, const struct form *f, struct val change, struct err *err);
    /* Does the script of the form have committed()? */
    bool (*has_committed)(struct ctx *c, const struct form *f);
    /* "script.function" with any argument. */
    int (*call)(struct ctx *c, struct str name, struct val arg, bool as_system, struct err *err);
    /* A record of a form with a flow was created (submitted). */
    int (*submitted)(struct ctx *c, const struct rec *rec, struct err *err);
    /* An action on a task, as POST /tasks/{id}/{action}: body {comment, values, to, resume}. */
    int (*act)(struct ctx *c, int64_t task, struct str action, struct val body, struct diags *diags,
               struct err *err);
    /* A flow's script node: "script.function". */
    int (*script)(struct ctx *c, struct str name, const struct rec *rec, bool as_system,
                  struct err *err);
    /* Fires every timer that is due at c->now_us, in the caller's transaction: how many. */
    int (*due)(struct ctx *c, int64_t *n, struct err *err);
    /* The decisions on a record so far, in c->a, oldest first; the caller may read the record. */
    int (*decisions)(struct ctx *c, const struct form *f, int64_t id, struct decision **out,
                     size_t *n, struct err *err);
    /* ERR_LOCKED when a running flow forbids the change; 0 otherwise. */
    int (*lock)(struct ctx *c, const struct rec *old, struct err *err);
    /* 1 when an open or handled task gives c->who read on this record; *fields: node rights or
     * NULL. */
    int (*task_read)(struct ctx *c, const struct form *f, int64_t id, const uint8_t **fields,
                     struct err *err);
};

const struct rec_hooks *engine_hooks(const struct engine *e); /* defined in engine.c */

/* The running version of another app: borrowed until c->a is reset; NULL: none. Defined in
 * engine.c. */
struct app *engine_running_app(struct ctx *c, struct str key);

/* Version n of an app (0: the running one), for flows that began on it: borrowed until c->a is
 * reset; NULL when it cannot be loaded any more. Defined in engine.c. */
struct app *engine_app_version(struct ctx *c, struct str key, int64_t n);

#endif
