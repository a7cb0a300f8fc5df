/*
 * Decimal to binary and back, exactly rounded; shared by num.c and its neighbours, not for others.
 */
#ifndef VALUE_NUM_INT_H
#define VALUE_NUM_INT_H

#include "engine/value/num.h"

#define NUM_POW10_MAX 19

/* 10^k, k 0 … 19 */
uint64_t num_pow10(unsigned k);

/* The text of a number taken apart: value = 0.d1d2d3… * 10^point, d1 not 0. */
struct num_scan {
    bool neg;
    const char *digits; /* from d1 on; may hold one '.' */
    size_t n;           /* significant digits, without zeros at the end; 0: the number is zero */
    int64_t point;
};

/* False when the whole text is no number: [+-] digits [. digits] [e [+-] digits]. */
bool num_scan(struct str s, struct num_scan *out);

/* The next digit of the text at *p, stepping over the '.'. */
unsigned num_scan_digit(const char **p);

/* The nearest double (ties to even); infinity beyond the range. */
double num_scan_double(const struct num_scan *n);

/* The fewest digits that read back to x. */
void num_shortest(double x, uint64_t *m, int *e);

#endif
