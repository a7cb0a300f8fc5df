/*
 * Key tables of app.yaml, dashboards, monitors and translations.
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
#define ONE_OF(list)                                                                               \
    {                                                                                              \
        .kind = SHAPE_ONE_OF, .any = (list)                                                        \
    }

/* ---- app.yaml ---- */

static const struct key_row role_keys[] = {
    ROW("title", shape_text, KEY_REQUIRED, "标题", "Title"),
    ROW("external", shape_bool, 0, "给外部组织的人", "For people of other organisations"),
    ROW_END,
};
static const struct shape role_obj = OBJ(role_keys, "role");
static const struct shape *const role_any[] = {&shape_text, &role_obj, NULL};
static const struct shape role = ONE_OF(role_any);
static const struct shape roles = MAP_OF(role);

static const struct shape menu;
static const struct key_row menu_keys[] = {
    ROW("form", shape_text, 0, "表单", "A form"),
    ROW("view", shape_text, 0, "视图 form/view", "A view as form/view"),
    ROW("dashboard", shape_text, 0, "看板", "A dashboard"),
    ROW("title", shape_text, 0, "标题", "Title"),
    ROW("icon", shape_text, 0, "图标", "Icon"),
    ROW("items", menu, 0, "下级", "Entries below"),
    ROW_END,
};
static const struct shape menu_item = OBJ(menu_keys, "menu_item");
static const struct shape menu = LIST_OF(menu_item);

static const char *const endpoint_words[] = {"json",     "form",   "sms", "wecom",
                                             "dingtalk", "feishu", NULL};
static const struct shape endpoint_kind = WORDS(endpoint_words);
static const struct key_row endpoint_keys[] = {
    ROW("url", shape_text, 0, "地址；只接收的回调不用写",
        "Address; none for one that only receives"),
    ROW("secret", shape_text, 0, "签名密钥；管理员可另设",
        "Signing secret; an administrator may set another"),
    ROW("kind", endpoint_kind, 0, "json、form、sms，或群机器人 wecom、dingtalk、feishu",
        "json, form, sms, or a group robot: wecom, dingtalk, feishu"),
    ROW("title", shape_text, 0, "标题", "Title"),
    ROW_END,
};
static const struct shape endpoint = OBJ(endpoint_keys, "endpoint");
static const struct shape endpoints = MAP_OF(endpoint);
static const struct shape settings = MAP_OF(shape_setting);

static const char *const day_words[] = {"mon", "tue", "wed", "thu", "fri", "sat", "sun", NULL};
static const struct shape day = WORDS(day_words);
static const struct shape days = LIST_OF(day);
static const struct key_row calendar_keys[] = {
    ROW("workdays", days, 0, "工作日", "Working days of the week"),
    ROW("holidays", shape_texts, 0, "节假日：cn（含调休）、日期列表，或两者：[cn, 2026-12-25]",
        "Holidays: cn (with its make-up days), a list of dates, or both: [cn, 2026-12-25]"),
    ROW("make_up", shape_texts, 0, "调休上班的日期", "Make-up working days"),
    ROW_END,
};
static const struct shape calendar = OBJ(calendar_keys, "calendar");

static const struct key_row board_keys[] = {
    ROW("title", shape_text, KEY_REQUIRED, "标题", "Title"),
    ROW("post", shape_texts, 0, "哪些角色可以发布", "Roles that may post"),
    ROW("read", shape_texts, 0, "哪些角色可以看", "Roles that may read"),
    ROW_END,
};
static const struct shape board = OBJ(board_keys, "board");
static const struct shape boards = MAP_OF(board);

static const struct key_row app_keys[] = {
    ROW("app", shape_key, KEY_REQUIRED, "应用的键，与文件夹同名",
        "Key of the app, the folder's name"),
    ROW("title", shape_text, KEY_REQUIRED, "标题", "Title"),
    ROW("version", shape_text, 0, "模板版本", "Version of the template"),
    ROW("language", shape_text, 0, "源语言，例如 zh-CN", "Language of the files, such as zh-CN"),
    ROW("timezone", shape_text, 0, "时区，例如 Asia/Shanghai", "Time zone, such as Asia/Shanghai"),
    ROW("icon", shape_text, 0, "图标", "Icon"),
    ROW("color", shape_text, 0, "颜色", "Colour"),
    ROW("help", shape_text, 0, "说明", "Help"),
    ROW("roles", roles, 0, "角色", "Roles"),
    ROW("menu", menu, 0, "菜单", "Menu"),
    ROW("settings", settings, 0, "设置", "Settings"),
    ROW("endpoints", endpoints, 0, "外部地址", "Addresses outside"),
    ROW("calendar", calendar, 0, "工作日历", "Working calendar"),
    ROW("boards", boards, 0, "公告板", "Boards"),
    ROW_END,
};
const struct shape shape_app = OBJ(app_keys, "app");

