/*
 * Case mapping by Unicode's simple mappings; the tables are made from Debian's unicode-data while
 * building, so that the server and the browser have the same ones.  They are small rather than
 * fast: lower case is the inverse of upper case but for a few rows.
 */
#include "engine/formula/fx_case.h"

/* Code points after the row before, how many, 1 or 2 apart, and what to add. */
struct case_row {
    uint16_t skip;
    uint8_t count;
    uint8_t step;
    int32_t delta;
};

#include "unicode_case.h"

/* Nothing from here to U+A640 (Chinese, Japanese, Korean) has case. */
#define NO_CASE_FROM 0x2D2Eu
#define NO_CASE_TO   0xA640u

/* The row's mapping of cp (`inverse`: to cp), or cp itself. */
static uint32_t map(const struct case_row *rows, size_t n, uint32_t cp, bool inverse)
{
    uint32_t at = 0;
    if (cp >= NO_CASE_FROM && cp < NO_CASE_TO) {
        return cp;
    }
    for (size_t i = 0; i < n; i++) {
        uint32_t from = at + rows[i].skip;
        uint32_t base = inverse ? from + (uint32_t)rows[i].delta : from;
        uint32_t off = cp - base;
        if (off % rows[i].step == 0 && off / rows[i].step < rows[i].count) {
            return inverse ? from + off : cp + (uint32_t)rows[i].delta;
        }
        at = from + (uint32_t)rows[i].step * (rows[i].count - 1u);
    }
    return cp;
}

uint32_t fx_upper(uint32_t cp)
{
    if (cp < 128) {
        return cp >= 'a' && cp <= 'z' ? cp - 32 : cp;
    }
    return map(upper_rows, ARRAY_LEN(upper_rows), cp, false);
}

uint32_t fx_lower(uint32_t cp)
{
    if (cp < 128) {
        return cp >= 'A' && cp <= 'Z' ? cp + 32 : cp;
    }
    uint32_t own = map(lower_rows, ARRAY_LEN(lower_rows), cp, false);
    return own != cp ? own : map(upper_rows, ARRAY_LEN(upper_rows), cp, true);
}

bool fx_is_cased(uint32_t cp)
{
    return fx_upper(cp) != cp || fx_lower(cp) != cp;
}
