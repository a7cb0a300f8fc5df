/*
 * The floor of the benchmarks on PostgreSQL: what floor.c is on SQLite, through libpq. The same SQL
 * as Mortise's, prepared once a connection, JSON from the columns, a bare libmicrohttpd answer.
 *
 *   floor_pg URL SCHEMA PORT      GET /list  /member  /covering
 */
#include "tests/bench/floor_out.h"

#include <libpq-fe.h>
#include <microhttpd.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define THREADS 4

#define PERSON(table, column)                                                                      \
    "t0.\"" column "\", (SELECT t1.name FROM " table " t1 WHERE t1.id = t0.\"" column "\")"
#define SOME                                                                                       \
    "SELECT t0.\"_id\", t0.\"_version\", t0.\"_title\", t0.\"name\", t0.\"region\","               \
    " t0.\"status\", t0.\"qty\", t0.\"price\", t0.\"amount\", t0.\"grade\", t0.\"by\","            \
    " t0.\"_state\", t0.\"_node\", " PERSON("_member", "_owner") ", "
#define MORE                                                                                       \
    PERSON("_department", "_dept") ", t0.\"_created_at\", " PERSON("_member", "_created_by")
#define COLUMNS  SOME MORE ", t0.\"_updated_at\", " PERSON("_member", "_updated_by")
#define FILTER   " AND ((t0.\"region\" = 'east') AND (t0.\"status\" = 'new'))"
#define BY_OWNER " WHERE (t0.\"_deleted_at\" IS NULL AND (t0.\"_owner\" = 1))" FILTER
#define BY_NAME  " WHERE (t0.\"_deleted_at\" IS NULL AND (t0.\"by\" = 'rep'))" FILTER
#define ANY      " WHERE (t0.\"_deleted_at\" IS NULL AND TRUE)" FILTER
#define IDS      "SELECT t0.\"_id\" AS id, t0.\"_id\" AS k0 FROM bench__item t0"
#define FIRST    " ORDER BY t0.\"_id\" DESC NULLS LAST LIMIT 51"
#define SHOWN    ") p JOIN bench__item t0 ON t0.\"_id\" = p.id ORDER BY p.k0 DESC NULLS LAST"

struct query {
    const char *path, *sql, *count;
};

static const struct query queries[] = {
    {"/list", COLUMNS ", TRUE, p.k0 FROM (" IDS ANY FIRST SHOWN,
     "SELECT COUNT(*) FROM (SELECT 1 FROM bench__item t0" ANY " LIMIT 10001) counted"},
    {"/member",
     COLUMNS ", ((t0.\"_owner\" = 1) OR (t0.\"by\" = 'rep')), p.k0 FROM ("
             "SELECT p.* FROM (SELECT * FROM (" IDS BY_OWNER FIRST
             ") b0 UNION SELECT * FROM (" IDS BY_NAME FIRST
             ") b1) p ORDER BY p.k0 DESC NULLS LAST LIMIT 51" SHOWN,
     "SELECT COUNT(*) FROM (SELECT 1 FROM bench__item t0" BY_OWNER
     " UNION ALL SELECT 1 FROM bench__item t0" BY_NAME
     " AND ((t0.\"_owner\" = 1)) IS NOT TRUE LIMIT 10001) counted"},
    {"/covering",
     "SELECT t0.\"region\", COUNT(*), COALESCE(SUM(t0.\"amount\"), 0) FROM bench__item t0"
     " WHERE (t0.\"_deleted_at\" IS NULL AND TRUE) GROUP BY 1 ORDER BY 1 ASC NULLS FIRST LIMIT"
     " 1000",
     NULL},
};
enum { QUERIES = sizeof(queries) / sizeof(queries[0]) };

struct floor {
    const char *url, *schema;
    pthread_key_t key;
};

static void must(PGconn *c, PGresult *r, ExecStatusType want)
{
    if (PQresultStatus(r) != want) {
        fprintf(stderr, "%s\n", PQerrorMessage(c));
        exit(1);
    }
    PQclear(r);
}

static PGconn *conn_of(struct floor *f)
{
    PGconn *c = pthread_getspecific(f->key);
    char text[300];
    if (c)
        return c;
    c = PQconnectdb(f->url);
    snprintf(text, sizeof(text), "SET search_path TO \"%s\"", f->schema);
    must(c, PQexec(c, text), PGRES_COMMAND_OK);
    for (int i = 0; i < QUERIES; i++) {
        must(c, PQprepare(c, queries[i].path, queries[i].sql, 0, NULL), PGRES_COMMAND_OK);
        snprintf(text, sizeof(text), "%s#", queries[i].path);
        if (queries[i].count)
            must(c, PQprepare(c, text, queries[i].count, 0, NULL), PGRES_COMMAND_OK);
    }
    pthread_setspecific(f->key, c);
    return c;
}

static void rows_json(PGresult *r, struct out *o)
{
    for (int i = 0; i < PQntuples(r) && i < 50; i++) {
        put(o, i ? ",{" : "{");
        for (int k = 0; k < PQnfields(r); k++) {
            put(o, k ? ",\"" : "\"");
            put(o, PQfname(r, k));
            put(o, PQgetisnull(r, i, k) ? "\":null" : "\":\"");
            if (PQgetisnull(r, i, k))
                continue;
            put(o, PQgetvalue(r, i, k));
            put(o, "\"");
        }
        put(o, "}");
    }
}

static void answer(struct floor *f, const char *url, struct out *o)
{
    PGconn *c = conn_of(f);
    char count[40];
    for (int i = 0; i < QUERIES; i++) {
        if (strcmp(url, queries[i].path) != 0)
            continue;
        PGresult *r = PQexecPrepared(c, url, 0, NULL, NULL, NULL, 0);
        put(o, "{\"records\":[");
        rows_json(r, o);
        must(c, r, PGRES_TUPLES_OK);
        put(o, "]");
        if (queries[i].count) {
            snprintf(count, sizeof(count), "%s#", url);
            r = PQexecPrepared(c, count, 0, NULL, NULL, NULL, 0);
            put_format(o, ",\"total\":%s", PQgetvalue(r, 0, 0));
            must(c, r, PGRES_TUPLES_OK);
        }
        put(o, "}");
        return;
    }
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
    struct out o = {malloc(OUT_BYTES), 0};
    answer(cls, url, &o);
    return out_reply(c, &o);
}

int main(int argc, char **argv)
{
    if (argc != 4)
        return 2;
    char *url = strdup(argv[1]);
    char *own = strstr(url, "schema="); /* Mortise's own parameter, the last one */
    if (own)
        own[-1] = '\0';
    struct floor f = {.url = url, .schema = argv[2]};
    pthread_key_create(&f.key, NULL);
    struct MHD_Daemon *d =
        MHD_start_daemon(MHD_USE_EPOLL_INTERNAL_THREAD, (unsigned short)strtoul(argv[3], NULL, 10),
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
