/*
 * Opening table files: telling what they are, converting in pieces, mapping the result.
 */
#define _GNU_SOURCE /* madvise */
#include "engine/record/tablefile.h"

#include "engine/base/strb.h"
#include "engine/base/temp.h"
#include "engine/base/utf8.h"
#include "engine/record/csv.h"
#include "engine/record/xlsx_read.h"

#include <errno.h>
#include <fcntl.h>
#include <iconv.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define PIECE      (64u << 10)
#define SHEETS_MAX 200
#define PASS       (1u << 20) /* of one look through a mapped file */

struct mapping {
    void *p;
    size_t n;
};

static int io_failed(struct err *err)
{
    bool full = errno == ENOSPC || errno == EDQUOT;
    return err_set(err, full ? ERR_FULL : ERR_STORE, full ? "storage_full" : "file_error",
                   "无法读取或暂存文件。", "The file cannot be read or spooled.");
}

static void unmap(void *arg)
{
    struct mapping *m = arg;
    if (m->p)
        (void)munmap(m->p, m->n); /* of our own mapping */
}

static int map(struct arena *a, int fd, struct tablefile *out, struct err *err)
{
    struct stat st;
    if (fstat(fd, &st))
        return io_failed(err);
    struct mapping *m = ARENA_NEW(a, struct mapping);
    out->map = m;
    out->text = STR_NONE;
    if (!st.st_size)
        return 0;
    void *p = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (p == MAP_FAILED)
        return io_failed(err);
    *m = (struct mapping){p, (size_t)st.st_size};
    arena_defer(a, unmap, m);
    out->text = (struct str){p, m->n};
    return 0;
}

void tablefile_passed(const struct tablefile *t, size_t used)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    if (t->map && t->map->p && used >= page)
        (void)madvise(t->map->p, used / page * page, MADV_DONTNEED); /* only a hint */
}

void tablefile_each(const struct tablefile *t, size_t from, tablefile_piece_fn *fn, void *arg)
{
    for (size_t n; from < t->text.n; from += n) {
        n = utf8_cut(str_sub(t->text, from, t->text.n), PASS).n;
        n = n ? n : MIN(t->text.n - from, (size_t)PASS); /* not UTF-8 */
        fn(arg, str_sub(t->text, from, n));
        tablefile_passed(t, from + n);
    }
}

static void check_piece(void *arg, struct str piece)
{
    bool *valid = arg;
    *valid = *valid && utf8_valid(piece);
}

static bool all_valid(const struct tablefile *t)
{
    bool valid = true;
    tablefile_each(t, 0, check_piece, &valid);
    return valid;
}

/* Characters of three bytes that are whole, and bytes that belong to none. */
struct signs {
    size_t whole, stray;
};

static void count_signs(void *arg, struct str piece)
{
    struct signs *n = arg;
    while (piece.n) {
        size_t good = utf8_good(piece);
        for (size_t i = 0; i < good; i++)
            n->whole += (unsigned char)piece.p[i] >= 0xE0;
        n->stray += good < piece.n;
        piece = str_sub(piece, good + (good < piece.n), piece.n);
    }
}

/* UTF-8 with a few bytes broken, which read as GB18030 would be another text without a word. */
static bool is_broken_utf8(const struct tablefile *t)
{
    struct signs n = {0};
    tablefile_each(t, 0, count_signs, &n);
    return n.whole > n.stray;
}

/* ---- writing what was converted ---- */

struct spool {
    int fd;
    FILE *f;
    uint64_t bytes;
};

static void close_spool(void *arg)
{
    struct spool *s = arg;
    if (s->f)
        (void)fclose(s->f); /* what failed was seen by spool_end() */
    else if (s->fd >= 0)
        close(s->fd);
}

static int spool_begin(struct arena *a, struct str dir, struct spool **out, struct err *err)
{
    struct spool *s = ARENA_NEW(a, struct spool);
    *out = s;
    *s = (struct spool){.fd = temp_nameless(a, dir)};
    arena_defer(a, close_spool, s);
    if (s->fd < 0)
        return io_failed(err);
    s->f = fdopen(s->fd, "w+");
    return s->f ? 0 : io_failed(err);
}

static int spool_add(struct spool *s, struct str bytes, struct err *err)
{
    s->bytes += bytes.n;
    if (s->bytes > TABLEFILE_TEXT_MAX)
        return err_set(err, ERR_TOO_LARGE, "too_large", "文件内容过大。", "The file is too large.");
    return fwrite(bytes.p, 1, bytes.n, s->f) == bytes.n ? 0 : io_failed(err);
}

static int spool_end(struct arena *a, struct spool *s, struct tablefile *out, struct err *err)
{
    if (fflush(s->f))
        return io_failed(err);
    return map(a, s->fd, out, err); /* the mapping outlives the descriptor */
}

/* ---- other encodings ---- */

static int recode(struct spool *s, const char *from, const struct tablefile *t, struct err *err)
{
    char buf[PIECE];
    struct str bytes = t->text;
    iconv_t cd = iconv_open("UTF-8", from);
    int rc = 0;
    if (cd == (iconv_t)-1)
        return err_set(err, ERR_INTERNAL, "iconv", "缺少字符编码转换。",
                       "Character conversion is missing.");
    char *in = (char *)(uintptr_t)bytes.p; /* iconv only reads it; its type predates const */
    while (rc == 0 && bytes.n) {
        char *to = buf;
        size_t left = sizeof(buf);
        size_t n = iconv(cd, &in, &bytes.n, &to, &left);
        if (n == (size_t)-1 && errno != E2BIG)
            rc = err_set(err, ERR_INVALID, "encoding", "文件编码应为 UTF-8、UTF-16 或 GB18030。",
                         "The file must be UTF-8, UTF-16 or GB18030.");
        else
            rc = spool_add(s, (struct str){buf, sizeof(buf) - left}, err);
        tablefile_passed(t, t->text.n - bytes.n);
    }
    (void)iconv_close(cd); /* of an open one: cannot fail */
    return rc;
}

