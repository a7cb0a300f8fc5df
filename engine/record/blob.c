/*
 * Contents on disk: written once, renamed into place, removed by the sweeper only.
 */
#define _DEFAULT_SOURCE /* dirfd */
#include "engine/record/blob.h"

#include "engine/base/log.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define NAME_CHARS 64

struct str blob_path(struct arena *a, struct str dir, struct str name)
{
    return str_fmt(a, "%.*s/%.*s/%.*s", STR_ARG(dir), STR_ARG(str_sub(name, 0, 2)), STR_ARG(name));
}

static int failed(const char *what, struct err *err)
{
    int why = errno;
    bool full = why == ENOSPC || why == EDQUOT;
    log_event(LOG_ERROR, "blob", LOG_TEXT("what", str_of(what)), LOG_NUM("errno", why));
    return err_set(err, full ? ERR_FULL : ERR_STORE, full ? "storage_full" : "file_store",
                   "无法保存文件：磁盘出错或已满。",
                   "The file cannot be stored: the disk fails or is full.");
}

static int sync_folder(struct arena *a, struct str dir)
{
    int fd = open(str_z(a, dir), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return -1;
    int rc = fsync(fd);
    close(fd);
    return rc;
}

int blob_sync(struct arena *a, struct str path, struct err *err)
{
    int fd = open(str_z(a, path), O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return failed("open", err);
    int rc = fsync(fd);
    close(fd);
    return rc ? failed("fsync", err) : 0;
}

int blob_keep(struct arena *a, struct str dir, struct str from, struct str name, struct err *err)
{
    struct str to = blob_path(a, dir, name);
    struct str folder = str_fmt(a, "%.*s/%.*s", STR_ARG(dir), STR_ARG(str_sub(name, 0, 2)));
    bool fresh = mkdir(str_z(a, folder), 0750) == 0;
    if (!fresh && errno != EEXIST)
        return failed("mkdir", err);
    if (rename(str_z(a, from), str_z(a, to))) {
        if (errno == ENOENT && access(to.p, F_OK) == 0)
            return 0; /* the write job ran before and was run again */
        return failed("rename", err);
    }
    if (sync_folder(a, folder) || (fresh && sync_folder(a, dir)))
        return failed("sync", err);
    return 0;
}

static bool is_name(struct str s)
{
    for (size_t i = 0; i < s.n; i++)
        if (!strchr("0123456789abcdef", s.p[i]))
            return false;
    return s.n == NAME_CHARS;
}

struct walk {
    struct arena *a;
    time_t before;
    blob_fn *fn;
    void *arg;
};

static int one_file(const struct walk *w, int folder, const char *name, struct err *err)
{
    struct stat st;
    if (!is_name(str_of(name)) || fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW) ||
        !S_ISREG(st.st_mode) || st.st_mtime > w->before)
        return 0;
    int rc = w->fn(w->arg, str_of(name), err);
    if (rc == 1 && unlinkat(folder, name, 0))
        log_event(LOG_WARN, "blob_unlink", LOG_NUM("errno", errno));
    return rc < 0 ? -1 : 0;
}

static int one_folder(const struct walk *w, struct str path, struct err *err)
{
    DIR *d = opendir(str_z(w->a, path));
    int rc = 0;
    if (!d)
        return 0; /* not there: nothing in it */
    for (struct dirent *e; rc == 0 && (e = readdir(d));)
        rc = one_file(w, dirfd(d), e->d_name, err);
    closedir(d);
    return rc;
}

int blob_each(struct arena *a, struct str dir, int64_t before_s, blob_fn *fn, void *arg,
              struct err *err)
{
    struct walk w = {a, (time_t)before_s, fn, arg};
    for (unsigned i = 0; i < 256; i++)
        if (one_folder(&w, str_fmt(a, "%.*s/%02x", STR_ARG(dir), i), err))
            return -1;
    return 0;
}
