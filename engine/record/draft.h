/*
 * Drafts: records that their author has not handed in yet. They are his alone.
 */
#ifndef RECORD_DRAFT_H
#define RECORD_DRAFT_H

#include "engine/org/ctx.h"
#include "engine/value/json.h"

/* Appends {app, form, form_title, id, title, at} of the caller's drafts in an app to an open list,
 * the last changed of each form first. */
int draft_list(struct ctx *c, const struct app *app, struct json *out, struct err *err) ATTR_MUST;

#endif
