/*
 * Texts in a file, with a small cache of its blocks. Two files: where each text begins, and the
 * texts.
 */
#define _DEFAULT_SOURCE /* mkstemp */
#include "engine/record/text_heap.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define BLOCK  4096u
#define BLOCKS 128u /* in memory of each file */

struct block {
    uint64_t no; /* from 1; 0: none */
    size_t n;
    char bytes[BLOCK];
};

struct blocks {
    int fd;
    FILE *f; /* while it is written */
    uint64_t bytes;
    struct block *v;
};

struct heap {
    struct blocks at, texts;
    uint64_t n;
};

static int failed(struct err *err)
{
    bool full = errno == ENOSPC || errno == EDQUOT;
    return err_set(err, full ? ERR_FULL : ERR_STORE, full ? "storage_full" : "file_error",
                   "无法暂存文件内容。", "The file's contents cannot be spooled.");
}

static void blocks_close(struct blocks *b)
{
    if (b->f)
        (void)fclose(b->f); /* what failed was seen by heap_end() */
    else if (b->fd >= 0)
        close(b->fd);
}

static void heap_close(void *arg)
{
    struct heap *h = arg;
    blocks_close(&h->at);
    blocks_close(&h->texts);
}

static int blocks_open(struct arena *a, struct str dir, struct blocks *b, struct err *err)
{
    char *path = str_z(a, str_fmt(a, "%.*s/texts-XXXXXX", STR_ARG(dir)));
    b->v = ARENA_ARRAY(a, struct block, BLOCKS);
    b->fd = mkstemp(path);
    if (b->fd < 0)
        return failed(err);
    (void)unlink(path); /* it lives as long as it is open */
    b->f = fdopen(b->fd, "w+");
    return b->f ? 0 : failed(err);
}

int heap_open(struct arena *a, struct str temp_dir, struct heap **out, struct err *err)
{
    struct heap *h = ARENA_NEW(a, struct heap);
    *h = (struct heap){.at.fd = -1, .texts.fd = -1};
    *out = h;
    arena_defer(a, heap_close, h);
    return blocks_open(a, temp_dir, &h->at, err) || blocks_open(a, temp_dir, &h->texts, err) ? -1
                                                                                             : 0;
}

static int put(struct blocks *b, const void *p, size_t n, struct err *err)
{
    b->bytes += n;
    return fwrite(p, 1, n, b->f) == n ? 0 : failed(err);
}

int heap_add(struct heap *h, struct str text, struct err *err)
{
    uint64_t from = h->texts.bytes;
    h->n++;
    return put(&h->at, &from, sizeof(from), err) || (text.n && put(&h->texts, text.p, text.n, err))
               ? -1
               : 0;
}

int heap_end(struct heap *h, struct err *err)
{
    uint64_t end = h->texts.bytes;
    if (put(&h->at, &end, sizeof(end), err))
        return -1;
    return fflush(h->at.f) || fflush(h->texts.f) ? failed(err) : 0;
}

/* NULL when it cannot be read. */
static const struct block *block_at(struct blocks *b, uint64_t no)
{
    struct block *k = &b->v[no % BLOCKS];
    if (k->no == no + 1)
        return k;
    ssize_t n = pread(b->fd, k->bytes, BLOCK, (off_t)(no * BLOCK));
    k->no = n > 0 ? no + 1 : 0;
    k->n = n > 0 ? (size_t)n : 0;
    return n > 0 ? k : NULL;
}

static bool get(struct blocks *b, uint64_t from, char *to, size_t n)
{
    while (n) {
        const struct block *k = block_at(b, from / BLOCK);
        size_t skip = (size_t)(from % BLOCK);
        if (!k || skip >= k->n)
            return false;
        size_t here = MIN(n, k->n - skip);
        memcpy(to, k->bytes + skip, here);
        to += here;
        from += here;
        n -= here;
    }
    return true;
}

struct str heap_get(struct heap *h, struct arena *a, uint64_t i)
{
    uint64_t ends[2];
    if (i >= h->n || !get(&h->at, i * sizeof(*ends), (char *)ends, sizeof(ends)) ||
        ends[1] <= ends[0] || ends[1] > h->texts.bytes)
        return STR_NONE;
    size_t n = (size_t)(ends[1] - ends[0]);
    char *p = arena_alloc(a, n);
    return get(&h->texts, ends[0], p, n) ? (struct str){p, n} : STR_NONE;
}
