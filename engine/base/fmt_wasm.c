/*
 * The printf style functions in the browser: %s %.*s %d %u %zu %c %%, which is what messages use.
 * (libc's formatter would be a third of the module.)
 */
#include "engine/base/strb.h"

static void add_unsigned(struct strb *b, uint64_t n)
{
    char digits[24];
    size_t i = sizeof(digits);
    do {
        digits[--i] = (char)('0' + n % 10);
        n /= 10;
    } while (n != 0);
    strb_addn(b, digits + i, sizeof(digits) - i);
}

static void add_text(struct strb *b, const char *p, int most)
{
    size_t n = 0;
    while (p != NULL && (most < 0 || n < (size_t)most) && p[n] != '\0') {
        n++;
    }
    strb_addn(b, p, n);
}

/* One conversion at *fmt, behind its '%'; moves *fmt behind it. */
static void convert(struct strb *b, const char **fmt, va_list *ap)
{
    int most = -1;
    bool size = false;
    if (**fmt == '.' && (*fmt)[1] == '*') {
        most = va_arg(*ap, int);
        *fmt += 2;
    }
    if (**fmt == 'z') {
        size = true;
        ++*fmt;
    }
    char c = *(*fmt)++;
    if (c == 's') {
        add_text(b, va_arg(*ap, const char *), most);
    } else if (c == 'd' || c == 'u') {
        int64_t n = size       ? (int64_t)va_arg(*ap, size_t)
                    : c == 'u' ? (int64_t)va_arg(*ap, unsigned)
                               : va_arg(*ap, int);
        if (n < 0) {
            strb_addc(b, '-');
        }
        add_unsigned(b, (uint64_t)(n < 0 ? -n : n));
    } else if (c == 'c') {
        strb_addc(b, (char)va_arg(*ap, int));
    } else {
        strb_addc(b, c);
    }
}

void strb_addv(struct strb *b, const char *fmt, va_list ap)
{
    va_list args;
    va_copy(args, ap);
    while (*fmt != '\0') {
        const char *start = fmt;
        while (*fmt != '\0' && *fmt != '%') {
            fmt++;
        }
        strb_addn(b, start, (size_t)(fmt - start));
        if (*fmt == '%') {
            fmt++;
            convert(b, &fmt, &args);
        }
    }
    va_end(args);
}

void strb_addf(struct strb *b, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    strb_addv(b, fmt, ap);
    va_end(ap);
}

struct str str_fmt(struct arena *a, const char *fmt, ...)
{
    struct strb b;
    va_list ap;
    strb_init(&b, a);
    va_start(ap, fmt);
    strb_addv(&b, fmt, ap);
    va_end(ap);
    return strb_str(&b);
}
