/*
 * Data keys: rows of _vault_key, wrapped by a master key, unwrapped into a small cache. Making,
 * replacing, destroying them. Knows nothing of fields.
 */
#include "engine/vault/vault_int.h"

#include "engine/base/log.h"
#include "engine/base/strb.h"

#define WRAPPED (NONCE_BYTES + KEY_BYTES + TAG_BYTES)
#define ARENA   ((size_t)256 << 20)

static const struct str KINDS[] = {
    [KEY_APP] = STR("app"), [KEY_SUBJECT] = STR("subject"), [KEY_BLIND] = STR("blind")};

static void begin(struct sql *q, struct conn *db, struct arena *a)
{
    sql_init(q, a, store_dialect(store_of(db)));
}

static int64_t now(const struct vault *v)
{
    return v->opts.now_us ? v->opts.now_us(v->opts.self) : 0;
}

/* ---- wrapping ---- */

static const struct master *current_master(struct vault *v, struct master *copy)
{
    pthread_mutex_lock(&v->lock);
    *copy = v->masters[v->nmasters - 1];
    pthread_mutex_unlock(&v->lock);
    return copy;
}

static bool master_find(struct vault *v, struct str id, struct master *out)
{
    bool found = false;
    pthread_mutex_lock(&v->lock);
    for (size_t i = 0; i < v->nmasters && !found; i++)
        if (str_eqz(id, v->masters[i].id)) {
            *out = v->masters[i];
            found = true;
        }
    pthread_mutex_unlock(&v->lock);
    return found;
}

static struct str wrap_data(struct arena *a, int64_t id)
{
    return str_fmt(a, "mortise data key %lld", (long long)id);
}

static struct str wrap(struct arena *a, const struct master *m, const struct data_key *k)
{
    unsigned char out[WRAPPED];
    struct str ad = wrap_data(a, k->id);
    randombytes_buf(out, NONCE_BYTES);
    crypto_aead_xchacha20poly1305_ietf_encrypt(out + NONCE_BYTES, NULL, k->k, sizeof(k->k),
                                               (const unsigned char *)ad.p, ad.n, NULL, out, m->k);
    return base64(a, out, sizeof(out));
}

static bool unwrap(struct arena *a, const struct master *m, struct str wrapped, struct data_key *k)
{
    unsigned char in[WRAPPED];
    size_t n;
    struct str ad = wrap_data(a, k->id);
    return unbase64(wrapped, in, sizeof(in), &n) && n == sizeof(in) &&
           crypto_aead_xchacha20poly1305_ietf_decrypt(
               k->k, NULL, NULL, in + NONCE_BYTES, sizeof(in) - NONCE_BYTES,
               (const unsigned char *)ad.p, ad.n, in, m->k) == 0;
}

static int key_wrong(struct err *err, struct str master)
{
    return err_set(err, ERR_DENIED, "key_wrong",
                   "数据库中的密钥由主密钥 %.*s 保护，密钥文件里没有它，或它不符。"
                   "请放回本数据库的 master.key。",
                   "The keys of this database are protected by master key %.*s, which the key file "
                   "does not hold, or holds wrongly. Put back the master.key of this database.",
                   STR_ARG(master));
}

/* id, master, wrapped of a statement's row: 1, 0 destroyed, -1. */
static int take_row(struct vault *v, struct arena *a, struct stmt *s, struct data_key *out,
                    struct err *err)
{
    struct master m;
    out->id = stmt_int(s, 0);
    if (stmt_null(s, 2))
        return 0;
    struct str id = str_dup(a, stmt_str(s, 1));
    bool ok = master_find(v, id, &m) && unwrap(a, &m, stmt_str(s, 2), out);
    sodium_memzero(&m, sizeof(m));
    return ok ? 1 : key_wrong(err, id);
}

/* ---- the cache: only what a reader saw, so only what is committed ---- */

