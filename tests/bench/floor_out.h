/*
 * What the floors share: a bounded answer (what does not fit ends the program: a short answer would
 * be an unfair floor) and the bare libmicrohttpd reply.
 */
#ifndef BENCH_FLOOR_OUT_H
#define BENCH_FLOOR_OUT_H

#include <microhttpd.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define OUT_BYTES (128 * 1024)

struct out {
    char *p; /* OUT_BYTES of room */
    size_t n;
};

static inline void out_room(const struct out *o, size_t n)
{
    if (n < OUT_BYTES - o->n)
        return;
    fputs("floor: the answer does not fit\n", stderr);
    abort();
}

static inline void put_char(struct out *o, char c)
{
    out_room(o, 1);
    o->p[o->n++] = c;
}

static inline void put(struct out *o, const char *text)
{
    size_t n = strlen(text);
    out_room(o, n);
    memcpy(o->p + o->n, text, n);
    o->n += n;
}

__attribute__((format(printf, 2, 3))) static inline void put_format(struct out *o, const char *fmt,
                                                                    ...)
{
    va_list args;
    va_start(args, fmt);
    int n = vsnprintf(o->p + o->n, OUT_BYTES - o->n, fmt, args);
    va_end(args);
    out_room(o, n < 0 ? OUT_BYTES : (size_t)n);
    o->n += (size_t)n;
}

/* Answers with what was written; the block is the response's from here on. */
static inline enum MHD_Result out_reply(struct MHD_Connection *c, struct out *o)
{
    struct MHD_Response *resp = MHD_create_response_from_buffer(o->n, o->p, MHD_RESPMEM_MUST_FREE);
    MHD_add_response_header(resp, "Content-Type", "application/json");
    enum MHD_Result rc = MHD_queue_response(c, 200, resp);
    MHD_destroy_response(resp);
    return rc;
}

#endif
