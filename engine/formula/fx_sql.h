/*
 * Writes a compiled expression as SQL of SQLite or PostgreSQL that gives the same answer as
 * fx_eval.
 *
 * Stored forms: booleans 0/1, numbers REAL, numbers with a scale INTEGER * 10^scale, dates days,
 * times seconds, instants microseconds, links and members their id, blank NULL, multi-values a JSON
 * list. The writer scales: in a comparison of a scaled column with a constant the constant is
 * scaled, so that an index serves; elsewhere it divides.
 */
#ifndef FORMULA_FX_SQL_H
#define FORMULA_FX_SQL_H

#include "engine/formula/fx.h"
#include "engine/value/sql.h"

struct fx_sql_env {
    void *self;
    /* Appends the SQL of a reference as stored (no scaling): a column, a CASE for rights, a
     * sub-select for a path through links, or for a list: a sub-select that gives column v, one row
     * an item, without parentheses. 0, or -1 with err. */
    int (*column)(void *self, struct sql *q, const struct fx_ref *ref, struct err *err);
    /* A path through links compared with a value, where only truth counts: appends "link IN (SELECT
     * id of the linked rows WHERE … AND column", *open is how many parentheses the writer closes
     * after the comparison. The linked rows are found once, by their index, and not again for each
     * row. NULL: there is no such form, column() is used. */
    int (*reach)(void *self, struct sql *q, const struct fx_ref *ref, unsigned *open,
                 struct err *err);
    /* Which rows hold an item in a list of references: appends "id IN (SELECT rows whose item = ",
     * 1; the writer appends the item and a parenthesis. 0: there is no such way, column() is used.
     * NULL: never. */
    int (*holder)(void *self, struct sql *q, const struct fx_ref *ref, struct err *err);
    /* Appends a scalar sub-select (in parentheses) for LOOKUP…, for LISTOF one that gives column v.
     */
    int (*stored)(void *self, struct sql *q, const struct fx_call *call, struct err *err);
    /* The value of USER(), DEPTS(), SETTING("x") …, to be bound. Refs carry ids. */
    int (*context)(void *self, enum fx_context what, struct val arg, struct val *out,
                   struct err *err);
    /* Values of variables (ask.x) to be bound; NULL when the scope has none. */
    const struct val *vars;
    int64_t now_us;
    const struct zone *zone;
    const struct fx_calendar *calendar; /* NULL: Monday to Friday */
    /* The value to look for in an encrypted column (its blind index); NULL: the value itself. */
    int (*blind)(void *self, const struct fx_ref *ref, struct val v, struct val *out,
                 struct err *err);
    /* The value of a name of the row outside (this.x), to be compared with an encrypted column. */
    int (*outer)(void *self, const struct fx_ref *ref, struct val *out, struct err *err);
};

/*
 * What stored rows give: a plain scaled column of call->value comes as its integer, and so do sums,
 * minima and maxima of it (AVGOF: already divided); everything else as a double. fx_sql_value()
 * with `scale` says the same to the host that writes the sub-select.
 */

/* A condition for WHERE, CASE WHEN, AND, OR: true where the condition holds, else false or NULL (so
 * that an index can serve it). To negate it compile NOT (…); a NOT around this SQL is wrong. */
int fx_sql_cond(const struct fx *fx, struct sql *q, const struct fx_sql_env *env,
                struct err *err) ATTR_MUST;
/* A scalar; numbers come out unscaled as REAL unless scale is not NULL: then a plain column keeps
 * its stored integer and *scale says its scale (0 otherwise). */
int fx_sql_value(const struct fx *fx, struct sql *q, const struct fx_sql_env *env, uint8_t *scale,
                 struct err *err) ATTR_MUST;
/* A metric over rows, for SELECT … GROUP BY: SUM, COUNT, AVERAGE, MIN, MAX, COUNTD, arithmetic.
 * *scale as above (a SUM of a scaled column stays an exact integer). */
int fx_sql_metric(const struct fx *fx, struct sql *q, const struct fx_sql_env *env, uint8_t *scale,
                  struct err *err) ATTR_MUST;

#endif
