/*
 * What the files of YAML editing share: yaml_emit.c writes values, splice.c puts them into a text
 * at nodes, edit.c knows JSON Patch and proves each result. Not for other folders.
 */
#ifndef META_EDIT_INT_H
#define META_EDIT_INT_H

#include "engine/base/err.h"
#include "engine/base/strb.h"
#include "engine/meta/yaml.h"

/* ---- yaml_emit.c: values to text ---- */

/* One line in flow style ({…}, […], scalars); always valid wherever a value may stand. `quote`
 * forces quotes around texts. */
struct str emit_flow(struct arena *a, struct val v, bool in_flow);
struct str emit_key(struct arena *a, struct str key, bool in_flow);
/* Lines in block style for a value that begins at column `indent` (spaces): no leading indentation,
 * no newline at the end. Only for maps and lists with something in them. */
struct str emit_block(struct arena *a, struct val v, size_t indent);
/* What follows "key:" or "-" in block context, its leading space or newline included. */
struct str emit_after(struct arena *a, struct val v, size_t indent, bool prefer_block);

/* ---- splice.c: one change of the text, at a place of the tree ---- */

struct spot {
    struct yaml_node *parent; /* NULL: the root */
    size_t index;             /* in the parent */
    struct yaml_node *node;
    bool flow; /* the parent stands in flow style */
};

struct str splice(struct arena *a, struct str text, size_t from, size_t to, struct str with);
struct str splice_replace(struct arena *a, struct str text, const struct spot *s, struct val v);
struct str splice_remove(struct arena *a, struct str text, const struct spot *s);
/* Puts an entry before the index-th of a map or list (index n: at the end). */
struct str splice_insert(struct arena *a, struct str text, const struct spot *at, size_t index,
                         struct str key, struct val v);
struct str splice_rename(struct arena *a, struct str text, const struct spot *s, struct str key);
/* The entries of a block map or list in another order, each with the comments above it and its rest
 * of the line; STR_NONE where the text does not allow it. */
struct str splice_reorder(struct arena *a, struct str text, const struct spot *s,
                          const size_t *order);

#endif
