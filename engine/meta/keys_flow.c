/*
 * Key tables of flows and automations, and of the people they are addressed to.
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

/* ---- who ---- */

static const struct shape level = {.kind = SHAPE_INT, .min = 1, .max = 20};
static const struct key_row assignee_keys[] = {
    ROW("member", shape_text, 0, "成员登录名", "A member's login"),
    ROW("role", shape_text, 0, "角色", "A role"),
    ROW("department", shape_text, 0, "部门", "A department"),
    ROW("field", shape_text, 0, "成员字段", "A member field"),
    ROW("manager_of", shape_text, 0, "某成员字段的上级", "The manager of a member field"),
    ROW("chain", shape_text, 0, "逐级上级", "Managers up the line"),
    ROW("level", level, 0, "第几级，或到第几级", "Which level, or up to which"),
    ROW("picks", shape_text, 0, "某个节点选出的人", "Those picked at a node"),
    ROW("value", shape_expr, 0, "由公式给出", "By an expression"),
    ROW_END,
};
static const struct shape assignee_obj = OBJ(assignee_keys, "assignee");
static const struct shape *const assignee_any[] = {&shape_text, &assignee_obj, NULL};
static const struct shape assignee = ONE_OF(assignee_any);
static const struct shape assignee_list = LIST_OF(assignee);
static const struct shape *const assignees_any[] = {&shape_text, &assignee_list, &assignee_obj,
                                                    NULL};
const struct shape shape_assignees = ONE_OF(assignees_any);

/* ---- a node ---- */

static const char *const mode_words[] = {"any", "all", "sequence", NULL};
static const char *const same_words[] = {"none", "previous", "handled", NULL};
static const char *const comment_words[] = {"optional", "required", NULL};
static const char *const as_words[] = {"system", NULL};
static const struct shape mode_word = WORDS(mode_words);
static const struct shape skip_same = WORDS(same_words);
static const struct shape comment = WORDS(comment_words);
static const struct shape as_word = WORDS(as_words);

static const struct key_row vote_keys[] = {
    ROW("pass", shape_num, 0, "通过的比例", "Share that passes"),
    ROW("veto", shape_assignees, 0, "可一票否决的人", "Who has a veto"),
    ROW_END,
};
static const struct shape vote = OBJ(vote_keys, "vote");
static const struct key_row mode_keys[] = {
    ROW("vote", vote, KEY_REQUIRED, "投票", "By vote"),
    ROW_END,
};
static const struct shape mode_obj = OBJ(mode_keys, "mode_vote");
static const struct shape *const mode_any[] = {&mode_word, &mode_obj, NULL};
static const struct shape mode = ONE_OF(mode_any);

static const struct key_row node_check_keys[] = {
    ROW("that", shape_expr, KEY_REQUIRED, "必须成立的条件", "What must hold"),
    ROW("message", shape_text, 0, "不成立时的提示", "Shown when it does not"),
    ROW_END,
};
static const struct shape node_check_obj = OBJ(node_check_keys, "node_check");
static const struct shape *const node_check_any[] = {&shape_expr, &node_check_obj, NULL};
static const struct shape node_check = ONE_OF(node_check_any);

static const struct key_row action_rule_keys[] = {
    ROW("title", shape_text, 0, "按钮上的文字", "Text of the button"),
    ROW("comment", comment, 0, "是否必须写意见", "Whether a comment is required"),
    ROW("signature", comment, 0, "是否手写签名：optional 可签、required 必签",
        "Whether it is signed by hand: optional or required"),
    ROW("to", shape_texts, 0, "可以到的节点", "Nodes it may go to"),
    ROW_END,
};
static const struct shape action_rule = OBJ(action_rule_keys, "action_rule");
static const struct key_row action_keys[] = {
    ROW("approve", action_rule, 0, "同意", "Approve"),
    ROW("reject", action_rule, 0, "拒绝", "Reject"),
    ROW("return", action_rule, 0, "退回", "Return"),
    ROW("transfer", action_rule, 0, "转交", "Hand over"),
    ROW("add_sign", action_rule, 0, "加签", "Add a signer"),
    ROW("withdraw", action_rule, 0, "撤回", "Withdraw"),
    ROW("urge", action_rule, 0, "催办", "Urge"),
    ROW_END,
};
static const struct shape actions = OBJ(action_keys, "node_actions");

