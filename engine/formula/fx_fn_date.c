/*
 * Dates, datetimes and times. A blank date gives blank. The zone of the environment decides which
 * day an instant is on.
 */
#include "engine/formula/fx_int.h"

#include "engine/formula/fx_calendar.h"
#include "engine/formula/fx_math.h"
#include "engine/value/num.h"

static double num(const struct val *args, size_t i)
{
    return fx_trunc(fx_to_num(args[i]));
}

static struct val out_of_range(struct run *r, const struct node *n)
{
    return fx_fail(r, n, "日期超出 0001 年到 9999 年。",
                   "The date is outside the years 1 to 9999.");
}

static struct val day_result(struct run *r, const struct node *n, int64_t day)
{
    return day >= CIVIL_MIN_DAY && day <= CIVIL_MAX_DAY ? val_date(day) : out_of_range(r, n);
}

/* Days of a month counted from year 0, and a day that may overflow either way. */
static bool day_of(double months, double day, int64_t *out)
{
    if (!(fx_abs(months) < 1e6 && fx_abs(day) < 1e7)) {
        return false;
    }
    int64_t m = (int64_t)months;
    int64_t year = m / 12 - (m % 12 < 0);
    int64_t first = 0;
    if (year < 1 || year > 9999 || !civil_days((int)year, (int)(m - year * 12) + 1, 1, &first)) {
        return false;
    }
    *out = first + (int64_t)day - 1;
    return *out >= CIVIL_MIN_DAY && *out <= CIVIL_MAX_DAY;
}

/* ---- making ---- */

static struct val fn_date(struct run *r, const struct node *n, const struct val *args)
{
    int64_t day;
    if (!day_of(num(args, 0) * 12 + num(args, 1) - 1, num(args, 2), &day)) {
        return out_of_range(r, n);
    }
    return val_date(day);
}

/* "2026-11-23", "2026/11/23", "2026.11.23", "2026年11月23日" */
static bool parse_day(struct str s, int64_t *day)
{
    int64_t part[3] = {0, 0, 0};
    size_t k = 0;
    size_t i = 0;
    while (i < s.n && k < 3) {
        size_t digits = 0;
        for (; i < s.n && s.p[i] >= '0' && s.p[i] <= '9' && digits < 4; digits++) {
            part[k] = part[k] * 10 + (s.p[i++] - '0');
        }
        if (digits == 0) {
            return false;
        }
        k++;
        struct str rest = str_sub(s, i, s.n);
        if (k < 3 && (str_starts(rest, STR("-")) || str_starts(rest, STR("/")) ||
                      str_starts(rest, STR(".")))) {
            i++;
        } else if (str_starts(rest, k == 1 ? STR("年") : k == 2 ? STR("月") : STR("日"))) {
            i += 3;
        } else if (k < 3) {
            return false;
        }
    }
    return k == 3 && i == s.n && civil_days((int)part[0], (int)part[1], (int)part[2], day);
}

static struct val fn_datevalue(struct run *r, const struct node *n, const struct val *args)
{
    int64_t day;
    int64_t us;
    struct str s = str_trim(fx_to_str(args[0]));
    if (fx_blank(args[0])) {
        return VAL_NONE;
    }
    if (parse_day(s, &day)) {
        return val_date(day);
    }
    if (civil_parse_instant(s, &us)) {
        struct val instant = val_instant(us);
        return val_date(fx_day(r, instant));
    }
    return fx_fail(r, n, "文本不是日期。", "The text is no date.");
}

static struct val fn_time(struct run *r, const struct node *n, const struct val *args)
{
    double s = num(args, 0) * 3600 + num(args, 1) * 60 + num(args, 2);
    if (s < 0 || s > 1e9) {
        return fx_fail(r, n, "时间不能是负数。", "A time cannot be negative.");
    }
    return val_time((int64_t)s % 86400);
}

struct half_day {
    const char *text;
    int hours;
};

static const struct half_day half_days[] = {{"am", 0}, {"pm", 12}, {"上午", 0}, {"下午", 12}};

