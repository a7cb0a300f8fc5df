/*
 * Messages: nothing of a record's text reaches a header but as an encoded word.
 */
#include "runtime/mail.h"

#include "engine/base/civil.h"
#include "engine/base/id.h"
#include "engine/base/strb.h"
#include "engine/value/json.h"

#define WORD_BYTES 45 /* of an encoded word: 60 of 75 characters */
#define LINE_BYTES 57

static void add_base64(struct strb *b, struct str s)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t i = 0; i < s.n; i += 3) {
        uint32_t v = (uint32_t)(unsigned char)s.p[i] << 16;
        if (i + 1 < s.n)
            v |= (uint32_t)(unsigned char)s.p[i + 1] << 8;
        if (i + 2 < s.n)
            v |= (unsigned char)s.p[i + 2];
        strb_addc(b, digits[v >> 18 & 63]);
        strb_addc(b, digits[v >> 12 & 63]);
        strb_addc(b, i + 1 < s.n ? digits[v >> 6 & 63] : '=');
        strb_addc(b, i + 2 < s.n ? digits[v & 63] : '=');
    }
}

/* Encoded words end between characters. */
static void add_words(struct strb *b, struct str s)
{
    size_t at = 0;
    do {
        size_t n = MIN(s.n - at, WORD_BYTES);
        while (n && at + n < s.n && ((unsigned char)s.p[at + n] & 0xc0) == 0x80)
            n--;
        strb_addz(b, at ? "\r\n =?UTF-8?B?" : "=?UTF-8?B?");
        add_base64(b, str_sub(s, at, n));
        strb_addz(b, "?=");
        at += n;
    } while (at < s.n);
}

struct str mail_address(struct str from)
{
    struct str head, address, tail = str_cut(from, '<', &head);
    (void)str_cut(tail, '>', &address);
    return tail.n ? str_trim(address) : str_trim(from);
}

static bool address_ok(struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        if (c <= ' ' || c == 0x7f || c == ',' || c == '<' || c == '>' || c == ';' || c == '"')
            return false;
    }
    ptrdiff_t at = str_findc(s, '@');
    return at > 0 && (size_t)at + 1 < s.n && s.n <= 254;
}

static struct str name_of(struct str from)
{
    struct str head, tail = str_cut(from, '<', &head);
    return tail.n ? str_trim(head) : STR_NONE;
}

static void add_date(struct strb *b, int64_t us)
{
    static const char *const days[] = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
    static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    struct civil t;
    civil_of_us(us, &zone_utc, &t);
    strb_addf(b, "Date: %s, %d %s %d %02d:%02d:%02d +0000\r\n",
              days[civil_weekday(civil_day_of_us(us, &zone_utc)) - 1], t.day, months[t.month - 1],
              t.year, t.hour, t.minute, t.second);
}

int mail_make(struct arena *a, const struct mail *m, struct str *out, struct err *err)
{
    struct strb b;
    struct val v;
    char id[16];
    struct str from = mail_address(m->from), name = name_of(m->from), domain;
    if (!address_ok(from) || !address_ok(m->to))
        return err_set(err, ERR_INVALID, "address", "邮件地址不对。",
                       "The mail address is not right.");
    if (json_parse(a, m->payload, &v, err))
        return -1;
    struct str subject = val_str(val_get(v, STR("subject"))),
               text = val_str(val_get(v, STR("text")));
    domain = str_sub(from, (size_t)str_findc(from, '@') + 1, from.n);
    strb_init(&b, a);
    add_date(&b, m->at_us);
    strb_addz(&b, "From: ");
    if (name.n) {
        add_words(&b, name);
        strb_addc(&b, ' ');
    }
    strb_addf(&b, "<%.*s>\r\nTo: <%.*s>\r\nSubject: ", STR_ARG(from), STR_ARG(m->to));
    add_words(&b, subject);
    strb_addf(&b, "\r\nMessage-ID: <%s@%.*s>\r\nAuto-Submitted: auto-generated\r\n",
              id_print(m->id, id).p, STR_ARG(domain));
    strb_addz(&b, "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"
                  "Content-Transfer-Encoding: base64\r\n\r\n");
    for (size_t i = 0; i < text.n; i += LINE_BYTES) {
        add_base64(&b, str_sub(text, i, LINE_BYTES));
        strb_addz(&b, "\r\n");
    }
    *out = strb_str(&b);
    return 0;
}
