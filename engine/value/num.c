/*
 * Numbers as people and expressions see them: printing, rounding, scaled integers. The conversions
 * between binary and decimal are in num_text.c.
 */
#include "engine/value/num.h"

#include "engine/value/num_int.h"

#define TWO_53 (INT64_C(1) << 53)

static bool is_finite(double x)
{
    return x - x == 0;
}

bool num_parse(struct str s, double *out)
{
    struct num_scan n;
    if (!num_scan(s, &n))
        return false;
    double x = num_scan_double(&n);
    if (!is_finite(x))
        return false;
    *out = n.neg && x != 0 ? -x : x;
    return true;
}

bool num_parse_dec(struct str s, unsigned scale, int64_t *units)
{
    struct num_scan n;
    int64_t v = 0;
    if (!num_scan(s, &n))
        return false;
    int64_t keep = n.point + (int64_t)scale; /* digits left of the new end */
    if (!n.n || keep < 0) {
        *units = 0;
        return true;
    }
    if (keep > 19)
        return false;
    const char *p = n.digits;
    for (int64_t i = 0; i < keep; i++) { /* downwards: INT64_MIN has no positive twin */
        int d = (size_t)i < n.n ? (int)num_scan_digit(&p) : 0;
        if (__builtin_mul_overflow(v, 10, &v) || __builtin_sub_overflow(v, d, &v))
            return false;
    }
    if ((size_t)keep < n.n && num_scan_digit(&p) >= 5 && __builtin_sub_overflow(v, 1, &v))
        return false;
    if (!n.neg && __builtin_sub_overflow(0, v, &v))
        return false;
    *units = v;
    return true;
}

/* ---- print ---- */

/* The decimal digits of m; returns how many. */
static size_t digits_of(uint64_t m, char buf[24])
{
    char back[24];
    size_t n = 0;
    do {
        back[n++] = (char)('0' + m % 10);
        m /= 10;
    } while (m);
    for (size_t i = 0; i < n; i++)
        buf[i] = back[n - 1 - i];
    return n;
}

static char *fill(char *to, char c, int n)
{
    for (; n > 0; n--)
        *to++ = c;
    return to;
}

static char *put(char *to, const char *p, size_t n)
{
    memcpy(to, p, n);
    return to + n;
}

/* d.ddde+x */
static char *put_exp(char *to, const char *digits, size_t n, int exp)
{
    char buf[24];
    to = put(to, digits, 1);
    if (n > 1) {
        *to++ = '.';
        to = put(to, digits + 1, n - 1);
    }
    *to++ = 'e';
    *to++ = exp < 0 ? '-' : '+';
    return put(to, buf, digits_of((uint64_t)(exp < 0 ? -exp : exp), buf));
}

/* Lays m * 10^e out as JavaScript does: plain from 1e-6 up to 1e21, else with an exponent. */
static struct str layout(bool neg, uint64_t m, int e, char buf[40])
{
    char digits[24];
    char *to = buf;
    for (; m && m % 10 == 0; m /= 10)
        e++;
    size_t n = digits_of(m, digits);
    int point = (int)n + e;
    if (neg)
        *to++ = '-';
    if (point > 21 || point < -5) {
        to = put_exp(to, digits, n, point - 1);
    } else if (e >= 0) {
        to = fill(put(to, digits, n), '0', e);
    } else if (point > 0) {
        to = put(to, digits, (size_t)point);
        *to++ = '.';
        to = put(to, digits + point, n - (size_t)point);
    } else {
        to = put(to, "0.", 2);
        to = put(fill(to, '0', -point), digits, n);
    }
    *to = '\0';
    return (struct str){buf, (size_t)(to - buf)};
}

static struct str print(double num, void (*digits)(double, uint64_t *, int *), char buf[40])
{
    uint64_t m = 0;
    int e = 0;
    if (!is_finite(num))
        num = 0;
    if (num != 0)
        digits(num < 0 ? -num : num, &m, &e);
    return layout(num < 0, m, m ? e : 0, buf);
}

