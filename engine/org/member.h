/*
 * Members, departments, roles. Reads on c->db; writes inside a write job (c->db is the writer).
 */
#ifndef ORG_MEMBER_H
#define ORG_MEMBER_H

#include "engine/org/ctx.h"
#include "engine/value/json.h"

/* 1 found, 0 none or inactive, -1. The principal is in c->a. */
int member_load(struct ctx *c, int64_t id, struct principal *out, struct err *err) ATTR_MUST;
int member_by_login(struct ctx *c, struct str login, int64_t *id, struct err *err) ATTR_MUST;
/* Name for showing: 1, 0, -1. */
int member_name(struct ctx *c, int64_t id, struct str *out, struct err *err) ATTR_MUST;
/* {"id","title"} of a member, or null for 0. */
int member_json(struct ctx *c, int64_t id, struct json *out, struct err *err) ATTR_MUST;
int department_name(struct ctx *c, int64_t id, struct str *out, struct err *err) ATTR_MUST;
/* `manager` of the member, else the nearest department manager upward who is not he; 0: none. */
int member_manager(struct ctx *c, int64_t id, int64_t *out, struct err *err) ATTR_MUST;
/* All members below him, as a sorted list of ids. */
int member_reports(struct ctx *c, int64_t id, int64_t **ids, size_t *n, struct err *err) ATTR_MUST;
/* Holders of a role of an app, active ones, by id. */
int role_members(struct ctx *c, struct str app, struct str role, int64_t **ids, size_t *n,
                 struct err *err) ATTR_MUST;
int department_members(struct ctx *c, struct str name_or_id, int64_t **ids, size_t *n,
                       struct err *err) ATTR_MUST;

struct member_spec {
    struct str login;
    struct str name;
    struct str password;     /* empty: cannot log in yet */
    struct str department;   /* name or id; made when absent */
    struct str *departments; /* more, by id */
    size_t ndepartments;
    int64_t manager;
    const struct role_of *roles;
    size_t nroles;
    unsigned rights;
};
/* Login 1–64 characters without blanks, unique by fold; password 8–256 characters (15 common ones
 * and the login itself refused). The hash is made outside the transaction: member_hash() first. */
int member_add(struct ctx *c, const struct member_spec *spec, struct str hash, int64_t *id,
               struct diags *diags, struct err *err) ATTR_MUST;
/* Checks the password (8–256 characters, none of the common ones, not the login) and hashes it; not
 * inside a write job. Problems are in diags. */
int member_hash(struct ctx *c, struct str login, struct str password, struct str *hash,
                struct diags *diags, struct err *err) ATTR_MUST;
/* The stored hash, empty for one who cannot log in: 1, 0 no such active member, -1. */
int member_password(struct ctx *c, int64_t id, struct str *hash, struct err *err) ATTR_MUST;
int member_count(struct ctx *c, int64_t *n, struct err *err) ATTR_MUST;
int department_add(struct ctx *c, struct str name, int64_t parent, int64_t manager, int64_t *id,
                   struct err *err) ATTR_MUST;
/* A department by id text or by name: 1, 0, -1. */
int department_find(struct ctx *c, struct str name_or_id, int64_t *id, struct err *err) ATTR_MUST;

/* The secret of this installation (signs cursors), made by the first org_start(); empty before. */
int org_start(struct ctx *c, struct err *err) ATTR_MUST; /* inside a write job */
int org_secret(struct ctx *c, struct str *out, struct err *err) ATTR_MUST;

/* Pickers: what the caller may see, at most limit. Written as {id, title, …} list. */
int member_search(struct ctx *c, struct str search, int64_t department, uint32_t limit,
                  struct json *out, struct err *err) ATTR_MUST;
int department_list(struct ctx *c, struct json *out, struct err *err) ATTR_MUST;

#endif
