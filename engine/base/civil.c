/*
 * Calendar arithmetic, RFC 3339 texts, time zones from TZif bytes.
 *
 * Days from and to dates are computed on years that start in March, so that the leap day is the
 * last of its year and months have a regular length pattern.
 */
#include "engine/base/civil.h"

#define S_PER_DAY INT64_C(86400)

static const int64_t utc_at[] = {INT64_MIN};
static const int32_t utc_offset[] = {0};
const struct zone zone_utc = {{"UTC", 3}, 1, utc_at, utc_offset};

static int64_t floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

/* ---- dates ---- */

bool civil_is_leap(int year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

int civil_month_days(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    return month == 2 && civil_is_leap(year) ? 29 : days[month - 1];
}

/* Days of a date that exists. */
static int64_t days_of(int year, int month, int day)
{
    int64_t y = year - (month <= 2);
    int64_t m = (month + 9) % 12; /* March is 0 */
    return y * 365 + floor_div(y, 4) - floor_div(y, 100) + floor_div(y, 400) + (m * 153 + 2) / 5 +
           day - 1 - 719468;
}

bool civil_days(int year, int month, int day, int64_t *days)
{
    if (year < 1 || year > 9999 || month < 1 || month > 12 || day < 1 ||
        day > civil_month_days(year, month))
        return false;
    *days = days_of(year, month, day);
    return true;
}

void civil_of_days(int64_t days, struct civil *out)
{
    int64_t n = days + 719468; /* since 0000-03-01 */
    int64_t era = floor_div(n, 146097);
    int64_t of_era = n - era * 146097;
    int64_t year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    int64_t of_year = of_era - (365 * year + year / 4 - year / 100);
    int64_t m = (5 * of_year + 2) / 153;
    int month = (int)(m < 10 ? m + 3 : m - 9);
    *out = (struct civil){.year = (int)(year + era * 400) + (month <= 2),
                          .month = month,
                          .day = (int)(of_year - (m * 153 + 2) / 5) + 1};
}

int civil_weekday(int64_t days)
{
    return (int)((days + 3) - floor_div(days + 3, 7) * 7) + 1; /* day 0 was a Thursday */
}

/* ---- instants ---- */

void civil_of_us(int64_t us, const struct zone *z, struct civil *out)
{
    int64_t local = us + zone_offset_s(z, us) * US_PER_S;
    int64_t days = floor_div(local, US_PER_DAY);
    int64_t rest = local - days * US_PER_DAY;
    int64_t s = rest / US_PER_S;
    civil_of_days(days, out);
    out->hour = (int)(s / 3600);
    out->minute = (int)(s / 60 % 60);
    out->second = (int)(s % 60);
    out->micro = (int)(rest % US_PER_S);
}

int64_t civil_day_of_us(int64_t us, const struct zone *z)
{
    return floor_div(us + zone_offset_s(z, us) * US_PER_S, US_PER_DAY);
}

int64_t civil_us(const struct civil *c, const struct zone *z)
{
    int64_t s = days_of(c->year, c->month, c->day) * S_PER_DAY + c->hour * 3600 + c->minute * 60 +
                c->second;
    int64_t local = s * US_PER_S + c->micro;
    /* The two candidates: offsets do not change twice within two days. */
    int64_t before = local - zone_offset_s(z, local - US_PER_DAY) * US_PER_S;
    int64_t after = local - zone_offset_s(z, local + US_PER_DAY) * US_PER_S;
    bool before_holds = zone_offset_s(z, before) * US_PER_S == local - before;
    bool after_holds = zone_offset_s(z, after) * US_PER_S == local - after;
    if (before_holds && after_holds)
        return MIN(before, after);
    if (after_holds)
        return after;
    return before; /* holds, or a gap: the old offset carries the clock over it */
}

/* ---- texts ---- */

/* `n` digits at s[at]; -1 when they are none. */
static int digits(struct str s, size_t at, size_t n)
{
    int v = 0;
    if (at + n > s.n)
        return -1;
    for (size_t i = at; i < at + n; i++) {
        if (s.p[i] < '0' || s.p[i] > '9')
            return -1;
        v = v * 10 + (s.p[i] - '0');
    }
    return v;
}

bool civil_parse_date(struct str s, int64_t *days)
{
    if (s.n != 10 || s.p[4] != '-' || s.p[7] != '-')
        return false;
    int y = digits(s, 0, 4);
    int m = digits(s, 5, 2);
    int d = digits(s, 8, 2);
    return y >= 0 && m >= 0 && d >= 0 && civil_days(y, m, d, days);
}

/* "08:30:00" at `at`, seconds of the day; -1 when it is none. */
static int64_t clock_at(struct str s, size_t at)
{
    int h = digits(s, at, 2);
    int m = digits(s, at + 3, 2);
    int sec = digits(s, at + 6, 2);
    if (h < 0 || h > 23 || m < 0 || m > 59 || sec < 0 || sec > 59 || s.p[at + 2] != ':' ||
        s.p[at + 5] != ':')
        return -1;
    return h * 3600 + m * 60 + sec;
}

bool civil_parse_time(struct str s, int64_t *seconds)
{
    char full[8] = "00:00:00";
    if (s.n != 5 && s.n != 8)
        return false;
    memcpy(full, s.p, s.n);
    int64_t v = clock_at((struct str){full, sizeof(full)}, 0);
    if (v < 0)
        return false;
    *seconds = v;
    return true;
}

/* ".5" to ".123456" at *at, which moves behind it; -1 when it is malformed; 0 when absent. */
static int64_t fraction(struct str s, size_t *at)
{
    int64_t us = 0;
    int64_t unit = US_PER_S / 10;
    if (*at >= s.n || s.p[*at] != '.')
        return 0;
    size_t from = ++*at;
    for (; *at < s.n && s.p[*at] >= '0' && s.p[*at] <= '9'; ++*at) {
        us += (s.p[*at] - '0') * unit;
        unit /= 10;
    }
    return *at > from && *at <= from + 6 ? us : -1;
}

/* "Z" or "+08:00", to the end of the text. */
static bool parse_offset(struct str s, size_t at, int64_t *seconds)
{
    if (at + 1 == s.n && (s.p[at] == 'Z' || s.p[at] == 'z')) {
        *seconds = 0;
        return true;
    }
    if (at + 6 != s.n || (s.p[at] != '+' && s.p[at] != '-') || s.p[at + 3] != ':')
        return false;
    int h = digits(s, at + 1, 2);
    int m = digits(s, at + 4, 2);
    if (h < 0 || h > 23 || m < 0 || m > 59)
        return false;
    *seconds = (s.p[at] == '-' ? -1 : 1) * (h * 3600 + m * 60);
    return true;
}

bool civil_parse_instant(struct str s, int64_t *us)
{
    int64_t days;
    int64_t offset;
    size_t at = 19;
    if (s.n < 20 || (s.p[10] != 'T' && s.p[10] != 't' && s.p[10] != ' ') ||
        !civil_parse_date(str_sub(s, 0, 10), &days))
        return false;
    int64_t clock = clock_at(s, 11);
    int64_t micro = fraction(s, &at);
    if (clock < 0 || micro < 0 || !parse_offset(s, at, &offset))
        return false;
    *us = (days * S_PER_DAY + clock - offset) * US_PER_S + micro;
    int64_t day = floor_div(*us, US_PER_DAY);
    return day >= CIVIL_MIN_DAY && day <= CIVIL_MAX_DAY;
}

/* `n` as `width` digits. */
static char *put(char *to, int64_t n, int width)
{
    for (int i = width - 1; i >= 0; i--) {
        to[i] = (char)('0' + n % 10);
        n /= 10;
    }
    return to + width;
}

static char *put_date(char *to, int64_t days)
{
    struct civil c;
    civil_of_days(MAX(MIN(days, CIVIL_MAX_DAY), CIVIL_MIN_DAY), &c);
    to = put(to, c.year, 4);
    *to++ = '-';
    to = put(to, c.month, 2);
    *to++ = '-';
    return put(to, c.day, 2);
}

static char *put_time(char *to, int64_t seconds)
{
    to = put(to, seconds / 3600, 2);
    *to++ = ':';
    to = put(to, seconds / 60 % 60, 2);
    *to++ = ':';
    return put(to, seconds % 60, 2);
}

static struct str finish(char *buf, char *end)
{
    *end = '\0';
    return (struct str){buf, (size_t)(end - buf)};
}

struct str civil_print_date(int64_t days, char buf[16])
{
    return finish(buf, put_date(buf, days));
}

struct str civil_print_time(int64_t seconds, char buf[16])
{
    return finish(buf, put_time(buf, seconds - floor_div(seconds, S_PER_DAY) * S_PER_DAY));
}

struct str civil_print_instant(int64_t us, char buf[40])
{
    int64_t days = floor_div(us, US_PER_DAY);
    int64_t rest = us - days * US_PER_DAY;
    int64_t micro = rest % US_PER_S;
    char *to = put_date(buf, days);
    *to++ = 'T';
    to = put_time(to, rest / US_PER_S);
    if (micro) {
        *to++ = '.';
        to = put(to, micro, 6);
        while (to[-1] == '0')
            to--;
    }
    *to++ = 'Z';
    return finish(buf, to);
}

/* ---- zones ---- */

int32_t zone_offset_s(const struct zone *z, int64_t us)
{
    size_t low = 0; /* at_us[low] <= us < at_us[high] */
    size_t high = z->n;
    while (high - low > 1) {
        size_t mid = low + (high - low) / 2;
        if (z->at_us[mid] <= us)
            low = mid;
        else
            high = mid;
    }
    return z->offset_s[low];
}
