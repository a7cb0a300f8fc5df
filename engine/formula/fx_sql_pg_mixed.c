/*
 * PostgreSQL: comparing two values that are not of one type. A reference beside a text is its id
 * as text, a date beside a datetime its midnight; everything of one type is elsewhere.
 */
#include "engine/formula/fx_sql_int.h"

static bool is_id(struct fx_type t)
{
    return t.base == FX_LINK || t.base == FX_MEMBER || t.base == FX_DEPT;
}

static bool is_day(struct fx_type t)
{
    return t.base == FX_DATE || t.base == FX_DATETIME;
}

/* What is to be written around a value of x to compare it with one of y; false: nothing fits. */
static bool around(struct fx_type x, struct fx_type y, struct str *before, bool *zone)
{
    *before = STR_NONE;
    *zone = false;
    if (x.base == y.base || (is_id(y) && x.base == FX_TEXT) ||
        (x.base == FX_DATETIME && y.base == FX_DATE)) {
        return true;
    }
    *zone = is_day(x) && is_day(y);
    *before = *zone ? STR("fx_midnight(") : STR("fx_idtext(");
    return *zone || (is_id(x) && y.base == FX_TEXT);
}

static void close_around(struct writer *w, struct str before, bool zone)
{
    if (zone) {
        sql_lit(w->q, ", ");
        fxs_pg_zone(w);
    }
    if (before.n) {
        sql_lit(w->q, ")");
    }
}

static int one(struct writer *w, const struct node *x, struct fx_type other)
{
    struct str before;
    bool zone;
    if (!around(x->type, other, &before, &zone)) {
        return fxs_no_sql(w, x, "=");
    }
    sql_lit_(w->q, before);
    int rc = fxs_pg_scalar(w, x);
    close_around(w, before, zone);
    return rc;
}

int fxs_pg_same(struct writer *w, const struct node *n)
{
    sql_lit(w->q, "((");
    if (one(w, n->args[0], n->args[1]->type) != 0) {
        return -1;
    }
    if (n->op == OP_EQ) {
        sql_lit(w->q, " IS NOT DISTINCT FROM ");
    } else {
        sql_lit(w->q, " IS DISTINCT FROM ");
    }
    int rc = one(w, n->args[1], n->args[0]->type);
    sql_lit(w->q, ")::int)");
    return rc;
}

/* The items of the list as x is written. */
static int items(struct writer *w, const struct node *list, struct fx_type x)
{
    struct str before;
    bool zone;
    if (!around(list->type, x, &before, &zone)) {
        return fxs_no_sql(w, list, "IN");
    }
    if (!before.n) {
        return fxs_pg_list(w, list);
    }
    sql_lit(w->q, "ARRAY(SELECT ");
    sql_lit_(w->q, before);
    sql_lit(w->q, "i");
    close_around(w, before, zone);
    sql_lit(w->q, " FROM unnest(");
    int rc = fxs_pg_list(w, list);
    sql_lit(w->q, ") i)");
    return rc;
}

/* x IN list, list CONTAINS x; blank is in no list. */
int fxs_pg_in(struct writer *w, const struct node *n)
{
    const struct node *x = n->args[n->op == OP_IN ? 0 : 1];
    const struct node *list = n->args[n->op == OP_IN ? 1 : 0];
    sql_lit(w->q, "(CASE WHEN ");
    if (x->type.base == FX_BLANK || list->type.base == FX_BLANK) {
        sql_lit(w->q, "FALSE");
    } else {
        if (one(w, x, list->type) != 0) {
            return -1;
        }
        sql_lit(w->q, " = ANY (");
        if (items(w, list, x->type) != 0) {
            return -1;
        }
        sql_lit(w->q, ")");
    }
    sql_lit(w->q, " THEN 1 ELSE 0 END)");
    return 0;
}

/* A text as criterion: read as the items are, by what the letter says; ids have no order. */
static int matching_text(struct writer *w, const struct node *list, const struct node *by)
{
    struct fx_type item = list->type;
    item.list = false;
    char letter = fxs_letter(item);
    bool ids = is_id(item);
    if (ids) {
        sql_lit(w->q, "fx_matchids(");
    } else {
        sql_lit(w->q, "fx_matching(");
    }
    if ((ids ? items(w, list, by->type) : fxs_pg_list(w, list)) != 0) {
        return -1;
    }
    sql_lit(w->q, ", ");
    if (fxs_pg_scalar(w, by) != 0) {
        return -1;
    }
    if (!ids) {
        sql_lit(w->q, ", '");
        sql_lit_(w->q, (struct str){&letter, 1});
        sql_lit(w->q, "', ");
        fxs_pg_zone(w);
    }
    sql_lit(w->q, ")");
    return 0;
}

int fxs_pg_matching(struct writer *w, const struct node *n)
{
    const struct node *list = n->args[0];
    const struct node *by = n->args[1];
    bool blank = by->type.base == FX_BLANK;
    bool none = list->type.base == FX_BLANK;
    bool plain = none || list->type.base == FX_TEXT || list->type.base == FX_NUM;
    if (by->type.base == FX_TEXT && !plain) {
        return matching_text(w, list, by);
    }
    bool same = none || blank || by->type.base == FX_TEXT; /* a number list reads the text */
    sql_lit(w->q, "fx_matching((");
    if ((same ? fxs_pg_list(w, list) : items(w, list, by->type)) != 0) {
        return -1;
    }
    struct fx_type of = none ? by->type : list->type;
    sql_lit(w->q, ")::");
    sql_lit_(w->q, fxs_pg_type(of));
    sql_lit(w->q, "[], ");
    if (blank) {
        sql_lit(w->q, "NULL::");
        sql_lit_(w->q, fxs_pg_type(of));
    } else if ((same ? fxs_pg_scalar(w, by) : one(w, by, list->type)) != 0) {
        return -1;
    }
    sql_lit(w->q, ")");
    return 0;
}
