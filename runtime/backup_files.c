/*
 * Appending uploaded files to a database's copy and taking them off again, in pieces.
 */
#include "runtime/backup_files.h"

#include "engine/base/strb.h"
#include "engine/record/blob.h"
#include "engine/value/sha256.h"
#include "runtime/slurp.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define MARK     "MORTISE-FILES-1\n"
#define TRAILER  (16 + 16 + 16) /* mark, bytes of the database, bytes of the list; in hex */
#define NAME     64
#define LIST_MAX ((int64_t)512 << 20)
#define PIECE    65536

static int failed(struct err *err)
{
    bool full = errno == ENOSPC || errno == EDQUOT;
    return err_set(err, full ? ERR_FULL : ERR_STORE, full ? "storage_full" : "file_error",
                   "无法读写备份中的文件：%s。",
                   "The files of the backup cannot be read or written: %s.", strerror(errno));
}

static int damaged(struct err *err)
{
    return err_set(err, ERR_STORE, "backup_damaged", "备份中的文件已损坏。",
                   "Files in the backup are damaged.");
}

static int write_all(int fd, const char *p, size_t n, struct err *err)
{
    while (n) {
        ssize_t w = write(fd, p, n);
        if (w < 0 && errno == EINTR)
            continue;
        if (w <= 0)
            return failed(err);
        p += w;
        n -= (size_t)w;
    }
    return 0;
}

/* ---- adding ---- */

struct adding {
    struct arena *a;
    int fd;
    struct str dir;
    struct strb list;
};

static int add_one(void *arg, struct str name, struct err *err)
{
    struct adding *w = arg;
    char buf[PIECE];
    int64_t total = 0;
    ssize_t n = 0;
    struct arena_mark mark = arena_mark(w->a);
    int fd = open(str_z(w->a, blob_path(w->a, w->dir, name)), O_RDONLY | O_CLOEXEC);
    arena_reset(w->a, mark);
    if (fd < 0)
        return errno == ENOENT ? 0 : failed(err); /* forgotten meanwhile */
    int rc = 0;
    while (rc == 0 && (n = read(fd, buf, sizeof(buf))) > 0) {
        rc = write_all(w->fd, buf, (size_t)n, err);
        total += n;
    }
    close(fd);
    if (rc == 0 && n < 0)
        rc = failed(err);
    strb_addf(&w->list, "%.*s %016llx\n", STR_ARG(name), (unsigned long long)total);
    return rc;
}

int backup_files_add(struct arena *a, struct str copy, struct str dir, struct err *err)
{
    struct stat st;
    struct arena *list = arena_new((size_t)LIST_MAX);
    if (!list)
        return err_set(err, ERR_OOM, "out_of_memory", "内存不足。", "Out of memory.");
    struct adding w = {.a = a, .dir = dir};
    strb_init(&w.list, list); /* of its own: names come and go on `a` between */
    w.fd = open(str_z(a, copy), O_WRONLY | O_APPEND | O_CLOEXEC);
    int rc = w.fd < 0 || fstat(w.fd, &st) ? failed(err) : 0;
    if (rc == 0)
        rc = blob_each(a, dir, INT64_MAX / 2, add_one, &w, err);
    size_t bytes = w.list.n;
    if (rc == 0) {
        strb_addf(&w.list, MARK "%016llx%016llx", (unsigned long long)st.st_size,
                  (unsigned long long)bytes);
        rc = write_all(w.fd, w.list.p, w.list.n, err);
    }
    if (w.fd >= 0)
        close(w.fd);
    arena_free(&list);
    return rc;
}

/* ---- taking ---- */

static bool hex(struct str s, int64_t *out)
{
    uint64_t n = 0;
    for (size_t i = 0; i < s.n; i++) {
        const char *digits = "0123456789abcdef";
        const char *at = s.p[i] ? strchr(digits, s.p[i]) : NULL;
        if (!at)
            return false;
        n = n << 4 | (uint64_t)(at - digits);
    }
    *out = (int64_t)n;
    return n <= INT64_MAX;
}

