/*
 * What the files of the SQL writer share.
 *
 * Every node can be written in one of five ways; the writer asks for the cheapest that its place
 * allows, and the node adapts what it has:
 *   W_VALUE  NULL is blank, booleans 1/0          W_NUM  a number, never NULL
 *   W_STR    a text, never NULL                   W_COND true or false, never NULL
 *   W_TRUTH  true, or false, or NULL for false: what WHERE, AND, OR and CASE WHEN take
 */
#ifndef FORMULA_FX_SQL_INT_H
#define FORMULA_FX_SQL_INT_H

#include "engine/formula/fx_int.h"
#include "engine/formula/fx_sql.h"

enum want { W_VALUE, W_NUM, W_STR, W_COND, W_TRUTH };

struct writer {
    struct sql *q;
    const struct fx_sql_env *env;
    const struct fx *fx;
    struct err *err;
    struct arena *a;
    bool pg;
};

int fxs_emit(struct writer *w, const struct node *n, enum want want);
/* A scalar column or stored-row value as stored; *scale says how it is scaled. */
int fxs_raw(struct writer *w, const struct node *n);
/* The scale of a column or stored-row value; 0 for none. */
uint8_t fxs_scale(const struct node *n);
/* Does not depend on the record: evaluated now, bound as a value. */
bool fxs_constant(const struct node *n);
struct val fxs_value(struct writer *w, const struct node *n);
/* Binds a value of a type as the store holds it (numbers as doubles). */
void fxs_bind(struct writer *w, struct val v);
/* fx('NAME', 'types', …): the C implementation called from SQLite; `name` fx or fx_err. */
int fxs_call_c(struct writer *w, const struct node *n, struct str fn, struct str name);
/* A list as packed text, for fx(). */
int fxs_list(struct writer *w, const struct node *n);
/* A sub-select of column v over a list of the store; false when the list is no such one. */
bool fxs_is_rows(const struct node *n);
int fxs_rows(struct writer *w, const struct node *n);
/* Whether SQL of W_VALUE can be NULL. */
bool fxs_known(const struct node *n);
/* An upper bound of |x|, infinite when there is none; and a lower one of |x| where x is not 0. */
double fxs_most(const struct node *n);
double fxs_least(const struct node *n);
/* Comparison, IN, CONTAINS. */
int fxs_compare(struct writer *w, const struct node *n, enum want want);
int fxs_in(struct writer *w, const struct node *n, enum want want);
/* x = y as IS, for SWITCH. */
int fxs_equal(struct writer *w, const struct node *x, const struct node *y);
int fxs_call(struct writer *w, const struct node *n, enum want want);
/* Whether an operation of n can fail, and the condition that one did. */
bool fxs_can_fail(const struct node *n);
int fxs_failed(struct writer *w, const struct node *n);
int fxs_no_sql(struct writer *w, const struct node *n, const char *what);
/* A condition in hand (between open and close) as `want`. */
void fxs_open_bool(struct writer *w, enum want want, bool known);
void fxs_close_bool(struct writer *w, enum want want, bool known);

/* PostgreSQL: calls and operators as functions of fx_pg.sql, lists as arrays. */
int fxs_pg_call(struct writer *w, const struct node *n, struct str name);
int fxs_pg_list(struct writer *w, const struct node *n);
int fxs_pg_packed(struct writer *w, const struct node *n);
int fxs_pg_instant(struct writer *w, const struct node *x);
int fxs_pg_failed(struct writer *w, const struct node *n);
int fxs_pg_scalar(struct writer *w, const struct node *x);
void fxs_pg_zone(struct writer *w);
struct str fxs_pg_type(struct fx_type t);
/* = and <>, IN and CONTAINS over two types (fx_sql_pg_mixed.c): a reference beside a text is its
 * id, a date beside a datetime its midnight. */
int fxs_pg_same(struct writer *w, const struct node *n);
int fxs_pg_in(struct writer *w, const struct node *n);
/* boolean[]: which items of the list meet the criterion of SUMIF and its kin. */
int fxs_pg_matching(struct writer *w, const struct node *n);

/* fx_gather(): fx_sqlagg.c. */
#define FXS_GATHER_BYTES 40
void fxs_gather_step(void *state, struct arena *a, const struct val *args, size_t n);
struct val fxs_gather_final(void *state, struct arena *a);

/* fx() and the packed lists it takes: fx_sqlfn.c. */
struct str fxs_pack(struct arena *a, struct val list);
struct str fxs_zone_text(struct arena *a, const struct zone *zone, const struct fx_calendar *c);
char fxs_letter(struct fx_type t);
/* A bare SQL value as the value of the type the letter names. */
struct val fxs_typed(struct arena *a, char letter, struct val v);

#endif
