/*
 * An app's text to an app: reads the folder, parses every file, runs the passes of load_int.h.
 */
#include "engine/meta/load.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/value/sha256.h"
#include "engine/base/strb.h"
#include "engine/meta/load_int.h"
#include "engine/meta/monitor.h"
#include "engine/meta/people_app.h"

#define FILES_MAX   2000
#define FILE_MAX    (1u << 20)
#define SOURCE_MAX  (32u << 20)
#define APP_ARENA   ((size_t)512 << 20)
#define FOLDERS_MAX 4 /* levels */

/* ---- the folder ---- */

struct reader {
    struct arena *a;
    struct err *err;
    VEC(struct app_file) files;
    size_t bytes;
};

/* Which parts of an app's folder belong to its definition. */
static const struct {
    const char *folder; /* "" for the top */
    const char *ends;   /* accepted endings, blank-separated */
} parts[] = {
    {"", ".yaml"},       {"forms", ".yaml"},  {"dashboards", ".yaml"}, {"prints", ".html"},
    {"scripts", ".lua"}, {"tests", ".lua"},   {"data", ".csv .yaml"},  {"data/demo", ".csv .yaml"},
    {"i18n", ".yaml"},   {"people", ".yaml"},
};

static bool ends_with_one(struct str name, const char *ends)
{
    struct str rest = str_of(ends), one;
    while (rest.n) {
        rest = str_cut(rest, ' ', &one);
        if (str_ends(name, one) && name.n > one.n && name.p[0] != '.')
            return true;
    }
    return false;
}

static void close_fd(void *arg)
{
    close((int)(intptr_t)arg);
}

static int read_bytes(struct reader *r, int fd, struct str path, struct str *out)
{
    struct stat st;
    if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
        return err_set(r->err, ERR_INVALID, "app_file", "“%.*s”不是普通文件。",
                       "“%.*s” is no regular file.", STR_ARG(path));
    if (st.st_size > (off_t)FILE_MAX) {
        (void)err_set(r->err, ERR_TOO_LARGE, "app_file", "文件“%.*s”超过 1 MB。",
                      "The file “%.*s” is larger than 1 MB.", STR_ARG(path));
        err_source(r->err, path, (struct src_pos){1, 1});
        return -1;
    }
    size_t size = (size_t)st.st_size, have = 0;
    char *p = arena_alloc(r->a, size + 1);
    while (have < size) {
        ssize_t n = read(fd, p + have, size - have);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return err_set(r->err, ERR_NOT_FOUND, "app_file", "读不出文件“%.*s”。",
                           "The file “%.*s” cannot be read.", STR_ARG(path));
        if (n == 0)
            break;
        have += (size_t)n;
    }
    *out = (struct str){p, have};
    return 0;
}

static int read_file(struct reader *r, int folder, const char *name, struct str path)
{
    struct str text;
    if (r->files.n >= FILES_MAX)
        return err_set(r->err, ERR_TOO_LARGE, "app_files", "应用里的文件太多，最多 %d 个。",
                       "An app holds at most %d files.", FILES_MAX);
    int fd = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return err_set(r->err, ERR_INVALID, "app_file", "打不开文件“%.*s”（不允许符号链接）。",
                       "The file “%.*s” cannot be opened (links are not followed).", STR_ARG(path));
    arena_defer(r->a, close_fd, (void *)(intptr_t)fd);
    int rc = read_bytes(r, fd, path, &text);
    arena_undefer(r->a, (void *)(intptr_t)fd);
    close(fd);
    if (rc < 0)
        return -1;
    r->bytes += text.n;
    if (r->bytes > SOURCE_MAX)
        return err_set(r->err, ERR_TOO_LARGE, "app_files", "应用的文件一共超过 32 MB。",
                       "The files of the app are larger than 32 MB together.");
    vec_push(r->a, &r->files, (struct app_file){.path = path, .text = text});
    return 0;
}

static void close_dir(void *arg)
{
    closedir(arg);
}

/* One part of the folder; a missing one is no mistake. */
static int read_part(struct reader *r, struct str dir, const char *folder, const char *ends)
{
    struct str full = *folder ? str_fmt(r->a, "%.*s/%s", STR_ARG(dir), folder) : dir;
    DIR *d = opendir(str_z(r->a, full));
    struct dirent *e;
    int rc = 0;
    if (!d && *folder)
        return 0;
    if (!d)
        return err_set(r->err, ERR_NOT_FOUND, "app_folder", "没有文件夹“%.*s”。",
                       "There is no folder “%.*s”.", STR_ARG(dir));
    arena_defer(r->a, close_dir, d);
    while (rc == 0 && (e = readdir(d))) {
        struct str name = str_dup(r->a, str_of(e->d_name));
        if (!ends_with_one(name, ends))
            continue;
        rc = read_file(r, dirfd(d), name.p,
                       *folder ? str_fmt(r->a, "%s/%.*s", folder, STR_ARG(name)) : name);
    }
    arena_undefer(r->a, d);
    closedir(d);
    return rc;
}

