/*
 * Key tables of fields and of the small shapes everybody shares.
 */
#include "engine/meta/keys.h"

#include "engine/meta/fieldtype.h"

const struct shape shape_any = {.kind = SHAPE_ANY};
const struct shape shape_text = {.kind = SHAPE_TEXT};
const struct shape shape_key = {.kind = SHAPE_KEY};
const struct shape shape_bool = {.kind = SHAPE_BOOL};
const struct shape shape_expr = {.kind = SHAPE_EXPR};
const struct shape shape_value = {.kind = SHAPE_VALUE};
const struct shape shape_num = {.kind = SHAPE_NUM};
const struct shape shape_count = {.kind = SHAPE_INT, .min = 0, .max = 1000000000};
const struct shape shape_duration = {.kind = SHAPE_DURATION};
const struct shape shape_keys = {.kind = SHAPE_LIST, .of = &shape_text};
static const struct shape *const texts_any[] = {&shape_text, &shape_keys, NULL};
const struct shape shape_texts = {.kind = SHAPE_ONE_OF, .any = texts_any};
static const struct shape shape_bool_expr = {.kind = SHAPE_EXPR};
const struct shape shape_set = {.kind = SHAPE_MAP, .flags = SHAPE_KEYS_SYS, .of = &shape_value};

static const char *const right_words[] = {"hidden", "masked", "read", "write", NULL};
static const struct shape right_word = {.kind = SHAPE_WORD, .words = right_words};
const struct shape shape_rights = {
    .kind = SHAPE_MAP, .flags = SHAPE_KEYS_RIGHT, .of = &right_word, .name = "rights"};

/* ---- options ---- */

const char *const color_words[] = {"red",    "orange", "amber", "green", "teal", "blue",
                                   "indigo", "purple", "pink",  "grey",  NULL};
static const struct shape color = {.kind = SHAPE_WORD, .words = color_words};
static const struct shape options_map;
static const struct shape *const options_any[] = {&options_map, &shape_keys, NULL};
static const struct shape options = {.kind = SHAPE_ONE_OF, .any = options_any};
static const struct key_row option_keys[] = {
    ROW("title", shape_text, KEY_REQUIRED, "显示的文字", "What people read"),
    ROW("color", color, 0, "颜色", "Colour"),
    ROW("disabled", shape_bool, 0, "不能再选，已有的值保留",
        "Cannot be chosen any more; stored values stay"),
    ROW("options", options, 0, "级联的下一级", "The next level of a cascade"),
    ROW_END,
};
static const struct shape option_obj = {.kind = SHAPE_OBJ, .keys = option_keys, .name = "option"};
static const struct shape *const option_any[] = {&shape_text, &option_obj, NULL};
static const struct shape option = {.kind = SHAPE_ONE_OF, .any = option_any};
static const struct shape options_map = {.kind = SHAPE_MAP,
                                         .flags = SHAPE_KEYS_FREE | SHAPE_NOT_EMPTY,
                                         .of = &option,
                                         .name = "options"};

/* ---- fields ---- */

static const char *const hidden_words[] = {"keep", "clear", NULL};
static const char *const sensitive_words[] = {"personal", "special", NULL};
static const char *const basis_words[] = {"consent", "contract", "law", NULL};
static const char *const delete_words[] = {"restrict", "clear", "cascade", NULL};
static const char *const depth_words[] = {"province", "city", "district", "street", NULL};
static const char *const reset_words[] = {"never", "year", "month", "day", NULL};
static const char *const normalize_words[] = {"none", "text", "phone", "code", NULL};

