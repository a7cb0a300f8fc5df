/*
 * Shared by search.c and search_query.c only.
 */
#ifndef RECORD_SEARCH_INT_H
#define RECORD_SEARCH_INT_H

#include "engine/record/search.h"
#include "engine/store/ddl.h"

/* The table of a form's index; as a name in SQL. */
struct ddl_table search_table(const struct form *f);
void search_table_sql(struct sql *q, const struct form *f);

#endif
