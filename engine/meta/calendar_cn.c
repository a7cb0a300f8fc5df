/*
 * Public holidays and make-up working days of mainland China, as the State Council announced them.
 * `holidays: cn` in app.yaml means these. Years not listed yet have weekends only.
 */
#include "engine/meta/load_int.h"

struct span {
    int first, last; /* 20260101 */
};

static const struct span holidays[] = {
    {20240101, 20240101}, {20240210, 20240217}, {20240404, 20240406}, {20240501, 20240505},
    {20240610, 20240610}, {20240915, 20240917}, {20241001, 20241007}, {20250101, 20250101},
    {20250128, 20250204}, {20250404, 20250406}, {20250501, 20250505}, {20250531, 20250602},
    {20251001, 20251008}, {20260101, 20260103}, {20260215, 20260223}, {20260404, 20260406},
    {20260501, 20260505}, {20260619, 20260621}, {20260925, 20260927}, {20261001, 20261007},
};

static const struct span make_up[] = {
    {20240204, 20240204}, {20240218, 20240218}, {20240407, 20240407}, {20240428, 20240428},
    {20240511, 20240511}, {20240914, 20240914}, {20240929, 20240929}, {20241012, 20241012},
    {20250126, 20250126}, {20250208, 20250208}, {20250427, 20250427}, {20250928, 20250928},
    {20251011, 20251011}, {20260104, 20260104}, {20260214, 20260214}, {20260228, 20260228},
    {20260509, 20260509}, {20260920, 20260920}, {20261010, 20261010},
};

static int64_t day_of(int ymd)
{
    int64_t day = 0;
    return civil_days(ymd / 10000, ymd / 100 % 100, ymd % 100, &day) ? day : 0;
}

static const int32_t *days_of(struct arena *a, const struct span *v, size_t n, size_t *count)
{
    size_t total = 0;
    for (size_t i = 0; i < n; i++)
        total += (size_t)(day_of(v[i].last) - day_of(v[i].first) + 1);
    int32_t *out = ARENA_ARRAY(a, int32_t, total);
    *count = 0;
    for (size_t i = 0; i < n; i++) {
        for (int64_t d = day_of(v[i].first); d <= day_of(v[i].last); d++)
            out[(*count)++] = (int32_t)d;
    }
    return out;
}

void ld_calendar_cn(struct arena *a, struct fx_calendar *c)
{
    c->holidays = days_of(a, holidays, ARRAY_LEN(holidays), &c->nholidays);
    c->make_up = days_of(a, make_up, ARRAY_LEN(make_up), &c->nmake_up);
}
