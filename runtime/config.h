/*
 * Options of the commands, as one table: name, argument, default, environment name, help. The
 * command line wins over MORTISE_<OPTION>, which wins over the default.
 */
#ifndef RUNTIME_CONFIG_H
#define RUNTIME_CONFIG_H

#include "engine/base/err.h"
#include "engine/base/str.h"

#define CONFIG_POS_MAX 64
#define CONFIG_SET_MAX 256

struct config {
    /* where things are */
    struct str apps;
    struct str data;
    struct str store;
    struct str listen;
    struct str assets;
    struct str timezone;
    struct str tls_cert, tls_key;
    struct str keys; /* folder of master.key; empty: beside the data folder */
    struct str backup_key;
    struct str outbound_allow; /* networks that webhooks may call besides the Internet */
    struct str smtp;           /* smtp[s]://user:password@host:port; empty: no mail */
    struct str mail_from;
    struct str proxy; /* address whose X-Forwarded-For and -Proto are believed; empty: none */
    /* how serve works */
    bool demo;
    bool dev; /* publish what is saved */
    bool test_clock;
    int64_t workers;
    int64_t http_threads;
    int64_t connections;
    int64_t queue;
    struct str log_level;
    /* the other commands */
    bool allow_data_loss;
    bool password_stdin;
    bool dry_run;
    struct str name, role, department, rights;
    struct str map, mode, key, as;
    struct str filter, fields, format, via;
    struct str member;
    struct str from, to;
    /* arguments without a dash, and --set key=json … */
    struct str pos[CONFIG_POS_MAX];
    size_t npos;
    struct str set[CONFIG_SET_MAX];
    size_t nset;
};

/* argv[0] is the command's name; unknown or misplaced options are an error (usage). */
int config_parse(struct arena *a, int argc, char **argv, struct config *out,
                 struct err *err) ATTR_MUST;
/* The options of a command, for its help. */
struct strb;
void config_help(struct strb *out, const char *command);

#endif
