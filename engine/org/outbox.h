/*
 * What leaves a transaction: rows of _outbox, written with the change they belong to and worked off
 * after the commit, at least once (engine/automation/outbox.h, runtime/outbox.h). Everybody who
 * writes may add one: flows, scripts, automations, monitors.
 */
#ifndef ORG_OUTBOX_H
#define ORG_OUTBOX_H

#include "engine/org/ctx.h"

/*
 * Kinds, and what target and payload are:
 *   automation  target: key of an automation of app/form; payload: engine/automation/run.c
 *   committed   target: script name; payload {op, version, now, old}: the hook committed()
 *   script      target: "script.function"; payload: any JSON, handed over as the argument
 *   webhook     target: key of an endpoint of the app; payload: the JSON body that is sent
 *   mail        target: the address; payload {subject, text}
 *   pull        target: key of an endpoint that is read; its rows set off `automation`
 *   inbox       target: key of an endpoint, a mailbox; its messages set off `automation`
 */
enum outbox_kind {
    OUTBOX_AUTOMATION,
    OUTBOX_COMMITTED,
    OUTBOX_SCRIPT,
    OUTBOX_WEBHOOK,
    OUTBOX_MAIL,
    OUTBOX_PULL,
    OUTBOX_INBOX,
    OUTBOX_KINDS
};
struct str outbox_kind_name(enum outbox_kind kind);

struct outbox_item {
    enum outbox_kind kind;
    struct str target;
    struct str app, form;  /* form may be empty */
    int64_t record;        /* 0: about none */
    struct str payload;    /* JSON; sealed on its way into the row, at most OUTBOX_PAYLOAD_MAX */
    struct str automation; /* whose order it is, or empty */
    struct str event;      /* what set it off: "create", "every" …, or empty */
    struct str state;      /* empty: waiting; or done, stopped: a line of the log only */
    struct str error;      /* why it was stopped */
    int64_t parent;        /* the row whose run orders this; 0: none */
    int64_t not_before_us; /* 0: at once */
};

#define OUTBOX_PAYLOAD_MAX ((size_t)1 << 20)

/* Adds a row as c->who and c->via, one link further down the chain than c->chain, at c->now_us.
 * *id (may be NULL) is what the receiver knows as its idempotency key. Inside a write job; an event
 * "outbox" tells the workers after the commit. */
int outbox_add(struct ctx *c, const struct outbox_item *in, int64_t *id, struct err *err) ATTR_MUST;

/* The payload of a row, opened. */
int outbox_open(struct ctx *c, struct str app, int64_t id, struct str sealed, struct str *out,
                struct err *err) ATTR_MUST;

/* The same for the target of a mail, an address. */
int outbox_open_target(struct ctx *c, struct str app, int64_t id, struct str sealed,
                       struct str *out, struct err *err) ATTR_MUST;

#endif
