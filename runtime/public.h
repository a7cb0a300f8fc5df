/*
 * Public forms: their tokens (one for each `public:` of a form), the visitor's principal, limits of
 * posting.
 */
#ifndef RUNTIME_PUBLIC_H
#define RUNTIME_PUBLIC_H

#include "runtime/http.h"

/* Makes the tokens of an app's public forms that have none yet. Not in a write job. */
int public_tokens(struct ctx *c, struct str app, struct err *err) ATTR_MUST;
/* The same for every running app. */
int public_tokens_all(struct ctx *c, struct err *err) ATTR_MUST;
#endif
