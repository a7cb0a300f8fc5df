/*
 * Numbers. Blank counts as 0; whatever Excel calls an error is a failure here.
 */
#include "engine/formula/fx_int.h"

#include "engine/formula/fx_math.h"
#include "engine/value/num.h"

/* Whole numbers up to here are exact in a double. */
#define EXACT 9007199254740992.0

static double num(const struct val *args, size_t i)
{
    return fx_to_num(args[i]);
}

/* The second argument when it was given, else `other`. */
static double opt(const struct node *n, const struct val *args, size_t i, double other)
{
    return i < n->nargs ? fx_to_num(args[i]) : other;
}

/* A whole number of digits within what a double has. */
static int digits(const struct node *n, const struct val *args, size_t i)
{
    double d = fx_trunc(opt(n, args, i, 0));
    return d > 300 ? 300 : d < -320 ? -320 : (int)d;
}

static struct val fn_abs(struct run *r, const struct node *n, const struct val *args)
{
    return fx_num_result(r, n, fx_abs(num(args, 0)));
}

static struct val fn_sign(struct run *r, const struct node *n, const struct val *args)
{
    double x = num(args, 0);
    return fx_num_result(r, n, x > 0 ? 1 : x < 0 ? -1 : 0);
}

static struct val fn_int(struct run *r, const struct node *n, const struct val *args)
{
    return fx_num_result(r, n, fx_floor(num(args, 0)));
}

static struct val fn_round(struct run *r, const struct node *n, const struct val *args)
{
    return fx_num_result(r, n, num_round(num(args, 0), digits(n, args, 1)));
}

/* The nearest double to its 15 significant digits: 0.1 + 0.2 becomes 0.3. */
static double clean(double x)
{
    uint64_t m;
    int e;
    if (x == 0 || x - x != 0) {
        return x;
    }
    num_digits15(fx_abs(x), &m, &e);
    double out = num_make(m, e);
    return x < 0 ? -out : out;
}

/*
 * Rounding with a direction works on the 15 significant digits too: ROUNDUP(1.1, 1) is 1.1 although
 * the double is a little more.
 */
static double round_directed(double x, int d, bool away)
{
    uint64_t m;
    uint64_t unit = 1;
    int e;
    if (x == 0 || x - x != 0) {
        return x;
    }
    num_digits15(fx_abs(x), &m, &e);
    int drop = -d - e;
    if (drop <= 0) {
        return x;
    }
    for (int i = 0; i < drop && i < 16; i++) {
        unit *= 10;
    }
    double out = num_make(m / unit + (away && m % unit != 0), -d);
    return x < 0 ? -out : out;
}

static struct val fn_roundup(struct run *r, const struct node *n, const struct val *args)
{
    return fx_num_result(r, n, round_directed(num(args, 0), digits(n, args, 1), true));
}

static struct val fn_rounddown(struct run *r, const struct node *n, const struct val *args)
{
    return fx_num_result(r, n, round_directed(num(args, 0), digits(n, args, 1), false));
}

/* Whole numbers that a double holds exactly. */
static bool whole(double x)
{
    return fx_abs(x) < EXACT && fx_trunc(x) == x;
}

/* m * 10^k modulo y, for m and y below 10^15. */
static uint64_t scaled_rest(uint64_t m, int k, uint64_t y)
{
    m %= y;
    for (; k > 0 && m > 0; k--) {
        m = m * 10 % y;
    }
    return m;
}

/*
 * What is left of x by y, with the sign of x, exact on the 15 significant digits that one sees:
 * nothing is left of 0.3 by 0.1. y is not 0.
 */
