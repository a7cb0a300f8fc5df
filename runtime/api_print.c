/*
 * Print templates over HTTP: a page that the browser prints.
 */
#include "engine/base/id.h"
#include "engine/record/print.h"
#include "runtime/api.h"
#include "runtime/audited.h"

static int read_ids(struct http_req *req, struct print *p, struct err *err)
{
    struct str rest = req_query(req, "ids"), one;
    int64_t *ids = ARENA_ARRAY(req->ctx->a, int64_t, PRINT_RECORDS_MAX);
    while (rest.n) {
        rest = str_cut(rest, ',', &one);
        if (p->nids == PRINT_RECORDS_MAX) {
            (void)err_set(err, ERR_INVALID, "too_many", "一次最多打印 %d 条记录。",
                          "At most %d records are printed at a time.", PRINT_RECORDS_MAX);
            err_at(err, "ids");
            return -1;
        }
        if (!id_parse(str_trim(one), &ids[p->nids++]))
            return no_such(err);
    }
    p->ids = ids;
    if (p->nids)
        return 0;
    (void)err_set(err, ERR_INVALID, "required", "请用 ids 指明要打印的记录。",
                  "Say which records to print: ids.");
    err_at(err, "ids");
    return -1;
}

/* The server starts no other program (a renderer would be one), so a browser makes the PDF. */
static int no_pdf(struct http_req *req, struct http_resp *resp)
{
    struct json *j = &resp->json;
    bool en = req->ctx->lang == LANG_EN;
    resp->status = 501;
    resp->type = STR("application/problem+json");
    json_begin_obj(j);
    json_kstr(j, "type", STR("about:blank"));
    json_kstr(j, "title", en ? STR("Not available") : STR("未提供"));
    json_kint(j, "status", 501);
    json_kstr(
        j, "detail",
        en ? STR("The server makes no PDF. Open the page without format=pdf and choose "
                 "“Save as PDF” in the browser's print dialog.")
           : STR("服务器不生成 PDF。请去掉 format=pdf 打开页面，在浏览器的打印窗口中选择“另存为 "
                 "PDF”。"));
    json_kstr(j, "code", STR("no_pdf"));
    json_end_obj(j);
    return 0;
}

int api_print(struct http_req *req, struct http_resp *resp, struct err *err)
{
    struct form *f;
    struct print p = {0};
    struct str format = req_query(req, "format");
    if (req_form(req, &f, err) || read_ids(req, &p, err))
        return -1;
    p.form = f;
    p.key = req->params[2];
    if (format.n && !str_eqz(format, "html") && !str_eqz(format, "pdf")) {
        (void)err_set(err, ERR_INVALID, "bad_format", "format 应为 html 或 pdf。",
                      "The format is html or pdf.");
        err_at(err, "format");
        return -1;
    }
    if (print_html(req->ctx, &p, &resp->body, err))
        return -1;
    if (str_eqz(format, "pdf")) {
        resp->body.n = 0;
        json_init(&resp->json, &resp->body);
        return no_pdf(req, resp);
    }
    resp->type = STR("text/html; charset=utf-8");
    /* Templates are written by designers, values by anybody: nothing on the page runs. */
    resp_header(resp, STR("Content-Security-Policy"),
                STR("default-src 'none'; img-src 'self' data:; style-src 'unsafe-inline'; font-src "
                    "data:; frame-ancestors 'self'; base-uri 'none'; form-action 'none'"));
    return audited(req, "print", f->app->key, "form", val_text(f->key), err);
}
