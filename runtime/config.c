/*
 * The table of options and how it is read. A new option is one row here and one member of struct
 * config.
 */
#include "runtime/config.h"

#include "engine/base/strb.h"

#include <stddef.h>
#include <stdlib.h>

enum kind { OPT_TEXT, OPT_INT, OPT_FLAG };

struct option_row {
    const char *name;
    const char *arg; /* for help */
    enum kind kind;
    size_t offset;
    int64_t min, max;
    const char *dflt;
    const char *cmds; /* commands that take it, " serve plan " */
    const char *help;
};

#define AT(m) offsetof(struct config, m)
#define STORE_CMDS                                                                                 \
    " serve plan apply member import export backup restore verify openapi explain doctor test "    \
    "key "

static const struct option_row OPTIONS[] = {
    {"apps", "DIR", OPT_TEXT, AT(apps), 0, 0, "apps",
     " serve plan apply member import export openapi explain doctor ",
     "folder of the apps' definitions (drafts)"},
    {"data", "DIR", OPT_TEXT, AT(data), 0, 0, "var", STORE_CMDS,
     "folder of the database and files"},
    {"store", "URL", OPT_TEXT, AT(store), 0, 0, "", STORE_CMDS "eval ",
     "sqlite:PATH or postgresql://USER@HOST/DB, default sqlite:DATA/mortise.db"},
    {"timezone", "ZONE", OPT_TEXT, AT(timezone), 0, 0, "",
     " serve plan apply check test import export eval explain ",
     "zone of apps that name none (Asia/Shanghai; eval: UTC)"},
    {"listen", "ADDR:PORT", OPT_TEXT, AT(listen), 0, 0, "127.0.0.1:8080", " serve ",
     "address to serve on; port 0 takes a free one"},
    {"assets", "DIR", OPT_TEXT, AT(assets), 0, 0, "", " serve ",
     "pages from this folder, not the built-in ones"},
    {"tls-cert", "FILE", OPT_TEXT, AT(tls_cert), 0, 0, "", " serve ", "certificate chain (PEM)"},
    {"tls-key", "FILE", OPT_TEXT, AT(tls_key), 0, 0, "", " serve ", "private key (PEM)"},
    {"trusted-proxy", "ADDR", OPT_TEXT, AT(proxy), 0, 0, "", " serve ",
     "believe X-Forwarded-For and -Proto from this address"},
    {"demo", NULL, OPT_FLAG, AT(demo), 0, 0, NULL, " serve ", "demo rows and one member per role"},
    {"dev", NULL, OPT_FLAG, AT(dev), 0, 0, NULL, " serve ",
     "publish what is saved in the apps folder, at once (loopback only)"},
    {"test-clock", NULL, OPT_FLAG, AT(test_clock), 0, 0, NULL, " serve ",
     "let tests move the clock (loopback only)"},
    {"workers", "N", OPT_INT, AT(workers), 0, 256, "0", " serve ",
     "worker threads; 0: twice the cores, at least 16"},
    {"http-threads", "N", OPT_INT, AT(http_threads), 0, 64, "0", " serve ",
     "socket threads; 0: the cores, 2 to 8"},
    {"connections", "N", OPT_INT, AT(connections), 16, 100000, "16384", " serve ",
     "most connections at a time"},
    {"queue", "N", OPT_INT, AT(queue), 1, 100000, "2048", " serve ",
     "requests that may wait for a worker"},
    {"log-level", "LEVEL", OPT_TEXT, AT(log_level), 0, 0, "info", " serve ",
     "debug info warn error"},
    {"outbound-allow", "NETS", OPT_TEXT, AT(outbound_allow), 0, 0, "", " serve ",
     "private addresses that webhooks may call, such as 10.1.0.0/16,127.0.0.1"},
    {"smtp", "URL", OPT_TEXT, AT(smtp), 0, 0, "", " serve ",
     "mail server, smtp[s]://USER:PASSWORD@HOST:PORT (better by MORTISE_SMTP)"},
    {"mail-from", "ADDRESS", OPT_TEXT, AT(mail_from), 0, 0, "", " serve ",
     "sender of mails, \"Name <address>\""},
    {"keys", "DIR", OPT_TEXT, AT(keys), 0, 0, "", STORE_CMDS,
     "folder of master.key, default DATA.keys beside the data (keep a copy elsewhere)"},
    {"backup-key", "FILE", OPT_TEXT, AT(backup_key), 0, 0, "", " serve backup restore verify ",
     "key that seals backups, default backup.key beside master.key (keep a copy elsewhere)"},
    {"allow-data-loss", NULL, OPT_FLAG, AT(allow_data_loss), 0, 0, NULL, " apply ",
     "apply destructive changes too"},
    {"name", "NAME", OPT_TEXT, AT(name), 0, 0, "", " member ", "the member's name"},
    {"role", "APP:ROLE", OPT_TEXT, AT(role), 0, 0, "", " member ", "roles, comma-separated"},
    {"department", "NAME", OPT_TEXT, AT(department), 0, 0, "", " member ", "made when absent"},
    {"rights", "LIST", OPT_TEXT, AT(rights), 0, 0, "", " member ", "design,people,operate"},
    {"password-stdin", NULL, OPT_FLAG, AT(password_stdin), 0, 0, NULL, " member ",
     "read the password from stdin"},
    {"map", "a=b,…", OPT_TEXT, AT(map), 0, 0, "", " import ", "column=field pairs"},
    {"mode", "MODE", OPT_TEXT, AT(mode), 0, 0, "insert", " import ", "insert, update or upsert"},
    {"key", "FIELD", OPT_TEXT, AT(key), 0, 0, "", " import ", "field that finds the row"},
    {"as", "LOGIN", OPT_TEXT, AT(as), 0, 0, "", " import export explain ",
     "act as this member; else as the system"},
    {"dry-run", NULL, OPT_FLAG, AT(dry_run), 0, 0, NULL, " import ",
     "check the rows, write nothing"},
    {"filter", "EXPR", OPT_TEXT, AT(filter), 0, 0, "", " export ", "only these rows"},
    {"fields", "LIST", OPT_TEXT, AT(fields), 0, 0, "", " export ", "only these fields"},
    {"format", "FORMAT", OPT_TEXT, AT(format), 0, 0, "csv", " export ", "csv or xlsx"},
    {"via", "ENGINE", OPT_TEXT, AT(via), 0, 0, "native", " eval ",
     "native, sqlite, pgsql (--store) or wasm (node)"},
    {"from", "URL", OPT_TEXT, AT(from), 0, 0, "", " move ", "database to copy; stop its servers"},
    {"to", "URL", OPT_TEXT, AT(to), 0, 0, "", " move ", "empty database, or one left half moved"},
    {"member", "LOGIN", OPT_TEXT, AT(member), 0, 0, "", " explain ", "whose rights"},
};

