/*
 * Shared by the readers (query.c, plan.c, cursor.c, aggregate.c) only.
 *
 * A plan is what a SELECT gives for one form and one reader: the columns, beside them the
 * conditions of his grants as 0/1, and how each field of a row is shown. It is made once per query.
 */
#ifndef RECORD_QUERY_INT_H
#define RECORD_QUERY_INT_H

#include "engine/record/query.h"
#include "engine/record/record_int.h"

enum out_kind {
    OUT_PLAIN,
    OUT_ID,
    OUT_TITLE, /* the row's own */
    OUT_REF,   /* the live id, then the title if visible */
    OUT_REFS,  /* a list of them */
    OUT_TABLE,
    OUT_EVAL /* evaluated in C: no SQL form */
};

struct out_col {
    const struct field *f;
    enum out_kind kind;
    enum ref_kind person; /* OUT_REF of a member or department */
    int col;              /* first column in the statement */
    int clear;            /* column that says "inputs may be read"; -1: none */
    struct plan *expand;  /* OUT_REF: the linked row comes as an object */
    struct sql rows;      /* OUT_TABLE: its rows; argument 0 is the record. OUT_REFS: one title */
    struct out_col *sub;  /* OUT_TABLE */
    size_t nsub;
};

struct plan {
    struct ctx *c;
    struct access *x;
    const struct form *f;
    struct sql select; /* "SELECT a, b …" over t0, no FROM */
    int ncols;
    struct out_col *out;
    size_t nout;
    const struct agrant **bits; /* the grants whose conditions are columns */
    int bits_from;
    size_t nbits;
    uint64_t bits_seen; /* of the rights below */
    bool rights_set;
    uint8_t *rights; /* of the current row, by slot */
    size_t by_id;    /* index of the id's argument in `one` */
    struct sql one;  /* the whole query for one id; made when needed */
    enum rec_where where;
    bool no_masks; /* masked values come out blank */
};

/* fields: what to show besides _id _version _title; hidden ones must have been left out. */
int plan_make(struct ctx *c, const struct form *f, const struct field *const *fields, size_t n,
              struct plan **out, struct err *err) ATTR_MUST;
/* Every field the reader may ever see. In c->a. */
const struct field **plan_all(struct access *x, size_t *n);
/* Lets a link of the plan come as an object; 0 when it is no link of the plan. */
int plan_expand(struct plan *p, struct str key, struct err *err) ATTR_MUST;
int plan_json(struct plan *p, struct stmt *s, struct json *out, struct err *err) ATTR_MUST;
/* The members of a record's object, without the braces. */
int plan_json_members(struct plan *p, struct stmt *s, struct json *out, struct err *err) ATTR_MUST;
int plan_obj(struct plan *p, struct stmt *s, bool with_rows, struct val *out,
             struct err *err) ATTR_MUST;
/* Starts the query for one id; stmt_done() it. */
int plan_by_id(struct plan *p, int64_t id, struct stmt **out, struct err *err) ATTR_MUST;

/* ---- sort and cursor (cursor.c) ---- */

#define SORT_KEYS_MAX 8 /* and the id behind them */

struct sort_col {
    struct sql expr; /* over t0 */
    bool descending;
    bool nullable;
    bool id; /* the record's own id: nothing is left to order behind it */
    bool zh; /* in the order of lists (value/collate.h); the expression says so */
    enum col_kind kind;
};

struct sorting {
    struct access *x;
    struct sort_col *v;
    size_t n;
    struct str text; /* what is signed with the cursor */
};
/* "-amount,no"; empty: the view's, else the newest first. The last one is always _id. */
int sorting_make(struct access *x, struct str text, const struct view *view, struct sorting *out,
                 struct err *err) ATTR_MUST;
/* " ORDER BY …" over the expressions, or over p.k0 … of the inner query. */
void sorting_order(const struct sorting *s, struct sql *q);
void sorting_order_outer(const struct sorting *s, struct sql *q);
/* ", expr AS k0 …" */
void sorting_select(const struct sorting *s, struct sql *q);
/* What comes after these keys, as parts that exclude each other. */
enum after_how { AFTER_MORE, AFTER_LESS, AFTER_FILLED, AFTER_BLANK };
struct after_part {
    size_t key; /* the keys before it are the same, this one goes on */
    enum after_how how;
};
struct after {
    const struct val *keys;
    struct after_part parts[2 * (SORT_KEYS_MAX + 1)];
    size_t n;
};
void sorting_parts(const struct sorting *s, const struct val *keys, struct after *out);
/* " AND (part)" */
void sorting_part(const struct sorting *s, struct sql *q, const struct after *after, size_t part);
/* The signed text of a row's keys, which begin at column `from`; and back: 1, -1 (422 cursor). */
int cursor_text(const struct sorting *s, struct stmt *st, int from, struct str *out,
                struct err *err) ATTR_MUST;
int cursor_read(const struct sorting *s, struct str text, struct val **out,
                struct err *err) ATTR_MUST;

/* ---- search (search_query.c) ---- */

struct search;
/* NULL: nothing is searched for. */
int search_make(struct access *x, const struct query *q, struct search **out,
                struct err *err) ATTR_MUST;
/* An index gives the rows: search_from() stands before the form's table, t0. */
bool search_indexed(const struct search *s);
/* And it gives just the rows that the reader is to get, if there is no other condition. */
bool search_exact(const struct search *s);
/* " FROM <index> s", its ids ordered as said; the id; the condition on the index alone. */
void search_from(const struct search *s, struct sql *q, bool descending);
void search_id(const struct search *s, struct sql *q);
void search_driven(const struct search *s, struct sql *q);
/* " AND …" over t0 (and s). */
int search_where(const struct search *s, struct sql *q, struct err *err) ATTR_MUST;

/* " AND (filter) AND (view) …" over t0; searching is not in it. */
int query_where(struct access *x, const struct query *q, struct sql *sql,
                struct err *err) ATTR_MUST;
/* The form's access, or ERR_NOT_FOUND (no grant), ERR_DENIED (no read). */
int query_access(struct ctx *c, const struct form *f, bool bin, struct access **out,
                 struct err *err) ATTR_MUST;
/* Parts of a list at top-level commas, trimmed; quotes, () and [] are respected. */
struct str *split_commas(struct arena *a, struct str s, size_t *n);

#endif
