/*
 * Rows of _outbox from waiting to done or dead.
 */
#include "engine/automation/outbox.h"

#include "engine/automation/run.h"
#include "engine/base/log.h"

#define GIVE_UP_US US_PER_DAY
#define KEEP_US    (30 * US_PER_DAY)
#define ERROR_MAX  400
#define COLUMNS                                                                                    \
    "SELECT id, kind, target, app, form, automation, event, record, who, depth, attempts,"         \
    " created_at, payload FROM _outbox"

/* ---- rows ---- */

static struct str text_at(struct ctx *c, struct stmt *s, int col)
{
    return stmt_null(s, col) ? STR_NONE : str_dup(c->a, stmt_str(s, col));
}

static int64_t int_at(struct stmt *s, int col)
{
    return stmt_null(s, col) ? 0 : stmt_int(s, col);
}

static enum outbox_kind kind_of(struct str name)
{
    for (int k = 0; k < OUTBOX_KINDS; k++)
        if (str_eq(outbox_kind_name((enum outbox_kind)k), name))
            return (enum outbox_kind)k;
    return OUTBOX_KINDS;
}

/* The payload is as stored: opened by its reader. */
static void read_row(struct ctx *c, struct stmt *s, struct outbox_row *out)
{
    *out = (struct outbox_row){
        .id = stmt_int(s, 0),
        .kind = kind_of(stmt_str(s, 1)),
        .target = text_at(c, s, 2),
        .app = text_at(c, s, 3),
        .form = text_at(c, s, 4),
        .automation = text_at(c, s, 5),
        .event = text_at(c, s, 6),
        .record = int_at(s, 7),
        .who = int_at(s, 8),
        .depth = (int)int_at(s, 9),
        .attempts = int_at(s, 10),
        .created_us = stmt_int(s, 11),
        .payload = text_at(c, s, 12),
    };
}

static int load_row(struct ctx *c, int64_t id, struct outbox_row *out, struct err *err)
{
    struct sql q;
    struct stmt *s;
    ctx_sql(c, &q);
    sql_lit(&q, COLUMNS " WHERE state = 'waiting' AND id = ");
    sql_bind_int(&q, id);
    if (store_query(c->db, c->a, &q, &s, err))
        return -1;
    int got = stmt_step(s, err);
    if (got == 1)
        read_row(c, s, out);
    stmt_done(s);
    if (got == 1 && outbox_open(c, out->app, out->id, out->payload, &out->payload, err))
        return -1;
    return got;
}

/* ---- trying again ---- */

/* Give or take a fifth, so that many do not come back at the same moment. */
static int64_t back_off(struct ctx *c, int64_t attempts)
{
    static const int64_t seconds[] = {1, 5, 30, 120, 600, 3600};
    int64_t us = seconds[MIN(attempts, (int64_t)ARRAY_LEN(seconds) - 1)] * US_PER_S;
    uint32_t dice;
    c->random(&dice, sizeof(dice));
    return us * 4 / 5 + us * 2 / 5 * (int64_t)(dice % 1024) / 1024;
}

struct failure {
    int64_t id, attempts, created_us;
    int64_t status, retry_after_s;
    bool hopeless;
    struct str error;
};

static int store_failure(struct ctx *c, const struct failure *f, struct err *err)
{
    struct sql q;
    int64_t wait = MAX(back_off(c, f->attempts), MIN(f->retry_after_s, 3600) * US_PER_S);
    bool dead = f->hopeless || c->now_us + wait - f->created_us > GIVE_UP_US;
    ctx_sql(c, &q);
    sql_lit(&q, "UPDATE _outbox SET attempts = attempts + 1, lease_until = NULL, last_error = ");
    sql_bind_str(&q, str_sub(f->error, 0, ERROR_MAX));
    sql_lit(&q, ", status = ");
    sql_bind(&q, f->status ? val_dec(f->status, 0) : VAL_NONE);
    sql_lit(&q, ", next_at = ");
    sql_bind_int(&q, c->now_us + wait);
    sql_lit(&q, ", state = ");
    sql_bind_str(&q, dead ? STR("dead") : STR("waiting"));
    if (dead) {
        sql_lit(&q, ", done_at = ");
        sql_bind_int(&q, c->now_us);
    }
    sql_lit(&q, " WHERE state = 'waiting' AND id = ");
    sql_bind_int(&q, f->id);
    log_event(dead ? LOG_WARN : LOG_INFO, dead ? "outbox_dead" : "outbox_retry",
              LOG_NUM("row", f->id), LOG_NUM("attempts", f->attempts + 1));
    ctx_event(c, STR_NONE, STR_NONE, f->id, 0, STR("outbox"));
    return store_exec(c->db, c->a, &q, NULL, err);
}

