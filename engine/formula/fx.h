/*
 * The expression language of definitions.md §2 and §9: compile, check, depend, evaluate, explain,
 * and (fx_sql.h) write as SQL.  Pure: no I/O, no clock, no locale, no allocation but on the arena
 * given; builds natively and as formula.wasm.
 *
 * What names mean is asked of the host through struct fx_schema while compiling; what they hold is
 * asked through struct fx_env while evaluating. Compiled expressions are immutable and may be
 * evaluated by many threads at once.
 */
#ifndef FORMULA_FX_H
#define FORMULA_FX_H

#include "engine/base/diag.h"
#include "engine/value/val.h"

#define FX_MAX_TEXT   16384 /* bytes of source */
#define FX_MAX_DEPTH  200   /* nesting */
#define FX_MAX_NODES  10000
#define FX_MAX_STEPS  1000000
#define FX_MAX_RESULT 65536 /* bytes of a text, items of a list */

/* ---- types ---- */

enum fx_base {
    FX_BLANK, /* the literal BLANK: fits every type */
    FX_BOOL,
    FX_NUM,
    FX_TEXT, /* also select: options is set */
    FX_DATE,
    FX_DATETIME,
    FX_TIME,
    FX_LINK, /* a row of `form` */
    FX_MEMBER,
    FX_DEPT,
    FX_ROWS, /* a sub-table: only as the start of a path */
    FX_JSON  /* json, file, location: only ISBLANK, =BLANK and & see it */
};

struct fx_type {
    uint8_t base;
    bool list;
    bool has_scale;
    uint8_t scale;       /* FX_NUM stored as scaled integer (SQL writer) */
    const void *form;    /* FX_LINK, FX_ROWS: the host's form; else NULL */
    const void *options; /* FX_TEXT of a select: the host's field; else NULL */
};

/* What one name is, as the host tells it. */
struct fx_field {
    struct fx_type type;
    uint32_t slot;   /* index in the row of values of its form */
    const void *ref; /* the host's field, handed back in struct fx_ref */
    bool encrypted;  /* only equality and IN are allowed in a filter */
    bool is_json;    /* stored as a JSON list (multi-select, members): SQL form of CONTAINS */
};

enum fx_keys { FX_KEYS_FIELDS, FX_KEYS_FORMS, FX_KEYS_OPTIONS, FX_KEYS_ROLES, FX_KEYS_SETTINGS };

/* The host's answers. `self` goes first to each. 1 yes, 0 no. */
struct fx_schema {
    void *self;
    int (*field)(void *self, const void *form, struct str key, struct fx_field *out);
    const void *(*form)(void *self, struct str key); /* NULL: no such form */
    int (*setting)(void *self, struct str key, struct fx_type *out);
    int (*role)(void *self, struct str key);
    int (*option)(void *self, const void *options, struct str key);
    /* Every key that could stand here, for suggestions and completion. form NULL: the forms. */
    void (*each)(void *self, const void *form, void (*fn)(void *arg, struct str key), void *arg);
    /* For fx_complete.h: the keys of one kind with their titles. `of` is the form whose fields, or
     * fx_type.options whose options are asked for, else NULL. NULL: the host has no titles. */
    void (*keys)(void *self, enum fx_keys what, const void *of,
                 void (*fn)(void *arg, struct str key, struct str title), void *arg);
};

/* A name given from outside the form: ask.x, the columns of a monitor. */
struct fx_var {
    struct str name; /* may be dotted: "ask.level" */
    struct fx_type type;
};

enum fx_place {
    FX_PLACE_VALUE,  /* any type */
    FX_PLACE_COND,   /* must be boolean */
    FX_PLACE_FILTER, /* boolean, and must have an SQL form */
    FX_PLACE_METRIC, /* aggregates over rows: SUM(amount), COUNT(), arithmetic over them */
    FX_PLACE_GROUP   /* a scalar with an SQL form */
};

struct fx_scope {
    const struct fx_schema *schema;
    const void *form;   /* bare names; NULL: none */
    const void *parent; /* parent.x inside a sub-table row; NULL: not allowed */
    const void *old;    /* old.x */
    const void *that;   /* that.x in match policies */
    const void *target; /* target.x in automations */
    const void *this_;  /* this.x outside LOOKUP and its kin: the record, in a link's filter or a
                           rollup's where, whose bare names are the other form's */
    const void *user;   /* USER.x: the fields of members; NULL: not allowed */
    const struct fx_var *vars;
    size_t nvars;
    enum fx_place place;
    bool request; /* came with a request: an unknown option key is FALSE, not an error */
};

/* ---- compile ---- */

struct fx;

/*
 * Compiles text. On problems adds one diag each (key "formula", position inside the text added to
 * `at`, file in `file`) and returns NULL. `file` may be empty for requests; then only line/column
 * inside the text count. Everything is in `a` and lives as long.
 */
struct fx *fx_compile(struct arena *a, struct str text, const struct fx_scope *scope,
                      struct str file, struct src_pos at, struct diags *diags);

struct fx_type fx_type_of(const struct fx *fx);
struct str fx_text(const struct fx *fx);

