/*
 * Serial numbers: taken in the write transaction, so a refused write leaves no gap. The pattern
 * holds {YYYY} {YY} {MM} {DD} and one run of zeros in braces, as long as the number is at least.
 */
#include "engine/record/write_int.h"

/* The period a number counts in. */
static struct str period_of(struct ctx *c, const struct field *f, const struct civil *now)
{
    if (str_eqz(f->reset, "year"))
        return str_fmt(c->a, "%04d", now->year);
    if (str_eqz(f->reset, "month"))
        return str_fmt(c->a, "%04d-%02d", now->year, now->month);
    if (str_eqz(f->reset, "day"))
        return str_fmt(c->a, "%04d-%02d-%02d", now->year, now->month, now->day);
    return STR("all");
}

static int next_number(struct ctx *c, const struct field *f, struct str period, int64_t *out,
                       struct err *err)
{
    const struct form *form = f->form;
    struct sql q;
    ctx_sql(c, &q);
    sql_lit(&q, "INSERT INTO _serial (app, form, field, period, last) VALUES (");
    sql_bind_str(&q, form->app->key);
    sql_lit(&q, ", ");
    sql_bind_str(&q, form->key);
    sql_lit(&q, ", ");
    sql_bind_str(&q, f->key);
    sql_lit(&q, ", ");
    sql_bind_str(&q, period);
    sql_lit(&q, ", 1) ON CONFLICT (app, form, field, period) DO UPDATE SET last = _serial.last + 1"
                " RETURNING last");
    int got = store_get_int(c->db, c->a, &q, out, err);
    return got == 1 ? 0
           : got < 0
               ? -1
               : err_set(err, ERR_STORE, "store", "取编号失败。", "No number could be taken.");
}

static struct str fill_pattern(struct ctx *c, struct str pattern, const struct civil *now,
                               int64_t n)
{
    struct strb b;
    bool numbered = false;
    strb_init(&b, c->a);
    while (pattern.n) {
        struct str head;
        struct str rest = str_cut(pattern, '{', &head);
        strb_add(&b, head);
        if (head.n == pattern.n)
            break;
        struct str token;
        pattern = str_cut(rest, '}', &token);
        if (str_eqz(token, "YYYY"))
            strb_addf(&b, "%04d", now->year);
        else if (str_eqz(token, "YY"))
            strb_addf(&b, "%02d", now->year % 100);
        else if (str_eqz(token, "MM"))
            strb_addf(&b, "%02d", now->month);
        else if (str_eqz(token, "DD"))
            strb_addf(&b, "%02d", now->day);
        else {
            strb_addf(&b, "%0*lld", (int)MIN(token.n, (size_t)18), (long long)n);
            numbered = true;
        }
    }
    if (!numbered)
        strb_addf(&b, "%lld", (long long)n);
    return strb_str(&b);
}

int serial_take(struct ctx *c, struct rec *r, struct err *err)
{
    const struct form *f = r->form;
    for (size_t i = 0; i < f->nfields; i++) {
        const struct field *field = f->fields[i];
        struct civil now;
        int64_t n;
        if (!(field->type->flags & FT_SERIAL) || !val_is_blank(r->v[i]))
            continue;
        civil_of_us(c->now_us, &f->app->zone, &now);
        if (next_number(c, field, period_of(c, field, &now), &n, err))
            return -1;
        r->v[i] = val_text(fill_pattern(c, field->pattern, &now, n));
    }
    return 0;
}