/* "8:05", "08:05:30", "2:30 PM", "下午2:30" */
static bool parse_clock(struct str s, int64_t *seconds)
{
    char digits[8] = "0";
    int noon = -1;
    for (size_t i = 0; i < ARRAY_LEN(half_days) && noon < 0; i++) {
        struct str half = str_of(half_days[i].text);
        size_t at = half.p[0] == 'a' || half.p[0] == 'p' ? s.n - half.n : 0;
        if (s.n > half.n && str_ieq(str_sub(s, at, half.n), half)) {
            s = str_trim(at ? str_sub(s, 0, at) : str_sub(s, half.n, s.n));
            noon = half_days[i].hours;
        }
    }
    if (s.n == 4 || s.n == 7) {
        memcpy(digits + 1, s.p, s.n);
        s = (struct str){digits, s.n + 1};
    }
    if (!civil_parse_time(s, seconds) || (noon >= 0 && *seconds >= 13 * 3600)) {
        return false;
    }
    if (noon >= 0) {
        *seconds = *seconds % (12 * 3600) + noon * 3600;
    }
    return true;
}

static struct val fn_timevalue(struct run *r, const struct node *n, const struct val *args)
{
    int64_t seconds;
    if (fx_blank(args[0])) {
        return VAL_NONE;
    }
    if (!parse_clock(str_trim(fx_to_str(args[0])), &seconds)) {
        return fx_fail(r, n, "文本不是时间。", "The text is no time.");
    }
    return val_time(seconds);
}

/* "2026-11-23 08:30[:00]", with T and offset too; a bare date is its midnight. */
static struct val parse_datetime(struct run *r, const struct node *n, struct str s)
{
    int64_t us;
    int64_t day;
    int64_t seconds = 0;
    struct str date;
    if (civil_parse_instant(s, &us)) {
        return val_instant(us);
    }
    ptrdiff_t gap = str_findc(s, ' ');
    gap = gap < 0 ? str_findc(s, 'T') : gap;
    date = gap < 0 ? s : str_sub(s, 0, (size_t)gap);
    if (!parse_day(date, &day) ||
        (gap >= 0 && !parse_clock(str_trim(str_sub(s, (size_t)gap + 1, s.n)), &seconds))) {
        return fx_fail(r, n, "文本不是日期时间。", "The text is no date and time.");
    }
    struct civil c;
    civil_of_days(day, &c);
    c.hour = (int)(seconds / 3600);
    c.minute = (int)(seconds / 60 % 60);
    c.second = (int)(seconds % 60);
    return val_instant(civil_us(&c, r->env->zone != NULL ? r->env->zone : &zone_utc));
}

/* DATETIME(text) DATETIME(date) DATETIME(date, time) DATETIME(y, m, d, h, mi, s) */
static struct val fn_datetime(struct run *r, const struct node *n, const struct val *args)
{
    int64_t day = args[0].i;
    int64_t seconds = 0;
    if (fx_blank(args[0])) {
        return VAL_NONE;
    }
    if (args[0].kind == VAL_TEXT) {
        return parse_datetime(r, n, str_trim(fx_to_str(args[0])));
    }
    if (args[0].kind == VAL_INSTANT) {
        return args[0];
    }
    if (n->nargs >= 3) {
        double s = (n->nargs > 3 ? num(args, 3) * 3600 : 0) +
                   (n->nargs > 4 ? num(args, 4) * 60 : 0) + (n->nargs > 5 ? num(args, 5) : 0);
        if (!(fx_abs(s) < 1e9) ||
            !day_of(num(args, 0) * 12 + num(args, 1) - 1, num(args, 2), &day)) {
            return out_of_range(r, n);
        }
        seconds = (int64_t)s;
    } else if (n->nargs == 2 && !fx_blank(args[1])) {
        seconds = args[1].i;
    }
    day += seconds / 86400 - (seconds % 86400 < 0);
    seconds = (seconds % 86400 + 86400) % 86400;
    if (day < CIVIL_MIN_DAY || day > CIVIL_MAX_DAY) {
        return out_of_range(r, n);
    }
    struct civil c;
    civil_of_days(day, &c);
    c.hour = (int)(seconds / 3600);
    c.minute = (int)(seconds / 60 % 60);
    c.second = (int)(seconds % 60);
    return val_instant(civil_us(&c, r->env->zone != NULL ? r->env->zone : &zone_utc));
}

