/* engine/value/num: exact in both directions, and the rounding rule. */
#include "tests/unit/unit.h"

#include "engine/value/num.h"
#include "engine/value/num_int.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* A million where it is cheap; sanitizers make it slow and change nothing in the arithmetic. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define RANDOM_RUNS 50000
#else
#define RANDOM_RUNS 1000000
#endif

static void test_parse(void **state)
{
    static const struct {
        const char *in;
        bool ok;
        double want;
    } cases[] = {
        {"0", true, 0},
        {"-0", true, 0},
        {"12.5", true, 12.5},
        {"-12.5e3", true, -12500},
        {"+1", true, 1},
        {".5", true, 0.5},
        {"5.", true, 5},
        {"007", true, 7},
        {"1E2", true, 100},
        {"1e-2", true, 0.01},
        {"1e400", false, 0},
        {"-1e309", false, 0},
        {"1e-400", true, 0},
        {"1e99999999999999999999", false, 0},
        {"0e99999999999999999999", true, 0},
        {"1.7976931348623157e308", true, DBL_MAX},
        {"1.7976931348623158e308", true, DBL_MAX},
        {"1.797693134862315808e308", false, 0},
        {"5e-324", true, 5e-324},
        {"2.4703282292062327208e-324", true, 0},
        {"2.4703282292062327209e-324", true, 5e-324},
        {"2.2250738585072011e-308", true, 2.2250738585072011e-308},
        {"9007199254740993", true, 9007199254740992.0},
        {"9007199254740993.00000000000000000000000000000000000000001", true, 9007199254740994.0},
        {"0.1", true, 0.1},
        {"123456789012345678901234567890", true, 123456789012345678901234567890.0},
        {"", false, 0},
        {"-", false, 0},
        {".", false, 0},
        {"e5", false, 0},
        {"1e", false, 0},
        {"1e+", false, 0},
        {"1.2.3", false, 0},
        {"1 ", false, 0},
        {" 1", false, 0},
        {"1,000", false, 0},
        {"0x10", false, 0},
        {"NaN", false, 0},
        {"inf", false, 0},
        {"１", false, 0},
        {"--1", false, 0},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        double x = 0;
        bool ok = num_parse(str_of(cases[i].in), &x);
        CHECK(ok == cases[i].ok && x == cases[i].want, cases[i].in);
    }
}

static void test_print(void **state)
{
    static const struct {
        double x;
        const char *want;  /* 15 digits */
        const char *exact; /* NULL: the same */
    } cases[] = {
        {0, "0", NULL},
        {-0.0, "0", NULL},
        {1, "1", NULL},
        {-12.5, "-12.5", NULL},
        {0.1 + 0.2, "0.3", "0.30000000000000004"},
        {1.0 / 3, "0.333333333333333", "0.3333333333333333"},
        {2.0 / 3, "0.666666666666667", "0.6666666666666666"},
        {100, "100", NULL},
        {1e20, "100000000000000000000", NULL},
        {1e21, "1e+21", NULL},
        {1.5e300, "1.5e+300", NULL},
        {0.000001, "0.000001", NULL},
        {0.0000001, "1e-7", NULL},
        {1.25e-7, "1.25e-7", NULL},
        {5e-324, "4.94065645841247e-324", "5e-324"},
        {DBL_MAX, "1.79769313486232e+308", "1.7976931348623157e+308"},
        {DBL_MIN, "2.2250738585072e-308", "2.2250738585072014e-308"},
        {9007199254740991.0, "9007199254740990", "9007199254740991"},
        {123456789012345678.0, "123456789012346000", "123456789012345680"},
        {999999999999999.0, "999999999999999", NULL},
        {9999999999999995.0, "10000000000000000", "9999999999999996"},
        {167147091885492.5, "167147091885493", "167147091885492.5"}, /* a tie goes away from 0 */
        {0.1, "0.1", NULL},
        {10005534.10, "10005534.1", NULL},
        {5.684341886080802e-14, "5.6843418860808e-14", "5.684341886080802e-14"}, /* 2^-44 */
    };
    char buf[40];
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        CHECK_CASE(num_print(cases[i].x, buf), cases[i].want, cases[i].want);
        CHECK_CASE(num_print_exact(cases[i].x, buf),
                   cases[i].exact ? cases[i].exact : cases[i].want, cases[i].want);
    }
}

