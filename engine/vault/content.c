/*
 * Sealed contents: a magic word, then pieces of XChaCha20-Poly1305 whose nonce is their number and
 * whether they are the last one. A key seals one content only, so a nonce is never used for two.
 */
#include "engine/vault/content.h"

#include "engine/vault/vault_int.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAGIC   "MORTISE3"
#define MAGIC_N 8
#define SEALED  (CONTENT_PIECE + TAG_BYTES)
#define SYSTEM  STR("_system")
#define USE     "mortise content"

struct content {
    struct arena *a;
    int fd;
    uint64_t size, pieces;
    uint64_t have; /* the piece in `plain`, counted from 1; 0: none */
    size_t n;      /* its bytes */
    struct content_key key;
    unsigned char plain[CONTENT_PIECE];
    unsigned char sealed[SEALED];
};

static int failed(struct err *err)
{
    bool full = errno == ENOSPC || errno == EDQUOT;
    return err_set(err, full ? ERR_FULL : ERR_STORE, full ? "storage_full" : "file_store",
                   "无法读写文件：磁盘出错或已满。",
                   "The file cannot be read or stored: the disk fails or is full.");
}

static int damaged(struct err *err)
{
    return err_set(err, ERR_STORE, "file_damaged", "文件的内容已损坏。",
                   "The content of the file is damaged.");
}

/* ---- keys ---- */

int content_key_of(const struct vault_on *on, struct str sha256, struct content_key *out,
                   struct err *err)
{
    struct data_key k;
    crypto_generichash_state st;
    const struct key_of of = {SYSTEM, KEY_BLIND, 0};
    int rc = key_current(on, &of, &k, err);
    if (rc <= 0)
        return rc;
    crypto_generichash_init(&st, k.k, sizeof(k.k), sizeof(out->k));
    crypto_generichash_update(&st, (const unsigned char *)USE, sizeof(USE));
    crypto_generichash_update(&st, (const unsigned char *)sha256.p, sha256.n);
    crypto_generichash_final(&st, out->k, sizeof(out->k));
    sodium_memzero(&k, sizeof(k));
    sodium_memzero(&st, sizeof(st));
    return 1;
}

struct str content_key_text(struct arena *a, const struct content_key *k)
{
    return base64(a, k->k, sizeof(k->k));
}

bool content_key_parse(struct str text, struct content_key *out)
{
    size_t n;
    return unbase64(text, out->k, sizeof(out->k), &n) && n == sizeof(out->k);
}

/* ---- pieces ---- */

static void nonce_of(uint64_t piece, bool last, unsigned char nonce[NONCE_BYTES])
{
    memset(nonce, 0, NONCE_BYTES);
    for (size_t i = 0; i < 8; i++)
        nonce[i] = (unsigned char)(piece >> (8 * i));
    nonce[8] = last;
}

static int write_all(int fd, const unsigned char *p, size_t n)
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

