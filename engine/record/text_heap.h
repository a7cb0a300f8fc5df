/*
 * Texts by number, kept in a file beside memory: written once in order, then read at random. What
 * is looked at often stays in a cache of fixed size.
 */
#ifndef RECORD_TEXT_HEAP_H
#define RECORD_TEXT_HEAP_H

#include "engine/base/err.h"

struct heap;

/* The files have no name in temp_dir and go with the arena. */
int heap_open(struct arena *a, struct str temp_dir, struct heap **out, struct err *err) ATTR_MUST;
/* The next text: 0, 1, 2 … */
int heap_add(struct heap *h, struct str text, struct err *err) ATTR_MUST;
/* All are there; before the first heap_get(). */
int heap_end(struct heap *h, struct err *err) ATTR_MUST;
/* In `a`; STR_NONE for a number that there is not, and when the file cannot be read. */
struct str heap_get(struct heap *h, struct arena *a, uint64_t i);

#endif