enum fx_flag {
    FX_VOLATILE = 1, /* TODAY NOW USER DEPT … */
    FX_STORED = 2,   /* LOOKUP LISTOF COUNTOF …OF */
    FX_SERVER = 4,   /* PINYIN COMPANYKEY UUID: not in the browser */
    FX_NO_SQL = 8,   /* has no SQL form; fx_no_sql() says why */
    FX_CONSTANT = 16
};
unsigned fx_flags(const struct fx *fx);
struct str fx_no_sql(const struct fx *fx); /* the functions that have none, comma-separated */

/* Where a path starts. */
/* FX_ME: the caller as a member, USER.field. */
enum fx_root { FX_ROW, FX_PARENT, FX_OLD, FX_THAT, FX_TARGET, FX_THIS, FX_ME, FX_VAR };

/*
 * One use of a name. path[0 … n-2] are links (or at most one sub-table) walked from the root's
 * form, path[n-1] is the field read. FX_VAR: var is its index in the scope, n is 0.
 */
struct fx_ref {
    enum fx_root root;
    uint32_t n;
    const struct fx_field *path;
    uint32_t var;
    struct fx_type type; /* of the whole path; list when it goes through a sub-table */
    struct str name;     /* as written */
};

/* Each distinct reference outside the `where`/`value` of stored-row functions. */
void fx_each_ref(const struct fx *fx, void (*fn)(void *arg, const struct fx_ref *ref), void *arg);

/* LOOKUP(form, value, where) and its kin. In value and where FX_ROW is the other form and FX_THIS
 * this record. Aggregates: SUMOF … ; COUNTOF has no value. */
enum fx_stored { FX_LOOKUP, FX_LISTOF, FX_COUNTOF, FX_SUMOF, FX_AVGOF, FX_MINOF, FX_MAXOF };
struct fx_call {
    enum fx_stored fn;
    const void *form;
    const struct fx *value; /* NULL for COUNTOF */
    const struct fx *where; /* may be NULL */
    bool sealed;            /* value looks into encrypted fields: LOOKUP or LISTOF, in C only */
};
void fx_each_call(const struct fx *fx, void (*fn)(void *arg, const struct fx_call *call),
                  void *arg);

/*
 * A condition as an index can serve it (fx_split.c). The parts between its outermost ORs, each an
 * expression of its own that borrows from the whole; one part when there is no OR. And the
 * names (through links, too) that hold in all its rows: `name = x` or `name IN x` between the
 * outermost ANDs, x not of the row.
 */
struct fx_branches {
    VEC(const struct fx *) list;
};
void fx_split(struct arena *a, const struct fx *fx, struct fx_branches *out);
void fx_each_pinned(const struct fx *fx, void (*fn)(void *arg, const struct fx_ref *ref),
                    void *arg);

/* Each way through the condition's ANDs and ORs pins a name for which `indexed` is true. */
bool fx_served(const struct fx *fx, bool (*indexed)(const struct fx_ref *ref));

/* ---- evaluate ---- */

enum fx_context {
    FX_USER,
    FX_DEPT_OF_USER,
    FX_DEPTS,
    FX_ROLES,
    FX_HASROLE,
    FX_HASCERT,
    FX_MANAGER,
    FX_REPORTS,
    FX_SETTING,
    FX_UUID,
    FX_PINYIN,
    FX_COMPANYKEY
};

struct fx_calendar; /* workdays; fx_calendar.h */

struct fx_env {
    struct arena *a; /* results live here */
    const struct val
        *row; /* values of the bare-name form by slot; VAL_ABSENT asks get(). May be NULL */
    void *self;
    /* Everything but a present bare name. Returns 0, or -1 with *err set: the env has failed. */
    int (*get)(struct fx_env *env, const struct fx_ref *ref, struct val *out);
    int (*stored)(struct fx_env *env, const struct fx_call *call, struct val *out);
    int (*context)(struct fx_env *env, enum fx_context what, struct val arg, struct val *out);
    const struct val *vars; /* by index of fx_scope.vars */
    int64_t now_us;
    const struct zone *zone;
    const struct fx_calendar *calendar; /* NULL: Monday to Friday */
    uint32_t steps; /* counts up; at FX_MAX_STEPS everything is blank and `limit` is set */
    bool limit;
    bool failed; /* a callback failed; its error is in err */
    struct err *err;
    struct diags *reasons; /* not NULL: why blanks came about, with positions */
};

/* Evaluates; blank on run-time errors. Check env->failed and env->limit afterwards. */
struct val fx_eval(const struct fx *fx, struct fx_env *env);
/* The same where only the number counts, without boxing it: NaN is blank, or no number. A failure
 * of the root operation itself is not among env->reasons. */
double fx_number(const struct fx *fx, struct fx_env *env);
/* As a condition: blank is false. */
bool fx_true(const struct fx *fx, struct fx_env *env);

/* ---- the function table, for help, manual, schema, completion ---- */

struct fx_fn_doc {
    const char *name;
    const char *signature;
    const char *group;
    const char *zh, *en;
    const char *example; /* "ROUND(1.005, 2) -> 1.01" lines, run as tests */
};
/* The i-th function, by theme and name; false past the end. */
bool fx_function(size_t i, struct fx_fn_doc *out);

#endif