static struct slot *slot_of(struct vault *v, uint64_t of)
{
    return &v->cache[of % CACHE_SLOTS];
}

static bool cache_find(struct vault *v, uint64_t of, struct data_key *out)
{
    int64_t t = now(v);
    pthread_mutex_lock(&v->lock);
    struct slot *s = slot_of(v, of);
    bool found = s->of == of && t >= s->at_us && t - s->at_us < CACHE_US;
    if (found)
        *out = s->key;
    pthread_mutex_unlock(&v->lock);
    return found;
}

static void cache_put(struct vault *v, const struct conn *db, uint64_t of,
                      const struct data_key *key)
{
    int64_t t = now(v);
    if (store_is_writer(db))
        return;
    pthread_mutex_lock(&v->lock);
    *slot_of(v, of) = (struct slot){of, t, *key};
    pthread_mutex_unlock(&v->lock);
}

static bool memo_find(struct vault *v, const struct conn *db, uint64_t of, struct data_key *out)
{
    if (!store_is_writer(db))
        return false;
    pthread_mutex_lock(&v->lock);
    const struct memo *m = &v->memo[of % MEMO_SLOTS];
    bool found = m->of == of && m->db == db && m->moment == store_moment(db);
    if (found)
        *out = m->key;
    pthread_mutex_unlock(&v->lock);
    return found;
}

static void memo_put(struct vault *v, const struct conn *db, uint64_t of,
                     const struct data_key *key)
{
    if (!store_is_writer(db))
        return;
    pthread_mutex_lock(&v->lock);
    v->memo[of % MEMO_SLOTS] = (struct memo){db, store_moment(db), of, *key};
    pthread_mutex_unlock(&v->lock);
}

static void cache_forget(struct vault *v)
{
    pthread_mutex_lock(&v->lock);
    sodium_memzero(v->cache, sizeof(v->cache));
    sodium_memzero(v->memo, sizeof(v->memo));
    pthread_mutex_unlock(&v->lock);
}

static uint64_t hash_id(int64_t id)
{
    return str_hash((struct str){(const char *)&id, sizeof(id)}) | 1;
}

static uint64_t hash_current(const struct key_of *of)
{
    uint64_t parts[3] = {str_hash(of->app), (uint64_t)of->kind, (uint64_t)of->subject};
    return str_hash((struct str){(const char *)parts, sizeof(parts)}) | 1;
}

/* ---- finding ---- */

int key_by_id(const struct vault_on *on, int64_t id, struct data_key *out, struct err *err)
{
    struct vault *v = on->vault;
    struct conn *db = on->db;
    struct arena *a = on->a;
    struct sql q;
    struct stmt *s;
    if ((cache_find(v, hash_id(id), out) || memo_find(v, db, hash_id(id), out)) && out->id == id)
        return 1;
    begin(&q, db, a);
    sql_lit(&q, "SELECT id, master, wrapped FROM _vault_key WHERE id = ");
    sql_bind_int(&q, id);
    if (store_query(db, a, &q, &s, err))
        return -1;
    int rc = stmt_step(s, err);
    if (rc == 1)
        rc = take_row(v, a, s, out, err);
    else if (rc == 0)
        rc = err_set(err, ERR_STORE, "key_unknown", "加密所用的密钥不在数据库中。",
                     "The key that sealed this value is not in the database.");
    stmt_done(s);
    if (rc == 1) {
        cache_put(v, db, hash_id(id), out);
        memo_put(v, db, hash_id(id), out);
    }
    return rc;
}

