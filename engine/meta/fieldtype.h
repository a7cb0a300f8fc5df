/*
 * The table of field types: each row is one type with its small functions. A new type is one row
 * and one file (ft_*.c).
 */
#ifndef META_FIELDTYPE_H
#define META_FIELDTYPE_H

#include "engine/meta/form.h"

enum fieldtype_flag {
    FT_COMPUTED = 1,  /* formula, lookup, rollup: never written by a body */
    FT_NO_COLUMN = 2, /* table (own table) */
    FT_MULTI = 4,     /* multiselect, members, departments, links: JSON column or join table */
    FT_REF = 8,       /* link, member, department: the value is an id */
    FT_FOLD = 16,     /* unique and search compare a folded text */
    FT_SERIAL = 32,   /* the engine gives the value */
    FT_TEXTUAL = 64
};

struct fieldtype {
    struct str name;
    unsigned flags;
    enum fx_base fx; /* in expressions; formula etc. by their value */
    enum col_kind column;
    struct str widget;       /* default control of the pages */
    const char *zh, *en;     /* help for palette and manual */
    const char *const *keys; /* the type's own YAML keys beside the common ones, NULL-terminated */
    const char *const *need; /* those of them that must be there; NULL: none */

    /*
     * A value from a body (JSON forms), a script or an import cell to the field's own form: types,
     * options, ranges, scale, trimming; blank stays blank. Adds problems to diags under `path` and
     * gives blank then. Refs come back as VAL_REF with the id only; whether the row exists is the
     * writer's business.
     */
    struct val (*coerce)(const struct field *f, struct arena *a, struct val in, struct str path,
                         struct diags *diags);
    /* The text of an import cell or a filter to what coerce takes (numbers with thousands, dates in
     * usual forms, option titles). NULL: the text itself. */
    struct val (*from_text)(const struct field *f, struct arena *a, struct str cell);
    /* The normalised text for unique/search columns; STR_NONE: none. NULL: not folding. */
    struct str (*fold)(const struct field *f, struct arena *a, struct val v);
    /* Hides most of a value: 138****6021. NULL: "***" for texts, blank for the rest. */
    struct str (*mask)(struct arena *a, struct val v);
};

const struct fieldtype *fieldtype_find(struct str name); /* NULL */
size_t fieldtypes(const struct fieldtype *const **out);

/* Column value of a coerced value (what is bound): decimals scaled to the field's scale, refs their
 * id, lists JSON text. And back from a statement's column. */
struct val field_to_column(const struct field *f, struct arena *a, struct val v);
struct val field_from_column(const struct field *f, struct arena *a, struct stmt *s, int column);
/* The same of a value that was a column's: integers as VAL_DEC of scale 0, numbers, texts. */
struct val field_from_val(const struct field *f, struct arena *a, struct val raw);
/* The stored kind of a field, computed ones by their value type. */
enum col_kind field_column_kind(const struct field *f);
bool field_has_column(const struct field *f);

/* A field of the types file, image, signature. */
bool field_holds_files(const struct field *f);

/* What a field of type email takes. */
bool fieldtype_email_ok(struct str s);

#endif