static int by_path(const void *x, const void *y)
{
    const struct app_file *a = x, *b = y;
    return str_cmp(a->path, b->path);
}

int source_read(struct arena *a, struct str dir, struct app_source *out, struct err *err)
{
    struct reader r = {.a = a, .err = err};
    while (dir.n > 1 && dir.p[dir.n - 1] == '/')
        dir.n--;
    for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
        if (read_part(&r, dir, parts[i].folder, parts[i].ends) < 0)
            return -1;
    }
    if (r.files.n)
        qsort(r.files.v, r.files.n, sizeof(*r.files.v), by_path);
    struct str key = dir;
    for (ptrdiff_t at; (at = str_findc(key, '/')) >= 0;)
        key = str_sub(key, (size_t)at + 1, key.n);
    *out = (struct app_source){.key = str_dup(a, key), .files = r.files.v, .nfiles = r.files.n};
    return 0;
}

struct str source_hash(struct arena *a, const struct app_source *src)
{
    struct sha256 s;
    struct app_file *files = ARENA_ARRAY(a, struct app_file, src->nfiles);
    if (src->nfiles) {
        memcpy(files, src->files, src->nfiles * sizeof(*files));
        qsort(files, src->nfiles, sizeof(*files), by_path);
    }
    sha256_init(&s);
    for (size_t i = 0; i < src->nfiles; i++) {
        struct str head =
            str_fmt(a, "%zu:%.*s:%zu:", files[i].path.n, STR_ARG(files[i].path), files[i].text.n);
        sha256_add(&s, head);
        sha256_add(&s, files[i].text);
    }
    return sha256_hex(&s, a);
}

/* ---- files of the app ---- */

const struct src_file *ld_file(const struct load *ld, const char *path)
{
    for (size_t i = 0; i < ld->nfiles; i++) {
        if (str_eqz(ld->files[i].path, path))
            return &ld->files[i];
    }
    return NULL;
}

struct place ld_place(const struct src_file *file, const struct yaml_node *n)
{
    return (struct place){.file = file->path, .pos = n->pos};
}

static struct str script_text(const struct load *ld, struct str script)
{
    struct str path = str_fmt(ld->a, "scripts/%.*s.lua", STR_ARG(script));
    const struct app_file *f = app_file(ld->app, path);
    return f ? f->text : STR_NONE;
}

/* The script layer alone understands Lua; here a name that stands nowhere in the text is caught. */
static bool has_word(struct str text, struct str word)
{
    for (ptrdiff_t at = -1; (at = str_find(text, word, (size_t)(at + 1))) >= 0;) {
        size_t end = (size_t)at + word.n;
        struct str before = str_sub(text, at ? (size_t)at - 1 : 0, at ? 1 : 0);
        struct str after = str_sub(text, end, 1);
        bool left = before.n && (str_is_key(before) || before.p[0] == '_');
        bool right = after.n && (str_is_key(after) || after.p[0] == '_' ||
                                 (after.p[0] >= '0' && after.p[0] <= '9'));
        if (!left && !right)
            return true;
    }
    return false;
}

bool ld_script(struct load *ld, const struct src_file *file, const struct yaml_node *n,
               bool function)
{
    struct str script, fn;
    if (!n)
        return false;
    fn = str_cut(n->text, '.', &script);
    if (function && !str_is_key(fn)) {
        node_error(ld->diags, file, n, "script", "“%.*s”应写成 脚本.函数，例如 lead.convert",
                   "“%.*s” must be script.function, such as lead.convert", STR_ARG(n->text));
        return false;
    }
    struct map m;
    map_init(&m, ld->a);
    for (size_t i = 0; i < ld->app->source.nfiles; i++) {
        struct str path = ld->app->source.files[i].path;
        if (str_starts(path, STR("scripts/")) && str_ends(path, STR(".lua")))
            map_put(&m, str_sub(path, 8, path.n - 12), &m);
    }
    if (map_get(&m, script)) {
        if (!function || has_word(script_text(ld, script), fn))
            return true;
        node_error(ld->diags, file, n, "unknown_function",
                   "脚本 scripts/%.*s.lua 里没有函数“%.*s”（%.*s）",
                   "The script scripts/%.*s.lua has no function “%.*s” (%.*s)", STR_ARG(script),
                   STR_ARG(fn), STR_ARG(n->text));
        return false;
    }
    struct diag *d = node_error(ld->diags, file, n, "unknown_script", "没有脚本 scripts/%.*s.lua",
                                "There is no script scripts/%.*s.lua", STR_ARG(script));
    diag_suggest(ld->diags, d, map_nearest(&m, script));
    return false;
}