static double rest_of(double x, double y)
{
    uint64_t m;
    uint64_t n;
    int e;
    int f;
    if (x == 0 || (whole(x) && whole(y))) {
        return fx_fmod(x, y);
    }
    num_digits15(fx_abs(x), &m, &e);
    num_digits15(fx_abs(y), &n, &f);
    uint64_t rest = m;
    if (e >= f) {
        rest = scaled_rest(m, e - f, n);
        e = f;
    } else {
        uint64_t top = m; /* x without the digits below the last one of y */
        for (int k = e; k < f && top > 0; k++) {
            top /= 10;
        }
        if (top >= n) {
            for (int k = e; k < f; k++) {
                n *= 10;
            }
            rest = m % n;
        }
    }
    double out = num_make(rest, e);
    return x < 0 ? -out : out;
}

/* How often y goes into x, without the rest. */
static double times_in(double x, double y, double rest)
{
    return num_round((x - rest) / y, 0);
}

static struct val fn_mround(struct run *r, const struct node *n, const struct val *args)
{
    double x = num(args, 0);
    double step = num(args, 1);
    if (x == 0 || step == 0) {
        return val_num(0);
    }
    if ((x < 0) != (step < 0)) {
        return fx_fail(r, n, "两个参数的正负号要一致。", "Both arguments must have the same sign.");
    }
    return fx_num_result(r, n, clean(num_round(x / step, 0) * step));
}

/* CEILING and FLOOR: to a multiple of step; x > 0 with step < 0 is Excel's error. */
static struct val to_multiple(struct run *r, const struct node *n, const struct val *args, bool up)
{
    double x = num(args, 0);
    double step = opt(n, args, 1, x < 0 ? -1 : 1);
    if (x == 0) {
        return val_num(0);
    }
    if (step == 0) {
        return up ? val_num(0) : fx_fail(r, n, "步长不能是 0。", "The step cannot be 0.");
    }
    if (n->nargs < 2) {
        return fx_num_result(r, n, up ? fx_ceil(x) : fx_floor(x));
    }
    if (x > 0 && step < 0) {
        return fx_fail(r, n, "正数的步长不能是负数。",
                       "The step of a positive number cannot be negative.");
    }
    double rest = rest_of(x, step);
    double q = times_in(x, step, rest);
    if (rest != 0 && up == ((rest < 0) == (step < 0))) {
        q += up ? 1 : -1;
    }
    return fx_num_result(r, n, whole(q) && whole(step) ? q * step : clean(q * step));
}

static struct val fn_ceiling(struct run *r, const struct node *n, const struct val *args)
{
    return to_multiple(r, n, args, true);
}

static struct val fn_floor(struct run *r, const struct node *n, const struct val *args)
{
    return to_multiple(r, n, args, false);
}

/* The sign of the divisor. */
static struct val fn_mod(struct run *r, const struct node *n, const struct val *args)
{
    double x = num(args, 0);
    double y = num(args, 1);
    if (y == 0) {
        return fx_fail(r, n, "除数是 0。", "Division by zero.");
    }
    double rest = rest_of(x, y);
    if (rest != 0 && (rest < 0) != (y < 0)) {
        rest = whole(x) && whole(y) ? rest + y : clean(rest + y);
    }
    return fx_num_result(r, n, rest);
}

static struct val fn_quotient(struct run *r, const struct node *n, const struct val *args)
{
    double x = num(args, 0);
    double y = num(args, 1);
    if (y == 0) {
        return fx_fail(r, n, "除数是 0。", "Division by zero.");
    }
    return fx_num_result(r, n, times_in(x, y, rest_of(x, y)));
}

static struct val fn_power(struct run *r, const struct node *n, const struct val *args)
{
    double x = num(args, 0);
    double y = num(args, 1);
    if (x == 0 && y <= 0) {
        return fx_fail(r, n, "0 不能作 0 次或负数次方。",
                       "0 cannot be raised to 0 or a negative power.");
    }
    return fx_num_result(r, n, fx_pow(x, y));
}

static struct val fn_sqrt(struct run *r, const struct node *n, const struct val *args)
{
    if (num(args, 0) < 0) {
        return fx_fail(r, n, "负数没有平方根。", "A negative number has no square root.");
    }
    return fx_num_result(r, n, fx_sqrt(num(args, 0)));
}

