/*
 * SQL text as a type. Only three things can be appended: a string literal of the program, an
 * identifier of the metadata grammar (quoted), and a bound value. There is no function that takes
 * a char pointer, so user text cannot become SQL.
 *
 * Parameters are $1, $2 … in order of appearance: both SQLite and PostgreSQL read them.
 */
#ifndef VALUE_SQL_H
#define VALUE_SQL_H

#include "engine/base/strb.h"
#include "engine/base/vec.h"
#include "engine/value/val.h"

enum sql_dialect { SQL_SQLITE, SQL_PGSQL };

struct sql {
    struct strb text;
    VEC(struct val)
    args; /* VAL_REF binds its id; VAL_BOOL 0/1; dates, times, instants, decimals
             their integer; lists as a JSON text for json_each */
    enum sql_dialect dialect;
    void *tables; /* record/: whose tables sql_form() names; NULL: those of today */
};

/*
 * A C function lent to SQLite; pure, so the same arguments give the same result. INTEGER arguments
 * come as VAL_DEC of scale 0, REAL as VAL_NUM, TEXT as VAL_TEXT (also empty), NULL as VAL_BLANK.
 * Scalar: call() returns its value. Aggregate: step() is called for each row with zeroed `state`,
 * final() gives the value (state is zeroed memory when there was no row). `a` lives as long as the
 * call, or the aggregate.
 */
struct sql_func {
    const char *name;
    struct val (*call)(struct arena *a, const struct val *args, size_t n);
    size_t state_bytes; /* aggregates: not 0 */
    void (*step)(void *state, struct arena *a, const struct val *args, size_t n);
    struct val (*final)(void *state, struct arena *a);
};

void sql_init(struct sql *q, struct arena *a, enum sql_dialect dialect);

/* Appends program text; does not compile for anything but a string literal. */
#define sql_lit(q, s) sql_lit_((q), STR(s))
void sql_lit_(struct sql *q, struct str literal);

/* "name", quoted. Asserts the grammar [a-z_][a-z0-9_]*; longer than 63 bytes is shortened with a
 * hash, the same everywhere. */
void sql_ident(struct sql *q, struct str name);
/* "a__b__c": a table of an app, form and sub-table; empty parts are left out. */
void sql_table(struct sql *q, struct str app, struct str form, struct str sub);
/* alias."name" where alias is t<n>: sql_col(q, 0, key) gives t0."key". */
void sql_col(struct sql *q, unsigned alias, struct str name);
void sql_alias(struct sql *q, unsigned alias); /* t<n> */
void sql_bind(struct sql *q, struct val v);
void sql_bind_int(struct sql *q, int64_t i);
void sql_bind_str(struct sql *q, struct str s);
/* Appends " LIKE …" behind a text: it contains s, whatever the case of ASCII letters. % _ and \ in
 * s mean themselves. */
void sql_contains(struct sql *q, struct str s);
/* "json_each(": the items of a JSON list as rows with a column value; the caller writes the list
 * and closes the bracket. PostgreSQL wants to know what the items are. */
enum sql_each { SQL_EACH_TEXT, SQL_EACH_INT, SQL_EACH_NUM };
void sql_each(struct sql *q, enum sql_each items);
/* Around a double: the integer nearest to it, half away from zero. */
void sql_round(struct sql *q);
void sql_round_end(struct sql *q);
/* An integer literal in the text, for LIMIT, scales and constants of the program. */
void sql_int(struct sql *q, int64_t i);
/* Appends another statement's text and arguments, renumbering its parameters. */
void sql_append(struct sql *q, const struct sql *part);

#endif
