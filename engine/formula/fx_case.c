/*
 * Case mapping by Unicode's simple mappings; the tables are made from Debian's unicode-data while
 * building, so that the server and the browser have the same ones.
 */
#include "engine/formula/fx_case.h"

struct case_row {
    uint32_t first;
    uint32_t last;
    uint16_t step;
    int32_t delta;
};

#include "unicode_case.h"

static uint32_t map(const struct case_row *rows, size_t n, uint32_t cp)
{
    size_t lo = 0;
    size_t hi = n;
    while (lo < hi) {
        size_t mid = (lo + hi) / 2;
        const struct case_row *row = &rows[mid];
        if (cp < row->first) {
            hi = mid;
        } else if (cp > row->last) {
            lo = mid + 1;
        } else {
            return (cp - row->first) % row->step == 0 ? (uint32_t)((int32_t)cp + row->delta) : cp;
        }
    }
    return cp;
}

uint32_t fx_upper(uint32_t cp)
{
    if (cp < 128) {
        return cp >= 'a' && cp <= 'z' ? cp - 32 : cp;
    }
    return map(upper_rows, ARRAY_LEN(upper_rows), cp);
}

uint32_t fx_lower(uint32_t cp)
{
    if (cp < 128) {
        return cp >= 'A' && cp <= 'Z' ? cp + 32 : cp;
    }
    return map(lower_rows, ARRAY_LEN(lower_rows), cp);
}

bool fx_is_cased(uint32_t cp)
{
    return fx_upper(cp) != cp || fx_lower(cp) != cp;
}
