/*
 * serve --demo: one member for each role of the apps (login = role key) and `admin`, before the
 * first rows are written (they name these members as owners).
 */
#ifndef RUNTIME_DEMO_H
#define RUNTIME_DEMO_H

#include "engine/engine.h"
#include "runtime/config.h"

/* Makes those that are missing; prints nothing. *logins: text for people, *password: theirs, as a
 * text. */
int demo_members(struct ctx *c, const struct config *cfg, struct str *logins, struct str *password,
                 struct err *err) ATTR_MUST;

#endif