/* ---- against libc ---- */

static uint64_t next_random(uint64_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    return *seed;
}

/* Doubles of all sizes, small decimals, big integers, subnormals. */
static double draw(uint64_t *seed, int i)
{
    uint64_t bits = next_random(seed);
    double x;
    int kind = i % 16;
    if (kind < 8)
        return (double)(int64_t)(bits >> 20) / 1000;
    if (kind < 14)
        return ldexp((double)(bits >> 11), -(int)(bits % 80));
    if (kind == 14)
        bits &= UINT64_C(0x800FFFFFFFFFFFFF);
    memcpy(&x, &bits, sizeof(x));
    return isfinite(x) ? x : 1;
}

static void test_random_exact(void **state)
{
    uint64_t seed = UINT64_C(88172645463325252);
    char ours[40];
    char libc[64];
    (void)state;
    for (int i = 0; i < RANDOM_RUNS; i++) {
        double back;
        double x = draw(&seed, i);
        struct str s = num_print_exact(x, ours);
        if (strtod(ours, NULL) != x || !num_parse(s, &back) || back != x)
            fail_msg("%.17g printed %s", x, ours);
        snprintf(libc, sizeof(libc), "%.*e", (int)(seed % 45), x);
        if (isfinite(strtod(libc, NULL)) &&
            (!num_parse(str_of(libc), &back) || back != strtod(libc, NULL)))
            fail_msg("%s read as %.17g", libc, back);
    }
}

/* printf rounds ties to even, we away from zero: such a pair differs in the last digit only, and
 * the value lies exactly between. */
static bool is_tie(double x)
{
    char text[64];
    snprintf(text, sizeof(text), "%.40e", x);
    const char *dot = strchr(text, '.');
    return dot[15] == '5' && strspn(dot + 16, "0") == 25;
}

static void test_random_digits(void **state)
{
    uint64_t seed = UINT64_C(1234567890123456789);
    char ours[40];
    char libc[64];
    (void)state;
    for (int i = 0; i < RANDOM_RUNS / 4; i++) {
        double x = draw(&seed, i);
        num_print(x, ours);
        snprintf(libc, sizeof(libc), "%.14e", x);
        if (strtod(ours, NULL) != strtod(libc, NULL) && !is_tie(x))
            fail_msg("%.17g printed %s, libc %s", x, ours, libc);
    }
}

/* No text with fewer digits reads back. */
static void test_random_shortest(void **state)
{
    uint64_t seed = UINT64_C(42424242424242);
    char libc[64];
    (void)state;
    for (int i = 0; i < RANDOM_RUNS / 100; i++) {
        double x = fabs(draw(&seed, i));
        uint64_t m = 0;
        int e = 0;
        int digits = 0;
        int fewest = 1;
        if (x == 0)
            continue;
        num_shortest(x, &m, &e);
        for (; m % 10 == 0; m /= 10)
            e++;
        for (; m; m /= 10)
            digits++;
        for (; fewest < 17; fewest++) {
            snprintf(libc, sizeof(libc), "%.*e", fewest - 1, x);
            if (strtod(libc, NULL) == x)
                break;
        }
        if (digits > fewest)
            fail_msg("%.17g took %d digits, %d do", x, digits, fewest);
    }
}

