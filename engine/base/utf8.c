/*
 * UTF-8 decoding by one table of lead bytes; everything else is built on it.
 */
#include "engine/base/utf8.h"

#define BAD 0xFFFDu

/* Length by lead byte, 0 for none; what is over-long, a surrogate or too big is sorted out after.
 */
static size_t lead_len(unsigned char c)
{
    if (c < 0x80)
        return 1;
    if (c < 0xC2)
        return 0;
    if (c < 0xE0)
        return 2;
    if (c < 0xF0)
        return 3;
    return c < 0xF5 ? 4 : 0;
}

/* Decodes the code point at `p`; gives its length, 0 when it is not well-formed. */
static size_t decode(const unsigned char *p, size_t left, uint32_t *cp)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    static const uint32_t mask[] = {0, 0x7F, 0x1F, 0x0F, 0x07};
    size_t n = lead_len(p[0]);
    if (!n || n > left)
        return 0;
    uint32_t v = p[0] & mask[n];
    for (size_t i = 1; i < n; i++) {
        if ((p[i] & 0xC0) != 0x80)
            return 0;
        v = (v << 6) | (p[i] & 0x3F);
    }
    if (v < least[n] || v > 0x10FFFF || (v >= 0xD800 && v <= 0xDFFF))
        return 0;
    *cp = v;
    return n;
}

size_t utf8_good(struct str s)
{
    const unsigned char *p = (const unsigned char *)s.p;
    size_t i = 0;
    while (i < s.n) {
        uint32_t cp;
        if (p[i] - 1u < 0x7F) { /* 1 … 127, by far the most */
            i++;
            continue;
        }
        size_t n = p[i] ? decode(p + i, s.n - i, &cp) : 0;
        if (!n)
            break;
        i += n;
    }
    return i;
}

bool utf8_valid(struct str s)
{
    return utf8_good(s) == s.n;
}

size_t utf8_len(struct str s)
{
    size_t n = 0;
    for (size_t i = 0; i < s.n; i++)
        n += ((unsigned char)s.p[i] & 0xC0) != 0x80;
    return n;
}

size_t utf8_offset(struct str s, size_t index)
{
    size_t i = 0;
    for (; i < s.n; i++) {
        if (((unsigned char)s.p[i] & 0xC0) != 0x80 && index-- == 0)
            break;
    }
    return i;
}

uint32_t utf8_next(struct str s, size_t *pos)
{
    uint32_t cp;
    if (*pos >= s.n)
        return BAD;
    size_t n = decode((const unsigned char *)s.p + *pos, s.n - *pos, &cp);
    *pos += n ? n : 1;
    return n ? cp : BAD;
}

struct str utf8_cut(struct str s, size_t n_bytes)
{
    if (s.n <= n_bytes)
        return s;
    while (n_bytes && ((unsigned char)s.p[n_bytes] & 0xC0) == 0x80)
        n_bytes--;
    return str_sub(s, 0, n_bytes);
}
