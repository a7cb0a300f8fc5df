/*
 * The parser is a table of fields; the next due time is found day by day, then minute by minute of
 * that day.
 */
#include "engine/base/cron.h"

#include "engine/base/attr.h"

#define DAYS_AHEAD    (8 * 366 + 1) /* 29 February comes within eight years */
#define MINUTES_A_DAY (24 * 60)

struct part {
    int min, max;
    const char *const *names; /* from min on; NULL: numbers only */
};

static const char *const month_names[] = {"jan", "feb", "mar", "apr", "may", "jun", "jul",
                                          "aug", "sep", "oct", "nov", "dec", NULL};
static const char *const day_names[] = {"sun", "mon", "tue", "wed", "thu", "fri", "sat", NULL};
static const struct part parts[] = {
    {0, 59, NULL}, {0, 23, NULL}, {1, 31, NULL}, {1, 12, month_names}, {0, 7, day_names}};

static bool value(const struct part *p, struct str s, int64_t *out)
{
    for (int i = 0; p->names && p->names[i]; i++)
        if (str_ieq(s, str_of(p->names[i]))) {
            *out = p->min + i;
            return true;
        }
    return str_int(s, p->min, p->max, out);
}

/* "*", "5", "1-5", each perhaps with "/2". */
static bool item(const struct part *p, struct str s, uint64_t *set)
{
    struct str range, low, step = STR_NONE, high = STR_NONE;
    int64_t a = p->min, b = p->max, by = 1;
    bool stepped = str_findc(s, '/') >= 0;
    step = str_cut(s, '/', &range);
    if (stepped && !str_int(step, 1, p->max, &by))
        return false;
    if (!str_eqz(range, "*")) {
        bool to = str_findc(range, '-') >= 0;
        high = str_cut(range, '-', &low);
        if (!value(p, low, &a))
            return false;
        b = stepped ? p->max : a;
        if (to && (!value(p, high, &b) || b < a))
            return false;
    }
    for (int64_t n = a; n <= b; n += by)
        *set |= UINT64_C(1) << n;
    return true;
}

static bool set_of(const struct part *p, struct str s, uint64_t *set)
{
    *set = 0;
    if (!s.n || s.p[s.n - 1] == ',')
        return false;
    while (s.n) {
        struct str one;
        s = str_cut(s, ',', &one);
        if (!item(p, one, set))
            return false;
    }
    return true;
}

/* A day that one of the months has. */
static bool some_day(const struct cron *c)
{
    for (int m = 1; m <= 12; m++) {
        int last = m == 2 ? 29 : civil_month_days(2023, m);
        if ((c->months >> m & 1) && (c->days & ((UINT64_C(2) << last) - 1)))
            return true;
    }
    return !c->any_weekday; /* then the weekday decides */
}

bool cron_parse(struct str text, struct cron *out)
{
    uint64_t sets[ARRAY_LEN(parts)];
    struct str fields[ARRAY_LEN(parts)];
    size_t n = 0;
    text = str_trim(text);
    if (text.n > 200)
        return false;
    while (text.n) {
        struct str one;
        text = str_trim(str_cut(text, ' ', &one));
        if (n == ARRAY_LEN(parts) || !set_of(&parts[n], one, &sets[n]))
            return false;
        fields[n++] = one;
    }
    if (n != ARRAY_LEN(parts))
        return false;
    *out = (struct cron){.minutes = sets[0],
                         .hours = (uint32_t)sets[1],
                         .days = (uint32_t)sets[2],
                         .months = (uint32_t)sets[3],
                         .weekdays = (uint32_t)((sets[4] | sets[4] >> 7) & 0x7f),
                         .any_day = fields[2].p[0] == '*',
                         .any_weekday = fields[4].p[0] == '*',
                         .any_hour = fields[1].p[0] == '*'};
    return some_day(out);
}

static bool on_day(const struct cron *c, int64_t day)
{
    struct civil t;
    civil_of_days(day, &t);
    bool by_day = c->days >> t.day & 1;
    bool by_weekday = c->weekdays >> (civil_weekday(day) % 7) & 1;
    if (!(c->months >> t.month & 1))
        return false;
    if (!c->any_day && !c->any_weekday)
        return by_day || by_weekday;
    return by_day && by_weekday;
}

/* The later one of two instants that have this local time; `us` when there is one only. */
static int64_t second_time(const struct civil *t, int64_t us, const struct zone *zone)
{
    struct civil later;
    civil_of_us(us + 3600 * US_PER_S, zone, &later);
    bool twice = later.hour == t->hour && later.minute == t->minute && later.day == t->day;
    return twice ? us + 3600 * US_PER_S : us;
}

static int64_t in_day(const struct cron *c, int64_t day, int64_t after_us, const struct zone *zone)
{
    struct civil t;
    int64_t found = INT64_MAX;
    civil_of_days(day, &t);
    for (int m = 0; m < MINUTES_A_DAY; m++) {
        t.hour = m / 60;
        t.minute = m % 60;
        if (!(c->hours >> t.hour & 1) || !(c->minutes >> t.minute & 1))
            continue;
        int64_t us = civil_us(&t, zone);
        if (us <= after_us && c->any_hour)
            us = second_time(&t, us, zone);
        if (us > after_us)
            found = MIN(found, us);
        if (us > after_us + US_PER_DAY)
            break;
    }
    return found;
}

int64_t cron_next(const struct cron *c, int64_t after_us, const struct zone *zone)
{
    int64_t from = civil_day_of_us(after_us, zone);
    for (int64_t day = from; day < from + DAYS_AHEAD && day < CIVIL_MAX_DAY; day++) {
        if (!on_day(c, day))
            continue;
        int64_t us = in_day(c, day, after_us, zone);
        if (us != INT64_MAX)
            return us;
    }
    return INT64_MAX;
}
