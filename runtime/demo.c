/*
 * Demo members. Their password is MORTISE_DEMO_PASSWORD or a generated one that is kept in
 * DATA/demo-password (0600); there is none in the program.
 */
#include "runtime/demo.h"

#include "engine/org/member.h"
#include "engine/vault/vault.h"
#include "runtime/slurp.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

struct demo {
    struct ctx *c;
    struct member_spec spec[64];
    size_t n;
    struct str hash;
    struct diags diags;
};

static int password_file(struct ctx *c, struct str path, struct str *out, struct err *err)
{
    struct err ignored = ERR_INIT;
    if (slurp_file(c->a, path, 1024, out, &ignored) == 0 && str_trim(*out).n) {
        *out = str_trim(*out);
        return 0;
    }
    *out = str_sub(vault_token(c->a), 0, 16);
    int fd = open(str_z(c->a, path), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    struct str line = str_fmt(c->a, "%.*s\n", STR_ARG(*out));
    if (fd < 0 || write(fd, line.p, line.n) != (ssize_t)line.n || close(fd))
        return err_set(err, ERR_STORE, "demo_password", "无法写入“%.*s”：%s。",
                       "Cannot write “%.*s”: %s.", STR_ARG(path), strerror(errno));
    return 0;
}

static int password_of(struct ctx *c, const struct config *cfg, struct str *out, struct err *err)
{
    const char *env = getenv("MORTISE_DEMO_PASSWORD");
    if (env && *env) {
        *out = str_of(env);
        return 0;
    }
    return password_file(c, str_fmt(c->a, "%.*s/demo-password", STR_ARG(cfg->data)), out, err);
}

static struct member_spec *spec_of(struct demo *d, struct str login)
{
    for (size_t i = 0; i < d->n; i++)
        if (str_eq(d->spec[i].login, login))
            return &d->spec[i];
    if (d->n == ARRAY_LEN(d->spec))
        return NULL;
    d->spec[d->n] = (struct member_spec){.login = login, .department = STR("演示部门")};
    return &d->spec[d->n++];
}

static void add_role(struct demo *d, const struct app *app, const struct role *role)
{
    struct arena *a = d->c->a;
    struct member_spec *s = spec_of(d, str_dup(a, role->key));
    if (!s)
        return;
    struct role_of *v = ARENA_ARRAY(a, struct role_of, s->nroles + 1);
    if (s->nroles)
        memcpy(v, s->roles, s->nroles * sizeof(*v));
    v[s->nroles++] = (struct role_of){str_dup(a, app->key), str_dup(a, role->key)};
    s->roles = v;
    if (!s->name.n)
        s->name = str_dup(a, role->title);
}

/* Roles of the apps in the folder: nothing runs yet. */
static void roles_of_folder(struct demo *d, const struct config *cfg)
{
    struct ctx *c = d->c;
    DIR *dir = opendir(str_z(c->a, cfg->apps));
    for (struct dirent *e; dir && (e = readdir(dir));) {
        struct diags diags;
        struct draft draft = {.diags = &diags};
        struct err err = ERR_INIT; /* engine_start() says what is wrong with an app */
        diags_init(&diags, c->a);
        if (!str_is_key(str_of(e->d_name)) ||
            engine_draft(c->engine, c->a, str_of(e->d_name), &draft, &err))
            continue;
        for (size_t i = 0; draft.app && i < draft.app->nroles; i++)
            add_role(d, draft.app, &draft.app->roles[i]);
        app_unref(&draft.app);
    }
    if (dir)
        closedir(dir);
}

static int add_missing(struct ctx *c, void *arg, struct err *err)
{
    struct demo *d = arg;
    for (size_t i = 0; i < d->n; i++) {
        int64_t id;
        int rc = member_by_login(c, d->spec[i].login, &id, err);
        if (rc == 0)
            rc = member_add(c, &d->spec[i], d->hash, &id, &d->diags, err);
        if (rc < 0)
            return -1;
    }
    return 0;
}

int demo_members(struct ctx *c, const struct config *cfg, struct str *logins, struct str *password,
                 struct err *err)
{
    struct demo *d = ARENA_NEW(c->a, struct demo);
    struct strb b;
    d->c = c;
    diags_init(&d->diags, c->a);
    if (password_of(c, cfg, password, err))
        return -1;
    struct member_spec *admin = spec_of(d, STR("admin"));
    admin->name = STR("管理员");
    admin->rights = ADMIN_DESIGN | ADMIN_PEOPLE | ADMIN_OPERATE;
    roles_of_folder(d, cfg);
    if (vault_password_hash(c->a, *password, &d->hash, err) || engine_write(c, add_missing, d, err))
        return -1;
    strb_init(&b, c->a);
    for (size_t i = 0; i < d->n; i++)
        strb_addf(&b, "%s%.*s", i ? "  " : "", STR_ARG(d->spec[i].login));
    *logins = strb_str(&b);
    return 0;
}
