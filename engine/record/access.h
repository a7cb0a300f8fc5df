/*
 * What a member may see and do in a form, compiled once per form and member into SQL: rows as an OR
 * of grants, each field as one expression. query.c, record.c and aggregate.c use nothing else.
 */
#ifndef RECORD_ACCESS_H
#define RECORD_ACCESS_H

#include "engine/formula/fx_sql.h"
#include "engine/org/ctx.h"

struct access; /* of one ctx->who on one form, in c->a */

/* Never fails for rights: a form without any grant gives access_none(). `right`: usually
 * RIGHT_READ. */
int access_of(struct ctx *c, const struct form *f, struct access **out, struct err *err) ATTR_MUST;
/* Every row of the form is his to read, but drafts: by a grant without a condition. */
bool access_every_row(const struct access *x);
bool access_none(const struct access *x); /* no grant at all: the form is 404 */
/* Every row he may read gives him `right` too. */
bool access_implied(const struct access *x, unsigned right);
unsigned access_rights(const struct access *x); /* union of `can`, for showing buttons */
bool access_button(const struct access *x, const struct button *b);
/* The best right any grant gives on a field (enum field_right). HIDDEN: the field does not exist.
 */
enum field_right access_field(const struct access *x, const struct field *f);

/* Appends "(row is visible for `right`)" over alias t<n>; restrict and deleted rows included. */
int access_rows(struct access *x, struct sql *q, unsigned alias, unsigned right,
                struct err *err) ATTR_MUST;
/* Appends the value of a field as the reader may see it (CASE WHEN … THEN col END). clear: for
 * output, where masked values are needed raw to be masked; else masked is NULL. */
enum access_use { ACCESS_OUTPUT, ACCESS_COMPUTE };
int access_column(struct access *x, struct sql *q, unsigned alias, const struct field *f,
                  enum access_use use, struct err *err) ATTR_MUST;
/* The environment for fx_sql_* over alias t<n>: request expressions see what the reader may see,
 * definitions see everything. */
struct fx_sql_env access_sql_env(struct access *x, unsigned alias, bool request);

/* Field rights on one stored row (given as loaded): enum field_right by slot, for writing. */
struct rec;
int access_row_fields(struct access *x, const struct rec *row, unsigned right, uint8_t *fields,
                      struct err *err) ATTR_MUST;
/* 1 when the row after a write satisfies `ensure` of a grant that gives `right`, and restrict. */
int access_ensure(struct access *x, const struct rec *row, unsigned right,
                  struct err *err) ATTR_MUST;
/* The grants that decide, with file:line, as a list for explain. Fields and conditions that name
 * what does not exist for the viewer are left out (a condition is null then). */
struct explain {
    int64_t id;                /* 0: about the form */
    unsigned right;            /* only grants that give it; 0: all */
    const struct field *field; /* only this one; NULL: all */
    struct access *viewer;     /* who asks; NULL: one who may see the definition */
};
unsigned access_right_of(struct str name); /* enum right by its name in `can`; 0: none */
int access_explain(struct access *x, const struct explain *e, struct val *out,
                   struct err *err) ATTR_MUST;

#endif