/* ---- dashboards ---- */

static const char *const widget_words[] = {
    "indicator", "table",  "pivot",    "bar",   "column",  "line",    "area",  "pie",
    "combo",     "funnel", "radar",    "gauge", "scatter", "heatmap", "map",   "calendar",
    "text",      "image",  "shortcut", "form",  "tasks",   "notices", "embed", NULL};
static const struct shape widget_type = WORDS(widget_words);
static const struct shape coord = {.kind = SHAPE_INT, .min = 0, .max = 1000};
static const struct shape at = LIST_OF(coord);
static const struct shape exprs_list = LIST_OF(shape_expr);
static const struct shape *const exprs_any[] = {&shape_expr, &exprs_list, NULL};
static const struct shape exprs = ONE_OF(exprs_any);

static const char *const percent_words[] = {"total", "row", "column", NULL};
static const struct shape percent_of = WORDS(percent_words);
static const char *const format_words[] = {"number", "money", "percent", "date", NULL};
static const struct shape format = WORDS(format_words);
static const struct key_row metric_keys[] = {
    ROW("value", shape_expr, KEY_REQUIRED, "指标公式", "The metric"),
    ROW("title", shape_text, 0, "标题", "Title"),
    ROW("format", format, 0, "格式", "Format"),
    ROW("percent_of", percent_of, 0, "占比", "As a share of"),
    ROW("running", shape_bool, 0, "累计", "Running total"),
    ROW("axis", shape_text, 0, "坐标轴", "Axis"),
    ROW_END,
};
static const struct shape metric_obj = OBJ(metric_keys, "metric");
static const struct shape *const metric_any[] = {&shape_expr, &metric_obj, NULL};
static const struct shape metric = ONE_OF(metric_any);
static const struct shape metrics = MAP_OF(metric);

static const char *const same_words[] = {"year", "quarter", "month", "week", NULL};
static const struct shape same = WORDS(same_words);
static const struct key_row compare_keys[] = {
    ROW("same", same, KEY_REQUIRED, "与去年、上季同期比", "The same time of the last year …"),
    ROW_END,
};
static const struct shape compare_obj = OBJ(compare_keys, "compare");
static const char *const compare_words[] = {"previous", NULL};
static const struct shape compare_word = WORDS(compare_words);
static const struct shape *const compare_any[] = {&compare_word, &compare_obj, NULL};
static const struct shape compare = ONE_OF(compare_any);

static const struct key_row widget_keys[] = {
    ROW("type", widget_type, KEY_REQUIRED, "类型", "Type"),
    ROW("title", shape_text, 0, "标题", "Title"),
    ROW("icon", shape_text, 0, "图标", "Icon"),
    ROW("at", at, 0, "位置 [列, 行, 宽, 高]", "Place [x, y, w, h]"),
    ROW("form", shape_text, 0, "表单", "Form"),
    ROW("view", shape_text, 0, "视图 form/view", "View as form/view"),
    ROW("filter", shape_expr, 0, "条件", "Condition"),
    ROW("group", exprs, 0, "分组", "Grouped by"),
    ROW("rows", exprs, 0, "透视表的行", "Rows of a pivot"),
    ROW("cols", exprs, 0, "透视表的列", "Columns of a pivot"),
    ROW("totals", shape_bool, 0, "合计", "Totals"),
    ROW("metrics", metrics, 0, "指标", "Metrics"),
    ROW("columns", shape_keys, 0, "列", "Columns"),
    ROW("sort", shape_texts, 0, "排序：-指标 或 group", "Order: -metric or group"),
    ROW("limit", shape_count, 0, "最多显示", "At most"),
    ROW("compare", compare, 0, "比较", "Compared with"),
    ROW("drill", exprs, 0, "下钻", "Drill down"),
    ROW("link", shape_texts, 0, "联动的筛选", "Filters it sets"),
    ROW("format", format, 0, "格式", "Format"),
    ROW("target", shape_value, 0, "目标", "Target"),
    ROW("text", shape_text, 0, "文字", "Text"),
    ROW("url", shape_text, 0, "地址", "Address"),
    ROW("run_as", shape_text, 0, "以该角色的权限计算", "Runs with a role's rights"),
    ROW("min_group", shape_count, 0, "少于此数的组不显示", "Smaller groups are hidden"),
    ROW_END,
};
static const struct shape widget = OBJ(widget_keys, "widget");
static const struct shape widgets = MAP_OF(widget);
static const struct key_row dash_filter_keys[] = {
    ROW("field", shape_text, KEY_REQUIRED, "字段", "Field"),
    ROW("type", shape_text, 0, "类型", "Type"),
    ROW("title", shape_text, 0, "标题", "Title"),
    ROW("default", shape_value, 0, "默认值", "Default"),
    ROW_END,
};
static const struct shape dash_filter = OBJ(dash_filter_keys, "dashboard_filter");
static const struct shape dash_filters = MAP_OF(dash_filter);
static const struct shape grid_columns = {.kind = SHAPE_INT, .min = 1, .max = 24};
static const struct key_row dashboard_keys[] = {
    ROW("title", shape_text, KEY_REQUIRED, "标题", "Title"),
    ROW("icon", shape_text, 0, "图标", "Icon"),
    ROW("help", shape_text, 0, "说明", "Help"),
    ROW("columns", grid_columns, 0, "列数，默认 12", "Columns, 12 if absent"),
    ROW("refresh", shape_text, 0, "刷新：live 或 60 s", "live, or 60 s"),
    ROW("filters", dash_filters, 0, "筛选", "Filters"),
    ROW("can", shape_texts, 0, "哪些角色可以看", "Roles that may see it"),
    ROW("widgets", widgets, KEY_REQUIRED, "组件", "Widgets"),
    ROW_END,
};
const struct shape shape_dashboard = OBJ(dashboard_keys, "dashboard");