/* Which shape a file has; NULL: not ours to read here. */
static const struct shape *shape_of(struct str path)
{
    static const struct {
        const char *starts;
        const struct shape *shape;
    } table[] = {{"forms/", &shape_form},  {"dashboards/", &shape_dashboard},
                 {"i18n/", &shape_i18n},   {"people/", &shape_people},
                 {"app.yaml", &shape_app}, {"monitors.yaml", &shape_monitors}};
    for (size_t i = 0; i < ARRAY_LEN(table); i++) {
        if (str_starts(path, str_of(table[i].starts)))
            return table[i].shape;
    }
    return NULL;
}

/* Takes the notes (x-…) out of the tree; the text, which edits work on, keeps them. */
static void drop_notes(struct yaml_node *n)
{
    size_t left = 0;
    for (size_t i = 0; i < n->n; i++) {
        if (n->kind == YAML_MAP && str_starts(n->keys[i]->text, STR("x-")))
            continue;
        if (n->kind == YAML_MAP)
            n->keys[left] = n->keys[i];
        n->items[left++] = n->items[i];
        drop_notes(n->items[left - 1]);
    }
    n->n = left;
}

static void parse_file(struct load *ld, const struct app_file *f)
{
    struct src_file *out = &ld->files[ld->nfiles];
    const struct shape *shape = shape_of(f->path);
    if (!str_ends(f->path, STR(".yaml")))
        return;
    if (!shape && !str_starts(f->path, STR("data/"))) {
        diag_file(ld->diags, DIAG_ERROR, f->path, (struct src_pos){1, 1}, "unknown_file",
                  "不认识这个文件；应用的顶层只有 app.yaml 和 monitors.yaml",
                  "This file is unknown; the top of an app holds app.yaml and monitors.yaml only");
        return;
    }
    *out = (struct src_file){.path = f->path, .text = f->text};
    out->root = yaml_parse(ld->a, f->path, f->text, ld->diags);
    if (out->root && shape)
        shape_check(shape, out->root, out, ld->diags);
    if (out->root && shape && out->root->kind != YAML_MAP)
        out->root = NULL;
    if (out->root && shape && shape != &shape_i18n)
        drop_notes(out->root);
    ld->nfiles++;
}

static void free_compiled(void *arg)
{
    struct app *app = arg;
    for (size_t i = 0; i < app->source.nfiles; i++)
        free(atomic_load(&app->compiled[i].block));
}

static void copy_source(struct load *ld, const struct app_source *src)
{
    struct app_file *files = ARENA_ARRAY(ld->a, struct app_file, src->nfiles);
    for (size_t i = 0; i < src->nfiles; i++)
        files[i] = (struct app_file){.path = str_dup(ld->a, src->files[i].path),
                                     .text = str_dup(ld->a, src->files[i].text)};
    if (src->nfiles)
        qsort(files, src->nfiles, sizeof(*files), by_path);
    ld->app->source =
        (struct app_source){.key = str_dup(ld->a, src->key), .files = files, .nfiles = src->nfiles};
    ld->app->compiled = ARENA_ARRAY(ld->a, struct compiled, src->nfiles);
    arena_defer(ld->a, free_compiled, ld->app);
    ld->files = ARENA_ARRAY(ld->a, struct src_file, src->nfiles + 1); /* and the form of alerts */
}

/* ---- loading ---- */

struct job {
    const struct app_source *src;
    const struct load_opts *opts;
    struct diags *diags;
    struct arena *a;
    struct app *app;
};

static void declare(struct load *ld)
{
    map_init(&ld->app->form_by_key, ld->a);
    for (size_t i = 0; i < ld->nfiles; i++) {
        if (str_starts(ld->files[i].path, STR("forms/")))
            ld_declare_form(ld, &ld->files[i]);
    }
    ld->app->nforms = ld->forms.n;
    ld->app->forms = ARENA_ARRAY(ld->a, struct form *, ld->forms.n);
    for (size_t i = 0; i < ld->forms.n; i++)
        ld->app->forms[i] = ld->forms.v[i].f;
    for (size_t i = 0; people_is(ld->app) && i < ld->nfiles; i++) {
        const struct yaml_node *said = node_scalar(ld->files[i].root, "form");
        if (people_overlay(ld->files[i].path) && said && !app_form(ld->app, said->text))
            node_error(ld->diags, &ld->files[i], said, "unknown_form",
                       "人员数据只有 member、department 和 certificate 三个表单",
                       "The forms of people are member, department and certificate");
    }
}

static void drop_people(void *arg)
{
    struct app *app = arg;
    app_unref(&app);
}

