/*
 * Typed growing arrays on an arena:  VEC(struct field *) fields;  vec_push(a, &fields, f);
 */
#ifndef BASE_VEC_H
#define BASE_VEC_H

#include "engine/base/arena.h"

#define VEC(T)                                                                                     \
    struct {                                                                                       \
        T *v;                                                                                      \
        size_t n;                                                                                  \
        size_t cap;                                                                                \
    }

/* Appends and gives a pointer to the new item (valid until the next push). The item comes last so
 * that it may be a compound literal with commas. */
#define vec_push(a, vec, ...)                                                                      \
    __extension__({                                                                                \
        vec_room_((a), &(vec)->v, (vec)->n, &(vec)->cap, sizeof(*(vec)->v));                       \
        (vec)->v[(vec)->n++] = (__VA_ARGS__);                                                      \
        &(vec)->v[(vec)->n - 1];                                                                   \
    })

/* Makes room for one more item; used by vec_push only. `v` is the address of the item pointer, of
 * whatever type: it is read and written by memcpy, which no aliasing rule forbids. */
void vec_room_(struct arena *a, void *v, size_t n, size_t *cap, size_t size);

#endif
