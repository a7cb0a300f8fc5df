/*
 * JSON in (jansson, with limits) and out (a sticky writer that streams; no tree is built).
 */
#ifndef VALUE_JSON_H
#define VALUE_JSON_H

#include "engine/base/err.h"
#include "engine/base/strb.h"
#include "engine/value/val.h"

#define JSON_MAX_DEPTH 64
#define JSON_MAX_NODES 200000

/*
 * Reads one JSON value. Objects become VAL_OBJ in document order, numbers VAL_NUM except integers
 * and decimals that a double cannot hold exactly to 15 digits, which become VAL_DEC (so money is
 * exact); empty texts stay VAL_TEXT with n = 0 and empty lists VAL_LIST with n = 0 (the caller's
 * coercion makes them blank), null is VAL_BLANK. Duplicate keys, NaN, integers beyond 64 bits, bad
 * UTF-8, NUL, depth over 64 and trailing data are ERR_MALFORMED with line and column.
 */
int json_parse(struct arena *a, struct str bytes, struct val *out, struct err *err) ATTR_MUST;

/* The writer. Commas are its business; nesting is asserted. */
struct json {
    struct strb *out;
    uint32_t depth;
    bool comma;
};

void json_init(struct json *j, struct strb *out);
void json_begin_obj(struct json *j);
void json_end_obj(struct json *j);
void json_begin_list(struct json *j);
void json_end_list(struct json *j);
void json_key(struct json *j, struct str key);
void json_blank(struct json *j); /* null; jansson owns the other name */
void json_bool(struct json *j, bool b);
void json_int(struct json *j, int64_t i);
void json_num(struct json *j, double num);
void json_str(struct json *j, struct str s);
/* Dates, instants, decimals exactly, refs as {"id","title"} (+size,type), ids in base32. */
void json_val(struct json *j, struct val v);

#define json_kstr(j, k, s)  (json_key((j), STR(k)), json_str((j), (s)))
#define json_kint(j, k, i)  (json_key((j), STR(k)), json_int((j), (i)))
#define json_kbool(j, k, b) (json_key((j), STR(k)), json_bool((j), (b)))
#define json_kval(j, k, v)  (json_key((j), STR(k)), json_val((j), (v)))

#endif
