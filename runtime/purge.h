/*
 * The purge of what definitions put away 30 days ago: a backup, then column by column.
 */
#ifndef RUNTIME_PURGE_H
#define RUNTIME_PURGE_H

#include "runtime/server.h"

/* Does what is due, stopping between columns when *stop is set. Errors are logged; what is left is
 * tried again with the next call. */
void purge_run(struct server *server, struct ctx *c, const bool *stop);

#endif
