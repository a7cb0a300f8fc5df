/*
 * Tables, columns and indexes as structs to the DDL of a dialect. Idempotent helpers for
 * publishing; those that change something run inside a write job.
 */
#ifndef STORE_DDL_H
#define STORE_DDL_H

#include "engine/store/store.h"

enum col_kind {
    COL_INT, /* 64-bit; scaled decimals, ids, booleans 0/1, dates (days), times, instants (us) */
    COL_REAL,
    COL_TEXT,
    COL_BLOB,
    COL_JSON /* TEXT holding JSON: multi-selects, locations, file lists */
};

struct ddl_column {
    struct str name;
    enum col_kind kind;
    bool not_null;
};

struct ddl_table {
    struct str app, form, sub;        /* the name, as in sql_table(); sub may be empty */
    const struct ddl_column *columns; /* beside "_id", the integer primary key */
    size_t ncolumns;
};

struct ddl_index {
    struct str name; /* after the table's name */
    const struct str *columns;
    size_t ncolumns;
    bool unique;
    bool live_only; /* WHERE "_deleted_at" IS NULL */
    bool last_zh;   /* the last column in the order of lists (value/collate.h) */
};

int ddl_create_table(struct conn *c, struct arena *a, const struct ddl_table *t,
                     struct err *err) ATTR_MUST;
/* Nothing happens when `from` is not there. */
int ddl_rename_table(struct conn *c, struct arena *a, const struct ddl_table *from,
                     const struct ddl_table *to, struct err *err) ATTR_MUST;
/* May be NULL in rows that are there, so col->not_null is a bug. */
int ddl_add_column(struct conn *c, struct arena *a, const struct ddl_table *t,
                   const struct ddl_column *col, struct err *err) ATTR_MUST;
int ddl_rename_column(struct conn *c, struct arena *a, const struct ddl_table *t, struct str from,
                      struct str to, struct err *err) ATTR_MUST;
int ddl_drop_column(struct conn *c, struct arena *a, const struct ddl_table *t, struct str name,
                    struct err *err) ATTR_MUST;
int ddl_drop_table(struct conn *c, struct arena *a, const struct ddl_table *t,
                   struct err *err) ATTR_MUST;
int ddl_create_index(struct conn *c, struct arena *a, const struct ddl_table *t,
                     const struct ddl_index *ix, struct err *err) ATTR_MUST;
/* The same while others write, outside of any transaction: 1 it is there, 0 another program builds
 * just now, -1. Only where ddl_builds_aside(); not for unique ones. */
bool ddl_builds_aside(struct conn *c);
int ddl_build_index(struct conn *c, struct arena *a, const struct ddl_table *t,
                    const struct ddl_index *ix, struct err *err) ATTR_MUST;
int ddl_drop_index(struct conn *c, struct arena *a, const struct ddl_table *t, struct str name,
                   struct err *err) ATTR_MUST;

int ddl_drop_index_named(struct conn *c, struct arena *a, struct str physical,
                         struct err *err) ATTR_MUST;

/*
 * The table of a search index over `columns` values of each row (record/search.c knows how it is
 * filled and asked). SQLite: a contentless FTS5 table of columns c0, c1 …, whose rowid is the
 * row's; its words stand between spaces. PostgreSQL: a row for each word: t, the row's id, column
 * f, position p.
 */
int ddl_create_search(struct conn *c, struct arena *a, const struct ddl_table *t, size_t columns,
                      struct err *err) ATTR_MUST;
int ddl_drop_search(struct conn *c, struct arena *a, const struct ddl_table *t,
                    struct err *err) ATTR_MUST;

/* Statistics of a table that was filled in one go, by its name in the database: PostgreSQL plans
 * badly until it has some, and makes them by itself only a minute later. Nothing on SQLite. */
int ddl_analyze(struct conn *c, struct arena *a, struct str physical, struct err *err) ATTR_MUST;

/*
 * From now on rows of the table that come, or whose columns are written, stand in _stage_dirty as
 * (t, id): whoever writes them, in the same transaction.
 */
struct ddl_watch {
    int64_t t;
    const struct str *columns;
    size_t ncolumns;
};
int ddl_watch(struct conn *c, struct arena *a, const struct ddl_table *t, const struct ddl_watch *w,
              struct err *err) ATTR_MUST;
/* 1 it is watched, 0, -1. */
int ddl_watched(struct conn *c, struct arena *a, const struct ddl_table *t,
                struct err *err) ATTR_MUST;
int ddl_unwatch(struct conn *c, struct arena *a, const struct ddl_table *t,
                struct err *err) ATTR_MUST;

/* The names in the database, shortened with a hash when they are long. */
struct str ddl_table_name(struct conn *c, struct arena *a, const struct ddl_table *t);
struct str ddl_index_name(struct conn *c, struct arena *a, const struct ddl_table *t,
                          struct str name);

/* What is there: 1, 0, -1. Columns come in table order; indexes by their names in the database. */
int ddl_has_table(struct conn *c, struct arena *a, const struct ddl_table *t,
                  struct err *err) ATTR_MUST;
int ddl_columns(struct conn *c, struct arena *a, const struct ddl_table *t, struct str **names,
                size_t *n, struct err *err) ATTR_MUST;
int ddl_indexes(struct conn *c, struct arena *a, const struct ddl_table *t, struct str **names,
                size_t *n, struct err *err) ATTR_MUST;

#endif
