/*
 * The elementary functions in one implementation for the server and the browser, because the C
 * libraries of the two differ in the last bit. Only + - * / sqrt and bit operations are used, which
 * IEEE 754 fixes.
 */
#ifndef FORMULA_FX_MATH_H
#define FORMULA_FX_MATH_H

double fx_floor(double x);
double fx_ceil(double x);
double fx_trunc(double x);
double fx_abs(double x);
double fx_sqrt(double x);           /* correctly rounded */
double fx_fmod(double x, double y); /* exact, sign of x */
double fx_exp(double x);
double fx_log(double x);   /* natural */
double fx_log10(double x); /* exact for powers of ten */
double fx_pow(double x,
              double y); /* exact for whole y where the result is; NaN for a root of x < 0 */
double fx_sin(double x);
double fx_cos(double x);
double fx_atan2(double y, double x);

#endif
