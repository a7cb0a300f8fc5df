/* engine/base/civil, zone, id. */
#include "tests/unit/unit.h"

#include "engine/base/civil.h"
#include "engine/base/id.h"
#include "engine/base/strb.h"

#include <pthread.h>
#include <stdlib.h>

static void test_days(void **state)
{
    static const struct {
        int y, m, d;
        bool ok;
        int64_t days;
    } cases[] = {
        {1970, 1, 1, true, 0},    {1969, 12, 31, true, -1},      {2000, 2, 29, true, 11016},
        {1900, 2, 29, false, 0},  {2024, 2, 29, true, 19782},    {2026, 11, 23, true, 20780},
        {1, 1, 1, true, -719162}, {9999, 12, 31, true, 2932896}, {0, 1, 1, false, 0},
        {10000, 1, 1, false, 0},  {2026, 13, 1, false, 0},       {2026, 4, 31, false, 0},
        {2026, 0, 1, false, 0},   {2026, 1, 0, false, 0},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        int64_t days = 0;
        assert_int_equal(civil_days(cases[i].y, cases[i].m, cases[i].d, &days), cases[i].ok);
        assert_int_equal(days, cases[i].days);
    }
}

/* Walks the whole calendar by hand and compares each day. */
static void test_every_day(void **state)
{
    (void)state;
    int y = 1;
    int m = 1;
    int d = 1;
    int weekday = 1; /* 0001-01-01 was a Monday */
    for (int64_t day = CIVIL_MIN_DAY; day <= CIVIL_MAX_DAY; day++) {
        struct civil c;
        int64_t back = 0;
        civil_of_days(day, &c);
        if (c.year != y || c.month != m || c.day != d || civil_weekday(day) != weekday ||
            !civil_days(y, m, d, &back) || back != day)
            fail_msg("day %lld is %d-%d-%d", (long long)day, c.year, c.month, c.day);
        weekday = weekday % 7 + 1;
        if (++d > civil_month_days(y, m)) {
            d = 1;
            m = m % 12 + 1;
            y += m == 1;
        }
    }
    assert_int_equal(y, 10000);
}

static void test_instants(void **state)
{
    static const struct {
        const char *in, *out; /* out NULL: refused */
    } cases[] = {
        {"2026-11-23T08:00:00Z", "2026-11-23T08:00:00Z"},
        {"2026-11-23T08:00:00+08:00", "2026-11-23T00:00:00Z"},
        {"2026-11-23t08:00:00.5z", "2026-11-23T08:00:00.5Z"},
        {"2026-11-23 08:00:00.123456-01:30", "2026-11-23T09:30:00.123456Z"},
        {"1969-12-31T23:59:59.999999Z", "1969-12-31T23:59:59.999999Z"},
        {"0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z"},
        {"0001-01-01T00:00:00+00:01", NULL},
        {"9999-12-31T23:59:59-00:01", NULL},
        {"2026-11-23T08:00:00", NULL},
        {"2026-11-23T08:00Z", NULL},
        {"2026-11-23T24:00:00Z", NULL},
        {"2026-11-23T08:00:60Z", NULL},
        {"2026-11-23T08:00:00.Z", NULL},
        {"2026-11-23T08:00:00.1234567Z", NULL},
        {"2026-02-30T08:00:00Z", NULL},
        {"2026-11-23T08:00:00+0800", NULL},
        {"2026-11-23T08:00:00+24:00", NULL},
        {"2026-11-23T08:00:00Zx", NULL},
        {"", NULL},
    };
    char buf[40];
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        int64_t us = 0;
        bool ok = civil_parse_instant(str_of(cases[i].in), &us);
        CHECK(ok == (cases[i].out != NULL), cases[i].in);
        if (ok)
            CHECK_CASE(civil_print_instant(us, buf), cases[i].out, cases[i].in);
    }
}

