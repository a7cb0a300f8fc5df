/*
 * Spool files and messages of jobs under the system's own data key.
 */
#define _DEFAULT_SOURCE /* mkstemp */
#include "runtime/sealed_spool.h"

#include "engine/record/sealed.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define SYSTEM STR("_system")

static struct vault_at place(int64_t id)
{
    return (struct vault_at){SYSTEM, STR("_import"), STR("file"), id};
}

static int failed(struct err *err)
{
    return err_set(err, errno == ENOSPC ? ERR_FULL : ERR_STORE, "spool", "无法保存上传的文件。",
                   "The uploaded file cannot be stored.");
}

/* The key is there before the file is written, outside of a write job. */
static int need_key(struct ctx *c, void *arg, struct err *err)
{
    struct str ignored;
    const struct vault_at at = place(0);
    (void)arg;
    return vault_seal(c->vault, c->db, c->a, &at, 0, STR("key"), &ignored, err);
}

static int copy_in(struct vault_file *f, int fd, char *buf, struct err *err)
{
    ssize_t n;
    while ((n = read(fd, buf, VAULT_CHUNK)) > 0)
        if (vault_file_write(f, buf, (size_t)n, err))
            return -1;
    return n < 0 ? failed(err) : vault_file_finish(f, err);
}

int spool_seal(struct ctx *c, int64_t id, struct str from, struct str to, struct err *err)
{
    struct vault_file *f;
    const struct vault_at at = place(id);
    char *buf = arena_alloc(c->a, VAULT_CHUNK);
    if (engine_write(c, need_key, NULL, err))
        return -1;
    int fd = open(str_z(c->a, from), O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return failed(err);
    int rc = vault_file_create(c->vault, c->db, c->a, &at, 0, to, &f, err);
    if (rc == 0) {
        rc = copy_in(f, fd, buf, err);
        vault_file_close(&f);
    }
    close(fd);
    (void)unlink(str_z(c->a, rc ? to : from)); /* one of them stays */
    return rc;
}

static int put(int fd, const char *p, size_t n)
{
    while (n) {
        ssize_t w = write(fd, p, n);
        if (w < 0 && errno == EINTR)
            continue;
        if (w <= 0)
            return -1;
        p += w;
        n -= (size_t)w;
    }
    return 0;
}

static int copy_out(struct vault_file *f, int fd, char *buf, struct err *err)
{
    size_t n;
    do {
        if (vault_file_read(f, buf, &n, err))
            return -1;
        if (put(fd, buf, n))
            return failed(err);
    } while (n);
    return 0;
}

static bool is_sealed(struct arena *a, struct str path)
{
    char magic[8] = "";
    int fd = open(str_z(a, path), O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : read(fd, magic, sizeof(magic));
    if (fd >= 0)
        close(fd);
    return n == (ssize_t)sizeof(magic) && memcmp(magic, "MORTISE2", sizeof(magic)) == 0;
}

int spool_open(struct ctx *c, int64_t id, struct str sealed, struct str dir, int *fd,
               struct str *path, struct err *err)
{
    struct vault_file *f;
    const struct vault_at at = place(id);
    char *name = str_z(c->a, str_fmt(c->a, "%.*s/open-XXXXXX", STR_ARG(dir)));
    *fd = -1;
    *path = sealed;
    if (!is_sealed(c->a, sealed))
        return 0;
    int rc = vault_file_open(c->vault, c->db, c->a, &at, sealed, &f, err);
    if (rc <= 0)
        return rc < 0 ? -1 : failed(err);
    *fd = mkstemp(name);
    rc = *fd < 0 || unlink(name) ? failed(err)
                                 : copy_out(f, *fd, arena_alloc(c->a, VAULT_CHUNK), err);
    vault_file_close(&f);
    if (rc && *fd >= 0) {
        close(*fd);
        *fd = -1;
    }
    *path = str_fmt(c->a, "/proc/self/fd/%d", *fd);
    return rc;
}

int job_text_seal(struct ctx *c, int64_t id, struct str text, struct str *out, struct err *err)
{
    const struct sealer s = sealer_of(c);
    return sealed_text_put(&s, SYSTEM, STR("_job"), id, 0, text, out, err);
}

int job_text_open(struct ctx *c, int64_t id, struct str text, struct str *out, struct err *err)
{
    const struct sealer s = sealer_of(c);
    return sealed_text_get(&s, SYSTEM, STR("_job"), id, text, out, err);
}
