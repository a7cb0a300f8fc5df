/*
 * From one complete request to its answer: who is it, may he, run the handler, turn errors into
 * problems.
 */
#ifndef RUNTIME_DISPATCH_H
#define RUNTIME_DISPATCH_H

#include "runtime/exchange.h"
#include "runtime/worker.h"

/* Fills x->answer, whatever happens (out of memory too). On the worker's thread. */
void dispatch(struct worker *w, struct exchange *x);

/* Fills x->answer for a request that never reaches a worker: x->refused is set. On any thread. */
void dispatch_refused(struct exchange *x);

#endif
