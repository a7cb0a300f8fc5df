/*
 * What the files of engine/formula share and nobody else sees: the tree, the run, the rows of the
 * function table.  The path of a text: fx_lex → fx_parse (shape) → fx_check (meaning, types, the
 * evaluating function of each node) → fx_eval (one call per node) or fx_sql (text per node).
 */
#ifndef FORMULA_FX_INT_H
#define FORMULA_FX_INT_H

#include "engine/base/strb.h"
#include "engine/formula/fx.h"

/* Longest chain of nodes from root to leaf; more than FX_MAX_DEPTH because 1+1+1+… leans left. */
#define FX_MAX_TREE 1000

/* Help texts and SQL stay out of the browser's copy. */
#ifdef __wasm__
#define FX_DOC(signature_, group_, zh_, en_, example_)
#define FX_SQL(sqlite_, pgsql_)
#else
#define FX_DOC(signature_, group_, zh_, en_, example_)                                             \
    .doc = {.signature = (signature_),                                                             \
            .group = (group_),                                                                     \
            .zh = (zh_),                                                                           \
            .en = (en_),                                                                           \
            .example = (example_)}
#define FX_SQL(sqlite_, pgsql_) .sqlite = (sqlite_), .pgsql = (pgsql_),
#endif

enum token_kind {
    TOK_END,
    TOK_NUM,
    TOK_TEXT,
    TOK_NAME,
    TOK_OP,    /* op is set */
    TOK_PUNCT, /* ( ) [ ] , . */
    TOK_ERROR  /* zh, en say why */
};

enum op {
    OP_NONE,
    OP_OR,
    OP_AND,
    OP_NOT,
    OP_EQ,
    OP_NE,
    OP_LT,
    OP_LE,
    OP_GT,
    OP_GE,
    OP_IN,
    OP_CONTAINS,
    OP_CAT,
    OP_ADD,
    OP_SUB,
    OP_MUL,
    OP_DIV,
    OP_NEG,
    OP_PCT,
    OP_POW
};

struct token {
    uint8_t kind;
    uint8_t op;
    char c; /* of TOK_PUNCT */
    uint32_t pos;
    uint32_t end; /* byte offsets in the text */
    const char *zh, *en;
};

/* The token at or after *pos; moves *pos behind it. */
struct token fx_lex(struct str text, size_t *pos);
/* The operator's spelling, for messages. */
const char *fx_op_name(enum op op);

struct run;
struct node;
struct fn;

typedef struct val node_fn(struct run *r, const struct node *n);
typedef double num_fn(struct run *r, const struct node *n);

enum node_kind {
    N_CONST,
    N_NAME, /* a dotted name before the checker; texts[nargs] */
    N_REF,
    N_OP,
    N_CALL,
    N_LIST,
    N_STORED
};

enum node_flag {
    NF_ROW = 1,   /* depends on the record: cannot be bound as a value in SQL */
    NF_PAREN = 2, /* was written in parentheses */
    NF_AGG = 4,   /* holds an aggregate of a metric */
    NF_ENV = 8,   /* depends on zone or calendar: not folded */
    NF_KNOWN = 16 /* never blank */
};

struct node {
    node_fn *eval; /* the value; blank on errors */
    num_fn *num;   /* the same as a number, blank as 0, by fx_num; set where type is a number */
    uint8_t kind;
    uint8_t op;
    uint16_t flags;
    uint32_t nargs;
    uint32_t pos;
    uint32_t end;
    struct fx_type type;
    union {
        struct node **args;
        struct str *names;
    };
    union {
        struct val k;
        struct {
            const struct fx_ref *ref;
            uint32_t slot;
        };
        const struct fn *fn;
        const struct fx_call *call;
    };
};

struct fx {
    struct node *root;
    struct str text;
    struct src_pos at;
    unsigned flags;
    struct str no_sql;
    VEC(const struct fx_ref *) refs;
    VEC(const struct fx_call *) calls;
};

/* One evaluation. */
struct run {
    const struct val *row;
    struct fx_env *env;
    const struct fx *fx;
    uint32_t errors; /* how many operations failed so far: IFERROR compares */
};

typedef struct val call_fn(struct run *r, const struct node *n, const struct val *args);

struct checker;
typedef void check_fn(struct checker *c, struct node *n);

enum fn_flag {
    FN_VOLATILE = 1,
    FN_SERVER = 2,
    FN_ENV = 4, /* zone or calendar */
    FN_NO_SQL = 8,
    FN_LAZY = 16,   /* evaluates its arguments itself */
    FN_KNOWN = 32,  /* its value is never blank, errors aside */
    FN_METRIC = 64, /* an aggregate of rows in a metric */
    FN_NAMES = 128  /* a reference among its arguments is its title or name: not in SQL */
};

