/*
 * Collected problems of a validation.
 */
#include "engine/base/diag.h"

#include "engine/base/strb.h"

#define DIAG_MAX 1000

void diags_init(struct diags *d, struct arena *a)
{
    *d = (struct diags){.a = a};
}

/* A fresh entry. Beyond the limit it is always the same spare one behind the end, which nobody
 * reads, so its texts are not even printed. */
static struct diag *add(struct diags *d, enum diag_level level, const char *key)
{
    struct diag entry = {.level = level, .code = ERR_INVALID, .key = str_of(key)};
    struct diag *made = vec_push(d->a, &d->list, entry);
    d->full = d->list.n > DIAG_MAX;
    d->list.n = MIN(d->list.n, (size_t)DIAG_MAX);
    if (level == DIAG_ERROR)
        d->errors++;
    return made;
}

ATTR_PRINTF(2, 0)
static struct str print(struct diags *d, const char *fmt, va_list ap)
{
    struct strb b;
    if (d->full)
        return STR_NONE;
    strb_init(&b, d->a);
    strb_addv(&b, fmt, ap);
    return strb_str(&b);
}

static struct str join(struct diags *d, struct str path)
{
    if (!d->prefix.n)
        return path.n ? str_dup(d->a, path) : STR_NONE;
    bool dot = path.n && path.p[0] != '[';
    return str_fmt(d->a, "%.*s%s%.*s", STR_ARG(d->prefix), dot ? "." : "", STR_ARG(path));
}

struct diag *diag_add(struct diags *d, const char *key, const char *zh, const char *en, ...)
{
    struct diag *made = add(d, DIAG_ERROR, key);
    va_list ap;
    va_start(ap, en);
    made->zh = print(d, zh, ap);
    va_end(ap);
    va_start(ap, en);
    made->en = print(d, en, ap);
    va_end(ap);
    made->path = join(d, STR_NONE);
    return made;
}

struct diag *diag_field(struct diags *d, struct str path, const char *key, const char *zh,
                        const char *en, ...)
{
    struct diag *made = add(d, DIAG_ERROR, key);
    va_list ap;
    va_start(ap, en);
    made->zh = print(d, zh, ap);
    va_end(ap);
    va_start(ap, en);
    made->en = print(d, en, ap);
    va_end(ap);
    made->path = join(d, path);
    return made;
}

struct diag *diag_file(struct diags *d, enum diag_level level, struct str file, struct src_pos pos,
                       const char *key, const char *zh, const char *en, ...)
{
    struct diag *made = add(d, level, key);
    va_list ap;
    va_start(ap, en);
    made->zh = print(d, zh, ap);
    va_end(ap);
    va_start(ap, en);
    made->en = print(d, en, ap);
    va_end(ap);
    made->file = str_dup(d->a, file);
    made->pos = pos;
    return made;
}