static const struct key_row after_keys[] = {
    ROW("after", shape_duration, 0, "再过多久", "After how long"),
    ROW_END,
};
static const struct shape after = OBJ(after_keys, "after");
static const struct key_row then_keys[] = {
    ROW("escalate", shape_text, 0, "升级给谁：role:x、member:x",
        "To whom it goes up: role:x, member:x"),
    ROW("approve", after, 0, "自动同意", "Approves by itself"),
    ROW("reject", after, 0, "自动拒绝", "Rejects by itself"),
    ROW("to", shape_text, 0, "转到节点", "Goes to a node"),
    ROW("after", shape_duration, 0, "再过多久", "After how long"),
    ROW_END,
};
static const struct shape then_obj = OBJ(then_keys, "due_then");
static const char *const then_words[] = {"remind", NULL};
static const struct shape then_word = WORDS(then_words);
static const struct shape *const then_any[] = {&then_word, &then_obj, NULL};
static const struct shape then = ONE_OF(then_any);
static const struct shape then_list = LIST_OF(then);
static const struct key_row due_keys[] = {
    ROW("after", shape_duration, KEY_REQUIRED, "多久之后到期", "When it is due"),
    ROW("then", then_list, 0, "到期后做什么", "What happens then"),
    ROW_END,
};
static const struct shape due = OBJ(due_keys, "due");

static const struct key_row next_keys[] = {
    ROW("when", shape_expr, 0, "条件；没有的是“否则”", "Condition; without it: else"),
    ROW("to", shape_text, KEY_REQUIRED, "到哪个节点", "Node it goes to"),
    ROW_END,
};
static const struct shape next_obj = OBJ(next_keys, "next");
static const struct shape next_list = LIST_OF(next_obj);
static const struct shape *const next_any[] = {&shape_text, &next_list, NULL};
static const struct shape next = ONE_OF(next_any);

static const struct key_row node_keys[] = {
    ROW("type", shape_text, KEY_REQUIRED, "节点类型", "Type of the node"),
    ROW("title", shape_text, 0, "标题", "Title"),
    ROW("to", shape_assignees, KEY_TYPED, "交给谁", "Who gets it"),
    ROW("mode", mode, KEY_TYPED, "多人时：任一、全部、依次、投票",
        "Several people: any, all, in sequence, by vote"),
    ROW("empty", shape_text, KEY_TYPED, "没有人时：skip、stop、role:x、member:x",
        "When nobody is found: skip, stop, role:x, member:x"),
    ROW("fields", shape_rights, KEY_TYPED, "这一步的字段权限", "Field rights at this step"),
    ROW("check", node_check, KEY_TYPED, "同意时的校验", "Checked on approval"),
    ROW("actions", actions, KEY_TYPED, "可用的操作", "What can be done"),
    ROW("skip_same", skip_same, KEY_TYPED, "同一人自动通过", "The same person passes by itself"),
    ROW("due", due, KEY_TYPED, "限时", "Time limit"),
    ROW("next", next, KEY_TYPED, "下一步", "What follows"),
    ROW("set", shape_set, KEY_TYPED, "写入的字段", "Fields it writes"),
    ROW("branches", shape_keys, KEY_TYPED, "并行的分支", "Parallel branches"),
    ROW("join", shape_text, KEY_TYPED, "汇合的节点", "Where they join"),
    ROW("for", shape_duration, KEY_TYPED, "等多久", "How long it waits"),
    ROW("until", shape_expr, KEY_TYPED, "等到什么时候", "Until when it waits"),
    ROW("run", shape_text, KEY_TYPED, "运行的脚本函数", "Script function to run"),
    ROW("as", as_word, KEY_TYPED, "以系统权限运行", "Runs with system rights"),
    ROW("form", shape_text, KEY_TYPED, "表单", "Form"),
    ROW("wait", shape_bool, KEY_TYPED, "等子流程结束", "Waits for the sub-flow"),
    ROW_END,
};

#define PERSON_KEYS "to", "empty", "fields", "check", "actions", "skip_same", "due", "next", "mode"
static const char *const person_keys[] = {PERSON_KEYS, NULL};
static const char *const cc_keys[] = {"to", "empty", "fields", "next", NULL};
static const char *const branch_keys[] = {"next", NULL};
static const char *const parallel_keys[] = {"branches", "join", "mode", "next", NULL};
static const char *const wait_keys[] = {"for", "until", "next", NULL};
static const char *const script_keys[] = {"run", "as", "next", NULL};
static const char *const create_keys[] = {"form", "set", "next", NULL};
static const char *const subflow_keys[] = {"form", "set", "wait", "next", NULL};
static const char *const end_keys[] = {"set", NULL};
static const char *const person_need[] = {"to", "next", NULL};
static const char *const next_need[] = {"next", NULL};
static const char *const parallel_need[] = {"branches", "join", NULL};
static const char *const script_need[] = {"run", "next", NULL};
static const char *const create_need[] = {"form", "next", NULL};

