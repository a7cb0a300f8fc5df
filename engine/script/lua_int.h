/*
 * What the files of this folder share. A box is one Lua state of one request with its limits;
 * nothing outside this folder sees lua.h.
 */
#ifndef SCRIPT_LUA_INT_H
#define SCRIPT_LUA_INT_H

#include "engine/script/script.h"
#include "engine/value/num.h"
#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>

enum box_stop { BOX_RUNS, BOX_TIME, BOX_STEPS, BOX_MEMORY, BOX_OOM, BOX_REJECT, BOX_ERROR };

struct lua_box {
    lua_State *L;
    struct ctx *c;
    size_t used_bytes;
    size_t cap_bytes;
    int64_t deadline_us;          /* monotonic */
    uint64_t steps;               /* VM instructions, in thousands, and matcher steps */
    enum box_stop stop;           /* once set, every way on raises again */
    bool untimed;                 /* scenario tests */
    const struct principal *user; /* who acts when no as_system is in force */
    bool may_system;              /* the YAML marks the entry `as: system` */
    struct diags *diags;          /* where reject{} puts its message */
    struct err err;               /* of the API call that failed (BOX_ERROR) */
    struct str script;            /* name, for positions */
    int required;                 /* registry reference of what require() loaded in this event */
    struct str stop_file;         /* where the budget ran out; empty: not known */
    int stop_line;
    void *test; /* struct lua_test *, in scenario tests */
};

/* lua_box.c: the state and its sandbox. */
struct lua_box *box_of(lua_State *L);
struct lua_box *box_new(struct ctx *c);
/* Raises the limit error again when the box was stopped; call before going on after anything
 * caught. */
void box_check(struct lua_box *box);
/* Spends `n` steps of work done in C; raises at the limit. */
void box_spend(struct lua_box *box, uint64_t n);
/* Raises for an engine error: box->err is set. A missing row or a refusal may be caught by the
 * script. */
int box_raise(struct lua_box *box);

/* lua_call.c: the one protected call. Function and n arguments are on the stack; on success
 * `results` are there instead. */
int box_call(struct lua_box *box, int nargs, int nresults, struct err *err) ATTR_MUST;
/* Loads script `name` of the app in a fresh environment and leaves the table it returns on the
 * stack. */
int box_load(struct lua_box *box, const struct app *app, struct str name,
             struct err *err) ATTR_MUST;
/* The same for any Lua file of the app, by its path: "tests/lead.lua". */
int box_load_file(struct lua_box *box, const struct app *app, struct str path,
                  struct err *err) ATTR_MUST;

/* lua_val.c */
void box_push(struct lua_box *box, struct val v);
struct val box_val(struct lua_box *box, int index);
void box_push_rec(struct lua_box *box, const struct rec *r);
/* Takes over what the script changed in the table at `index`. */
int box_take_rec(struct lua_box *box, int index, struct rec *r, struct diags *diags,
                 struct err *err) ATTR_MUST;
struct str box_str(struct lua_box *box,
                   int index); /* argument: text, else an error; copied to the arena */

/* Replaces find match gmatch gsub in the table `string` on top of the stack. */
void lua_open_pattern(struct lua_box *box);

/* ---- the API: tables of functions ---- */

/*
 * One function that scripts may call. The table gives the sandbox its globals, editors their
 * annotations (`mortise schema lua`), the manual its page and the tests their examples.
 */
struct lua_api {
    const char *module; /* "json"; "" a plain global; "Form" a method of app.form(key) */
    const char *name;
    lua_CFunction fn;    /* or NULL: */
    const char *expr;    /* an expression over the names of `params` (definitions.md §2) */
    const char *params;  /* as LuaLS writes them: "text: string, scale?: integer" */
    const char *returns; /* "string?"; empty: nothing */
    const char *zh, *en;
    const char *example; /* a Lua expression; NULL: none that always gives the same */
    const char *gives;   /* what tostring() makes of it */
};
struct lua_api_list {
    const struct lua_api *rows;
    size_t n;
};
extern const struct lua_api_list lua_api_app, lua_api_records, lua_api_std, lua_api_formula,
    lua_api_decimal, lua_api_cache;

/* Gives the table of globals on top of the stack its modules, each opened when first named. */
void lua_open_api(struct lua_box *box);
/* Makes the metatable on top that of a type whose methods are the rows of `module`. */
void lua_fill_methods(lua_State *L, const char *module);
/* Replaces the table on top by an empty one that reads through to it and refuses writes. */
void lua_freeze(lua_State *L);
void lua_push_text(lua_State *L, struct str s);

void lua_push_ctx(struct lua_box *box, struct val ask);

#define DECIMAL_META "mortise.decimal"
/* The value of a decimal at `index`; false: it is none. */
bool lua_decimal_val(lua_State *L, int index, struct val *out);
#define FORM_META "mortise.form" /* what app.form(key) gives; its __index holds the methods */
void lua_push_form(lua_State *L, const struct form *form);

#endif
