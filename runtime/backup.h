/*
 * Backups: an online copy of the database, checked, sealed with the backup key; and the way back.
 */
#ifndef RUNTIME_BACKUP_H
#define RUNTIME_BACKUP_H

#include "engine/store/store.h"
#include "runtime/config.h"

/* Writes a new sealed file; an existing one is refused. */
int backup_make(struct store *s, const struct config *cfg, struct arena *a, struct str to,
                struct err *err) ATTR_MUST;
/* Opens and checks a backup into DATA, which must hold no database. */
int backup_restore(const struct config *cfg, struct arena *a, struct str from,
                   struct err *err) ATTR_MUST;
/* Opens a backup into a temporary file and checks it. */
int backup_verify(const struct config *cfg, struct arena *a, struct str from,
                  struct err *err) ATTR_MUST;

#endif
