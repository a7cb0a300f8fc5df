/*
 * Edits of a YAML text that keep comments, order and every untouched byte: JSON Patch (RFC 6902)
 * operations are spliced at the node's span, re-parsed and compared with the intended tree.
 */
#ifndef META_EDIT_H
#define META_EDIT_H

#include "engine/base/err.h"
#include "engine/value/val.h"

/* `patch` is a VAL_LIST of {op, path, value?, from?}. The new text in `a`. */
int yaml_edit(struct arena *a, struct str text, struct val patch, struct str *out,
              struct err *err) ATTR_MUST;

#endif