/*
 * One function. `sig` is "arguments>result", a letter each:
 *   n number  t text  b boolean  d date or datetime  D date  m time  x any single value
 *   N number or list of numbers  X anything single or list  O ordered, single or list (all of one
 * type) L a list  Q a list of numbers  z anything, json too  u branch (all of one type) ? the rest
 * is optional   * the letter before it repeats result: n t b D i(datetime) m   u the branches' type
 * 1 that of argument 1   e its items' l a list like argument 1   T a list of texts   o type of the
 * O arguments M a member, Z members   P a department, Y departments
 */
struct fn {
    const char *name;
    const char *sig;
    call_fn *call;   /* arguments evaluated */
    node_fn *lazy;   /* FN_LAZY */
    check_fn *check; /* instead of sig */
    uint16_t flags;
    uint8_t context; /* enum fx_context of context functions, by fx_context_call */
#ifndef __wasm__
    const char *sqlite; /* SQL templates, fx_sql_call.c; NULL: by the fx() function */
    const char *pgsql;
    struct fx_fn_doc doc;
#endif
};

struct fn_table {
    const struct fn *rows;
    size_t n;
};
/* The rows by theme, each sorted by name. */
const struct fn_table *fx_table(size_t i); /* NULL past the end */
extern const struct fn_table fx_fns_logic, fx_fns_math, fx_fns_list, fx_fns_text, fx_fns_date,
    fx_fns_context;

/* A criterion of SUMIF and its kin, ">=5" or a value, for items of `base`. */
enum op fx_criterion(struct val given, enum fx_base base, struct val *value);
const struct fn *fx_fn_find(struct str name); /* NULL: none */
/* The nearest function name, or STR_NONE. */
struct str fx_fn_nearest(struct str name, struct arena *a);

/* ---- parse ---- */

struct parser {
    struct arena *a;
    struct str text;
    struct str file;
    struct src_pos at;
    struct diags *diags;
    size_t pos;
    struct token tok;
    uint32_t depth;
    uint32_t nodes;
    bool failed;
};

/* The tree of the whole text, or NULL with one diag. */
struct node *fx_parse(struct parser *p);
/* Where byte `pos` is. */
struct src_pos fx_pos(struct str text, struct src_pos at, size_t pos);

/* ---- check ---- */

struct checker {
    struct arena *a;
    struct str text;
    struct str file;
    struct src_pos at;
    struct diags *diags;
    const struct fx_scope *scope;
    const void *this_form; /* inside value and where of a stored-row function */
    bool in_stored;
    bool in_agg; /* inside an aggregate of a metric */
    struct fx *fx;
    uint32_t depth;
    bool failed;
};

/* The browser has neither filters nor metrics: what is about them folds away there. */
#ifdef __wasm__
#define fx_place_of(c) FX_PLACE_VALUE
#else
#define fx_place_of(c) ((c)->scope->place)
#endif

/* Resolves names, checks types, chooses evaluators, folds constants. */
void fx_check(struct checker *c, struct node *n);
#ifdef FX_QUIET
/* The browser's small copy says where, not what. */
void fx_quiet(struct checker *c, const struct node *n);
#define FX_SAY(text)                      ""
#define fx_complain(c, n, ...)            fx_quiet((c), (n))
#define fx_complain_type(c, n, zh, en)    fx_quiet((c), (n))
#define fx_complain_pair(c, n, zh, en)    fx_quiet((c), (n))
#define fx_complain_branch(c, n, before)  fx_quiet((c), (n))
#define fx_complain_case(c, n, value)     fx_quiet((c), (n))
#define fx_complain_name(c, n, form, key) fx_quiet((c), (n))
#define fx_near_form(c, key)              STR_NONE
#else
#define FX_SAY(text) text
/* One problem at a node. The texts take the same arguments. */
struct diag *fx_complain(struct checker *c, const struct node *n, const char *zh, const char *en,
                         ...) __attribute__((format(printf, 3, 5), format(printf, 4, 5)));
/* "needs X, this is Y". */
void fx_complain_type(struct checker *c, const struct node *n, const char *want_zh,
                      const char *want_en);
/* Two operands that do not go together. */
void fx_complain_pair(struct checker *c, const struct node *n, const char *what_zh,
                      const char *what_en);
void fx_complain_branch(struct checker *c, const struct node *n, struct fx_type before);
void fx_complain_case(struct checker *c, const struct node *n, struct fx_type value);
/* A key that no field of `form` has. */
void fx_complain_name(struct checker *c, const struct node *n, const void *form, struct str key);
struct str fx_near_form(const struct checker *c, struct str key);
#endif
bool fx_type_fits(const struct fx_type *a, const struct fx_type *b);
/* Comparable with = (or, ordered, with <). */
bool fx_is_ref(const struct fx_type *t);
/* Its text is a title, name or file name, which is no column. */
bool fx_has_title(const struct fx_type *t);
bool fx_comparable(const struct fx_type *a, const struct fx_type *b, bool ordered);
/* The common type of branches; false when there is none. */
bool fx_unify(struct fx_type *into, const struct fx_type *t);
/* Checks the arguments by a signature and sets the type. */
void fx_check_as(struct checker *c, struct node *n, const char *sig);
check_fn fx_check_datetime;
check_fn fx_check_ifs, fx_check_switch, fx_check_sumif, fx_check_hasrole, fx_check_setting;
void fx_check_call(struct checker *c, struct node *n);
void fx_check_stored(struct checker *c, struct node *n);
void fx_resolve(struct checker *c, struct node *n);
/* Reports option keys that do not exist where `text` is compared with a select. */
void fx_check_option(struct checker *c, const struct fx_type *select, const struct node *text);
/* Encrypted fields that SQL would have to look into; parent NULL: the root. */
void fx_check_encrypted(struct checker *c, const struct node *n, const struct node *parent,
                        uint32_t i);
