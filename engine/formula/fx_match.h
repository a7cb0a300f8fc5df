/*
 * Patterns for MATCHES in time linear in the text: no backtracking.
 *   characters  .  [a-z] [^a-z]  \d \w \s (and \D \W \S)  ( )  |  * + ? {m} {m,} {m,n}  ^ $
 */
#ifndef FORMULA_FX_MATCH_H
#define FORMULA_FX_MATCH_H

#include "engine/base/str.h"

/* Whether the whole text matches: 1 yes, 0 no, -1 the pattern is malformed or too long. */
int fx_match(struct arena *a, struct str pattern, struct str text);

#endif
