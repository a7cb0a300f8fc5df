/*
 * Shared by the files of record/ only: what a request remembers, rows as environments of
 * expressions, and the pieces of the access, read and write paths that the other files use.
 */
#ifndef RECORD_INT_H
#define RECORD_INT_H

#include "engine/record/access.h"
#include "engine/record/compute.h"
#include "engine/record/eval.h"
#include "engine/record/hooks.h"
#include "engine/record/record.h"

#include "engine/meta/fieldtype.h"
#include "engine/value/num.h"

#define RCACHE_ROWS  64
#define RCACHE_NAMES 64
#define ENV_DEPTH    16 /* computed fields inside computed fields, links inside links */

/* ---- what a request remembers (c->records) ---- */

enum ref_kind { REF_NONE, REF_ROW, REF_MEMBER, REF_DEPT };

/* The name of a member or a department: of anybody, or as the reader may see it. */
struct rcache_name {
    int64_t id;
    enum ref_kind kind;
    bool reader;
    bool there;
    struct str text;
};

struct rcache {
    const struct ctx *owner;
    struct arena *a; /* of the accesses; rows live on c->a */
    const struct conn *db;
    VEC(struct access *) accesses;
    const struct rec *rows[RCACHE_ROWS];
    struct rcache_name names[RCACHE_NAMES];
    size_t names_read;
    struct str *dept_names; /* of the caller's departments */
    int64_t dept_names_of;
    const struct button *button; /* that writes now, for history; NULL: none */
    const struct rec *me;        /* the caller as a member, for USER.x; as me_as has it */
    const struct form *me_as;
    int64_t me_of;
    int cascade; /* depth of recomputation and of on_delete */
    bool bulk;   /* a write job of many rows: what cannot change in it is asked for once */
    const struct form *search_of; /* then: the form whose search index holds rows up to … */
    int64_t search_upto;
    int search_has;
};
struct rcache *rcache_of(struct ctx *c);
/* From now on many rows are written in one write job, all on c->a. */
void rcache_bulk(struct ctx *c);
/* Drops remembered rows: something was written, or taken back. */
void rcache_forget(struct ctx *c);
/* And names: a member or a department was. */
void rcache_forget_names(struct ctx *c);
/* The name of a member or department (REF_MEMBER, REF_DEPT): of anybody; as the reader may see it.
 * Asked of the database once a request. 1, 0 none, -1; in c->a or longer. */
int person_name(struct ctx *c, enum ref_kind kind, int64_t id, struct str *out,
                struct err *err) ATTR_MUST;
int person_shown(struct ctx *c, enum ref_kind kind, int64_t id, struct str *out,
                 struct err *err) ATTR_MUST;
/* A live row without sub-rows, for walking links: 1, 0, -1. Borrowed until the next write. */
int rcache_row(struct ctx *c, const struct form *f, int64_t id, const struct rec **out,
               struct err *err);

/* ---- rows as environments (env.c) ---- */

struct row_env {
    struct fx_env fx; /* fx.self is this */
    struct ctx *c;
    const struct rec *row, *parent, *old, *that, *target, *this_;
    int depth;
    bool request;   /* linked and stored rows only as the caller may read them */
    bool no_sealed; /* encrypted fields are blank: what is made of them is stored in clear */
};
/* Everything but row is NULL; set what the scope has. err gets the errors of callbacks. */
void row_env_init(struct row_env *e, struct ctx *c, const struct rec *row, struct err *err);
/* Encrypted fields read blank in it: what comes out is stored in clear. */
void row_env_unsealed(struct row_env *e);
/* -1 when a callback failed (err set) or the step limit was hit. */
int row_env_end(struct row_env *e, struct err *err);
/* USER(), DEPTS(), SETTING() … of the caller. */
int context_value(struct ctx *c, const struct app *app, enum fx_context what, struct val arg,
                  struct val *out, struct err *err) ATTR_MUST;
/* A field's value, computed when it is not stored. */
int rec_value(struct row_env *e, const struct rec *r, const struct field *f, struct val *out);
/* The caller's own row with the fields of `as`; *out NULL: nobody, or no row. */
int me_row(struct ctx *c, const struct form *as, const struct rec **out, struct err *err) ATTR_MUST;
/* A value of a fx_env.get: also used to bind names of outer rows in SQL. */
int row_env_get(struct row_env *e, const struct fx_ref *ref, struct val *out);
/* Text of a column, STR_NONE for NULL: the title of what one may not see. */
struct str column_text(struct ctx *c, struct stmt *s, int col);
/* SQL column back to a value, by the type of the expression that made it. */
struct val column_val(struct ctx *c, struct stmt *s, int col, struct fx_type type, uint8_t scale);

/* ---- SQL environments (sql_env.c) ---- */

/* A path of names from the row of f that an alias stands for. */
struct path_at {
    const struct form *f;
    unsigned alias;
    const struct fx_field *path;
    uint32_t n;
};

