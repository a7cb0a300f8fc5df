/*
 * Key tables of a form's file: layout, rules, rights, views, buttons. Fields are in keys_field.c,
 * flow and automations in keys_flow.c.
 */
#include "engine/meta/keys.h"

#define MAP_OF(item)                                                                               \
    {                                                                                              \
        .kind = SHAPE_MAP, .of = &(item)                                                           \
    }
#define LIST_OF(item)                                                                              \
    {                                                                                              \
        .kind = SHAPE_LIST, .of = &(item)                                                          \
    }
#define OBJ(rows, label)                                                                           \
    {                                                                                              \
        .kind = SHAPE_OBJ, .keys = (rows), .name = (label)                                         \
    }
#define WORDS(list)                                                                                \
    {                                                                                              \
        .kind = SHAPE_WORD, .words = (list)                                                        \
    }

/* ---- layout ---- */

static const struct shape columns = {.kind = SHAPE_INT, .min = 1, .max = 4};
static const struct key_row place_keys[] = {
    ROW("field", shape_text, KEY_REQUIRED, "字段", "Field"),
    ROW("width", columns, 0, "占用的列数", "Columns it spans"),
    ROW_END,
};
static const struct shape place_obj = OBJ(place_keys, "layout_field");
static const struct shape *const place_any[] = {&shape_text, &place_obj, NULL};
static const struct shape place = {.kind = SHAPE_ONE_OF, .any = place_any};
static const struct shape places = LIST_OF(place);
static const struct key_row block_keys[] = {
    ROW("section", shape_text, 0, "分组标题", "A section's title"),
    ROW("tab", shape_text, 0, "标签页标题", "A tab's title"),
    ROW("columns", columns, 0, "列数", "Columns"),
    ROW("collapsed", shape_bool, 0, "默认收起", "Closed at first"),
    ROW("fields", places, KEY_REQUIRED, "字段", "Fields"),
    ROW_END,
};
static const struct shape block = OBJ(block_keys, "layout_block");
static const struct shape layout = LIST_OF(block);

static const struct key_row related_keys[] = {
    ROW("form", shape_text, KEY_REQUIRED, "关联的表单", "The other form"),
    ROW("by", shape_text, 0, "对方指向本表的链接字段", "Its link to this form"),
    ROW("view", shape_text, 0, "对方的视图", "Its view"),
    ROW("title", shape_text, 0, "标题", "Title"),
    ROW("create", shape_bool, 0, "可以在这里新建", "Offers to create"),
    ROW_END,
};
static const struct shape related_obj = OBJ(related_keys, "related");
static const struct shape related = LIST_OF(related_obj);

/* ---- rules ---- */

static const struct key_row check_keys[] = {
    ROW("check", shape_expr, KEY_REQUIRED, "必须成立的条件", "What must hold"),
    ROW("message", shape_text, KEY_REQUIRED, "不成立时的提示", "Shown when it does not"),
    ROW("at", shape_text, 0, "提示显示在哪个字段", "The field it is shown at"),
    ROW_END,
};
static const struct shape check_obj = OBJ(check_keys, "check");
static const struct shape checks = LIST_OF(check_obj);

static const struct key_row transition_keys[] = {
    ROW("from", shape_texts, KEY_REQUIRED, "从哪些选项", "From these options"),
    ROW("to", shape_texts, KEY_REQUIRED, "到哪些选项", "To these"),
    ROW("require", shape_texts, 0, "必须填好的字段", "Fields that must be filled"),
    ROW("can", shape_texts, 0, "哪些角色可以", "Roles that may"),
    ROW("when", shape_expr, 0, "条件", "Condition"),
    ROW_END,
};
static const struct shape transition_obj = OBJ(transition_keys, "transition");
static const struct shape transition_list = LIST_OF(transition_obj);
static const struct shape transitions = MAP_OF(transition_list);

/* ---- match ---- */

static const char *const match_words[] = {"exact",   "text",   "phone",      "email",
                                          "domain",  "uscc",   "company_cn", "person",
                                          "address", "number", "date",       NULL};
