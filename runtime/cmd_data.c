/*
 * Commands that work on a data folder: plan, apply, import, export, backup, verify, explain,
 * openapi, member. The table of bodies is below; host.c decides where they run.
 */
#include "runtime/host.h"

#include "engine/base/id.h"
#include "engine/base/temp.h"
#include "engine/org/member.h"
#include "engine/record/access.h"
#include "engine/record/export.h"
#include "engine/record/import.h"
#include "engine/record/tablefile.h"
#include "runtime/audited.h"
#include "runtime/backup.h"
#include "runtime/keys.h"
#include "runtime/cmd.h"
#include "runtime/openapi.h"
#include "runtime/slurp.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static void drop(void *arg)
{
    struct app *app = arg;
    app_unref(&app);
}

/* Acts as --as LOGIN, when given. */
static int act_as(struct host *h, struct str login, struct err *err)
{
    int64_t id;
    struct principal *who = ARENA_NEW(h->a, struct principal);
    if (!login.n)
        return 0;
    int rc = member_by_login(&h->c, login, &id, err);
    if (rc == 1)
        rc = member_load(&h->c, id, who, err);
    if (rc == 0)
        return err_set(err, ERR_NOT_FOUND, "no_member", "没有成员“%.*s”。",
                       "There is no member “%.*s”.", STR_ARG(login));
    who->scopes = 3;
    h->c.who = who;
    return rc < 0 ? -1 : 0;
}

/* "crm/lead" */
static int take_form(struct host *h, struct str path, struct form **out, struct err *err)
{
    struct str app, form = str_cut(path, '/', &app);
    h->c.app = engine_app(h->engine, app);
    if (h->c.app)
        arena_defer(h->a, drop, h->c.app);
    *out = h->c.app ? app_form(h->c.app, form) : NULL;
    if (*out)
        return 0;
    return err_set(err, ERR_NOT_FOUND, "no_form", "没有表单“%.*s”，应为“应用/表单”。",
                   "There is no form “%.*s”; write APP/FORM.", STR_ARG(path));
}

/* ---- plan and apply ---- */

static void print_list(struct host *h, struct val list, bool change)
{
    static const struct {
        const char *kind, *mark;
    } MARKS[] = {{"safe", "+"}, {"confirm", "~"}, {"destructive", "!"}, {"blocked", "x"}};
    for (size_t i = 0; list.kind == VAL_LIST && i < list.n; i++) {
        struct val v = list.list[i];
        struct str kind = val_str(val_get(v, STR("kind")));
        const char *mark = " ";
        for (size_t k = 0; k < ARRAY_LEN(MARKS); k++)
            if (str_eqz(kind, MARKS[k].kind))
                mark = MARKS[k].mark;
        if (change)
            host_say(h, 1, "%s %.*s: %.*s\n", mark, STR_ARG(val_str(val_get(v, STR("path")))),
                     STR_ARG(val_str(val_get(v, STR("text")))));
        else
            host_say(h, 1, "%.*s:%.0f:%.0f: %.*s\n", STR_ARG(val_str(val_get(v, STR("file")))),
                     val_double(val_get(v, STR("line"))), val_double(val_get(v, STR("column"))),
                     STR_ARG(val_str(val_get(v, STR("message")))));
    }
}

static int body_plan(struct host *h)
{
    struct err err = ERR_INIT;
    struct strb text;
    struct json j;
    struct val plan;
    strb_init(&text, h->a);
    json_init(&j, &text);
    if (engine_plan(&h->c, h->cfg.pos[0], &j, &err) ||
        json_parse(h->a, strb_str(&text), &plan, &err))
        return host_problem(h, &err);
    struct val changes = val_get(plan, STR("changes")), errors = val_get(plan, STR("errors"));
    print_list(h, errors, false);
    print_list(h, changes, true);
    if (errors.kind == VAL_LIST && errors.n)
        return EXIT_PROBLEMS;
    if (changes.kind != VAL_LIST || !changes.n)
        host_say(h, 1, "%s\n", h->lang == LANG_EN ? "No changes." : "没有变化。");
    return EXIT_FINE;
}

