/*
 * Addresses against patterns.
 */
#include "runtime/address.h"

#include "engine/value/num.h"

#include <arpa/inet.h>
#include <string.h>

struct addr {
    unsigned char b[16];
    unsigned bits; /* of the address: 32 or 128 */
};

static bool parse(struct str s, struct addr *out)
{
    static const unsigned char mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
    char text[64];
    if (!s.n || s.n >= sizeof(text) || memchr(s.p, '\0', s.n))
        return false;
    memcpy(text, s.p, s.n);
    text[s.n] = '\0';
    memset(out, 0, sizeof(*out));
    if (inet_pton(AF_INET, text, out->b) == 1) {
        out->bits = 32;
        return true;
    }
    if (inet_pton(AF_INET6, text, out->b) != 1)
        return false;
    out->bits = 128;
    if (!memcmp(out->b, mapped, sizeof(mapped))) {
        memmove(out->b, out->b + 12, 4);
        out->bits = 32;
    }
    return true;
}

static bool parse_pattern(struct str pattern, struct addr *a, unsigned *prefix)
{
    struct str head, tail = str_cut(pattern, '/', &head);
    int64_t n;
    if (!parse(head, a))
        return false;
    *prefix = a->bits;
    if (head.n == pattern.n)
        return true;
    if (!num_parse_dec(tail, 0, &n) || n < 0 || n > a->bits)
        return false;
    *prefix = (unsigned)n;
    return true;
}

bool address_valid(struct str pattern)
{
    struct addr a;
    unsigned prefix;
    return parse_pattern(pattern, &a, &prefix);
}

bool address_in(struct str pattern, struct str address)
{
    struct addr p, a;
    unsigned prefix;
    if (!parse_pattern(pattern, &p, &prefix) || !parse(address, &a) || p.bits != a.bits)
        return false;
    unsigned whole = prefix / 8, rest = prefix % 8;
    if (memcmp(p.b, a.b, whole) != 0)
        return false;
    unsigned mask = rest ? 0xffu << (8 - rest) & 0xffu : 0;
    return ((p.b[whole < 16 ? whole : 15] ^ a.b[whole < 16 ? whole : 15]) & mask) == 0;
}
