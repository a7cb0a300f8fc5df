/*
 * Nothing is removed whose backup was not made and checked first.
 */
#include "runtime/purge.h"

#include "engine/base/log.h"
#include "engine/record/retired.h"
#include "runtime/backup.h"

#include <errno.h>
#include <sys/stat.h>

#define KEEP_US (30 * INT64_C(86400) * US_PER_S)

struct purging {
    int64_t before_us;
    bool more;
};

static int one(struct ctx *c, void *arg, struct err *err)
{
    struct purging *p = arg;
    return retired_drop(c, p->before_us, &p->more, err);
}

/* DATA/backups/purge-20261124T101500Z.mortise */
static int backup(struct server *server, struct ctx *c, struct err *err)
{
    char at[40];
    struct strb name;
    struct str dir = str_fmt(c->a, "%.*s/backups", STR_ARG(server->cfg->data));
    struct str when = civil_print_instant(c->now_us / US_PER_S * US_PER_S, at);
    if (mkdir(str_z(c->a, dir), 0700) && errno != EEXIST)
        return err_set(err, ERR_STORE, "backup", "无法创建备份目录。",
                       "The folder of backups cannot be made.");
    strb_init(&name, c->a);
    strb_addf(&name, "%.*s/purge-", STR_ARG(dir));
    for (size_t i = 0; i < when.n; i++)
        if (when.p[i] != ':' && when.p[i] != '-')
            strb_addc(&name, when.p[i]);
    strb_addz(&name, ".mortise");
    return backup_make(c->store, server->cfg, c->a, strb_str(&name), err);
}

void purge_run(struct server *server, struct ctx *c, const bool *stop)
{
    struct err err = ERR_INIT;
    struct purging p = {.before_us = c->now_us - KEEP_US};
    int64_t n = 0;
    int rc = retired_due(c, p.before_us, &n, &err);
    p.more = n > 0;
    if (rc == 0 && p.more)
        rc = backup(server, c, &err);
    while (rc == 0 && p.more && !*stop)
        rc = engine_write(c, one, &p, &err);
    if (rc < 0)
        log_event(LOG_WARN, "purge", LOG_TEXT("code", str_of(err.key)));
    else if (n)
        log_event(LOG_INFO, "purge", LOG_NUM("removed", n));
}
