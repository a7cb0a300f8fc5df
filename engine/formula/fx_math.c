/*
 * exp, log, pow in double-double arithmetic (about 100 bits), rounded once at the end: practically
 * always the nearest double, and the same bits on every machine. sin, cos and atan2 serve DISTANCE
 * and are plain series.  Speed is about a microsecond, which a formula can afford.
 */
#include "engine/formula/fx_math.h"

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* An unevaluated sum; |lo| is at most half an ulp of hi. */
struct dd {
    double hi, lo;
};

static const struct dd LN2 = {0x1.62e42fefa39efp-1, 0x1.abc9e3b39803fp-56};
static const struct dd INV_LN10 = {0x1.bcb7b1526e50ep-2, 0x1.95355baaafad3p-57};
#define PI    0x1.921fb54442d18p+1
#define PI_LO 0x1.1a62633145c07p-53

double fx_floor(double x)
{
    return floor(x);
}

double fx_ceil(double x)
{
    return ceil(x);
}

double fx_trunc(double x)
{
    return trunc(x);
}

double fx_abs(double x)
{
    return fabs(x);
}

double fx_sqrt(double x)
{
    return sqrt(x);
}

double fx_fmod(double x, double y)
{
    return fmod(x, y);
}

/* ---- double-double ---- */

static struct dd quick_sum(double a, double b)
{
    double s = a + b;
    return (struct dd){s, b - (s - a)};
}

static struct dd two_sum(double a, double b)
{
    double s = a + b;
    double bb = s - a;
    return (struct dd){s, (a - (s - bb)) + (b - bb)};
}

static struct dd split(double a)
{
    double t = 134217729.0 * a;
    double hi = t - (t - a);
    return (struct dd){hi, a - hi};
}

static struct dd two_mul(double a, double b)
{
    double p = a * b;
    struct dd x = split(a);
    struct dd y = split(b);
    return (struct dd){p, ((x.hi * y.hi - p) + x.hi * y.lo + x.lo * y.hi) + x.lo * y.lo};
}

static struct dd dd_add(struct dd a, struct dd b)
{
    struct dd s = two_sum(a.hi, b.hi);
    return quick_sum(s.hi, s.lo + a.lo + b.lo);
}

static struct dd dd_mul(struct dd a, struct dd b)
{
    struct dd p = two_mul(a.hi, b.hi);
    return quick_sum(p.hi, p.lo + (a.hi * b.lo + a.lo * b.hi));
}

static struct dd dd_div(struct dd a, struct dd b)
{
    double q = a.hi / b.hi;
    struct dd p = dd_mul((struct dd){q, 0}, b);
    struct dd rest = dd_add(a, (struct dd){-p.hi, -p.lo});
    return quick_sum(q, rest.hi / b.hi);
}

/* x * 2^k, in two steps so that subnormal results round once. */
static double scale2(double x, int k)
{
    while (k > 1000) {
        x *= 0x1p1000;
        k -= 1000;
    }
    while (k < -1000) {
        x *= 0x1p-1000;
        k += 1000;
    }
    uint64_t bits = (uint64_t)(k + 1023) << 52;
    double factor;
    memcpy(&factor, &bits, sizeof(factor));
    return x * factor;
}

/* e^x for |x| < 746 as m * 2^k. */
static struct dd exp_dd(struct dd x, int *k)
{
    double n = floor(x.hi / LN2.hi + 0.5);
    struct dd r = dd_add(x, dd_mul((struct dd){-n, 0}, LN2));
    r = (struct dd){r.hi / 256, r.lo / 256};
    struct dd sum = {0, 0};
    for (int i = 12; i >= 1; i--) { /* expm1(r), Horner */
        sum = dd_div(dd_mul(r, dd_add((struct dd){1, 0}, sum)), (struct dd){i, 0});
    }
    for (int i = 0; i < 8; i++) { /* expm1(2r) = s * (s + 2) */
        sum = dd_mul(sum, dd_add(sum, (struct dd){2, 0}));
    }
    *k = (int)n;
    return dd_add(sum, (struct dd){1, 0});
}

/* x = m * 2^k with m in [0.7, 1.5) */
static double mantissa(double x, int *k)
{
    uint64_t bits;
    int extra = 0;
    if (x < 0x1p-1022) {
        x *= 0x1p54;
        extra = -54;
    }
    memcpy(&bits, &x, sizeof(bits));
    *k = (int)(bits >> 52) - 1023 + extra;
    bits = (bits & 0xFFFFFFFFFFFFFu) | ((uint64_t)1023 << 52);
    memcpy(&x, &bits, sizeof(x));
    if (x > 1.4) {
        x /= 2;
        (*k)++;
    }
    return x;
}

