/*
 * The built-in form `alert`: written as any other form is, so it has lists, rights, history,
 * comments and automations like them.
 */
#include "engine/base/strb.h"
#include "engine/meta/monitor.h"

static const struct alert_word WORDS[] = {
    {STR("预警"), STR("Alert")},
    {STR("监控"), STR("Monitor")},
    {STR("对象"), STR("Subject")},
    {STR("周期开始"), STR("Window from")},
    {STR("周期结束"), STR("Window until")},
    {STR("数值"), STR("Value")},
    {STR("基准"), STR("Baseline")},
    {STR("离散度"), STR("Spread")},
    {STR("偏离程度"), STR("z")},
    {STR("变化"), STR("Change")},
    {STR("状态"), STR("Status")},
    {STR("新"), STR("New")},
    {STR("已看"), STR("Seen")},
    {STR("已处理"), STR("Handled")},
    {STR("误报"), STR("False alarm")},
    {STR("处理期限"), STR("To be handled by")},
    {STR("通知的人"), STR("Who was told")},
    {STR("处理说明"), STR("What was done")},
    {STR("打开的记录"), STR("Record that was opened")},
    {STR("待处理"), STR("To be handled")},
    {STR("全部"), STR("All")},
};

/* $n: the n-th word, from 0. */
static const char TEXT[] =
    "form: alert\n"
    "title: $0\n"
    "icon: triangle-alert\n"
    "record_title: title\n"
    "fields:\n"
    "  title:        {type: text, title: $0, readonly: true, max: 300, search: true}\n"
    "  monitor:      {type: text, title: $1, readonly: true, max: 63}\n"
    "  subject:      {type: text, title: $2, readonly: true, max: 200, search: true}\n"
    "  subject_key:  {type: text, title: $2, readonly: true, max: 200}\n"
    "  window_start: {type: date, title: $3, readonly: true}\n"
    "  window_end:   {type: date, title: $4, readonly: true}\n"
    "  value:        {type: number, title: $5, readonly: true, scale: 4}\n"
    "  baseline:     {type: number, title: $6, readonly: true, scale: 4}\n"
    "  spread:       {type: number, title: $7, readonly: true, scale: 4}\n"
    "  z:            {type: number, title: $8, readonly: true, scale: 2}\n"
    "  change:       {type: percent, title: $9, readonly: true, scale: 4}\n"
    "  status:       {type: select, title: $a, default: new, options: {new: {title: $b, color: "
    "red}, seen: {title: $c, color: orange}, handled: {title: $d, color: green}, \"false\": "
    "{title: $e, color: grey}}}\n"
    "  due:          {type: date, title: $f}\n"
    "  people:       {type: members, title: $g, readonly: true}\n"
    "  note:         {type: textarea, title: $h, max: 2000}\n"
    "  opened:       {type: text, title: $i, readonly: true, max: 100}\n"
    "checks: []\n"
    "permissions:\n"
    "  told: {everyone: true, can: [read, update, comment, history], where: people CONTAINS USER()"
    ", fields: {subject_key: hidden}}\n"
    "views:\n"
    "  open: {title: $j, type: grid, where: 'status IN [\"new\", \"seen\"]', columns: [title, "
    "value, baseline, change, status, due], sort: [due]}\n"
    "  all:  {title: $k, type: grid, columns: [title, monitor, window_start, value, baseline, "
    "change, status], sort: [-_created_at]}\n";

size_t alert_form_words(const struct alert_word **out)
{
    *out = WORDS;
    return ARRAY_LEN(WORDS);
}

struct str alert_form_text(struct arena *a, bool english)
{
    struct strb b;
    strb_init(&b, a);
    for (const char *p = TEXT; *p; p++) {
        if (*p != '$') {
            strb_addc(&b, *p);
            continue;
        }
        p++;
        size_t at = (size_t)(*p <= '9' ? *p - '0' : *p - 'a' + 10);
        strb_add(&b, english ? WORDS[at].en : WORDS[at].zh);
    }
    return strb_str(&b);
}
