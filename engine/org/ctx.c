/*
 * The request context: who acts and how, and the few helpers everybody above needs. No store
 * access.
 */
#include "engine/org/ctx.h"

const struct principal who_system = {.kind = WHO_SYSTEM, .scopes = 3};
const struct principal who_nobody = {.kind = WHO_NOBODY};

struct str via_name(enum via via)
{
    static const struct str names[] = {
        [VIA_UI] = STR("ui"),         [VIA_API] = STR("api"),
        [VIA_IMPORT] = STR("import"), [VIA_BATCH] = STR("batch"),
        [VIA_SCRIPT] = STR("script"), [VIA_FLOW] = STR("flow"),
        [VIA_TIMER] = STR("timer"),   [VIA_PUBLIC] = STR("public"),
        [VIA_SYSTEM] = STR("system"), [VIA_AUTOMATION] = STR("automation"),
    };
    return names[via];
}

/* What a member is in the built-in app follows from the member himself. */
static bool people_role(const struct principal *who, struct str role)
{
    if (str_eqz(role, "admin"))
        return (who->rights & ADMIN_PEOPLE) != 0;
    if (str_eqz(role, "org_admin"))
        return who->org_admin;
    return str_eqz(role, who->org ? "external" : "internal");
}

bool who_has_role(const struct principal *who, struct str app, struct str role)
{
    if (who->kind == WHO_MEMBER && str_eqz(app, "people"))
        return people_role(who, role);
    for (size_t i = 0; i < who->nroles; i++)
        if (str_eq(who->roles[i].app, app) && str_eq(who->roles[i].role, role))
            return true;
    return false;
}

bool ctx_is_system(const struct ctx *c)
{
    return c->who->kind == WHO_SYSTEM;
}

void ctx_sql(struct ctx *c, struct sql *q)
{
    sql_init(q, c->a, store_dialect(c->store));
    q->tables = c->as_of;
}

void ctx_event(struct ctx *c, struct str app, struct str form, int64_t id, int64_t version,
               struct str op)
{
    struct event ev = {.app = app, .form = form, .id = id, .version = version, .op = op};
    (void)vec_push(c->a, &c->events, ev);
}
