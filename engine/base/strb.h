/*
 * String builder on an arena. No error to check: memory trouble unwinds (arena.h).
 */
#ifndef BASE_STRB_H
#define BASE_STRB_H

#include "engine/base/str.h"
#include <stdarg.h>

struct strb {
    struct arena *a;
    char *p;
    size_t n;
    size_t cap;
};

void strb_init(struct strb *b, struct arena *a);
void strb_reserve(struct strb *b, size_t more);
void strb_add(struct strb *b, struct str s);
void strb_addz(struct strb *b, const char *z);
void strb_addn(struct strb *b, const char *p, size_t n);
void strb_addc(struct strb *b, char c);
void strb_addf(struct strb *b, const char *fmt, ...) ATTR_PRINTF(2, 3);
void strb_addv(struct strb *b, const char *fmt, va_list ap) ATTR_PRINTF(2, 0);
void strb_addi(struct strb *b, int64_t n);
/* One code point as UTF-8. */
void strb_addu(struct strb *b, uint32_t cp);
/* Text for HTML element content and quoted attributes: & < > " ' escaped. */
void strb_add_html(struct strb *b, struct str s);
/* What was built so far; stays valid until the next add. Always NUL-terminated behind the end. */
struct str strb_str(struct strb *b);

#endif
