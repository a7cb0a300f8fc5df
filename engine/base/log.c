/*
 * Log lines: one JSON object each, one write(2) each, so lines of threads never mix.
 *
 * The line is built in a fixed buffer: logging must work when memory is gone. What does not fit is
 * left out, and the line says so.
 */
#include "engine/base/log.h"

#include "engine/base/civil.h"
#include "engine/base/utf8.h"

#include <stdio.h>
#include <unistd.h>

#define LINE_MAX_BYTES 4096
#define TEXT_MAX_BYTES 1024
#define TAIL_BYTES     24 /* kept free for the truncation mark, the brace and the newline */

/* Written by log_init() before there are threads, only read after. */
static struct {
    enum log_level least;
    int64_t (*now_us)(void);
} settings = {LOG_INFO, NULL};

void log_init(enum log_level least, int64_t (*now_us)(void))
{
    settings.least = least;
    settings.now_us = now_us;
}

struct line {
    char buf[LINE_MAX_BYTES];
    size_t n;
    bool full;
};

static void put(struct line *l, struct str s)
{
    if (l->full || s.n > sizeof(l->buf) - TAIL_BYTES - l->n) {
        l->full = true;
        return;
    }
    memcpy(l->buf + l->n, s.p, s.n);
    l->n += s.n;
}

/* Enough for a JSON string: what is not printable or not UTF-8 becomes \u00xx or U+FFFD. */
static void put_quoted(struct line *l, struct str s)
{
    s = utf8_cut(s, TEXT_MAX_BYTES);
    put(l, STR("\""));
    for (size_t i = 0; i < s.n;) {
        size_t from = i;
        char esc[8];
        uint32_t c = utf8_next(s, &i);
        if (c == '"' || c == '\\') {
            esc[0] = '\\';
            esc[1] = (char)c;
            put(l, (struct str){esc, 2});
        } else if (c < 0x20 || c == 0x7F) {
            put(l, (struct str){esc, (size_t)snprintf(esc, sizeof(esc), "\\u%04x", (unsigned)c)});
        } else if (c == 0xFFFD) {
            put(l, STR("\xEF\xBF\xBD"));
        } else {
            put(l, str_sub(s, from, i - from));
        }
    }
    put(l, STR("\""));
}

static void put_key(struct line *l, const char *key)
{
    put(l, STR(","));
    put_quoted(l, str_of(key));
    put(l, STR(":"));
}

/* A field goes in whole or not at all. */
static void put_field(struct line *l, const struct log_field *f)
{
    char num[32];
    size_t before = l->n;
    if (l->full)
        return;
    put_key(l, f->key);
    if (f->is_num)
        put(l, (struct str){num, (size_t)snprintf(num, sizeof(num), "%lld", (long long)f->num)});
    else
        put_quoted(l, f->text);
    if (l->full)
        l->n = before;
}

void log_write(enum log_level level, const char *event, const struct log_field *fields, size_t n)
{
    static const char *const names[] = {"debug", "info", "warn", "error"};
    struct line l = {.n = 0};
    char time[40];
    if (level < settings.least)
        return;
    put(&l, STR("{\"level\":"));
    put_quoted(&l, str_of(names[level]));
    if (settings.now_us) {
        put(&l, STR(",\"time\":"));
        put_quoted(&l, civil_print_instant(settings.now_us(), time));
    }
    put_key(&l, "event");
    put_quoted(&l, str_of(event));
    for (size_t i = 0; i < n; i++)
        put_field(&l, &fields[i]);
    const struct str tail = l.full ? STR(",\"truncated\":true}\n") : STR("}\n");
    memcpy(l.buf + l.n, tail.p, tail.n); /* TAIL_BYTES are free */
    l.n += tail.n;
    if (write(STDERR_FILENO, l.buf, l.n) < 0)
        return; /* nobody is left to tell */
}
