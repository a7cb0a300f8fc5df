/*
 * Contents of files below one folder, named by their SHA-256 (in hex), each once however many
 * records hold it: DIR/ab/ab12…. Rows of _file say who has what; nothing here knows of rights.
 */
#ifndef RECORD_BLOB_H
#define RECORD_BLOB_H

#include "engine/base/err.h"

/* DIR/ab/ab12…; the name was made by us (hex). */
struct str blob_path(struct arena *a, struct str dir, struct str name);
/* Moves a finished, synced file of the same disk into its place; a content that is there already is
 * replaced by the same bytes. May be called again after it worked. The folder is synced. */
int blob_keep(struct arena *a, struct str dir, struct str from, struct str name,
              struct err *err) ATTR_MUST;
/* fsync of a spooled file, before it is kept. */
int blob_sync(struct arena *a, struct str path, struct err *err) ATTR_MUST;
/* Calls fn for each content not touched since `before_s` (seconds of the disk's clock); fn says 1:
 * remove it, 0: keep, -1: stop. Hidden and foreign names are left alone. */
typedef int blob_fn(void *arg, struct str name, struct err *err);
int blob_each(struct arena *a, struct str dir, int64_t before_s, blob_fn *fn, void *arg,
              struct err *err) ATTR_MUST;

#endif
