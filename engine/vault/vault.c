/*
 * Password hashes, random bytes, token hashes, HMAC and sealed files, all from libsodium.
 * Knows nothing of members, tokens or backups: it is given bytes and gives bytes.
 */
#include "engine/vault/vault.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define HASH_MEMORY  (19u << 20)
#define HASH_PASSES  2
#define PASSWORD_MAX 1024

#define SEAL_CHUNK   65536
#define SEAL_MAGIC   "MORTISE1"
#define SEAL_MAGIC_N 8

/* A hash takes 19 MiB and 50 ms: more than two at once would let a flood of logins eat the machine.
 * The gate is the one mutable static of this file; it guards no data, only how many work. */
static struct {
    pthread_mutex_t lock;
    pthread_cond_t free_;
    int busy;
} gate = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0};

static void gate_enter(void)
{
    pthread_mutex_lock(&gate.lock);
    while (gate.busy >= 2)
        pthread_cond_wait(&gate.free_, &gate.lock);
    gate.busy++;
    pthread_mutex_unlock(&gate.lock);
}

static void gate_leave(void)
{
    pthread_mutex_lock(&gate.lock);
    gate.busy--;
    pthread_cond_signal(&gate.free_);
    pthread_mutex_unlock(&gate.lock);
}

int vault_init(void)
{
    return sodium_init() < 0 ? -1 : 0;
}

void vault_random(void *buf, size_t n)
{
    randombytes_buf(buf, n);
}

int vault_password_hash(struct arena *a, struct str password, struct str *out, struct err *err)
{
    char buf[crypto_pwhash_STRBYTES];
    if (password.n > PASSWORD_MAX)
        return err_set(err, ERR_INVALID, "password_too_long", "密码过长。",
                       "The password is too long.");
    gate_enter();
    int bad =
        crypto_pwhash_str(buf, password.p ? password.p : "", password.n, HASH_PASSES, HASH_MEMORY);
    gate_leave();
    if (bad)
        return err_set(err, ERR_OOM, "out_of_memory", "内存不足，请稍后再试。",
                       "Out of memory; try again later.");
    *out = str_dup(a, str_of(buf));
    return 0;
}

/* A hash that no password has, made once per call site's need: spends the same time as a real one.
 */
static const char NOBODY[] = "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$"
                             "oQQ2YkZ4T5xTqXJwq2pFQf3m0Fv1J8vJ8y3m3Q0o0aA";

bool vault_password_ok(struct str hash, struct str password)
{
    char buf[crypto_pwhash_STRBYTES] = {0};
    bool known = hash.n > 0 && hash.n < sizeof(buf);
    if (password.n > PASSWORD_MAX)
        password.n = PASSWORD_MAX;
    if (known)
        memcpy(buf, hash.p, hash.n);
    else
        memcpy(buf, NOBODY, sizeof(NOBODY));
    gate_enter();
    int bad = crypto_pwhash_str_verify(buf, password.p ? password.p : "", password.n);
    gate_leave();
    return known && bad == 0;
}