/* The built-in app as this one's overlays make it: checks them, and tells what a member has. */
static void load_people(struct load *ld)
{
    const struct app_source *src = &ld->app->source;
    struct app_file *own = ARENA_ARRAY(ld->a, struct app_file, src->nfiles);
    size_t n = 0;
    if (people_is(ld->app))
        return;
    for (size_t i = 0; i < src->nfiles; i++)
        if (people_overlay(src->files[i].path))
            own[n++] = src->files[i];
    struct app_source people = people_source(ld->a, own, n);
    ld->app->people = app_load(&people, ld->opts, ld->diags);
    if (ld->app->people)
        arena_defer(ld->a, drop_people, ld->app->people);
}

/* An app with monitors has a form of alerts; its own, or the built-in one. */
static void add_alerts(struct load *ld)
{
    const struct src_file *app = ld_file(ld, "app.yaml");
    const struct alert_word *words;
    bool english = app && str_starts(node_text(app->root, "language"), STR("en"));
    if (!ld_file(ld, "monitors.yaml") || ld_file(ld, "forms/alert.yaml"))
        return;
    const struct app_file file = {STR("forms/alert.yaml"), alert_form_text(ld->a, english)};
    parse_file(ld, &file);
    ld->files[ld->nfiles - 1].built_in = true;
    size_t n = english ? 0 : alert_form_words(&words);
    for (size_t i = 0; i < n; i++)
        map_put(&ld->app->i18n, str_fmt(ld->a, "en/texts.%.*s", STR_ARG(words[i].zh)),
                (void *)(uintptr_t)&words[i].en);
}

static void run_passes(void *arg)
{
    struct job *job = arg;
    struct load *ld = ARENA_NEW(job->a, struct load);
    ld->a = job->a;
    ld->diags = job->diags;
    ld->opts = job->opts;
    ld->app = ARENA_NEW(ld->a, struct app);
    ld->app->a = ld->a;
    atomic_init(&ld->app->refs, 1);
    ld->app->zone = zone_utc;
    ld->schema = ld_schema(ld);
    copy_source(ld, job->src);
    for (size_t i = 0; i < ld->app->source.nfiles; i++)
        parse_file(ld, &ld->app->source.files[i]);
    map_init(&ld->app->i18n, ld->a);
    add_alerts(ld);
    load_people(ld);
    ld_app(ld);
    declare(ld);
    ld_link_targets(ld);
    ld_computed(ld);
    ld_field_rules(ld);
    ld_form_rules(ld);
    ld_dashboards(ld);
    ld_monitors(ld);
    ld_menu(ld);
    ld_data(ld);
    ld_i18n(ld);
    ld->app->nfields = (uint32_t)ld->fields.n;
    ld->app->hash = source_hash(ld->a, &ld->app->source);
    job->app = ld->app;
}

static int by_place(const void *x, const void *y)
{
    const struct diag *a = x, *b = y;
    int c = str_cmp(a->file, b->file);
    if (c)
        return c;
    if (a->pos.line != b->pos.line)
        return a->pos.line < b->pos.line ? -1 : 1;
    return (a->pos.column > b->pos.column) - (a->pos.column < b->pos.column);
}

static struct str sentence(struct diags *diags, struct str s, struct str stop)
{
    static const char *const ends[] = {"。", "？", "！", ".", "?", "!"};
    for (size_t i = 0; i < ARRAY_LEN(ends); i++) {
        if (str_ends(s, str_of(ends[i])))
            return s;
    }
    return str_fmt(diags->a, "%.*s%.*s", STR_ARG(s), STR_ARG(stop));
}

/* Sentences end; and the mark by which expr.c knows what it has placed goes. */
static void finish(struct diags *diags, struct diag *d)
{
    d->path = STR_NONE;
    d->zh = sentence(diags, d->zh, STR("。"));
    d->en = sentence(diags, d->en, STR("."));
}

struct app *app_load(const struct app_source *src, const struct load_opts *opts,
                     struct diags *diags)
{
    size_t before = diags->errors, first = diags->list.n;
    struct job job = {.src = src, .opts = opts, .diags = diags, .a = arena_new(APP_ARENA)};
    if (!job.a)
        oom_raise();
    if (oom_guard(run_passes, &job) < 0)
        diag_file(diags, DIAG_ERROR, STR("app.yaml"), (struct src_pos){1, 1}, "too_large",
                  "应用太大，内存不够", "The app is too large for the memory it may use");
    for (size_t i = first; i < diags->list.n; i++)
        finish(diags, &diags->list.v[i]);
    if (diags->list.n > first + 1)
        qsort(diags->list.v + first, diags->list.n - first, sizeof(*diags->list.v), by_place);
    if (diags->errors == before && job.app)
        return job.app;
    arena_free(&job.a);
    return NULL;
}
