/*
 * Mailboxes that automations read (trigger `mail`), by IMAP: a thread that waits for rows of kind
 * "inbox". Messages are looked at, not marked; what was taken before is known by its number.
 */
#ifndef RUNTIME_INBOX_H
#define RUNTIME_INBOX_H

#include "engine/engine.h"

struct server;

/* One row that is due, if there is one: true when there was. Blocks while the mailbox answers. */
bool inbox_round(struct server *server, struct conn *reader);

#endif