static int find_current(const struct vault_on *on, const struct key_of *of, struct data_key *out,
                        struct err *err)
{
    struct conn *db = on->db;
    struct arena *a = on->a;
    struct sql q;
    struct stmt *s;
    begin(&q, db, a);
    sql_lit(&q, "SELECT id, master, wrapped FROM _vault_key WHERE state = 'current' AND app = ");
    sql_bind_str(&q, of->app);
    sql_lit(&q, " AND kind = ");
    sql_bind_str(&q, KINDS[of->kind]);
    sql_lit(&q, " AND subject = ");
    sql_bind_int(&q, of->subject);
    if (store_query(db, a, &q, &s, err))
        return -1;
    int rc = stmt_step(s, err);
    if (rc == 1)
        rc = take_row(on->vault, a, s, out, err);
    stmt_done(s);
    return rc;
}

static int insert_key(const struct vault_on *on, const struct key_of *of, struct err *err)
{
    struct vault *v = on->vault;
    struct conn *db = on->db;
    struct arena *a = on->a;
    struct sql q;
    struct master m;
    struct data_key k;
    randombytes_buf(&k, sizeof(k));
    k.id = (int64_t)((uint64_t)k.id >> 11) | 1; /* whole in a double too */
    begin(&q, db, a);
    sql_lit(&q, "INSERT INTO _vault_key (id, app, kind, subject, master, wrapped, state,"
                " created_at) VALUES (");
    sql_bind_int(&q, k.id);
    sql_lit(&q, ", ");
    sql_bind_str(&q, of->app);
    sql_lit(&q, ", ");
    sql_bind_str(&q, KINDS[of->kind]);
    sql_lit(&q, ", ");
    sql_bind_int(&q, of->subject);
    sql_lit(&q, ", ");
    (void)current_master(v, &m);
    sql_bind_str(&q, str_dup(a, str_of(m.id)));
    sql_lit(&q, ", ");
    sql_bind_str(&q, wrap(a, &m, &k));
    sql_lit(&q, ", 'current', ");
    sql_bind_int(&q, now(v));
    sql_lit(&q, ") ON CONFLICT DO NOTHING"); /* another process made it */
    sodium_memzero(&m, sizeof(m));
    sodium_memzero(&k, sizeof(k));
    return store_exec(db, a, &q, NULL, err);
}

/* A key of the app, asked for by a writer: taken from a reader's view, so that it can be
 * remembered. false: not there yet, or the reader is busy. */
static bool committed(struct vault *v, const struct key_of *of, struct data_key *out)
{
    struct err ignored = ERR_INIT;
    struct arena *a = v->reader ? arena_new(ARENA) : NULL;
    int rc = 0;
    if (a && pthread_mutex_trylock(&v->reader_lock) == 0) {
        const struct vault_on on = {v, v->reader, a};
        rc = find_current(&on, of, out, &ignored);
        if (rc == 1)
            cache_put(v, v->reader, hash_current(of), out);
        pthread_mutex_unlock(&v->reader_lock);
    }
    arena_free(&a);
    return rc == 1;
}

int key_current(const struct vault_on *on, const struct key_of *of, struct data_key *out,
                struct err *err)
{
    struct vault *v = on->vault;
    uint64_t hash = hash_current(of);
    if (cache_find(v, hash, out) || memo_find(v, on->db, hash, out))
        return 1;
    if (!of->subject && store_is_writer(on->db) && committed(v, of, out))
        return 1;
    int rc = find_current(on, of, out, err);
    if (rc == 0 && store_is_writer(on->db)) {
        if (insert_key(on, of, err))
            return -1;
        rc = find_current(on, of, out, err);
    }
    if (rc == 1) {
        cache_put(v, on->db, hash, out);
        memo_put(v, on->db, hash, out);
    }
    return rc;
}

/* ---- opening ---- */