void fx_check_datetime(struct checker *c, struct node *n)
{
    enum fx_base base = n->nargs ? (enum fx_base)n->args[0]->type.base : FX_BLANK;
    n->type = (struct fx_type){.base = FX_DATETIME};
    if (base == FX_NUM || (base == FX_BLANK && n->nargs > 2)) {
        fx_check_as(c, n, "nnn?nnn>i");
    } else if (base == FX_TEXT) {
        fx_check_as(c, n, "t>i");
    } else {
        fx_check_as(c, n, "d?m>i");
    }
}

/* ---- parts ---- */

enum part { P_YEAR, P_MONTH, P_DAY, P_HOUR, P_MINUTE, P_SECOND, P_QUARTER };

static struct val part(struct run *r, const struct val *args, enum part which)
{
    struct civil c;
    if (fx_blank(args[0])) {
        return VAL_NONE;
    }
    fx_local(r, args[0], &c);
    const int parts[] = {c.year, c.month, c.day, c.hour, c.minute, c.second, (c.month + 2) / 3};
    return val_num(parts[which]);
}

#define PART(name, which)                                                                          \
    static struct val fn_##name(struct run *r, const struct node *n, const struct val *args)       \
    {                                                                                              \
        (void)n;                                                                                   \
        return part(r, args, which);                                                               \
    }

PART(year, P_YEAR)
PART(month, P_MONTH)
PART(day, P_DAY)
PART(hour, P_HOUR)
PART(minute, P_MINUTE)
PART(second, P_SECOND)
PART(quarter, P_QUARTER)

/* The weekday a numbering starts with (1 Monday … 7) for Excel's types; 0: no such type. */
static int first_weekday(double type)
{
    if (type == 1 || type == 17) {
        return 7;
    }
    if (type == 2) {
        return 1;
    }
    return type >= 11 && type <= 16 ? (int)type - 10 : 0;
}

static struct val fn_weekday(struct run *r, const struct node *n, const struct val *args)
{
    double type = n->nargs > 1 ? num(args, 1) : 1;
    if (fx_blank(args[0])) {
        return VAL_NONE;
    }
    int weekday = civil_weekday(fx_day(r, args[0]));
    int first = first_weekday(type);
    if (type == 3) {
        return val_num(weekday - 1);
    }
    if (first == 0) {
        return fx_fail(r, n, "没有这种星期编号方式。", "There is no such numbering of weekdays.");
    }
    return val_num((weekday - first + 7) % 7 + 1);
}

static int64_t iso_week(int64_t day)
{
    struct civil c;
    int64_t first = 0;
    int64_t thursday = day - civil_weekday(day) + 4;
    civil_of_days(thursday, &c);
    if (!civil_days(c.year, 1, 1, &first)) {
        return 0;
    }
    return (thursday - first) / 7 + 1;
}

static struct val fn_isoweeknum(struct run *r, const struct node *n, const struct val *args)
{
    (void)n;
    return fx_blank(args[0]) ? VAL_NONE : val_num((double)iso_week(fx_day(r, args[0])));
}

static struct val fn_weeknum(struct run *r, const struct node *n, const struct val *args)
{
    double type = n->nargs > 1 ? num(args, 1) : 1;
    struct civil c;
    int64_t first = 0;
    if (fx_blank(args[0])) {
        return VAL_NONE;
    }
    int64_t day = fx_day(r, args[0]);
    if (type == 21) {
        return val_num((double)iso_week(day));
    }
    int start = first_weekday(type);
    civil_of_days(day, &c);
    if (start == 0 || !civil_days(c.year, 1, 1, &first)) {
        return fx_fail(r, n, "没有这种周数编号方式。", "There is no such numbering of weeks.");
    }
    int into = (civil_weekday(first) - start + 7) % 7; /* days of the first week before 1 January */
    return val_num((double)((day - first + into) / 7 + 1));
}

