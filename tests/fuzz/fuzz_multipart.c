/* Multipart bodies on their way through libmicrohttpd and upload.c, as in http_mhd.c: the first
 * line is the boundary, the rest the body. Every field is UTF-8, the file's bytes are counted, or
 * there is an error that says something. */
#include "tests/fuzz/fuzz.h"

#include "engine/base/utf8.h"
#include "runtime/upload.h"

#include <microhttpd.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#define ROUNDS 200

struct one {
    struct exchange x;
    struct upload upload;
    struct MHD_PostProcessor *pp;
    struct err err;
    uint64_t bytes; /* of the file, as given */
    bool begun, done;
};

/* The request at hand: one at a time. */
static struct one *now;

static enum MHD_Result part(void *cls, enum MHD_ValueKind kind, const char *key,
                            const char *filename, const char *type, const char *encoding,
                            const char *data, uint64_t off, size_t size)
{
    struct one *o = cls;
    (void)kind, (void)encoding;
    struct upload_piece p = {str_of(key), str_of(filename), str_of(type), {data, size}, off};
    if (o->err.code)
        return MHD_NO;
    if (upload_take(&o->upload, &p, &o->err))
        return MHD_NO;
    o->bytes += p.filename.n ? size : 0;
    return MHD_YES;
}

static enum MHD_Result answer(struct MHD_Connection *conn)
{
    static char ok[] = "ok";
    struct MHD_Response *r = MHD_create_response_from_buffer(2, ok, MHD_RESPMEM_PERSISTENT);
    enum MHD_Result rc = MHD_queue_response(conn, 200, r);
    MHD_destroy_response(r);
    return rc;
}

static enum MHD_Result on_request(void *cls, struct MHD_Connection *conn, const char *url,
                                  const char *method, const char *version, const char *data,
                                  size_t *n, void **con)
{
    struct one *o = now;
    (void)cls, (void)url, (void)method, (void)version;
    if (!*con) {
        *con = o;
        o->begun = true;
        o->pp = MHD_create_post_processor(conn, 65536, part, o);
        return MHD_YES;
    }
    if (*n) {
        if (o->pp && MHD_post_process(o->pp, data, *n) != MHD_YES && !o->err.code)
            (void)err_set(&o->err, ERR_MALFORMED, "multipart", "内容有误", "malformed");
        *n = 0;
        return MHD_YES;
    }
    if (o->pp && MHD_destroy_post_processor(o->pp) != MHD_YES && !o->err.code)
        (void)err_set(&o->err, ERR_MALFORMED, "multipart", "内容有误", "malformed");
    o->pp = NULL;
    if (!o->err.code)
        (void)!upload_finish(&o->upload, &o->err);
    o->done = true;
    return answer(conn);
}

static struct MHD_Daemon *daemon_of(void)
{
    static struct MHD_Daemon *d;
    if (!d)
        d = MHD_start_daemon(MHD_USE_NO_LISTEN_SOCKET, 0, NULL, NULL, on_request, NULL,
                             MHD_OPTION_END);
    FUZZ_CHECK(d != NULL);
    return d;
}

static void put(int fd, struct str s)
{
    while (s.n) {
        ssize_t n = send(fd, s.p, s.n, MSG_NOSIGNAL);
        if (n <= 0)
            return;
        s = str_sub(s, (size_t)n, s.n);
    }
}

static void check(struct one *o)
{
    FUZZ_CHECK(!o->err.code || o->err.zh[0]);
    if (o->err.code)
        return;
    FUZZ_CHECK(o->x.nfields <= UPLOAD_PARTS_MAX);
    for (size_t i = 0; i < o->x.nfields; i++)
        FUZZ_CHECK(o->x.fields[i].name.n && utf8_valid(o->x.fields[i].name) &&
                   utf8_valid(o->x.fields[i].value) && o->x.fields[i].value.n <= UPLOAD_FIELD_MAX);
    if (o->upload.fd >= 0)
        FUZZ_CHECK(o->x.upload_bytes == o->bytes && o->x.upload_hash.n == 64);
}

static void fuzz_one(struct arena *a, struct str in)
{
    struct str boundary, body = str_cut(in, '\n', &boundary);
    int fds[2];
    if (boundary.n > 200 || body.n > 100000)
        return;
    for (size_t i = 0; i < boundary.n; i++)
        if ((unsigned char)boundary.p[i] < 0x20)
            return;
    struct one *o = ARENA_NEW(a, struct one);
    *o = (struct one){.x.a = a, .err = ERR_INIT};
    upload_init(&o->upload, &o->x, STR("/dev/shm"));
    now = o;
    FUZZ_CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, fds) == 0);
    struct sockaddr_in at = {.sin_family = AF_INET};
    FUZZ_CHECK(MHD_add_connection(daemon_of(), fds[0], (struct sockaddr *)&at, sizeof at) ==
               MHD_YES);
    put(fds[1], str_fmt(a,
                        "POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
                        "Content-Type: multipart/form-data; boundary=%.*s\r\n"
                        "Content-Length: %zu\r\n\r\n",
                        STR_ARG(boundary), body.n));
    put(fds[1], body);
    (void)shutdown(fds[1], SHUT_WR);
    for (int i = 0; i < ROUNDS && !(o->done && i > 5); i++)
        FUZZ_CHECK(MHD_run(daemon_of()) == MHD_YES);
    close(fds[1]);
    for (int i = 0; i < 5; i++)
        (void)MHD_run(daemon_of());
    if (o->done)
        check(o);
    if (o->pp)
        (void)MHD_destroy_post_processor(o->pp);
    upload_drop(&o->upload);
}
