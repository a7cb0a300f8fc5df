/*
 * The working calendar: Monday to Friday, less holidays, plus make-up days. Immutable.
 */
#ifndef FORMULA_FX_CALENDAR_H
#define FORMULA_FX_CALENDAR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct fx_calendar {
    uint8_t week;            /* bit 0 Monday … bit 6 Sunday: working days */
    const int32_t *holidays; /* days since 1970, sorted */
    size_t nholidays;
    const int32_t *make_up; /* sorted */
    size_t nmake_up;
};

/* c may be NULL: Monday to Friday. */
bool fx_is_workday(const struct fx_calendar *c, int64_t day);

#endif
