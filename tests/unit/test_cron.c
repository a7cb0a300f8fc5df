/* Schedules: what parses, and when they are due next, across months, leap years and clock changes.
 */
#include "tests/unit/unit.h"

#include "engine/base/cron.h"
#include <stdio.h>

static const struct zone shanghai = {
    .n = 1, .at_us = (const int64_t[]){INT64_MIN}, .offset_s = (const int32_t[]){8 * 3600}};
/* Berlin in 2026: +1, from 29 March 01:00 UTC +2, from 25 October 01:00 UTC +1 */
static const struct zone berlin = {
    .n = 3,
    .at_us = (const int64_t[]){INT64_MIN, INT64_C(1774746000000000), INT64_C(1792890000000000)},
    .offset_s = (const int32_t[]){3600, 7200, 3600}};

static void parses(void **state)
{
    static const char *const good[] = {"* * * * *",    "0 2 * * *",        "*/15 9-17 * * mon-fri",
                                       "0 0 1,15 * *", "0 0 29 2 *",       " 5  4 * * sun ",
                                       "0 0 * * 7",    "0 0 31 1-12/2 *",  "59 23 31 dec *",
                                       "0 0 30 2 fri", "10-50/10 * * * *", "5/20 * * * *"};
    static const char *const bad[] = {"",
                                      "* * * *",
                                      "* * * * * *",
                                      "60 * * * *",
                                      "* 24 * * *",
                                      "* * 0 * *",
                                      "* * 32 * *",
                                      "* * * 13 *",
                                      "* * * * 8",
                                      "5-1 * * * *",
                                      "*/0 * * * *",
                                      "a * * * *",
                                      "1,, * * * *",
                                      "1, * * * *",
                                      "- * * * *",
                                      "0 0 30 2 *",
                                      "0 0 31 2,4 *",
                                      "*/61 * * * *",
                                      "1-2-3 * * * *",
                                      "@daily"};
    struct cron c;
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(good); i++)
        if (!cron_parse(str_of(good[i]), &c))
            fail_msg("%s should parse", good[i]);
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        if (cron_parse(str_of(bad[i]), &c))
            fail_msg("%s should not parse", bad[i]);
}

static void due(void **state)
{
    static const struct {
        const char *cron;
        const struct zone *zone;
        const char *after, *next;
    } cases[] = {
        {"0 2 * * *", &zone_utc, "2026-11-24T01:59:59Z", "2026-11-24T02:00:00Z"},
        {"0 2 * * *", &zone_utc, "2026-11-24T02:00:00Z", "2026-11-25T02:00:00Z"},
        {"0 2 * * *", &shanghai, "2026-11-24T18:00:00Z", "2026-11-25T18:00:00Z"},
        {"0 2 * * *", &shanghai, "2026-11-24T17:59:00Z", "2026-11-24T18:00:00Z"},
        {"*/15 * * * *", &zone_utc, "2026-11-24T10:46:00Z", "2026-11-24T11:00:00Z"},
        {"0 0 31 * *", &zone_utc, "2026-01-31T00:00:00Z", "2026-03-31T00:00:00Z"},
        {"0 0 29 2 *", &zone_utc, "2026-03-01T00:00:00Z", "2028-02-29T00:00:00Z"},
        {"0 0 29 2 *", &zone_utc, "2096-03-01T00:00:00Z", "2104-02-29T00:00:00Z"},
        {"30 9 * * mon-fri", &zone_utc, "2026-11-27T10:00:00Z", "2026-11-30T09:30:00Z"},
        {"0 9 * * 7", &zone_utc, "2026-11-24T00:00:00Z", "2026-11-29T09:00:00Z"},
        /* day or weekday when both are given */
        {"0 0 13 * fri", &zone_utc, "2026-11-10T00:00:00Z", "2026-11-13T00:00:00Z"},
        {"0 0 15 * fri", &zone_utc, "2026-11-13T00:00:00Z", "2026-11-15T00:00:00Z"},
        {"59 23 31 12 *", &zone_utc, "2026-12-31T23:59:00Z", "2027-12-31T23:59:00Z"},
        /* the clock goes forward at 02:00: 02:30 is not there, it is due behind the gap */
        {"30 2 * * *", &berlin, "2026-03-28T12:00:00Z", "2026-03-29T01:30:00Z"},
        {"30 2 * * *", &berlin, "2026-03-29T01:30:00Z", "2026-03-30T00:30:00Z"},
        /* back at 03:00: 02:30 comes twice, it is due once */
        {"30 2 * * *", &berlin, "2026-10-24T12:00:00Z", "2026-10-25T00:30:00Z"},
        {"30 2 * * *", &berlin, "2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"},
        /* every hour has 25 of them that day */
        {"30 * * * *", &berlin, "2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z"},
        {"30 * * * *", &berlin, "2026-10-25T01:30:00Z", "2026-10-25T02:30:00Z"},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct cron c;
        int64_t after;
        char buf[40];
        assert_true(cron_parse(str_of(cases[i].cron), &c));
        assert_true(civil_parse_instant(str_of(cases[i].after), &after));
        struct str got = civil_print_instant(cron_next(&c, after, cases[i].zone), buf);
        if (!str_eqz(got, cases[i].next))
            fail_msg("%s after %s: %.*s, not %s", cases[i].cron, cases[i].after, STR_ARG(got),
                     cases[i].next);
    }
}

/* Whatever the text: no crash, and what parses is due later than asked. */
static void noise(void **state)
{
    static const char *const bits[] = {"*",   "5",   "1-3", "*/2", "59", "31", "1,2",
                                       "sun", "jan", "-",   "7",   "0",  "/",  "9-1",
                                       ",",   "12",  "*/7", "fri", "29", "2",  "1-"};
    uint32_t seed = 7;
    size_t parsed = 0;
    (void)state;
    for (int i = 0; i < 300000; i++) {
        char text[64];
        size_t n = 0;
        struct cron c;
        for (int k = 0; k < 5; k++) {
            seed = seed * 1664525u + 1013904223u;
            n += (size_t)snprintf(text + n, sizeof text - n, k ? " %s" : "%s",
                                  bits[(seed >> 16) % ARRAY_LEN(bits)]);
        }
        if (!cron_parse((struct str){text, n}, &c))
            continue;
        parsed++;
        assert_true(cron_next(&c, INT64_C(1790000000000000), &berlin) > INT64_C(1790000000000000));
    }
    assert_true(parsed > 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(parses), cmocka_unit_test(due),
                                       cmocka_unit_test(noise)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
