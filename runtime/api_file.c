/*
 * Files over HTTP: uploading, and reading with the rights of the record that holds them. What comes
 * out never acts: no sniffing, a sandbox, shown in place only where it is a picture, sound, film or
 * plain text.
 */
#include "runtime/api_file.h"

#include "engine/base/id.h"
#include "engine/record/blob.h"
#include "engine/record/file_type.h"
#include "runtime/api.h"
#include "runtime/contents.h"
#include "runtime/server.h"
#include "runtime/slurp.h"
#include "runtime/write.h"

/* ---- uploading ---- */

struct adding {
    struct http_req *req;
    struct file_upload *up;
    struct sealed_content content;
};

static int add_apply(struct ctx *c, void *arg, struct err *err)
{
    struct adding *a = arg;
    struct http_req *req = a->req;
    if (file_add(c, &a->up->file, err))
        return -1;
    return blob_keep(c->a, req->server->files_dir, a->content.temp, a->content.name, err);
}

static int add_render(struct http_req *req, struct http_resp *resp, void *arg, struct err *err)
{
    struct adding *a = arg;
    const struct file *f = &a->up->file;
    struct json *j = &resp->json;
    char buf[16];
    (void)err;
    resp->status = 201;
    json_begin_obj(j);
    json_kstr(j, "id", a->up->ticket ? a->up->ticket(req, f) : id_print(f->id, buf));
    json_kstr(j, "name", f->name);
    json_kint(j, "size", f->size_bytes);
    json_kstr(j, "type", f->type);
    json_end_obj(j);
    return 0;
}

int file_upload(struct http_req *req, struct http_resp *resp, struct file_upload *up,
                struct err *err)
{
    struct str head;
    struct arena *a = req->ctx->a;
    if (!req->upload.n)
        return err_set(err, ERR_MEDIA, "file_required", "请以 multipart/form-data 上传一个文件。",
                       "Upload one file as multipart/form-data.");
    if (!req->upload_bytes)
        return err_set(err, ERR_INVALID, "empty_file", "文件是空的。", "The file is empty.");
    struct adding add = {.req = req, .up = up};
    const struct plain_content plain = {req->upload, req->upload_hash};
    if (slurp_head(a, req->upload, FILE_TYPE_HEAD, &head, err) ||
        contents_seal(req->ctx, req->server, &plain, &add.content, err))
        return -1;
    up->file.name = file_name(a, req->upload_name);
    up->file.type = file_type(head, up->file.name);
    up->file.size_bytes = (int64_t)req->upload_bytes;
    up->file.hash = add.content.name;
    up->file.key = add.content.key;
    struct api_write w = {add_apply, add_render, &add};
    int rc = api_write(req, resp, &w, err);
    contents_drop(req->ctx, &add.content);
    return rc;
}

int api_file_post(struct http_req *req, struct http_resp *resp, struct err *err)
{
    struct file_upload up = {0};
    return file_upload(req, resp, &up, err);
}

/* ---- reading ---- */

/* filename="…" for old clients, filename*=UTF-8''… (RFC 5987, 6266) for the others. */
static struct str disposition(struct arena *a, bool in_place, struct str name)
{
    struct strb b;
    strb_init(&b, a);
    strb_addz(&b, in_place ? "inline; filename=\"" : "attachment; filename=\"");
    for (size_t i = 0; i < name.n; i++) {
        unsigned char ch = (unsigned char)name.p[i];
        strb_addc(&b, ch < 0x20 || ch >= 0x7F || strchr("\"\\%;", ch) ? '_' : name.p[i]);
    }
    strb_addz(&b, "\"; filename*=UTF-8''");
    for (size_t i = 0; i < name.n; i++) {
        unsigned char ch = (unsigned char)name.p[i];
        bool plain = (ch >= '0' && ch <= '9') || (ch >= 'a' && ch <= 'z') ||
                     (ch >= 'A' && ch <= 'Z') || (ch && strchr("-._~!#$&+^`|", ch));
        if (plain)
            strb_addc(&b, name.p[i]);
        else
            strb_addf(&b, "%%%02X", ch);
    }
    return strb_str(&b);
}

enum range { RANGE_ALL, RANGE_PART, RANGE_NONE };

/* One range of bytes; several, other units and what cannot be read are answered with the whole. */
static enum range range_of(struct str text, uint64_t size, uint64_t *from, uint64_t *n)
{
    int64_t a = 0, b = INT64_MAX;
    struct str first, last;
    if (!str_starts(text, STR("bytes=")) || str_findc(text, ',') >= 0 || str_findc(text, '-') < 0)
        return RANGE_ALL;
    last = str_trim(str_cut(str_sub(text, 6, text.n), '-', &first));
    first = str_trim(first);
    if ((first.n && !str_int(first, 0, INT64_MAX, &a)) ||
        (last.n && !str_int(last, 0, INT64_MAX, &b)) || (!first.n && !last.n))
        return RANGE_ALL;
    if (first.n && last.n && b < a)
        return RANGE_ALL;
    if (!first.n) { /* the last b bytes */
        a = (uint64_t)b >= size ? 0 : (int64_t)size - b;
        if (b == 0)
            return RANGE_NONE;
        b = INT64_MAX;
    }
    if ((uint64_t)a >= size)
        return RANGE_NONE;
    *from = (uint64_t)a;
    *n = MIN((uint64_t)b, size - 1) - *from + 1;
    return RANGE_PART;
}

