/*
 * Texts as the tokens of a search index, and search words as what to look for among them. Chinese
 * (and any script written without spaces) becomes pairs of neighbouring characters, so that a word
 * of two characters is one token; letters and digits become runs.
 */
#ifndef VALUE_TOKEN_H
#define VALUE_TOKEN_H

#include "engine/base/str.h"
#include "engine/base/vec.h"

#define TOKEN_POINTS_MAX 4000 /* code points of a text that are looked at */
#define TOKEN_BYTES_MAX  64   /* of a run of letters and digits */

/* Grows with each change of what token_text() gives: an index of another number is made anew. */
#define TOKEN_VERSION 1

struct tokens {
    VEC(struct str) list; /* letters, digits and characters beyond ASCII only */
};

/*
 * The tokens of a text, folded (fold.h), in order; equal ones may come twice.
 *   北京榫卯  ->  北京 京榫 榫卯 卯        a run of characters: pairs, then the last alone
 *   No.XS2026 ->  no xs2026 2026 026 26 6  a run, what begins at its digits, their last four
 */
void token_text(struct arena *a, struct str text, struct tokens *out);

/* A part of a search word: consecutive tokens of a text; `prefix`: the last one may go on. */
struct token_part {
    struct str *v;
    size_t n;
    bool prefix;
};

struct token_word {
    VEC(struct token_part) parts; /* all of them stand in the text */
};

/* False when the word holds nothing that has tokens (punctuation alone). */
bool token_word(struct arena *a, struct str word, struct token_word *out);

#endif
