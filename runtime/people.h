/*
 * What the handlers of people administration share (api_member.c, api_department.c, api_role.c,
 * api_invite.c): reading bodies, and how far the caller's hand reaches.
 *
 * One with the right `people` administers everybody; the administrator of an external organisation
 * its people and departments only, and to him the others do not exist.
 */
#ifndef RUNTIME_PEOPLE_H
#define RUNTIME_PEOPLE_H

#include "engine/people.h"
#include "runtime/http.h"

bool people_admin(const struct ctx *c);
/* 1 the caller administers him, 0 there is none such for the caller, -1. */
int people_reach(struct ctx *c, int64_t member, struct err *err) ATTR_MUST;
int people_reach_department(struct ctx *c, int64_t department, struct err *err) ATTR_MUST;
/* The path's {id}, administered by the caller; -1 with ERR_NOT_FOUND else. */
int people_id(struct http_req *req, int64_t *id, struct err *err) ATTR_MUST;
/* ERR_DENIED when the member has rights that the caller does not have: who could change his
 * password or login could take them. */
int people_not_above(struct ctx *c, int64_t member, struct err *err) ATTR_MUST;

void people_bad(struct diags *d, const char *field, const char *zh, const char *en);
struct str people_ref(struct val v); /* of {"id"} or "id" */
void people_read_roles(struct ctx *c, struct val list, struct member_spec *spec,
                       struct diags *diags);
void people_read_rights(struct val list, struct member_spec *spec, struct diags *diags);
int people_read_departments(struct ctx *c, struct val list, struct member_spec *spec,
                            struct diags *diags, struct err *err) ATTR_MUST;
int people_invalid(struct err *err); /* ERR_INVALID validation */
bool people_has(struct val body, const char *key);

#endif
