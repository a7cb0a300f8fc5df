/*
 * Which automations an event of a record sets off. Those `in_transaction` run at once, the others
 * are queued in the same transaction (org/outbox.h); so is the hook committed() of its script.
 */
#ifndef AUTOMATION_EVENT_H
#define AUTOMATION_EVENT_H

#include "engine/record/hooks.h"

/* A rec_hooks member. */
int automation_event(struct ctx *c, const struct rec_event *ev, struct err *err) ATTR_MUST;

#endif
