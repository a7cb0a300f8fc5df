/*
 * Working days by binary search over the two exception lists.
 */
#include "engine/formula/fx_calendar.h"

#include "engine/base/civil.h"

static bool has_day(const int32_t *days, size_t n, int64_t day)
{
    size_t lo = 0;
    size_t hi = n;
    while (lo < hi) {
        size_t mid = (lo + hi) / 2;
        if (days[mid] == day) {
            return true;
        }
        if (days[mid] < day) {
            lo = mid + 1;
        } else {
            hi = mid;
        }
    }
    return false;
}

bool fx_is_workday(const struct fx_calendar *c, int64_t day)
{
    int weekday = civil_weekday(day);
    if (c == NULL) {
        return weekday <= 5;
    }
    if (has_day(c->make_up, c->nmake_up, day)) {
        return true;
    }
    return ((c->week >> (weekday - 1)) & 1) != 0 && !has_day(c->holidays, c->nholidays, day);
}