struct sql_env {
    struct fx_sql_env fx; /* fx.self is this */
    struct ctx *c;
    const struct form *form; /* bare names */
    unsigned alias;
    const struct form *this_form; /* this.x as SQL of an outer row; NULL: bound */
    unsigned this_alias;
    unsigned top;         /* the highest alias in scope */
    bool request;         /* sees what the reader may see */
    struct row_env *bind; /* other roots are evaluated here and bound */
};
void sql_env_init(struct sql_env *e, struct ctx *c, const struct form *f, unsigned alias);
/* The table of a form or sub-table, quoted. */
void sql_form(struct sql *q, const struct form *f);
/* A field's column over an alias, without rights. */
int sql_field(struct sql_env *e, struct sql *q, const struct form *f, unsigned alias,
              const struct field *field, struct err *err) ATTR_MUST;
/* (SELECT …) of a rollup for the row that `alias` stands for. *scale of the result. */
int sql_rollup(struct sql_env *e, struct sql *q, unsigned alias, const struct field *f,
               uint8_t *scale, struct err *err) ATTR_MUST;
/* A rollup of one row, asked now. */
int rollup_value(struct ctx *c, const struct rec *r, const struct field *f, struct val *out,
                 struct err *err) ATTR_MUST;
/* Records whose rows count in a rollup of r, those that weigh most first. */
#define ROLLUP_IDS 40
struct rollup_list {
    const struct field *by; /* a column to order by; NULL: the newest first */
    bool least;             /* the smallest first */
    int64_t ids[ROLLUP_IDS];
    size_t n;
};
int rollup_ids(struct ctx *c, const struct rec *r, const struct field *f, struct rollup_list *out,
               struct err *err) ATTR_MUST;
/* SELECT … of a stored-row function, no parentheses. *scale of the result. */
int sql_stored(struct sql_env *e, struct sql *q, const struct fx_call *call, uint8_t *scale,
               struct err *err) ATTR_MUST;

/* ---- access (access*.c) ---- */

struct agrant {
    const struct grant *def; /* NULL: by a task of node, or by a share */
    struct str node;
    struct str share_can, share_fields; /* of shares like this one, as stored; empty: none */
    unsigned can;
    struct fx *where, *ensure; /* NULL: every row */
    const uint8_t *fields;     /* by slot */
    const uint8_t *const *sub_fields;
};

/* A computed field that shows what a linked row holds is shown only where that may be read: path[0]
 * is a link of the record, or of the sub-rows in `table`; the rest is the way from its target. */
struct needs {
    const struct field *table;
    const struct fx_field *path;
    uint32_t n;
};

struct access {
    struct ctx *c;
    const struct form *f;
    const struct principal *who;
    bool system;
    struct agrant *g;
    size_t n;
    unsigned rights;
    uint8_t *best;             /* by slot: over all grants */
    uint8_t *best_read;        /* over those that give read */
    bool by_task;              /* the form has a flow: rights may come and go with its tasks */
    bool ready;                /* built to the end: access_of() may meet itself on the way */
    struct needs **needs;      /* by slot: NULL or a list ended by n == 0; NULL: none at all */
    struct needs ***sub_needs; /* by the table's slot, then the column's */
};
/* One way to a row: a grant, or what stands between the ORs of its condition. */
struct access_branch {
    const struct agrant *g; /* NULL: of a task, or without a condition */
    const struct fx *cond;
};
/* The ways that give `right`, when each starts at an index and there are 2 to `max`; else 0. */
size_t access_branches(struct access *x, unsigned right, struct access_branch *out, size_t max);
/* As access_rows_in() for live rows, by one of the ways only. */
int access_rows_by(struct access *x, struct sql *q, unsigned alias,
                   const struct access_branch *branch, struct err *err) ATTR_MUST;
/* " AND not by this way" behind a condition on rows. */
int access_not_by(struct access *x, struct sql *q, unsigned alias,
                  const struct access_branch *branch, struct err *err) ATTR_MUST;
/* Where rows of a SELECT may live. */
int access_rows_in(struct access *x, struct sql *q, unsigned alias, unsigned right,
                   enum rec_where where, struct err *err) ATTR_MUST;
/* The row is visible: for one of the rights, for the button (NULL: none), or as his own draft. */
struct rec_seen {
    unsigned rights;
    const struct button *button;
};
int access_seen(struct access *x, struct sql *q, unsigned alias, const struct rec_seen *seen,
                struct err *err) ATTR_MUST;
/* record_load() of a row that is visible so; an invisible one takes the same statement as one that
 * is not there. What exactly may be done with it is asked of the loaded row. */
int record_load_seen(struct access *x, const struct rec_key *key, const struct rec_seen *seen,
                     struct rec *out, struct err *err) ATTR_MUST;
/* Condition of one grant; "1" when it has none. */
int access_grant_cond(struct access *x, struct sql *q, unsigned alias, const struct agrant *g,
                      struct err *err) ATTR_MUST;