static int read_at(int fd, int64_t at, char *p, size_t n)
{
    while (n) {
        ssize_t r = pread(fd, p, n, at);
        if (r < 0 && errno == EINTR)
            continue;
        if (r <= 0)
            return -1;
        p += r;
        at += r;
        n -= (size_t)r;
    }
    return 0;
}

struct taking {
    struct arena *a;
    int fd;
    struct str dir;
};

/* One content from `at` on: hashed, and written where it belongs. */
static int copy_one(const struct taking *t, int64_t at, int64_t size, struct str name, int out,
                    struct err *err)
{
    char buf[PIECE];
    struct sha256 sum;
    sha256_init(&sum);
    while (size) {
        size_t n = (size_t)MIN(size, (int64_t)sizeof(buf));
        if (read_at(t->fd, at, buf, n))
            return damaged(err);
        sha256_add(&sum, (struct str){buf, n});
        if (out >= 0 && write_all(out, buf, n, err))
            return -1;
        at += (int64_t)n;
        size -= (int64_t)n;
    }
    return str_eq(sha256_hex(&sum, t->a), name) ? 0 : damaged(err);
}

static int take_one(const struct taking *t, int64_t at, int64_t size, struct str name,
                    struct err *err)
{
    if (!t->dir.n)
        return copy_one(t, at, size, name, -1, err);
    struct str temp = str_fmt(t->a, "%.*s/.restore-%.*s", STR_ARG(t->dir), STR_ARG(name));
    int out = open(str_z(t->a, temp), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (out < 0)
        return failed(err);
    int rc = copy_one(t, at, size, name, out, err);
    if (rc == 0 && fsync(out))
        rc = failed(err);
    close(out);
    if (rc == 0)
        rc = blob_keep(t->a, t->dir, temp, name, err);
    if (rc)
        (void)unlink(str_z(t->a, temp)); /* half a content is none */
    return rc;
}

static int take_all(const struct taking *t, struct str list, int64_t at, int64_t end,
                    struct err *err)
{
    while (list.n) {
        struct str line, name;
        int64_t size = 0;
        struct arena_mark mark = arena_mark(t->a);
        list = str_cut(list, '\n', &line);
        struct str text = str_cut(line, ' ', &name);
        int64_t ignored;
        bool ok = name.n == NAME && text.n == 16 && hex(text, &size) && size <= end - at;
        for (size_t i = 0; ok && i < name.n; i += 15) /* only hex: it becomes a path */
            ok = hex(str_sub(name, i, 15), &ignored);
        if (!ok)
            return damaged(err);
        if (take_one(t, at, size, name, err))
            return -1;
        arena_reset(t->a, mark);
        at += size;
    }
    return at == end ? 0 : damaged(err);
}

static int take(const struct taking *t, struct err *err)
{
    struct stat st;
    char trailer[TRAILER];
    int64_t db, bytes;
    if (fstat(t->fd, &st))
        return failed(err);
    if (st.st_size < TRAILER || read_at(t->fd, st.st_size - TRAILER, trailer, TRAILER) ||
        memcmp(trailer, MARK, 16) != 0)
        return 0; /* of a version without files */
    if (!hex((struct str){trailer + 16, 16}, &db) || !hex((struct str){trailer + 32, 16}, &bytes) ||
        bytes > LIST_MAX || db > st.st_size - TRAILER - bytes)
        return damaged(err);
    char *list = arena_alloc(t->a, (size_t)bytes);
    int64_t end = st.st_size - TRAILER - bytes;
    if (read_at(t->fd, end, list, (size_t)bytes))
        return damaged(err);
    if (take_all(t, (struct str){list, (size_t)bytes}, db, end, err))
        return -1;
    return ftruncate(t->fd, db) ? failed(err) : 0;
}

int backup_files_take(struct arena *a, struct str copy, struct str dir, struct err *err)
{
    struct taking t = {a, open(str_z(a, copy), O_RDWR | O_CLOEXEC), dir};
    if (t.fd < 0)
        return failed(err);
    int rc = dir.n ? make_folder(a, dir, err) : 0;
    if (rc == 0)
        rc = take(&t, err);
    close(t.fd);
    return rc;
}
