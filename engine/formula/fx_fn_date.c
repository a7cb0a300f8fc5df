#include "engine/formula/fx_int.h"
const struct fn_table fx_fns_date = {NULL, 0};