/* Distinct master keys that data keys need, checked against one key each. */
static int check_masters(struct vault *v, struct conn *db, struct arena *a, int64_t *keys,
                         struct err *err)
{
    struct sql q;
    struct stmt *s;
    begin(&q, db, a);
    sql_lit(&q, "SELECT k.id, k.master, k.wrapped FROM _vault_key k JOIN (SELECT min(id) AS id"
                " FROM _vault_key WHERE wrapped IS NOT NULL GROUP BY master) m ON m.id = k.id");
    if (store_query(db, a, &q, &s, err))
        return -1;
    int rc;
    *keys = 0;
    while ((rc = stmt_step(s, err)) == 1) {
        struct data_key k;
        ++*keys;
        if (v->nmasters == 0)
            continue;
        rc = take_row(v, a, s, &k, err);
        sodium_memzero(&k, sizeof(k));
        if (rc < 0)
            break;
    }
    stmt_done(s);
    return rc;
}

static int make_master(struct vault *v, struct arena *a, struct err *err)
{
    master_new(&v->masters[0]);
    v->nmasters = 1;
    if (!v->opts.dir.n)
        return 0;
    if (keyfile_write(a, v->opts.dir, v->masters, 1, err))
        return -1;
    log_event(LOG_WARN, "key_made",
              LOG_TEXT("file", str_fmt(a, "%.*s/master.key", STR_ARG(v->opts.dir))),
              LOG_TEXT("note", STR("keep a copy of it apart from the backups")));
    return 0;
}

static int no_key(const struct vault *v, struct err *err)
{
    if (!v->opts.dir.n)
        return err_set(err, ERR_NOT_FOUND, "key_missing", "数据库中有加密的数据，但没有指明密钥。",
                       "The database holds encrypted data, but no key was named.");
    return err_set(err, ERR_NOT_FOUND, "key_missing",
                   "数据库中有加密的数据，但找不到密钥文件“%.*s/master.key”。程序不会另造一把："
                   "请放回原来的密钥，或用 --keys 指明它所在的目录。",
                   "The database holds encrypted data, but there is no key file “%.*s/master.key”. "
                   "No other key is made: put the original one back, or name its folder with "
                   "--keys.",
                   STR_ARG(v->opts.dir));
}

static int load_masters(struct vault *v, struct conn *db, struct arena *a, struct err *err)
{
    int64_t keys;
    int rc = v->opts.dir.n ? keyfile_read(a, v->opts.dir, v->masters, &v->nmasters, err) : 0;
    if (rc < 0 || check_masters(v, db, a, &keys, err))
        return -1;
    if (rc == 0 && keys)
        return no_key(v, err);
    return rc == 0 ? make_master(v, a, err) : 0;
}

static int destroy(struct vault *v, struct conn *db, struct arena *a, int64_t id, struct err *err)
{
    struct sql q;
    begin(&q, db, a);
    sql_lit(&q, "UPDATE _vault_key SET wrapped = NULL, state = 'erased', ended_at = ");
    sql_bind_int(&q, now(v));
    sql_lit(&q, " WHERE wrapped IS NOT NULL AND id = ");
    sql_bind_int(&q, id);
    return store_exec(db, a, &q, NULL, err);
}

struct listed {
    struct vault *v;
    struct arena *a;
    int64_t *ids;
    size_t n;
};

static int destroy_listed(struct conn *db, void *arg, struct err *err)
{
    struct listed *l = arg;
    for (size_t i = 0; i < l->n; i++)
        if (destroy(l->v, db, l->a, l->ids[i], err))
            return -1;
    return 0;
}

static int open_on(struct vault *v, struct conn *db, struct arena *a, struct err *err)
{
    struct listed l = {.v = v, .a = a};
    if (v->opts.dir.n && ledger_read(a, v->opts.dir, &l.ids, &l.n, err))
        return -1;
    if (l.n && store_write(v->store, destroy_listed, &l, err))
        return -1;
    return load_masters(v, db, a, err) || vault_ledger(v, db, err) ? -1 : 0;
}

