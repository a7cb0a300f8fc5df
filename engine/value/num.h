/*
 * Numbers: text both ways, and the rounding rule of expressions (half away from zero on the 15
 * significant digits of the double). Same C natively and in wasm: no printf, no strtod, no locale.
 */
#ifndef VALUE_NUM_H
#define VALUE_NUM_H

#include "engine/base/str.h"

/* Whole text "-12.5e3" as a double; false when it is no number or out of range. */
bool num_parse(struct str s, double *out);
/* Whole text as units of 10^-scale, more decimals rounded half away from zero; false: no number or
 * beyond 2^63. */
bool num_parse_dec(struct str s, unsigned scale, int64_t *units);
/* At most 15 significant digits, shortest that reads back to those digits; "0", "12.5", "1e+21". */
struct str num_print(double num, char buf[40]);
/* Shortest text that reads back to the same double (for JSON). */
struct str num_print_exact(double num, char buf[40]);
/* "12.50" for 1250 at scale 2. */
struct str num_print_dec(int64_t units, unsigned scale, char buf[40]);
/* Rounds half away from zero at `digits` decimals (may be negative), on 15 significant digits;
 * integers up to 2^53 are taken exactly. The result never has more than those 15 digits. */
double num_round(double num, int digits);
/* The double as units of 10^-scale by the same rule; false beyond 2^53. */
bool num_to_dec(double num, unsigned scale, int64_t *units);
double num_of_dec(int64_t units, unsigned scale);
/* Re-scales exactly or rounds half away from zero; false on overflow. */
bool num_rescale(int64_t units, unsigned from, unsigned to, int64_t *out);

/* x = *m * 10^*e to 15 significant digits, half away from zero; x finite, > 0; *m below 10^15. */
void num_digits15(double x, uint64_t *m, int *e);
/* m * 10^e as the nearest double; infinity beyond the range. */
double num_make(uint64_t m, int e);

/* Compensated (Neumaier) sum. */
struct num_sum {
    double sum;
    double rest;
};
void num_sum_add(struct num_sum *s, double x);
double num_sum_get(const struct num_sum *s);

#endif
