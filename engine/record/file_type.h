/*
 * What a file is: by its first bytes, never by what the sender says of it. Its name only chooses
 * among formats that begin alike (a .docx and a .xlsx are both zip).
 */
#ifndef RECORD_FILE_TYPE_H
#define RECORD_FILE_TYPE_H

#include "engine/base/str.h"

#define FILE_TYPE_HEAD 512 /* bytes that are enough to tell */

/* A static text, "application/octet-stream" when nobody knows. */
struct str file_type(struct str head, struct str name);
/* A page may show it in place: pictures, sound, films and plain text; nothing that can act. */
bool file_type_inline(struct str type);
/* A picture of an image field: a raster format. */
bool file_type_image(struct str type);
/* Does one entry of a field's `accept` take it? A kind (application/pdf), a family
 * (image and a slash and a star), or an ending (.pdf). */
bool file_type_accepts(struct str entry, struct str type, struct str name);

#endif
