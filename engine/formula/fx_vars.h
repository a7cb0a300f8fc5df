/*
 * Expressions over plain JSON variables, as `mortise eval`, app.formula() and the tests use them:
 * types come from the values (a text is text, an object a linked record, an array of objects a
 * sub-table, null is blank and fits everything).
 */
#ifndef FORMULA_FX_VARS_H
#define FORMULA_FX_VARS_H

#include "engine/formula/fx_sql.h"

struct fx_vars;

/* `vars` is a VAL_OBJ (or blank) that stays as long as the result. */
struct fx_vars *fx_vars_new(struct arena *a, struct val vars);
/* A scope over them; its place is FX_PLACE_VALUE. */
struct fx_scope fx_vars_scope(struct fx_vars *v);
/* Fills row, self and get of an environment. */
void fx_vars_env(struct fx_vars *v, struct fx_env *env);
/* An environment for fx_sql_value() in which a name is its bound value. */
struct fx_sql_env fx_vars_sql_env(struct fx_vars *v);
/* What a SELECT of such an expression gave, as a value of the expression's type. `raw` is VAL_DEC
 * of scale 0 for an integer, VAL_NUM, VAL_TEXT or VAL_BLANK. */
struct val fx_vars_result(struct arena *a, struct fx_type type, struct val raw);
/* The value a reference has. */
struct val fx_vars_get(struct fx_vars *v, struct arena *a, const struct fx_ref *ref);

#endif