/* log(x), x > 0 and finite: a series in double, then one Newton step in double-double. */
static struct dd log_dd(double x)
{
    int k;
    int e;
    double m = mantissa(x, &k);
    double s = (m - 1) / (m + 1);
    double s2 = s * s;
    double sum = 0;
    for (int i = 25; i >= 1; i -= 2) {
        sum = sum * s2 + 1.0 / i;
    }
    double y = 2 * s * sum;
    struct dd inverse = exp_dd((struct dd){-y, 0}, &e); /* e^-y, |y| < 0.36 */
    inverse = (struct dd){scale2(inverse.hi, e), scale2(inverse.lo, e)};
    struct dd rest = dd_add(dd_mul((struct dd){m, 0}, inverse), (struct dd){-1, 0});
    struct dd log_m = dd_add((struct dd){y, 0}, rest);
    return dd_add(log_m, dd_mul((struct dd){k, 0}, LN2));
}

static double exp_round(struct dd x)
{
    int k;
    if (!(x.hi < 710)) {
        return x.hi != x.hi ? x.hi : HUGE_VAL;
    }
    if (x.hi < -746) {
        return 0;
    }
    struct dd e = exp_dd(x, &k);
    return scale2(e.hi + e.lo, k);
}

/* ---- public ---- */

double fx_exp(double x)
{
    return exp_round((struct dd){x, 0});
}

double fx_log(double x)
{
    return x > 0 && x < HUGE_VAL ? log_dd(x).hi : NAN;
}

double fx_log10(double x)
{
    return x > 0 && x < HUGE_VAL ? dd_mul(log_dd(x), INV_LN10).hi : NAN;
}

/* x^n by squaring in double-double: exact while the result fits, else rounded once. */
static double pow_whole(double x, int64_t n)
{
    struct dd base = {x, 0};
    struct dd out = {1, 0};
    uint64_t e = (uint64_t)(n < 0 ? -n : n);
    for (; e != 0; e >>= 1) {
        if (e & 1) {
            out = dd_mul(out, base);
        }
        base = dd_mul(base, base);
    }
    if (n < 0) {
        out = dd_div((struct dd){1, 0}, out);
    }
    return out.hi;
}

double fx_pow(double x, double y)
{
    bool whole = floor(y) == y;
    if (x != x || y != y || (x < 0 && !whole)) {
        return NAN;
    }
    if (y == 0 || x == 1) {
        return 1;
    }
    if (x == 0) {
        return y > 0 ? 0 : HUGE_VAL;
    }
    double size = fabs(x);
    bool negative = x < 0 && fmod(y, 2) != 0;
    struct dd exponent = dd_mul(log_dd(size), (struct dd){y, 0});
    double out;
    if (whole && fabs(y) <= 1024 && fabs(exponent.hi) < 600) {
        out = pow_whole(size, (int64_t)y);
    } else {
        out = exp_round(exponent);
    }
    return negative ? -out : out;
}

static double sin_series(double x)
{
    double x2 = x * x;
    double sum = 0;
    for (int i = 21; i >= 1; i -= 2) {
        sum = (1 - sum) * x2 / ((i + 1) * (i + 2));
    }
    return x * (1 - sum);
}

static double cos_series(double x)
{
    double x2 = x * x;
    double sum = 0;
    for (int i = 20; i >= 0; i -= 2) {
        sum = (1 - sum) * x2 / ((i + 1) * (i + 2));
    }
    return 1 - sum;
}

double fx_sin(double x)
{
    double k = floor(x / (PI / 2) + 0.5);
    double r = (x - k * (PI / 2)) - k * (PI_LO / 2);
    switch ((int)(k - 4 * floor(k / 4))) {
    case 0: return sin_series(r);
    case 1: return cos_series(r);
    case 2: return -sin_series(r);
    default: return -cos_series(r);
    }
}

double fx_cos(double x)
{
    return fx_sin(x + PI / 2);
}

/* atan for 0 <= x <= 1, halving the angle three times */
static double atan_small(double x)
{
    for (int i = 0; i < 3; i++) {
        x = x / (1 + sqrt(1 + x * x));
    }
    double x2 = x * x;
    double sum = 0;
    for (int i = 19; i >= 1; i -= 2) {
        sum = 1.0 / i - x2 * sum;
    }
    return 8 * x * sum;
}

double fx_atan2(double y, double x)
{
    double ax = fabs(x);
    double ay = fabs(y);
    if (ax == 0 && ay == 0) {
        return 0;
    }
    double a = ay <= ax ? atan_small(ay / ax) : PI / 2 - atan_small(ax / ay);
    a = x < 0 ? PI - a : a;
    return y < 0 ? -a : a;
}
