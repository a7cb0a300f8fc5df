/*
 * Tokens of texts and search words. Both ends use the same runs, so what is said here about one
 * holds for the other.
 */
#include "engine/value/token.h"

#include "engine/base/strb.h"
#include "engine/base/utf8.h"
#include "engine/value/fold.h"

#define LAST_DIGITS 4

enum kind { KIND_NONE, KIND_ALNUM, KIND_WIDE };

/* Scripts without spaces between words start at the radicals; before them stand alphabets. What is
 * neither (punctuation, symbols, private use) ends a run. */
static enum kind kind_of(uint32_t cp)
{
    if (cp < 0x80)
        return (cp >= '0' && cp <= '9') || (cp >= 'a' && cp <= 'z') ? KIND_ALNUM : KIND_NONE;
    if (cp < 0x2000)
        return cp < 0xc0 || cp == 0xd7 || cp == 0xf7 ? KIND_NONE : KIND_ALNUM;
    if (cp < 0x2e80 || (cp >= 0x3000 && cp <= 0x3004) || (cp >= 0x3008 && cp <= 0x3020) ||
        (cp >= 0xe000 && cp <= 0xf8ff) || (cp >= 0xfe10 && cp <= 0xfe6f) ||
        (cp >= 0xff00 && cp <= 0xff20) || cp >= 0xfff0)
        return cp >= 0x20000 && cp < 0xe0000 ? KIND_WIDE : KIND_NONE;
    return KIND_WIDE;
}

/* A maximal run of one kind: its code points as slices of the folded text. */
struct run {
    enum kind kind;
    struct str text;
    size_t n; /* code points */
};

static bool next_run(struct str s, size_t *pos, size_t *left, struct run *out)
{
    *out = (struct run){KIND_NONE, STR_NONE, 0};
    while (*pos < s.n && *left) {
        size_t at = *pos;
        enum kind kind = kind_of(utf8_next(s, pos));
        if (out->n && kind != out->kind) {
            *pos = at;
            return true;
        }
        --*left;
        if (kind == KIND_NONE)
            continue;
        if (!out->n)
            *out = (struct run){kind, {s.p + at, 0}, 0};
        out->n++;
        out->text.n = (size_t)(s.p + *pos - out->text.p);
    }
    return out->n != 0;
}

static void push(struct arena *a, struct tokens *out, struct str token)
{
    (void)vec_push(a, &out->list, utf8_cut(token, TOKEN_BYTES_MAX));
}

/* Pairs; `last`: the last character alone, too. */
static void wide(struct arena *a, struct str run, bool last, struct tokens *out)
{
    for (size_t at = 0; at < run.n;) {
        size_t second = at;
        (void)utf8_next(run, &second);
        size_t end = second;
        if (end < run.n)
            (void)utf8_next(run, &end);
        else if (!last)
            return;
        push(a, out, str_sub(run, at, end - at));
        at = second;
    }
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static void alnum(struct arena *a, struct str run, struct tokens *out)
{
    push(a, out, run);
    for (size_t at = 0; at < run.n;) {
        size_t end = at + 1;
        while (end < run.n && is_digit(run.p[end]) == is_digit(run.p[at]))
            end++;
        if (at)
            push(a, out, str_sub(run, at, run.n));
        size_t tail = end - at > LAST_DIGITS ? end - LAST_DIGITS : at + 1;
        for (; is_digit(run.p[at]) && tail < end; tail++)
            push(a, out, str_sub(run, tail, run.n));
        at = end;
    }
}

void token_text(struct arena *a, struct str text, struct tokens *out)
{
    struct str s = fold_text(a, text);
    size_t pos = 0;
    size_t left = TOKEN_POINTS_MAX;
    struct run run;
    *out = (struct tokens){0};
    while (next_run(s, &pos, &left, &run)) {
        if (run.kind == KIND_WIDE)
            wide(a, run.text, true, out);
        else
            alnum(a, run.text, out);
    }
}

bool token_word(struct arena *a, struct str word, struct token_word *out)
{
    struct str s = fold_text(a, word);
    size_t pos = 0;
    size_t left = TOKEN_POINTS_MAX;
    struct run run;
    *out = (struct token_word){0};
    while (next_run(s, &pos, &left, &run)) {
        struct tokens t = {0};
        bool pairs = run.kind == KIND_WIDE && run.n > 1;
        if (pairs)
            wide(a, run.text, false, &t);
        else
            push(a, &t, run.text);
        struct token_part part = {t.list.v, t.list.n, !pairs};
        (void)vec_push(a, &out->parts, part);
    }
    return out->parts.n != 0;
}
