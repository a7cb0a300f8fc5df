/*
 * Pickers of members and departments: what the caller may see. (Administration: api_member.c,
 * api_department.c, api_role.c, api_invite.c.)
 */
#include "runtime/api.h"

#include "engine/org/member.h"

int api_members(struct http_req *req, struct http_resp *resp, struct err *err)
{
    int64_t department = 0, limit;
    struct str d = req_query(req, "department");
    int known = d.n ? department_find(req->ctx, d, &department, err) : 1;
    if (known < 0)
        return -1;
    if (!known && !id_parse(d, &department))
        department = -1; /* of no department: nobody */
    if (req_int(req, "limit", (struct req_range){1, 200, 50}, &limit, err))
        return -1;
    json_begin_obj(&resp->json);
    json_key(&resp->json, STR("members"));
    if (member_search(req->ctx, req_query(req, "search"), department, (uint32_t)limit, &resp->json,
                      err))
        return -1;
    json_end_obj(&resp->json);
    return 0;
}

int api_departments(struct http_req *req, struct http_resp *resp, struct err *err)
{
    json_begin_obj(&resp->json);
    json_key(&resp->json, STR("departments"));
    if (department_list(req->ctx, &resp->json, err))
        return -1;
    json_end_obj(&resp->json);
    return 0;
}
