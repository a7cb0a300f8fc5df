/*
 * zlib at a low level: answers are short and made once.
 */
#include "runtime/gzip.h"

#include <zlib.h>

#define LEVEL  3
#define WINDOW (15 + 16) /* the largest, with a gzip head */

struct str gzip(struct arena *a, struct str text)
{
    z_stream z = {0};
    size_t cap = compressBound(text.n) + 32; /* and gzip's own head and tail */
    char *out = arena_alloc(a, cap);         /* first: it may unwind */
    if (text.n > UINT32_MAX / 2 ||
        deflateInit2(&z, LEVEL, Z_DEFLATED, WINDOW, 8, Z_DEFAULT_STRATEGY) != Z_OK)
        return STR_NONE;
    z.next_in = (z_const Bytef *)(uintptr_t)text.p;
    z.avail_in = (uInt)text.n;
    z.next_out = (Bytef *)out;
    z.avail_out = (uInt)cap;
    int rc = deflate(&z, Z_FINISH);
    size_t n = z.total_out;
    (void)deflateEnd(&z); /* nothing to be told at the end of a stream */
    return rc == Z_STREAM_END ? (struct str){out, n} : STR_NONE;
}
