/*
 * UTF-8 and the little Unicode the engine needs. Positions and lengths count code points.
 */
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include "engine/base/str.h"

/* Well-formed, without NUL, surrogates or over-long forms. */
bool utf8_valid(struct str s);
/* Bytes at the start that are so: where the first mistake stands. */
size_t utf8_good(struct str s);
size_t utf8_len(struct str s);
/* Byte offset of code point `index` (clamped to the end). */
size_t utf8_offset(struct str s, size_t index);
/* Decodes the code point at *pos and moves on; 0xFFFD on a bad byte. */
uint32_t utf8_next(struct str s, size_t *pos);
/* At most `n` bytes without cutting a code point. */
struct str utf8_cut(struct str s, size_t n_bytes);

#endif
