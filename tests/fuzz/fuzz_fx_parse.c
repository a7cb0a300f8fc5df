/* The parser: any text becomes a bounded tree whose nodes lie inside their parents' text, or one
 * mistake with a place. */
#include "tests/fuzz/fuzz_fx.h"

#include "engine/formula/fx_int.h"

static size_t walk(const struct node *n, size_t depth)
{
    size_t count = 1;
    FUZZ_CHECK(depth <= FX_MAX_NODES);
    FUZZ_CHECK(n->pos <= n->end);
    for (uint32_t i = 0; n->kind != N_NAME && i < n->nargs; i++) {
        FUZZ_CHECK(n->args[i] != NULL);
        FUZZ_CHECK(n->args[i]->pos >= n->pos && n->args[i]->end <= n->end);
        count += walk(n->args[i], depth + 1);
    }
    return count;
}

static void fuzz_one(struct arena *a, struct str in)
{
    struct diags diags;
    diags_init(&diags, a);
    if (in.n > FX_MAX_TEXT || !utf8_valid(in)) {
        return; /* fx_compile and the border refuse these */
    }
    struct parser p = {.a = a, .text = in, .at = {1, 1}, .diags = &diags};
    struct node *root = fx_parse(&p);
    FUZZ_CHECK((root == NULL) == (diags.errors > 0));
    if (root == NULL) {
        FUZZ_CHECK(diags.list.v[0].zh.n && diags.list.v[0].en.n && diags.list.v[0].pos.line >= 1);
        return;
    }
    FUZZ_CHECK(root->end <= in.n);
    FUZZ_CHECK(walk(root, 0) <= FX_MAX_NODES);
}
