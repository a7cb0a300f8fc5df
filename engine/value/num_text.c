/*
 * Decimal text to double and double to decimal digits, exactly rounded in both directions.
 *
 * The idea: a number is a fraction of two big integers; its leading bits come from a binary long
 * division whose remainder says how to round. Numbers of business (up to 15 digits, small
 * exponents) never get there: one multiplication or division of exact doubles is correctly rounded
 * by itself.
 */
#include "engine/value/num_int.h"

#include <float.h>

#define MAX_DIGITS                                                                                 \
    770                /* digits that can decide a rounding; what follows only says "a bit more"   \
                        */
#define MAX_EXP 100000 /* written exponents are clamped here: far out of range anyway */

/* ---- big integers: little-endian, enough for 10^1110 ---- */

#define BIG_WORDS 128

struct big {
    size_t n;
    uint32_t w[BIG_WORDS];
};

static void big_set(struct big *b, uint64_t v)
{
    b->n = 0;
    for (; v; v >>= 32)
        b->w[b->n++] = (uint32_t)v;
}

/* b = b * mul + add */
static void big_mul_add(struct big *b, uint32_t mul, uint32_t add)
{
    uint64_t carry = add;
    for (size_t i = 0; i < b->n; i++) {
        carry += (uint64_t)b->w[i] * mul;
        b->w[i] = (uint32_t)carry;
        carry >>= 32;
    }
    if (carry)
        b->w[b->n++] = (uint32_t)carry;
}

static void big_mul_pow10(struct big *b, unsigned k)
{
    for (; k >= 9; k -= 9)
        big_mul_add(b, 1000000000u, 0);
    big_mul_add(b, (uint32_t)num_pow10(k), 0);
}

static void big_shl(struct big *b, unsigned bits)
{
    size_t words = bits / 32;
    unsigned rest = bits % 32;
    if (!b->n)
        return;
    if (words) {
        memmove(b->w + words, b->w, b->n * sizeof(b->w[0]));
        memset(b->w, 0, words * sizeof(b->w[0]));
        b->n += words;
    }
    if (rest)
        big_mul_add(b, UINT32_C(1) << rest, 0);
}

static int big_len(const struct big *b)
{
    return b->n ? (int)(b->n * 32) - __builtin_clz(b->w[b->n - 1]) : 0;
}

static int big_cmp(const struct big *a, const struct big *b)
{
    if (a->n != b->n)
        return a->n > b->n ? 1 : -1;
    for (size_t i = a->n; i-- > 0;) {
        if (a->w[i] != b->w[i])
            return a->w[i] > b->w[i] ? 1 : -1;
    }
    return 0;
}

/* a -= b * mul; the result must not be negative */
static void big_mul_sub(struct big *a, const struct big *b, uint32_t mul)
{
    uint64_t carry = 0;
    for (size_t i = 0; i < a->n; i++) {
        carry += i < b->n ? (uint64_t)b->w[i] * mul : 0;
        uint32_t low = (uint32_t)carry;
        carry = (carry >> 32) + (a->w[i] < low);
        a->w[i] -= low;
    }
    while (a->n && !a->w[a->n - 1])
        a->n--;
}

/*
 * Brings num / den into [1, 2) by powers of two, with the top bit of den's top word set; returns
 * the exponent taken out.  After it big_bits() gives the quotient from its first bit on.
 */
static int big_align(struct big *num, struct big *den)
{
    int shift = big_len(num) - big_len(den);
    big_shl(shift > 0 ? den : num, (unsigned)(shift > 0 ? shift : -shift));
    unsigned top = (unsigned)-big_len(den) & 31;
    big_shl(den, top);
    big_shl(num, top);
    if (big_cmp(num, den) < 0) {
        big_shl(num, 1);
        shift--;
    }
    return shift;
}

#define CHUNK 28 /* bits a round: few enough for the estimate below to be nearly exact */

/* The next `bits` of num / den, num < den before and after. */
static uint32_t big_chunk(struct big *num, const struct big *den, unsigned bits)
{
    size_t k = den->n;
    big_shl(num, bits);
    uint64_t top = (uint64_t)(num->n > k ? num->w[k] : 0) << 32 | (num->n >= k ? num->w[k - 1] : 0);
    uint32_t q = (uint32_t)(top / ((uint64_t)den->w[k - 1] + 1)); /* never too large */
    big_mul_sub(num, den, q);
    for (; big_cmp(num, den) >= 0; q++)
        big_mul_sub(num, den, 1);
    return q;
}

