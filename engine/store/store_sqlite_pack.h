/*
 * VACUUM, for the driver only.
 */
#ifndef STORE_STORE_SQLITE_PACK_H
#define STORE_STORE_SQLITE_PACK_H

struct sqlite3;

/* Outside of a transaction, on the writing connection; a failure is logged. The connection's
 * authorizer is off afterwards: set it again. */
void sqlite_repack(struct sqlite3 *db);

#endif
