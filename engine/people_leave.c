/*
 * One who leaves: what he left behind, and giving it to somebody else.
 */
#include "engine/engine.h"
#include "engine/flow/flow.h"
#include "engine/meta/people_app.h"
#include "engine/people.h"
#include "engine/record/owned.h"

#define STEP 200 /* records of one transaction */

/* ---- every form of every running app but people's ---- */

typedef int form_fn(struct ctx *c, const struct form *f, void *arg, struct err *err);

static void drop_app(void *arg)
{
    struct app *app = arg;
    app_unref(&app);
}

/* Stops at the first answer that is not 0. */
static int each_form(struct ctx *c, form_fn *fn, void *arg, struct err *err)
{
    struct str *keys;
    size_t n = engine_apps(c->engine, c->a, &keys);
    struct app *outer = c->app;
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < n; i++) {
        struct app *app = engine_app(c->engine, keys[i]);
        if (!app)
            continue;
        arena_defer(c->a, drop_app, app);
        c->app = app;
        for (size_t k = 0; rc == 0 && !people_is(app) && k < app->nforms; k++)
            rc = fn(c, app->forms[k], arg, err);
        c->app = outer;
    }
    return rc;
}

/* ---- traces ---- */

static int trace_in(struct ctx *c, const struct form *f, void *arg, struct err *err)
{
    return owned_trace(c, f, *(const int64_t *)arg, err);
}

int people_trace(struct ctx *c, int64_t member, struct err *err)
{
    static const struct str places[] = {
        STR("SELECT id FROM _history WHERE who = "),
        STR("SELECT n FROM _audit WHERE who = "),
        STR("SELECT id FROM _comment WHERE who = "),
        STR("SELECT id FROM _task WHERE holder = "),
        STR("SELECT id FROM _task WHERE on_behalf = "),
        STR("SELECT id FROM _task WHERE by = "),
        STR("SELECT id FROM _flow_instance WHERE started_by = "),
        STR("SELECT id FROM _department WHERE manager = "),
        STR("SELECT id FROM _member WHERE manager = "),
        STR("SELECT id FROM _delegation WHERE delegate = "),
        STR("SELECT id FROM _file WHERE created_by = "),
    };
    for (size_t i = 0; i < ARRAY_LEN(places); i++) {
        struct sql q;
        int64_t one;
        ctx_sql(c, &q);
        sql_lit_(&q, places[i]);
        sql_bind_int(&q, member);
        sql_lit(&q, " LIMIT 1");
        int found = store_get_int(c->db, c->a, &q, &one, err);
        if (found)
            return found;
    }
    return each_form(c, trace_in, &member, err);
}

/* ---- records ---- */

struct handing {
    const struct hand_over *h;
    struct hand_over_counts *out;
};

struct step {
    const struct form *form;
    int64_t from, to;
    int64_t n; /* changed by this one */
};

static int give_some(struct ctx *c, void *arg, struct err *err)
{
    struct step *s = arg;
    int64_t *ids;
    size_t n = STEP;
    char buf[16];
    struct pair owner = {STR("_owner"), val_text(str_dup(c->a, id_print(s->to, buf)))};
    s->n = 0;
    if (owned_ids(c, s->form, s->from, &ids, &n, err))
        return -1;
    for (size_t i = 0; i < n; i++) {
        struct diags diags;
        struct rec_write w = {.op = REC_UPDATE,
                              .form = s->form,
                              .id = ids[i],
                              .values = val_obj(&owner, 1),
                              .no_version = true,
                              .mode = WRITE_OWN_RIGHT | WRITE_SYSTEM_FIELDS | WRITE_LOCKED_OK};
        diags_init(&diags, c->a);
        if (record_write(c, &w, NULL, &diags, err))
            return -1;
        s->n++;
    }
    return 0;
}

static int give_form(struct ctx *c, const struct form *f, void *arg, struct err *err)
{
    struct handing *hand = arg;
    struct hand_over_form line = {.app = f->app->key, .form = f->key, .title = f->title};
    if (owned_count(c, f, hand->h->from, &line.n, err))
        return -1;
    if (!line.n)
        return 0;
    struct step s = {.form = f, .from = hand->h->from, .to = hand->h->to, .n = 1};
    for (int64_t left = line.n; !hand->h->preview && s.n && left > 0; left -= s.n)
        if (engine_write(c, give_some, &s, err))
            return -1;
    hand->out->records += line.n;
    (void)vec_push(c->a, &hand->out->forms, line);
    return 0;
}

