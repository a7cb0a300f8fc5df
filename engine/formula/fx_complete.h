/*
 * What an editor of expressions asks while somebody types: what could stand at the cursor, which
 * function the cursor is inside of, which type the whole has, and where its mistakes begin and end.
 * Names, titles and options come from the host through fx_scope.schema (keys()).
 */
#ifndef FORMULA_FX_COMPLETE_H
#define FORMULA_FX_COMPLETE_H

#include "engine/formula/fx.h"

#define FX_MAX_CANDIDATES 200

enum fx_candidate_kind {
    FX_CAND_FIELD,
    FX_CAND_VAR, /* given from outside the form: ask.level */
    FX_CAND_FUNCTION,
    FX_CAND_OPTION,
    FX_CAND_SETTING,
    FX_CAND_ROLE,
    FX_CAND_FORM,
    FX_CAND_WORD /* an operator word, TRUE, BLANK, parent., a unit */
};
/* "field", "function" … */
struct str fx_candidate_name(enum fx_candidate_kind kind);

struct fx_candidate {
    uint8_t kind;
    struct str key;      /* what it is called */
    struct str insert;   /* what comes in place of the bytes [from, to) */
    struct str title;    /* of fields, options, roles …, in the language asked for */
    struct fx_type type; /* of fields and variables */
    struct fx_fn_doc fn; /* of functions */
};

/* One mistake with its extent in bytes of the text. */
struct fx_span {
    size_t from, to;
    struct str zh, en;
};

struct fx_completion {
    size_t from, to; /* bytes that a candidate replaces; from == to: nothing is begun */
    struct fx_candidate *v;
    size_t n;
    bool in_call; /* the cursor is inside the parentheses of `fn`, at its argument from 0 */
    struct fx_fn_doc fn;
    uint32_t argument;
    bool compiles;
    struct fx_type type; /* when it compiles */
    struct fx_span *mistakes;
    size_t nmistakes;
};

/* `cursor` is a byte offset; beyond the text it is its end. Titles and the answer live in `a`. */
void fx_complete(struct arena *a, struct str text, size_t cursor, const struct fx_scope *scope,
                 struct fx_completion *out);

/* "number", "list of texts" …; in Chinese when zh. */
struct str fx_type_title(struct arena *a, struct fx_type t, bool zh);

#endif