int vault_open(struct store *s, const struct vault_opts *opts, struct vault **out, struct err *err)
{
    struct conn *db = NULL;
    struct arena *a = arena_new(ARENA);
    struct arena *work = arena_new(ARENA);
    *out = NULL;
    if (!a || !work) {
        arena_free(&a);
        arena_free(&work);
        return err_set(err, ERR_OOM, "out_of_memory", "内存不足。", "Out of memory.");
    }
    struct vault *v = ARENA_NEW(a, struct vault);
    *v = (struct vault){.a = a, .store = s, .opts = *opts};
    v->opts.dir = str_dup(a, opts->dir);
    (void)sodium_mlock(v, sizeof(*v)); /* without the limit for it keys may be swapped out */
    pthread_mutex_init(&v->lock, NULL);
    pthread_mutex_init(&v->reader_lock, NULL);
    int rc = store_conn_open(s, &db, err);
    if (rc == 0)
        rc = open_on(v, db, work, err);
    store_conn_close(&db);
    if (rc == 0)
        rc = store_conn_open(s, &v->reader, err);
    arena_free(&work);
    *out = v;
    if (rc)
        vault_close(out);
    return rc;
}

void vault_close(struct vault **vp)
{
    struct vault *v = *vp;
    if (!v)
        return;
    *vp = NULL;
    store_conn_close(&v->reader);
    pthread_mutex_destroy(&v->reader_lock);
    pthread_mutex_destroy(&v->lock);
    struct arena *a = v->a;
    sodium_munlock(v, sizeof(*v)); /* and wiped */
    arena_free(&a);
}

int vault_copy_keys(struct arena *a, struct str from, struct str to, struct err *err)
{
    struct master *m = ARENA_ARRAY(a, struct master, MASTERS_MAX);
    size_t n, ids;
    int64_t *list;
    int rc = keyfile_read(a, from, m, &n, err);
    if (rc == 1 && (keyfile_write(a, to, m, n, err) || ledger_read(a, from, &list, &ids, err) ||
                    (ids && ledger_add(a, to, list, ids, 0, err))))
        rc = -1;
    sodium_memzero(m, MASTERS_MAX * sizeof(*m));
    return rc;
}

/* ---- the ledger ---- */

static bool in_list(const int64_t *ids, size_t n, int64_t id)
{
    for (size_t i = 0; i < n; i++)
        if (ids[i] == id)
            return true;
    return false;
}

static int unlisted(struct conn *db, struct arena *a, struct listed *known, struct listed *out,
                    struct err *err)
{
    struct sql q;
    struct stmt *s;
    VEC(int64_t) list = {0};
    begin(&q, db, a);
    sql_lit(&q, "SELECT id FROM _vault_key WHERE state = 'erased' ORDER BY ended_at, id");
    if (store_query(db, a, &q, &s, err))
        return -1;
    int rc;
    while ((rc = stmt_step(s, err)) == 1)
        if (!in_list(known->ids, known->n, stmt_int(s, 0)))
            (void)vec_push(a, &list, stmt_int(s, 0));
    stmt_done(s);
    out->ids = list.v;
    out->n = list.n;
    return rc;
}

static int ledger_on(struct vault *v, struct conn *db, struct arena *a, struct err *err)
{
    struct listed known = {.v = v}, add = {.v = v};
    if (ledger_read(a, v->opts.dir, &known.ids, &known.n, err) ||
        unlisted(db, a, &known, &add, err))
        return -1;
    return add.n ? ledger_add(a, v->opts.dir, add.ids, add.n, now(v), err) : 0;
}

int vault_ledger(struct vault *v, struct conn *db, struct err *err)
{
    struct arena *a = arena_new(ARENA);
    if (!a)
        return err_set(err, ERR_OOM, "out_of_memory", "内存不足。", "Out of memory.");
    cache_forget(v);
    int rc = v->opts.dir.n ? ledger_on(v, db, a, err) : 0;
    arena_free(&a);
    return rc;
}

