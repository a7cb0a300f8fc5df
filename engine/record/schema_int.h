/*
 * Shared by schema*.c only: the tables that a definition asks for, and values from one field type
 * to another.
 */
#ifndef RECORD_SCHEMA_INT_H
#define RECORD_SCHEMA_INT_H

#include "engine/org/ctx.h"
#include "engine/record/columns.h"
#include "engine/record/schema.h"

struct schema_column {
    struct ddl_column ddl;
    const struct field *field; /* NULL: a system column */
    enum {
        COLUMN_OWN,
        COLUMN_KEY,
        COLUMN_EQ,
        COLUMN_SHADOW
    } is; /* beside it: the folded text, the hash of
             equality */
};

struct schema_index {
    struct str name; /* says what it is: "u_phone__key", "i__owner", "l_region_status" */
    const struct str *columns;
    size_t ncolumns;
    bool unique;
    bool live;         /* of rows outside of the bin only */
    bool last_zh;      /* its last column in the order of lists */
    struct str zh, en; /* why it is there */
};

/* The table of a form or sub-table. */
struct schema_table {
    const struct form *form;
    struct ddl_table ddl; /* without its columns */
    VEC(struct schema_column) columns;
    VEC(struct schema_index) indexes;
};

void schema_table(struct arena *a, const struct form *f, struct schema_table *out);
/* The indexes alone (schema_index.c). */
void schema_indexes(struct arena *a, struct schema_table *t);
/* A field that an index may stand over, as views, rules and sorts use it. */
bool schema_worth_an_index(const struct field *f);
/* The name alone. */
struct ddl_table schema_name(const struct form *f);

/* What a column holds: type, scale, target. Two fields with the same text store alike. */
struct str schema_signature(struct arena *a, const struct field *f);
/* False when values must be converted. */
bool schema_same_store(const struct field *old, const struct field *new_);
/* The only difference is that the new one is encrypted: a job may seal it. */
bool schema_only_seals(const struct field *old, const struct field *new_);

/* One page of a column's values by _id, as the field reads them. */
#define SCHEMA_PAGE 500
struct schema_value {
    int64_t id;
    struct val v;
};
struct schema_read {
    struct conn *db;
    struct vault *vault;
    struct arena *a;
    const struct ddl_table *t;
    struct str column;
    const struct field *f;
};
/* Those behind `after`; blanks are left out. *n < SCHEMA_PAGE: the last one. */
int schema_page(const struct schema_read *r, int64_t after, struct schema_value *out, size_t *n,
                struct err *err) ATTR_MUST;

/* Of one row; blank when it has none, or is gone. */
int schema_value_of(const struct schema_read *r, int64_t id, struct schema_value *out,
                    struct err *err) ATTR_MUST;

/* A column made of another: read as `from` says, written as `to` keeps it. */
struct schema_copy {
    struct conn *db;
    struct vault *vault;
    struct arena *a; /* of a page of rows */
    const struct ddl_table *t;
    const struct form *old; /* the form before; NULL: none */
    struct str source, column;
    const struct field *from, *to;
    enum schema_how { COPY_CONVERT, COPY_FOLD, COPY_HASH } how;
};
/* The next page behind *after; *n < SCHEMA_PAGE: the last one. Blanks are left as they are. */
int schema_copy_page(const struct schema_copy *f, int64_t *after, size_t *n,
                     struct err *err) ATTR_MUST;
int schema_copy_row(const struct schema_copy *f, int64_t id, struct err *err) ATTR_MUST;

/* ---- stage.c: what was copied before a publish ---- */

/* The column that stands for `name` of the table already, complete: 1, 0 none, -1. */
int stage_column(struct ctx *c, const struct ddl_table *t, struct str name, struct str *stored_as,
                 struct err *err) ATTR_MUST;
/* The field of the version before that this one continues in the same table; NULL. */
const struct field *schema_old_field(const struct form *old, const struct field *f);

struct schema_cast {
    struct conn *db; /* for names of what is linked */
    struct arena *a;
    const struct field *from, *to;
};
/* The value in the new field's form; *fits false when it does not convert (*v is blank then). */
int schema_convert(const struct schema_cast *cast, struct val *v, bool *fits,
                   struct err *err) ATTR_MUST;

/* ---- schema_seal.c: fields that become encrypted, or are no more ---- */

struct vault_on;
/* Whose key seals the field of a row that is there; old: its form before (NULL: no rows). */
int schema_subject(const struct vault_on *s, const struct form *old, const struct field *f,
                   int64_t id, int64_t *subject, struct err *err) ATTR_MUST;
/* Where the retired columns of a key are. */
int schema_retired(struct ctx *c, const struct ddl_table *t, struct str key, struct str **names,
                   size_t *n, struct err *err) ATTR_MUST;

/* Entries of history follow a form whose fields changed their seal, or were renamed under it; *did
 * when there is such a field. */
int schema_seal_history(struct ctx *c, const struct form *old, const struct form *f, bool *did,
                        struct err *err) ATTR_MUST;

/* One page of them behind *last, after a job has sealed the form's columns; old: its form in clear.
 * *n: how many entries it was, 0 the end. */
int schema_seal_late(struct ctx *c, const struct form *old, const struct form *f, int64_t *last,
                     size_t *n, struct err *err) ATTR_MUST;

/* The form of the version before that this one continues, by its key or `was:`; NULL. */
struct form *schema_before(const struct app *old, const struct form *f);
/* Rows of system tables that name a form or sub-table follow its rename. old may be NULL. */
int schema_rename(struct ctx *c, const struct form *old, const struct form *f,
                  struct err *err) ATTR_MUST;
/* A sub-table by its key; NULL. */
struct form *schema_sub(const struct form *f, struct str key);

#endif
