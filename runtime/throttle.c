/*
 * Token buckets and login failures.
 *
 * After five wrong passwords for one login from one address, that pair waits 2, 4, 8 … seconds up
 * to 15 minutes; a login tried from many addresses, or an address trying many logins, gets a wider
 * limit of the same kind. A stranger can therefore never lock somebody out for good from elsewhere,
 * and success clears the pair.
 */
#include "runtime/throttle.h"

#include "runtime/audited.h"
#include "runtime/server.h"

#include <pthread.h>
#include <stdlib.h>

#define BUCKETS    4096
#define LOCKS      64
#define FORGET_US  US_PER_DAY
#define PAIR_FREE  5
#define WIDE_FREE  50
#define WAIT_MAX_S 900

struct bucket {
    uint64_t hash;
    double left;
    int64_t at_us;
};

struct throttle {
    pthread_mutex_t lock;
    struct bucket buckets[BUCKETS];
    pthread_mutex_t logins[LOCKS];
};

int throttle_new(struct throttle **out, struct err *err)
{
    struct throttle *t = calloc(1, sizeof(*t));
    if (!t)
        return err_set(err, ERR_OOM, "out_of_memory", "内存不足。", "Out of memory.");
    pthread_mutex_init(&t->lock, NULL);
    for (size_t i = 0; i < LOCKS; i++)
        pthread_mutex_init(&t->logins[i], NULL);
    *out = t;
    return 0;
}

void throttle_free(struct throttle **t)
{
    free(*t);
    *t = NULL;
}

/* Two callers whose hashes meet in one place share it: the limit is never looser for that. */
bool throttle_take(struct throttle *t, struct str who, uint32_t burst, uint32_t per_s,
                   int64_t mono_us, int64_t *wait_s)
{
    uint64_t hash = str_hash(who);
    double rate = (double)burst / per_s;
    pthread_mutex_lock(&t->lock);
    struct bucket *b = &t->buckets[hash % BUCKETS];
    if (b->hash != hash && (b->at_us == 0 || mono_us - b->at_us > (int64_t)per_s * US_PER_S))
        *b = (struct bucket){hash, burst, mono_us};
    b->left += (double)(mono_us - b->at_us) / 1e6 * rate;
    b->at_us = mono_us;
    if (b->left > burst)
        b->left = burst;
    bool ok = b->left >= 1;
    if (ok)
        b->left -= 1;
    *wait_s = ok ? 0 : (int64_t)((1 - b->left) / rate) + 1;
    pthread_mutex_unlock(&t->lock);
    return ok;
}

struct rate_row {
    const char *name;
    uint32_t burst, per_s;
};

static const struct rate_row RATES[] = {
    [RATE_NONE] = {"", 0, 0},
    [RATE_SETUP] = {"setup", 30, 60},
    [RATE_PUBLIC] = {"public", 60, 60},
    [RATE_HEAVY] = {"heavy", 300, 60},
};

static int limited(struct http_resp *resp, int64_t wait_s, struct err *err)
{
    resp->retry_after_s = wait_s;
    return err_set(err, ERR_LIMIT, "too_many_requests", "操作过于频繁，请 %lld 秒后再试。",
                   "Too many requests; try again in %lld seconds.", (long long)wait_s);
}

int throttle_route(struct http_req *req, struct http_resp *resp, enum rate rate, struct err *err)
{
    const struct rate_row *row = &RATES[rate];
    int64_t wait_s;
    if (!row->burst)
        return 0;
    struct ctx *c = req->ctx;
    struct str who = c->who->kind == WHO_MEMBER && rate != RATE_SETUP
                         ? str_fmt(c->a, "%s m:%lld", row->name, (long long)c->who->id)
                         : str_fmt(c->a, "%s a:%.*s", row->name, STR_ARG(req->remote));
    if (throttle_take(req->server->throttle, who, row->burst, row->per_s, c->mono_us(), &wait_s))
        return 0;
    return limited(resp, wait_s, err);
}

/* ---- logins ---- */

struct failures {
    int64_t count, last_us, until_us;
};

static int failures_of(struct ctx *c, struct str who, struct failures *f, struct err *err)
{
    struct sql q;
    struct stmt *s;
    *f = (struct failures){0, 0, 0};
    sql_init(&q, c->a, store_dialect(c->store));
    sql_lit(&q, "SELECT count, last_at, until FROM _login_failure WHERE who = ");
    sql_bind_str(&q, who);
    if (store_query(c->db, c->a, &q, &s, err))
        return -1;
    int rc = stmt_step(s, err);
    if (rc == 1)
        *f = (struct failures){stmt_int(s, 0), stmt_int(s, 1), stmt_int(s, 2)};
    stmt_done(s);
    return rc < 0 ? -1 : 0;
}