/* ---- departments and those who report to him ---- */

static int ids_of(struct ctx *c, struct str head, int64_t id, int64_t **out, size_t *n,
                  struct err *err)
{
    struct sql q;
    struct stmt *s;
    VEC(int64_t) list = {0};
    ctx_sql(c, &q);
    sql_lit_(&q, head);
    sql_bind_int(&q, id);
    sql_lit(&q, " ORDER BY id");
    if (store_query(c->db, c->a, &q, &s, err))
        return -1;
    int step;
    while ((step = stmt_step(s, err)) == 1)
        (void)vec_push(c->a, &list, stmt_int(s, 0));
    stmt_done(s);
    *out = list.v;
    *n = list.n;
    return step;
}

static int give_departments(struct ctx *c, const struct hand_over *h, const int64_t *ids, size_t n,
                            struct err *err)
{
    for (size_t i = 0; i < n; i++) {
        struct diags diags;
        struct department_change d = {
            .id = ids[i], .parts = DEPARTMENT_MANAGER, .spec = {.manager = h->to}};
        diags_init(&diags, c->a);
        if (department_change(c, &d, &diags, err) < 0 ||
            people_department_saved(c, ids[i], false, err))
            return -1;
    }
    return 0;
}

/* His reports get the new manager; the new manager, if he was one of them, the leaver's own. */
static int give_reports(struct ctx *c, const struct hand_over *h, const int64_t *ids, size_t n,
                        struct err *err)
{
    struct sql q;
    int64_t above = 0;
    ctx_sql(c, &q);
    sql_lit(&q, "SELECT COALESCE(manager, 0) FROM _member WHERE id = ");
    sql_bind_int(&q, h->from);
    if (store_get_int(c->db, c->a, &q, &above, err) < 0)
        return -1;
    for (size_t pass = 0; pass < 2; pass++) /* the new manager first: no circle on the way */
        for (size_t i = 0; i < n; i++) {
            struct diags diags;
            bool himself = ids[i] == h->to;
            struct member_change m = {.id = ids[i],
                                      .parts = MEMBER_MANAGER,
                                      .spec = {.manager = himself ? above : h->to}};
            diags_init(&diags, c->a);
            if (himself != (pass == 0))
                continue;
            if (member_change(c, &m, &diags, err) < 0 || people_member_saved(c, ids[i], err))
                return -1;
        }
    return 0;
}

static int tasks_of(struct ctx *c, int64_t member, int64_t *n, struct err *err)
{
    struct sql q;
    *n = 0;
    ctx_sql(c, &q);
    sql_lit(&q, "SELECT COUNT(*) FROM _task WHERE state IN ('open', 'waiting') AND kind <> 'cc'"
                " AND holder = ");
    sql_bind_int(&q, member);
    return store_get_int(c->db, c->a, &q, n, err) < 0 ? -1 : 0;
}

static int give_rest(struct ctx *c, void *arg, struct err *err)
{
    struct handing *hand = arg;
    const struct hand_over *h = hand->h;
    int64_t *departments, *reports;
    size_t n, m;
    if (ids_of(c, STR("SELECT id FROM _department WHERE active = 1 AND manager = "), h->from,
               &departments, &n, err) ||
        ids_of(c, STR("SELECT id FROM _member WHERE active = 1 AND manager = "), h->from, &reports,
               &m, err) ||
        (h->tasks && tasks_of(c, h->from, &hand->out->tasks, err)))
        return -1;
    hand->out->departments = h->departments ? (int64_t)n : 0;
    hand->out->reports = h->departments ? (int64_t)m : 0;
    if (h->preview)
        return 0;
    if (h->tasks && flow_hand_over(c, h->from, h->to, &hand->out->tasks, err))
        return -1;
    if (!h->departments)
        return 0;
    return give_departments(c, h, departments, n, err) || give_reports(c, h, reports, m, err) ? -1
                                                                                              : 0;
}

int people_hand_over(struct ctx *c, const struct hand_over *h, struct hand_over_counts *out,
                     struct err *err)
{
    struct handing hand = {h, out};
    if (h->records && each_form(c, give_form, &hand, err))
        return -1;
    return h->preview ? give_rest(c, &hand, err) : engine_write(c, give_rest, &hand, err);
}