int vault_erase(struct vault *v, struct conn *db, struct arena *a, int64_t subject, int64_t *n,
                struct err *err)
{
    struct sql q;
    cache_forget(v);
    begin(&q, db, a);
    sql_lit(&q, "UPDATE _vault_key SET wrapped = NULL, state = 'erased', ended_at = ");
    sql_bind_int(&q, now(v));
    sql_lit(&q, " WHERE wrapped IS NOT NULL AND kind = 'subject' AND subject = ");
    sql_bind_int(&q, subject);
    return store_exec(db, a, &q, n, err);
}

/* ---- changing keys ---- */

int vault_new_master(struct vault *v, struct err *err)
{
    struct arena *a = arena_new(ARENA);
    if (!a)
        return err_set(err, ERR_OOM, "out_of_memory", "内存不足。", "Out of memory.");
    struct master *m = ARENA_ARRAY(a, struct master, MASTERS_MAX);
    pthread_mutex_lock(&v->lock);
    size_t n = v->nmasters;
    memcpy(m, v->masters, n * sizeof(*m));
    pthread_mutex_unlock(&v->lock);
    int rc = n < MASTERS_MAX ? 0
                             : err_set(err, ERR_CONFLICT, "too_many_keys",
                                       "密钥文件中的旧密钥太多，请先删去不再需要的。",
                                       "The key file holds too many old keys; remove some first.");
    if (rc == 0) {
        master_new(&m[n++]);
        rc = v->opts.dir.n ? keyfile_write(a, v->opts.dir, m, n, err) : 0;
    }
    if (rc == 0) {
        pthread_mutex_lock(&v->lock);
        v->masters[n - 1] = m[n - 1];
        v->nmasters = n;
        pthread_mutex_unlock(&v->lock);
    }
    sodium_memzero(m, MASTERS_MAX * sizeof(*m));
    arena_free(&a);
    return rc;
}

/* Data keys that another master key wraps. */
static void others(struct sql *q, const struct master *m, struct arena *a)
{
    sql_lit(q, " FROM _vault_key WHERE wrapped IS NOT NULL AND master <> ");
    sql_bind_str(q, str_dup(a, str_of(m->id)));
}

static int rewrap_one(struct conn *db, struct arena *a, const struct master *m,
                      const struct data_key *k, struct err *err)
{
    struct sql q;
    begin(&q, db, a);
    sql_lit(&q, "UPDATE _vault_key SET master = ");
    sql_bind_str(&q, str_dup(a, str_of(m->id)));
    sql_lit(&q, ", wrapped = ");
    sql_bind_str(&q, wrap(a, m, k));
    sql_lit(&q, " WHERE id = ");
    sql_bind_int(&q, k->id);
    return store_exec(db, a, &q, NULL, err);
}

int vault_rewrap(struct vault *v, struct conn *db, struct arena *a, int64_t max, int64_t *left,
                 struct err *err)
{
    struct sql q;
    struct stmt *s;
    struct master m;
    VEC(struct data_key) keys = {0};
    (void)current_master(v, &m);
    begin(&q, db, a);
    sql_lit(&q, "SELECT id, master, wrapped");
    others(&q, &m, a);
    sql_lit(&q, " ORDER BY id LIMIT ");
    sql_int(&q, max);
    if (store_query(db, a, &q, &s, err))
        return -1;
    int rc;
    while ((rc = stmt_step(s, err)) == 1) {
        struct data_key k;
        if (take_row(v, a, s, &k, err) < 0) {
            rc = -1;
            break;
        }
        (void)vec_push(a, &keys, k);
    }
    stmt_done(s);
    for (size_t i = 0; rc == 0 && i < keys.n; i++)
        rc = rewrap_one(db, a, &m, &keys.v[i], err);
    if (keys.n)
        sodium_memzero(keys.v, keys.n * sizeof(*keys.v));
    begin(&q, db, a);
    sql_lit(&q, "SELECT count(*)");
    others(&q, &m, a);
    sodium_memzero(&m, sizeof(m));
    return rc || store_get_int(db, a, &q, left, err) < 0 ? -1 : 0;
}