static void test_dates_times(void **state)
{
    static const char *const bad_dates[] = {"2026-2-03",  "2026-02-30", "20260203",   "2026-02-03 ",
                                            "-026-02-03", "2026/02/03", "０026-02-03"};
    static const struct {
        const char *in, *out;
    } times[] = {
        {"08:30", "08:30:00"}, {"23:59:59", "23:59:59"},
        {"00:00", "00:00:00"}, {"24:00", NULL},
        {"8:30", NULL},        {"08:60", NULL},
        {"08:30:60", NULL},    {"08-30", NULL},
        {"08:30:0", NULL},     {"", NULL},
    };
    char buf[16];
    int64_t v = 0;
    (void)state;
    assert_true(civil_parse_date(STR("2026-02-03"), &v));
    CHECK_STR(civil_print_date(v, buf), "2026-02-03");
    for (size_t i = 0; i < ARRAY_LEN(bad_dates); i++)
        CHECK(!civil_parse_date(str_of(bad_dates[i]), &v), bad_dates[i]);
    for (size_t i = 0; i < ARRAY_LEN(times); i++) {
        bool ok = civil_parse_time(str_of(times[i].in), &v);
        CHECK(ok == (times[i].out != NULL), times[i].in);
        if (ok)
            CHECK_CASE(civil_print_time(v, buf), times[i].out, times[i].in);
    }
}

/* ---- zones ---- */

static void put32(struct strb *b, uint32_t v)
{
    for (int shift = 24; shift >= 0; shift -= 8)
        strb_addc(b, (char)(v >> shift));
}

/* A version 2 file with an empty old block, the changes given, and a rule. */
static struct str tzif(struct arena *a, const int64_t *at, const char *which, const int32_t *offset,
                       uint32_t types, const char *rule)
{
    struct strb b;
    uint32_t n = (uint32_t)strlen(which);
    strb_init(&b, a);
    for (int block = 0; block < 2; block++) {
        strb_addz(&b, "TZif2");
        for (int i = 0; i < 15; i++)
            strb_addc(&b, '\0');
        const uint32_t counts[] = {0, 0, 0, block ? n : 0, block ? types : 1, 4};
        for (size_t i = 0; i < ARRAY_LEN(counts); i++)
            put32(&b, counts[i]);
        for (uint32_t i = 0; block && i < n; i++) {
            put32(&b, (uint32_t)((uint64_t)at[i] >> 32));
            put32(&b, (uint32_t)at[i]);
        }
        for (uint32_t i = 0; block && i < n; i++)
            strb_addc(&b, (char)(which[i] - '0'));
        for (uint32_t i = 0; i < counts[4]; i++) {
            put32(&b, (uint32_t)offset[i]);
            strb_addn(&b, "\0\0", 2);
        }
        strb_addn(&b, "XXX", 4);
    }
    strb_addf(&b, "\n%s\n", rule);
    return strb_str(&b);
}

static int64_t at(const char *text)
{
    int64_t us = 0;
    CHECK(civil_parse_instant(str_of(text), &us), text);
    return us;
}

