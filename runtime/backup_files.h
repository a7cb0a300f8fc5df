/*
 * Uploaded files in a backup: they follow the database in the same sealed file, with a list of
 * their names (SHA-256) and sizes at the end.
 */
#ifndef RUNTIME_BACKUP_FILES_H
#define RUNTIME_BACKUP_FILES_H

#include "engine/base/err.h"

/* Appends every content below `dir` to the copy of a database. */
int backup_files_add(struct arena *a, struct str copy, struct str dir, struct err *err) ATTR_MUST;
/* Takes them off again: the copy is the database alone afterwards. Each content is checked against
 * its name and, where dir is not empty, written below it. A backup without any is fine. */
int backup_files_take(struct arena *a, struct str copy, struct str dir, struct err *err) ATTR_MUST;

#endif
