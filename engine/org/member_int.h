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
bool org_login_ok(struct str login);
struct str org_rights_json(struct arena *a, unsigned rights);
/* Rows of _member_department and _member_role; the first department is the main one. */
int org_put_departments(struct ctx *c, const struct member_spec *spec, int64_t id,
                        struct diags *diags, struct err *err) ATTR_MUST;
int org_put_roles(struct ctx *c, const struct member_spec *spec, int64_t id,
                  struct err *err) ATTR_MUST;
/* 0 the manager may be his, -1 or told in diags. */
int org_check_manager(struct ctx *c, int64_t id, int64_t manager, struct diags *diags,
                      struct err *err) ATTR_MUST;
int org_invalid(struct err *err); /* ERR_INVALID validation */
/* The form under which logins are compared. */
struct str org_fold(struct arena *a, struct str s);

#endif
