/*
 * What the PostgreSQL driver does with text alone, without a server: the address, what a statement
 * is and whether it may run, errors by SQLSTATE, names of columns in a violation.
 */
#ifndef STORE_STORE_PG_TEXT_H
#define STORE_STORE_PG_TEXT_H

#include "engine/store/store_driver.h"

#define PG_SCHEMA_MAX 63

/* "//host/db?schema=x&sslmode=y" to libpq's own address and the schema (default "mortise"). */
struct pg_address {
    char *url; /* heap */
    char schema[PG_SCHEMA_MAX + 1];
};
int pg_address_parse(struct pg_address *out, struct str rest, struct err *err) ATTR_MUST;

enum pg_verb {
    PG_VERB_READ, /* SELECT, WITH without a write, VALUES */
    PG_VERB_ROWS, /* INSERT, UPDATE, DELETE, WITH and one of them */
    PG_VERB_DDL
};

/*
 * What kind of statement this is, and whether this connection lets it through: no second statement,
 * no transaction control, no settings, DDL only in the windows of store_driver.h, system tables
 * that only grow. PostgreSQL has no authorizer like SQLite; what the role may do comes on top.
 */
int pg_guard(const struct drv_conn *c, struct str sql, enum pg_verb *verb,
             struct err *err) ATTR_MUST;

struct pg_error {
    const char *state;  /* five letters; NULL: the connection is gone */
    const char *detail; /* of a unique violation: "Key (a, b)=(…) already exists." */
    const char *message;
    const char *sql; /* for the log */
};

/* Sets err; -1. */
int pg_fail(const struct pg_error *e, struct err *err);
/* The database cannot be reached (now). */
int pg_unavailable(const char *why, struct err *err);

#endif