struct str num_print(double num, char buf[40])
{
    return print(num, num_digits15, buf);
}

struct str num_print_exact(double num, char buf[40])
{
    return print(num, num_shortest, buf);
}

struct str num_print_dec(int64_t units, unsigned scale, char buf[40])
{
    char digits[24];
    char *to = buf;
    size_t n = digits_of(units < 0 ? UINT64_C(0) - (uint64_t)units : (uint64_t)units, digits);
    if (units < 0)
        *to++ = '-';
    if (n > scale) {
        to = put(to, digits, n - scale);
    } else {
        *to++ = '0';
    }
    if (scale) {
        size_t tail = MIN(n, (size_t)scale);
        *to++ = '.';
        to = fill(to, '0', (int)(scale - tail));
        to = put(to, digits + (n - tail), tail);
    }
    *to = '\0';
    return (struct str){buf, (size_t)(to - buf)};
}

/* ---- round ---- */

/* num = *m * 10^*e: exactly for an integer, else to 15 digits; num finite, not 0, sign dropped. */
static void split(double num, uint64_t *m, int *e)
{
    double x = num < 0 ? -num : num;
    *m = x <= TWO_53 ? (uint64_t)x : 0;
    *e = 0;
    if ((double)*m != x)
        num_digits15(x, m, e);
}

/* m / 10^k, half up */
static uint64_t drop_digits(uint64_t m, int k)
{
    if (k > NUM_POW10_MAX)
        return 0;
    uint64_t unit = num_pow10((unsigned)k);
    return m / unit + (m % unit >= unit - m % unit);
}

double num_round(double num, int digits)
{
    uint64_t m;
    int e;
    if (num == 0 || !is_finite(num))
        return num;
    split(num, &m, &e);
    if (digits < -400)
        return 0;
    double x = digits >= -e ? num_make(m, e) : num_make(drop_digits(m, -e - digits), -digits);
    return num < 0 && x != 0 ? -x : x;
}

bool num_to_dec(double num, unsigned scale, int64_t *units)
{
    uint64_t m = 0;
    int e = 0;
    if (!is_finite(num))
        return false;
    if (num != 0)
        split(num, &m, &e);
    int up = e + (int)scale;
    if (up < 0) {
        m = drop_digits(m, -up);
    } else if (m && (up > 16 || __builtin_mul_overflow(m, num_pow10((unsigned)up), &m))) {
        return false;
    }
    if (m > (uint64_t)TWO_53)
        return false;
    *units = num < 0 ? -(int64_t)m : (int64_t)m;
    return true;
}

double num_of_dec(int64_t units, unsigned scale)
{
    uint64_t m = units < 0 ? UINT64_C(0) - (uint64_t)units : (uint64_t)units;
    double x = num_make(m, -(int)scale);
    return units < 0 ? -x : x;
}

bool num_rescale(int64_t units, unsigned from, unsigned to, int64_t *out)
{
    if (to >= from) {
        unsigned k = to - from;
        if (units == 0)
            *out = 0;
        return units == 0 ||
               (k <= 18 && !__builtin_mul_overflow(units, (int64_t)num_pow10(k), out));
    }
    uint64_t m = units < 0 ? UINT64_C(0) - (uint64_t)units : (uint64_t)units;
    m = drop_digits(m, (int)(from - to));
    *out = units < 0 ? -(int64_t)m : (int64_t)m;
    return true;
}

/* ---- sum ---- */

static double magnitude(double x)
{
    return x < 0 ? -x : x;
}

void num_sum_add(struct num_sum *s, double x)
{
    double t = s->sum + x;
    if (magnitude(s->sum) >= magnitude(x))
        s->rest += (s->sum - t) + x;
    else
        s->rest += (x - t) + s->sum;
    s->sum = t;
}

double num_sum_get(const struct num_sum *s)
{
    double x = s->sum + s->rest;
    return x - x == 0 ? x : s->sum;
}
