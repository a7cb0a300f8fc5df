/*
 * Shapes: what a node of a definition file may look like, as const data. One checker reports every
 * departure from a shape with its place; the readers (form.c, flowdef.c …) then take what is there
 * and need no diagnostics of their own for structure. The JSON Schema is printed from the same data
 * (schema.c), and so are the designer's forms and the manual.
 */
#ifndef META_NODE_H
#define META_NODE_H

#include "engine/meta/yaml.h"

enum shape_kind {
    SHAPE_ANY,  /* kept as it is */
    SHAPE_TEXT, /* a scalar as written, not blank */
    SHAPE_KEY,  /* [a-z][a-z0-9_]{0,62}, no reserved word */
    SHAPE_BOOL,
    SHAPE_INT,      /* min … max */
    SHAPE_NUM,      /* any number */
    SHAPE_EXPR,     /* an expression */
    SHAPE_VALUE,    /* a literal, or an expression behind "=" */
    SHAPE_WORD,     /* one of words */
    SHAPE_DURATION, /* "2 days", "-1 day", "2 workdays" */
    SHAPE_OBJ,      /* the keys of a table */
    SHAPE_LIST,     /* of */
    SHAPE_MAP,      /* any key: of */
    SHAPE_ONE_OF    /* the first of `any` that fits the node's kind */
};

enum shape_flag {
    SHAPE_KEYS_FREE = 1,  /* map: keys are any text of 1 to 63 characters */
    SHAPE_KEYS_RIGHT = 2, /* map: field, '*', '@group' or table.column */
    SHAPE_KEYS_SYS = 4,   /* map: keys of fields, system fields included */
    SHAPE_NOT_EMPTY = 8   /* list or map */
};

struct shape;

enum key_flag {
    KEY_REQUIRED = 1,
    KEY_TYPED = 2 /* only for the variants that list it */
};

struct key_row {
    const char *name; /* NULL ends a table */
    const struct shape *shape;
    unsigned flags;
    const char *zh, *en; /* help */
};

/* One kind of an object that is told by its tag: `type: select` and the keys it adds. */
struct variant {
    const char *word;
    const char *const *keys; /* NULL-terminated; NULL: none */
    const char *const *need; /* which of them must be there; NULL: none */
};

struct shape {
    enum shape_kind kind;
    unsigned flags;
    const char *name;               /* its definition in the schema; NULL: written in place */
    const struct key_row *keys;     /* SHAPE_OBJ */
    const struct shape *of;         /* SHAPE_LIST, SHAPE_MAP */
    const struct shape *const *any; /* SHAPE_ONE_OF, NULL-terminated */
    const char *const *words;       /* SHAPE_WORD, NULL-terminated */
    int64_t min, max;               /* SHAPE_INT */
    const char *tag;                /* SHAPE_OBJ: the key that tells the variant */
    bool (*variant)(size_t i, struct variant *out); /* the i-th; false behind the last */
};

/* A file being read. */
struct src_file {
    struct str path;
    struct str text;
    struct yaml_node *root; /* NULL: not YAML, or broken */
    bool built_in;          /* not of the app's folder: nobody can follow advice about it */
};

/* Reports every departure of the tree from its shape. */
void shape_check(const struct shape *s, const struct yaml_node *n, const struct src_file *file,
                 struct diags *diags);
const struct key_row *shape_row(const struct shape *s, struct str name); /* of an object; NULL */

/* An error at a node. */
#define node_error(diags, file, n, key, ...)                                                       \
    diag_file((diags), DIAG_ERROR, (file)->path, (n)->pos, (key), __VA_ARGS__)
#define node_warn(diags, file, n, key, ...)                                                        \
    diag_file((diags), DIAG_WARN, (file)->path, (n)->pos, (key), __VA_ARGS__)

/* Adds "did you mean" to an entry when a name is near. */
void diag_suggest(struct diags *diags, struct diag *d, struct str near);
/* True for words that no key may be: and or not in contains true false blank this parent old … */
bool key_reserved(struct str key);

/* Tolerant readers: what is absent or of another kind gives the default (shape_check told). */
const struct yaml_node *node_of(const struct yaml_node *map, const char *key, enum yaml_kind kind);
const struct yaml_node *node_scalar(const struct yaml_node *map, const char *key); /* not null */
struct str node_text(const struct yaml_node *map, const char *key);
bool node_bool(const struct yaml_node *map, const char *key, bool absent);
int64_t node_int(const struct yaml_node *map, const char *key, int64_t absent);
/* The items of a list; anything else as a list of one; nothing of null. */
const struct yaml_node *const *node_items(struct arena *a, const struct yaml_node *node, size_t *n);
const struct yaml_node *const *node_list(struct arena *a, const struct yaml_node *map,
                                         const char *key, size_t *n);
struct str *node_texts(struct arena *a, const struct yaml_node *map, const char *key, size_t *n);
/* Index of a word in a NULL-terminated list, or -1. */
int word_index(const char *const *words, struct str word);

/* "2 days" to a count and a unit: seconds of a fixed unit, or workdays, months. */
enum duration_unit {
    UNIT_SECOND,
    UNIT_MINUTE,
    UNIT_HOUR,
    UNIT_DAY,
    UNIT_WORKDAY,
    UNIT_WEEK,
    UNIT_MONTH,
    UNIT_YEAR
};
struct duration {
    int64_t count; /* may be negative */
    enum duration_unit unit;
};
bool duration_parse(struct str s, struct duration *out);

#endif