/* ---- moving ---- */

static struct val add_months(struct run *r, const struct node *n, const struct val *args, bool end)
{
    struct civil c;
    int64_t first;
    double by = num(args, 1);
    if (fx_blank(args[0])) {
        return VAL_NONE;
    }
    civil_of_days(fx_day(r, args[0]), &c);
    if (!day_of(c.year * 12.0 + c.month - 1 + by, 1, &first)) {
        return out_of_range(r, n);
    }
    struct civil to;
    civil_of_days(first, &to);
    int last = civil_month_days(to.year, to.month);
    return val_date(first + (end ? last : MIN(c.day, last)) - 1);
}

static struct val fn_edate(struct run *r, const struct node *n, const struct val *args)
{
    return add_months(r, n, args, false);
}

static struct val fn_eomonth(struct run *r, const struct node *n, const struct val *args)
{
    return add_months(r, n, args, true);
}

/* ---- between ---- */

static struct val fn_days(struct run *r, const struct node *n, const struct val *args)
{
    (void)n;
    if (fx_blank(args[0]) || fx_blank(args[1])) {
        return VAL_NONE;
    }
    return val_num((double)(fx_day(r, args[0]) - fx_day(r, args[1])));
}

/* Whole months from a to b, a <= b. */
static int months_between(const struct civil *a, const struct civil *b)
{
    return (b->year - a->year) * 12 + b->month - a->month - (b->day < a->day);
}

/* Days of the month before b's, for "MD". */
static int days_md(const struct civil *a, const struct civil *b)
{
    if (b->day >= a->day) {
        return b->day - a->day;
    }
    int month = b->month == 1 ? 12 : b->month - 1;
    int year = b->month == 1 ? b->year - 1 : b->year;
    return civil_month_days(year, month) - a->day + b->day;
}

/* Days since the anniversary of a, for "YD". */
static int64_t days_yd(const struct civil *a, const struct civil *b)
{
    int64_t to = 0;
    int64_t from = 0;
    int year = b->year - (b->month < a->month || (b->month == a->month && b->day < a->day));
    int day = MIN(a->day, civil_month_days(MAX(year, 1), a->month));
    bool ok = civil_days(b->year, b->month, b->day, &to) &&
              civil_days(MAX(year, 1), a->month, day, &from);
    return ok ? to - from : 0;
}

static struct val fn_datedif(struct run *r, const struct node *n, const struct val *args)
{
    struct civil a;
    struct civil b;
    struct str unit = fx_to_str(args[2]);
    if (fx_blank(args[0]) || fx_blank(args[1])) {
        return VAL_NONE;
    }
    int64_t from = fx_day(r, args[0]);
    int64_t to = fx_day(r, args[1]);
    if (from > to) {
        return fx_fail(r, n, "开始日期晚于结束日期。", "The start is after the end.");
    }
    civil_of_days(from, &a);
    civil_of_days(to, &b);
    int months = months_between(&a, &b);
    if (str_ieq(unit, STR("Y"))) {
        return val_num(months / 12);
    }
    if (str_ieq(unit, STR("M"))) {
        return val_num(months);
    }
    if (str_ieq(unit, STR("D"))) {
        return val_num((double)(to - from));
    }
    if (str_ieq(unit, STR("YM"))) {
        return val_num(months % 12);
    }
    if (str_ieq(unit, STR("MD"))) {
        return val_num(days_md(&a, &b));
    }
    if (str_ieq(unit, STR("YD"))) {
        return val_num((double)days_yd(&a, &b));
    }
    return fx_fail(r, n, "单位要是 Y、M、D、YM、MD 或 YD。", "The unit is Y, M, D, YM, MD or YD.");
}

static bool february_end(const struct civil *c)
{
    return c->month == 2 && c->day == civil_month_days(c->year, 2);
}

