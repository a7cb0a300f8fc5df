/*
 * What tables a database holds and what they look like, for move.c only.
 */
#ifndef STORE_MOVE_CATALOG_H
#define STORE_MOVE_CATALOG_H

#include "engine/store/ddl.h"

struct mv_index {
    struct str name; /* as in the database */
    struct str *columns;
    size_t ncolumns;
    bool unique, live_only, last_zh;
};

struct mv_table {
    struct str name;
    struct ddl_column *columns;
    size_t ncolumns;
    struct str *key; /* of the primary key */
    size_t nkey;
    struct mv_index *indexes;
    size_t nindexes;
};

/* Names of all tables of ours, search indexes left out, by their bytes. */
int mv_tables(struct conn *c, struct arena *a, struct mv_table **out, size_t *n,
              struct err *err) ATTR_MUST;
/* Columns, key and indexes of a table. */
int mv_describe(struct conn *c, struct arena *a, struct mv_table *t, struct err *err) ATTR_MUST;
/* Inside a write job; nothing happens when they are there. */
int mv_create_table(struct conn *c, struct arena *a, const struct mv_table *t,
                    struct err *err) ATTR_MUST;
int mv_create_indexes(struct conn *c, struct arena *a, const struct mv_table *t,
                      struct err *err) ATTR_MUST;

#endif
