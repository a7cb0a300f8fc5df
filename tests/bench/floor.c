/*
 * The floor of the benchmarks: a bare libmicrohttpd server that answers with the same SQL on a copy
 * of the same database through SQLite's C API, JSON written by hand. No rights, no hook, no
 * validation. Creates commit in groups as Mortise does, else the comparison would only measure
 * fsync.
 *
 *   floor DB PORT      GET /one?id=N  /list  /member   POST /create
 */
#include <microhttpd.h>
#include <pthread.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define THREADS   16
#define OUT_BYTES (64 * 1024)

static const char *const columns =
    "\"_id\", \"_version\", \"_title\", name, region, status, qty, price, amount,"
    " \"_created_at\"";

struct reader {
    sqlite3 *db;
    sqlite3_stmt *one, *list, *count, *member, *member_count;
    sqlite3_stmt *sorter, *covering, *scan; /* sums by region, three ways */
};

struct floor {
    const char *path;
    pthread_mutex_t lock;
    pthread_cond_t done;
    sqlite3 *writer;
    sqlite3_stmt *insert, *history, *begin, *commit;
    long long next_id, queued, committed;
    int leading;
    pthread_key_t key;
};

static sqlite3_stmt *prepare(sqlite3 *db, const char *sql)
{
    sqlite3_stmt *s = NULL;
    if (sqlite3_prepare_v3(db, sql, -1, SQLITE_PREPARE_PERSISTENT, &s, NULL) != SQLITE_OK) {
        fprintf(stderr, "%s: %s\n", sqlite3_errmsg(db), sql);
        exit(1);
    }
    return s;
}

