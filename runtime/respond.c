/*
 * Problem documents (RFC 9457) and the common headers.
 */
#include "runtime/respond.h"

struct status_row {
    enum err_code code;
    int status;
    const char *zh, *en;
};

static const struct status_row STATUSES[] = {
    {ERR_MALFORMED, 400, "请求有误", "Malformed request"},
    {ERR_AUTH, 401, "尚未登录", "Not logged in"},
    {ERR_DENIED, 403, "没有权限", "Not allowed"},
    {ERR_NOT_FOUND, 404, "没有找到", "Not found"},
    {ERR_GONE, 410, "已不存在", "Gone"},
    {ERR_CONFLICT, 409, "发生冲突", "Conflict"},
    {ERR_STALE, 412, "已被他人修改", "Changed by somebody else"},
    {ERR_TOO_LARGE, 413, "内容过大", "Too large"},
    {ERR_MEDIA, 415, "内容类型不支持", "Unsupported content type"},
    {ERR_INVALID, 422, "内容未通过检查", "Not valid"},
    {ERR_LOCKED, 423, "流程进行中，已锁定", "Locked by a running flow"},
    {ERR_PRECOND, 428, "需要版本号", "Version required"},
    {ERR_LIMIT, 429, "操作过于频繁", "Too many requests"},
    {ERR_RETRY, 503, "暂时无法处理", "Temporarily unavailable"},
    {ERR_BUSY, 503, "服务器繁忙", "Busy"},
    {ERR_OOM, 503, "内存不足", "Out of memory"},
    {ERR_TIMEOUT, 503, "处理超时", "Timed out"},
    {ERR_FULL, 507, "存储空间已满", "Storage full"},
    {ERR_STORE, 500, "数据库故障", "Database failure"},
    {ERR_INTERNAL, 500, "程序故障", "Internal error"},
};

static const struct status_row *row_of(enum err_code code)
{
    for (size_t i = 0; i < ARRAY_LEN(STATUSES); i++)
        if (STATUSES[i].code == code)
            return &STATUSES[i];
    return &STATUSES[ARRAY_LEN(STATUSES) - 1];
}

int respond_status(enum err_code code)
{
    return row_of(code)->status;
}

enum err_code respond_diags_code(const struct diags *diags)
{
    enum err_code worst = ERR_INVALID;
    for (size_t i = 0; i < diags->list.n; i++) {
        const struct diag *g = &diags->list.v[i];
        if (g->level != DIAG_ERROR)
            continue;
        if (g->code == ERR_DENIED)
            return ERR_DENIED;
        if (g->code == ERR_CONFLICT)
            worst = ERR_CONFLICT;
    }
    return worst;
}

static void one_error(struct json *j, struct str field, struct str code, struct str message)
{
    json_begin_obj(j);
    json_kstr(j, "field", field);
    json_kstr(j, "code", code);
    json_kstr(j, "message", message);
    json_end_obj(j);
}

static void diag_error(struct json *j, enum lang lang, const struct diag *g)
{
    json_begin_obj(j);
    json_kstr(j, "field", g->path);
    json_kstr(j, "code", g->key);
    json_kstr(j, "message", lang == LANG_EN ? g->en : g->zh);
    if (g->file.n) {
        json_kstr(j, "file", g->file);
        json_kint(j, "line", g->pos.line);
        json_kint(j, "column", g->pos.column);
    }
    json_end_obj(j);
}

void respond_errors(struct json *j, enum lang lang, const struct err *err,
                    const struct diags *diags)
{
    json_key(j, STR("errors"));
    json_begin_list(j);
    size_t n = 0;
    for (size_t i = 0; diags && i < diags->list.n; i++) {
        if (diags->list.v[i].level != DIAG_ERROR)
            continue;
        diag_error(j, lang, &diags->list.v[i]);
        n++;
    }
    if (!n && err->path[0])
        one_error(j, str_of(err->path), str_of(err->key),
                  str_of(lang == LANG_EN ? err->en : err->zh));
    json_end_list(j);
}