static const struct option_row *find(struct str name)
{
    for (size_t i = 0; i < ARRAY_LEN(OPTIONS); i++)
        if (str_eqz(name, OPTIONS[i].name))
            return &OPTIONS[i];
    return NULL;
}

static bool takes(const struct option_row *o, struct str cmd)
{
    char word[32] = " ";
    if (cmd.n + 3 > sizeof(word))
        return false;
    memcpy(word + 1, cmd.p, cmd.n);
    word[cmd.n + 1] = ' ';
    return str_find(str_of(o->cmds), (struct str){word, cmd.n + 2}, 0) >= 0;
}

static int put(struct config *c, const struct option_row *o, struct str v, struct err *err)
{
    char *at = (char *)c + o->offset;
    if (o->kind == OPT_TEXT) {
        memcpy(at, &v, sizeof(v));
        return 0;
    }
    if (o->kind == OPT_FLAG) {
        bool on = !str_eqz(v, "0") && !str_eqz(v, "false") && !str_eqz(v, "no") && v.n > 0;
        memcpy(at, &on, sizeof(on));
        return 0;
    }
    int64_t n;
    if (!str_int(v, o->min, o->max, &n))
        return err_set(err, ERR_INVALID, "bad_option", "--%s 应为 %lld 到 %lld 的整数。",
                       "--%s takes a whole number from %lld to %lld.", o->name, (long long)o->min,
                       (long long)o->max);
    memcpy(at, &n, sizeof(n));
    return 0;
}

