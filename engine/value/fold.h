/*
 * Normal forms of texts for uniqueness, search and matching: what people take for the same text
 * gives the same bytes. Never shown; the original is what is stored and shown.
 */
#ifndef VALUE_FOLD_H
#define VALUE_FOLD_H

#include "engine/base/str.h"

/*
 * NFKC with case folding, without invisible characters and without white space at both ends:
 * "ＡＢＣ（北京）" gives "abc(北京)". Folding twice changes nothing. The result is in the arena and
 * may be empty. Bytes that are not UTF-8 come back unchanged.
 */
struct str fold_text(struct arena *a, struct str s);

/*
 * The digits of a telephone number, whatever their width, without +86, 0086, or the 86 before a
 * mobile number: "+86 138-0013-8000" gives "13800138000". Empty when there is no digit.
 */
struct str fold_phone(struct arena *a, struct str s);

#endif
