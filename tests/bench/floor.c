/*
 * The floor of the benchmarks: a bare libmicrohttpd server that answers with the same SQL on a copy
 * of the same database through SQLite's C API, JSON written by hand. No rights, no hook, no
 * validation. Creates commit in groups as Mortise does, else the comparison would only measure
 * fsync.
 *
 *   floor DB PORT      GET /one?id=N  /list  /member   POST /create
 */
#include "tests/bench/floor_out.h"

#include <microhttpd.h>
#include <pthread.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define THREADS 16

/* What Mortise shows of a row. */
#define COLUMNS                                                                                    \
    "SELECT t0.\"_id\", t0.\"_version\", t0.\"_title\", t0.\"name\", t0.\"region\","               \
    " t0.\"status\", t0.\"qty\", t0.\"price\", t0.\"amount\", t0.\"grade\", t0.\"by\","            \
    " t0.\"_state\", t0.\"_node\", t0.\"_owner\", t0.\"_dept\", t0.\"_created_at\","               \
    " t0.\"_created_by\", t0.\"_updated_at\", t0.\"_updated_by\""
#define FILTER   " AND ((t0.\"region\" = 'east') AND (t0.\"status\" = 'new'))"
#define BY_OWNER " WHERE (t0.\"_deleted_at\" IS NULL AND (t0.\"_owner\" = 1))" FILTER
#define BY_NAME  " WHERE (t0.\"_deleted_at\" IS NULL AND (t0.\"by\" = 'rep'))" FILTER
#define ANY      " WHERE (t0.\"_deleted_at\" IS NULL AND TRUE)" FILTER
#define IDS      "SELECT t0.\"_id\" AS id, t0.\"_id\" AS k0 FROM bench__item t0"
#define FIRST    " ORDER BY t0.\"_id\" DESC NULLS LAST LIMIT 51"
#define SKIP     "SELECT 1 FROM bench__item t0"
#define SHOWN    ") p JOIN bench__item t0 ON t0.\"_id\" = p.id ORDER BY p.k0 DESC NULLS LAST"

/* The SQL that Mortise runs for the two lists, row for row (query.c): the page, then the count,
 * which asks each way to a row for its 10,001st first. */
static const char *const page_sql[] = {
    COLUMNS ", TRUE, p.k0 FROM (" IDS ANY FIRST SHOWN,
    COLUMNS ", ((t0.\"_owner\" = 1) OR (t0.\"by\" = 'rep')), p.k0 FROM ("
            "SELECT p.* FROM (SELECT * FROM (" IDS BY_OWNER FIRST
            ") b0 UNION SELECT * FROM (" IDS BY_NAME FIRST
            ") b1) p ORDER BY p.k0 DESC NULLS LAST LIMIT 51" SHOWN,
};
static const char *const skip_sql[][2] = {
    {SKIP ANY " LIMIT 1 OFFSET 10000", NULL},
    {SKIP BY_OWNER " LIMIT 1 OFFSET 10000", SKIP BY_NAME " LIMIT 1 OFFSET 10000"},
};
static const char *const count_sql[] = {
    "SELECT COUNT(*) FROM (SELECT 1 FROM bench__item t0" ANY " LIMIT 10001) counted",
    "SELECT COUNT(*) FROM (SELECT 1 FROM bench__item t0" BY_OWNER
    " UNION ALL SELECT 1 FROM bench__item t0" BY_NAME
    " AND ((t0.\"_owner\" = 1)) IS NOT TRUE LIMIT 10001) counted",
};

struct listing {
    sqlite3_stmt *page, *skip[2], *count;
};

struct reader {
    sqlite3 *db;
    sqlite3_stmt *one;
    struct listing list, member;
    sqlite3_stmt *member_name, *department_name;
    long long member_id, department_id; /* whose names are known */
    char member_text[200], department_text[200];
    sqlite3_stmt *sorter, *covering, *scan; /* sums by region, three ways */
};