/* MORTISE_TEST_CLOCK for test-clock. */
static const char *environment(const struct option_row *o)
{
    char name[64] = "MORTISE_";
    size_t n = 8;
    for (const char *p = o->name; *p && n + 1 < sizeof(name); p++)
        name[n++] = *p == '-' ? '_' : *p >= 'a' && *p <= 'z' ? (char)(*p - 'a' + 'A') : *p;
    name[n] = '\0';
    return getenv(name);
}

static int defaults(struct config *c, struct str cmd, struct err *err)
{
    for (size_t i = 0; i < ARRAY_LEN(OPTIONS); i++) {
        const struct option_row *o = &OPTIONS[i];
        const char *env = takes(o, cmd) ? environment(o) : NULL;
        const char *v = env ? env : o->dflt;
        if (v && put(c, o, str_of(v), err))
            return -1;
    }
    return 0;
}

/* --set key=json, followed by more key=json. */
static int take_sets(struct config *c, int argc, char **argv, int i)
{
    while (i < argc && argv[i][0] != '-' && strchr(argv[i], '=') && c->nset < CONFIG_SET_MAX)
        c->set[c->nset++] = str_of(argv[i++]);
    return i - 1;
}

static int take(struct config *c, int argc, char **argv, int *i, struct err *err)
{
    struct str arg = str_of(argv[*i]);
    struct str cmd = str_of(argv[0]);
    struct str name = str_sub(arg, 2, arg.n), value = STR_NONE;
    ptrdiff_t eq = str_findc(name, '=');
    if (eq >= 0) {
        value = str_sub(name, (size_t)eq + 1, name.n);
        name.n = (size_t)eq;
    }
    if (str_eqz(cmd, "eval") && str_eqz(name, "set")) {
        *i = take_sets(c, argc, argv, *i + 1);
        return 0;
    }
    const struct option_row *o = find(name);
    if (!o || !takes(o, cmd))
        return err_set(err, ERR_INVALID, "bad_option", "“%.*s”没有选项 --%.*s。",
                       "“%.*s” has no option --%.*s.", STR_ARG(cmd), STR_ARG(name));
    if (o->kind == OPT_FLAG)
        return put(c, o, eq >= 0 ? value : STR("1"), err);
    if (eq < 0 && *i + 1 >= argc)
        return err_set(err, ERR_INVALID, "bad_option", "--%s 后面要有 %s。", "--%s needs %s.",
                       o->name, o->arg);
    return put(c, o, eq >= 0 ? value : str_of(argv[++*i]), err);
}

int config_parse(struct arena *a, int argc, char **argv, struct config *out, struct err *err)
{
    (void)a;
    *out = (struct config){.npos = 0};
    if (defaults(out, str_of(argv[0]), err))
        return -1;
    bool plain = false;
    for (int i = 1; i < argc; i++) {
        if (!plain && !strcmp(argv[i], "--")) {
            plain = true;
        } else if (!plain && argv[i][0] == '-' && argv[i][1] == '-') {
            if (take(out, argc, argv, &i, err))
                return -1;
        } else if (out->npos == CONFIG_POS_MAX) {
            return err_set(err, ERR_INVALID, "usage", "参数太多。", "Too many arguments.");
        } else {
            out->pos[out->npos++] = str_of(argv[i]);
        }
    }
    return 0;
}

void config_help(struct strb *out, const char *command)
{
    for (size_t i = 0; i < ARRAY_LEN(OPTIONS); i++) {
        const struct option_row *o = &OPTIONS[i];
        if (!takes(o, str_of(command)))
            continue;
        size_t from = out->n;
        strb_addf(out, "  --%s%s%s", o->name, o->arg ? " " : "", o->arg ? o->arg : "");
        while (out->n - from < 26)
            strb_addc(out, ' ');
        strb_addf(out, " %s", o->help);
        if (o->dflt && o->dflt[0] && strcmp(o->dflt, "0"))
            strb_addf(out, " (%s)", o->dflt);
        strb_addc(out, '\n');
    }
}
