/*
 * mortise move --from URL --to URL: everything of one database into another, and its check.
 */
#include "engine/store/migrate.h"
#include "engine/store/move.h"
#include "engine/vault/vault.h"
#include "runtime/clock.h"
#include "runtime/cmd.h"
#include "runtime/config.h"

#include <stdio.h>
#include <unistd.h>

static void say_table(void *arg, struct str name, int64_t rows, uint64_t sum)
{
    (void)arg;
    printf("%-48.*s %10lld rows  %016llx\n", STR_ARG(name), (long long)rows,
           (unsigned long long)sum);
}

/* SQLite would make the file of a mistyped path. */
static int check_source(struct arena *a, struct str url, struct err *err)
{
    if (!str_starts(url, STR("sqlite:")) || access(str_z(a, str_sub(url, 7, url.n)), F_OK) == 0)
        return 0;
    return err_set(err, ERR_NOT_FOUND, "store_open", "没有数据库文件“%.*s”。",
                   "There is no database file “%.*s”.", STR_ARG(str_sub(url, 7, url.n)));
}

static int move_all(struct arena *a, const struct config *cfg, struct err *err)
{
    struct store_opts opts = {.mono_us = clock_mono_us};
    struct move m = {.now_us = clock_real_us(), .table = say_table};
    int rc = check_source(a, cfg->from, err);
    if (rc == 0)
        rc = store_open(cfg->from, &opts, &m.from, err);
    if (rc == 0)
        rc = store_open(cfg->to, &opts, &m.to, err);
    if (rc == 0)
        rc = migrate_run(m.from, m.now_us, err);
    if (rc == 0)
        rc = move_run(&m, err);
    store_close(&m.to);
    store_close(&m.from);
    if (rc == 0)
        printf("%lld tables, %lld rows: the same on both sides\n", (long long)m.tables,
               (long long)m.rows);
    return rc;
}

int cmd_move(struct arena *a, int argc, char **argv)
{
    struct config cfg;
    struct err err = ERR_INIT;
    if (config_parse(a, argc, argv, &cfg, &err))
        return cmd_usage(argv[0], err.en);
    if (!cfg.from.n || !cfg.to.n || cfg.npos)
        return cmd_usage(argv[0], "name both databases: --from URL --to URL");
    if (vault_init() || move_all(a, &cfg, &err))
        return cmd_problem(&err);
    return EXIT_FINE;
}
