/*
 * The printf style functions of str.h and strb.h: the only part of base text that needs stdio.
 */
#include "engine/base/strb.h"

#include <stdio.h>

void strb_addv(struct strb *b, const char *fmt, va_list ap)
{
    va_list again;
    va_copy(again, ap);
    strb_reserve(b, 1);
    int n = vsnprintf(b->p + b->n, b->cap - b->n, fmt, ap);
    if (n > 0 && (size_t)n >= b->cap - b->n) {
        strb_reserve(b, (size_t)n);
        n = vsnprintf(b->p + b->n, b->cap - b->n, fmt, again);
    }
    va_end(again);
    if (n > 0)
        b->n += (size_t)n;
}

void strb_addf(struct strb *b, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    strb_addv(b, fmt, ap);
    va_end(ap);
}

struct str str_fmt(struct arena *a, const char *fmt, ...)
{
    struct strb b;
    va_list ap;
    strb_init(&b, a);
    va_start(ap, fmt);
    strb_addv(&b, fmt, ap);
    va_end(ap);
    return strb_str(&b);
}
