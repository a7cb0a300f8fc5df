/* The lexer: tokens cover the text in order, it always ends, a mistake says why. */
#include "tests/fuzz/fuzz_fx.h"

#include "engine/formula/fx_int.h"

static void fuzz_one(struct arena *a, struct str in)
{
    size_t pos = 0;
    size_t last = 0;
    (void)a;
    for (size_t n = 0;; n++) {
        struct token t = fx_lex(in, &pos);
        FUZZ_CHECK(n <= in.n);
        FUZZ_CHECK(t.pos >= last && t.end >= t.pos && t.end <= in.n);
        FUZZ_CHECK(t.kind != TOK_ERROR || (t.zh != NULL && t.en != NULL));
        FUZZ_CHECK(t.kind != TOK_OP || fx_op_name((enum op)t.op)[0]);
        if (t.kind == TOK_END || t.kind == TOK_ERROR) {
            return;
        }
        FUZZ_CHECK(t.end > t.pos && pos >= t.end);
        last = t.end;
    }
}
