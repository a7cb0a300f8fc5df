/*
 * What the targets of the expression language share: an input is variables as JSON on the first
 * line and the expression after it. Each target keeps to its stage, so that its corpus grows there:
 * fuzz_fx_lex, fuzz_fx_parse, fuzz_fx_eval, fuzz_fx_sql (both dialects).
 */
#ifndef TESTS_FUZZ_FX_H
#define TESTS_FUZZ_FX_H

#include "tests/fuzz/fuzz.h"

#include "engine/base/utf8.h"
#include "engine/formula/fx.h"
#include "engine/formula/fx_vars.h"
#include "engine/value/json.h"

struct fuzz_fx {
    struct fx_vars *vars;
    struct fx *fx;
};

/* Compiles an input; false where the border refuses it or it does not compile (with a place). */
static inline bool fuzz_fx_open(struct arena *a, struct str in, struct fuzz_fx *out)
{
    struct err err = ERR_INIT;
    struct diags diags;
    struct str vars;
    struct val v;
    struct str text = str_cut(in, '\n', &vars);
    if (!utf8_valid(text) || json_parse(a, vars, &v, &err) < 0) {
        return false;
    }
    out->vars = fx_vars_new(a, v);
    struct fx_scope scope = fx_vars_scope(out->vars);
    diags_init(&diags, a);
    out->fx = fx_compile(a, text, &scope, STR_NONE, (struct src_pos){1, 1}, &diags);
    FUZZ_CHECK((out->fx == NULL) == (diags.errors > 0));
    for (size_t i = 0; i < diags.list.n; i++) {
        const struct diag *d = &diags.list.v[i];
        FUZZ_CHECK(d->zh.n && d->en.n && utf8_valid(d->zh) && utf8_valid(d->en));
        FUZZ_CHECK(d->pos.line >= 1 && d->pos.column >= 1);
    }
    return out->fx != NULL;
}

#endif