static const struct shape hidden_value = {.kind = SHAPE_WORD, .words = hidden_words};
static const struct shape sensitive = {.kind = SHAPE_WORD, .words = sensitive_words};
static const struct shape basis = {.kind = SHAPE_WORD, .words = basis_words};
static const struct shape on_delete = {.kind = SHAPE_WORD, .words = delete_words};
static const struct shape depth = {.kind = SHAPE_WORD, .words = depth_words};
static const struct shape reset = {.kind = SHAPE_WORD, .words = reset_words};
static const struct shape normalize = {.kind = SHAPE_WORD, .words = normalize_words};
static const struct shape scale = {.kind = SHAPE_INT, .min = 0, .max = 12};
static const struct shape width = {.kind = SHAPE_INT, .min = 1, .max = 4};
static const struct shape type_word = {.kind = SHAPE_TEXT};
static const struct shape fill = {.kind = SHAPE_MAP, .of = &shape_text};
static const struct shape *const unique_any[] = {&shape_bool, &shape_keys, NULL};
static const struct shape unique = {.kind = SHAPE_ONE_OF, .any = unique_any};

static const struct key_row field_keys[] = {
    ROW("type", type_word, KEY_REQUIRED, "字段类型", "Type of the field"),
    ROW("title", shape_text, 0, "标题", "Title"),
    ROW("help", shape_text, 0, "填写说明", "Help under the field"),
    ROW("placeholder", shape_text, 0, "空白时的提示", "Shown while blank"),
    ROW("icon", shape_text, 0, "图标", "Icon"),
    ROW("widget", shape_text, 0, "控件，例如 radio、switch、slider、scan",
        "Control: radio, switch, slider, scan …"),
    ROW("width", width, 0, "占用的列数", "Columns it spans"),
    ROW("required", shape_bool_expr, 0, "必填，或必填的条件", "Required, or when it is"),
    ROW("readonly", shape_bool_expr, 0, "只读，或只读的条件", "Read-only, or when it is"),
    ROW("visible", shape_bool_expr, 0, "显示的条件；不显示时不校验、不写入",
        "When it shows; hidden fields are neither checked nor written"),
    ROW("hidden_value", hidden_value, 0, "隐藏时保留还是清空",
        "Keep or clear the value while hidden"),
    ROW("default", shape_value, 0, "默认值，或以 = 开头的公式",
        "Default, or an expression behind ="),
    ROW("check", shape_expr, 0, "校验条件，不成立时拒绝", "Must hold, else the write is refused"),
    ROW("message", shape_text, 0, "校验不通过时的提示", "Shown when `check` fails"),
    ROW("unique", unique, 0, "不允许重复；列表表示与这些字段一起",
        "No duplicates; a list: together with these fields"),
    ROW("normalize", normalize, 0, "查重前如何归一", "How values are normalised before comparing"),
    ROW("index", shape_bool, 0, "建索引", "Make an index"),
    ROW("search", shape_bool, 0, "参与搜索", "Found by search"),
    ROW("group", shape_text, 0, "字段组，权限里写 @组名", "Group of fields, @group in rights"),
    ROW("sensitive", sensitive, 0, "敏感信息：加密存储，默认脱敏",
        "Sensitive: encrypted, masked by default"),
    ROW("purpose", shape_text, 0, "处理目的", "Why it is processed"),
    ROW("basis", basis, 0, "处理依据", "Legal basis"),
    ROW("retention", shape_duration, 0, "保存期限", "How long it is kept"),
    ROW("subject", shape_text, 0, "数据主体：self 或一个链接字段",
        "Whose data it is: self or a link"),
    ROW("declassify", shape_bool, 0, "计算结果不再敏感",
        "A computed value is not as sensitive as its inputs"),
    ROW("was", shape_key, 0, "改名前的键", "The key before a rename"),
    ROW("scale", scale, KEY_TYPED, "小数位数，精确存储", "Decimals, stored exactly"),
    ROW("unit", shape_text, KEY_TYPED, "单位", "Unit"),
    ROW("min", shape_value, KEY_TYPED, "最小值", "Least value"),
    ROW("max", shape_value, KEY_TYPED, "最大值；文字为最多字数；附件为最多个数",
        "Greatest value; for texts the length, for files the number"),
    ROW("options", options, KEY_TYPED, "选项：键: 标题", "Options as key: title"),
    ROW("depth", depth, KEY_TYPED, "精确到哪一级", "Down to which level"),
    ROW("form", shape_text, KEY_TYPED, "链接到的表单", "The form it links to"),
    ROW("filter", shape_expr, KEY_TYPED, "可选记录的条件，this.x 是本记录",
        "Which rows may be chosen; this.x is this record"),
    ROW("on_delete", on_delete, KEY_TYPED, "对方删除时", "When the other row is deleted"),
    ROW("fill", fill, KEY_TYPED, "选择后带出：本表字段: 对方字段",
        "Copied when chosen: own field: their field"),
    ROW("value", shape_expr, KEY_TYPED, "公式", "The expression"),
    ROW("of", shape_text, KEY_TYPED, "汇总哪个表单的哪个链接：form.link",
        "What is rolled up: form.link"),
    ROW("where", shape_expr, KEY_TYPED, "只汇总满足条件的记录", "Only rows for which this holds"),
    ROW("pattern", shape_text, KEY_TYPED, "编号样式，例如 XS{YYYY}{MM}-{0000}",
        "Pattern such as XS{YYYY}{MM}-{0000}"),
    ROW("reset", reset, KEY_TYPED, "何时从头编号", "When counting starts again"),
    ROW("fields", shape_fields, KEY_TYPED, "子表的列", "Columns of the sub-table"),
    ROW("append_only", shape_bool, KEY_TYPED, "只能追加行", "Rows are only added"),
    ROW("log", shape_text, KEY_TYPED, "自动记录这个字段的变化",
        "Keeps the changes of this field by itself"),
    ROW("accept", shape_texts, KEY_TYPED, "允许的文件类型", "File types allowed"),
    ROW_END,
};

