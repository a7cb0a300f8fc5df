/*
 * Whole files, with a bound.
 */
#ifndef RUNTIME_SLURP_H
#define RUNTIME_SLURP_H

#include "engine/base/err.h"

/* The bytes in `a`. ERR_NOT_FOUND, ERR_TOO_LARGE, ERR_STORE. */
int slurp_file(struct arena *a, struct str path, size_t max_bytes, struct str *out,
               struct err *err) ATTR_MUST;
/* The first max_bytes of a file that may be longer. */
int slurp_head(struct arena *a, struct str path, size_t max_bytes, struct str *out,
               struct err *err) ATTR_MUST;
/* mkdir -p; an existing folder is fine. */
int make_folder(struct arena *a, struct str path, struct err *err) ATTR_MUST;

#endif
