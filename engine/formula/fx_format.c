/*
 * Format codes. A code is cut into its sections; a section of a number is prefix, digits, suffix.
 */
#include "engine/formula/fx_format.h"

#include "engine/base/strb.h"
#include "engine/base/utf8.h"
#include "engine/value/num.h"

/* ---- decimal digits of a number ---- */

struct decimal {
    struct str whole; /* without leading zeros: empty for 0.5 */
    struct str part;  /* behind the point, without trailing zeros */
};

static struct decimal decimal_of(struct arena *a, double x, int decimals)
{
    uint64_t m = 0;
    int e = 0;
    struct strb digits;
    struct decimal out = {STR_NONE, STR_NONE};
    x = num_round(x < 0 ? -x : x, decimals);
    if (x == 0 || x - x != 0) {
        return out;
    }
    num_digits15(x, &m, &e);
    while (m % 10 == 0) {
        m /= 10;
        e++;
    }
    strb_init(&digits, a);
    strb_addi(&digits, (int64_t)m);
    for (; e > 0; e--) {
        strb_addc(&digits, '0');
    }
    struct str all = strb_str(&digits);
    size_t behind = e < 0 ? (size_t)-e : 0;
    if (behind > all.n) {
        struct strb zeros;
        strb_init(&zeros, a);
        for (size_t i = all.n; i < behind; i++) {
            strb_addc(&zeros, '0');
        }
        strb_add(&zeros, all);
        all = strb_str(&zeros);
    }
    out.whole = str_sub(all, 0, all.n - behind);
    out.part = str_sub(all, all.n - behind, behind);
    return out;
}

/* The whole part with at least `least` digits, in groups of three if asked. */
static void put_whole(struct strb *out, struct str whole, size_t least, bool commas)
{
    size_t n = MAX(whole.n, least);
    for (size_t i = 0; i < n; i++) {
        if (commas && i > 0 && (n - i) % 3 == 0) {
            strb_addc(out, ',');
        }
        strb_addc(out, i < n - whole.n ? '0' : whole.p[i - (n - whole.n)]);
    }
}

static void put_part(struct strb *out, struct str part, size_t least)
{
    size_t n = MAX(part.n, least);
    if (n > 0) {
        strb_addc(out, '.');
    }
    for (size_t i = 0; i < n; i++) {
        strb_addc(out, i < part.n ? part.p[i] : '0');
    }
}

struct str fx_format_fixed(struct arena *a, double x, int decimals, bool commas)
{
    struct strb out;
    struct decimal d = decimal_of(a, x, decimals);
    strb_init(&out, a);
    if (x < 0 && d.whole.n + d.part.n > 0) {
        strb_addc(&out, '-');
    }
    put_whole(&out, d.whole, 1, commas);
    put_part(&out, d.part, decimals > 0 ? (size_t)decimals : 0);
    return strb_str(&out);
}

/* ---- number formats ---- */

struct section {
    struct strb prefix;
    struct strb suffix;
    size_t least_whole; /* 0 before the point */
    size_t least_part;  /* 0 behind it */
    size_t most_part;   /* 0 # ? behind it */
    int percent;
    int thousands; /* trailing commas: divide by 1000 each */
    bool commas;
    bool digits;        /* some placeholder */
    bool always_sign;   /* E+ */
    char e;             /* E or e of a scientific format, else NUL */
    size_t wholes;      /* placeholders before the point */
    size_t least_power; /* digits of the exponent */
};

/* The section for x; *plain: the sign is up to the section. */
static struct str pick_section(struct str format, double x, bool *plain)
{
    struct str parts[4];
    size_t n = 0;
    bool quoted = false;
    size_t start = 0;
    for (size_t i = 0; i <= format.n && n < ARRAY_LEN(parts); i++) {
        if (i < format.n && format.p[i] == '"') {
            quoted = !quoted;
        }
        if (i == format.n || (format.p[i] == ';' && !quoted)) {
            parts[n++] = str_sub(format, start, i - start);
            start = i + 1;
        }
    }
    *plain = n < 2 || x >= 0;
    if (n >= 3 && x == 0) {
        return parts[2];
    }
    return n >= 2 && x < 0 ? parts[1] : parts[0];
}

