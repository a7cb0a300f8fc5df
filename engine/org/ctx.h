/*
 * Who acts, on what, when, how: passed to everything above the store. One per request, job or
 * command; used by one thread at a time (a write job may run it on the leading thread while its own
 * waits).
 */
#ifndef ORG_CTX_H
#define ORG_CTX_H

#include "engine/base/id.h"
#include "engine/meta/app.h"
#include "engine/store/store.h"
#include "engine/vault/vault.h"

struct engine;
struct asof;

enum who_kind {
    WHO_NOBODY, /* no session: may log in, set up */
    WHO_MEMBER,
    WHO_PUBLIC, /* a visitor of a public form: the `public: true` grants */
    WHO_SYSTEM  /* the engine itself, `as: system` scripts, timers: every right but restrict and
                   checks */
};

enum via {
    VIA_UI,
    VIA_API,
    VIA_IMPORT,
    VIA_BATCH,
    VIA_SCRIPT,
    VIA_FLOW,
    VIA_TIMER,
    VIA_PUBLIC,
    VIA_SYSTEM,
    VIA_AUTOMATION
};
struct str via_name(enum via via);

enum lang { LANG_ZH, LANG_EN };

enum admin_right { ADMIN_DESIGN = 1, ADMIN_PEOPLE = 2, ADMIN_OPERATE = 4 };

struct role_of {
    struct str app;
    struct str role;
};

/* A member as loaded for one request. */
struct principal {
    enum who_kind kind;
    int64_t id; /* member id; 0 for nobody, public, system */
    struct str login;
    struct str name;
    int64_t manager;      /* 0: none */
    const int64_t *depts; /* own departments, main one first */
    size_t ndepts;
    const int64_t *depts_below; /* own and all below, sorted */
    size_t ndepts_below;
    const struct role_of *roles;
    size_t nroles;
    int64_t org;          /* the external organisation he belongs to; 0: one of our own */
    bool org_admin;       /* of his organisation */
    bool must_change;     /* his password, before anything else */
    unsigned rights;      /* enum admin_right */
    unsigned scopes;      /* tokens: 1 read, 2 write; sessions: 3 */
    struct str scope_app; /* token narrowed to one app; empty: all */
};

/* A change that happened, for live events, published after the commit. */
struct event {
    struct str app, form;
    int64_t id;
    int64_t version;
    struct str op; /* create update delete restore task definition job */
};

struct ctx {
    struct engine *engine;
    struct store *store;
    struct vault *vault; /* keys of what is encrypted at rest */
    struct conn *db;     /* this thread's reader; inside a write job the writing connection */
    struct arena *a;     /* of the request */
    struct app *app;     /* the app of the request, or NULL; a counted reference is held outside */
    const struct principal *who;
    enum via via;
    enum lang lang;
    int64_t now_us; /* fixed for the whole request */
    struct id_gen *ids;
    void (*random)(void *buf, size_t n);
    struct str request_id;
    int64_t job;              /* import, merge or undo that history names; hooks write for it too */
    int depth;                /* of chained hooks and automations; 8 is the end */
    int chain;                /* how many queued automations led here (engine/automation) */
    int64_t hook_deadline_us; /* monotonic, for all hooks of one request; 0: not started */
    int64_t hook_spent_us;
    int64_t (*mono_us)(void);
    void *lua;          /* struct lua_box * of this request, made when needed */
    struct str trace;   /* of the script that failed, for those who may design */
    struct asof *as_of; /* reads are as of an instant (record/asof.h); NULL: as of now */
    void *records;      /* what record/ remembers within this request, made when needed */
    VEC(struct event) events;
};

/* The app `people` has roles nobody is given: admin (the right `people`), internal, external,
 * org_admin. */
bool who_has_role(const struct principal *who, struct str app, struct str role);
bool ctx_is_system(const struct ctx *c);
extern const struct principal who_system;
extern const struct principal who_nobody;
/* An empty statement in the store's dialect, on the request's arena. */
void ctx_sql(struct ctx *c, struct sql *q);
/* Adds an event to be published after the commit. */
void ctx_event(struct ctx *c, struct str app, struct str form, int64_t id, int64_t version,
               struct str op);

#endif