/* In the order of enum node_kind, from NODE_APPROVE. */
static const struct variant node_variants[] = {
    {"approve", person_keys, person_need},
    {"fill", person_keys, person_need},
    {"cc", cc_keys, person_need},
    {"branch", branch_keys, next_need},
    {"parallel", parallel_keys, parallel_need},
    {"wait", wait_keys, next_need},
    {"script", script_keys, script_need},
    {"create", create_keys, create_need},
    {"subflow", subflow_keys, create_need},
    {"end", end_keys, NULL},
};

static bool node_variant(size_t i, struct variant *out)
{
    if (i >= ARRAY_LEN(node_variants))
        return false;
    *out = node_variants[i];
    return true;
}

static const struct shape node = {.kind = SHAPE_OBJ,
                                  .keys = node_keys,
                                  .tag = "type",
                                  .variant = node_variant,
                                  .name = "flow_node"};
static const struct shape nodes = {.kind = SHAPE_MAP, .flags = SHAPE_NOT_EMPTY, .of = &node};

static const struct key_row start_keys[] = {
    ROW("title", shape_text, 0, "提交按钮上的文字", "Title of the submission"),
    ROW("can", shape_texts, 0, "哪些角色可以提交", "Roles that may submit"),
    ROW("to", shape_text, 0, "第一个节点，默认写在最前的",
        "First node; the first one written if absent"),
    ROW_END,
};
static const struct shape start = OBJ(start_keys, "flow_start");
static const struct key_row flow_keys[] = {
    ROW("start", start, 0, "提交", "The submission"),
    ROW("nodes", nodes, KEY_REQUIRED, "节点", "Nodes"),
    ROW_END,
};
const struct shape shape_flow = OBJ(flow_keys, "flow");

/* ---- automations ---- */

static const char *const trigger_words[] = {"create", "update", "delete", NULL};
static const struct shape trigger_word = WORDS(trigger_words);
static const char *const body_words[] = {"text", "number", "date", "datetime", "boolean", NULL};
static const struct shape body_word = WORDS(body_words);
static const struct key_row body_keys[] = {
    ROW("type", body_word, KEY_REQUIRED, "类型", "Its type"),
    ROW("from", shape_text, 0, "来源里的名字；不写则与键同名", "Its name there; the key if absent"),
    ROW_END,
};
static const struct shape body_obj = OBJ(body_keys, "trigger_body");
static const struct shape *const body_any[] = {&body_word, &body_obj, NULL};
static const struct shape body_type = ONE_OF(body_any);
static const struct shape body_types = MAP_OF(body_type);
static const char *const pull_words[] = {"csv", "json", NULL};
static const struct shape pull_word = WORDS(pull_words);
static const struct key_row trigger_keys[] = {
    ROW("create", shape_any, 0, "新建时", "On creation"),
    ROW("update", shape_texts, 0, "这些字段变化时", "When these fields change"),
    ROW("delete", shape_any, 0, "删除时", "On deletion"),
    ROW("state", shape_text, 0, "流程到这个状态时", "When the flow gets to this state"),
    ROW("every", shape_text, 0, "定时：cron 表达式", "On a schedule: cron"),
    ROW("at", shape_text, 0, "到这个日期字段时", "At this date field"),
    ROW("offset", shape_duration, 0, "提前（负）或推后", "Before (negative) or after"),
    ROW("button", shape_text, 0, "按下这个按钮时", "When this button is pressed"),
    ROW("webhook", shape_text, 0, "收到这个回调时", "When this webhook comes in"),
    ROW("pull", shape_text, 0, "按 every 定时读取这个 endpoint，每行触发一次",
        "Reads this endpoint by the schedule in `every`; fires for each row"),
    ROW("mail", shape_text, 0, "按 every 定时收取这个邮箱（imaps:// 的 endpoint），每封触发一次",
        "Reads this mailbox (an endpoint of imaps://) by `every`; fires for each message"),
    ROW("format", pull_word, 0, "pull 的格式", "Format of what is pulled"),
    ROW("key", shape_text, 0, "pull：这一项相同且内容未变的行只触发一次",
        "pull: rows of the same value that have not changed fire once"),
    ROW("body", body_types, 0, "回调内容的字段及类型，取值写 body.x",
        "What the webhook brings and its types; values call it body.x"),
    ROW_END,
};
static const struct shape trigger_obj = OBJ(trigger_keys, "trigger");
static const struct shape *const trigger_any[] = {&trigger_word, &trigger_obj, NULL};
static const struct shape trigger = ONE_OF(trigger_any);

