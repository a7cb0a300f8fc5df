/*
 * Serving the pages' files: by name from the table in the binary, or with --assets from a folder
 * that has the same list (assets.tsv). What is in an HTML page's boot JSON is boot.c's business.
 */
#include "runtime/static.h"

#include "runtime/assets.h"
#include "runtime/boot.h"
#include "runtime/server.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_MAX ((size_t)16 << 20)
#define MARK     STR("id=\"boot\">")

struct found {
    struct str type, etag;
    bool immutable;
    struct str plain, gz, br;
};

static int by_path(const void *key, const void *row)
{
    return strcmp(key, ((const struct asset *)row)->path);
}

static struct str bytes(struct asset_bytes b)
{
    return (struct str){(const char *)b.data, b.data ? b.n : 0};
}

static bool find_embedded(struct arena *a, struct str path, struct found *out)
{
    const struct asset *f = bsearch(str_z(a, path), asset_table, asset_count, sizeof(*f), by_path);
    if (!f)
        return false;
    *out = (struct found){str_of(f->type), str_of(f->etag), f->immutable,
                          bytes(f->plain), bytes(f->gz),    bytes(f->br)};
    return true;
}

/* The whole file, or empty. The name comes from assets.tsv, never from a request. */
static struct str slurp(struct arena *a, struct str dir, struct str name)
{
    struct stat st;
    if (str_eqz(name, "-"))
        return STR_NONE;
    int fd =
        open(str_z(a, str_fmt(a, "%.*s/%.*s", STR_ARG(dir), STR_ARG(name))), O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return STR_NONE;
    char *p = NULL;
    size_t n = 0;
    if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && (size_t)st.st_size <= FILE_MAX) {
        p = arena_alloc(a, (size_t)st.st_size);
        for (ssize_t r;
             n < (size_t)st.st_size && (r = read(fd, p + n, (size_t)st.st_size - n)) > 0;)
            n += (size_t)r;
    }
    close(fd);
    return (struct str){p, n};
}

static bool find_in_folder(struct arena *a, struct str dir, struct str path, struct found *out)
{
    struct str list = slurp(a, dir, STR("assets.tsv"));
    while (list.n) {
        struct str line, cell[7];
        list = str_cut(list, '\n', &line);
        for (size_t i = 0; i < ARRAY_LEN(cell); i++)
            line = str_cut(line, '\t', &cell[i]);
        if (!str_eq(cell[0], path))
            continue;
        *out = (struct found){cell[1],
                              cell[2],
                              str_eqz(cell[3], "immutable"),
                              slurp(a, dir, cell[4]),
                              slurp(a, dir, cell[5]),
                              slurp(a, dir, cell[6])};
        return true;
    }
    return false;
}

static bool find(struct http_req *req, struct arena *a, struct str path, struct found *out)
{
    struct str dir = req->server->cfg->assets;
    return dir.n ? find_in_folder(a, dir, path, out) : find_embedded(a, path, out);
}

int static_asset(struct http_req *req, struct http_resp *resp, struct err *err)
{
    struct found f;
    struct arena *a = resp->body.a; /* the answer is sent from it */
    if (!find(req, a, req->path, &f) || str_ends(req->path, STR(".html")))
        return no_such(err);
    struct str etag = str_fmt(a, "\"%.*s\"", STR_ARG(f.etag));
    resp_header(resp, STR("ETag"), etag);
    resp_header(resp, STR("Vary"), STR("Accept-Encoding"));
    resp_header(resp, STR("Cache-Control"),
                f.immutable ? STR("public, max-age=31536000, immutable") : STR("no-cache"));
    if (str_eq(req_header(req, "if-none-match"), etag)) {
        resp->status = 304;
        return 0;
    }
    struct str body = f.plain;
    if (f.br.n && req_accepts(req, "br")) {
        body = f.br;
        resp_header(resp, STR("Content-Encoding"), STR("br"));
    } else if (f.gz.n && req_accepts(req, "gzip")) {
        body = f.gz;
        resp_header(resp, STR("Content-Encoding"), STR("gzip"));
    }
    resp->type = f.type;
    resp->raw = body;
    return 0;
}

/* JSON inside <script>: the three characters that HTML looks at are written as escapes. */
static void add_json_for_html(struct strb *out, struct str json)
{
    for (size_t i = 0; i < json.n; i++) {
        if (json.p[i] == '<')
            strb_addz(out, "\\u003c");
        else if (json.p[i] == '>')
            strb_addz(out, "\\u003e");
        else if (json.p[i] == '&')
            strb_addz(out, "\\u0026");
        else
            strb_addc(out, json.p[i]);
    }
}

int static_page(struct http_req *req, struct http_resp *resp, struct err *err)
{
    struct arena *a = req->ctx->a;
    struct found f;
    bool admin = str_eqz(req->path, "/admin") || str_starts(req->path, STR("/admin/"));
    if (!find(req, a, admin ? STR("/admin.html") : STR("/app.html"), &f))
        return err_set(err, ERR_NOT_FOUND, "no_pages", "此程序未包含网页（UI=0）。",
                       "This binary was built without the pages (UI=0).");
    ptrdiff_t at = str_find(f.plain, MARK, 0);
    resp->type = STR("text/html; charset=utf-8");
    if (at < 0) {
        strb_add(&resp->body, f.plain);
        return 0;
    }
    struct strb json;
    strb_init(&json, a);
    if (boot_json(req, &json, err))
        return -1;
    size_t from = (size_t)at + MARK.n;
    strb_add(&resp->body, str_sub(f.plain, 0, from));
    add_json_for_html(&resp->body, strb_str(&json));
    strb_add(&resp->body, str_sub(f.plain, from + 4, f.plain.n)); /* behind "null" */
    return 0;
}
