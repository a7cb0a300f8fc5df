/*
 * Shared by the files of org/ only.
 */
#ifndef ORG_MEMBER_INT_H
#define ORG_MEMBER_INT_H

#include "engine/org/member.h"

/* Runs q and collects its first column. In c->a. */
int org_ids(struct ctx *c, const struct sql *q, int64_t **ids, size_t *n,
            struct err *err) ATTR_MUST;
/* First column of the first row as text: 1, 0, -1. */
int org_text(struct ctx *c, const struct sql *q, struct str *out, struct err *err) ATTR_MUST;
/* The form under which logins are compared. */
struct str org_fold(struct arena *a, struct str s);

#endif