/* The first `bits` bits of an aligned fraction; num keeps the remainder. */
static uint64_t big_bits(struct big *num, const struct big *den, int bits)
{
    if (bits <= 0)
        return 0;
    uint64_t q = 1; /* num / den is in [1, 2) */
    big_mul_sub(num, den, 1);
    for (bits--; bits > 0; bits -= CHUNK) {
        unsigned take = (unsigned)MIN(bits, CHUNK);
        q = (q << take) | big_chunk(num, den, take);
    }
    return q;
}

/* ---- doubles ---- */

static double double_of(uint64_t bits)
{
    double x;
    memcpy(&x, &bits, sizeof(x));
    return x;
}

/* The double nearest to q * 2^(exp - 63), q with its top bit set and `more` behind it. */
static double pack(uint64_t q, int exp, bool more)
{
    int drop = exp >= -1022 ? 11 : 11 + (-1022 - exp);
    if (exp > 1023)
        return double_of(UINT64_C(0x7FF) << 52);
    if (drop > 64)
        return 0;
    uint64_t r = drop == 64 ? 0 : q >> drop;
    uint64_t rest = drop == 64 ? q : q & ((UINT64_C(1) << drop) - 1);
    uint64_t half = UINT64_C(1) << (drop - 1);
    if (rest > half || (rest == half && (more || (r & 1))))
        r++;
    /* Adding instead of or-ing lets a carry run into the exponent, up to infinity. */
    return double_of(exp >= -1022 ? ((uint64_t)(exp + 1022) << 52) + r : r);
}

/* x = f * 2^q; x finite and positive. */
static void unpack(double x, uint64_t *f, int *q)
{
    uint64_t bits;
    memcpy(&bits, &x, sizeof(bits));
    int exp = (int)(bits >> 52) & 0x7FF;
    *f = bits & ((UINT64_C(1) << 52) - 1);
    if (exp)
        *f |= UINT64_C(1) << 52;
    *q = (exp ? exp : 1) - 1075;
}

static double divide(struct big *num, struct big *den)
{
    int exp = big_align(num, den);
    uint64_t q = big_bits(num, den, 64);
    return pack(q, exp, num->n > 0);
}

uint64_t num_pow10(unsigned k)
{
    static const uint64_t pow10[NUM_POW10_MAX + 1] = {
        1,
        10,
        100,
        1000,
        10000,
        100000,
        1000000,
        10000000,
        100000000,
        1000000000,
        UINT64_C(10000000000),
        UINT64_C(100000000000),
        UINT64_C(1000000000000),
        UINT64_C(10000000000000),
        UINT64_C(100000000000000),
        UINT64_C(1000000000000000),
        UINT64_C(10000000000000000),
        UINT64_C(100000000000000000),
        UINT64_C(1000000000000000000),
        UINT64_C(10000000000000000000),
    };
    return pow10[k];
}