static const struct key_row target_keys[] = {
    ROW("form", shape_text, KEY_REQUIRED, "表单", "Form"),
    ROW("where", shape_expr, KEY_REQUIRED, "条件", "Condition"),
    ROW_END,
};
static const struct shape target_obj = OBJ(target_keys, "target");
static const struct shape *const target_any[] = {&shape_text, &target_obj, NULL};
static const struct shape target = ONE_OF(target_any);
static const struct key_row notify_keys[] = {
    ROW("to", shape_assignees, KEY_REQUIRED, "通知谁", "Whom"),
    ROW("title", shape_value, KEY_REQUIRED, "标题", "Title"),
    ROW("body", shape_value, 0, "内容", "Text"),
    ROW("mail", shape_bool, 0, "同时发邮件", "By mail, too"),
    ROW_END,
};
static const struct shape notify = OBJ(notify_keys, "notify");
static const struct key_row webhook_keys[] = {
    ROW("to", shape_text, KEY_REQUIRED, "app.yaml 里的 endpoint", "An endpoint of app.yaml"),
    ROW("body", shape_set, 0, "内容", "Body"),
    ROW_END,
};
static const struct shape webhook = OBJ(webhook_keys, "webhook");
static const struct key_row create_action_keys[] = {
    ROW("form", shape_text, KEY_REQUIRED, "表单", "Form"),
    ROW("key", shape_text, 0, "已有此字段同值的记录时改为更新",
        "Updates the record that has this field's value already"),
    ROW("set", shape_set, KEY_REQUIRED, "写入的字段", "Fields"),
    ROW_END,
};
static const struct shape create_action = OBJ(create_action_keys, "create_action");
static const struct key_row do_keys[] = {
    ROW("update", target, 0, "更新：this、链接字段或 {form, where}",
        "Update: this, a link or {form, where}"),
    ROW("set", shape_set, 0, "写入的字段", "Fields it writes"),
    ROW("create", create_action, 0, "新建记录", "Create a record"),
    ROW("notify", notify, 0, "通知", "Notify"),
    ROW("webhook", webhook, 0, "调用外部地址", "Call a webhook"),
    ROW("script", shape_text, 0, "运行脚本函数", "Run a script function"),
    ROW("as", as_word, 0, "以系统权限运行", "With system rights"),
    ROW_END,
};
static const struct shape action = OBJ(do_keys, "action");
static const struct shape action_list = LIST_OF(action);

static const char *const auto_mode_words[] = {"in_transaction", "after_commit", NULL};
static const char *const from_words[] = {"ui",   "api",   "import", "batch",      "script",
                                         "flow", "timer", "public", "automation", NULL};
static const struct shape auto_mode = WORDS(auto_mode_words);
static const struct shape from_word = WORDS(from_words);
static const struct shape from_list = LIST_OF(from_word);
static const struct shape *const from_any[] = {&from_word, &from_list, NULL};
static const struct shape from = ONE_OF(from_any);
static const struct key_row warn_keys[] = {
    ROW("before", shape_duration, KEY_REQUIRED, "提前多久", "How long before"),
    ROW("to", shape_assignees, KEY_REQUIRED, "提醒谁", "Whom"),
    ROW_END,
};
static const struct shape warn = OBJ(warn_keys, "warn");
static const struct key_row automation_keys[] = {
    ROW("title", shape_text, 0, "标题", "Title"),
    ROW("enabled", shape_bool, 0, "启用", "Switched on"),
    ROW("trigger", trigger, KEY_REQUIRED, "何时触发", "When it fires"),
    ROW("where", shape_expr, 0, "对哪些记录", "For which rows"),
    ROW("when", shape_expr, 0, "条件，可用 old.x", "Condition; old.x is the value before"),
    ROW("warn", warn, 0, "事先提醒", "Warns before"),
    ROW("mode", auto_mode, 0, "在事务内还是提交后", "In the transaction or after it"),
    ROW("from", from, 0, "只对这些来源", "Only for writes from these"),
    ROW("do", action_list, KEY_REQUIRED, "做什么", "What it does"),
    ROW_END,
};
static const struct shape automation = OBJ(automation_keys, "automation");
const struct shape shape_automations = MAP_OF(automation);
