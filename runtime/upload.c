/*
 * Spooling of uploads into a file without a name: it is gone when the request ends, whatever
 * happens.
 */
#include "runtime/upload.h"

#include "engine/base/temp.h"
#include "engine/base/utf8.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

void upload_init(struct upload *u, struct exchange *x, struct str dir)
{
    *u = (struct upload){.x = x, .dir = dir, .fd = -1};
}

static int bad(struct err *err)
{
    return err_set(err, ERR_MALFORMED, "multipart", "上传的表单内容有误。",
                   "The multipart body is malformed.");
}

static int spool_failed(struct err *err)
{
    bool full = errno == ENOSPC || errno == EDQUOT;
    return err_set(err, full ? ERR_FULL : ERR_STORE, full ? "storage_full" : "spool",
                   "无法保存上传的文件。", "The uploaded file cannot be stored.");
}

static int file_begin(struct upload *u, const struct upload_piece *p, struct err *err)
{
    struct exchange *x = u->x;
    if (u->fd >= 0)
        return err_set(err, ERR_INVALID, "one_file", "一次只能上传一个文件。",
                       "Only one file at a time.");
    u->fd = temp_nameless(x->a, u->dir);
    if (u->fd < 0)
        return spool_failed(err);
    sha256_init(&u->hash);
    x->upload = temp_path(x->a, u->fd);
    x->upload_name = str_dup(x->a, p->filename);
    x->upload_type = str_dup(x->a, p->type);
    return 0;
}

static int field_end(struct upload *u, struct err *err)
{
    struct exchange *x = u->x;
    if (!u->field_name.n)
        return 0;
    struct str value = strb_str(&u->field);
    if (!utf8_valid(value))
        return bad(err);
    if (!x->fields)
        x->fields = ARENA_ARRAY(x->a, struct http_pair, UPLOAD_PARTS_MAX);
    x->fields[x->nfields++] = (struct http_pair){u->field_name, value};
    u->field_name = STR_NONE;
    return 0;
}

static int part_begin(struct upload *u, const struct upload_piece *p, struct err *err)
{
    if (field_end(u, err))
        return -1;
    if (++u->parts > UPLOAD_PARTS_MAX || p->name.n > UPLOAD_NAME_MAX ||
        p->filename.n > UPLOAD_NAME_MAX)
        return bad(err);
    if (!p->name.n || !utf8_valid(p->name) || !utf8_valid(p->filename))
        return bad(err);
    if (p->filename.n)
        return file_begin(u, p, err);
    u->field_name = str_dup(u->x->a, p->name);
    strb_init(&u->field, u->x->a);
    return 0;
}

static int file_write(struct upload *u, struct str data, struct err *err)
{
    sha256_add(&u->hash, data);
    while (data.n) {
        ssize_t n = write(u->fd, data.p, data.n);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return spool_failed(err);
        data = str_sub(data, (size_t)n, data.n);
    }
    return 0;
}

/* The library sometimes gives an empty piece first, at offset 0, and the first bytes at offset 0
 * again. */
static bool begun(const struct upload *u, const struct upload_piece *p)
{
    if (p->filename.n)
        return u->in_file && u->file_bytes == 0 && str_eq(u->x->upload_name, p->filename);
    return u->field_name.n && u->field.n == 0 && str_eq(u->field_name, p->name);
}

int upload_take(struct upload *u, const struct upload_piece *p, struct err *err)
{
    if (p->offset == 0 && !begun(u, p) && part_begin(u, p, err))
        return -1;
    u->in_file = p->filename.n > 0;
    u->file_bytes += u->in_file ? p->data.n : 0;
    if (p->filename.n)
        return file_write(u, p->data, err);
    if (u->field.n + p->data.n > UPLOAD_FIELD_MAX)
        return err_set(err, ERR_TOO_LARGE, "too_large", "表单字段过大。",
                       "A form field is too large.");
    strb_add(&u->field, p->data);
    return 0;
}

int upload_finish(struct upload *u, struct err *err)
{
    if (u->fd >= 0) {
        u->x->upload_hash = sha256_hex(&u->hash, u->x->a);
        u->x->upload_bytes = u->file_bytes;
    }
    return field_end(u, err);
}

void upload_drop(struct upload *u)
{
    if (u->fd < 0)
        return;
    close(u->fd);
    u->fd = -1;
}
