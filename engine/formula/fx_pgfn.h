/*
 * The functions that SQL written by fx_sql.h calls on PostgreSQL (all named fx_…, IMMUTABLE, in
 * SQL or PL/pgSQL).  The PostgreSQL store installs them when it opens a database: run each
 * statement in order, each is one CREATE OR REPLACE FUNCTION (or AGGREGATE) and may run again at
 * any time. They change with the program, so install them whenever fx_pg_version() differs from
 * what the database holds (keep that text where the store keeps its own version), not with a
 * migration.
 */
#ifndef FORMULA_FX_PGFN_H
#define FORMULA_FX_PGFN_H

#include "engine/base/str.h"

/* The i-th statement; STR_NONE past the end. */
struct str fx_pg_function(size_t i);
/* Changes whenever a statement changes: 16 hexadecimal digits. */
struct str fx_pg_version(char buf[17]);

#endif