/* 1 this call took it, 0 somebody else had. */
static int store_done(struct ctx *c, int64_t id, int64_t status, struct err *err)
{
    struct sql q;
    int64_t n = 0;
    ctx_sql(c, &q);
    sql_lit(&q, "UPDATE _outbox SET state = 'done', lease_until = NULL, last_error = NULL,"
                " attempts = attempts + 1, done_at = ");
    sql_bind_int(&q, c->now_us);
    if (status) {
        sql_lit(&q, ", status = ");
        sql_bind_int(&q, status);
    }
    sql_lit(&q, " WHERE state = 'waiting' AND id = ");
    sql_bind_int(&q, id);
    return store_exec(c->db, c->a, &q, &n, err) ? -1 : n > 0;
}

/* ---- those that run here ---- */

int outbox_due(struct ctx *c, struct outbox_batch *out, struct err *err)
{
    struct sql q;
    struct stmt *s;
    int rc;
    ctx_sql(c, &q);
    sql_lit(&q, "SELECT id, app FROM _outbox WHERE state = 'waiting' AND kind IN ('automation',"
                " 'committed', 'script') AND next_at <= ");
    sql_bind_int(&q, c->now_us);
    sql_lit(&q, " ORDER BY next_at, id LIMIT ");
    sql_int(&q, ARRAY_LEN(out->ids));
    *out = (struct outbox_batch){.n = 0};
    if (store_query(c->db, c->a, &q, &s, err))
        return -1;
    while ((rc = stmt_step(s, err)) == 1) {
        if (!out->n)
            out->app = str_dup(c->a, stmt_str(s, 1));
        if (str_eq(out->app, stmt_str(s, 1)))
            out->ids[out->n++] = stmt_int(s, 0);
    }
    stmt_done(s);
    return rc;
}

/* Trouble of the store, of memory or of a publish is nobody's fault: the whole batch again. */
static bool transient(const struct err *err)
{
    switch (err->code) {
    case ERR_RETRY:
    case ERR_BUSY:
    case ERR_OOM:
    case ERR_FULL:
    case ERR_STORE: return true;
    case ERR_CONFLICT: return str_eqz(str_of(err->key), "definition_changed");
    case ERR_NONE:
    case ERR_MALFORMED:
    case ERR_AUTH:
    case ERR_DENIED:
    case ERR_NOT_FOUND:
    case ERR_STALE:
    case ERR_GONE:
    case ERR_TOO_LARGE:
    case ERR_MEDIA:
    case ERR_INVALID:
    case ERR_LOCKED:
    case ERR_PRECOND:
    case ERR_LIMIT:
    case ERR_TIMEOUT:
    case ERR_INTERNAL: break;
    }
    return false;
}

/* What a row of its own would find fresh. */
static void fresh(struct ctx *c)
{
    c->records = NULL;
    c->lua = NULL;
    c->hook_deadline_us = 0;
    c->hook_spent_us = 0;
    c->depth = 0;
    c->chain = 0;
}

static struct str why(struct ctx *c, const struct err *e)
{
    struct str at = e->file[0] ? str_fmt(c->a, "%s:%u: ", e->file, e->pos.line) : STR_NONE;
    return str_fmt(c->a, "%.*s%s / %s", STR_ARG(at), e->zh, e->en);
}

static int run_one(struct ctx *c, struct outbox_batch *b, int64_t id, struct err *err)
{
    struct outbox_row row;
    struct err cause = ERR_INIT;
    int got = load_row(c, id, &row, err);
    if (got <= 0)
        return got; /* done by another program, or dropped */
    if (store_savepoint(c->db, err))
        return -1;
    size_t events = c->events.n;
    fresh(c);
    int rc = store_done(c, id, 0, &cause) < 0 ? -1 : run_row(c, &row, &cause);
    fresh(c);
    if (rc == 0) {
        b->done++;
        return store_release(c->db, err);
    }
    store_rollback(c->db);
    c->events.n = events;
    if (transient(&cause)) {
        *err = cause;
        return -1;
    }
    b->failed++;
    const struct failure f = {
        .id = id, .attempts = row.attempts, .created_us = row.created_us, .error = why(c, &cause)};
    return store_failure(c, &f, err);
}

int outbox_run(struct ctx *c, void *arg, struct err *err)
{
    struct outbox_batch *b = arg;
    const struct principal *who = c->who;
    enum via via = c->via;
    b->done = b->failed = 0;
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < b->n; i++)
        rc = run_one(c, b, b->ids[i], err);
    c->who = who;
    c->via = via;
    return rc;
}

int outbox_put_off(struct ctx *c, void *arg, struct err *err)
{
    const struct outbox_batch *b = arg;
    struct outbox_row row;
    for (size_t i = 0; i < b->n; i++) {
        int got = load_row(c, b->ids[i], &row, err);
        if (got < 0)
            return -1;
        const struct failure f = {
            .id = b->ids[i],
            .attempts = row.attempts,
            .created_us = row.created_us,
            .error = STR("应用没有运行，或暂时无法写入。 / "
                         "The app does not run, or nothing can be written now."),
        };
        if (got == 1 && store_failure(c, &f, err))
            return -1;
    }
    return 0;
}

/* ---- those that leave ---- */

