/*
 * Spool files and messages of jobs under the system's own data key.
 */
#include "runtime/sealed_spool.h"

#include "engine/base/temp.h"
#include "engine/record/sealed.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define SYSTEM STR("_system")

static struct vault_at place(int64_t id)
{
    return (struct vault_at){SYSTEM, STR("_import"), STR("file"), id, 0};
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
    const struct vault_on on = sealer_of(c);
    (void)arg;
    return vault_seal(&on, &at, STR("key"), &ignored, err);
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
    const struct vault_on on = sealer_of(c);
    int rc = vault_file_create(&on, &at, to, &f, err);
    if (rc == 0) {
        rc = copy_in(f, fd, buf, err);
        vault_file_close(&f);
    }
    close(fd);
    if (rc)
        (void)unlink(str_z(c->a, to)); /* half a file is none */
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

int spool_open(struct ctx *c, int64_t id, struct str sealed, struct str dir, struct spool *out,
               struct err *err)
{
    struct vault_file *f;
    const struct vault_at at = place(id);
    *out = (struct spool){-1, sealed};
    if (!is_sealed(c->a, sealed))
        return 0;
    const struct vault_on on = sealer_of(c);
    int rc = vault_file_open(&on, &at, sealed, &f, err);
    if (rc <= 0)
        return rc < 0 ? -1 : failed(err);
    out->fd = temp_nameless(c->a, dir);
    rc = out->fd < 0 ? failed(err) : copy_out(f, out->fd, arena_alloc(c->a, VAULT_CHUNK), err);
    vault_file_close(&f);
    if (rc && out->fd >= 0) {
        close(out->fd);
        out->fd = -1;
    }
    out->path = temp_path(c->a, out->fd);
    return rc;
}

int job_text_seal(struct ctx *c, int64_t id, struct str text, struct str *out, struct err *err)
{
    const struct vault_on s = sealer_of(c);
    const struct sealed_text at = {SYSTEM, STR("_job"), id, 0};
    return sealed_text_put(&s, &at, text, out, err);
}

int job_text_open(struct ctx *c, int64_t id, struct str text, struct str *out, struct err *err)
{
    const struct vault_on s = sealer_of(c);
    const struct sealed_text at = {SYSTEM, STR("_job"), id, 0};
    return sealed_text_get(&s, &at, text, out, err);
}
