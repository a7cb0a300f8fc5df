/*
 * The tables that the Makefile makes from npm packages: regions, and the public holidays and
 * make-up working days of mainland China as the State Council announced them. Years not announced
 * yet have weekends only. Built with CN=0 there are none.
 */
#include "engine/meta/load_int.h"
#include "engine/meta/region.h"

#include CN_TABLES

#ifdef CN_NONE

size_t regions(const struct region **out)
{
    *out = NULL;
    return 0;
}

void ld_calendar_cn(struct fx_calendar *c)
{
    c->nholidays = c->nmake_up = 0;
}

#else

size_t regions(const struct region **out)
{
    *out = cn_regions;
    return ARRAY_LEN(cn_regions);
}

void ld_calendar_cn(struct fx_calendar *c)
{
    c->holidays = cn_holidays;
    c->nholidays = ARRAY_LEN(cn_holidays);
    c->make_up = cn_make_up;
    c->nmake_up = ARRAY_LEN(cn_make_up);
}

#endif