/* The powers of ten that a double holds exactly. */
static double exact_pow10(unsigned k)
{
    static const double pow10[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                   1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                   1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
    return pow10[k];
}

/* ---- text to double ---- */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Reads "e-12" at s[i …end); the sum of it and *point. */
static bool scan_exp(struct str s, size_t i, int64_t *point)
{
    bool neg = false;
    int64_t e = 0;
    i++;
    if (i < s.n && (s.p[i] == '-' || s.p[i] == '+'))
        neg = s.p[i++] == '-';
    if (i == s.n)
        return false;
    for (; i < s.n; i++) {
        if (!is_digit(s.p[i]))
            return false;
        e = MIN(e * 10 + (s.p[i] - '0'), MAX_EXP);
    }
    *point += neg ? -e : e;
    return true;
}

bool num_scan(struct str s, struct num_scan *out)
{
    bool any = false;
    bool dot = false;
    int64_t seen = 0; /* digits since d1 */
    size_t i = s.n && (s.p[0] == '-' || s.p[0] == '+') ? 1 : 0;
    *out = (struct num_scan){.neg = i && s.p[0] == '-'};
    for (; i < s.n && (is_digit(s.p[i]) || (s.p[i] == '.' && !dot)); i++) {
        if (s.p[i] == '.') {
            dot = true;
            continue;
        }
        any = true;
        if (!out->digits && s.p[i] != '0')
            out->digits = s.p + i;
        if (out->digits) {
            seen++;
            if (s.p[i] != '0')
                out->n = (size_t)seen;
        }
        out->point += out->digits ? !dot : -dot;
    }
    if (!any)
        return false;
    if (i == s.n)
        return true;
    return (s.p[i] == 'e' || s.p[i] == 'E') && scan_exp(s, i, &out->point);
}

unsigned num_scan_digit(const char **p)
{
    if (**p == '.')
        ++*p;
    return (unsigned)(*(*p)++ - '0');
}

/* More than 19 digits: all of them into a big integer. */
static double scan_long(const struct num_scan *n)
{
    struct big num;
    struct big den;
    const char *p = n->digits;
    size_t take = MIN(n->n, (size_t)MAX_DIGITS);
    big_set(&num, num_scan_digit(&p));
    for (size_t i = 1; i < take; i++)
        big_mul_add(&num, 10, num_scan_digit(&p));
    int e = (int)(n->point - (int64_t)take);
    if (take < n->n) {
        big_mul_add(&num, 10, 1);
        e--;
    }
    big_set(&den, 1);
    big_mul_pow10(e < 0 ? &den : &num, (unsigned)(e < 0 ? -e : e));
    return divide(&num, &den);
}

double num_scan_double(const struct num_scan *n)
{
    if (!n->n || n->point < -330)
        return 0;
    if (n->point > 310)
        return double_of(UINT64_C(0x7FF) << 52);
    if (n->n > 19)
        return scan_long(n);
    const char *p = n->digits;
    uint64_t m = 0;
    for (size_t i = 0; i < n->n; i++)
        m = m * 10 + num_scan_digit(&p);
    return num_make(m, (int)(n->point - (int64_t)n->n));
}

double num_make(uint64_t m, int e)
{
    struct big num;
    struct big den;
    if (m <= UINT64_C(1) << 53 && e >= -22 && e <= 22)
        return e < 0 ? (double)m / exact_pow10((unsigned)-e) : (double)m * exact_pow10((unsigned)e);
    if (!m)
        return 0;
    big_set(&num, m);
    big_set(&den, 1);
    big_mul_pow10(e < 0 ? &den : &num, (unsigned)(e < 0 ? -e : e));
    return divide(&num, &den);
}

/* ---- double to digits ---- */

/* floor(x * log10(2)) for |x| < 1650 */
static int log10_of_2(int x)
{
    return (int)((int64_t)x * 1292913986 >> 32);
}

/* x = *m * 10^*e to `digits` significant digits (1 … 17), half away from zero; x finite, > 0. */
static void num_digits(double x, unsigned digits, uint64_t *m, int *e)
{
    struct big num;
    struct big den;
    uint64_t f;
    int q;
    unpack(x, &f, &q);
    /* 10^low <= x < 10^(low + 2), so the quotient has one or two digits more than asked for. */
    int low = log10_of_2(q + 63 - __builtin_clzll(f));
    int up = (int)digits - low;
    big_set(&num, f);
    big_set(&den, 1);
    big_mul_pow10(up > 0 ? &num : &den, (unsigned)(up > 0 ? up : -up));
    big_shl(q > 0 ? &num : &den, (unsigned)(q > 0 ? q : -q));
    int exp = big_align(&num, &den);
    uint64_t v = big_bits(&num, &den, exp + 1);
    *e = -up;
    for (uint64_t unit = 10;; unit *= 10) {
        uint64_t rounded = (v + unit / 2) / unit;
        ++*e;
        if (rounded < num_pow10(digits)) {
            *m = rounded;
            return;
        }
        if (rounded == num_pow10(digits)) { /* 999… went up */
            *m = rounded / 10;
            ++*e;
            return;
        }
    }
}

/* x = m / 10^k with m < 10^15 and the smallest k; false when there is none. */
static bool short_decimal(double x, uint64_t *m, int *e)
{
    for (int k = 0; k <= 22; k++) {
        double y = x * exact_pow10((unsigned)k);
        if (y >= 1e15 - 1)
            return false;
        uint64_t n = (uint64_t)(y + 0.5);
        if ((double)n / exact_pow10((unsigned)k) == x) {
            *m = n;
            *e = -k;
            return true;
        }
    }
    return false;
}

void num_digits15(double x, uint64_t *m, int *e)
{
    /* 15 digits survive the way through a double and back, so a short decimal is the answer. */
    if (!short_decimal(x, m, e))
        num_digits(x, 15, m, e);
}

void num_shortest(double x, uint64_t *m, int *e)
{
    if (short_decimal(x, m, e))
        return;
    /* Below the normal range fewer than 15 digits may already tell a double from its neighbours. */
    for (unsigned digits = x < DBL_MIN ? 1 : 15; digits < 17; digits++) {
        num_digits(x, digits, m, e);
        if (num_make(*m, *e) == x)
            return;
        /* At a power of two the gap above is twice the gap below. */
        ++*m;
        if (num_make(*m, *e) == x)
            return;
    }
    num_digits(x, 17, m, e);
}
