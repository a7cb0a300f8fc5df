/*
 * Time zones from the bytes of a TZif file (RFC 8536).
 *
 * The file lists the changes known, then a rule for the years after ("CET-1CEST,M3.5.0,M10.5.0/3").
 * The rule is written out up to ZONE_LAST_YEAR, so that looking up an offset is one binary search.
 */
#include "engine/base/civil.h"

#define ZONE_LAST_YEAR 2150
#define HEADER         44
#define OFFSET_MAX_S   (26 * 3600)
#define CHANGES_MAX    4000

/* ---- reading bytes ---- */

struct bytes {
    struct str s;
    size_t at;
    bool bad;
};

static int64_t big_endian(struct bytes *b, size_t n)
{
    uint64_t v = 0;
    if (b->bad || n > b->s.n - b->at) {
        b->bad = true;
        return 0;
    }
    for (size_t i = 0; i < n; i++)
        v = (v << 8) | (unsigned char)b->s.p[b->at++];
    return n == 4 ? (int32_t)v : (int64_t)v;
}

static void skip(struct bytes *b, size_t n)
{
    if (b->bad || n > b->s.n - b->at)
        b->bad = true;
    else
        b->at += n;
}

struct header {
    char version;
    size_t isut;
    size_t isstd;
    size_t leap;
    size_t time;
    size_t type;
    size_t chars;
};

static size_t count(struct bytes *b)
{
    int64_t n = big_endian(b, 4);
    if (n < 0 || n > CHANGES_MAX)
        b->bad = true;
    return b->bad ? 0 : (size_t)n;
}

static void read_header(struct bytes *b, struct header *h)
{
    *h = (struct header){.version = '\0'};
    if (!str_starts(str_sub(b->s, b->at, b->s.n), STR("TZif"))) {
        b->bad = true;
        return;
    }
    skip(b, 4);
    h->version = (char)big_endian(b, 1);
    skip(b, 15);
    h->isut = count(b);
    h->isstd = count(b);
    h->leap = count(b);
    h->time = count(b);
    h->type = count(b);
    h->chars = count(b);
}

/* ---- the list under construction ---- */

struct list {
    int64_t *at_us;
    int32_t *offset_s;
    size_t n;
    size_t cap;
};

/* Adds a change; one that is not later than the last only replaces its offset. */
static void add(struct list *l, int64_t at_s, int32_t offset_s)
{
    bool early = at_s <= INT64_MIN / US_PER_S || at_s >= INT64_MAX / US_PER_S;
    int64_t at = early ? INT64_MIN : at_s * US_PER_S;
    if (l->n && at <= l->at_us[l->n - 1]) {
        l->offset_s[l->n - 1] = offset_s;
    } else if (l->n < l->cap && (!l->n || offset_s != l->offset_s[l->n - 1])) {
        l->at_us[l->n] = at;
        l->offset_s[l->n++] = offset_s;
    }
}

/* ---- the data block: changes, which type each starts, and the types ---- */

static int32_t type_offset(struct bytes *b, size_t types, size_t index, size_t count_of_types)
{
    struct bytes t = {b->s, types + index * 6, b->bad};
    int64_t v = index < count_of_types ? big_endian(&t, 4) : OFFSET_MAX_S + 1;
    if (t.bad || v > OFFSET_MAX_S || v < -OFFSET_MAX_S)
        b->bad = true;
    return b->bad ? 0 : (int32_t)v;
}

static void read_changes(struct bytes *b, const struct header *h, size_t width, struct list *l)
{
    struct bytes times = *b;
    skip(b, h->time * width);
    struct bytes indexes = *b;
    skip(b, h->time);
    size_t types = b->at;
    skip(b, h->type * 6 + h->chars + h->leap * (width + 4) + h->isstd + h->isut);
    if (b->bad)
        return;
    add(l, INT64_MIN, type_offset(b, types, 0, h->type));
    for (size_t i = 0; i < h->time; i++) {
        int64_t at = big_endian(&times, width);
        size_t index = (size_t)big_endian(&indexes, 1);
        add(l, at, type_offset(b, types, index, h->type));
    }
}

/* ---- the rule for later years ---- */

struct day_rule {
    char kind; /* 'M' month.week.weekday, 'J' day 1 … 365 without leap days, 'N' day 0 … 365 */
    int month;
    int week;
    int day;
    int64_t time_s;
};

struct rule {
    int64_t std_s;
    int64_t dst_s;
    struct day_rule start; /* of summer time */
    struct day_rule end;
};

static char peek(const struct bytes *b)
{
    return b->at < b->s.n ? b->s.p[b->at] : '\0';
}

static bool take(struct bytes *b, char c)
{
    if (peek(b) != c)
        return false;
    b->at++;
    return true;
}

static int number(struct bytes *b, int max)
{
    int v = 0;
    size_t from = b->at;
    for (; peek(b) >= '0' && peek(b) <= '9' && v <= max; b->at++)
        v = v * 10 + (peek(b) - '0');
    if (b->at == from || v > max)
        b->bad = true;
    return v;
}