int vault_masters(struct vault *v, struct conn *db, struct arena *a, struct vault_key_info **out,
                  size_t *n, struct err *err)
{
    *out = ARENA_ARRAY(a, struct vault_key_info, MASTERS_MAX);
    char(*ids)[MASTER_ID + 1] = arena_array(a, MASTERS_MAX, sizeof(*ids));
    pthread_mutex_lock(&v->lock);
    *n = v->nmasters;
    for (size_t i = 0; i < *n; i++)
        memcpy(ids[i], v->masters[i].id, sizeof(ids[i]));
    pthread_mutex_unlock(&v->lock);
    for (size_t i = 0; i < *n; i++) {
        struct sql q;
        struct vault_key_info *k = &(*out)[i];
        *k = (struct vault_key_info){.id = str_of(ids[i]), .current = i + 1 == *n};
        begin(&q, db, a);
        sql_lit(&q, "SELECT count(*) FROM _vault_key WHERE wrapped IS NOT NULL AND master = ");
        sql_bind_str(&q, k->id);
        if (store_get_int(db, a, &q, &k->wraps, err) < 0)
            return -1;
    }
    return 0;
}

int vault_new_keys(struct vault *v, struct conn *db, struct arena *a, struct str app,
                   struct err *err)
{
    struct sql q;
    begin(&q, db, a);
    sql_lit(&q, "UPDATE _vault_key SET state = 'old', ended_at = ");
    sql_bind_int(&q, now(v));
    sql_lit(&q, " WHERE state = 'current' AND kind IN ('app', 'subject') AND app = ");
    sql_bind_str(&q, app);
    cache_forget(v); /* and again after the commit, by the caller's vault_ledger */
    const struct vault_on on = {v, db, a};
    const struct key_of of = {app, KEY_APP, 0};
    return store_exec(db, a, &q, NULL, err) || insert_key(&on, &of, err) ? -1 : 0;
}

int vault_is_old(struct vault *v, struct conn *db, struct arena *a, int64_t key, struct err *err)
{
    struct sql q;
    int64_t old = 0;
    (void)v;
    begin(&q, db, a);
    sql_lit(&q, "SELECT count(*) FROM _vault_key WHERE state = 'old' AND id = ");
    sql_bind_int(&q, key);
    return store_get_int(db, a, &q, &old, err) < 0 ? -1 : old != 0;
}

int vault_retire(struct vault *v, struct conn *db, struct arena *a, struct str app,
                 int64_t *destroyed, struct err *err)
{
    struct sql q;
    cache_forget(v);
    begin(&q, db, a);
    sql_lit(&q, "UPDATE _vault_key SET wrapped = NULL, state = 'retired', ended_at = ");
    sql_bind_int(&q, now(v));
    sql_lit(&q, " WHERE state = 'old' AND app = ");
    sql_bind_str(&q, app);
    return store_exec(db, a, &q, destroyed, err);
}

/* 1 an old key, of this person; 0 another state. */
static int old_key(struct conn *db, struct arena *a, int64_t key, int64_t *subject, struct err *err)
{
    struct sql q;
    begin(&q, db, a);
    sql_lit(&q, "SELECT subject FROM _vault_key WHERE state = 'old' AND id = ");
    sql_bind_int(&q, key);
    return store_get_int(db, a, &q, subject, err);
}

int vault_reseal(const struct vault_on *on, const struct vault_at *at, struct str sealed,
                 struct str *out, struct err *err)
{
    struct str plain;
    struct vault_at to = *at;
    int64_t key = vault_key_of(sealed);
    int rc = key ? old_key(on->db, on->a, key, &to.subject, err) : 0;
    if (rc == 1)
        rc = vault_unseal(on, at, sealed, &plain, err);
    if (rc == 1 && vault_seal(on, &to, plain, out, err))
        rc = -1;
    return rc;
}
