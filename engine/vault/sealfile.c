/*
 * Files sealed under a data key, written and read in pieces: a magic word, the key's id, the
 * secretstream header, chunks. Their place is authenticated with every chunk.
 */
#include "engine/vault/vault_int.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#define MAGIC   "MORTISE2"
#define MAGIC_N 8
#define SEALED  (VAULT_CHUNK + crypto_secretstream_xchacha20poly1305_ABYTES)
#define HEADER  crypto_secretstream_xchacha20poly1305_HEADERBYTES

struct vault_file {
    struct arena *a; /* the file lives in */
    int fd;
    bool ended;
    struct vault_at at;
    struct str ad;
    size_t n; /* of plain, waiting to be written */
    unsigned char plain[VAULT_CHUNK];
    unsigned char sealed[SEALED];
    crypto_secretstream_xchacha20poly1305_state st;
};

struct head {
    char magic[MAGIC_N];
    unsigned char key[8]; /* big-endian */
    unsigned char header[HEADER];
};

static int io(struct err *err, struct str path)
{
    bool full = errno == ENOSPC || errno == EDQUOT;
    return err_set(err, full ? ERR_FULL : ERR_STORE, full ? "storage_full" : "file_error",
                   "文件“%.*s”读写失败。", "File “%.*s”: input or output failed.", STR_ARG(path));
}

static void drop(void *arg)
{
    struct vault_file *f = arg;
    if (f->fd >= 0)
        close(f->fd);
    f->fd = -1;
    sodium_memzero(f->plain, sizeof(f->plain));
    sodium_memzero(&f->st, sizeof(f->st));
}

static struct vault_file *file_new(struct arena *a, const struct vault_at *at, int64_t key)
{
    struct vault_file *f = ARENA_NEW(a, struct vault_file);
    f->a = a;
    f->fd = -1;
    f->at = *at;
    f->ad = at_data(a, at, key);
    arena_defer(a, drop, f); /* an unwind closes it */
    return f;
}

void vault_file_close(struct vault_file **fp)
{
    struct vault_file *f = *fp;
    if (!f)
        return;
    *fp = NULL;
    arena_undefer(f->a, f);
    drop(f);
}

static int put(struct vault_file *f, const void *buf, size_t n)
{
    const char *p = buf;
    while (n) {
        ssize_t w = write(f->fd, p, n);
        if (w < 0 && errno == EINTR)
            continue;
        if (w <= 0)
            return -1;
        p += w;
        n -= (size_t)w;
    }
    return 0;
}

static ssize_t get(struct vault_file *f, void *buf, size_t n)
{
    size_t have = 0;
    while (have < n) {
        ssize_t r = read(f->fd, (char *)buf + have, n - have);
        if (r < 0 && errno == EINTR)
            continue;
        if (r < 0)
            return -1;
        if (r == 0)
            break;
        have += (size_t)r;
    }
    return (ssize_t)have;
}

/* ---- writing ---- */

int vault_file_create(const struct vault_on *on, const struct vault_at *at, struct str path,
                      struct vault_file **out, struct err *err)
{
    struct arena *a = on->a;
    const struct key_of of = key_at(at);
    struct data_key k;
    struct head h;
    *out = NULL;
    int rc = key_current(on, &of, &k, err);
    if (rc == 0)
        return err_set(err, ERR_INTERNAL, "no_key", "内部错误。", "Internal error.");
    if (rc < 0)
        return -1;
    struct vault_file *f = file_new(a, at, k.id);
    memcpy(h.magic, MAGIC, MAGIC_N);
    for (size_t i = 0; i < sizeof(h.key); i++)
        h.key[i] = (unsigned char)((uint64_t)k.id >> (56 - 8 * i));
    crypto_secretstream_xchacha20poly1305_init_push(&f->st, h.header, k.k);
    sodium_memzero(k.k, sizeof(k.k));
    f->fd = open(str_z(a, path), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (f->fd < 0 || put(f, &h, sizeof(h))) {
        vault_file_close(&f);
        return io(err, path);
    }
    *out = f;
    return 0;
}

static int flush(struct vault_file *f, unsigned char tag, struct err *err)
{
    unsigned long long len = 0;
    crypto_secretstream_xchacha20poly1305_push(&f->st, f->sealed, &len, f->plain, f->n,
                                               (const unsigned char *)f->ad.p, f->ad.n, tag);
    f->n = 0;
    return put(f, f->sealed, (size_t)len) ? io(err, f->at.field) : 0;
}

int vault_file_write(struct vault_file *f, const void *buf, size_t n, struct err *err)
{
    const char *p = buf;
    while (n) {
        if (f->n == sizeof(f->plain) && flush(f, 0, err))
            return -1;
        size_t take = MIN(n, sizeof(f->plain) - f->n);
        memcpy(f->plain + f->n, p, take);
        f->n += take;
        p += take;
        n -= take;
    }
    return 0;
}

int vault_file_finish(struct vault_file *f, struct err *err)
{
    if (f->n == sizeof(f->plain) && flush(f, 0, err)) /* the last chunk is a short one */
        return -1;
    if (flush(f, crypto_secretstream_xchacha20poly1305_TAG_FINAL, err))
        return -1;
    return fsync(f->fd) ? io(err, f->at.field) : 0;
}

/* ---- reading ---- */

int vault_file_open(const struct vault_on *on, const struct vault_at *at, struct str path,
                    struct vault_file **out, struct err *err)
{
    struct arena *a = on->a;
    struct data_key k;
    struct head h;
    uint64_t id = 0;
    struct vault_file *f = file_new(a, at, 0);
    *out = NULL;
    f->fd = open(str_z(a, path), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    int rc = f->fd < 0 ? io(err, path) : 1;
    if (rc == 1 && (get(f, &h, sizeof(h)) != (ssize_t)sizeof(h) || memcmp(h.magic, MAGIC, MAGIC_N)))
        rc = at_damaged(at, err);
    for (size_t i = 0; rc == 1 && i < sizeof(h.key); i++)
        id = id << 8 | h.key[i];
    if (rc == 1)
        rc = key_by_id(on, (int64_t)id, &k, err);
    if (rc == 1 && crypto_secretstream_xchacha20poly1305_init_pull(&f->st, h.header, k.k))
        rc = at_damaged(at, err);
    if (rc != 1) {
        vault_file_close(&f);
        return rc;
    }
    sodium_memzero(k.k, sizeof(k.k));
    f->ad = at_data(a, at, (int64_t)id);
    *out = f;
    return 1;
}

int vault_file_read(struct vault_file *f, void *buf, size_t *n, struct err *err)
{
    unsigned long long len = 0;
    unsigned char tag = 0;
    *n = 0;
    if (f->ended)
        return 0;
    ssize_t got = get(f, f->sealed, sizeof(f->sealed));
    if (got < (ssize_t)crypto_secretstream_xchacha20poly1305_ABYTES ||
        crypto_secretstream_xchacha20poly1305_pull(&f->st, buf, &len, &tag, f->sealed,
                                                   (unsigned long long)got,
                                                   (const unsigned char *)f->ad.p, f->ad.n))
        return at_damaged(&f->at, err);
    f->ended = tag == crypto_secretstream_xchacha20poly1305_TAG_FINAL;
    if (f->ended && get(f, f->sealed, 1) != 0)
        return at_damaged(&f->at, err);
    *n = (size_t)len;
    return *n == 0 && !f->ended ? at_damaged(&f->at, err) : 0;
}
