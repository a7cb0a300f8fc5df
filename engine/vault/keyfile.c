/*
 * The folder of keys: master.key, a text of one key a line, the last one in use; and erased, the
 * ledger of data keys that were destroyed for a person. Neither is in the data folder or a backup.
 */
#include "engine/vault/vault_int.h"

#include "engine/base/civil.h"
#include "engine/base/strb.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_MAX ((size_t)64 << 20)

static const char HEAD[] =
    "# Master keys of Mortise: one a line, the last one is in use. Keep a copy of this file in a\n"
    "# safe place, apart from the backups: without it no encrypted value can be read again.\n";

static int file_error(struct err *err, struct str path)
{
    return err_set(err, errno == ENOSPC ? ERR_FULL : ERR_STORE, "key_file",
                   "密钥文件“%.*s”读写失败：%s。", "Key file “%.*s”: %s.", STR_ARG(path),
                   strerror(errno));
}

static struct str in_dir(struct arena *a, struct str dir, const char *name)
{
    return str_fmt(a, "%.*s/%s", STR_ARG(dir), name);
}

/* The whole file: 1, 0 there is none, -1. */
static int slurp(struct arena *a, struct str path, bool secret, struct str *out, struct err *err)
{
    struct stat st;
    int fd = open(str_z(a, path), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return errno == ENOENT ? 0 : file_error(err, path);
    int rc = 1;
    if (fstat(fd, &st) || !S_ISREG(st.st_mode) || (size_t)st.st_size > FILE_MAX)
        rc = file_error(err, path);
    else if (secret && (st.st_mode & 077))
        rc = err_set(err, ERR_DENIED, "key_mode", "密钥文件“%.*s”不能让他人读取（应为 0600）。",
                     "Key file “%.*s” must not be readable by others (mode 0600).", STR_ARG(path));
    if (rc == 1) {
        char *p = arena_alloc(a, (size_t)st.st_size + 1);
        ssize_t got = read(fd, p, (size_t)st.st_size);
        *out = (struct str){p, got > 0 ? (size_t)got : 0};
        if (got != st.st_size)
            rc = file_error(err, path);
    }
    close(fd);
    return rc;
}

static int sync_dir(struct arena *a, struct str dir)
{
    int fd = open(str_z(a, dir), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int rc = fd < 0 ? -1 : fsync(fd);
    if (fd >= 0)
        close(fd);
    return rc;
}

static int put(int fd, struct str text)
{
    while (text.n) {
        ssize_t w = write(fd, text.p, text.n);
        if (w <= 0 && errno != EINTR)
            return -1;
        text = str_sub(text, w > 0 ? (size_t)w : 0, text.n);
    }
    return fsync(fd);
}

/* ---- master.key ---- */

void master_new(struct master *out)
{
    unsigned char id[MASTER_ID / 2];
    randombytes_buf(id, sizeof(id));
    sodium_bin2hex(out->id, sizeof(out->id), id, sizeof(id));
    randombytes_buf(out->k, sizeof(out->k));
}

static bool parse_line(struct str line, struct master *out)
{
    struct str id, key = str_trim(str_cut(line, ' ', &id));
    size_t n;
    if (id.n != MASTER_ID || !unbase64(key, out->k, sizeof(out->k), &n) || n != sizeof(out->k))
        return false;
    memcpy(out->id, id.p, MASTER_ID);
    out->id[MASTER_ID] = '\0';
    return true;
}

int keyfile_read(struct arena *a, struct str dir, struct master *out, size_t *n, struct err *err)
{
    struct str text, line;
    struct str path = in_dir(a, dir, "master.key");
    int rc = slurp(a, path, true, &text, err);
    *n = 0;
    for (struct str rest = text; rc == 1 && rest.n;) {
        rest = str_cut(rest, '\n', &line);
        line = str_trim(line);
        if (!line.n || line.p[0] == '#')
            continue;
        if (*n == MASTERS_MAX || !parse_line(line, &out[(*n)++]))
            rc = err_set(err, ERR_INVALID, "key_bad", "“%.*s”不是密钥文件。",
                         "“%.*s” is no key file.", STR_ARG(path));
    }
    if (rc == 1 && *n == 0)
        rc = err_set(err, ERR_INVALID, "key_bad", "“%.*s”不是密钥文件。", "“%.*s” is no key file.",
                     STR_ARG(path));
    return rc;
}

int keyfile_write(struct arena *a, struct str dir, const struct master *m, size_t n,
                  struct err *err)
{
    struct strb b;
    struct str path = in_dir(a, dir, "master.key");
    struct str temp = in_dir(a, dir, "master.key.new");
    strb_init(&b, a);
    strb_addz(&b, HEAD);
    for (size_t i = 0; i < n; i++)
        strb_addf(&b, "%s %.*s\n", m[i].id, STR_ARG(base64(a, m[i].k, sizeof(m[i].k))));
    if (mkdir(str_z(a, dir), 0700) && errno != EEXIST)
        return file_error(err, dir);
    (void)unlink(str_z(a, temp)); /* of a start that was cut off */
    int fd = open(str_z(a, temp), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        return file_error(err, temp);
    int bad = put(fd, strb_str(&b));
    bad |= close(fd);
    sodium_memzero(b.p, b.n);
    if (bad || rename(str_z(a, temp), str_z(a, path)) || sync_dir(a, dir))
        return file_error(err, path);
    return 0;
}

/* ---- the ledger ---- */

int ledger_read(struct arena *a, struct str dir, int64_t **ids, size_t *n, struct err *err)
{
    struct str text = STR_NONE, line, id;
    VEC(int64_t) list = {0};
    int rc = slurp(a, in_dir(a, dir, "erased"), false, &text, err);
    while (rc == 1 && text.n) {
        int64_t k;
        text = str_cut(text, '\n', &line);
        (void)str_cut(line, ' ', &id);
        if (str_int(id, 1, INT64_MAX, &k))
            (void)vec_push(a, &list, k);
    }
    *ids = list.v;
    *n = list.n;
    return rc < 0 ? -1 : 0;
}

int ledger_add(struct arena *a, struct str dir, const int64_t *ids, size_t n, int64_t now_us,
               struct err *err)
{
    struct strb b;
    char at[40];
    struct str path = in_dir(a, dir, "erased");
    strb_init(&b, a);
    for (size_t i = 0; i < n; i++)
        strb_addf(&b, "%lld %.*s\n", (long long)ids[i], STR_ARG(civil_print_instant(now_us, at)));
    int fd = open(str_z(a, path), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return file_error(err, path);
    int bad = put(fd, strb_str(&b));
    bad |= close(fd);
    return bad || sync_dir(a, dir) ? file_error(err, path) : 0;
}