static int body_apply(struct host *h)
{
    struct err err = ERR_INIT;
    struct diags diags;
    int64_t n;
    struct publish p = {
        .key = h->cfg.pos[0], .allow_data_loss = h->cfg.allow_data_loss, .note = STR("apply")};
    diags_init(&diags, h->a);
    if (engine_publish(&h->c, &p, &n, &diags, &err)) {
        (void)host_diags(h, &diags);
        return host_problem(h, &err);
    }
    host_say(h, 1,
             h->lang == LANG_EN ? "%.*s: version %lld is published.\n"
                                : "%.*s：已发布版本 %lld。\n",
             STR_ARG(p.key), (long long)n);
    return EXIT_FINE;
}

/* ---- members ---- */

static void take_roles(struct host *h, struct member_spec *spec)
{
    struct role_of *v = ARENA_ARRAY(h->a, struct role_of, 64);
    struct str rest = h->cfg.role, item;
    while (rest.n && spec->nroles < 64) {
        rest = str_cut(rest, ',', &item);
        struct str app, role = str_cut(str_trim(item), ':', &app);
        if (role.n)
            v[spec->nroles++] = (struct role_of){app, role};
    }
    spec->roles = v;
}

static void take_rights(struct host *h, struct member_spec *spec)
{
    static const char *const NAMES[] = {"design", "people", "operate"};
    struct str rest = h->cfg.rights, item;
    while (rest.n) {
        rest = str_cut(rest, ',', &item);
        for (size_t k = 0; k < ARRAY_LEN(NAMES); k++)
            if (str_eqz(str_trim(item), NAMES[k]))
                spec->rights |= 1u << k;
    }
}

struct add {
    struct member_spec spec;
    struct str hash;
    struct diags *diags;
    int64_t id;
};

static int add_member(struct ctx *c, void *arg, struct err *err)
{
    struct add *a = arg;
    struct audit line = {.what = STR("member.add")};
    line.detail = audit_detail(c->a, "login", val_text(a->spec.login));
    return member_add(c, &a->spec, a->hash, &a->id, a->diags, err) || audit_add(c, &line, err) ? -1
                                                                                               : 0;
}

static int roles_exist(struct host *h, const struct member_spec *spec, struct err *err)
{
    for (size_t i = 0; i < spec->nroles; i++) {
        struct app *app = engine_app(h->engine, spec->roles[i].app);
        bool ok = app && app_role(app, spec->roles[i].role);
        app_unref(&app);
        if (!ok)
            return err_set(err, ERR_INVALID, "no_role", "没有角色“%.*s:%.*s”。",
                           "There is no role “%.*s:%.*s”.", STR_ARG(spec->roles[i].app),
                           STR_ARG(spec->roles[i].role));
    }
    return 0;
}

static int body_member(struct host *h)
{
    struct err err = ERR_INIT;
    struct diags diags;
    struct add a = {.diags = &diags};
    char id[16];
    diags_init(&diags, h->a);
    if (!str_eqz(h->cfg.pos[0], "add")) {
        host_say(h, 2,
                 "usage: mortise member add LOGIN --name N --role app:role --password-stdin\n");
        return EXIT_USAGE;
    }
    a.spec.login = h->cfg.pos[1];
    a.spec.name = h->cfg.name.n ? h->cfg.name : a.spec.login;
    a.spec.department = h->cfg.department;
    take_roles(h, &a.spec);
    take_rights(h, &a.spec);
    int rc = roles_exist(h, &a.spec, &err);
    if (rc == 0 && h->cfg.password_stdin)
        rc = member_hash(&h->c, a.spec.login, h->input, &a.hash, &diags, &err);
    if (rc == 0)
        rc = engine_write(&h->c, add_member, &a, &err);
    if (rc) {
        (void)host_diags(h, &diags);
        return host_problem(h, &err);
    }
    host_say(h, 1, "%s\n", id_print(a.id, id).p);
    return EXIT_FINE;
}

/* ---- import and export ---- */

static void progress(void *arg, int64_t done, int64_t total)
{
    struct host *h = arg;
    if (h->terminal && total > 0) /* bytes of the file */
        host_say(h, 2, "\r%3lld %%", (long long)(done * 100 / total));
}

static int mode_of(struct str s, enum import_mode *out, struct err *err)
{
    static const char *const MODES[] = {
        [IMPORT_INSERT] = "insert", [IMPORT_UPDATE] = "update", [IMPORT_UPSERT] = "upsert"};
    for (size_t i = 0; i < ARRAY_LEN(MODES); i++) {
        if (str_eqz(s, MODES[i])) {
            *out = (enum import_mode)i;
            return 0;
        }
    }
    return err_set(err, ERR_INVALID, "bad_option", "--mode 应为 insert、update 或 upsert。",
                   "--mode is insert, update or upsert.");
}

