/*
 * Empties the recycle bins of what has lain there for thirty days.
 */
#ifndef RUNTIME_BIN_SWEEP_H
#define RUNTIME_BIN_SWEEP_H

#include "engine/engine.h"

#define BIN_SWEEP_US (INT64_C(3600) * US_PER_S) /* from one sweep to the next */

/* On a thread of its own arena and reader, outside write jobs. Stops early when *stop. */
void bin_sweep(struct ctx *c, const bool *stop);

#endif
