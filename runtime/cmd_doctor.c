/*
 * mortise doctor and version: what there is to work with.
 */
#include "runtime/cmd.h"

#include "engine/store/migrate.h"
#include "runtime/host.h"
#include "runtime/http_mhd.h"

#include <stdio.h>
#include <sys/resource.h>
#include <sys/statvfs.h>
#include <unistd.h>

#ifndef MORTISE_VERSION
#define MORTISE_VERSION "0.1.0"
#endif

int cmd_version(struct arena *a, int argc, char **argv)
{
    (void)a, (void)argc, (void)argv;
    printf("mortise %s\nschema %d\nlibmicrohttpd %s\n", MORTISE_VERSION, migrate_latest(),
           http_library());
    return EXIT_FINE;
}

static void line(const char *name, bool ok, const char *text)
{
    printf("%-4s %-12s %s\n", ok ? "ok" : "BAD", name, text);
}

static bool check_files(char *text, size_t cap)
{
    struct rlimit r = {0};
    int rc = getrlimit(RLIMIT_NOFILE, &r);
    (void)snprintf(text, cap, "%llu open files", (unsigned long long)r.rlim_max);
    return rc == 0 && r.rlim_max >= 1024;
}

static bool check_space(struct arena *a, struct str dir, char *text, size_t cap)
{
    struct statvfs st = {0};
    int rc = statvfs(str_z(a, dir), &st);
    unsigned long long mb = (unsigned long long)st.f_bavail * st.f_frsize >> 20;
    (void)snprintf(text, cap, rc ? "no data folder yet" : "%llu MB free", mb);
    return rc != 0 || mb > 512;
}

static bool check_store(struct arena *a, const struct config *cfg, char *text, size_t cap)
{
    struct err err = ERR_INIT;
    struct store *s = NULL;
    struct conn *c = NULL;
    struct store_opts opts = {.mono_us = clock_mono_us};
    int fd = -1;
    bool taken;
    if (access(str_z(a, str_fmt(a, "%.*s/mortise.db", STR_ARG(cfg->data))), F_OK)) {
        (void)snprintf(text, cap, "no database yet");
        return true;
    }
    if (host_lock(a, cfg, &fd, &taken, &err) || taken) {
        (void)snprintf(text, cap, taken ? "in use by a server (mortise verify checks it)" : "%s",
                       err.en);
        return taken;
    }
    int rc = store_open(host_store_url(a, cfg), &opts, &s, &err) || store_conn_open(s, &c, &err) ||
             store_check(c, a, &err);
    store_conn_close(&c);
    store_close(&s);
    close(fd);
    (void)snprintf(text, cap, "%s", rc ? err.en : "database is sound");
    return !rc;
}

int cmd_doctor(struct arena *a, int argc, char **argv)
{
    struct config cfg;
    struct err err = ERR_INIT;
    char text[512];
    bool all = true, ok;
    if (config_parse(a, argc, argv, &cfg, &err))
        return cmd_usage(argv[0], err.en);
    ok = check_files(text, sizeof(text));
    line("files", ok, text);
    all = all && ok;
    ok = check_space(a, cfg.data, text, sizeof(text));
    line("space", ok, text);
    all = all && ok;
    ok = check_store(a, &cfg, text, sizeof(text));
    line("database", ok, text);
    all = all && ok;
    ok = access(str_z(a, cfg.apps), R_OK) == 0;
    line("apps", ok, ok ? "folder of apps is there" : "no folder of apps (--apps)");
    all = all && ok;
    ok = access("/usr/share/zoneinfo/Asia/Shanghai", R_OK) == 0;
    line("zones", ok, ok ? "time zone data is there" : "install tzdata");
    return all && ok ? EXIT_FINE : EXIT_PROBLEMS;
}
