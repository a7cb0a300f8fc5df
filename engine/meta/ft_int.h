/*
 * What the files of field types (ft_*.c) share. Not for other folders.
 */
#ifndef META_FT_INT_H
#define META_FT_INT_H

#include "engine/meta/fieldtype.h"

typedef struct val ft_coerce_fn(const struct field *f, struct arena *a, struct val in,
                                struct str path, struct diags *diags);
typedef struct val ft_from_text_fn(const struct field *f, struct arena *a, struct str cell);
typedef struct str ft_fold_fn(const struct field *f, struct arena *a, struct val v);
typedef struct str ft_mask_fn(struct arena *a, struct val v);

/* One array of rows per file, NULL-terminated by name. */
extern const struct fieldtype ft_texts[], ft_numbers[], ft_dates[], ft_choices[], ft_people[],
    ft_links[], ft_computed[], ft_files[];

/* Adds a problem and gives blank. */
#define ft_bad(diags, path, key, ...) (diag_field((diags), (path), (key), __VA_ARGS__), VAL_NONE)

ft_fold_fn ft_fold_text; /* fold_text of a text value */

/* The items of a list, or one value as a list of one; false when it is neither. */
bool ft_items(struct val in, const struct val **items, size_t *n);
/* Cuts "a、b;c" at the separators people use; trimmed, without empty parts. */
struct str *ft_split(struct arena *a, struct str s, size_t *n);
/* The id of a ref: {id, title}, a bare id or a VAL_REF; false when it is none. */
bool ft_ref_id(struct val in, int64_t *id);

#endif
