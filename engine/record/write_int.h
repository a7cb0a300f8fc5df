/*
 * Shared by the files of the write path only: one write on its way through the steps of record.c.
 */
#ifndef RECORD_WRITE_INT_H
#define RECORD_WRITE_INT_H

#include "engine/record/compute.h"
#include "engine/record/history.h"
#include "engine/record/record_int.h"

#define SUB_ROWS_MAX 1000
#define CASCADE_MAX  16 /* recomputation and on_delete from row to row */

struct wr {
    struct ctx *c;
    const struct rec_write *w;
    const struct form *f;
    struct access *x;
    struct rec rec; /* as it will be */
    struct rec old; /* as stored; not on create */
    bool has_old;
    bool by_user;         /* the caller's own right decides on fields and ensure */
    bool draft;           /* stays, or becomes, a draft */
    unsigned right;       /* enum right that is used */
    uint64_t held;        /* the grants that give it on this row */
    uint64_t seen;        /* those that give read on it */
    uint8_t *rights;      /* on fields, by slot */
    bool *given;          /* by slot: the body names it */
    bool *hidden;         /* by slot: `visible` is false */
    struct val *computed; /* by slot: what the body says of computed fields; VAL_ABSENT: nothing */
    bool transfers;       /* a person hands the row to another owner or department */
    bool hook_ran;        /* an after_* that may have written the row again */
    bool nothing;         /* the row is as it was: no step is left to do */
    bool chosen;          /* links.c: the value at hand came with the body of a person */
    struct diags *diags;
    size_t errors; /* in diags before this write */
};

static inline bool wr_ok(const struct wr *w)
{
    return w->diags->errors == w->errors;
}
/* -1 with the status that the entries decide. */
int wr_fail(struct wr *w, struct err *err);

/* ---- decode.c: the body into w->rec ---- */
int wr_decode(struct wr *w, struct err *err) ATTR_MUST;
/* Copies `fill` values of links that were chosen. */
int wr_fill(struct wr *w, struct err *err) ATTR_MUST;
/* enum: which defaults */
enum defaults { DEFAULT_LITERALS, DEFAULT_ALL };
int wr_defaults(struct wr *w, enum defaults which, struct err *err) ATTR_MUST;
struct val fxval_value(const struct field *f, struct arena *a, struct val v, struct diags *diags,
                       struct str path);

/* ---- links.c: what refs point to ---- */
int wr_links(struct wr *w, struct err *err) ATTR_MUST;

/* ---- files.c ---- */
int wr_files(struct wr *w, struct err *err) ATTR_MUST;
int wr_claim_files(struct wr *w, struct err *err) ATTR_MUST;
/* The files that a stored record names are sealed for the persons of its fields. */
int files_follow(struct ctx *c, const struct rec *r, struct err *err) ATTR_MUST;

/* ---- validate.c ---- */
int wr_visible(struct wr *w, bool *changed, struct err *err) ATTR_MUST;
int wr_validate(struct wr *w, struct err *err) ATTR_MUST;
int wr_transitions(struct wr *w, struct err *err) ATTR_MUST;

/* ---- append.c ---- */
/* Rows that are only added: 403 when one is changed or missing, for everybody. */
void wr_append_only(struct wr *w);
/* Adds the row that a change of the logged field asks for. */
int wr_log(struct wr *w, struct err *err) ATTR_MUST;

/* ---- compute.c ---- */
int compute_row(struct ctx *c, struct rec *r, const struct rec *old, struct err *err) ATTR_MUST;
int compute_field(struct ctx *c, struct rec *r, const struct rec *parent, const struct rec *old,
                  const struct field *f, struct err *err) ATTR_MUST;
int compute_rollup(struct ctx *c, struct rec *r, const struct field *f, struct err *err) ATTR_MUST;
/* How many of the rows below have a value in the column, and their sum in its units. */
struct rollup_sum {
    int64_t n, total;
};
int rollup_totals(struct ctx *c, const struct field *f, const struct field *of, int64_t id,
                  struct rollup_sum *out, struct err *err) ATTR_MUST;
/* dependents.c. After a stored change: recomputes the rows of other forms that read this one. */
int compute_dependents(struct ctx *c, enum rec_op op, const struct rec *now, const struct rec *old,
                       struct err *err) ATTR_MUST;
/* The same for the title alone. */
int compute_title_dependents(struct ctx *c, const struct rec *now, const struct rec *old,
                             struct err *err) ATTR_MUST;
/* A value as the field stores it: scaled, blank when it does not fit. */
struct val compute_fit(const struct field *f, struct arena *a, struct val v);

/* ---- serial.c, title.c ---- */
int serial_take(struct ctx *c, struct rec *r, struct err *err) ATTR_MUST;
int title_compute(struct ctx *c, const struct rec *r, struct str *out, struct err *err) ATTR_MUST;
/* The field whose text is the title when the form says nothing. */
const struct field *title_field(const struct form *f);

/* ---- rows.c: INSERT, UPDATE of the row and its sub-rows ---- */
int rows_insert(struct ctx *c, struct rec *r, struct err *err) ATTR_MUST;
/* Only what differs; the row's version is counted up in r. */
int rows_update(struct ctx *c, struct rec *r, const struct rec *old, struct err *err) ATTR_MUST;
/* The columns of one row that differ, without version and sub-rows. */
int rows_set(struct ctx *c, const struct rec *r, const struct rec *old, bool *changed,
             struct err *err) ATTR_MUST;
/* Seals what waits beside the columns of fields that are being sealed, of sub-rows too. */
int rows_shadow(struct ctx *c, const struct rec *r, struct err *err) ATTR_MUST;
/* Whether anything but version, time and author of the change is another than before. */
bool rows_differ(const struct rec *r, const struct rec *old);
/* A unique violation as a problem of its field; passes other errors on. */
int rows_duplicate(struct wr *w, struct err *err);

/* ---- bin.c ---- */
/* SELECT of live records (at most 1000) whose link field, or one of whose sub-rows, names `id`. */
void links_to_sql(struct ctx *c, const struct field *link, int64_t id, struct sql *q);
int wr_delete(struct wr *w, struct err *err) ATTR_MUST;
int wr_restore(struct wr *w, struct err *err) ATTR_MUST;

/* ---- access_row.c ---- */
int access_row_held(struct access *x, const struct rec *row, unsigned right, uint64_t *held,
                    struct err *err) ATTR_MUST;
void access_held_fields(const struct access *x, uint64_t held, uint8_t *fields);
uint8_t access_held_sub(const struct access *x, uint64_t held, const struct field *table,
                        const struct field *f);

/* ---- conflict.c: fields that somebody else changed ---- */
int wr_version(struct wr *w, struct err *err) ATTR_MUST;
int wr_conflicts(struct wr *w, struct err *err) ATTR_MUST;

/* Runs a button's set and run; see record.h. */
int not_found(struct err *err);
int denied(struct err *err);

#endif