int respond_problem_head(struct json *j, enum lang lang, const struct err *err)
{
    const struct status_row *row = row_of(err->code);
    bool hidden = row->status == 500; /* the log has it; the caller learns nothing of our insides */
    json_begin_obj(j);
    json_kstr(j, "type", STR("about:blank"));
    json_kstr(j, "title", str_of(lang == LANG_EN ? row->en : row->zh));
    json_kint(j, "status", row->status);
    json_kstr(j, "detail",
              hidden ? str_of(lang == LANG_EN ? row->en : row->zh)
                     : str_of(lang == LANG_EN ? err->en : err->zh));
    json_kstr(j, "code", hidden ? STR("internal") : str_of(err->key));
    if (err->file[0] && !hidden) {
        json_kstr(j, "file", str_of(err->file));
        json_kint(j, "line", err->pos.line);
        json_kint(j, "column", err->pos.column);
    }
    return row->status;
}

int respond_problem(struct strb *out, enum lang lang, const struct err *err,
                    const struct diags *diags)
{
    struct json j;
    json_init(&j, out);
    int status = respond_problem_head(&j, lang, err);
    respond_errors(&j, lang, err, diags);
    json_end_obj(&j);
    return status;
}

/* The q of "en;q=0.8" in thousandths; without one, or with a strange one, 1000. */
static int weight(struct str params)
{
    ptrdiff_t at = str_find(params, STR("q="), 0);
    struct str digits;
    int64_t whole, part = 0;
    if (at < 0)
        return 1000;
    struct str fraction =
        str_cut(str_trim(str_sub(params, (size_t)at + 2, params.n)), '.', &digits);
    if (!str_int(digits, 0, 1, &whole) || (fraction.n && !str_int(fraction, 0, 999, &part)))
        return 1000;
    for (size_t n = fraction.n; n < 3; n++)
        part *= 10;
    return whole ? 1000 : (int)part;
}

enum lang respond_lang(struct str accept)
{
    int best = 0;
    enum lang lang = LANG_ZH;
    while (accept.n) {
        struct str item, range;
        accept = str_cut(accept, ',', &item);
        int q = weight(str_cut(item, ';', &range));
        range = str_sub(str_trim(range), 0, 2);
        bool en = str_ieq(range, STR("en")), zh = str_ieq(range, STR("zh"));
        if (!(en || zh) || q <= best)
            continue;
        best = q;
        lang = en ? LANG_EN : LANG_ZH;
    }
    return lang;
}

#define CSP                                                                                        \
    "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self' "  \
    "data: "                                                                                       \
    "blob:; connect-src 'self'; frame-ancestors 'self'; base-uri 'none'; form-action 'self'; "     \
    "object-src 'none'"

static const struct http_pair COMMON[] = {
    {STR("Content-Security-Policy"), STR(CSP)},
    {STR("X-Content-Type-Options"), STR("nosniff")},
    {STR("Referrer-Policy"), STR("same-origin")},
    {STR("Cross-Origin-Opener-Policy"), STR("same-origin")},
    {STR("Cross-Origin-Resource-Policy"), STR("same-origin")},
};

static bool has(const struct answer *an, const char *name)
{
    for (size_t i = 0; i < an->nheaders; i++)
        if (str_ieq(an->headers[i].name, str_of(name)))
            return true;
    return false;
}

void respond_headers(struct exchange *x, bool secure, struct str request_id)
{
    for (size_t i = 0; i < ARRAY_LEN(COMMON); i++)
        if (!has(&x->answer, COMMON[i].name.p)) /* files say their own, stricter ones */
            answer_header(x, COMMON[i].name, COMMON[i].value);
    if (!has(&x->answer, "Cache-Control"))
        answer_header(x, STR("Cache-Control"), STR("no-store"));
    if (secure)
        answer_header(x, STR("Strict-Transport-Security"), STR("max-age=31536000"));
    if (request_id.n)
        answer_header(x, STR("X-Request-Id"), request_id);
}
