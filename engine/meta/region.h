/*
 * Regions of China (省/市/区): a tree of names made at build time from an npm package. A value is
 * the path of full names, "广东省/深圳市/南山区".
 */
#ifndef META_REGION_H
#define META_REGION_H

#include "engine/base/str.h"

struct region {
    struct str code; /* "11", "1101", "110101" */
    struct str name;
    uint8_t level; /* 1 province, 2 city, 3 district */
    uint16_t end;  /* the row behind the last one below this one */
};

/* Every region, each before those below it. None in a build without the tables (CN=0). */
size_t regions(const struct region **out);

#define REGION_LEVELS 3

/*
 * What people and other programs write to the regions from the province down: full and short
 * names, with or without separators ("广东省深圳市", "广东/深圳", "北京 东城区"), or a code.
 *
 * rows   gets the index of each level
 * rest   gets what stands behind the last one that was found, without separators
 *
 * Returns how many levels were found, 0 when not even the first.
 */
size_t region_resolve(struct str text, size_t rows[REGION_LEVELS], struct str *rest);

/* The public holidays and make-up working days of mainland China; none in a build without them. */
struct fx_calendar;
void ld_calendar_cn(struct fx_calendar *c);

#endif