struct reader {
    struct str s;
    size_t pos;
    bool point;
    bool done; /* digits are over */
};

/* A comma between digits groups, after the last digit it scales. */
static void read_comma(struct reader *r, struct section *out)
{
    size_t next = r->pos + 1;
    while (next < r->s.n && r->s.p[next] == ',') {
        next++;
    }
    char c = next < r->s.n ? r->s.p[next] : '\0';
    if (c == '0' || c == '#' || c == '?') {
        out->commas = true;
    } else {
        out->thousands += (int)(next - r->pos);
    }
    r->pos = next;
}

static void read_placeholder(struct reader *r, struct section *out, char c)
{
    out->digits = true;
    if (out->e) {
        out->least_power++;
    } else if (!r->point) {
        out->wholes++;
        out->least_whole += c == '0' || out->least_whole > 0;
    } else {
        out->most_part++;
        out->least_part = c == '0' ? out->most_part : out->least_part;
    }
    r->pos++;
}

/* A literal, perhaps quoted or escaped. */
static bool read_literal(struct reader *r, struct strb *to)
{
    char c = r->s.p[r->pos];
    if (c == '"') {
        ptrdiff_t end = str_find(r->s, STR("\""), r->pos + 1);
        if (end < 0) {
            return false;
        }
        strb_add(to, str_sub(r->s, r->pos + 1, (size_t)end - r->pos - 1));
        r->pos = (size_t)end + 1;
        return true;
    }
    if (c == '_' || c == '*') { /* a space as wide as the next character; fill */
        r->pos++;
        utf8_next(r->s, &r->pos);
        return true;
    }
    r->pos += c == '\\' && r->pos + 1 < r->s.n;
    size_t start = r->pos;
    utf8_next(r->s, &r->pos);
    strb_add(to, str_sub(r->s, start, r->pos - start));
    return true;
}

static bool read_section(struct str s, struct section *out)
{
    struct reader r = {.s = s};
    while (r.pos < s.n) {
        char c = s.p[r.pos];
        if (c == '0' || c == '#' || c == '?') {
            read_placeholder(&r, out, c);
        } else if (c == '.' && !r.point && (out->digits || r.pos + 1 < s.n)) {
            r.point = true;
            out->digits = true;
            r.pos++;
        } else if (c == ',' && out->digits) {
            read_comma(&r, out);
        } else if ((c == 'E' || c == 'e') && r.pos + 1 < s.n &&
                   (s.p[r.pos + 1] == '+' || s.p[r.pos + 1] == '-')) {
            if (!out->digits || out->e || r.pos + 2 == s.n || s.p[r.pos + 2] != '0') {
                return false;
            }
            out->e = c;
            out->always_sign = s.p[r.pos + 1] == '+';
            r.pos += 2;
        } else {
            out->percent += c == '%';
            if (!read_literal(&r, out->digits ? &out->suffix : &out->prefix)) {
                return false;
            }
        }
    }
    return true;
}

/* m * 10^power with power a multiple of the digits before the point: 12.3E+03 */
static void put_science(struct arena *a, struct strb *text, const struct section *s, double x)
{
    uint64_t m = 0;
    int e = 0;
    int power = 0;
    int step = s->wholes > 0 ? (int)s->wholes : 1;
    struct decimal d = {STR_NONE, STR_NONE};
    if (x != 0) {
        num_digits15(x < 0 ? -x : x, &m, &e);
        for (uint64_t rest = m; rest >= 10; rest /= 10) {
            power++;
        }
        for (power += e; power % step != 0;) {
            power--;
        }
        d = decimal_of(a, num_make(m, e - power), (int)s->most_part);
        if (d.whole.n > (size_t)step) { /* 9.99 became 10 */
            power += step;
            d = decimal_of(a, num_make(m, e - power), (int)s->most_part);
        }
    }
    put_whole(text, d.whole, s->least_whole, false);
    put_part(text, d.part, s->least_part);
    strb_addc(text, s->e);
    if (power < 0 || s->always_sign) {
        strb_addc(text, power < 0 ? '-' : '+');
    }
    char buf[40];
    struct str digits = num_print(power < 0 ? -power : power, buf);
    for (size_t i = digits.n; i < s->least_power; i++) {
        strb_addc(text, '0');
    }
    strb_add(text, digits);
}