/* ---- monitors ---- */

static const char *const center_words[] = {"mean", "median", NULL};
static const char *const spread_words[] = {"none", "mad", NULL};
static const char *const phase_words[] = {"same weekday", "same month", NULL};
static const struct shape center = WORDS(center_words);
static const struct shape spread = WORDS(spread_words);
static const struct shape phase = WORDS(phase_words);
static const struct shape previous = {.kind = SHAPE_INT, .min = 1, .max = 400};
static const struct key_row against_keys[] = {
    ROW("previous", previous, 0, "之前的几个周期", "Windows before"),
    ROW("center", center, 0, "取平均或中位数", "Mean or median"),
    ROW("spread", spread, 0, "离散度", "Spread"),
    ROW("phase", phase, 0, "同相位", "Phase"),
    ROW("field", shape_text, 0, "目标字段", "A target field"),
    ROW("value", shape_num, 0, "固定值", "A fixed value"),
    ROW_END,
};
static const struct shape against = OBJ(against_keys, "against");
static const char *const once_words[] = {"window", NULL};
static const struct shape once = WORDS(once_words);
static const struct key_row monitor_keys[] = {
    ROW("title", shape_text, 0, "标题", "Title"),
    ROW("metric", shape_expr, KEY_REQUIRED, "指标", "Metric"),
    ROW("of", shape_text, KEY_REQUIRED, "表单", "Form"),
    ROW("where", shape_expr, 0, "条件", "Condition"),
    ROW("by", shape_expr, 0, "按什么分组", "Grouped by"),
    ROW("window", shape_text, KEY_REQUIRED, "周期：7 days、month、week",
        "Window: 7 days, month, week"),
    ROW("at", shape_text, 0, "按哪个日期字段", "Date field it looks at"),
    ROW("against", against, KEY_REQUIRED, "与什么比", "Compared with"),
    ROW("alert", shape_expr, KEY_REQUIRED, "报警条件：value baseline spread z change",
        "Alert over value baseline spread z change"),
    ROW("min_change", shape_num, 0, "最小变化", "Least change"),
    ROW("every", shape_text, 0, "多久检查一次", "How often"),
    ROW("to", shape_assignees, KEY_REQUIRED, "通知谁", "Whom"),
    ROW("open", shape_text, 0, "同时建一条记录的表单", "Form in which a record is created"),
    ROW("due", shape_duration, 0, "预警多久内处理，默认 3 workdays",
        "Within how long an alert is handled: 3 workdays unless said"),
    ROW("once", once, 0, "每个周期只报一次", "Once in a window"),
    ROW_END,
};
static const struct shape monitor = OBJ(monitor_keys, "monitor");
static const struct shape monitors = MAP_OF(monitor);
static const struct key_row monitors_keys[] = {
    ROW("monitors", monitors, KEY_REQUIRED, "监测", "Monitors"),
    ROW_END,
};
const struct shape shape_monitors = OBJ(monitors_keys, "monitors");

/* ---- translations: mirror the keys of the files ---- */

static const struct key_row i18n_keys[] = {
    ROW("app", shape_any, 0, "应用", "The app"),
    ROW("texts", shape_any, 0, "没有键的文字：原文: 译文", "What has no key: source: translation"),
    ROW("forms", shape_any, 0, "表单", "Forms"),
    ROW("dashboards", shape_any, 0, "看板", "Dashboards"),
    ROW("roles", shape_any, 0, "角色", "Roles"),
    ROW("menu", shape_any, 0, "菜单", "Menu"),
    ROW("settings", shape_any, 0, "设置", "Settings"),
    ROW("monitors", shape_any, 0, "监测", "Monitors"),
    ROW("boards", shape_any, 0, "公告板", "Boards"),
    ROW_END,
};
const struct shape shape_i18n = OBJ(i18n_keys, "i18n");