static void test_zone_rules(void **state)
{
    static const struct {
        const char *rule, *when;
        int32_t want;
    } cases[] = {
        {"CST-8", "2026-07-01T00:00:00Z", 28800},
        {"CET-1CEST,M3.5.0,M10.5.0/3", "2026-03-29T00:59:59Z", 3600},
        {"CET-1CEST,M3.5.0,M10.5.0/3", "2026-03-29T01:00:00Z", 7200},
        {"CET-1CEST,M3.5.0,M10.5.0/3", "2026-10-25T00:59:59Z", 7200},
        {"CET-1CEST,M3.5.0,M10.5.0/3", "2026-10-25T01:00:00Z", 3600},
        {"CET-1CEST,M3.5.0,M10.5.0/3", "2149-07-01T00:00:00Z", 7200},
        {"EST5EDT,M3.2.0,M11.1.0", "2026-03-08T06:59:59Z", -18000},
        {"EST5EDT,M3.2.0,M11.1.0", "2026-03-08T07:00:00Z", -14400},
        {"AEST-10AEDT,M10.1.0,M4.1.0/3", "2026-01-01T00:00:00Z", 39600},
        {"AEST-10AEDT,M10.1.0,M4.1.0/3", "2026-06-01T00:00:00Z", 36000},
        {"<+1030>-10:30<+11>-11,M10.1.0,M4.1.0", "2026-01-01T00:00:00Z", 39600},
        {"XXX-3YYY,J60,J300", "2024-02-29T23:59:59Z", 14400}, /* J60 is always 1 March */
        {"XXX-3YYY,J60,J300", "2024-02-29T22:59:59Z", 10800},
        {"XXX-3YYY,59,300", "2024-02-28T22:59:59Z", 10800}, /* day 59 of a leap year is 29 Feb */
        {"XXX-3YYY,59,300", "2024-02-28T23:00:00Z", 14400},
        {"nonsense,,", "2026-07-01T00:00:00Z", 28800},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct zone z;
        int32_t first[] = {28800};
        int64_t none = 0;
        struct str bytes = tzif(*state, &none, "", first, 1, cases[i].rule);
        if (i >= 1 && i < ARRAY_LEN(cases) - 1)
            first[0] = 0;
        assert_int_equal(zone_parse(*state, STR("T"), bytes, &z), 0);
        int32_t got = zone_offset_s(&z, at(cases[i].when));
        if (got != cases[i].want)
            print_error("%s at %s: %d\n", cases[i].rule, cases[i].when, (int)got);
        assert_int_equal(got, cases[i].want);
    }
}

static void test_gap_and_overlap(void **state)
{
    static const struct {
        int month, day, hour;
        const char *want;
    } cases[] = {
        {3, 29, 1, "2026-03-29T00:30:00Z"},  {3, 29, 2, "2026-03-29T01:30:00Z"}, /* gap: forward */
        {3, 29, 3, "2026-03-29T01:30:00Z"},  {10, 25, 1, "2026-10-24T23:30:00Z"},
        {10, 25, 2, "2026-10-25T00:30:00Z"}, /* overlap: the earlier */
        {10, 25, 3, "2026-10-25T02:30:00Z"},
    };
    struct zone z;
    char buf[40];
    const int64_t changes[] = {-INT64_C(2000000000), 0};
    const int32_t offsets[] = {1000, 3600};
    struct str bytes = tzif(*state, changes, "01", offsets, 2, "CET-1CEST,M3.5.0,M10.5.0/3");
    assert_int_equal(zone_parse(*state, STR("Europe/Berlin"), bytes, &z), 0);
    CHECK_STR(z.name, "Europe/Berlin");
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct civil c = {2026, cases[i].month, cases[i].day, cases[i].hour, 30, 0, 0};
        CHECK_CASE(civil_print_instant(civil_us(&c, &z), buf), cases[i].want, cases[i].want);
    }
    struct civil c;
    civil_of_us(at("2026-07-01T23:30:00.25Z"), &z, &c);
    assert_int_equal(c.day * 10000 + c.hour * 100 + c.minute, 20130);
    assert_int_equal(c.micro, 250000);
    int64_t day;
    assert_true(civil_days(2026, 7, 2, &day));
    assert_int_equal(civil_day_of_us(at("2026-07-01T23:30:00Z"), &z), day);
    assert_int_equal(civil_day_of_us(at("2026-07-01T23:30:00Z"), &zone_utc), day - 1);
}

/* No prefix and no changed byte of a file may crash; what parses must be in order. */
static void test_zone_broken(void **state)
{
    const int64_t changes[] = {-INT64_C(2000000000), 0, INT64_C(1000000000)};
    const int32_t offsets[] = {1000, 3600};
    struct str good = tzif(*state, changes, "010", offsets, 2, "CET-1CEST,M3.5.0,M10.5.0/3");
    struct zone z;
    for (size_t n = 0; n < good.n; n++) {
        struct arena_mark m = arena_mark(*state);
        (void)!zone_parse(*state, STR("x"), str_sub(good, 0, n), &z);
        char *p = str_z(*state, good);
        for (int bit = 0; bit < 8; bit++) {
            p[n] = (char)(good.p[n] ^ (1 << bit));
            if (zone_parse(*state, STR("x"), (struct str){p, good.n}, &z) == 0) {
                for (size_t i = 1; i < z.n; i++)
                    assert_true(z.at_us[i] > z.at_us[i - 1]);
            }
        }
        arena_reset(*state, m);
    }
    assert_int_equal(zone_parse(*state, STR("x"), STR("TZif2"), &z), -1);
    assert_int_equal(zone_parse(*state, STR("x"), STR(""), &z), -1);
}

