/*
 * Tables and rules for Chinese names; see pinyin.h. The key of a company is a rule of thumb, the
 * same everywhere: what matching weighs on top of it is matching's business.
 */
#include "engine/value/pinyin.h"

#include "engine/base/utf8.h"

#include "pinyin_table.h"

#define FIRST 0x3400u

static const char *syllable(uint32_t cp)
{
    return cp >= FIRST && cp - FIRST < ARRAY_LEN(pinyin_table)
               ? pinyin_syllables[pinyin_table[cp - FIRST]]
               : "";
}

struct str pinyin_of(struct arena *a, struct str s)
{
    struct strb out;
    bool before = false; /* the last thing written was a syllable */
    strb_init(&out, a);
    for (size_t i = 0; i < s.n;) {
        size_t from = i;
        const char *word = syllable(utf8_next(s, &i));
        bool blank = out.n == 0 || out.p[out.n - 1] == ' ' || s.p[from] == ' ';
        if (!blank && (word[0] != '\0' || before)) {
            strb_addc(&out, ' ');
        }
        before = word[0] != '\0';
        if (before) {
            strb_addz(&out, word);
        } else {
            strb_add(&out, str_sub(s, from, i - from));
        }
    }
    return strb_str(&out);
}

/* ---- names of companies ---- */

static const char *const forms[] = {
    "股份有限公司", "有限责任公司", "集团有限公司", "有限公司",   "分公司",       "总公司",
    "公司",         "集团",         "合伙企业",     "个体工商户", "incorporated", "corporation",
    "company",      "limited",      "coltd",        "inc",        "llc",          "ltd",
    "corp",         "gmbh",         "plc",          "co"};

static const char *const regions[] = {
    "中国", "北京", "上海", "天津", "重庆", "河北", "山西", "辽宁", "吉林",   "黑龙江",
    "江苏", "浙江", "安徽", "福建", "江西", "山东", "河南", "湖北", "湖南",   "广东",
    "海南", "四川", "贵州", "云南", "陕西", "甘肃", "青海", "台湾", "内蒙古", "广西",
    "西藏", "宁夏", "新疆", "香港", "澳门", "深圳", "广州", "杭州", "南京",   "苏州",
    "成都", "武汉", "西安", "青岛", "大连", "宁波", "厦门", "长沙", "郑州",   "济南"};

/* Letters, digits and characters; wide forms narrow, ASCII in lower case. */
static struct str letters(struct arena *a, struct str s)
{
    struct strb out;
    unsigned brackets = 0;
    strb_init(&out, a);
    for (size_t i = 0; i < s.n;) {
        uint32_t cp = utf8_next(s, &i);
        cp = cp >= 0xFF01 && cp <= 0xFF5E ? cp - 0xFEE0 : cp;
        cp = cp >= 'A' && cp <= 'Z' ? cp + 32 : cp;
        brackets += cp == '(' || cp == '[' || cp == 0x3010;
        bool letter =
            (cp >= 'a' && cp <= 'z') || (cp >= '0' && cp <= '9') ||
            (cp >= 0xC0 && !(cp >= 0x2000 && cp <= 0x206F) && !(cp >= 0x3000 && cp <= 0x303F));
        if (letter && brackets == 0) {
            strb_addu(&out, cp);
        }
        brackets -= brackets > 0 && (cp == ')' || cp == ']' || cp == 0x3011);
    }
    return strb_str(&out);
}

/* Takes one of the words off the end (or the front) while something stays. */
static bool strip(struct str *s, const char *const *words, size_t n, bool front)
{
    for (size_t i = 0; i < n; i++) {
        struct str w = str_of(words[i]);
        if (s->n <= w.n) {
            continue;
        }
        if (front && str_starts(*s, w)) {
            *s = str_sub(*s, w.n, s->n);
            return true;
        }
        if (!front && str_ends(*s, w)) {
            *s = str_sub(*s, 0, s->n - w.n);
            return true;
        }
    }
    return false;
}

/* "…省", "…市", "…区", "…县" within the first five characters. */
static bool strip_place(struct str *s)
{
    static const char *const ends[] = {"自治区", "省", "市", "区", "县"};
    for (size_t i = 0; i < ARRAY_LEN(ends); i++) {
        ptrdiff_t at = str_find(*s, str_of(ends[i]), 0);
        size_t end = at < 0 ? 0 : (size_t)at + strlen(ends[i]);
        if (at >= 6 && at <= 12 && end < s->n) {
            *s = str_sub(*s, end, s->n);
            return true;
        }
    }
    return false;
}

struct str company_key(struct arena *a, struct str s)
{
    struct str key = letters(a, s);
    if (key.n == 0) { /* all of it in brackets */
        struct strb b;
        strb_init(&b, a);
        for (size_t i = 0; i < s.n; i++) {
            if (s.p[i] != '(' && s.p[i] != ')') {
                strb_addc(&b, s.p[i]);
            }
        }
        key = letters(a, strb_str(&b));
    }
    while (strip(&key, forms, ARRAY_LEN(forms), false)) {
    }
    while (strip(&key, regions, ARRAY_LEN(regions), true) || strip_place(&key)) {
    }
    return key;
}