static bool field_variant(size_t i, struct variant *out)
{
    const struct fieldtype *const *types;
    if (i >= fieldtypes(&types))
        return false;
    *out =
        (struct variant){.word = types[i]->name.p, .keys = types[i]->keys, .need = types[i]->need};
    return true;
}

const struct shape shape_field = {.kind = SHAPE_OBJ,
                                  .keys = field_keys,
                                  .tag = "type",
                                  .variant = field_variant,
                                  .name = "field"};
const struct shape shape_fields = {.kind = SHAPE_MAP, .flags = SHAPE_NOT_EMPTY, .of = &shape_field};

/* ---- settings: like a field, without a place in a form ---- */

static const struct key_row setting_keys[] = {
    ROW("type", type_word, KEY_REQUIRED, "类型", "Type"),
    ROW("title", shape_text, 0, "标题", "Title"),
    ROW("help", shape_text, 0, "说明", "Help"),
    ROW("default", shape_value, 0, "默认值", "Default"),
    ROW("effective", shape_bool, 0, "按生效日期保留历次取值", "Keeps versions with a start day"),
    ROW("group", shape_text, 0, "分组", "Group"),
    ROW("scale", scale, KEY_TYPED, "小数位数", "Decimals"),
    ROW("unit", shape_text, KEY_TYPED, "单位", "Unit"),
    ROW("min", shape_value, KEY_TYPED, "最小值", "Least value"),
    ROW("max", shape_value, KEY_TYPED, "最大值", "Greatest value"),
    ROW("options", options, KEY_TYPED, "选项", "Options"),
    ROW_END,
};

/* Only types whose values stand alone. */
static bool setting_variant(size_t i, struct variant *out)
{
    static const char *const words[] = {
        "text",    "textarea", "number",      "percent", "rating", "date", "datetime", "time",
        "boolean", "select",   "multiselect", "email",   "phone",  "url",  "json",     NULL};
    if (i >= ARRAY_LEN(words) - 1)
        return false;
    const struct fieldtype *t = fieldtype_find(str_of(words[i]));
    *out = (struct variant){.word = words[i], .keys = t->keys, .need = t->need};
    return true;
}

const struct shape shape_setting = {.kind = SHAPE_OBJ,
                                    .keys = setting_keys,
                                    .tag = "type",
                                    .variant = setting_variant,
                                    .name = "setting"};
