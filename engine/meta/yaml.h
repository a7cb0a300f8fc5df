/*
 * YAML (libyaml events) to a node tree with positions. YAML 1.2 core scalars; duplicate keys,
 * anchors, aliases, tags, merge keys, a second document, over 1 MB, 32 levels or 200,000 nodes are
 * refused.
 */
#ifndef META_YAML_H
#define META_YAML_H

#include "engine/base/diag.h"
#include "engine/value/val.h"

#define YAML_MAX_BYTES (1u << 20)
#define YAML_MAX_DEPTH 32
#define YAML_MAX_NODES 200000

enum yaml_kind { YAML_SCALAR, YAML_SEQ, YAML_MAP };

struct yaml_node {
    enum yaml_kind kind;
    struct src_pos pos;       /* where it begins */
    size_t from, to;          /* byte span in the text */
    bool quoted;              /* scalar in quotes or a block scalar: always text */
    bool flow;                /* {…} or […] */
    struct str text;          /* scalar as written (decoded) */
    struct yaml_node **items; /* values of a map or items of a sequence */
    struct yaml_node **keys;  /* of a map */
    size_t n;
};

/* NULL and diags on mistakes. An empty document is an empty map. */
struct yaml_node *yaml_parse(struct arena *a, struct str file, struct str text,
                             struct diags *diags);
struct yaml_node *yaml_get(const struct yaml_node *map, const char *key); /* NULL */
/* The core-schema value: null, true/false, numbers, text; maps and lists deeply. */
struct val yaml_val(struct arena *a, const struct yaml_node *n);
/* True for a plain scalar that is null in the core schema: empty, ~, null. */
bool yaml_is_null(const struct yaml_node *n);
/* Where byte `offset` of a scalar's decoded text stands in the file (quotes, escapes, block scalars
 * and folded lines considered); `source` is the text that was parsed. */
struct src_pos yaml_pos_in(const struct yaml_node *n, struct str source, size_t offset);
/* Line and column of a byte offset. */
struct src_pos yaml_pos_at(struct str source, size_t offset);

#endif
