/*
 * ?as_of= of a request: an instant, or a date in the app's zone, which means its end.
 */
#include "engine/record/asof.h"
#include "runtime/api_record.h"

#define AS_OF_US (30 * US_PER_S) /* putting back 100,000 rows takes longer than a list may */

static bool parse(const struct form *f, struct str text, int64_t *us)
{
    int64_t days;
    struct civil next;
    if (!civil_parse_date(text, &days))
        return civil_parse_instant(text, us);
    civil_of_days(days + 1, &next);
    *us = civil_us(&next, &f->app->zone) - 1;
    return true;
}

int as_of_begin(struct http_req *req, struct str text, const struct form *f, int64_t only,
                struct err *err)
{
    struct ctx *c = req->ctx;
    struct asof_at at = {.form = f, .only = only};
    int64_t days;
    if (!text.n)
        return 0;
    if (!parse(f, text, &at.at_us)) {
        (void)err_set(err, ERR_INVALID, "as_of", "as_of 应为日期或时刻，如 2026-11-23T08:00:00Z。",
                      "as_of must be a date or an instant, such as 2026-11-23T08:00:00Z.");
        err_at(err, "as_of");
        return -1;
    }
    if (civil_parse_date(text, &days) && days <= civil_day_of_us(c->now_us, &f->app->zone))
        at.at_us = MIN(at.at_us, c->now_us);
    store_limit(c->db, c->mono_us() + AS_OF_US, 0);
    return asof_begin(c, &at, err) ? -1 : 1;
}
