/*
 * Field types of time: date datetime time. Texts without an offset are local to the app's zone.
 */
#include "engine/meta/ft_int.h"

#include "engine/meta/app.h"
#include "engine/value/fold.h"

static const struct zone *zone_of(const struct field *f)
{
    return f->form && f->form->app && f->form->app->zone.n ? &f->form->app->zone : &zone_utc;
}

static struct str shown(struct val v, char buf[40])
{
    if (v.kind == VAL_DATE)
        return civil_print_date(v.i, buf);
    return v.kind == VAL_TIME ? civil_print_time(v.i, buf) : civil_print_instant(v.i, buf);
}

static struct val in_range(const struct field *f, struct val v, struct str path,
                           struct diags *diags)
{
    char buf[40];
    if (f->min.kind == v.kind && v.i < f->min.i)
        return ft_bad(diags, path, "min", "“%.*s”不能早于 %.*s。",
                      "“%.*s” must not be before %.*s.", STR_ARG(f->title),
                      STR_ARG(shown(f->min, buf)));
    if (f->max.kind == v.kind && v.i > f->max.i)
        return ft_bad(diags, path, "max", "“%.*s”不能晚于 %.*s。", "“%.*s” must not be after %.*s.",
                      STR_ARG(f->title), STR_ARG(shown(f->max, buf)));
    return v;
}

static bool blank(struct val in)
{
    return val_is_blank(in) || (in.kind == VAL_TEXT && !in.n);
}

static struct val coerce_date(const struct field *f, struct arena *a, struct val in,
                              struct str path, struct diags *diags)
{
    int64_t day;
    (void)a;
    if (blank(in))
        return VAL_NONE;
    if (in.kind == VAL_DATE)
        return in_range(f, in, path, diags);
    if (in.kind != VAL_TEXT || !civil_parse_date(val_str(in), &day))
        return ft_bad(diags, path, "date", "“%.*s”应填写日期，例如 2026-11-23。",
                      "“%.*s” must be a date such as 2026-11-23.", STR_ARG(f->title));
    return in_range(f, val_date(day), path, diags);
}

static struct val coerce_datetime(const struct field *f, struct arena *a, struct val in,
                                  struct str path, struct diags *diags)
{
    int64_t us, day;
    struct civil c;
    (void)a;
    if (blank(in))
        return VAL_NONE;
    if (in.kind == VAL_INSTANT)
        return in_range(f, in, path, diags);
    if (in.kind == VAL_TEXT && civil_parse_instant(val_str(in), &us))
        return in_range(f, val_instant(us), path, diags);
    bool date = in.kind == VAL_DATE;
    day = date ? in.i : 0;
    if (!date && (in.kind != VAL_TEXT || !civil_parse_date(val_str(in), &day)))
        return ft_bad(
            diags, path, "datetime", "“%.*s”应填写日期和时间，例如 2026-11-23T08:30:00+08:00",
            "“%.*s” must be a date and time such as 2026-11-23T08:30:00Z", STR_ARG(f->title));
    civil_of_days(day, &c);
    return in_range(f, val_instant(civil_us(&c, zone_of(f))), path, diags);
}

static struct val coerce_time(const struct field *f, struct arena *a, struct val in,
                              struct str path, struct diags *diags)
{
    int64_t seconds;
    (void)a;
    if (blank(in))
        return VAL_NONE;
    if (in.kind == VAL_TIME)
        return in_range(f, in, path, diags);
    if (in.kind != VAL_TEXT || !civil_parse_time(val_str(in), &seconds))
        return ft_bad(diags, path, "time", "“%.*s”应填写时间，例如 08:30。",
                      "“%.*s” must be a time such as 08:30.", STR_ARG(f->title));
    return in_range(f, val_time(seconds), path, diags);
}

/* ---- cells ---- */

/* Reads digits at *at, at most `max` of them. */
static bool read_number(struct str s, size_t *at, size_t max, int *out)
{
    size_t n = 0;
    *out = 0;
    while (n < max && *at < s.n && s.p[*at] >= '0' && s.p[*at] <= '9') {
        *out = *out * 10 + (s.p[(*at)++] - '0');
        n++;
    }
    return n > 0;
}

