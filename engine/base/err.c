/*
 * One error with its texts. Nothing is allocated; what does not fit is cut between code points.
 */
#include "engine/base/err.h"

#include "engine/base/utf8.h"

#include <stdarg.h>
#include <stdio.h>

/* vsnprintf that never leaves half a character. */
ATTR_PRINTF(3, 0)
static void print(char *buf, size_t cap, const char *fmt, va_list ap)
{
    int n = vsnprintf(buf, cap, fmt, ap);
    if (n < 0)
        buf[0] = '\0';
    if (n < 0 || (size_t)n < cap)
        return;
    /* The NUL stands in for the byte cut off: step back over an unfinished sequence. */
    struct str s = {buf, cap - 1};
    size_t at = s.n;
    while (at && ((unsigned char)buf[at - 1] & 0xC0) == 0x80)
        at--;
    if (at && !utf8_valid(str_sub(s, at - 1, s.n)))
        buf[at - 1] = '\0';
}

static void copy(char *buf, size_t cap, struct str s)
{
    s = utf8_cut(s, cap - 1);
    if (s.n)
        memcpy(buf, s.p, s.n);
    buf[s.n] = '\0';
}

int err_set(struct err *err, enum err_code code, const char *key, const char *zh, const char *en,
            ...)
{
    va_list ap;
    *err = (struct err){.code = code};
    copy(err->key, sizeof(err->key), str_of(key));
    va_start(ap, en);
    print(err->zh, sizeof(err->zh), zh, ap);
    va_end(ap);
    va_start(ap, en);
    print(err->en, sizeof(err->en), en, ap);
    va_end(ap);
    return -1;
}

void err_at(struct err *err, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    print(err->path, sizeof(err->path), fmt, ap);
    va_end(ap);
}

void err_in(struct err *err, const char *fmt, ...)
{
    char path[sizeof(err->path)];
    va_list ap;
    copy(path, sizeof(path), str_of(err->path));
    va_start(ap, fmt);
    print(err->path, sizeof(err->path), fmt, ap);
    va_end(ap);
    size_t n = strlen(err->path);
    if (n && path[0] && path[0] != '[' && n + 1 < sizeof(err->path))
        err->path[n++] = '.';
    copy(err->path + n, sizeof(err->path) - n, str_of(path));
}

void err_source(struct err *err, struct str file, struct src_pos pos)
{
    copy(err->file, sizeof(err->file), file);
    err->pos = pos;
}
