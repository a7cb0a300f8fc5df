/*
 * Numbered migrations of the system tables (names begin with an underscore), each one transaction,
 * recorded in _migration with a checksum. An older program refuses a newer schema with a message.
 */
#ifndef STORE_MIGRATE_H
#define STORE_MIGRATE_H

#include "engine/store/store.h"

/* Brings the system tables up to date. Idempotent; safe to kill at any statement. */
int migrate_run(struct store *s, int64_t now_us, struct err *err) ATTR_MUST;
/* The newest migration this program knows. */
int migrate_latest(void);

#endif
