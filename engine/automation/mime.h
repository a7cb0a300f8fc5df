/*
 * A message of RFC 5322 as it came in, read as far as automations need it: who, what about, when,
 * and its text. Bounded; broken messages give what can be read of them.
 */
#ifndef AUTOMATION_MIME_H
#define AUTOMATION_MIME_H

#include "engine/value/val.h"

#define MIME_TEXT_MAX ((size_t)256 << 10)

/* {id, from, from_name, to, subject, at, text}: VAL_TEXT each, `at` RFC 3339 or blank. */
struct val mime_read(struct arena *a, struct str message);

#endif