static const char *const policy_words[] = {"warn", "block", "hook", NULL};
static const struct shape match_as = WORDS(match_words);
static const struct shape policy_do = WORDS(policy_words);
static const struct key_row weight_keys[] = {
    ROW("same", shape_num, 0, "相同时", "When the same"),
    ROW("close", shape_num, 0, "相近时", "When close"),
    ROW("different", shape_num, 0, "不同时", "When different"),
    ROW_END,
};
static const struct shape weights = OBJ(weight_keys, "match_weights");
static const struct key_row match_rule_keys[] = {
    ROW("field", shape_text, KEY_REQUIRED, "比较的字段", "The field compared"),
    ROW("as", match_as, 0, "怎样比较", "How it is compared"),
    ROW("at_least", shape_num, 0, "相似度下限，0 到 1", "Least similarity, 0 to 1"),
    ROW("within", shape_texts, 0, "只在这些字段相同的记录中比较",
        "Only among rows with the same values here"),
    ROW("weights", weights, 0, "权重（比特）", "Weights in bits"),
    ROW_END,
};
static const struct shape match_rule = OBJ(match_rule_keys, "match_rule");
static const struct shape match_rules = LIST_OF(match_rule);
static const struct key_row policy_keys[] = {
    ROW("when", shape_expr, 0, "条件，that.x 是另一条记录", "Condition; that.x is the other row"),
    ROW("do", policy_do, KEY_REQUIRED, "提醒、拒绝或交给脚本", "Warn, block or ask the hook"),
    ROW_END,
};
static const struct shape policy = OBJ(policy_keys, "match_policy");
static const struct shape policies = LIST_OF(policy);
static const struct key_row level_keys[] = {
    ROW("same", shape_num, 0, "认定相同", "The same"),
    ROW("likely", shape_num, 0, "很可能相同", "Likely the same"),
    ROW("related", shape_num, 0, "有关联", "Related"),
    ROW_END,
};
static const struct shape levels = OBJ(level_keys, "match_levels");
static const struct shape match_block = {.kind = SHAPE_INT, .min = 1, .max = 10000};
static const struct key_row match_keys[] = {
    ROW("rules", match_rules, KEY_REQUIRED, "比较规则", "Rules"),
    ROW("against", shape_texts, 0, "与哪些表单比较，默认本表",
        "Forms compared with; this one if absent"),
    ROW("reveal", shape_texts, 0, "无权查看者能知道的字段",
        "Fields told to one who may not read the row"),
    ROW("policy", policies, 0, "发现重复时怎么办", "What a duplicate means"),
    ROW("levels", levels, 0, "判定界限", "Thresholds"),
    ROW("aliases", shape_text, 0, "存放别名的子表字段", "Sub-table with other names"),
    ROW("max_block", match_block, 0, "一组最多比较多少条", "Rows compared at most per block"),
    ROW_END,
};
static const struct shape match = OBJ(match_keys, "match");

/* ---- rights ---- */

static const struct key_row grant_keys[] = {
    ROW("title", shape_text, 0, "说明", "Title"),
    ROW("role", shape_texts, 0, "角色", "Roles"),
    ROW("members", shape_texts, 0, "成员登录名", "Logins"),
    ROW("departments", shape_texts, 0, "部门", "Departments"),
    ROW("everyone", shape_bool, 0, "全体成员", "Every member"),
    ROW("public", shape_bool, 0, "公开表单的访客", "Visitors of a public form"),
    ROW("can", shape_texts, KEY_REQUIRED, "能做什么：create read update … 按钮的键，或 all",
        "Rights, keys of buttons, or all"),
    ROW("where", shape_expr, 0, "对哪些记录", "On which rows"),
    ROW("ensure", shape_expr, 0, "写入后必须满足；不写则同 where",
        "What the row must satisfy afterwards; `where` if absent"),
    ROW("fields", shape_rights, 0, "字段权限", "Field rights"),
    ROW("requires", shape_expr, 0, "对成员的要求", "What the member must satisfy"),
    ROW_END,
};
static const struct shape grant = OBJ(grant_keys, "grant");
static const struct shape permissions = MAP_OF(grant);

/* ---- views, buttons, public forms ---- */

static const char *const view_words[] = {"grid",    "kanban", "calendar", "gantt",
                                         "gallery", "tree",   "list",     NULL};
static const char *const total_words[] = {"SUM", "AVERAGE", "MIN", "MAX", "COUNT", NULL};
static const struct shape view_type = WORDS(view_words);
static const struct shape total_fn = WORDS(total_words);
static const struct shape totals = MAP_OF(total_fn);
static const struct key_row view_keys[] = {
    ROW("title", shape_text, 0, "标题", "Title"),
    ROW("type", view_type, 0, "类型，默认 grid", "Type, grid if absent"),
    ROW("icon", shape_text, 0, "图标", "Icon"),
    ROW("where", shape_expr, 0, "显示哪些记录", "Which rows"),
    ROW("columns", shape_keys, 0, "列", "Columns"),
    ROW("sort", shape_texts, 0, "排序，-字段 为倒序", "Order; -field descends"),
    ROW("totals", totals, 0, "合计", "Totals"),
    ROW("by", shape_text, 0, "看板按哪个字段分列", "Field of the board's lanes"),
    ROW("card", shape_keys, 0, "卡片上的字段", "Fields on a card"),
    ROW("start", shape_text, 0, "开始日期字段", "Start date field"),
    ROW("end", shape_text, 0, "结束日期字段", "End date field"),
    ROW("title_field", shape_text, 0, "作标题的字段", "Field shown as the title"),
    ROW("parent", shape_text, 0, "树：指向上级的链接字段", "Tree: the link to the parent"),
    ROW("image", shape_text, 0, "画廊：图片字段", "Gallery: the image field"),
    ROW_END,
};
static const struct shape view = OBJ(view_keys, "view");
static const struct shape views = MAP_OF(view);

