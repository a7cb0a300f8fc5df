/*
 * The regions of China for pickers: one answer for everybody, kept by the browser.
 */
#include "runtime/api.h"

#include "engine/meta/region.h"

/* [["北京市",[["市辖区",["东城区",…]]]],…]: a name alone has nothing below it. */
static void put_level(struct json *j, const struct region *v, size_t from, size_t to)
{
    json_begin_list(j);
    for (size_t i = from; i < to; i = v[i].end) {
        if (v[i].end == i + 1) {
            json_str(j, v[i].name);
            continue;
        }
        json_begin_list(j);
        json_str(j, v[i].name);
        put_level(j, v, i + 1, v[i].end);
        json_end_list(j);
    }
    json_end_list(j);
}

int api_regions(struct http_req *req, struct http_resp *resp, struct err *err)
{
    const struct region *v;
    size_t n = regions(&v);
    size_t bytes = 0;
    for (size_t i = 0; i < n; i++)
        bytes += v[i].name.n;
    struct str etag = str_fmt(resp->body.a, "\"regions-%zu-%zu\"", n, bytes);
    (void)err;
    resp_header(resp, STR("ETag"), etag);
    resp_header(resp, STR("Cache-Control"), STR("public, max-age=86400"));
    if (str_eq(req_header(req, "if-none-match"), etag)) {
        resp->status = 304;
        return 0;
    }
    json_begin_obj(&resp->json);
    json_key(&resp->json, STR("regions"));
    put_level(&resp->json, v, 0, n);
    json_end_obj(&resp->json);
    return 0;
}