/* As far as the file goes; -1. */
static ssize_t read_at(int fd, uint64_t at, unsigned char *p, size_t n)
{
    size_t have = 0;
    while (have < n) {
        ssize_t r = pread(fd, p + have, n - have, (off_t)(at + have));
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

/* ---- sealing ---- */

struct sealing {
    int to;
    crypto_hash_sha256_state sum;
};

static int put(struct sealing *s, const void *p, size_t n)
{
    crypto_hash_sha256_update(&s->sum, p, n);
    return write_all(s->to, p, n);
}

/* `c` lends its buffers. */
static int seal_all(struct sealing *s, struct content *c, int from, struct err *err)
{
    unsigned char nonce[NONCE_BYTES];
    if (put(s, MAGIC, MAGIC_N))
        return failed(err);
    for (uint64_t i = 0; i < c->pieces; i++) {
        ssize_t n = read_at(from, i * CONTENT_PIECE, c->plain, CONTENT_PIECE);
        unsigned long long len = 0;
        if (n < 0)
            return failed(err);
        nonce_of(i, i + 1 == c->pieces, nonce);
        crypto_aead_xchacha20poly1305_ietf_encrypt(c->sealed, &len, c->plain, (size_t)n, NULL, 0,
                                                   NULL, nonce, c->key.k);
        if (put(s, c->sealed, (size_t)len))
            return failed(err);
    }
    return fsync(s->to) ? failed(err) : 0;
}

static struct content *content_new(const struct content_key *k, struct err *err)
{
    struct arena *a = arena_new(2 * sizeof(struct content));
    if (!a) {
        (void)err_set(err, ERR_OOM, "out_of_memory", "内存不足。", "Out of memory.");
        return NULL;
    }
    struct content *c = ARENA_NEW(a, struct content);
    c->a = a;
    c->fd = -1;
    c->key = *k;
    return c;
}

static uint64_t pieces_of(uint64_t bytes, uint64_t piece)
{
    return bytes ? (bytes - 1) / piece + 1 : 1;
}

int content_seal(struct arena *a, const struct content_key *k, int from, int to, struct str *name,
                 struct err *err)
{
    struct stat st;
    struct sealing s = {.to = to};
    unsigned char sum[crypto_hash_sha256_BYTES];
    struct content *c = content_new(k, err);
    if (!c)
        return -1;
    crypto_hash_sha256_init(&s.sum);
    int rc = fstat(from, &st) ? failed(err) : 0;
    c->pieces = rc ? 0 : pieces_of((uint64_t)st.st_size, CONTENT_PIECE);
    if (rc == 0)
        rc = seal_all(&s, c, from, err);
    content_close(&c);
    crypto_hash_sha256_final(&s.sum, sum);
    char *hex = arena_alloc(a, 2 * sizeof(sum) + 1);
    sodium_bin2hex(hex, 2 * sizeof(sum) + 1, sum, sizeof(sum));
    *name = str_of(hex);
    return rc;
}

/* ---- reading ---- */

void content_close(struct content **cp)
{
    struct content *c = *cp;
    if (!c)
        return;
    *cp = NULL;
    if (c->fd >= 0)
        close(c->fd);
    struct arena *a = c->a;
    sodium_memzero(c, sizeof(*c));
    arena_free(&a);
}

uint64_t content_size(const struct content *c)
{
    return c->size;
}

static int measure(struct content *c, struct err *err)
{
    struct stat st;
    if (fstat(c->fd, &st) || !S_ISREG(st.st_mode))
        return failed(err);
    if ((uint64_t)st.st_size < MAGIC_N + TAG_BYTES)
        return damaged(err);
    uint64_t body = (uint64_t)st.st_size - MAGIC_N;
    c->pieces = pieces_of(body, SEALED);
    if (body < c->pieces * TAG_BYTES)
        return damaged(err);
    c->size = body - c->pieces * TAG_BYTES;
    return 0;
}

int content_open(const struct content_key *k, struct str path, struct content **out,
                 struct err *err)
{
    struct content *c = content_new(k, err);
    *out = NULL;
    if (!c)
        return -1;
    c->fd = open(str_z(c->a, path), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    int rc = c->fd < 0 ? failed(err) : measure(c, err);
    if (rc == 0 && (read_at(c->fd, 0, c->sealed, MAGIC_N) != MAGIC_N ||
                    memcmp(c->sealed, MAGIC, MAGIC_N) != 0))
        rc = damaged(err);
    if (rc)
        content_close(&c);
    *out = c;
    return rc;
}

static int load_piece(struct content *c, uint64_t i, struct err *err)
{
    unsigned char nonce[NONCE_BYTES];
    unsigned long long len = 0;
    c->have = 0;
    ssize_t n = read_at(c->fd, MAGIC_N + i * SEALED, c->sealed, SEALED);
    if (n < 0)
        return failed(err);
    nonce_of(i, i + 1 == c->pieces, nonce);
    if (n < (ssize_t)TAG_BYTES ||
        crypto_aead_xchacha20poly1305_ietf_decrypt(c->plain, &len, NULL, c->sealed, (size_t)n, NULL,
                                                   0, nonce, c->key.k))
        return damaged(err);
    c->n = (size_t)len;
    c->have = i + 1;
    return 0;
}

int content_read(struct content *c, uint64_t at, void *buf, size_t cap, size_t *n, struct err *err)
{
    *n = 0;
    if (at >= c->size)
        return 0;
    uint64_t i = at / CONTENT_PIECE;
    if (c->have != i + 1 && load_piece(c, i, err))
        return -1;
    size_t from = (size_t)(at % CONTENT_PIECE);
    if (from >= c->n)
        return damaged(err);
    *n = MIN(cap, c->n - from);
    memcpy(buf, c->plain + from, *n);
    return 0;
}
