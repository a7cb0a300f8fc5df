/*
 * "fault:sqlite:…", "faultpg:postgresql:…": a store whose calls fail on demand. Tests only.
 */
#ifndef STORE_STORE_FAULT_H
#define STORE_STORE_FAULT_H

#include "engine/store/store.h"

enum fault_kind {
    FAULT_ERROR, /* the call does nothing and answers ERR_STORE */
    FAULT_FULL,  /* ERR_FULL */
    FAULT_KILL,  /* the process ends by SIGKILL before the call: for tests that fork */
    FAULT_FSYNC  /* a commit that fails so that nobody knows what the disk holds; others as ERROR */
};

/*
 * The n-th fallible call from now on fails (1: the next); sticky: all calls from then on. 0
 * switches it off. Thread-safe. The store must have been opened with such a URL.
 */
void store_fault_set(struct store *s, long n, enum fault_kind kind, bool sticky);
/* Fallible calls since the last store_fault_set. */
long store_fault_calls(struct store *s);

#endif
