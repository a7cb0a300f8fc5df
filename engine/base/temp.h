/*
 * Temporary files without a name: what is written into one is gone with its descriptor, also when
 * the process is killed.
 */
#ifndef BASE_TEMP_H
#define BASE_TEMP_H

#include "engine/base/str.h"

/* Open for reading and writing, on the disk of `dir`, mode 0600; -1 and errno. Close it. */
int temp_nameless(struct arena *a, struct str dir);
/* How it is opened again while it is open; also gives it a name by linkat(AT_SYMLINK_FOLLOW). */
struct str temp_path(struct arena *a, int fd);

#endif
