/*
 * ICU's collator; the only file that includes its headers.
 */
#include "engine/value/collate.h"

#include <stdlib.h>
#include <unicode/ucol.h>

struct collate {
    UCollator *icu;
};

struct collate *collate_new(void)
{
    UErrorCode code = U_ZERO_ERROR;
    struct collate *c = calloc(1, sizeof *c);
    if (!c)
        return NULL;
    c->icu = ucol_open(COLLATE_LOCALE, &code);
    if (U_FAILURE(code))
        collate_free(&c);
    return c;
}

void collate_free(struct collate **at)
{
    struct collate *c = *at;
    if (c && c->icu)
        ucol_close(c->icu);
    free(c);
    *at = NULL;
}

int collate_cmp(struct collate *c, struct str a, struct str b)
{
    UErrorCode code = U_ZERO_ERROR;
    UCollationResult r =
        ucol_strcollUTF8(c->icu, a.p ? a.p : "", (int32_t)a.n, b.p ? b.p : "", (int32_t)b.n, &code);
    if (U_SUCCESS(code) && r != UCOL_EQUAL)
        return r == UCOL_LESS ? -1 : 1;
    return str_cmp(a, b);
}