/* The hardest texts: exactly half-way between two doubles, and a hair above. */
static void test_halfway(void **state)
{
    uint64_t seed = UINT64_C(987654321987654321);
    char text[1200];
    (void)state;
    for (int i = 0; i < 2000; i++) {
        double x = fabs(draw(&seed, 8 + i % 8));
        double up = nextafter(x, INFINITY);
        double back = 0;
        /* x87 holds 64 bits, enough for the middle; below its normal range it is exact too */
        long double middle = ((long double)x + (long double)up) / 2;
        int n = snprintf(text, sizeof(text), "%.1100Lg", middle);
        if (n < 0 || !isfinite(up))
            continue;
        assert_true(num_parse(str_of(text), &back));
        if (back != strtod(text, NULL))
            fail_msg("half-way above %.17g", x);
        if (!strchr(text, 'e') && strchr(text, '.')) {
            memcpy(text + n, "1", 2);
            assert_true(num_parse(str_of(text), &back));
            if (back != up)
                fail_msg("a hair above half-way above %.17g", x);
        }
    }
}

/* ---- decimals ---- */

static void test_parse_dec(void **state)
{
    static const struct {
        const char *in;
        unsigned scale;
        bool ok;
        int64_t want;
    } cases[] = {
        {"10005534.10", 2, true, 1000553410},
        {"12.5", 0, true, 13},
        {"-12.5", 0, true, -13},
        {"12.4999", 0, true, 12},
        {"0.005", 2, true, 1},
        {"0.0049999", 2, true, 0},
        {"0.05", 0, true, 0},
        {"0.5", 0, true, 1},
        {"1.005", 2, true, 101},
        {"1.5e3", 2, true, 150000},
        {"150e-2", 1, true, 15},
        {"0", 12, true, 0},
        {"-0.00", 2, true, 0},
        {"90071992547409.92", 2, true, INT64_C(9007199254740992)},
        {"9223372036854775807", 0, true, INT64_MAX},
        {"9223372036854775808", 0, false, 0},
        {"922337203685477580.74", 1, true, INT64_C(9223372036854775807)},
        {"922337203685477580.75", 1, false, 0},
        {"1e30", 0, false, 0},
        {"1e-30", 12, true, 0},
        {"12a", 2, false, 0},
        {"", 2, false, 0},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        int64_t units = 0;
        bool ok = num_parse_dec(str_of(cases[i].in), cases[i].scale, &units);
        CHECK(ok == cases[i].ok && (!ok || units == cases[i].want), cases[i].in);
    }
}

static void test_print_dec(void **state)
{
    static const struct {
        int64_t units;
        unsigned scale;
        const char *want;
    } cases[] = {
        {1250, 2, "12.50"},
        {-5, 2, "-0.05"},
        {0, 2, "0.00"},
        {7, 0, "7"},
        {-1, 12, "-0.000000000001"},
        {INT64_MIN, 0, "-9223372036854775808"},
        {INT64_MAX, 12, "9223372.036854775807"},
        {100, 2, "1.00"},
    };
    char buf[40];
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        CHECK_CASE(num_print_dec(cases[i].units, cases[i].scale, buf), cases[i].want,
                   cases[i].want);
}

static void test_round(void **state)
{
    static const struct {
        double x;
        int digits;
        double want;
    } cases[] = {
        {1.005, 2, 1.01},
        {-1.005, 2, -1.01},
        {2.5, 0, 3},
        {-2.5, 0, -3},
        {0.5, 0, 1},
        {0.49999, 0, 0},
        {-0.4, 0, 0},
        {1234.5, -2, 1200},
        {1250, -2, 1300},
        {55, -3, 0},
        {550, -3, 1000},
        {5, -1, 10},
        {1e300, 2, 1e300},
        {1.15, 1, 1.2},
        {8.345, 2, 8.35},
        {0.285, 2, 0.29},
        {1.255, 2, 1.26},
        {10.235, 2, 10.24},
        {1e-20, 5, 0},
        {0, 3, 0},
        {1.0 / 3, 20, 0.333333333333333},
        {1234567890123.456, 2, 1234567890123.46},
        {12345678901234.56, 1, 12345678901234.6},
        {0.1 + 0.2, 20, 0.3},
        {0.1 + 0.2, 5, 0.3},
        {4.35 * 100, 0, 435},
        {1e22, -22, 1e22},
        {1e15, -100, 0},
        {1, -2000000000, 0},
        {1.5, 2000000000, 1.5},
        {9007199254740991.0, 0, 9007199254740991.0},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        double got = num_round(cases[i].x, cases[i].digits);
        if (got != cases[i].want)
            fail_msg("round(%.17g, %d) gave %.17g", cases[i].x, cases[i].digits, got);
        assert_false(got == 0 && signbit(got));
    }
}

