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

/* ---- what externals see (org/visible.c) ---- */

/* An external sees his own organisation and nobody else; everybody else sees all. */
static inline bool org_limited(const struct ctx *c)
{
    return c->who->kind == WHO_MEMBER && c->who->org;
}
/* Appends " AND <alias>.org = …" for an external; alias is a literal over _member or _department.
 */
#define org_limit(c, q, alias)                                                                     \
    do {                                                                                           \
        if (org_limited(c)) {                                                                      \
            sql_lit((q), " AND " alias ".org = ");                                                 \
            sql_bind_int((q), (c)->who->org);                                                      \
        }                                                                                          \
    } while (0)
/* 1 he is there and the caller may see him, 0, -1. */
int member_visible(struct ctx *c, int64_t id, struct err *err) ATTR_MUST;
int department_visible(struct ctx *c, int64_t id, struct err *err) ATTR_MUST;
/* May the member `viewer`, who need not be the caller, see this one? 1, 0, -1. */
int member_seen_by(struct ctx *c, int64_t viewer, int64_t id, struct err *err) ATTR_MUST;
/* Names as the caller may see them: 1, 0, -1. */
int member_title(struct ctx *c, int64_t id, struct str *out, struct err *err) ATTR_MUST;
int department_title(struct ctx *c, int64_t id, struct str *out, struct err *err) ATTR_MUST;
/* {"id","title"}; the title null where the caller may not see him. */
struct val org_ref(struct ctx *c, int64_t id, struct str name, bool visible);
/* -1 no such role, 0 for our own people, 1 for externals too. Defined in engine.c. */
int engine_role(struct engine *e, struct str app, struct str role);

struct member_spec {
    int64_t id; /* 0: a new one is made */
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
    bool org_admin;
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

/* ---- changes (member_change.c) ---- */

enum member_part {
    MEMBER_LOGIN = 1,
    MEMBER_NAME = 2,
    MEMBER_MANAGER = 4,
    MEMBER_DEPARTMENTS = 8,
    MEMBER_ROLES = 16,
    MEMBER_RIGHTS = 32,
    MEMBER_ACTIVE = 64,
    MEMBER_ORG_ADMIN = 128
};
struct member_change {
    int64_t id;
    unsigned parts; /* which of the following count */
    struct member_spec spec;
    bool active;
};
/*
 * Keeps what must hold: a login is unique, a manager is no circle, an external is in one
 * organisation only and has neither rights nor roles of ours, and the last one with a right keeps
 * it (ERR_CONFLICT last_administrator). Who is put out of work loses his sessions. 1, 0 no such
 * member, -1.
 */
int member_change(struct ctx *c, const struct member_change *m, struct diags *diags,
                  struct err *err) ATTR_MUST;
/* Removes one who left no trace; the caller has made sure of that. */
int member_remove(struct ctx *c, int64_t id, struct err *err) ATTR_MUST;
int member_set_password(struct ctx *c, int64_t id, struct str hash, bool must_change,
                        struct err *err) ATTR_MUST;
/* Ends his sessions but the one whose hash is `keep`. */
int member_end_sessions(struct ctx *c, int64_t id, struct str keep, struct err *err) ATTR_MUST;
/* Tests a member's departments, roles and rights against each other and stores his organisation. */
int member_settle(struct ctx *c, int64_t id, struct diags *diags, struct err *err) ATTR_MUST;

/* ---- departments ---- */

struct department_spec {
    struct str name;
    int64_t parent, manager;
    bool external;
    int64_t pos;
};
enum department_part {
    DEPARTMENT_NAME = 1,
    DEPARTMENT_PARENT = 2,
    DEPARTMENT_MANAGER = 4,
    DEPARTMENT_EXTERNAL = 8,
    DEPARTMENT_POS = 16,
    DEPARTMENT_ALL = 31
};
struct department_change {
    int64_t id;
    unsigned parts;
    struct department_spec spec;
};
/* A name is used once under one parent (409 duplicate); the tree has no circle. */
int department_new(struct ctx *c, const struct department_spec *spec, int64_t *id,
                   struct diags *diags, struct err *err) ATTR_MUST;
/* 1, 0 no such department, -1. */
int department_change(struct ctx *c, const struct department_change *d, struct diags *diags,
                      struct err *err) ATTR_MUST;
/* Only one without members and departments below it: ERR_CONFLICT in_use. 1, 0, -1. */
int department_remove(struct ctx *c, int64_t id, struct err *err) ATTR_MUST;
/* The department and all below it, those above first. */
int departments_below(struct ctx *c, int64_t id, int64_t **ids, size_t *n,
                      struct err *err) ATTR_MUST;
/* Members of the department and of those below it. */
int department_members_below(struct ctx *c, int64_t id, int64_t **ids, size_t *n,
                             struct err *err) ATTR_MUST;
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