static struct val fn_exp(struct run *r, const struct node *n, const struct val *args)
{
    return fx_num_result(r, n, fx_exp(num(args, 0)));
}

static struct val log_domain(struct run *r, const struct node *n)
{
    return fx_fail(r, n, "对数的参数要大于 0。", "A logarithm needs a number above 0.");
}

static struct val fn_ln(struct run *r, const struct node *n, const struct val *args)
{
    return num(args, 0) > 0 ? fx_num_result(r, n, fx_log(num(args, 0))) : log_domain(r, n);
}

static struct val fn_log10(struct run *r, const struct node *n, const struct val *args)
{
    return num(args, 0) > 0 ? fx_num_result(r, n, fx_log10(num(args, 0))) : log_domain(r, n);
}

static struct val fn_log(struct run *r, const struct node *n, const struct val *args)
{
    double base = opt(n, args, 1, 10);
    if (num(args, 0) <= 0 || base <= 0) {
        return log_domain(r, n);
    }
    if (base == 1) {
        return fx_fail(r, n, "对数的底不能是 1。", "The base of a logarithm cannot be 1.");
    }
    if (base == 10) {
        return fx_num_result(r, n, fx_log10(num(args, 0)));
    }
    return fx_num_result(r, n, clean(fx_log(num(args, 0)) / fx_log(base)));
}

static struct val fn_pi(struct run *r, const struct node *n, const struct val *args)
{
    (void)r;
    (void)n;
    (void)args;
    return val_num(0x1.921fb54442d18p+1);
}

static double gcd(double x, double y)
{
    while (y != 0) {
        double rest = fx_fmod(x, y);
        x = y;
        y = rest;
    }
    return x;
}

/* Folds every number of the arguments, scalars and lists, by `step`. */
static struct val fold_whole(struct run *r, const struct node *n, const struct val *args, bool lcm)
{
    double out = lcm ? 1 : 0;
    for (uint32_t i = 0; i < n->nargs; i++) {
        const struct val *items = args[i].kind == VAL_LIST ? args[i].list : &args[i];
        size_t count = args[i].kind == VAL_LIST ? args[i].n : !n->args[i]->type.list;
        for (size_t k = 0; k < count; k++) {
            double x = fx_trunc(fx_to_num(items[k]));
            if (x < 0 || x > EXACT) {
                return fx_fail(r, n, "参数要是不太大的非负整数。",
                               "The numbers must be whole, not negative and not too large.");
            }
            if (!lcm) {
                out = gcd(out, x);
            } else {
                out = x == 0 ? 0 : out / gcd(out, x) * x;
            }
        }
    }
    return out <= EXACT ? val_num(out) : fx_fail(r, n, "结果太大。", "The result is too large.");
}

static struct val fn_gcd(struct run *r, const struct node *n, const struct val *args)
{
    return fold_whole(r, n, args, false);
}

static struct val fn_lcm(struct run *r, const struct node *n, const struct val *args)
{
    return fold_whole(r, n, args, true);
}

static struct val fn_fact(struct run *r, const struct node *n, const struct val *args)
{
    double x = fx_trunc(num(args, 0));
    double out = 1;
    if (x < 0 || x > 170) {
        return fx_fail(r, n, "阶乘的参数要在 0 到 170 之间。", "FACT takes 0 to 170.");
    }
    for (double i = 2; i <= x; i++) {
        out *= i;
    }
    return val_num(out);
}

/* Away from zero to the next even (odd) number. */
static struct val fn_even(struct run *r, const struct node *n, const struct val *args)
{
    double x = num(args, 0);
    double up = 2 * fx_ceil(fx_abs(x) / 2);
    return fx_num_result(r, n, x < 0 ? -up : up);
}

static struct val fn_odd(struct run *r, const struct node *n, const struct val *args)
{
    double x = num(args, 0);
    double up = 2 * fx_ceil((fx_abs(x) + 1) / 2) - 1;
    return fx_num_result(r, n, x < 0 ? -up : up);
}