/* ---- ids ---- */

static void test_id_text(void **state)
{
    static const char *const bad[] = {"",
                                      "0000000000001x",
                                      "000000000000",
                                      "8000000000000",
                                      "000000000000i",
                                      "000000000000A",
                                      "000000000000l",
                                      "000000000000o",
                                      "000000000000u",
                                      "000000000000-"};
    static const int64_t good[] = {0, 1, 31, 32, INT64_MAX, INT64_C(1) << 40};
    char buf[16];
    int64_t id = -1;
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(good); i++) {
        assert_true(id_parse(id_print(good[i], buf), &id));
        assert_int_equal(id, good[i]);
    }
    CHECK_STR(id_print(INT64_MAX, buf), "7zzzzzzzzzzzz");
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        CHECK(!id_parse(str_of(bad[i]), &id), bad[i]);
}

static void test_id_order(void **state)
{
    struct id_gen g;
    char a[16];
    char b[16];
    (void)state;
    id_gen_init(&g, 1023);
    int64_t now = INT64_C(1763856000000000);
    int64_t last = id_next(&g, now);
    for (int i = 0; i < 20000; i++) { /* more than a millisecond holds, and a clock that jumps */
        int64_t id = id_next(&g, now + (i % 7 - 5) * 1000000);
        assert_true(id > last);
        assert_int_equal((id >> 12) & 1023, 1023);
        assert_true(str_cmp(id_print(last, a), id_print(id, b)) < 0);
        last = id;
    }
    assert_true(last > 0);
}

#define THREADS    4
#define PER_THREAD 5000

struct work {
    struct id_gen *g;
    int64_t ids[PER_THREAD];
};

static void *draw(void *arg)
{
    struct work *w = arg;
    for (int i = 0; i < PER_THREAD; i++)
        w->ids[i] = id_next(w->g, INT64_C(1763856000000000));
    return NULL;
}

static int by_value(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a;
    int64_t y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static void test_id_threads(void **state)
{
    struct id_gen g;
    pthread_t t[THREADS];
    struct work *w = arena_array(*state, THREADS, sizeof(*w));
    int64_t *all = arena_array(*state, THREADS * PER_THREAD, sizeof(*all));
    id_gen_init(&g, 0);
    for (int i = 0; i < THREADS; i++) {
        w[i].g = &g;
        assert_int_equal(pthread_create(&t[i], NULL, draw, &w[i]), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(t[i], NULL);
        memcpy(all + i * PER_THREAD, w[i].ids, sizeof(w[i].ids));
    }
    qsort(all, THREADS * PER_THREAD, sizeof(*all), by_value);
    for (int i = 1; i < THREADS * PER_THREAD; i++)
        assert_true(all[i] != all[i - 1]);
}

static int setup(void **state)
{
    *state = arena_new(TEST_ARENA_BYTES);
    return *state ? 0 : -1;
}

static int teardown(void **state)
{
    struct arena *a = *state;
    arena_free(&a);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_days),        cmocka_unit_test(test_every_day),
        cmocka_unit_test(test_instants),    cmocka_unit_test(test_dates_times),
        cmocka_unit_test(test_zone_rules),  cmocka_unit_test(test_gap_and_overlap),
        cmocka_unit_test(test_zone_broken), cmocka_unit_test(test_id_text),
        cmocka_unit_test(test_id_order),    cmocka_unit_test(test_id_threads),
    };
    return cmocka_run_group_tests_name("civil", tests, setup, teardown);
}
