/*
 * A new data key for what an app has sealed, while it is used: new values take the new key at once,
 * the rest is sealed again by a job that goes on after a restart; then the old key is destroyed.
 */
#ifndef RECORD_ROTATE_H
#define RECORD_ROTATE_H

#include "engine/org/ctx.h"

/* In a write job. *job: its id. */
int rotate_begin(struct ctx *c, struct str app, int64_t *job, struct err *err) ATTR_MUST;
/* One step of the app's oldest rotation, as a write job: 1 there is more, 0 nothing (any more), -1.
 */
int rotate_step(struct ctx *c, const struct app *app, struct err *err) ATTR_MUST;
/* In a write job: the entries of history behind `last`, one page; *n: how many it was. */
int rotate_history(struct ctx *c, const struct app *app, int64_t *last, size_t *n,
                   struct err *err) ATTR_MUST;
/* In a write job: the same of texts that system tables keep sealed (outbox, notices, views). table:
 * which of them; last goes on, n: how many it was. */
struct rotate_page {
    size_t table;
    int64_t last;
    size_t n;
};
size_t rotate_text_tables(void);
int rotate_texts(struct ctx *c, const struct app *app, struct rotate_page *at,
                 struct err *err) ATTR_MUST;
/* In a write job: all secrets of the app's endpoints. */
int rotate_endpoints(struct ctx *c, const struct app *app, struct err *err) ATTR_MUST;

#endif
