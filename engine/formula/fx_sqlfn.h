/*
 * The C functions that SQL written by fx_sql.h calls on SQLite. Give them to store_open() in
 * store_opts.functions.
 */
#ifndef FORMULA_FX_SQLFN_H
#define FORMULA_FX_SQLFN_H

#include "engine/value/sql.h"

const struct sql_func *fx_sql_functions(size_t *n);

#endif
