/* YAML: a tree with sound places, or mistakes with theirs. */
#include "tests/fuzz/fuzz.h"

#include "engine/base/utf8.h"
#include "engine/meta/yaml.h"

static void check_node(const struct yaml_node *n, struct str source, unsigned depth)
{
    FUZZ_CHECK(depth <= YAML_MAX_DEPTH);
    FUZZ_CHECK(n->pos.line >= 1 && n->pos.column >= 1);
    FUZZ_CHECK(n->from <= n->to && n->to <= source.n);
    if (n->kind == YAML_SCALAR) {
        FUZZ_CHECK(utf8_valid(n->text));
        for (size_t at = 0; at <= n->text.n && at < 200; at++)
            FUZZ_CHECK(yaml_pos_in(n, source, at).line >= 1);
    }
    for (size_t i = 0; i < n->n; i++) {
        check_node(n->items[i], source, depth + 1);
        if (n->kind == YAML_MAP)
            check_node(n->keys[i], source, depth + 1);
    }
}

static void fuzz_one(struct arena *a, struct str in)
{
    struct diags diags;
    diags_init(&diags, a);
    struct yaml_node *n = yaml_parse(a, STR("f.yaml"), in, &diags);
    if (!n) {
        FUZZ_CHECK(diags.errors > 0);
        for (size_t i = 0; i < diags.list.n; i++)
            FUZZ_CHECK(diags.list.v[i].zh.n && diags.list.v[i].en.n && diags.list.v[i].pos.line);
        return;
    }
    check_node(n, in, 0);
    FUZZ_CHECK(val_same(yaml_val(a, n), yaml_val(a, n)));
}
