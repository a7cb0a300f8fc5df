/*
 * Shared by file.c and file_seal.c only.
 */
#ifndef RECORD_FILE_INT_H
#define RECORD_FILE_INT_H

#include "engine/record/file.h"

/* A loaded row's name and key out of its sealed text; f->erased when its person was. */
int file_unseal(struct ctx *c, struct file *f, struct str sealed, struct err *err) ATTR_MUST;

#endif
