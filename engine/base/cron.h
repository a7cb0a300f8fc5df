/*
 * Schedules of five fields (minute hour day month weekday) and when they are due next, in a time
 * zone. Pure: the instant is passed in.
 */
#ifndef BASE_CRON_H
#define BASE_CRON_H

#include "engine/base/civil.h"

/* Bit n of a set: the value n is in it. Weekdays 0 (Sunday) to 6. */
struct cron {
    uint64_t minutes;
    uint32_t hours, days, months, weekdays;
    bool any_day, any_weekday; /* written as * */
    bool any_hour;             /* every hour: then a time that comes twice a day is due twice */
};

/* Each field is *, n, a-b, a list of those, each with /step; months and weekdays also by their
 * three letters; 7 is Sunday. False when it is none, or names a day that no month has. */
bool cron_parse(struct str text, struct cron *out);

/*
 * The first instant after `after_us` that the schedule names. When day and weekday are both given
 * either will do. A time that a change of the clock leaves out is due at the first instant behind
 * the gap; one that comes twice is due the first time only, unless the hours are *. INT64_MAX:
 * never within eight years.
 */
int64_t cron_next(const struct cron *c, int64_t after_us, const struct zone *zone);

#endif