static void test_to_dec(void **state)
{
    static const struct {
        double x;
        unsigned scale;
        bool ok;
        int64_t want;
    } cases[] = {
        {1.005, 2, true, 101},
        {-0.5, 0, true, -1},
        {0, 12, true, 0},
        {10005534.10, 2, true, 1000553410},
        {9007199254740992.0, 0, true, 9007199254740992},
        {9.1e15, 0, false, 0},
        {1e300, 0, false, 0},
        {1e-300, 12, true, 0},
        {90071992547409.0, 2, true, 9007199254740900},
        {90071992547410.0, 2, false, 0},
        {0.1 + 0.2, 12, true, 300000000000},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        int64_t units = 0;
        bool ok = num_to_dec(cases[i].x, cases[i].scale, &units);
        if (ok != cases[i].ok || (ok && units != cases[i].want))
            fail_msg("%.17g at scale %u gave %lld", cases[i].x, cases[i].scale, (long long)units);
    }
    assert_false(num_to_dec((double)NAN, 2, &(int64_t){0}));
    assert_true(num_of_dec(1000553410, 2) == 10005534.10);
    assert_true(num_of_dec(-5, 2) == -0.05);
    assert_true(num_of_dec(INT64_MIN, 0) == -9223372036854775808.0);
}

static void test_rescale(void **state)
{
    static const struct {
        int64_t units;
        unsigned from, to;
        bool ok;
        int64_t want;
    } cases[] = {
        {125, 2, 4, true, 12500},
        {125, 2, 1, true, 13},
        {-125, 2, 1, true, -13},
        {124, 2, 1, true, 12},
        {5, 1, 0, true, 1},
        {4, 1, 0, true, 0},
        {INT64_MAX, 0, 1, false, 0},
        {0, 0, 12, true, 0},
        {INT64_MIN, 1, 0, true, -922337203685477581},
        {7, 3, 3, true, 7},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        int64_t got = 0;
        bool ok = num_rescale(cases[i].units, cases[i].from, cases[i].to, &got);
        assert_int_equal(ok, cases[i].ok);
        assert_true(!ok || got == cases[i].want);
    }
}

static void test_sum(void **state)
{
    (void)state;
    struct num_sum s = {0, 0};
    for (int i = 0; i < 1000000; i++)
        num_sum_add(&s, 0.1);
    assert_true(num_sum_get(&s) == 100000);
    s = (struct num_sum){0, 0};
    const double terms[] = {1, 1e100, 1, -1e100};
    for (size_t i = 0; i < ARRAY_LEN(terms); i++)
        num_sum_add(&s, terms[i]);
    assert_true(num_sum_get(&s) == 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parse),           cmocka_unit_test(test_print),
        cmocka_unit_test(test_random_exact),    cmocka_unit_test(test_random_digits),
        cmocka_unit_test(test_random_shortest), cmocka_unit_test(test_halfway),
        cmocka_unit_test(test_parse_dec),       cmocka_unit_test(test_print_dec),
        cmocka_unit_test(test_round),           cmocka_unit_test(test_to_dec),
        cmocka_unit_test(test_rescale),         cmocka_unit_test(test_sum),
    };
    return cmocka_run_group_tests_name("num", tests, NULL, NULL);
}
