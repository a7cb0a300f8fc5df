/*
 * The one reader: lists, counts and aggregates over a form with the caller's rights. Nothing else
 * makes a SELECT over app tables for a reader.
 */
#ifndef RECORD_QUERY_H
#define RECORD_QUERY_H

#include "engine/org/ctx.h"
#include "engine/value/json.h"

#define QUERY_LIMIT_MAX     200
#define QUERY_LIMIT_DEFAULT 50
#define QUERY_COUNT_CAP     10001

enum query_count { COUNT_CAPPED, COUNT_NONE, COUNT_EXACT };

struct query {
    const struct form *form;
    struct str filter;       /* expression; empty: none */
    struct str sort;         /* "-amount,no" */
    struct str fields;       /* comma list; empty: all (or the view's columns when view is given) */
    struct str expand;       /* comma list of links */
    const struct view *view; /* its where and sort apply too */
    struct str search;
    uint32_t limit;   /* 0: default */
    struct str after; /* cursor of the page before */
    uint32_t page;    /* 1…, an alternative to after */
    enum query_count count;
    bool bin;           /* recycle bin */
    const int64_t *ids; /* only these; NULL: all */
    size_t nids;
    struct arena *rows; /* query_each: of one row's values, emptied before the next; NULL: c->a */
    bool with_rows;     /* sub-tables come along (query_each) */
    bool no_masks;      /* masked values are blank, for machines (query_each) */
};

/* {"records":[…],"next":…,"total":…,"total_is":…}. Errors: ERR_INVALID unknown_field, formula,
 * cursor. */
int query_list(struct ctx *c, const struct query *q, struct json *out, struct err *err) ATTR_MUST;

/* Calls fn for each record (system or reader's rights as c->who) with its values as VAL_OBJ; for
 * scripts and export. */
typedef int query_row_fn(void *arg, int64_t id, struct val obj, struct err *err);
int query_each(struct ctx *c, const struct query *q, query_row_fn *fn, void *arg,
               struct err *err) ATTR_MUST;
/* SUM of a field over the rows that match, for scripts; blank when there is none. */
int query_sum(struct ctx *c, const struct form *form, struct str field, struct str filter,
              struct val *out, struct err *err) ATTR_MUST;
int query_count(struct ctx *c, const struct query *q, int64_t *n, struct err *err) ATTR_MUST;

/* The engine's own: ids of live records (no drafts), all of them, in order. */
struct query_pick {
    const struct form *form;
    const struct fx *where;  /* of a definition; NULL: all */
    const struct rec *this_; /* whose names this.x are; may be NULL */
    const struct field *due; /* a date or instant; only from `due_from` (excluded) to `due_to` */
    struct val due_from, due_to;
    const struct field *same; /* only where this field has this value; not an encrypted one */
    struct val same_value;
    int64_t after; /* ids above this one */
    uint32_t limit;
};
int query_ids(struct ctx *c, const struct query_pick *p, int64_t *ids, size_t *n,
              struct err *err) ATTR_MUST;
/* How many there are, whatever the limit. */
int query_ids_count(struct ctx *c, const struct query_pick *p, int64_t *n,
                    struct err *err) ATTR_MUST;

struct aggregate {
    const struct form *form;
    struct str group;   /* comma list of expressions, top-level commas */
    struct str metrics; /* the same */
    struct str filter;
    struct str sort; /* "-SUM(amount)" or a group */
    uint32_t limit;  /* default 1000, at most 10000 */
    const struct view *view;
    /* compiled ones of a dashboard widget instead of texts (definition rights do not apply: the
     * viewer's do) */
    struct fx *const *group_fx;
    size_t ngroup_fx;
    struct fx *const *metric_fx;
    size_t nmetric_fx;
    struct fx *filter_fx;
    const struct str *metric_keys;
};
/* {"rows":[{…}]} keyed by the expressions' texts. */
int query_aggregate(struct ctx *c, const struct aggregate *g, struct json *out,
                    struct err *err) ATTR_MUST;

#endif
