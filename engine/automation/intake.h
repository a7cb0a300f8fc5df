/*
 * Rows that were read from outside (`pull`, `mail`): each new or changed one sets off its
 * automation.
 */
#ifndef AUTOMATION_INTAKE_H
#define AUTOMATION_INTAKE_H

#include "engine/automation/outbox.h"

#define INTAKE_BYTES_MAX ((size_t)8 << 20)
#define INTAKE_ROWS_MAX  5000

/* How far an automation has read (the number of the last message): a row of _schedule. */
struct schedule_mark {
    struct str app, form, name;
    int64_t value;
};
int schedule_mark_get(struct ctx *c, struct schedule_mark *m, struct err *err) ATTR_MUST;
/* In a write job. */
int schedule_mark_set(struct ctx *c, const struct schedule_mark *m, struct err *err) ATTR_MUST;

struct intake {
    int64_t row; /* of the outbox that ordered the reading; done with it */
    struct str app, form, automation;
    struct str bytes; /* pull: CSV or JSON, a list or an object that holds one */
    struct val rows;  /* mail: VAL_LIST of VAL_OBJ with `id`; bytes is empty */
    int64_t status;
    int64_t queued; /* out */
};
/* An engine_write_fn, arg: struct intake, with c->app set: what is new is queued and the row is
 * done, in one transaction. What cannot be read is an error, and nothing is done. */
int intake_take(struct ctx *c, void *arg, struct err *err) ATTR_MUST;

#endif
