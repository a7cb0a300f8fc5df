/*
 * Compiler attributes and the few macros everybody needs; nothing else.
 */
#ifndef BASE_ATTR_H
#define BASE_ATTR_H

#define ATTR_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))
#define ATTR_MUST              __attribute__((warn_unused_result))
#define ATTR_NONNULL           __attribute__((nonnull))
#define ATTR_NORETURN          __attribute__((noreturn))
#define ATTR_MALLOC            __attribute__((malloc))

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))
#define MIN(a, b)    ((a) < (b) ? (a) : (b))
#define MAX(a, b)    ((a) > (b) ? (a) : (b))

/* The struct of `type` whose member `member` is at `ptr`. */
#define CONTAINER_OF(ptr, type, member) ((type *)(void *)((char *)(ptr)-offsetof(type, member)))

#endif
