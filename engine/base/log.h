/*
 * Structured log: one JSON object a line to a sink given by the host (stderr by default).
 * Never a secret, a body or a whole record.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include "engine/base/str.h"

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR };

struct log_field {
    const char *key;
    struct str text; /* used when is_num is false */
    int64_t num;
    bool is_num;
};

#define LOG_TEXT(k, s) ((struct log_field){.key = (k), .text = (s)})
#define LOG_NUM(k, i)  ((struct log_field){.key = (k), .num = (i), .is_num = true})

/* Set once at start-up, before threads. */
void log_init(enum log_level least, int64_t (*now_us)(void));

void log_write(enum log_level level, const char *event, const struct log_field *fields, size_t n);

#define log_event(level, event, ...)                                                               \
    log_write((level), (event), (const struct log_field[]){__VA_ARGS__},                           \
              sizeof((const struct log_field[]){__VA_ARGS__}) / sizeof(struct log_field))

#endif
