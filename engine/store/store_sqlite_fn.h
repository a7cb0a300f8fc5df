/*
 * C functions of the host (struct sql_func) on a SQLite connection.
 */
#ifndef STORE_STORE_SQLITE_FN_H
#define STORE_STORE_SQLITE_FN_H

#include "engine/value/sql.h"

struct sqlite3;

/* Registers the collation "zh" (value/collate.h). 0, or a SQLite code. */
int sqlite_collation_add(struct sqlite3 *db) ATTR_MUST;
/* Registers them; gone with the connection. The table must outlive it. 0, or a SQLite code. */
int sqlite_functions_add(struct sqlite3 *db, const struct sql_func *functions, size_t n) ATTR_MUST;

#endif
