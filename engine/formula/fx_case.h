/*
 * Upper and lower case of single code points, and what counts as a letter of a word.
 */
#ifndef FORMULA_FX_CASE_H
#define FORMULA_FX_CASE_H

#include "engine/base/str.h"

uint32_t fx_upper(uint32_t cp);
uint32_t fx_lower(uint32_t cp);
/* Has case: what PROPER takes for part of a word. */
bool fx_is_cased(uint32_t cp);

#endif
