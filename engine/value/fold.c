/*
 * Text normal forms on libutf8proc; the only file that includes its header.
 */
#include "engine/value/fold.h"

#include <utf8proc.h>

#define FOLD                                                                                       \
    (UTF8PROC_STABLE | UTF8PROC_COMPAT | UTF8PROC_COMPOSE | UTF8PROC_CASEFOLD | UTF8PROC_IGNORE)

static bool is_ascii(struct str s)
{
    unsigned char any = 0;
    for (size_t i = 0; i < s.n; i++)
        any |= (unsigned char)s.p[i];
    return any < 0x80;
}

static struct str lower_ascii(struct arena *a, struct str s)
{
    char *p = str_z(a, s);
    for (size_t i = 0; i < s.n; i++) {
        if (p[i] >= 'A' && p[i] <= 'Z')
            p[i] = (char)(p[i] + ('a' - 'A'));
    }
    return (struct str){p, s.n};
}

/* Code points first, then UTF-8 in the same memory: nothing is allocated outside the arena. */
static struct str fold_once(struct arena *a, struct str s)
{
    const utf8proc_uint8_t *in = (const utf8proc_uint8_t *)s.p;
    utf8proc_ssize_t n = utf8proc_decompose(in, (utf8proc_ssize_t)s.n, NULL, 0, FOLD);
    if (n < 0)
        return str_dup(a, s);
    utf8proc_int32_t *cp = ARENA_ARRAY(a, utf8proc_int32_t, (size_t)n + 1);
    n = utf8proc_decompose(in, (utf8proc_ssize_t)s.n, cp, n, FOLD);
    if (n >= 0)
        n = utf8proc_reencode(cp, n, FOLD);
    if (n < 0)
        return str_dup(a, s);
    return (struct str){(const char *)cp, (size_t)n};
}

struct str fold_text(struct arena *a, struct str s)
{
    if (is_ascii(s))
        return str_trim(lower_ascii(a, s));
    struct str once = str_trim(fold_once(a, s));
    /* Folding case after NFKC can leave something to fold; twice is enough for every text. */
    return str_trim(fold_once(a, once));
}

struct str fold_phone(struct arena *a, struct str s)
{
    struct str wide = fold_text(a, s);
    char *digits = str_z(a, wide);
    size_t n = 0;
    bool plus = false;
    for (size_t i = 0; i < wide.n; i++) {
        char c = wide.p[i];
        plus = plus || (c == '+' && !n);
        if (c >= '0' && c <= '9')
            digits[n++] = c;
    }
    digits[n] = '\0';
    struct str d = {digits, n};
    if (str_starts(d, STR("0086")) && n > 4)
        return str_sub(d, 4, n);
    if (str_starts(d, STR("86")) && n > 2 && (plus || (n == 13 && d.p[2] == '1')))
        return str_sub(d, 2, n);
    return d;
}
