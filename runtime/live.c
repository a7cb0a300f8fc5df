/*
 * Rights of live events. They carry ids and versions only; whoever may not read the row is told
 * nothing.
 */
#include "runtime/live.h"

#include "engine/base/log.h"
#include "engine/org/member.h"
#include "engine/record/record.h"

static void put(char *to, size_t cap, struct str s)
{
    s = str_sub(s, 0, cap - 1);
    if (s.n)
        memcpy(to, s.p, s.n);
    to[s.n] = '\0';
}

void live_copy(struct live_event *out, const struct event *ev)
{
    put(out->app, sizeof(out->app), ev->app);
    put(out->form, sizeof(out->form), ev->form);
    put(out->op, sizeof(out->op), ev->op);
    out->id = ev->id;
    out->version = ev->version;
}

void live_begin(struct live *l, struct engine *e, struct arena *a, struct conn *reader)
{
    engine_ctx(e, a, reader, &l->c);
    map_init(&l->members, a);
    map_init(&l->apps, a);
}

void live_end(struct live *l)
{
    (void)l; /* the references of apps are deferred on the arena */
}

static void drop(void *arg)
{
    struct app *app = arg;
    app_unref(&app);
}

static struct app *app_of(struct live *l, const char *key)
{
    struct app *app = map_get(&l->apps, str_of(key));
    if (app)
        return app;
    app = engine_app(l->c.engine, str_of(key));
    if (!app)
        return NULL;
    arena_defer(l->c.a, drop, app);
    map_put(&l->apps, str_of(key), app);
    return app;
}

static struct principal *member_of(struct live *l, int64_t id)
{
    char buf[16];
    struct err err = ERR_INIT;
    struct str key = str_dup(l->c.a, id_print(id, buf));
    struct principal *who = map_get(&l->members, key);
    if (who)
        return who;
    who = ARENA_NEW(l->c.a, struct principal);
    l->c.who = &who_nobody;
    if (member_load(&l->c, id, who, &err) != 1)
        who->kind = WHO_NOBODY;
    map_put(&l->members, key, who);
    return who;
}

static bool in_app(const struct principal *who, const char *app)
{
    if (who->rights & ADMIN_DESIGN)
        return true;
    for (size_t i = 0; i < who->nroles; i++)
        if (str_eqz(who->roles[i].app, app))
            return true;
    return false;
}

/* A job concerns the one who asked for it. */
static bool own_job(struct live *l, int64_t job, const struct principal *who)
{
    struct err err = ERR_INIT;
    struct sql q;
    int64_t by = 0;
    sql_init(&q, l->c.a, store_dialect(l->c.store));
    sql_lit(&q, "SELECT created_by FROM _job WHERE id = ");
    sql_bind_int(&q, job);
    return store_get_int(l->c.db, l->c.a, &q, &by, &err) == 1 && by == who->id;
}

/* A notice concerns its member. */
static bool own_notice(struct live *l, int64_t id, const struct principal *who)
{
    struct err err = ERR_INIT;
    struct sql q;
    int64_t member = 0;
    sql_init(&q, l->c.a, store_dialect(l->c.store));
    sql_lit(&q, "SELECT member FROM _notice WHERE id = ");
    sql_bind_int(&q, id);
    return store_get_int(l->c.db, l->c.a, &q, &member, &err) == 1 && member == who->id;
}

static bool may_see(struct live *l, const struct live_event *ev, const struct principal *who)
{
    struct err err = ERR_INIT;
    if (!strcmp(ev->op, "job"))
        return own_job(l, ev->id, who);
    if (!strcmp(ev->op, "notice"))
        return own_notice(l, ev->id, who);
    if (!ev->form[0])
        return in_app(who, ev->app);
    l->c.app = app_of(l, ev->app);
    struct form *f = l->c.app ? app_form(l->c.app, str_of(ev->form)) : NULL;
    if (!f)
        return false;
    int rc = record_could_read(&l->c, f, ev->id, &err);
    if (rc < 0)
        log_event(LOG_WARN, "live_rights", LOG_TEXT("code", str_of(err.key)));
    return rc == 1;
}

static struct str kind_of(const char *op)
{
    static const char *const OWN[] = {"task", "message", "notice", "job", "definition"};
    for (size_t i = 0; i < ARRAY_LEN(OWN); i++)
        if (!strcmp(op, OWN[i]))
            return str_of(OWN[i]);
    return STR("record");
}

bool live_text(struct live *l, const struct live_event *ev, int64_t n, int64_t member,
               struct str *text)
{
    char id[16];
    const struct principal *who = member_of(l, member);
    l->c.who = who;
    if (who->kind != WHO_MEMBER || !may_see(l, ev, who))
        return false;
    struct strb b;
    struct json j;
    strb_init(&b, l->c.a);
    struct str kind = kind_of(ev->op);
    strb_addf(&b, "id: %lld\nevent: %.*s\ndata: ", (long long)n, STR_ARG(kind));
    json_init(&j, &b);
    json_begin_obj(&j);
    json_kstr(&j, "app", str_of(ev->app));
    if (ev->form[0])
        json_kstr(&j, "form", str_of(ev->form));
    json_kstr(&j, "id", id_print(ev->id, id));
    json_kint(&j, "version", ev->version);
    json_kstr(&j, "op", str_of(ev->op));
    json_end_obj(&j);
    strb_addz(&b, "\n\n");
    *text = strb_str(&b);
    return true;
}