struct str vault_token(struct arena *a)
{
    unsigned char bytes[32];
    size_t cap = sodium_base64_ENCODED_LEN(sizeof(bytes), sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    char *text = arena_alloc(a, cap);
    randombytes_buf(bytes, sizeof(bytes));
    sodium_bin2base64(text, cap, bytes, sizeof(bytes), sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    sodium_memzero(bytes, sizeof(bytes));
    return str_of(text);
}

static struct str hex(struct arena *a, const unsigned char *bytes, size_t n)
{
    char *text = arena_alloc(a, n * 2 + 1);
    sodium_bin2hex(text, n * 2 + 1, bytes, n);
    return (struct str){text, n * 2};
}

struct str vault_sha256_hex(struct arena *a, struct str s)
{
    unsigned char out[crypto_hash_sha256_BYTES];
    crypto_hash_sha256(out, (const unsigned char *)s.p, s.n);
    return hex(a, out, sizeof(out));
}

struct str vault_hmac_hex(struct arena *a, struct str key, struct str s)
{
    unsigned char out[crypto_auth_hmacsha256_BYTES];
    crypto_auth_hmacsha256_state st;
    crypto_auth_hmacsha256_init(&st, (const unsigned char *)key.p, key.n);
    crypto_auth_hmacsha256_update(&st, (const unsigned char *)s.p, s.n);
    crypto_auth_hmacsha256_final(&st, out);
    return hex(a, out, sizeof(out));
}

struct str vault_base64(struct arena *a, struct str s)
{
    size_t cap = sodium_base64_encoded_len(s.n, sodium_base64_VARIANT_ORIGINAL);
    char *text = arena_alloc(a, cap);
    sodium_bin2base64(text, cap, (const unsigned char *)(s.p ? s.p : ""), s.n,
                      sodium_base64_VARIANT_ORIGINAL);
    return (struct str){text, cap - 1};
}

bool vault_unbase64(struct arena *a, struct str s, struct str *out)
{
    size_t cap = s.n / 4 * 3 + 3, n = 0;
    unsigned char *bytes = arena_alloc(a, cap);
    const char *end, *from = s.p ? s.p : "";
    bool fine = sodium_base642bin(bytes, cap, from, s.n, NULL, &n, &end,
                                  sodium_base64_VARIANT_ORIGINAL) == 0;
    *out = (struct str){(const char *)bytes, n};
    return fine && end == from + s.n;
}

bool vault_same(struct str x, struct str y)
{
    return x.n == y.n && (x.n == 0 || sodium_memcmp(x.p, y.p, x.n) == 0);
}

/* ---- files ---- */

static int io_error(struct err *err, const char *path, const char *what)
{
    int full = errno == ENOSPC || errno == EDQUOT;
    return err_set(err, full ? ERR_FULL : ERR_STORE, full ? "storage_full" : "file_error",
                   "文件“%s”%s失败。", "File “%s”: %s failed.", path, what);
}

static int write_all(int fd, const void *buf, size_t n)
{
    const char *p = buf;
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

/* Fills buf as far as the file goes; bytes read, or -1. */
static ssize_t read_full(int fd, void *buf, size_t n)
{
    size_t have = 0;
    while (have < n) {
        ssize_t r = read(fd, (char *)buf + have, n - have);
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

static int key_create(const char *path, struct vault_key *out, struct err *err)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        return io_error(err, path, "create");
    randombytes_buf(out->k, sizeof(out->k));
    int bad = write_all(fd, out->k, sizeof(out->k)) || fsync(fd);
    if (close(fd) || bad) {
        (void)unlink(path); /* half a key is worse than none; the error below is what counts */
        return io_error(err, path, "write");
    }
    return 0;
}

int vault_key_file(struct str path, bool create, struct vault_key *out, struct err *err)
{
    char z[4096];
    if (path.n >= sizeof(z))
        return err_set(err, ERR_INVALID, "path_too_long", "路径过长。", "The path is too long.");
    memcpy(z, path.p, path.n);
    z[path.n] = '\0';
    int fd = open(z, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0 && errno == ENOENT && create)
        return key_create(z, out, err);
    if (fd < 0)
        return err_set(err, ERR_NOT_FOUND, "key_missing", "找不到密钥文件“%s”。",
                       "There is no key file “%s”.", z);
    struct stat st;
    if (fstat(fd, &st) == 0 && (st.st_mode & 077)) {
        close(fd);
        return err_set(err, ERR_DENIED, "key_mode", "密钥文件“%s”不能让他人读取（应为 0600）。",
                       "Key file “%s” must not be readable by others (mode 0600).", z);
    }
    ssize_t n = read_full(fd, out->k, sizeof(out->k));
    close(fd);
    if (n != (ssize_t)sizeof(out->k))
        return err_set(err, ERR_INVALID, "key_bad", "“%s”不是密钥文件。", "“%s” is no key file.",
                       z);
    return 0;
}

struct pipe {
    struct arena *a; /* that it lives in */
    int in, out;
    unsigned char plain[SEAL_CHUNK];
    unsigned char sealed[SEAL_CHUNK + crypto_secretstream_xchacha20poly1305_ABYTES];
    crypto_secretstream_xchacha20poly1305_state st;
};

/* Its own arena, so that the caller needs none and the bytes are wiped. */
static struct pipe *pipe_new(struct err *err)
{
    struct arena *a = arena_new(2 * sizeof(struct pipe));
    if (!a) {
        (void)err_set(err, ERR_OOM, "out_of_memory", "内存不足。", "Out of memory.");
        return NULL;
    }
    struct pipe *p = ARENA_NEW(a, struct pipe);
    p->a = a;
    return p;
}

static void pipe_free(struct pipe *p)
{
    struct arena *a = p->a;
    sodium_memzero(p, sizeof(*p));
    arena_free(&a);
}

static int pipe_open(struct pipe *p, const char *from, const char *to, struct err *err)
{
    p->in = open(from, O_RDONLY | O_CLOEXEC);
    if (p->in < 0)
        return io_error(err, from, "open");
    p->out = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (p->out < 0) {
        int saved = errno;
        close(p->in);
        errno = saved;
        return io_error(err, to, "create");
    }
    return 0;
}

/* Ends both files; a target that is not whole is removed. */
static int pipe_close(struct pipe *p, const char *to, int result, struct err *err)
{
    if (result == 0 && fsync(p->out))
        result = io_error(err, to, "sync");
    close(p->in);
    if (close(p->out) && result == 0)
        result = io_error(err, to, "close");
    if (result)
        (void)unlink(to); /* the error is already said */
    pipe_free(p);
    return result;
}

static int seal(struct pipe *p, const struct vault_key *key, const char *to, struct err *err)
{
    unsigned char header[crypto_secretstream_xchacha20poly1305_HEADERBYTES];
    crypto_secretstream_xchacha20poly1305_init_push(&p->st, header, key->k);
    if (write_all(p->out, SEAL_MAGIC, SEAL_MAGIC_N) || write_all(p->out, header, sizeof(header)))
        return io_error(err, to, "write");
    for (;;) {
        ssize_t n = read_full(p->in, p->plain, sizeof(p->plain));
        if (n < 0)
            return io_error(err, to, "read");
        /* A short chunk is the last one, an empty one too: the end is authenticated. */
        bool last = (size_t)n < sizeof(p->plain);
        unsigned char tag = last ? crypto_secretstream_xchacha20poly1305_TAG_FINAL
                                 : crypto_secretstream_xchacha20poly1305_TAG_MESSAGE;
        unsigned long long len = 0;
        crypto_secretstream_xchacha20poly1305_push(&p->st, p->sealed, &len, p->plain,
                                                   (unsigned long long)n, NULL, 0, tag);
        if (write_all(p->out, p->sealed, (size_t)len))
            return io_error(err, to, "write");
        if (last)
            return 0;
    }
}

static int damaged(struct err *err)
{
    return err_set(err, ERR_INVALID, "backup_damaged", "备份文件已损坏、不完整，或密钥不符。",
                   "The backup is damaged, incomplete, or sealed with another key.");
}

static int unseal(struct pipe *p, const struct vault_key *key, const char *to, struct err *err)
{
    unsigned char head[SEAL_MAGIC_N + crypto_secretstream_xchacha20poly1305_HEADERBYTES];
    ssize_t n = read_full(p->in, head, sizeof(head));
    if (n != (ssize_t)sizeof(head) || memcmp(head, SEAL_MAGIC, SEAL_MAGIC_N) ||
        crypto_secretstream_xchacha20poly1305_init_pull(&p->st, head + SEAL_MAGIC_N, key->k))
        return damaged(err);
    for (;;) {
        n = read_full(p->in, p->sealed, sizeof(p->sealed));
        if (n < (ssize_t)crypto_secretstream_xchacha20poly1305_ABYTES)
            return damaged(err);
        unsigned long long len = 0;
        unsigned char tag = 0;
        if (crypto_secretstream_xchacha20poly1305_pull(&p->st, p->plain, &len, &tag, p->sealed,
                                                       (unsigned long long)n, NULL, 0))
            return damaged(err);
        if (write_all(p->out, p->plain, (size_t)len))
            return io_error(err, to, "write");
        if (tag == crypto_secretstream_xchacha20poly1305_TAG_FINAL)
            return read_full(p->in, p->sealed, 1) == 0 ? 0 : damaged(err);
    }
}

typedef int pipe_fn(struct pipe *p, const struct vault_key *key, const char *to, struct err *err);

static int run(pipe_fn *fn, const struct vault_key *key, struct str from, struct str to,
               struct err *err)
{
    char zfrom[4096], zto[4096];
    if (from.n >= sizeof(zfrom) || to.n >= sizeof(zto))
        return err_set(err, ERR_INVALID, "path_too_long", "路径过长。", "The path is too long.");
    memcpy(zfrom, from.p, from.n);
    zfrom[from.n] = '\0';
    memcpy(zto, to.p, to.n);
    zto[to.n] = '\0';
    struct pipe *p = pipe_new(err);
    if (!p)
        return -1;
    if (pipe_open(p, zfrom, zto, err)) {
        pipe_free(p);
        return -1;
    }
    return pipe_close(p, zto, fn(p, key, zto, err), err);
}

int vault_seal_file(const struct vault_key *key, struct str from, struct str to, struct err *err)
{
    return run(seal, key, from, to, err);
}

int vault_open_file(const struct vault_key *key, struct str from, struct str to, struct err *err)
{
    return run(unseal, key, from, to, err);
}