bool fx_format_number(struct arena *a, double x, struct str format, struct str *out)
{
    char buf[40];
    bool plain = true;
    struct section s = {0};
    struct strb text;
    struct str code = pick_section(format, x, &plain);
    strb_init(&s.prefix, a);
    strb_init(&s.suffix, a);
    strb_init(&text, a);
    if (code.n == 0 || str_ieq(code, STR("general")) || str_eq(code, STR("@"))) {
        *out = str_dup(a, num_print(plain ? x : -x, buf));
        return true;
    }
    if (!read_section(code, &s)) {
        return false;
    }
    for (int i = 0; i < s.percent; i++) {
        x *= 100;
    }
    for (int i = 0; i < s.thousands; i++) {
        x /= 1000;
    }
    if (x < 0 && plain) {
        strb_addc(&text, '-');
    }
    strb_add(&text, strb_str(&s.prefix));
    if (s.e) {
        put_science(a, &text, &s, x);
    } else if (s.digits) {
        struct decimal d = decimal_of(a, x, (int)s.most_part);
        put_whole(&text, d.whole, s.least_whole, s.commas);
        put_part(&text, d.part, s.least_part);
    }
    strb_add(&text, strb_str(&s.suffix));
    *out = strb_str(&text);
    return true;
}

/* ---- date formats ---- */

static const char *const months[] = {"January",   "February", "March",    "April",
                                     "May",       "June",     "July",     "August",
                                     "September", "October",  "November", "December"};
static const char *const days[] = {"Monday", "Tuesday",  "Wednesday", "Thursday",
                                   "Friday", "Saturday", "Sunday"};
static const char *const zh_days[] = {"一", "二", "三", "四", "五", "六", "日"};

struct dates {
    struct strb out;
    const struct civil *c;
    int weekday; /* 0 Monday */
    bool twelve;
};

static void put_int(struct strb *out, int x, size_t width)
{
    char buf[16];
    size_t n = 0;
    do {
        buf[n++] = (char)('0' + x % 10);
        x /= 10;
    } while (x > 0);
    for (; width > n; width--) {
        strb_addc(out, '0');
    }
    while (n > 0) {
        strb_addc(out, buf[--n]);
    }
}

static void put_name(struct strb *out, const char *name, bool all)
{
    strb_add(out, all ? str_of(name) : str_sub(str_of(name), 0, 3));
}