struct floor {
    const char *path;
    pthread_mutex_t lock;
    pthread_cond_t done;
    sqlite3 *writer;
    sqlite3_stmt *insert, *search, *history, *begin, *commit;
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

static void prepare_list(struct reader *r, struct listing *l, int which)
{
    l->page = prepare(r->db, page_sql[which]);
    for (int i = 0; i < 2; i++)
        if (skip_sql[which][i])
            l->skip[i] = prepare(r->db, skip_sql[which][i]);
    l->count = prepare(r->db, count_sql[which]);
}

static struct reader *reader_of(struct floor *f)
{
    struct reader *r = pthread_getspecific(f->key);
    if (r)
        return r;
    r = calloc(1, sizeof(*r));
    r->db = open_db(f->path, SQLITE_OPEN_READONLY);
    r->one = prepare(r->db, COLUMNS ", TRUE FROM (SELECT t0.\"_id\" AS id FROM bench__item t0"
                                    " WHERE t0.\"_id\" = ?1 AND (t0.\"_deleted_at\" IS NULL AND"
                                    " TRUE)) p JOIN bench__item t0 ON t0.\"_id\" = p.id");
    prepare_list(r, &r->list, 0);
    prepare_list(r, &r->member, 1);
    r->member_name = prepare(r->db, "SELECT name FROM _member WHERE id = ?1");
    r->department_name = prepare(r->db, "SELECT name FROM _department WHERE id = ?1");
    r->sorter = prepare(r->db, "SELECT region, COUNT(*), SUM(amount) FROM bench__item NOT INDEXED"
                               " WHERE \"_deleted_at\" IS NULL GROUP BY region");
    r->covering = prepare(r->db, "SELECT region, COUNT(*), SUM(amount) FROM bench__item"
                                 " WHERE \"_deleted_at\" IS NULL GROUP BY region");
    r->scan = prepare(r->db, "SELECT region, amount FROM bench__item NOT INDEXED"
                             " WHERE \"_deleted_at\" IS NULL");
    pthread_setspecific(f->key, r);
    return r;
}

static void put_text(struct out *o, const char *key, const unsigned char *text)
{
    put(o, key);
    if (!text) {
        put(o, "null");
        return;
    }
    put_char(o, '"');
    for (const unsigned char *c = text; *c; c++) {
        if (*c == '"' || *c == '\\')
            put_char(o, '\\');
        put_char(o, (char)*c);
    }
    put_char(o, '"');
}

static void put_int(struct out *o, const char *key, long long n, int scale)
{
    if (scale)
        put_format(o, "%s%lld.%02lld", key, n / 100, n % 100);
    else
        put_format(o, "%s%lld", key, n);
}

static void put_id(struct out *o, const char *key, long long id)
{
    static const char digits[] = "0123456789abcdefghjkmnpqrstvwxyz";
    put(o, key);
    put_char(o, '"');
    for (int shift = 60; shift >= 0; shift -= 5)
        put_char(o, digits[id >> shift & 31]);
    put_char(o, '"');
}

static void put_instant(struct out *o, const char *key, long long us)
{
    time_t s = (time_t)(us / 1000000);
    struct tm t;
    gmtime_r(&s, &t);
    put_format(o, "%s\"%04d-%02d-%02dT%02d:%02d:%02d.%06lldZ\"", key, t.tm_year + 1900,
               t.tm_mon + 1, t.tm_mday, t.tm_hour, t.tm_min, t.tm_sec, us % 1000000);
}

/* {"id","title"}: the name asked for once for as long as it is the same. */
static void put_person(struct out *o, const char *key, struct reader *r, long long id, int member)
{
    long long *known = member ? &r->member_id : &r->department_id;
    char *text = member ? r->member_text : r->department_text;
    sqlite3_stmt *s = member ? r->member_name : r->department_name;
    put(o, key);
    if (!id) {
        put(o, "null");
        return;
    }
    if (*known != id) {
        sqlite3_bind_int64(s, 1, id);
        int row = sqlite3_step(s) == SQLITE_ROW;
        snprintf(text, 200, "%s", row ? (const char *)sqlite3_column_text(s, 0) : "");
        sqlite3_reset(s);
        *known = id;
    }
    put_id(o, "{\"id\":", id);
    put_text(o, ",\"title\":", (const unsigned char *)text);
    put(o, "}");
}

static void row_json(struct reader *r, sqlite3_stmt *s, struct out *o)
{
    static const char *const keys[] = {
        ",\"_title\":", ",\"name\":", ",\"region\":", ",\"status\":"};
    put_id(o, "{\"_id\":", sqlite3_column_int64(s, 0));
    put_int(o, ",\"_version\":", sqlite3_column_int64(s, 1), 0);
    for (int i = 0; i < 4; i++)
        put_text(o, keys[i], sqlite3_column_text(s, i + 2));
    put_int(o, ",\"qty\":", sqlite3_column_int64(s, 6), 0);
    put_int(o, ",\"price\":", sqlite3_column_int64(s, 7), 2);
    put_int(o, ",\"amount\":", sqlite3_column_int64(s, 8), 2);
    put_text(o, ",\"grade\":", sqlite3_column_text(s, 9));
    put_text(o, ",\"by\":", sqlite3_column_text(s, 10));
    put_text(o, ",\"_state\":", sqlite3_column_text(s, 11));
    put_text(o, ",\"_node\":", sqlite3_column_text(s, 12));
    put_person(o, ",\"_owner\":", r, sqlite3_column_int64(s, 13), 1);
    put_person(o, ",\"_dept\":", r, sqlite3_column_int64(s, 14), 0);
    put_instant(o, ",\"_created_at\":", sqlite3_column_int64(s, 15));
    put_person(o, ",\"_created_by\":", r, sqlite3_column_int64(s, 16), 1);
    put_instant(o, ",\"_updated_at\":", sqlite3_column_int64(s, 17));
    put_person(o, ",\"_updated_by\":", r, sqlite3_column_int64(s, 18), 1);
    put(o, "}");
}

static int step_once(sqlite3_stmt *s, int *value)
{
    int rc = sqlite3_step(s);
    *value = rc == SQLITE_ROW ? sqlite3_column_int(s, 0) : 0;
    sqlite3_reset(s);
    return rc == SQLITE_ROW;
}

static size_t list_json(struct reader *r, struct listing *l, char *out)
{
    struct out o = {out, 0};
    int total = 10001, reached = 0, ignored;
    put(&o, "{\"records\":[");
    for (int i = 0; sqlite3_step(l->page) == SQLITE_ROW && i < 50; i++) {
        if (i)
            put(&o, ",");
        row_json(r, l->page, &o);
    }
    sqlite3_reset(l->page);
    for (int i = 0; i < 2 && l->skip[i] && !reached; i++)
        reached = step_once(l->skip[i], &ignored);
    if (!reached)
        step_once(l->count, &total);
    put_int(&o, "],\"total\":", total, 0);
    put(&o, reached ? ",\"total_is\":\"at_least\"}" : ",\"total_is\":\"exact\"}");
    return o.n;
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

/* The row, its words, its history: what Mortise writes. */
static void insert_one(struct floor *f)
{
    sqlite3_stmt *const all[] = {f->insert, f->search, f->history};
    long long id = f->next_id;
    f->next_id += 2;
    for (int i = 0; i < 3; i++) {
        sqlite3_bind_int64(all[i], 1, id);
        if (sqlite3_step(all[i]) != SQLITE_DONE) {
            fprintf(stderr, "create: %s\n", sqlite3_errmsg(f->writer));
            exit(1);
        }
        sqlite3_reset(all[i]);
    }
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
        return list_json(r, &r->list, out);
    if (strcmp(url, "/member") == 0)
        return list_json(r, &r->member, out);
    if (strcmp(url, "/sorter") == 0)
        return groups_json(r->sorter, out);
    if (strcmp(url, "/covering") == 0)
        return groups_json(r->covering, out);
    if (strcmp(url, "/scan") == 0)
        return scan_json(r->scan, out);
    const char *id = MHD_lookup_connection_value(c, MHD_GET_ARGUMENT_KIND, "id");
    struct out o = {out, 0};
    sqlite3_bind_int64(r->one, 1, id ? strtoll(id, NULL, 10) : 0);
    if (sqlite3_step(r->one) == SQLITE_ROW)
        row_json(r, r->one, &o);
    sqlite3_reset(r->one);
    return o.n;
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
    struct out o = {out, len};
    return out_reply(c, &o);
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
        "INSERT INTO \"bench__item\" (\"name\", \"region\", \"status\", \"qty\", \"price\","
        " \"amount\", \"grade\", \"by\", \"_id\", \"_version\", \"_title\", \"_state\", \"_node\","
        " \"_owner\", \"_dept\", \"_created_at\", \"_created_by\", \"_updated_at\","
        " \"_updated_by\") VALUES ('新条目', 'east', 'new', 3, 1250, 3750, 'B', NULL, ?1, 1,"
        " '新条目', NULL, NULL, 2, 1, 1, 2, 1, 2)");
    f.search = prepare(f.writer, "INSERT INTO \"bench__item___search\" (rowid, c0)"
                                 " VALUES (?1, '新条 条目 目')");
    f.history = prepare(
        f.writer,
        "INSERT INTO _history (id, app, form, record, version, at, via, op, changes) VALUES"
        " (?1 + 1, 'bench', 'item', ?1, 1, 1, 'api', 'create', '{\"name\":[null,\"新条目\"],"
        "\"region\":[null,\"east\"],\"status\":[null,\"new\"],\"qty\":[null,3],"
        "\"price\":[null,12.50],\"amount\":[null,37.50],\"grade\":[null,\"B\"],"
        "\"_title\":[null,\"新条目\"]}')");
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