static int64_t wait_for(int64_t count, int64_t free_)
{
    int64_t over = count - free_;
    if (over < 0)
        return 0;
    return over > 9 ? WAIT_MAX_S : MIN((int64_t)2 << over, WAIT_MAX_S);
}

static int write_failure(struct ctx *c, struct str who, int64_t free_, struct err *err)
{
    struct failures f;
    struct sql q;
    if (failures_of(c, who, &f, err))
        return -1;
    bool old = c->now_us - f.last_us > FORGET_US;
    int64_t count = old ? 1 : f.count + 1;
    int64_t until = c->now_us + wait_for(count, free_) * US_PER_S;
    sql_init(&q, c->a, store_dialect(c->store));
    sql_lit(&q, "INSERT INTO _login_failure (who, count, first_at, last_at, until) VALUES (");
    sql_bind_str(&q, who);
    for (size_t i = 0; i < 4; i++) {
        const int64_t v[] = {count, c->now_us, c->now_us, until};
        sql_lit(&q, ", ");
        sql_bind_int(&q, v[i]);
    }
    sql_lit(&q,
            ") ON CONFLICT (who) DO UPDATE SET count = excluded.count, last_at = excluded.last_at,"
            " until = excluded.until");
    return store_exec(c->db, c->a, &q, NULL, err);
}

static int clear(struct ctx *c, struct str who, struct err *err)
{
    struct sql q;
    sql_init(&q, c->a, store_dialect(c->store));
    sql_lit(&q, "DELETE FROM _login_failure WHERE who = ");
    sql_bind_str(&q, who);
    return store_exec(c->db, c->a, &q, NULL, err);
}

static int record_failure(struct ctx *c, void *arg, struct err *err)
{
    const struct login_try *t = arg;
    struct audit line = {.what = STR("login.failed"), .addr = t->remote};
    line.detail = audit_detail(c->a, "login", val_text(t->login));
    if (audit_add(c, &line, err))
        return -1;
    return write_failure(c, t->who, PAIR_FREE, err) || write_failure(c, t->name, WIDE_FREE, err) ||
                   write_failure(c, t->addr, WIDE_FREE, err)
               ? -1
               : 0;
}

static int record_success(struct ctx *c, void *arg, struct err *err)
{
    const struct login_try *t = arg;
    return clear(c, t->who, err);
}

/* Seconds that one of the three counters still asks to wait. */
static int blocked_for(struct ctx *c, const struct login_try *t, int64_t *wait_s, struct err *err)
{
    const struct str who[] = {t->who, t->name, t->addr};
    *wait_s = 0;
    for (size_t i = 0; i < ARRAY_LEN(who); i++) {
        struct failures f;
        if (failures_of(c, who[i], &f, err))
            return -1;
        if (f.until_us > c->now_us)
            *wait_s = MAX(*wait_s, (f.until_us - c->now_us) / US_PER_S + 1);
    }
    return 0;
}

/* Also run by the arena when memory runs out half-way. */
static void unlock(void *arg)
{
    struct login_try *t = arg;
    pthread_mutex_unlock(&t->throttle->logins[t->lock]);
}

static void release(struct ctx *c, struct login_try *t)
{
    arena_undefer(c->a, t);
    unlock(t);
}

int throttle_login_begin(struct http_req *req, struct http_resp *resp, struct str login,
                         struct login_try **out, struct err *err)
{
    struct throttle *th = req->server->throttle;
    struct ctx *c = req->ctx;
    struct login_try *t = ARENA_NEW(c->a, struct login_try);
    *t = (struct login_try){
        .who = str_fmt(c->a, "login:%.*s@%.*s", STR_ARG(login), STR_ARG(req->remote)),
        .name = str_fmt(c->a, "login:%.*s", STR_ARG(login)),
        .addr = str_fmt(c->a, "addr:%.*s", STR_ARG(req->remote)),
        .login = login,
        .remote = req->remote,
        .throttle = th,
    };
    t->lock = (size_t)(str_hash(t->who) % LOCKS);
    pthread_mutex_lock(&th->logins[t->lock]);
    arena_defer(c->a, unlock, t);
    int64_t wait_s;
    int rc = blocked_for(c, t, &wait_s, err);
    if (rc == 0 && wait_s)
        rc = limited(resp, wait_s, err);
    if (rc)
        release(c, t);
    *out = t;
    return rc;
}

int throttle_login_end(struct http_req *req, struct login_try *t, bool ok, struct err *err)
{
    struct failures f;
    int rc = failures_of(req->ctx, t->who, &f, err);
    if (rc == 0 && (!ok || f.count))
        rc = engine_write(req->ctx, ok ? record_success : record_failure, t, err);
    release(req->ctx, t);
    return rc;
}