static void put_field(struct dates *d, char letter, size_t n, bool minutes)
{
    const struct civil *c = d->c;
    int hour = d->twelve ? (c->hour + 11) % 12 + 1 : c->hour;
    switch (letter) {
    case 'y': put_int(&d->out, n <= 2 ? c->year % 100 : c->year, n <= 2 ? 2 : 4); break;
    case 'm':
        if (minutes) {
            put_int(&d->out, c->minute, n);
        } else if (n >= 3) {
            put_name(&d->out, months[c->month - 1], n > 3);
        } else {
            put_int(&d->out, c->month, n);
        }
        break;
    case 'd':
        if (n >= 3) {
            put_name(&d->out, days[d->weekday], n > 3);
        } else {
            put_int(&d->out, c->day, n);
        }
        break;
    case 'h': put_int(&d->out, hour, n); break;
    case 's': put_int(&d->out, c->second, n); break;
    default: strb_addz(&d->out, n > 3 ? "星期" : ""); strb_addz(&d->out, zh_days[d->weekday]);
    }
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

/* The next letter of a field at or after pos, for "mm:ss". */
static char next_field(struct str s, size_t pos)
{
    for (; pos < s.n; pos++) {
        char c = lower(s.p[pos]);
        if (c == 'y' || c == 'm' || c == 'd' || c == 'h' || c == 's') {
            return c;
        }
    }
    return '\0';
}

struct half {
    const char *code, *am, *pm;
};

static const struct half halves[] = {
    {"am/pm", "AM", "PM"}, {"a/p", "A", "P"}, {"上午/下午", "上午", "下午"}};

static const struct half *half_at(struct str s, size_t pos)
{
    for (size_t i = 0; i < ARRAY_LEN(halves); i++) {
        struct str code = str_of(halves[i].code);
        if (str_ieq(str_sub(s, pos, code.n), code)) {
            return &halves[i];
        }
    }
    return NULL;
}

struct str fx_format_date(struct arena *a, const struct civil *c, struct str s)
{
    struct dates d = {.c = c};
    struct reader r = {.s = s};
    char before = '\0';
    int64_t day = 0;
    strb_init(&d.out, a);
    d.weekday = civil_days(c->year, c->month, c->day, &day) ? civil_weekday(day) - 1 : 0;
    for (size_t i = 0; i < s.n; i++) {
        d.twelve = d.twelve || half_at(s, i) != NULL;
    }
    while (r.pos < s.n) {
        const struct half *half = half_at(s, r.pos);
        char letter = lower(s.p[r.pos]);
        size_t n = 0;
        if (half != NULL) {
            strb_addz(&d.out, c->hour < 12 ? half->am : half->pm);
            r.pos += strlen(half->code);
            continue;
        }
        while (r.pos + n < s.n && lower(s.p[r.pos + n]) == letter) {
            n++;
        }
        bool weekday = letter == 'a' && n >= 3;
        if (!weekday && letter != 'y' && letter != 'm' && letter != 'd' && letter != 'h' &&
            letter != 's') {
            if (!read_literal(&r, &d.out)) {
                break;
            }
            continue;
        }
        bool minutes = letter == 'm' && (before == 'h' || next_field(s, r.pos + n) == 's');
        put_field(&d, letter, n, minutes);
        before = letter;
        r.pos += n;
    }
    return strb_str(&d.out);
}

/* ---- Chinese capitals ---- */

static const char *const capitals[] = {"零", "壹", "贰", "叁", "肆", "伍", "陆", "柒", "捌", "玖"};
static const char *const places[] = {"", "拾", "佰", "仟"};
/* One group of four digits; a 零 stands for a gap before or inside. */
static void put_group(struct strb *out, unsigned group, bool *gap)
{
    unsigned unit = 1000;
    for (int i = 3; i >= 0; i--, unit /= 10) {
        unsigned digit = group / unit % 10;
        if (digit == 0) {
            *gap = *gap || out->n > 0;
            continue;
        }
        if (*gap && out->n > 0) {
            strb_addz(out, capitals[0]);
        }
        *gap = false;
        strb_addz(out, capitals[digit]);
        strb_addz(out, places[i]);
    }
}

/* Whole yuan: 万亿 and 亿 share their 亿. */
static void put_yuan(struct strb *out, uint64_t yuan)
{
    uint64_t unit = UINT64_C(1000000000000);
    bool gap = false;
    for (int i = 3; i >= 0; i--, unit /= 10000) {
        unsigned group = (unsigned)(yuan / unit % 10000);
        if (group > 0) {
            put_group(out, group, &gap);
            gap = false;
            strb_addz(out, i % 2 == 1 ? "万" : "");
        } else {
            gap = gap || out->n > 0;
        }
        if (i == 2 && out->n > 0) {
            strb_addz(out, "亿");
        }
    }
}

struct str fx_format_rmb(struct arena *a, int64_t units)
{
    struct strb whole;
    struct strb text;
    uint64_t left = units < 0 ? UINT64_C(0) - (uint64_t)units : (uint64_t)units;
    unsigned jiao = (unsigned)(left / 10 % 10);
    unsigned fen = (unsigned)(left % 10);
    strb_init(&whole, a);
    strb_init(&text, a);
    put_yuan(&whole, left / 100);
    strb_addz(&text, units < 0 ? "负" : "");
    strb_add(&text, strb_str(&whole));
    if (left >= 100 || left == 0) {
        strb_addz(&text, left == 0 ? "零元" : "元");
    }
    if (jiao > 0) {
        strb_addz(&text, capitals[jiao]);
        strb_addz(&text, "角");
    }
    if (fen > 0) {
        strb_addz(&text, jiao == 0 && left >= 100 ? "零" : "");
        strb_addz(&text, capitals[fen]);
        strb_addz(&text, "分");
    }
    if (jiao == 0 && fen == 0) {
        strb_addz(&text, "整");
    }
    return strb_str(&text);
}
