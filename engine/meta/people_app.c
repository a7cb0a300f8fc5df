/*
 * The built-in app `people`, written as any other app is. Its roles are given to nobody: they
 * follow from the member (org/ctx.c).
 */
#include "engine/meta/people_app.h"

static const struct app_file FILES[] = {
    {STR("app.yaml"), STR("app: people\n"
                          "title: 通讯录\n"
                          "version: '1'\n"
                          "language: zh-CN\n"
                          "roles:\n"
                          "  admin: 人事管理员\n"
                          "  internal: 内部成员\n"
                          "  external: {title: 外部人员, external: true}\n"
                          "  org_admin: {title: 外部组织管理员, external: true}\n"
                          "menu:\n"
                          "  - {form: member}\n"
                          "  - {form: department}\n"
                          "  - {form: certificate}\n")},
    {STR("forms/department.yaml"),
     STR("form: department\n"
         "title: 部门\n"
         "icon: building-2\n"
         "record_title: name\n"
         "fields:\n"
         "  name: {type: text, title: 名称, required: true, max: 120, search: true}\n"
         "  above: {type: department, title: 上级部门}\n"
         "  manager: {type: member, title: 负责人}\n"
         "  external: {type: boolean, title: 外部组织, default: false}\n"
         "  pos: {type: number, title: 次序, scale: 0, default: 0}\n"
         "  organisation: {type: department, title: 所属外部组织, readonly: true}\n"
         "permissions:\n"
         "  admin: {role: admin, can: [create, read, update, delete, import, export, print,"
         " comment, history, restore]}\n"
         "  internal: {role: internal, can: [read]}\n"
         "  colleagues:\n"
         "    role: external\n"
         "    can: [read]\n"
         "    where: organisation = LOOKUP(member, organisation, account = USER())\n"
         "    fields: {'*': hidden, name: read, manager: read, organisation: read}\n"
         "views:\n"
         "  all: {title: 全部, type: grid, columns: [name, above, manager, external],"
         " sort: [pos, name]}\n")},
    {STR("forms/member.yaml"),
     STR("form: member\n"
         "title: 成员\n"
         "icon: users\n"
         "record_title: name\n"
         "fields:\n"
         "  name: {type: text, title: 姓名, required: true, max: 120, search: true}\n"
         "  login: {type: text, title: 登录名, required: true, max: 64, unique: true,"
         " search: true}\n"
         "  account: {type: member, title: 账号, readonly: true}\n" /* himself: _id is no member */
         "  departments: {type: departments, title: 部门}\n"
         "  manager: {type: member, title: 上级}\n"
         "  active: {type: boolean, title: 在职, default: true}\n"
         "  roles: {type: textarea, title: 角色, help: '应用:角色，用空格隔开'}\n"
         "  organisation: {type: department, title: 所属外部组织, readonly: true}\n"
         "  org_admin: {type: boolean, title: 外部组织管理员, default: false}\n"
         "permissions:\n"
         "  admin: {role: admin, can: [create, read, update, delete, import, export, print,"
         " comment, history, restore]}\n"
         "  self: {role: [internal, external], can: [read], where: account = USER()}\n"
         "  internal:\n"
         "    role: internal\n"
         "    can: [read]\n"
         "    fields: {'*': hidden, name: read, login: read, account: read, departments: read, "
         "manager: read,"
         " active: read, organisation: read}\n"
         "  colleagues:\n"
         "    role: external\n"
         "    can: [read]\n"
         "    where: organisation = LOOKUP(member, organisation, account = USER())\n"
         "    fields: {'*': hidden, name: read, login: read, account: read, departments: read, "
         "manager: read,"
         " active: read, organisation: read}\n"
         "  org_admin:\n"
         "    role: org_admin\n"
         "    can: [create, read, update, import, export, history]\n"
         "    where: organisation = LOOKUP(member, organisation, account = USER())\n"
         "    fields: {organisation: read}\n"
         "views:\n"
         "  active: {title: 在职, type: grid, where: active,"
         " columns: [name, login, departments, manager, roles], sort: [name]}\n"
         "  gone: {title: 离职, type: grid, where: NOT active,"
         " columns: [name, login, departments], sort: [name]}\n"
         "  externals: {title: 外部人员, type: grid, where: organisation <> BLANK,"
         " columns: [name, login, organisation, active, org_admin], sort: [name]}\n")},
    {STR("forms/certificate.yaml"), /* HASCERT("privacy") */
     STR("form: certificate\n"
         "title: 证书\n"
         "icon: badge-check\n"
         "record_title: member & \" \" & key\n"
         "fields:\n"
         "  member: {type: member, title: 成员, required: true}\n"
         "  key: {type: text, title: 证书代码, required: true, max: 64, search: true}\n"
         "  valid_until: {type: date, title: 有效期至, help: 当天仍有效；不填为长期有效}\n"
         "  note: {type: text, title: 说明, max: 500}\n"
         "permissions:\n"
         "  admin: {role: admin, can: [create, read, update, delete, import, export, print,"
         " comment, history, restore]}\n"
         "  self: {role: [internal, external], can: [read], where: member = USER()}\n"
         "views:\n"
         "  all: {title: 全部, type: grid, columns: [member, key, valid_until, note],"
         " sort: [valid_until]}\n"
         "  expired: {title: 已过期, type: grid, where: valid_until < TODAY(),"
         " columns: [member, key, valid_until, note], sort: [valid_until]}\n")},
    {STR("i18n/en.yaml"), STR("app: {title: People}\n"
                              "roles:\n"
                              "  admin: {title: People administrator}\n"
                              "  internal: {title: Member}\n"
                              "  external: {title: External}\n"
                              "  org_admin: {title: Administrator of an external organisation}\n"
                              "forms:\n"
                              "  department:\n"
                              "    title: Departments\n"
                              "    fields:\n"
                              "      name: {title: Name}\n"
                              "      above: {title: Parent}\n"
                              "      manager: {title: Manager}\n"
                              "      external: {title: External organisation}\n"
                              "      pos: {title: Order}\n"
                              "      organisation: {title: Belongs to the organisation}\n"
                              "    views: {all: {title: All}}\n"
                              "  certificate:\n"
                              "    title: Certificates\n"
                              "    fields:\n"
                              "      member: {title: Member}\n"
                              "      key: {title: Key}\n"
                              "      valid_until: {title: Valid until, help: That day included;"
                              " blank is without end}\n"
                              "      note: {title: Note}\n"
                              "    views: {all: {title: All}, expired: {title: Expired}}\n"
                              "  member:\n"
                              "    title: Members\n"
                              "    fields:\n"
                              "      name: {title: Name}\n"
                              "      login: {title: Login}\n"
                              "      account: {title: Account}\n"
                              "      departments: {title: Departments}\n"
                              "      manager: {title: Manager}\n"
                              "      active: {title: Active}\n"
                              "      roles: {title: Roles, help: 'app:role, blanks between'}\n"
                              "      organisation: {title: External organisation}\n"
                              "      org_admin: {title: Administrator of it}\n"
                              "    views: {active: {title: Active}, gone: {title: Left},"
                              " externals: {title: Externals}}\n")},
};

bool people_is(const struct app *app)
{
    return app && str_eq(app->source.key, PEOPLE_APP);
}

bool people_overlay(struct str path)
{
    return str_starts(path, STR("people/")) && str_ends(path, STR(".yaml"));
}

struct app_source people_source(struct arena *a, const struct app_file *overlays, size_t n)
{
    struct app_file *files = ARENA_ARRAY(a, struct app_file, ARRAY_LEN(FILES) + n);
    memcpy(files, FILES, sizeof(FILES));
    for (size_t i = 0; i < n; i++)
        files[ARRAY_LEN(FILES) + i] = overlays[i];
    return (struct app_source){.key = PEOPLE_APP, .files = files, .nfiles = ARRAY_LEN(FILES) + n};
}