bool fx_has_encrypted(const struct node *n);
void fx_need_no_sql(struct checker *c, const char *what);
/* Sets eval and num of an operator, list or constant whose type is known. */
void fx_bind_op(struct node *n);
void fx_bind_const(struct node *n, struct val v);
void fx_fold(struct checker *c, struct node *n);

/* ---- evaluate ---- */

/* Context functions: the host answers. */
struct val fx_context_call(struct run *r, const struct node *n, const struct val *args);

extern node_fn fx_eval_and, fx_eval_or, fx_eval_not;
extern node_fn fx_eval_const, fx_eval_slot, fx_eval_ref, fx_eval_call, fx_eval_list, fx_eval_stored;
extern num_fn fx_num_any, fx_num_slot;
/* The value of a node whose type is a number, blank as 0. */
double fx_num(struct run *r, const struct node *n);

/* The operation fails: blank, counted, explained when somebody asked (nobody does in a browser). */
#ifdef __wasm__
struct val fx_fail_(struct run *r);
#define fx_fail(r, n, zh, en) ((void)(n), fx_fail_(r))
#else
struct val fx_fail_(struct run *r, const struct node *n, const char *zh, const char *en);
#define fx_fail(r, n, zh, en) fx_fail_((r), (n), (zh), (en))
#endif
/* Counts work; false when the budget is used up. */
bool fx_steps(struct run *r, size_t n);

/*
 * Questions to a value go by its address: in WebAssembly a struct passed by value is copied to the
 * stack at each call, which was a tenth of the module. The macros take an lvalue.
 */
#define fx_blank(v)   fx_blank_(&(v))
#define fx_is_num(v)  fx_is_num_(&(v))
#define fx_to_num(v)  fx_to_num_(&(v))  /* blank 0 */
#define fx_to_str(v)  fx_to_str_(&(v))  /* of a text; blank "" */
#define fx_to_bool(v) fx_to_bool_(&(v)) /* blank false */

static inline bool fx_blank_(const struct val *v)
{
    return v->kind == VAL_BLANK || v->kind == VAL_ABSENT ||
           ((v->kind == VAL_TEXT || v->kind == VAL_LIST) && v->n == 0);
}

static inline bool fx_is_num_(const struct val *v)
{
    return v->kind == VAL_NUM || v->kind == VAL_DEC;
}

double fx_to_num_(const struct val *v);
struct str fx_to_str_(const struct val *v);

static inline bool fx_to_bool_(const struct val *v)
{
    return v->kind == VAL_BOOL && v->b;
}

static inline struct val fx_arg(struct run *r, const struct node *n, size_t i)
{
    return n->args[i]->eval(r, n->args[i]);
}

/* An argument as a condition. */
bool fx_arg_true(struct run *r, const struct node *n, size_t i);

/* Whether order o (<0, 0, >0) satisfies < <= > >=. */
static inline bool fx_holds(enum op op, int o)
{
    if (op == OP_LT || op == OP_LE) {
        return op == OP_LT ? o < 0 : o <= 0;
    }
    return op == OP_GT ? o > 0 : o >= 0;
}

/* What & makes of it. */
struct str fx_to_text_(struct run *r, const struct val *v);
#define fx_to_text(r, v) fx_to_text_((r), &(v))
/* A number, or a failure when it is not finite. */
struct val fx_num_result(struct run *r, const struct node *n, double x);
/* A text of any length, or a failure over FX_MAX_RESULT. */
struct val fx_text_result(struct run *r, const struct node *n, struct str s);
/* Order of two values that are not blank. */
int fx_order_(struct run *r, const struct val *x, const struct val *y);
#define fx_order(r, x, y) fx_order_((r), &(x), &(y))
/* The `=` of the language: blank equals blank only. */
bool fx_equal_(struct run *r, const struct val *x, const struct val *y);
#define fx_equal(r, x, y) fx_equal_((r), &(x), &(y))
/* Local midnight of a date. */
int64_t fx_midnight(struct run *r, int64_t day);
/* The local day of a date or datetime. */
int64_t fx_day_(struct run *r, const struct val *v);
#define fx_day(r, v) fx_day_((r), &(v))
void fx_local_(struct run *r, const struct val *v, struct civil *out);
#define fx_local(r, v, out) fx_local_((r), &(v), (out))

#endif
