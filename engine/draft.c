/*
 * The folder of an app as its draft: reading it is meta's source_read(); this file finds the apps
 * of the folder and writes a version's text back into it (roll back).
 */
#include "engine/engine_int.h"
#include "engine/script/script.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

struct app *engine_check(struct engine *e, struct arena *a, const struct app_source *src,
                         struct diags *diags)
{
    struct load_opts opts = engine_load_opts(e);
    struct app *app = app_load(src, &opts, diags);
    script_check(a, src, diags);
    if (diags->errors)
        app_unref(&app);
    return app;
}

int engine_draft(struct engine *e, struct arena *a, struct str key, struct draft *out,
                 struct err *err)
{
    if (!str_is_key(key) || !e->opts.apps_dir.n)
        return err_set(err, ERR_NOT_FOUND, "not_found", "没有这个应用。", "There is no such app.");
    struct str dir = str_fmt(a, "%.*s/%.*s", STR_ARG(e->opts.apps_dir), STR_ARG(key));
    if (source_read(a, dir, &out->src, err) < 0)
        return -1;
    out->app = engine_check(e, a, &out->src, out->diags);
    return 0;
}

/* Makes the folders of a relative path below `dir`; 0 or -1 with errno. */
static int make_folders(struct arena *a, struct str dir, struct str path)
{
    for (size_t i = 0; i < path.n; i++) {
        if (path.p[i] != '/')
            continue;
        struct str sub = str_fmt(a, "%.*s/%.*s", STR_ARG(dir), (int)i, path.p);
        if (mkdir(str_z(a, sub), 0755) < 0 && errno != EEXIST)
            return -1;
    }
    return 0;
}

/* Writes beside the target, syncs, renames: a reader sees the old bytes or the new ones. */
static int write_file(struct arena *a, struct str dir, const struct app_file *f, struct err *err)
{
    char *path = str_z(a, str_fmt(a, "%.*s/%.*s", STR_ARG(dir), STR_ARG(f->path)));
    char *tmp = str_z(a, str_fmt(a, "%s.new", path));
    bool ok = make_folders(a, dir, f->path) == 0;
    int fd = ok ? open(tmp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644) : -1;
    ok = fd >= 0;
    for (size_t n = 0; ok && n < f->text.n;) {
        ssize_t w = write(fd, f->text.p + n, f->text.n - n);
        ok = w > 0;
        n += ok ? (size_t)w : 0;
    }
    ok = ok && fsync(fd) == 0;
    if (fd >= 0)
        ok = close(fd) == 0 && ok;
    if (ok && rename(tmp, path) == 0)
        return 0;
    unlink(tmp);
    return err_set(err, ERR_STORE, "draft_write", "无法写入草稿文件 %.*s：%s。",
                   "Cannot write the draft file %.*s: %s.", STR_ARG(f->path), strerror(errno));
}

static bool source_has(const struct app_source *src, struct str path)
{
    for (size_t i = 0; i < src->nfiles; i++)
        if (str_eq(src->files[i].path, path))
            return true;
    return false;
}

int draft_write(struct engine *e, const struct app_source *src, struct err *err)
{
    if (!e->opts.apps_dir.n)
        return 0;
    struct arena *a = arena_new(64u << 20);
    if (!a)
        return err_set(err, ERR_OOM, "out_of_memory", "内存不足。", "Out of memory.");
    struct str dir = str_fmt(a, "%.*s/%.*s", STR_ARG(e->opts.apps_dir), STR_ARG(src->key));
    struct app_source now = {0};
    int rc = 0;
    if (mkdir(str_z(a, dir), 0755) < 0 && errno != EEXIST)
        rc = err_set(err, ERR_STORE, "draft_write", "无法创建草稿目录：%s。",
                     "Cannot make the draft folder: %s.", strerror(errno));
    if (rc == 0)
        rc = source_read(a, dir, &now, err);
    for (size_t i = 0; rc == 0 && i < src->nfiles; i++)
        rc = write_file(a, dir, &src->files[i], err);
    for (size_t i = 0; rc == 0 && i < now.nfiles; i++)
        if (!source_has(src, now.files[i].path))
            unlink(str_z(a, str_fmt(a, "%.*s/%.*s", STR_ARG(dir), STR_ARG(now.files[i].path))));
    arena_free(&a);
    return rc;
}

/* ---- single files, for the designer ---- */

static bool name_ok(struct str s)
{
    if (!s.n || s.n > 128 || s.p[0] == '.' || s.p[0] == '-')
        return false;
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        bool ok = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  c == '_' || c == '-' || c == '.';
        if (!ok)
            return false;
    }
    return true;
}

/* "forms/lead.yaml": at most three names of the definition's alphabet, one of its kinds of file. */
static bool draft_path_ok(struct str path)
{
    static const struct str kinds[] = {STR(".yaml"), STR(".lua"), STR(".csv"), STR(".html")};
    bool kind = false;
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
        kind = kind || str_ends(path, kinds[i]);
    size_t depth = 0;
    while (kind && path.n) {
        struct str name;
        path = str_cut(path, '/', &name);
        kind = name_ok(name) && ++depth <= 3;
    }
    return kind && depth > 0;
}

static int draft_file(struct engine *e, struct arena *a, struct str key, struct str path,
                      struct str *dir, struct err *err)
{
    if (!str_is_key(key) || !e->opts.apps_dir.n)
        return err_set(err, ERR_NOT_FOUND, "not_found", "没有这个应用。", "There is no such app.");
    if (!draft_path_ok(path))
        return err_set(err, ERR_INVALID, "bad_path", "“%.*s”不是定义文件的路径。",
                       "“%.*s” is no path of a definition file.", STR_ARG(path));
    *dir = str_fmt(a, "%.*s/%.*s", STR_ARG(e->opts.apps_dir), STR_ARG(key));
    if (access(str_z(a, *dir), F_OK) == 0)
        return 0;
    return err_set(err, ERR_NOT_FOUND, "not_found", "没有这个应用。", "There is no such app.");
}

int engine_draft_put(struct engine *e, struct arena *a, struct str key, const struct app_file *file,
                     struct err *err)
{
    struct str dir;
    if (file->text.n > (1u << 20))
        return err_set(err, ERR_TOO_LARGE, "too_large", "定义文件最大 1 MB。",
                       "A definition file has at most 1 MB.");
    if (draft_file(e, a, key, file->path, &dir, err) < 0)
        return -1;
    return write_file(a, dir, file, err);
}

int engine_draft_remove(struct engine *e, struct arena *a, struct str key, struct str path,
                        struct err *err)
{
    struct str dir;
    if (draft_file(e, a, key, path, &dir, err) < 0)
        return -1;
    if (unlink(str_z(a, str_fmt(a, "%.*s/%.*s", STR_ARG(dir), STR_ARG(path)))) == 0)
        return 0;
    if (errno == ENOENT)
        return err_set(err, ERR_NOT_FOUND, "not_found", "没有这个文件。", "There is no such file.");
    return err_set(err, ERR_STORE, "draft_write", "无法删除草稿文件：%s。",
                   "Cannot remove the draft file: %s.", strerror(errno));
}
