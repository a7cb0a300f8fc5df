/*
 * Hearing other programs on the same database: their events are published here too, what they
 * published is loaded. What is said is written by engine.c (tell_others).
 */
#include "engine/engine_int.h"

struct hearing {
    struct ctx *c;
    struct err *err;
    int rc;
};

/* One line of tell_others(), said by another program. */
static void heard_line(struct hearing *h, struct str line)
{
    struct engine *e = h->c->engine;
    struct event ev = {0};
    struct str node, id;
    int64_t n;
    line = str_cut(line, ' ', &node);
    line = str_cut(line, ' ', &ev.app);
    line = str_cut(line, ' ', &ev.form);
    line = str_cut(line, ' ', &ev.op);
    line = str_cut(line, ' ', &id);
    if (!str_int(node, 0, UINT32_MAX, &n) || n == e->ids.node ||
        !str_int(id, INT64_MIN, INT64_MAX, &ev.id) ||
        !str_int(line, INT64_MIN, INT64_MAX, &ev.version))
        return;
    if (str_eqz(ev.op, "definition") && engine_reload(h->c, ev.app, h->err) < 0)
        h->rc = -1;
    if (e->listen)
        e->listen(e->listen_self, &ev);
}

static void heard(void *arg, struct str text)
{
    struct str line;
    while (text.n) {
        text = str_cut(text, '\n', &line);
        heard_line(arg, line);
    }
}

/* Something may have been missed: what runs is read again. */
static int reload_all(struct ctx *c, struct err *err)
{
    VEC(struct str) keys = {0};
    struct sql q;
    struct stmt *s;
    int step;
    ctx_sql(c, &q);
    sql_lit(&q, "SELECT app FROM _app_state");
    if (store_query(c->db, c->a, &q, &s, err) < 0)
        return -1;
    while ((step = stmt_step(s, err)) == 1)
        (void)vec_push(c->a, &keys, str_dup(c->a, stmt_str(s, 0)));
    stmt_done(s);
    for (size_t i = 0; step == 0 && i < keys.n; i++)
        step = engine_reload(c, keys.v[i], err);
    return step;
}

int engine_hear(struct ctx *c, int wait_ms, struct err *err)
{
    struct hearing h = {c, err, 0};
    int rc = store_hear(c->db, wait_ms, heard, &h, err);
    if (rc)
        return rc < 0 ? -1 : h.rc;
    return reload_all(c, err);
}
