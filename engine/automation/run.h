/*
 * One queued row that runs here, in the caller's transaction.
 */
#ifndef AUTOMATION_RUN_H
#define AUTOMATION_RUN_H

#include "engine/automation/outbox.h"

/* c->app is the running version of row->app. */
int run_row(struct ctx *c, const struct outbox_row *row, struct err *err) ATTR_MUST;

#endif