/* For what is converted or written before it goes out. */
static struct str temp_dir(struct host *h)
{
    return str_fmt(h->a, "%.*s/tmp", STR_ARG(h->cfg.data));
}

static int body_import(struct host *h)
{
    struct tablefile table;
    struct err err = ERR_INIT;
    struct form *f;
    struct import_result r = {0};
    struct import in = {
        .mapping = h->cfg.map, .key = h->cfg.key, .dry_run = h->cfg.dry_run, .arg = h};
    in.progress = progress;
    diags_init(&r.errors, h->a);
    if (take_form(h, h->cfg.pos[0], &f, &err) || act_as(h, h->cfg.as, &err) ||
        mode_of(h->cfg.mode, &in.mode, &err) || make_folder(h->a, temp_dir(h), &err) ||
        tablefile_open(h->a, host_path(h, h->cfg.pos[1]), temp_dir(h), STR_NONE, &table, &err))
        return host_problem(h, &err);
    in.csv = table.text;
    in.table = &table;
    in.form = f;
    h->c.via = VIA_IMPORT;
    int rc = import_run(&h->c, &in, &r, &err);
    if (h->terminal)
        host_say(h, 2, "\r                    \r");
    (void)host_diags(h, &r.errors);
    if (rc)
        return host_problem(h, &err);
    host_say(h, 1,
             h->lang == LANG_EN ? "%lld rows: %lld created, %lld updated, %lld failed%s\n"
                                : "共 %lld 行：新增 %lld，更新 %lld，失败 %lld%s\n",
             (long long)r.total, (long long)r.created, (long long)r.updated, (long long)r.failed,
             in.dry_run ? (h->lang == LANG_EN ? " (dry run)" : "（仅检查）") : "");
    return r.failed ? EXIT_PROBLEMS : EXIT_FINE;
}

/* The file's bytes to the output, in pieces. */
static int print_file(struct host *h, int fd, struct err *err)
{
    char buf[65536];
    ssize_t n = lseek(fd, 0, SEEK_SET) < 0 ? -1 : 0;
    while (n >= 0 && (n = read(fd, buf, sizeof(buf))) > 0)
        h->write(h->self, 1, (struct str){buf, (size_t)n});
    return n == 0 ? 0
                  : err_set(err, ERR_STORE, "file_error", "无法读取导出文件。",
                            "The export cannot be read.");
}

static int body_export(struct host *h)
{
    struct err err = ERR_INIT;
    struct form *f;
    struct export e = {.query = {.filter = h->cfg.filter, .fields = h->cfg.fields},
                       .machine = true};
    struct str dir = temp_dir(h);
    if (export_format_of(h->cfg.format, &e.format, &err)) {
        host_say(h, 2, "mortise export: --format is csv or xlsx\n");
        return EXIT_USAGE;
    }
    if (take_form(h, h->cfg.pos[0], &f, &err) || act_as(h, h->cfg.as, &err))
        return host_problem(h, &err);
    e.query.form = f;
    h->c.app = h->c.app ? h->c.app : f->app;
    int fd = make_folder(h->a, dir, &err) ? -1 : temp_nameless(h->a, dir);
    int rc =
        fd < 0 || export_file(&h->c, &e, temp_path(h->a, fd), dir, &err) || print_file(h, fd, &err);
    if (fd >= 0)
        close(fd);
    if (!rc)
        return EXIT_FINE;
    if (!err.code)
        (void)err_set(&err, ERR_STORE, "file_error", "无法写入导出文件。",
                      "The export cannot be written.");
    return host_problem(h, &err);
}

/* ---- backup and verify ---- */

static int body_backup(struct host *h)
{
    struct err err = ERR_INIT;
    struct str to = host_path(h, h->cfg.pos[0]);
    if (backup_make(engine_store(h->engine), &h->cfg, h->a, to, &err))
        return host_problem(h, &err);
    host_say(h, 1, "%.*s\n", STR_ARG(to));
    return EXIT_FINE;
}

static int body_verify(struct host *h)
{
    struct err err = ERR_INIT;
    int rc = h->cfg.npos ? backup_verify(&h->cfg, h->a, host_path(h, h->cfg.pos[0]), &err)
                         : store_check(h->c.db, h->a, &err);
    if (rc)
        return host_problem(h, &err);
    host_say(h, 1, "ok\n");
    return EXIT_FINE;
}

/* ---- openapi and explain ---- */