/* Great-circle metres between two points in degrees (haversine, mean radius). */
static struct val fn_distance(struct run *r, const struct node *n, const struct val *args)
{
    const double rad = 0x1.921fb54442d18p+1 / 180;
    for (size_t i = 0; i < 4; i++) {
        if (fx_blank(args[i])) {
            return VAL_NONE;
        }
        if (fx_abs(num(args, i)) > (i % 2 ? 180 : 90)) {
            return fx_fail(r, n, "经纬度超出范围。", "The latitude or longitude is out of range.");
        }
    }
    double p1 = num(args, 0) * rad;
    double p2 = num(args, 2) * rad;
    double dp = fx_sin((p2 - p1) / 2);
    double dl = fx_sin((num(args, 3) - num(args, 1)) * rad / 2);
    double a = dp * dp + fx_cos(p1) * fx_cos(p2) * dl * dl;
    a = a > 1 ? 1 : a;
    return fx_num_result(r, n, num_round(2 * 6371008.8 * fx_atan2(fx_sqrt(a), fx_sqrt(1 - a)), 3));
}

#define K .flags = FN_KNOWN

static const struct fn rows[] = {
    {.name = "ABS",
     .sig = "n>n",
     .call = fn_abs,
     K,
     FX_SQL("abs({0n})", "abs({0n})")
         FX_DOC("ABS(x)", "number", "绝对值。", "The absolute value.", "ABS(-3) -> 3")},
    {.name = "CEILING",
     .sig = "n?n>n",
     .call = fn_ceiling,
     FX_DOC("CEILING(x, step)", "number", "向上取到步长的整数倍。", "Up to a multiple of step.",
            "CEILING(2.1, 0.5) -> 2.5\nCEILING(-2.5, -2) -> -4")},
    {.name = "DISTANCE",
     .sig = "nnnn>n",
     .call = fn_distance,
     FX_DOC("DISTANCE(lat1, lng1, lat2, lng2)", "number", "两点间的距离（米）。",
            "The distance of two points in metres.", "DISTANCE(0, 0, 0, 1) -> 111195.08")},
    {.name = "EVEN",
     .sig = "n>n",
     .call = fn_even,
     K,
     FX_DOC("EVEN(x)", "number", "远离零取到偶数。", "Away from zero to an even number.",
            "EVEN(1.5) -> 2\nEVEN(-1) -> -2")},
    {.name = "EXP",
     .sig = "n>n",
     .call = fn_exp,
     FX_DOC("EXP(x)", "number", "e 的 x 次方。", "e to the power of x.", "EXP(0) -> 1")},
    {.name = "FACT",
     .sig = "n>n",
     .call = fn_fact,
     FX_DOC("FACT(n)", "number", "阶乘。", "The factorial.", "FACT(5) -> 120")},
    {.name = "FLOOR",
     .sig = "n?n>n",
     .call = fn_floor,
     FX_DOC("FLOOR(x, step)", "number", "向下取到步长的整数倍。", "Down to a multiple of step.",
            "FLOOR(2.9, 0.5) -> 2.5")},
    {.name = "GCD",
     .sig = "NN*>n",
     .call = fn_gcd,
     FX_DOC("GCD(a, b, …)", "number", "最大公约数。", "The greatest common divisor.",
            "GCD(12, 18) -> 6")},
    {.name = "INT",
     .sig = "n>n",
     .call = fn_int,
     K,
     FX_SQL("floor({0n})", "floor({0n})")
         FX_DOC("INT(x)", "number", "向下取整。", "Down to a whole number.", "INT(-1.5) -> -2")},
    {.name = "LCM",
     .sig = "NN*>n",
     .call = fn_lcm,
     FX_DOC("LCM(a, b, …)", "number", "最小公倍数。", "The least common multiple.",
            "LCM(4, 6) -> 12")},
    {.name = "LN",
     .sig = "n>n",
     .call = fn_ln,
     FX_DOC("LN(x)", "number", "自然对数。", "The natural logarithm.", "LN(1) -> 0")},
    {.name = "LOG",
     .sig = "n?n>n",
     .call = fn_log,
     FX_DOC("LOG(x, base)", "number", "以 base(默认 10)为底的对数。",
            "The logarithm to a base (10).", "LOG(8, 2) -> 3")},
    {.name = "LOG10",
     .sig = "n>n",
     .call = fn_log10,
     FX_DOC("LOG10(x)", "number", "以 10 为底的对数。", "The logarithm to base 10.",
            "LOG10(1000) -> 3")},
    {.name = "MOD",
     .sig = "nn>n",
     .call = fn_mod,
     FX_DOC("MOD(x, y)", "number", "余数，与除数同号。",
            "The remainder, with the sign of the divisor.", "MOD(-3, 2) -> 1")},
    {.name = "MROUND",
     .sig = "nn>n",
     .call = fn_mround,
     FX_DOC("MROUND(x, step)", "number", "四舍五入到步长的整数倍。",
            "To the nearest multiple of step.", "MROUND(10, 3) -> 9")},
    {.name = "ODD",
     .sig = "n>n",
     .call = fn_odd,
     K,
     FX_DOC("ODD(x)", "number", "远离零取到奇数。", "Away from zero to an odd number.",
            "ODD(1.5) -> 3\nODD(0) -> 1")},
    {.name = "PI",
     .sig = ">n",
     .call = fn_pi,
     K,
     FX_DOC("PI()", "number", "圆周率。", "The number pi.", "ROUND(PI(), 4) -> 3.1416")},
    {.name = "POWER",
     .sig = "nn>n",
     .call = fn_power,
     FX_DOC("POWER(x, y)", "number", "x 的 y 次方。", "x to the power of y.",
            "POWER(2, 10) -> 1024")},
    {.name = "QUOTIENT",
     .sig = "nn>n",
     .call = fn_quotient,
     FX_DOC("QUOTIENT(x, y)", "number", "商的整数部分。", "The whole part of a division.",
            "QUOTIENT(-7, 2) -> -3")},
    {.name = "ROUND",
     .sig = "n?n>n",
     .call = fn_round,
     FX_DOC("ROUND(x, digits)", "number", "四舍五入到 digits 位小数（默认 0）。",
            "To the nearest at a number of decimals (0), halves away from zero.",
            "ROUND(1.005, 2) -> 1.01\nROUND(-2.5) -> -3\nROUND(1234, -2) -> 1200")},
    {.name = "ROUNDDOWN",
     .sig = "n?n>n",
     .call = fn_rounddown,
     K,
     FX_DOC("ROUNDDOWN(x, digits)", "number", "向零取到 digits 位小数。",
            "Towards zero at a number of decimals.", "ROUNDDOWN(-1.29, 1) -> -1.2")},
    {.name = "ROUNDUP",
     .sig = "n?n>n",
     .call = fn_roundup,
     FX_DOC("ROUNDUP(x, digits)", "number", "远离零取到 digits 位小数。",
            "Away from zero at a number of decimals.",
            "ROUNDUP(1.21, 1) -> 1.3\nROUNDUP(1.1, 1) -> 1.1")},
    {.name = "SIGN",
     .sig = "n>n",
     .call = fn_sign,
     K,
     FX_SQL(NULL, "sign({0n})") FX_DOC("SIGN(x)", "number", "正数为 1，负数为 -1，零为 0。",
                                       "1, -1 or 0 by the sign.", "SIGN(-5) -> -1")},
    {.name = "SQRT",
     .sig = "n>n",
     .call = fn_sqrt,
     FX_DOC("SQRT(x)", "number", "平方根。", "The square root.", "SQRT(9) -> 3")},
    {.name = "TRUNC",
     .sig = "n?n>n",
     .call = fn_rounddown,
     K,
     FX_DOC("TRUNC(x, digits)", "number", "去掉 digits 位以后的小数。",
            "Drops what follows the decimals.", "TRUNC(-1.9) -> -1")},
};

const struct fn_table fx_fns_math = {rows, ARRAY_LEN(rows)};
