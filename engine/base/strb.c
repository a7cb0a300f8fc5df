/*
 * String builder. What needs printf is in fmt.c, so that this file stays free of stdio.
 */
#include "engine/base/strb.h"

#include <stdlib.h>

void strb_init(struct strb *b, struct arena *a)
{
    *b = (struct strb){.a = a};
}

/* Keeps one byte behind the text for the NUL. */
void strb_reserve(struct strb *b, size_t more)
{
    if (b->cap > b->n && more < b->cap - b->n)
        return;
    if (more > SIZE_MAX / 4)
        oom_raise();
    size_t cap = MAX(MAX(b->cap * 2, (size_t)64), b->n + more + 1);
    b->p = arena_grow(b->a, b->p, b->cap, cap);
    b->cap = cap;
}

void strb_addn(struct strb *b, const char *p, size_t n)
{
    if (!n)
        return;
    strb_reserve(b, n);
    memcpy(b->p + b->n, p, n);
    b->n += n;
}

void strb_add(struct strb *b, struct str s)
{
    strb_addn(b, s.p, s.n);
}

void strb_addz(struct strb *b, const char *z)
{
    strb_add(b, str_of(z));
}

void strb_addc(struct strb *b, char c)
{
    strb_reserve(b, 1);
    b->p[b->n++] = c;
}

void strb_addi(struct strb *b, int64_t n)
{
    char buf[24];
    char *p = buf + sizeof(buf);
    uint64_t u = n < 0 ? UINT64_C(0) - (uint64_t)n : (uint64_t)n;
    do {
        *--p = (char)('0' + u % 10);
        u /= 10;
    } while (u);
    if (n < 0)
        *--p = '-';
    strb_addn(b, p, (size_t)(buf + sizeof(buf) - p));
}

void strb_addu(struct strb *b, uint32_t cp)
{
    if (cp > 0x10FFFF || (cp >= 0xD800 && cp <= 0xDFFF))
        cp = 0xFFFD;
    if (cp < 0x80) {
        strb_addc(b, (char)cp);
    } else if (cp < 0x800) {
        strb_addc(b, (char)(0xC0 | (cp >> 6)));
        strb_addc(b, (char)(0x80 | (cp & 0x3F)));
    } else if (cp < 0x10000) {
        strb_addc(b, (char)(0xE0 | (cp >> 12)));
        strb_addc(b, (char)(0x80 | ((cp >> 6) & 0x3F)));
        strb_addc(b, (char)(0x80 | (cp & 0x3F)));
    } else {
        strb_addc(b, (char)(0xF0 | (cp >> 18)));
        strb_addc(b, (char)(0x80 | ((cp >> 12) & 0x3F)));
        strb_addc(b, (char)(0x80 | ((cp >> 6) & 0x3F)));
        strb_addc(b, (char)(0x80 | (cp & 0x3F)));
    }
}

static const char *html_entity(char c)
{
    switch (c) {
    case '&': return "&amp;";
    case '<': return "&lt;";
    case '>': return "&gt;";
    case '"': return "&quot;";
    case '\'': return "&#39;";
    default: return NULL;
    }
}

void strb_add_html(struct strb *b, struct str s)
{
    size_t done = 0;
    for (size_t i = 0; i < s.n; i++) {
        const char *e = html_entity(s.p[i]);
        if (!e)
            continue;
        strb_addn(b, s.p + done, i - done);
        strb_addz(b, e);
        done = i + 1;
    }
    if (done < s.n)
        strb_addn(b, s.p + done, s.n - done);
}

struct str strb_str(struct strb *b)
{
    strb_reserve(b, 0);
    b->p[b->n] = '\0';
    return (struct str){b->p, b->n};
}
