/*
 * Compressing answers.
 */
#ifndef RUNTIME_GZIP_H
#define RUNTIME_GZIP_H

#include "engine/base/str.h"

/* The text as a gzip file in `a`; empty when the library has no memory. */
struct str gzip(struct arena *a, struct str text);

#endif