static int no_range(struct http_resp *resp, int64_t size, struct err *err)
{
    (void)err;
    resp_header(resp, STR("Content-Range"), str_fmt(resp->body.a, "bytes */%lld", (long long)size));
    resp_no_body(resp, 416);
    return 0;
}

static int erased(struct err *err)
{
    return err_set(err, ERR_GONE, "erased", "此文件属于已被清除的个人资料，内容已无法读取。",
                   "This file belonged to a person whose data was erased; nobody can read it any "
                   "more.");
}

/* Opened now, so that a damaged one is an error and not a cut answer. */
static int open_content(struct http_req *req, struct http_resp *resp, const struct file *f,
                        struct err *err)
{
    char first;
    size_t n;
    struct str path = blob_path(req->ctx->a, req->server->files_dir, f->hash);
    if (!f->sealed) {
        resp->file = str_of(str_z(resp->body.a, path));
        return 0;
    }
    if (content_open(&f->key, path, &resp->content, err))
        return -1;
    if (content_size(resp->content) == (uint64_t)f->size_bytes &&
        content_read(resp->content, resp->file_from, &first, 1, &n, err) == 0)
        return 0;
    content_close(&resp->content);
    return err->code ? -1
                     : err_set(err, ERR_STORE, "file_damaged", "文件的内容已损坏。",
                               "The content of the file is damaged.");
}

static int content(struct http_req *req, struct http_resp *resp, const struct file *f,
                   struct err *err)
{
    struct arena *a = resp->body.a;
    char buf[16];
    /* The content of an id never changes; the id says nothing of who else has the same bytes. */
    struct str etag = str_fmt(a, "\"f-%s\"", id_print(f->id, buf).p);
    if (f->erased)
        return erased(err);
    bool in_place = file_type_inline(f->type) && !req_flag(req, "download");
    resp_header(resp, STR("ETag"), etag);
    resp_header(resp, STR("Accept-Ranges"), STR("bytes"));
    resp_header(resp, STR("Cache-Control"), STR("private, no-cache"));
    resp_header(resp, STR("Content-Security-Policy"),
                STR("default-src 'none'; style-src 'unsafe-inline'; sandbox"));
    resp_header(resp, STR("Content-Disposition"), disposition(a, in_place, f->name));
    if (str_eq(req_header(req, "if-none-match"), etag)) {
        resp_no_body(resp, 304);
        return 0;
    }
    struct str if_range = req_header(req, "if-range");
    struct str text = if_range.n && !str_eq(if_range, etag) ? STR_NONE : req_header(req, "range");
    uint64_t from = 0, n = 0;
    enum range r = range_of(text, (uint64_t)f->size_bytes, &from, &n);
    if (r == RANGE_NONE)
        return no_range(resp, f->size_bytes, err);
    if (r == RANGE_PART) {
        resp->status = 206;
        resp->file_from = from;
        resp->file_part = n;
        resp_header(resp, STR("Content-Range"),
                    str_fmt(a, "bytes %llu-%llu/%lld", (unsigned long long)from,
                            (unsigned long long)(from + n - 1), (long long)f->size_bytes));
    }
    resp->type = str_eqz(f->type, "text/plain") ? STR("text/plain; charset=utf-8") : f->type;
    return open_content(req, resp, f, err);
}

int api_file_get(struct http_req *req, struct http_resp *resp, struct err *err)
{
    struct ctx *c = req->ctx;
    struct file f = {0};
    const struct form *form = NULL;
    int64_t id;
    if (req_id(req, 0, &id, err))
        return -1;
    int rc = file_load(c, id, &f, err);
    if (rc <= 0)
        return rc < 0 ? -1 : no_such(err);
    if (f.record) {
        req->params[0] = f.app;
        if (req_app(req, err))
            return -1;
        form = app_form(req->app, f.form);
    }
    rc = file_readable(c, form, &f, err);
    if (rc <= 0)
        return rc < 0 ? -1 : no_such(err);
    return content(req, resp, &f, err);
}

/* ---- forgetting ---- */

static int drop_apply(struct ctx *c, void *arg, struct err *err)
{
    int rc = file_drop(c, *(int64_t *)arg, err);
    return rc < 0 ? -1 : rc == 0 ? no_such(err) : 0;
}

static int drop_render(struct http_req *req, struct http_resp *resp, void *arg, struct err *err)
{
    (void)req, (void)arg, (void)err;
    resp_no_body(resp, 204);
    return 0;
}

int api_file_delete(struct http_req *req, struct http_resp *resp, struct err *err)
{
    int64_t id;
    if (req_id(req, 0, &id, err))
        return -1;
    struct api_write w = {drop_apply, drop_render, &id};
    return api_write(req, resp, &w, err);
}