/* The US method of 30-day months. */
static double days_360_us(struct civil a, struct civil b)
{
    if (february_end(&a)) {
        b.day = february_end(&b) ? 30 : b.day;
        a.day = 30;
    }
    if (b.day == 31 && a.day >= 30) {
        b.day = 30;
    }
    a.day = MIN(a.day, 30);
    return (b.year - a.year) * 360 + (b.month - a.month) * 30 + (b.day - a.day);
}

static double days_360_eu(const struct civil *a, const struct civil *b)
{
    return (b->year - a->year) * 360 + (b->month - a->month) * 30 +
           (MIN(b->day, 30) - MIN(a->day, 30));
}

/* How long a year is between two dates, actual/actual. */
static double actual_year(const struct civil *a, const struct civil *b)
{
    int64_t first = 0;
    int64_t last = CIVIL_MAX_DAY + 1;
    bool within =
        a->year == b->year || (b->year == a->year + 1 &&
                               (a->month > b->month || (a->month == b->month && a->day >= b->day)));
    if (!within) {
        bool ok = civil_days(a->year, 1, 1, &first) &&
                  (b->year == 9999 || civil_days(b->year + 1, 1, 1, &last));
        return ok ? (double)(last - first) / (b->year - a->year + 1) : 365;
    }
    if (a->year == b->year) {
        return civil_is_leap(a->year) ? 366 : 365;
    }
    bool leap = (civil_is_leap(a->year) && a->month <= 2) ||
                (civil_is_leap(b->year) && (b->month > 2 || (b->month == 2 && b->day == 29)));
    return leap ? 366 : 365;
}

static struct val fn_yearfrac(struct run *r, const struct node *n, const struct val *args)
{
    struct civil a;
    struct civil b;
    double basis = n->nargs > 2 ? num(args, 2) : 0;
    if (fx_blank(args[0]) || fx_blank(args[1])) {
        return VAL_NONE;
    }
    int64_t from = MIN(fx_day(r, args[0]), fx_day(r, args[1]));
    int64_t to = MAX(fx_day(r, args[0]), fx_day(r, args[1]));
    civil_of_days(from, &a);
    civil_of_days(to, &b);
    double days = (double)(to - from);
    if (basis == 0) {
        return fx_num_result(r, n, days_360_us(a, b) / 360);
    }
    if (basis == 4) {
        return fx_num_result(r, n, days_360_eu(&a, &b) / 360);
    }
    if (basis == 1) {
        return fx_num_result(r, n, days / actual_year(&a, &b));
    }
    if (basis == 2 || basis == 3) {
        return fx_num_result(r, n, days / (basis == 2 ? 360 : 365));
    }
    return fx_fail(r, n, "基准要在 0 到 4 之间。", "The basis is 0 to 4.");
}

/* ---- working days ---- */

static bool is_holiday(const struct node *n, const struct val *args, int64_t day)
{
    for (uint32_t i = 0; n->nargs > 2 && args[2].kind == VAL_LIST && i < args[2].n; i++) {
        if (args[2].list[i].kind == VAL_DATE && args[2].list[i].i == day) {
            return true;
        }
    }
    return n->nargs > 2 && args[2].kind == VAL_DATE && args[2].i == day;
}

static bool is_workday(struct run *r, const struct node *n, const struct val *args, int64_t day)
{
    return fx_is_workday(r->env->calendar, day) && !is_holiday(n, args, day);
}

static struct val fn_workday(struct run *r, const struct node *n, const struct val *args)
{
    double left = fx_abs(num(args, 1));
    int step = num(args, 1) < 0 ? -1 : 1;
    if (fx_blank(args[0])) {
        return VAL_NONE;
    }
    int64_t day = fx_day(r, args[0]);
    if (left > 1e5) {
        return fx_fail(r, n, "工作日数太大。", "There are too many working days.");
    }
    while (left > 0) {
        day += step;
        if (day < CIVIL_MIN_DAY || day > CIVIL_MAX_DAY || !fx_steps(r, 1)) {
            return out_of_range(r, n);
        }
        left -= is_workday(r, n, args, day);
    }
    return day_result(r, n, day);
}

