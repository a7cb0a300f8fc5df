/*
 * Calendar: dates as days since 1970-01-01, times of day as seconds, instants as microseconds since
 * the epoch in UTC. Proleptic Gregorian, years 1 to 9999. No clock, no locale: both are passed in.
 */
#ifndef BASE_CIVIL_H
#define BASE_CIVIL_H

#include "engine/base/str.h"

#define US_PER_S      INT64_C(1000000)
#define US_PER_DAY    (INT64_C(86400) * US_PER_S)
#define CIVIL_MIN_DAY (-719162) /* 0001-01-01 */
#define CIVIL_MAX_DAY 2932896   /* 9999-12-31 */

struct civil {
    int year;  /* 1 … 9999 */
    int month; /* 1 … 12 */
    int day;   /* 1 … 31 */
    int hour;  /* 0 … 23 */
    int minute;
    int second;
    int micro;
};

/* Offsets of one time zone: offset_s[i] holds from at_us[i] on. Immutable once made. */
struct zone {
    struct str name;
    size_t n; /* at least 1; at_us[0] is INT64_MIN */
    const int64_t *at_us;
    const int32_t *offset_s;
};

extern const struct zone zone_utc;

/* Parses a TZif file's bytes; -1 when they are not one. (The host reads the file.) */
int zone_parse(struct arena *a, struct str name, struct str bytes, struct zone *out) ATTR_MUST;
int32_t zone_offset_s(const struct zone *z, int64_t us);

bool civil_is_leap(int year);
int civil_month_days(int year, int month);
/* Days of a date; false when there is no such date. */
bool civil_days(int year, int month, int day, int64_t *days);
void civil_of_days(int64_t days, struct civil *out); /* time parts 0 */
void civil_of_us(int64_t us, const struct zone *z, struct civil *out);
/* The instant of a local time; a gap moves forward, an overlap takes the earlier one. */
int64_t civil_us(const struct civil *c, const struct zone *z);
/* The local date of an instant. */
int64_t civil_day_of_us(int64_t us, const struct zone *z);
/* 1 = Monday … 7 = Sunday */
int civil_weekday(int64_t days);

/* "2026-11-23"; "2026-11-23T08:00:00Z" or with offset (RFC 3339, up to 6 decimals); "08:30[:00]".
 */
bool civil_parse_date(struct str s, int64_t *days);
bool civil_parse_instant(struct str s, int64_t *us);
bool civil_parse_time(struct str s, int64_t *seconds);
/* The texts are NUL-terminated; instants print in UTC with "Z", decimals only when there are some.
 */
struct str civil_print_date(int64_t days, char buf[16]);
struct str civil_print_instant(int64_t us, char buf[40]);
struct str civil_print_time(int64_t seconds, char buf[16]);

#endif