static int pick(struct ctx *c, struct outbox_lease *l, struct err *err)
{
    struct sql q;
    struct stmt *s;
    int rc;
    ctx_sql(c, &q);
    sql_lit(&q, COLUMNS " WHERE state = 'waiting' AND kind IN (");
    if (l->inbox)
        sql_lit(&q, "'inbox'");
    else
        sql_lit(&q, "'webhook', 'mail', 'pull'");
    sql_lit(&q, ") AND next_at <= ");
    sql_bind_int(&q, c->now_us);
    sql_lit(&q, " AND coalesce(lease_until, 0) <= ");
    sql_bind_int(&q, c->now_us);
    for (size_t i = 0; i < l->nbusy; i++) {
        sql_lit(&q, " AND app || '/' || target <> ");
        sql_bind_str(&q, l->busy[i]);
    }
    if (l->only.n) {
        sql_lit(&q, " AND app || '/' || target = ");
        sql_bind_str(&q, l->only);
    }
    sql_lit(&q, " ORDER BY next_at, id LIMIT ");
    sql_bind_int(&q, MIN(l->max, 64));
    l->rows = ARENA_ARRAY(c->a, struct outbox_row, 64);
    l->n = 0;
    if (store_query(c->db, c->a, &q, &s, err))
        return -1;
    while ((rc = stmt_step(s, err)) == 1)
        read_row(c, s, &l->rows[l->n++]);
    stmt_done(s);
    return rc;
}

int outbox_waits(struct ctx *c, enum outbox_kind kind, struct err *err)
{
    struct sql q;
    int64_t one;
    ctx_sql(c, &q);
    sql_lit(&q, "SELECT 1 FROM _outbox WHERE state = 'waiting' AND kind = ");
    sql_bind_str(&q, outbox_kind_name(kind));
    sql_lit(&q, " AND next_at <= ");
    sql_bind_int(&q, c->now_us);
    sql_lit(&q, " AND coalesce(lease_until, 0) <= ");
    sql_bind_int(&q, c->now_us);
    sql_lit(&q, " LIMIT 1");
    return store_get_int(c->db, c->a, &q, &one, err);
}

int outbox_lease(struct ctx *c, void *arg, struct err *err)
{
    struct outbox_lease *l = arg;
    struct sql q;
    if (pick(c, l, err))
        return -1;
    if (!l->n)
        return 0;
    ctx_sql(c, &q);
    sql_lit(&q, "UPDATE _outbox SET lease_until = ");
    sql_bind_int(&q, c->now_us + OUTBOX_LEASE_US);
    sql_lit(&q, " WHERE id IN (");
    for (size_t i = 0; i < l->n; i++) {
        if (i)
            sql_lit(&q, ", ");
        sql_bind_int(&q, l->rows[i].id);
        struct outbox_row *r = &l->rows[i];
        if (outbox_open(c, r->app, r->id, r->payload, &r->payload, err) ||
            outbox_open_target(c, r->app, r->id, r->target, &r->target, err))
            return -1;
    }
    sql_lit(&q, ")");
    return store_exec(c->db, c->a, &q, NULL, err);
}

int outbox_settle(struct ctx *c, void *arg, struct err *err)
{
    const struct outbox_results *all = arg;
    struct outbox_row row;
    for (size_t i = 0; i < all->n; i++) {
        const struct outbox_result *r = &all->v[i];
        if (r->ok) {
            if (store_done(c, r->id, r->status, err) < 0)
                return -1;
            continue;
        }
        int got = load_row(c, r->id, &row, err);
        if (got < 0)
            return -1;
        const struct failure f = {.id = r->id,
                                  .attempts = row.attempts,
                                  .created_us = row.created_us,
                                  .status = r->status,
                                  .retry_after_s = r->retry_after_s,
                                  .hopeless = r->hopeless,
                                  .error = r->error};
        if (got == 1 && store_failure(c, &f, err))
            return -1;
    }
    return 0;
}

int outbox_begin(struct ctx *c, void *arg, struct err *err)
{
    struct sql q;
    (void)arg;
    ctx_sql(c, &q);
    sql_lit(&q, "UPDATE _outbox SET lease_until = NULL WHERE state = 'waiting' AND lease_until IS"
                " NOT NULL");
    return store_exec(c->db, c->a, &q, NULL, err);
}

int outbox_forget(struct ctx *c, void *arg, struct err *err)
{
    struct sql q;
    (void)arg;
    ctx_sql(c, &q);
    sql_lit(&q, "DELETE FROM _outbox WHERE state IN ('done', 'stopped') AND done_at < ");
    sql_bind_int(&q, c->now_us - KEEP_US);
    if (store_exec(c->db, c->a, &q, NULL, err))
        return -1;
    ctx_sql(c, &q);
    sql_lit(&q, "DELETE FROM _hook_seen WHERE hook NOT LIKE 'read:%' AND at < ");
    sql_bind_int(&q, c->now_us - US_PER_DAY);
    if (store_exec(c->db, c->a, &q, NULL, err))
        return -1;
    ctx_sql(c, &q);
    sql_lit(&q, "DELETE FROM _automation_skip WHERE last_at < ");
    sql_bind_int(&q, c->now_us - KEEP_US);
    return store_exec(c->db, c->a, &q, NULL, err);
}
