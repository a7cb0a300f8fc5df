/*
 * What expressions ask about Chinese names: the pinyin of a text, and the key under which names of
 * one company meet. Readings come from Unihan (kMandarin) while building.
 */
#ifndef VALUE_PINYIN_H
#define VALUE_PINYIN_H

#include "engine/base/strb.h"

/* "北京 ABC" to "bei jing ABC": syllables without tones, lower case, ü as v, a space between
 * them; everything that is no Chinese character stays. */
struct str pinyin_of(struct arena *a, struct str s);
/* "北京海淀榫卯科技股份有限公司" and "榫卯科技（北京）有限公司" to "榫卯科技": without the region
 * in front or in brackets, the legal form, punctuation and case. Never empty unless s has no
 * letter. */
struct str company_key(struct arena *a, struct str s);

#endif