/* What it is written in, NULL: UTF-8; the byte order mark is taken off. */
static const char *encoding_of(struct tablefile *t)
{
    struct str b = t->text;
    static const struct {
        struct str mark;
        const char *name;
    } marks[] = {
        {STR("\xEF\xBB\xBF"), NULL}, {STR("\xFF\xFE"), "UTF-16LE"}, {STR("\xFE\xFF"), "UTF-16BE"}};
    for (size_t i = 0; i < ARRAY_LEN(marks); i++)
        if (str_starts(b, marks[i].mark)) {
            t->text = str_sub(b, marks[i].mark.n, b.n);
            if (marks[i].name)
                return marks[i].name;
        }
    return all_valid(t) ? NULL : "GB18030";
}

static int from_text(struct arena *a, struct str dir, struct tablefile *out, struct err *err)
{
    struct spool *s;
    const char *from = encoding_of(out);
    if (!from)
        return 0;
    if (str_eqz(str_of(from), "GB18030") && is_broken_utf8(out))
        return err_set(err, ERR_INVALID, "encoding",
                       "文件是 UTF-8 编码，但其中有损坏的字符，请重新导出后再导入。",
                       "The file is UTF-8 with broken characters; export it again.");
    if (spool_begin(a, dir, &s, err) || recode(s, from, out, err) || spool_end(a, s, out, err))
        return -1;
    if (all_valid(out))
        return 0;
    return err_set(err, ERR_INVALID, "encoding", "文件编码应为 UTF-8、UTF-16 或 GB18030。",
                   "The file must be UTF-8, UTF-16 or GB18030.");
}

/* ---- workbooks ---- */

struct sheet_spool {
    struct spool *s;
    struct strb row;
    uint32_t line;
};

/* Every row of the sheet is one record, empty ones too: so rows keep their numbers. */
static int add_row(void *arg, uint32_t line, const struct str *cells, size_t n, struct err *err)
{
    struct sheet_spool *w = arg;
    w->row.n = 0;
    for (; w->line + 1 < line; w->line++)
        strb_addc(&w->row, '\n');
    for (size_t i = 0; i < n; i++) {
        if (i)
            strb_addc(&w->row, ',');
        strb_addc(&w->row, '"');
        for (size_t k = 0; k < cells[i].n; k++) {
            if (cells[i].p[k] == '"')
                strb_addc(&w->row, '"');
            strb_addc(&w->row, cells[i].p[k]);
        }
        strb_addc(&w->row, '"');
    }
    strb_addc(&w->row, '\n');
    w->line = line;
    return spool_add(w->s, strb_str(&w->row), err);
}

struct sheet_names {
    struct arena *a;
    struct str *v;
    size_t n;
};

static void add_sheet(void *arg, struct str name)
{
    struct sheet_names *names = arg;
    if (!names->v)
        names->v = ARENA_ARRAY(names->a, struct str, SHEETS_MAX);
    if (names->n < SHEETS_MAX)
        names->v[names->n++] = str_dup(names->a, name);
}

static int from_workbook(struct arena *a, struct str path, struct str dir, struct str sheet,
                         struct tablefile *out, struct err *err)
{
    struct sheet_spool w = {0};
    struct arena *tmp = arena_new((size_t)64 << 20);
    struct sheet_names names = {a, NULL, 0};
    const struct xlsx_in in = {path, sheet, dir, add_sheet, &names};
    strb_init(&w.row, a);
    if (!tmp)
        return err_set(err, ERR_OOM, "out_of_memory", "内存不足。", "Out of memory.");
    int rc = spool_begin(a, dir, &w.s, err) || xlsx_read(tmp, &in, add_row, &w, err) ||
                     spool_end(a, w.s, out, err)
                 ? -1
                 : 0;
    arena_free(&tmp);
    out->by_row = true;
    out->sheets = names.v;
    out->nsheets = names.n;
    return rc;
}

int tablefile_open(struct arena *a, struct str path, struct str temp_dir, struct str sheet,
                   struct tablefile *out, struct err *err)
{
    struct stat st;
    int fd = open(str_z(a, path), O_RDONLY | O_CLOEXEC);
    *out = (struct tablefile){0};
    if (fd < 0 || fstat(fd, &st) || !S_ISREG(st.st_mode)) {
        if (fd >= 0)
            close(fd);
        return err_set(err, ERR_NOT_FOUND, "no_file", "无法读取文件“%.*s”。",
                       "The file “%.*s” cannot be read.", STR_ARG(path));
    }
    int rc = (uint64_t)st.st_size > TABLEFILE_MAX
                 ? err_set(err, ERR_TOO_LARGE, "too_large", "文件超过 256 MB。",
                           "The file is over 256 MB.")
                 : map(a, fd, out, err);
    close(fd);
    if (rc)
        return -1;
    return xlsx_is(out->text) ? from_workbook(a, path, temp_dir, sheet, out, err)
                              : from_text(a, temp_dir, out, err);
}