static struct val fn_networkdays(struct run *r, const struct node *n, const struct val *args)
{
    if (fx_blank(args[0]) || fx_blank(args[1])) {
        return VAL_NONE;
    }
    int64_t from = fx_day(r, args[0]);
    int64_t to = fx_day(r, args[1]);
    int sign = from <= to ? 1 : -1;
    int64_t count = 0;
    if (MAX(from, to) - MIN(from, to) > 200000) {
        return fx_fail(r, n, "两个日期隔得太远。", "The dates are too far apart.");
    }
    for (int64_t day = MIN(from, to); day <= MAX(from, to) && fx_steps(r, 1); day++) {
        count += is_workday(r, n, args, day);
    }
    return val_num((double)(count * sign));
}

#define ZONE                           .flags = FN_ENV
#define DATE(doc_sig, zh, en, example) FX_DOC(doc_sig, "date", zh, en, example)

static const struct fn rows[] = {
    {.name = "DATE",
     .sig = "nnn>D",
     .call = fn_date,
     DATE("DATE(year, month, day)", "年月日组成的日期；月、日可以超出范围。",
          "A date; month and day may run over.",
          "DATE(2026, 11, 23) -> \"2026-11-23\"\nDATE(2026, 13, 1) -> \"2027-01-01\"")},
    {.name = "DATEDIF",
     .sig = "ddt>n",
     .call = fn_datedif,
     DATE("DATEDIF(start, end, unit)",
          "相差的整年（Y）、月（M）、天（D），或余下的月（YM）、天（MD、YD）。",
          "Whole years (Y), months (M), days (D) between, or the rest (YM, MD, YD).",
          "DATEDIF(DATE(2024, 2, 29), DATE(2026, 2, 28), \"Y\") -> 1")},
    {.name = "DATETIME",
     .sig = "d?m>i",
     .call = fn_datetime,
     .check = fx_check_datetime,
     ZONE,
     DATE("DATETIME(date, time) / DATETIME(y, m, d, h, mi, s) / DATETIME(text)", "日期时间。",
          "A date and time.", "DATETIME(2026, 11, 23, 8, 30, 0) -> \"2026-11-23T08:30:00Z\"")},
    {.name = "DATEVALUE",
     .sig = "t>D",
     .call = fn_datevalue,
     ZONE,
     DATE("DATEVALUE(text)", "把文本转成日期。", "A text as a date.",
          "DATEVALUE(\"2026年3月5日\") -> \"2026-03-05\"\nDATEVALUE(\"x\") -> null")},
    {.name = "DAY",
     .sig = "d>n",
     .call = fn_day,
     FX_SQL(NULL, "extract(day FROM {0d})::float8")
         DATE("DAY(date)", "几号。", "The day of the month.", "DAY(DATE(2026, 11, 23)) -> 23")},
    {.name = "DAYS",
     .sig = "dd>n",
     .call = fn_days,
     FX_SQL(NULL, "({0d} - {1d})::float8")
         DATE("DAYS(end, start)", "相差的天数。", "The days between.",
              "DAYS(DATE(2026, 3, 1), DATE(2026, 2, 1)) -> 28")},
    {.name = "EDATE",
     .sig = "dn>D",
     .call = fn_edate,
     DATE("EDATE(date, months)", "若干个月以后的日期。", "The date some months later.",
          "EDATE(DATE(2026, 1, 31), 1) -> \"2026-02-28\"")},
    {.name = "EOMONTH",
     .sig = "dn>D",
     .call = fn_eomonth,
     DATE("EOMONTH(date, months)", "若干个月以后那个月的最后一天。",
          "The last day of the month some months later.",
          "EOMONTH(DATE(2024, 2, 1), 0) -> \"2024-02-29\"")},
    {.name = "HOUR",
     .sig = "H>n",
     .call = fn_hour,
     DATE("HOUR(time)", "小时。", "The hour.", "HOUR(TIME(8, 30, 0)) -> 8")},
    {.name = "ISOWEEKNUM",
     .sig = "d>n",
     .call = fn_isoweeknum,
     DATE("ISOWEEKNUM(date)", "ISO 周数。", "The ISO week.", "ISOWEEKNUM(DATE(2026, 1, 1)) -> 1")},
    {.name = "MINUTE",
     .sig = "H>n",
     .call = fn_minute,
     DATE("MINUTE(time)", "分钟。", "The minute.", "MINUTE(TIME(8, 30, 0)) -> 30")},
    {.name = "MONTH",
     .sig = "d>n",
     .call = fn_month,
     FX_SQL(NULL, "extract(month FROM {0d})::float8")
         DATE("MONTH(date)", "月份。", "The month.", "MONTH(DATE(2026, 11, 23)) -> 11")},
    {.name = "NETWORKDAYS",
     .sig = "dd?C>n",
     .call = fn_networkdays,
     ZONE,
     DATE("NETWORKDAYS(start, end, holidays)", "两个日期之间的工作日数（含首尾）。",
          "The working days between two dates, both included.",
          "NETWORKDAYS(DATE(2026, 11, 23), DATE(2026, 11, 29)) -> 5")},
    {.name = "QUARTER",
     .sig = "d>n",
     .call = fn_quarter,
     FX_SQL(NULL, "extract(quarter FROM {0d})::float8")
         DATE("QUARTER(date)", "季度。", "The quarter.", "QUARTER(DATE(2026, 11, 23)) -> 4")},
    {.name = "SECOND",
     .sig = "H>n",
     .call = fn_second,
     DATE("SECOND(time)", "秒。", "The second.", "SECOND(TIME(8, 30, 5)) -> 5")},
    {.name = "TIME",
     .sig = "nnn>m",
     .call = fn_time,
     DATE("TIME(hour, minute, second)", "时间。", "A time of day.",
          "TIME(8, 30, 0) -> \"08:30:00\"")},
    {.name = "TIMEVALUE",
     .sig = "t>m",
     .call = fn_timevalue,
     DATE("TIMEVALUE(text)", "把文本转成时间。", "A text as a time.",
          "TIMEVALUE(\"08:30\") -> \"08:30:00\"\nTIMEVALUE(\"2:30 PM\") -> \"14:30:00\"")},
    {.name = "WEEKDAY",
     .sig = "d?n>n",
     .call = fn_weekday,
     DATE("WEEKDAY(date, type)", "星期几（默认星期日为 1；type 2 星期一为 1）。",
          "The weekday: Sunday is 1, or Monday with type 2.",
          "WEEKDAY(DATE(2026, 11, 23), 2) -> 1")},
    {.name = "WEEKNUM",
     .sig = "d?n>n",
     .call = fn_weeknum,
     DATE("WEEKNUM(date, type)", "一年中的第几周。", "The week of the year.",
          "WEEKNUM(DATE(2026, 1, 5)) -> 2")},
    {.name = "WORKDAY",
     .sig = "dn?C>D",
     .call = fn_workday,
     ZONE,
     DATE("WORKDAY(date, n, holidays)", "若干个工作日以后的日期。",
          "The date some working days later.", "WORKDAY(DATE(2026, 11, 20), 1) -> \"2026-11-23\"")},
    {.name = "YEAR",
     .sig = "d>n",
     .call = fn_year,
     FX_SQL(NULL, "extract(year FROM {0d})::float8")
         DATE("YEAR(date)", "年份。", "The year.", "YEAR(DATE(2026, 11, 23)) -> 2026")},
    {.name = "YEARFRAC",
     .sig = "dd?n>n",
     .call = fn_yearfrac,
     DATE("YEARFRAC(start, end, basis)", "两个日期之间的年数。", "The years between two dates.",
          "YEARFRAC(DATE(2026, 1, 1), DATE(2026, 7, 1)) -> 0.5")},
};

const struct fn_table fx_fns_date = {rows, ARRAY_LEN(rows)};
