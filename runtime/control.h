/*
 * Commands beside a running server: a socket in the data folder (only its owner may use it) takes a
 * command line and gives back what the command prints and its exit code.
 */
#ifndef RUNTIME_CONTROL_H
#define RUNTIME_CONTROL_H

#include "runtime/host.h"

struct control;
struct server;

int control_start(struct server *server, struct control **out, struct err *err) ATTR_MUST;
/* No new commands; waits for the one that runs. */
void control_stop(struct control **c);

/* The client's side: runs argv in the server that holds the data folder; the exit code. */
int control_call(struct host *h, int argc, char **argv);

#endif
