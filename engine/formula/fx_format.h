/*
 * Numbers and dates to text by Excel's format codes (the part without colours, fractions and
 * locale), and amounts in Chinese capitals.
 */
#ifndef FORMULA_FX_FORMAT_H
#define FORMULA_FX_FORMAT_H

#include "engine/base/civil.h"

/* "0.00", "#,##0.00;(#,##0.00)", "0%", "General", with literals; false: malformed. */
bool fx_format_number(struct arena *a, double x, struct str format, struct str *out);
/* "yyyy-mm-dd hh:mm:ss", "yyyy年m月d日", "aaaa" (星期一), "ddd", "AM/PM"; other characters stay. */
struct str fx_format_date(struct arena *a, const struct civil *c, struct str format);
/* Fixed decimals (negative: rounds left of the point), with thousands separators if asked. */
struct str fx_format_fixed(struct arena *a, double x, int decimals, bool commas);
/* 壹佰元整 for 10000 units of 0.01 */
struct str fx_format_rmb(struct arena *a, int64_t units);

#endif
