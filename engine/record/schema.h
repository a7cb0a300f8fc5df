/*
 * Tables of an app: what a new version would do to them (plan) and doing it (apply).
 *
 * A form is the table <app>__<form>, a sub-table <app>__<form>__<field>. Removed fields and forms
 * are retired (recorded in _retired, the column stays) and restored when their key comes back; a
 * rename
 * (`was:`) renames the column; a changed type makes a new column and converts row by row.
 */
#ifndef RECORD_SCHEMA_H
#define RECORD_SCHEMA_H

#include "engine/meta/diff.h"
#include "engine/org/ctx.h"

/* Fills change.rows with counts from the store and adds changes only data can show (duplicates
 * under a new unique, rows that would not convert, blanks under a new required). c->db may be
 * a reader. */
int schema_plan(struct ctx *c, const struct app *old, const struct app *new_, struct changes *ch,
                struct err *err) ATTR_MUST;

/* Inside a write job. old NULL: first publish. Back-fills new computed columns. */
int schema_apply(struct ctx *c, const struct app *old, struct app *new_, const struct changes *ch,
                 struct err *err) ATTR_MUST;

/* Makes one index that the running version asks for and a publish left for later, as a write job of
 * its own: 1 there may be more, 0 all are there, -1. Also brings a database of an older program up
 * to what this one derives from the same definition. */
int schema_index_step(struct ctx *c, const struct app *app, struct err *err) ATTR_MUST;
/* The same where the database makes an index while others write (PostgreSQL): outside of any write
 * job, on a connection of its own. */
int schema_index_aside(struct ctx *c, const struct app *app, struct err *err) ATTR_MUST;

/* ---- versions: the text of each publish ---- */

/* Inside a write job. *n: the new number (1, 2, …). Makes it the running one. */
int version_store(struct ctx *c, const struct app_source *src, struct str hash, struct str note,
                  int64_t *n, struct err *err) ATTR_MUST;
/* 1 *n set, 0 never published, -1. */
int version_running(struct conn *db, struct arena *a, struct str app, int64_t *n,
                    struct err *err) ATTR_MUST;
/* 1, 0 no such version, -1. */
int version_load(struct conn *db, struct arena *a, struct str app, int64_t n,
                 struct app_source *out, struct err *err) ATTR_MUST;
/* Keys of all apps that were ever published. */
int version_apps(struct conn *db, struct arena *a, struct str **keys, size_t *n,
                 struct err *err) ATTR_MUST;

struct version {
    int64_t n;
    int64_t at_us;
    struct str by; /* name of the member, or empty */
    struct str note;
    struct str hash;
};
int version_list(struct conn *db, struct arena *a, struct str app, struct version **out, size_t *n,
                 struct err *err) ATTR_MUST;

/* Whether lists order it as people do (value/collate.h), not by code points: free text. */
bool schema_ordered_zh(const struct field *f);

#endif