#define SHARE_GRANTS 16 /* kinds of shares of one member on one form that count */
/* Appends the shares of the caller to x->g; `allowed`: what his scopes leave. (share.c) */
int share_grants(struct access *x, unsigned allowed, struct err *err) ATTR_MUST;
void share_cond(struct access *x, struct sql *q, unsigned alias, const struct agrant *g);
/* Where a row's right on a field is at least `least`, among rows visible for read. */
enum show { SHOW_NEVER, SHOW_SOME, SHOW_ALWAYS };
enum show access_show(const struct access *x, const struct field *f, enum field_right least);
int access_show_cond(struct access *x, struct sql *q, unsigned alias, const struct field *f,
                     enum field_right least, struct err *err) ATTR_MUST;
/* The same for a column of a sub-table; alias is the parent's. */
enum show access_sub_show(const struct access *x, const struct field *table, const struct field *f,
                          enum field_right least);
/* Narrows a grant's field rights to the inputs of computed fields; given: by slot.
 * (access_inputs.c) */
void access_narrow(struct access *x, struct agrant *g, const uint8_t *given);
/* Fills needs, hides computed fields whose inputs no grant ever shows. */
int access_inputs(struct access *x, struct err *err) ATTR_MUST;
/* Appends " AND …" for each need of a column over the alias of its sub-row. */
int access_sub_needs(struct access *x, struct sql *q, unsigned alias, const struct field *table,
                     const struct field *f, struct err *err) ATTR_MUST;
int access_sub_cond(struct access *x, struct sql *q, unsigned alias, const struct field *f,
                    enum field_right least, struct err *err) ATTR_MUST;
bool agrant_button(const struct agrant *g, const struct button *b);
uint8_t agrant_sub_right(const struct agrant *g, const struct field *table, const struct field *f);
/* True when the reader sees every row and field of the form in clear. */
bool access_full(const struct access *x, unsigned right);
/* Appends the title as the reader may see it, over alias. */
int access_title(struct access *x, struct sql *q, unsigned alias, struct err *err) ATTR_MUST;
/* The stored title is what the reader sees: nothing it is made of is ever hidden from him. */
bool access_title_whole(struct access *x);
/* The same in C, for titles without an SQL form: 1, 0, -1. */
int title_for_reader(struct access *x, int64_t id, struct str *out, struct err *err) ATTR_MUST;
bool title_needs_c(const struct form *f);
/* It is made of encrypted fields too: _title holds only the rest of it. */
bool title_is_sealed(const struct form *f);
/* 1 when the loaded row is visible for `right` (restrict included), 0, -1. */
int access_row(struct access *x, const struct rec *row, unsigned right, struct err *err) ATTR_MUST;
int access_row_button(struct access *x, const struct rec *row, const struct button *b,
                      struct err *err) ATTR_MUST;
/* 1 when the grant's `where` holds on the row (or its task is there), 0, -1. */
int access_grant_holds(struct access *x, const struct agrant *g, const struct rec *row,
                       struct err *err) ATTR_MUST;
/* 1 when restrict lets the row be, 0, -1. */
int access_restrict(struct ctx *c, const struct rec *row, struct err *err) ATTR_MUST;
bool access_may_name(struct ctx *c, const struct form *f, const struct field *field);
/* What a request's expression may name, and what a designer's may; with titles. */
struct fx_schema access_schema(struct ctx *c, struct app *app),
    access_design_schema(struct ctx *c, struct app *app);
/* Compiles a request's expression over f: NULL with err set (formula or unknown_field). */
struct fx *access_compile(struct ctx *c, const struct form *f, struct str text, enum fx_place place,
                          struct str what, struct err *err);

/* ---- stored rows (load.c) ---- */

/* A new row of absent values. */
void rec_init(struct arena *a, const struct form *f, struct rec *out);
/* Sub-rows of one table field into rec->rows. */
int rec_load_rows(struct ctx *c, struct rec *rec, const struct field *table,
                  struct err *err) ATTR_MUST;
int rec_load_flat(struct ctx *c, const struct form *f, int64_t id, enum rec_where where,
                  struct rec *out, struct err *err) ATTR_MUST;
/* What a field's refs point to. */
enum ref_kind ref_kind_of(const struct field *f);
/* The form a link points to, a lookup of a link too; NULL: none. */
const struct form *ref_target(const struct field *f);
/* The name or title of what a ref of this field points to, without rights: 1, 0 gone, -1. */
int ref_title(struct ctx *c, const struct field *f, int64_t id, struct str *out,
              struct err *err) ATTR_MUST;
struct rec rec_copy(struct arena *a, const struct rec *r);
bool rec_same_rows(const struct rec *x, const struct rec *y, const struct field *table);
static inline const struct field *rec_field_at(const struct form *f, size_t slot)
{
    return slot < f->nfields ? f->fields[slot] : f->sys[slot - f->nfields];
}
static inline struct val *rec_sys(const struct rec *r, enum sys_field which)
{
    return &r->v[r->form->nfields + which];
}

#endif
