/*
 * Lua: loads an app's scripts, runs hooks, buttons and tests in a sandbox with limits on memory,
 * steps and time. A fresh state per top-level event. The only folder that includes lua.h.
 */
#ifndef SCRIPT_SCRIPT_H
#define SCRIPT_SCRIPT_H

#include "engine/record/hooks.h"

#define SCRIPT_MEMORY_BYTES (32u << 20)
#define SCRIPT_HOOK_MS      50 /* all hooks of one request together */
#define SCRIPT_STEPS        20000000

/* rec_hooks members. */
int script_before(struct ctx *c, enum rec_op op, struct rec *rec, const struct rec *old,
                  struct diags *diags, struct err *err) ATTR_MUST;
int script_after(struct ctx *c, enum rec_op op, const struct rec *rec, const struct rec *old,
                 struct err *err) ATTR_MUST;
int script_button(struct ctx *c, const struct button *b, const struct rec *rec, struct val ask,
                  struct diags *diags, struct err *err) ATTR_MUST;
/* committed(change, ctx) of the form's script; and whether it has one. */
int script_committed(struct ctx *c, const struct form *f, struct val change,
                     struct err *err) ATTR_MUST;
bool script_has_committed(struct ctx *c, const struct form *f);
/* "script.function"(arg, ctx) */
int script_call_with(struct ctx *c, struct str name, struct val arg, bool as_system,
                     struct err *err) ATTR_MUST;
/* "script.function" of a flow's script node. */
int script_call(struct ctx *c, struct str name, const struct rec *rec, bool as_system,
                struct err *err) ATTR_MUST;

/* Syntax of every script of a source, and that each returns a table; file:line. For load and check.
 */
void script_check(struct arena *a, const struct app_source *src, struct diags *diags);

/*
 * Runs tests/<file>.lua of c->app (published in a throw-away store, c acting as the system); see
 * definitions.md §9 "Lua values". Each test is rolled back. Besides what is said there t has
 * t:member(login), the id of a member; logins of the throw-away members are the role keys.
 */
struct test_result {
    struct str file, name;
    bool ok;
    struct str message;
};
int script_tests(struct ctx *c, struct test_result **out, size_t *n, struct err *err) ATTR_MUST;

/* What scripts may call, from the one table: LuaLS annotations for editors, JSON for the manual. */
void script_annotations(struct strb *out);
void script_api_json(struct strb *out);

#endif