static int body_openapi(struct host *h)
{
    struct err err = ERR_INIT;
    struct strb out;
    struct json j;
    strb_init(&out, h->a);
    json_init(&j, &out);
    if (openapi_write(&h->c, &j, &err))
        return host_problem(h, &err);
    strb_addc(&out, '\n');
    h->write(h->self, 1, strb_str(&out));
    return EXIT_FINE;
}

static int body_explain(struct host *h)
{
    struct err err = ERR_INIT;
    struct form *f;
    struct access *x;
    struct val list;
    struct strb out;
    struct json j;
    int64_t id;
    if (take_form(h, h->cfg.pos[0], &f, &err) ||
        act_as(h, h->cfg.member.n ? h->cfg.member : h->cfg.as, &err))
        return host_problem(h, &err);
    if (!id_parse(h->cfg.pos[1], &id)) {
        host_say(h, 2, "mortise explain: “%.*s” is no id\n", STR_ARG(h->cfg.pos[1]));
        return EXIT_USAGE;
    }
    struct explain e = {.id = id};
    if (access_of(&h->c, f, &x, &err) || access_explain(x, &e, &list, &err))
        return host_problem(h, &err);
    strb_init(&out, h->a);
    json_init(&j, &out);
    json_val(&j, list);
    strb_addc(&out, '\n');
    h->write(h->self, 1, strb_str(&out));
    return EXIT_FINE;
}

/* ---- the table ---- */

/* ---- key list | rotate ---- */

static int key_steps(struct host *h, struct err *err)
{
    struct str *apps;
    size_t n = engine_apps(h->engine, h->a, &apps);
    for (size_t i = 0; i < n; i++) {
        int more = 1;
        while (more > 0)
            more = keys_step(&h->c, apps[i], err);
        if (more < 0)
            return -1;
    }
    return 0;
}

static int body_key(struct host *h)
{
    struct err err = ERR_INIT;
    struct vault_key_info *keys;
    size_t n;
    bool rotate = str_eqz(h->cfg.pos[0], "rotate");
    if (!rotate && !str_eqz(h->cfg.pos[0], "list"))
        return EXIT_USAGE;
    if (rotate && (keys_rotate(&h->c, &err) || key_steps(h, &err)))
        return host_problem(h, &err);
    if (vault_masters(h->c.vault, h->c.db, h->a, &keys, &n, &err))
        return host_problem(h, &err);
    for (size_t i = 0; i < n; i++)
        host_say(h, 1, "%.*s  %-7s  %lld\n", STR_ARG(keys[i].id),
                 keys[i].current ? "current" : "old", (long long)keys[i].wraps);
    return EXIT_FINE;
}

static const struct host_cmd COMMANDS[] = {
    {"plan", body_plan, 0, 1, 1},
    {"apply", body_apply, 0, 1, 1},
    {"member", body_member, HOST_READS_STDIN, 2, 2},
    {"import", body_import, 0, 2, 2},
    {"export", body_export, 0, 1, 1},
    {"backup", body_backup, HOST_NO_APPS, 1, 1},
    {"key", body_key, 0, 1, 1},
    {"verify", body_verify, HOST_NO_APPS, 0, 1},
    {"openapi", body_openapi, 0, 0, 0},
    {"explain", body_explain, 0, 2, 2},
};

const struct host_cmd *host_cmd_find(struct str name)
{
    for (size_t i = 0; i < ARRAY_LEN(COMMANDS); i++)
        if (str_eqz(name, COMMANDS[i].name))
            return &COMMANDS[i];
    return NULL;
}

/* Restoring needs the folder for itself. */
int cmd_restore(struct arena *a, int argc, char **argv)
{
    struct config cfg;
    struct err err = ERR_INIT;
    int fd;
    bool taken;
    if (config_parse(a, argc, argv, &cfg, &err))
        return cmd_usage(argv[0], err.en);
    if (cfg.npos != 1)
        return cmd_usage(argv[0], "name the backup file");
    if (host_lock(a, &cfg, &fd, &taken, &err))
        return cmd_problem(&err);
    if (taken) {
        (void)err_set(&err, ERR_CONFLICT, "in_use", "有服务器正在使用数据目录。",
                      "A server is using the data folder.");
        return cmd_problem(&err);
    }
    if (backup_restore(&cfg, a, cfg.pos[0], &err))
        return cmd_problem(&err);
    printf("%.*s/mortise.db\n", STR_ARG(cfg.data));
    return EXIT_FINE;
}