/* "-8", "5:30", "+2:00:00" in seconds */
static int64_t clock_of(struct bytes *b)
{
    int sign = take(b, '-') ? -1 : 1;
    if (sign > 0)
        (void)take(b, '+'); /* it may be there and changes nothing */
    int64_t s = number(b, 167) * INT64_C(3600);
    if (take(b, ':'))
        s += number(b, 59) * 60;
    if (take(b, ':'))
        s += number(b, 59);
    return sign * s;
}

static void skip_name(struct bytes *b)
{
    size_t from = b->at;
    if (take(b, '<')) {
        while (peek(b) && peek(b) != '>')
            b->at++;
        if (!take(b, '>'))
            b->bad = true;
        return;
    }
    while ((peek(b) >= 'A' && peek(b) <= 'Z') || (peek(b) >= 'a' && peek(b) <= 'z'))
        b->at++;
    if (b->at == from)
        b->bad = true;
}

static struct day_rule read_day(struct bytes *b)
{
    struct day_rule r = {.kind = 'N', .time_s = 7200};
    if (!take(b, ','))
        b->bad = true;
    if (take(b, 'M')) {
        r.kind = 'M';
        r.month = number(b, 12);
        if (!take(b, '.'))
            b->bad = true;
        r.week = number(b, 5);
        if (!take(b, '.'))
            b->bad = true;
        r.day = number(b, 6);
        if (r.month < 1 || r.week < 1)
            b->bad = true;
    } else {
        if (take(b, 'J'))
            r.kind = 'J';
        r.day = number(b, 365);
    }
    if (take(b, '/'))
        r.time_s = clock_of(b);
    return r;
}

/* True when there is summer time; a text that is no rule only means there is none. */
static bool read_rule(struct str text, struct rule *r)
{
    struct bytes b = {text, 0, false};
    skip_name(&b);
    r->std_s = -clock_of(&b); /* POSIX counts westwards */
    if (b.bad || b.at == text.n)
        return false;
    skip_name(&b);
    r->dst_s = peek(&b) == ',' ? r->std_s + 3600 : -clock_of(&b);
    r->start = read_day(&b);
    r->end = read_day(&b);
    return !b.bad && b.at == text.n && r->dst_s >= -OFFSET_MAX_S && r->dst_s <= OFFSET_MAX_S &&
           r->std_s >= -OFFSET_MAX_S && r->std_s <= OFFSET_MAX_S;
}

/* Local seconds since the epoch at which the rule fires in a year. */
static int64_t rule_s(const struct day_rule *r, int year)
{
    int64_t first = 0;
    (void)civil_days(year, r->kind == 'M' ? r->month : 1, 1, &first); /* exists */
    int64_t day = first + r->day;
    if (r->kind == 'M') {
        int weekday = r->day ? r->day : 7;
        day = first + (weekday - civil_weekday(first) + 7) % 7 + (r->week - 1) * 7;
        while (day >= first + civil_month_days(year, r->month))
            day -= 7;
    } else if (r->kind == 'J') {
        day = first + r->day - 1 + (r->day >= 60 && civil_is_leap(year));
    }
    return day * 86400 + r->time_s;
}

static void add_later(struct list *l, int64_t after_us, int64_t at_s, int64_t offset_s)
{
    if (at_s * US_PER_S > after_us)
        add(l, at_s, (int32_t)offset_s);
}

static void expand(struct list *l, const struct rule *r)
{
    int64_t last = l->at_us[l->n - 1];
    struct civil c = {.year = 1970};
    if (last != INT64_MIN)
        civil_of_us(last, &zone_utc, &c);
    for (int year = MAX(c.year, 1); year <= ZONE_LAST_YEAR; year++) {
        int64_t start = rule_s(&r->start, year) - r->std_s;
        int64_t end = rule_s(&r->end, year) - r->dst_s;
        if (start < end)
            add_later(l, last, start, r->dst_s);
        add_later(l, last, end, r->std_s);
        if (start >= end)
            add_later(l, last, start, r->dst_s);
    }
}

int zone_parse(struct arena *a, struct str name, struct str bytes, struct zone *out)
{
    struct bytes b = {bytes, 0, false};
    struct header h;
    struct rule rule;
    size_t width = 4;
    read_header(&b, &h);
    if (h.version >= '2') { /* the 32-bit block is for readers of before 2005 */
        skip(&b, h.time * 5 + h.type * 6 + h.chars + h.leap * 8 + h.isstd + h.isut);
        read_header(&b, &h);
        width = 8;
    }
    if (b.bad || h.type < 1)
        return -1;
    struct list l = {.cap = h.time + 1 + 2 * (ZONE_LAST_YEAR - 1900)};
    l.at_us = ARENA_ARRAY(a, int64_t, l.cap);
    l.offset_s = ARENA_ARRAY(a, int32_t, l.cap);
    read_changes(&b, &h, width, &l);
    if (b.bad)
        return -1;
    if (width == 8 && take(&b, '\n')) {
        struct str text;
        str_cut(str_sub(b.s, b.at, b.s.n), '\n', &text);
        if (read_rule(text, &rule))
            expand(&l, &rule);
    }
    *out = (struct zone){str_dup(a, name), l.n, l.at_us, l.offset_s};
    return 0;
}