/* Moves over one separator: - / . 年 月 日 or spaces. */
static void skip_separator(struct str s, size_t *at)
{
    static const char *const words[] = {"年", "月", "日", "号"};
    while (*at < s.n && s.p[*at] == ' ')
        (*at)++;
    if (*at < s.n && (s.p[*at] == '-' || s.p[*at] == '/' || s.p[*at] == '.'))
        (*at)++;
    for (size_t i = 0; i < ARRAY_LEN(words); i++) {
        if (str_starts(str_sub(s, *at, s.n), str_of(words[i])))
            *at += strlen(words[i]);
    }
    while (*at < s.n && s.p[*at] == ' ')
        (*at)++;
}

/* 2026-1-3, 2026/01/03, 2026.1.3, 2026年1月3日, 20260103; *at is behind it. */
static bool read_day(struct str s, size_t *at, int64_t *day)
{
    int y, m, d;
    if (!read_number(s, at, 4, &y) || *at < 4)
        return false;
    skip_separator(s, at);
    if (!read_number(s, at, 2, &m))
        return false;
    skip_separator(s, at);
    if (!read_number(s, at, 2, &d))
        return false;
    skip_separator(s, at);
    return civil_days(y, m, d, day);
}

/* 8:30, 08:30:15 */
static bool read_clock(struct str s, int64_t *seconds)
{
    if (s.n > 1 && s.p[1] == ':') /* 8:30 */
        return false;
    return civil_parse_time(s, seconds);
}

static struct str clock_text(struct arena *a, struct str s)
{
    s = str_trim(s);
    return s.n > 1 && s.p[1] == ':' ? str_fmt(a, "0%.*s", STR_ARG(s)) : s;
}

static struct val date_from_text(const struct field *f, struct arena *a, struct str cell)
{
    struct str s = fold_text(a, cell);
    size_t at = 0;
    int64_t day, seconds;
    (void)f;
    if (!read_day(s, &at, &day))
        return val_text(cell);
    /* A spreadsheet's date often carries midnight. */
    struct str rest = clock_text(a, str_sub(s, at, s.n));
    if (rest.n && (!read_clock(rest, &seconds) || seconds))
        return val_text(cell);
    return val_date(day);
}

static struct val datetime_from_text(const struct field *f, struct arena *a, struct str cell)
{
    struct str s = fold_text(a, cell);
    size_t at = 0;
    int64_t day, seconds = 0, us;
    struct civil c;
    if (civil_parse_instant(str_trim(cell), &us))
        return val_instant(us);
    if (!read_day(s, &at, &day))
        return val_text(cell);
    if (at < s.n && s.p[at] == 't')
        at++;
    struct str rest = clock_text(a, str_sub(s, at, s.n));
    if (rest.n && !read_clock(rest, &seconds))
        return val_text(cell);
    civil_of_days(day, &c);
    c.hour = (int)(seconds / 3600);
    c.minute = (int)(seconds / 60 % 60);
    c.second = (int)(seconds % 60);
    return val_instant(civil_us(&c, zone_of(f)));
}

static struct val time_from_text(const struct field *f, struct arena *a, struct str cell)
{
    int64_t seconds;
    (void)f;
    return read_clock(clock_text(a, fold_text(a, cell)), &seconds) ? val_time(seconds)
                                                                   : val_text(cell);
}

static const char *const range_keys[] = {"min", "max", NULL};

const struct fieldtype ft_dates[] = {
    {.name = STR("date"),
     .fx = FX_DATE,
     .column = COL_INT,
     .widget = STR("date"),
     .keys = range_keys,
     .zh = "日期",
     .en = "A date",
     .coerce = coerce_date,
     .from_text = date_from_text},
    {.name = STR("datetime"),
     .fx = FX_DATETIME,
     .column = COL_INT,
     .widget = STR("datetime"),
     .keys = range_keys,
     .zh = "日期和时间",
     .en = "Date and time",
     .coerce = coerce_datetime,
     .from_text = datetime_from_text},
    {.name = STR("time"),
     .fx = FX_TIME,
     .column = COL_INT,
     .widget = STR("time"),
     .keys = range_keys,
     .zh = "时间",
     .en = "A time of day",
     .coerce = coerce_time,
     .from_text = time_from_text},
    {.name = {NULL, 0}},
};