static sqlite3 *open_db(const char *path, int flags)
{
    sqlite3 *db;
    if (sqlite3_open_v2(path, &db, flags | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK)
        exit(1);
    sqlite3_exec(db, "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA cache_size=-16000;",
                 NULL, NULL, NULL);
    return db;
}

static struct reader *reader_of(struct floor *f)
{
    struct reader *r = pthread_getspecific(f->key);
    if (r)
        return r;
    char sql[1024];
    r = calloc(1, sizeof(*r));
    r->db = open_db(f->path, SQLITE_OPEN_READONLY);
    snprintf(sql, sizeof(sql),
             "SELECT %s FROM bench__item WHERE \"_deleted_at\" IS NULL AND \"_id\" = ?1", columns);
    r->one = prepare(r->db, sql);
    snprintf(sql, sizeof(sql),
             "SELECT %s FROM bench__item WHERE \"_deleted_at\" IS NULL AND region = 'east'"
             " AND status = 'new' ORDER BY \"_id\" DESC LIMIT 51",
             columns);
    r->list = prepare(r->db, sql);
    r->count = prepare(
        r->db, "SELECT COUNT(*) FROM (SELECT 1 FROM bench__item WHERE \"_deleted_at\" IS NULL AND"
               " region = 'east' AND status = 'new' LIMIT 10001)");
    snprintf(
        sql, sizeof(sql),
        "SELECT %s FROM bench__item WHERE \"_deleted_at\" IS NULL AND region = 'east' AND"
        " status = 'new' AND (\"_owner\" = 1 OR \"by\" = 'rep') ORDER BY \"_id\" DESC LIMIT 51",
        columns);
    r->member = prepare(r->db, sql);
    r->member_count = prepare(
        r->db, "SELECT COUNT(*) FROM (SELECT 1 FROM bench__item WHERE \"_deleted_at\" IS NULL"
               " AND region = 'east' AND status = 'new' AND (\"_owner\" = 1 OR \"by\" = 'rep')"
               " LIMIT 10001)");
    r->sorter = prepare(r->db, "SELECT region, COUNT(*), SUM(amount) FROM bench__item NOT INDEXED"
                               " WHERE \"_deleted_at\" IS NULL GROUP BY region");
    r->covering = prepare(r->db, "SELECT region, COUNT(*), SUM(amount) FROM bench__item"
                                 " WHERE \"_deleted_at\" IS NULL GROUP BY region");
    r->scan = prepare(r->db, "SELECT region, amount FROM bench__item NOT INDEXED"
                             " WHERE \"_deleted_at\" IS NULL");
    pthread_setspecific(f->key, r);
    return r;
}

static int row_json(sqlite3_stmt *s, char *out, size_t cap)
{
    return snprintf(
        out, cap,
        "{\"_id\":\"%lld\",\"_version\":%lld,\"_title\":\"%s\",\"name\":\"%s\",\"region\":\"%s\","
        "\"status\":\"%s\",\"qty\":%lld,\"price\":%.2f,\"amount\":%.2f,\"_created_at\":%lld}",
        sqlite3_column_int64(s, 0), sqlite3_column_int64(s, 1), sqlite3_column_text(s, 2),
        sqlite3_column_text(s, 3), sqlite3_column_text(s, 4), sqlite3_column_text(s, 5),
        sqlite3_column_int64(s, 6), (double)sqlite3_column_int64(s, 7) / 100,
        (double)sqlite3_column_int64(s, 8) / 100, sqlite3_column_int64(s, 9));
}

static size_t list_json(sqlite3_stmt *list, sqlite3_stmt *count, char *out)
{
    size_t n = (size_t)snprintf(out, OUT_BYTES, "{\"records\":[");
    for (int i = 0; sqlite3_step(list) == SQLITE_ROW && i < 50; i++) {
        if (i)
            out[n++] = ',';
        n += (size_t)row_json(list, out + n, OUT_BYTES - n);
    }
    sqlite3_reset(list);
    sqlite3_step(count);
    n += (size_t)snprintf(out + n, OUT_BYTES - n, "],\"total\":%d}", sqlite3_column_int(count, 0));
    sqlite3_reset(count);
    return n;
}

static size_t groups_json(sqlite3_stmt *s, char *out)
{
    size_t n = (size_t)snprintf(out, OUT_BYTES, "{\"rows\":[");
    while (sqlite3_step(s) == SQLITE_ROW)
        n +=
            (size_t)snprintf(out + n, OUT_BYTES - n, "{\"region\":\"%s\",\"n\":%lld,\"sum\":%.2f},",
                             sqlite3_column_text(s, 0), sqlite3_column_int64(s, 1),
                             (double)sqlite3_column_int64(s, 2) / 100);
    sqlite3_reset(s);
    return n + (size_t)snprintf(out + n, OUT_BYTES - n, "]}");
}

/* Every row once, its group found by hashing. */
static size_t scan_json(sqlite3_stmt *s, char *out)
{
    struct {
        char key[32];
        long long n, sum;
    } slots[64] = {0};
    while (sqlite3_step(s) == SQLITE_ROW) {
        const unsigned char *key = sqlite3_column_text(s, 0);
        unsigned h = 5381;
        for (const unsigned char *k = key; k && *k; k++)
            h = h * 33 + *k;
        h &= 63;
        while (slots[h].n && strcmp(slots[h].key, key ? (const char *)key : "") != 0)
            h = (h + 1) & 63;
        if (!slots[h].n)
            snprintf(slots[h].key, sizeof(slots[h].key), "%s", key ? (const char *)key : "");
        slots[h].n++;
        slots[h].sum += sqlite3_column_int64(s, 1);
    }
    sqlite3_reset(s);
    size_t n = 0;
    for (int i = 0; i < 64; i++)
        if (slots[i].n)
            n += (size_t)snprintf(out + n, OUT_BYTES - n,
                                  "{\"region\":\"%s\",\"n\":%lld,\"sum\":%lld}", slots[i].key,
                                  slots[i].n, slots[i].sum);
    return n;
}

static void insert_one(struct floor *f)
{
    long long id = f->next_id++;
    sqlite3_bind_int64(f->insert, 1, id);
    sqlite3_bind_int64(f->history, 1, id);
    sqlite3_step(f->insert);
    sqlite3_reset(f->insert);
    sqlite3_step(f->history);
    sqlite3_reset(f->history);
}

/* Whoever finds nobody leading commits for all that wait. */
static void create(struct floor *f)
{
    pthread_mutex_lock(&f->lock);
    long long mine = ++f->queued;
    while (f->committed < mine) {
        if (f->leading) {
            pthread_cond_wait(&f->done, &f->lock);
            continue;
        }
        f->leading = 1;
        long long upto = f->queued, from = f->committed;
        pthread_mutex_unlock(&f->lock);
        sqlite3_step(f->begin);
        sqlite3_reset(f->begin);
        for (long long i = from; i < upto; i++)
            insert_one(f);
        sqlite3_step(f->commit);
        sqlite3_reset(f->commit);
        pthread_mutex_lock(&f->lock);
        f->committed = upto;
        f->leading = 0;
        pthread_cond_broadcast(&f->done);
    }
    pthread_mutex_unlock(&f->lock);
}

static size_t answer(struct floor *f, const char *url, struct MHD_Connection *c, char *out)
{
    if (strcmp(url, "/create") == 0) {
        create(f);
        return (size_t)snprintf(out, OUT_BYTES, "{\"_id\":\"1\",\"_version\":1}");
    }
    struct reader *r = reader_of(f);
    if (strcmp(url, "/list") == 0)
        return list_json(r->list, r->count, out);
    if (strcmp(url, "/member") == 0)
        return list_json(r->member, r->member_count, out);
    if (strcmp(url, "/sorter") == 0)
        return groups_json(r->sorter, out);
    if (strcmp(url, "/covering") == 0)
        return groups_json(r->covering, out);
    if (strcmp(url, "/scan") == 0)
        return scan_json(r->scan, out);
    const char *id = MHD_lookup_connection_value(c, MHD_GET_ARGUMENT_KIND, "id");
    sqlite3_bind_int64(r->one, 1, id ? strtoll(id, NULL, 10) : 0);
    size_t n = sqlite3_step(r->one) == SQLITE_ROW ? (size_t)row_json(r->one, out, OUT_BYTES) : 0;
    sqlite3_reset(r->one);
    return n;
}

static enum MHD_Result handle(void *cls, struct MHD_Connection *c, const char *url,
                              const char *method, const char *version, const char *data, size_t *n,
                              void **state)
{
    (void)version;
    (void)data;
    (void)method;
    if (!*state) {
        *state = cls; /* never answer in the first call: it closes the connection */
        return MHD_YES;
    }
    if (*n) {
        *n = 0;
        return MHD_YES;
    }
    char *out = malloc(OUT_BYTES);
    size_t len = answer(cls, url, c, out);
    struct MHD_Response *resp = MHD_create_response_from_buffer(len, out, MHD_RESPMEM_MUST_FREE);
    MHD_add_response_header(resp, "Content-Type", "application/json");
    enum MHD_Result rc = MHD_queue_response(c, 200, resp);
    MHD_destroy_response(resp);
    return rc;
}

int main(int argc, char **argv)
{
    if (argc != 3)
        return 2;
    struct floor f = {.path = argv[1]};
    pthread_mutex_init(&f.lock, NULL);
    pthread_cond_init(&f.done, NULL);
    pthread_key_create(&f.key, NULL);
    f.writer = open_db(argv[1], SQLITE_OPEN_READWRITE);
    f.begin = prepare(f.writer, "BEGIN IMMEDIATE");
    f.commit = prepare(f.writer, "COMMIT");
    f.insert = prepare(
        f.writer,
        "INSERT INTO bench__item (\"_id\", \"_version\", \"_title\", \"_created_at\", "
        "\"_updated_at\","
        " name, region, status, qty, price, amount, grade) VALUES (?1, 1, 'x', 1, 1, 'x', 'east',"
        " 'new', 3, 1250, 3750, 'B')");
    f.history = prepare(
        f.writer, "INSERT INTO _history (id, app, form, record, version, at, via, op, changes)"
                  " VALUES (?1 + 1, 'bench', 'item', ?1, 1, 1, 'api', 'create', '{}')");
    sqlite3_stmt *max = prepare(f.writer, "SELECT MAX(MAX((SELECT MAX(\"_id\") FROM bench__item)),"
                                          " (SELECT MAX(id) FROM _history)) + 10");
    sqlite3_step(max);
    f.next_id = sqlite3_column_int64(max, 0);
    sqlite3_finalize(max);
    struct MHD_Daemon *d =
        MHD_start_daemon(MHD_USE_EPOLL_INTERNAL_THREAD, (unsigned short)strtoul(argv[2], NULL, 10),
                         NULL, NULL, handle, &f, MHD_OPTION_THREAD_POOL_SIZE, THREADS,
                         MHD_OPTION_CONNECTION_LIMIT, 1024, MHD_OPTION_END);
    if (!d)
        return 1;
    puts("ready");
    fflush(stdout);
    sigset_t stop;
    int sig;
    sigemptyset(&stop);
    sigaddset(&stop, SIGTERM);
    sigprocmask(SIG_BLOCK, &stop, NULL);
    sigwait(&stop, &sig);
    MHD_stop_daemon(d);
    return 0;
}