static const char *const as_words[] = {"system", NULL};
static const struct shape as_word = WORDS(as_words);
static const struct key_row button_keys[] = {
    ROW("title", shape_text, KEY_REQUIRED, "标题", "Title"),
    ROW("icon", shape_text, 0, "图标", "Icon"),
    ROW("when", shape_expr, 0, "何时可用", "When it can be pressed"),
    ROW("set", shape_set, 0, "写入的字段", "Fields it writes"),
    ROW("confirm", shape_text, 0, "按下前的确认", "Asked before"),
    ROW("run", shape_text, 0, "运行的脚本函数 script.function", "Script function to run"),
    ROW("as", as_word, 0, "以系统权限运行脚本", "Runs the script with system rights"),
    ROW("ask", shape_fields, 0, "按下时询问的内容", "What is asked"),
    ROW("danger", shape_bool, 0, "以警示样式显示", "Drawn as dangerous"),
    ROW_END,
};
static const struct shape button = OBJ(button_keys, "button");
static const struct shape buttons = MAP_OF(button);

static const struct key_row window_keys[] = {
    ROW("from", shape_text, 0, "开始", "From"),
    ROW("until", shape_text, 0, "结束", "Until"),
    ROW_END,
};
static const struct shape window = OBJ(window_keys, "window");
static const struct key_row public_keys[] = {
    ROW("title", shape_text, 0, "标题", "Title"),
    ROW("help", shape_text, 0, "说明", "Help"),
    ROW("fields", shape_keys, KEY_REQUIRED, "访客填写的字段", "What visitors fill in"),
    ROW("set", shape_set, 0, "同时写入", "Also written"),
    ROW("params", shape_texts, 0, "可由地址参数给出的字段", "Fields taken from the address"),
    ROW("captcha", shape_bool, 0, "验证码", "Captcha"),
    ROW("per_ip", shape_text, 0, "每个地址的次数，例如 20/h", "Posts per address, such as 20/h"),
    ROW("window", window, 0, "开放时间", "Open from and until"),
    ROW("quota", shape_count, 0, "最多收多少份", "Answers at most"),
    ROW_END,
};
static const struct shape public_obj = OBJ(public_keys, "public");
static const struct shape publics = MAP_OF(public_obj);

static const struct key_row hooks_keys[] = {
    ROW("script", shape_text, KEY_REQUIRED, "脚本", "Script"),
    ROW("as", as_word, 0, "以系统权限运行", "Runs with system rights"),
    ROW_END,
};
static const struct shape hooks_obj = OBJ(hooks_keys, "hooks");
static const struct shape *const hooks_any[] = {&shape_text, &hooks_obj, NULL};
static const struct shape hooks = {.kind = SHAPE_ONE_OF, .any = hooks_any};

/* ---- the form ---- */

static const struct shape unique_item_list = LIST_OF(shape_text);
static const struct shape *const unique_item_any[] = {&shape_text, &unique_item_list, NULL};
static const struct shape unique_item = {.kind = SHAPE_ONE_OF, .any = unique_item_any};
static const struct shape uniques = LIST_OF(unique_item);

static const struct key_row form_keys[] = {
    ROW("form", shape_key, KEY_REQUIRED, "表单的键，与文件名相同",
        "Key of the form, the file's name"),
    ROW("title", shape_text, KEY_REQUIRED, "标题", "Title"),
    ROW("icon", shape_text, 0, "图标", "Icon"),
    ROW("help", shape_text, 0, "说明", "Help"),
    ROW("record_title", shape_expr, 0, "记录标题的公式", "Expression of a record's title"),
    ROW("fields", shape_fields, KEY_REQUIRED, "字段", "Fields"),
    ROW("layout", layout, 0, "排版", "Layout"),
    ROW("related", related, 0, "记录页上的关联列表", "Lists on the record's page"),
    ROW("unique", uniques, 0, "一起不重复的字段", "Fields that are unique together"),
    ROW("checks", checks, 0, "整条记录的校验", "Checks of the record"),
    ROW("match", match, 0, "查重", "Finding duplicates"),
    ROW("transitions", transitions, 0, "状态流转", "State machine"),
    ROW("restrict", shape_expr, 0, "对所有人都成立的限制", "AND-ed with every grant"),
    ROW("permissions", permissions, 0, "权限", "Grants"),
    ROW("views", views, 0, "视图", "Views"),
    ROW("buttons", buttons, 0, "按钮", "Buttons"),
    ROW("public", publics, 0, "公开表单", "Public forms"),
    ROW("flow", shape_flow, 0, "审批流程", "Approval flow"),
    ROW("automations", shape_automations, 0, "自动化", "Automations"),
    ROW("hooks", hooks, 0, "脚本", "Script with hooks"),
    ROW("append_only", shape_bool, 0, "只能新增，不能改和删", "Rows are only added"),
    ROW("was", shape_key, 0, "改名前的键", "The key before a rename"),
    ROW_END,
};
const struct shape shape_form = OBJ(form_keys, "form");

static const struct key_row people_keys[] = {
    ROW("form", shape_key, KEY_REQUIRED, "member 或 department", "member or department"),
    ROW("fields", shape_fields, KEY_REQUIRED, "增加的字段", "Fields added"),
    ROW_END,
};
const struct shape shape_people = OBJ(people_keys, "people");
