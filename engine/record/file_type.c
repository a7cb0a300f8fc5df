/*
 * The table of beginnings.
 */
#include "engine/record/file_type.h"

#include "engine/base/utf8.h"

struct magic {
    uint32_t at;
    struct str bytes;
    struct str type;
};

static const struct magic MAGICS[] = {
    {0, STR("\x89PNG\r\n\x1a\n"), STR("image/png")},
    {0, STR("\xFF\xD8\xFF"), STR("image/jpeg")},
    {0, STR("GIF87a"), STR("image/gif")},
    {0, STR("GIF89a"), STR("image/gif")},
    {8, STR("WEBP"), STR("image/webp")},
    {0, STR("BM"), STR("image/bmp")},
    {0, STR("II*\0"), STR("image/tiff")},
    {0, STR("MM\0*"), STR("image/tiff")},
    {4, STR("ftypavif"), STR("image/avif")},
    {4, STR("ftypheic"), STR("image/heic")},
    {4, STR("ftypheix"), STR("image/heic")},
    {4, STR("ftypmif1"), STR("image/heif")},
    {4, STR("ftypqt"), STR("video/quicktime")},
    {4, STR("ftypM4A"), STR("audio/mp4")},
    {4, STR("ftyp"), STR("video/mp4")},
    {0, STR("\x1A\x45\xDF\xA3"), STR("video/webm")},
    {0, STR("ID3"), STR("audio/mpeg")},
    {0, STR("\xFF\xFB"), STR("audio/mpeg")},
    {0, STR("OggS"), STR("audio/ogg")},
    {0, STR("fLaC"), STR("audio/flac")},
    {8, STR("WAVE"), STR("audio/wav")},
    {0, STR("%PDF-"), STR("application/pdf")},
    {0, STR("PK\x03\x04"), STR("application/zip")},
    {0, STR("PK\x05\x06"), STR("application/zip")},
    {0, STR("\x1F\x8B"), STR("application/gzip")},
    {0, STR("7z\xBC\xAF\x27\x1C"), STR("application/x-7z-compressed")},
    {0, STR("Rar!\x1A\x07"), STR("application/vnd.rar")},
    {0, STR("\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1"), STR("application/x-ole-storage")},
    {0, STR("{\\rtf"), STR("application/rtf")},
    {257, STR("ustar"), STR("application/x-tar")},
};

/* Formats in the same wrapping: what the name may say. */
struct named {
    struct str wrapped, ending, type;
};

#define OOXML "application/vnd.openxmlformats-officedocument."
static const struct named NAMED[] = {
    {STR("application/zip"), STR(".docx"), STR(OOXML "wordprocessingml.document")},
    {STR("application/zip"), STR(".xlsx"), STR(OOXML "spreadsheetml.sheet")},
    {STR("application/zip"), STR(".pptx"), STR(OOXML "presentationml.presentation")},
    {STR("application/zip"), STR(".odt"), STR("application/vnd.oasis.opendocument.text")},
    {STR("application/zip"), STR(".ods"), STR("application/vnd.oasis.opendocument.spreadsheet")},
    {STR("application/x-ole-storage"), STR(".doc"), STR("application/msword")},
    {STR("application/x-ole-storage"), STR(".xls"), STR("application/vnd.ms-excel")},
    {STR("application/x-ole-storage"), STR(".ppt"), STR("application/vnd.ms-powerpoint")},
    {STR("application/x-ole-storage"), STR(".wps"), STR("application/vnd.ms-works")},
    {STR("text/plain"), STR(".csv"), STR("text/csv")},
    {STR("text/plain"), STR(".json"), STR("application/json")},
    {STR("text/plain"), STR(".md"), STR("text/markdown")},
    {STR("text/plain"), STR(".htm"), STR("text/html")},
    {STR("text/plain"), STR(".html"), STR("text/html")},
    {STR("text/plain"), STR(".xhtml"), STR("application/xhtml+xml")},
    {STR("text/plain"), STR(".xml"), STR("application/xml")},
    {STR("text/plain"), STR(".js"), STR("text/javascript")},
    {STR("text/plain"), STR(".svg"), STR("image/svg+xml")},
};

static bool ends_like(struct str name, struct str ending)
{
    return name.n > ending.n && str_ieq(str_sub(name, name.n - ending.n, name.n), ending);
}

/* A piece of a longer text may end inside a character. */
static bool is_text(struct str head)
{
    for (size_t i = 0; i < head.n; i++) {
        unsigned char ch = (unsigned char)head.p[i];
        if (ch < 0x20 && !strchr("\t\n\r\f\x1B", ch))
            return false;
    }
    for (size_t cut = 0; cut < 4 && cut <= head.n; cut++)
        if (utf8_valid(str_sub(head, 0, head.n - cut)))
            return true;
    return false;
}

/* Markup acts in a browser whatever the file is called. */
static struct str markup(struct str head)
{
    static const struct {
        struct str mark, type;
    } marks[] = {{STR("<svg"), STR("image/svg+xml")},
                 {STR("<!doctype html"), STR("text/html")},
                 {STR("<html"), STR("text/html")},
                 {STR("<script"), STR("text/html")},
                 {STR("<?xml"), STR("application/xml")}};
    for (size_t m = 0; m < ARRAY_LEN(marks); m++)
        for (size_t i = 0; i + marks[m].mark.n <= head.n; i++)
            if (str_ieq(str_sub(head, i, marks[m].mark.n), marks[m].mark))
                return marks[m].type;
    return STR_NONE;
}

struct str file_type(struct str head, struct str name)
{
    struct str type = STR_NONE;
    for (size_t i = 0; !type.n && i < ARRAY_LEN(MAGICS); i++) {
        const struct magic *m = &MAGICS[i];
        if (head.n >= m->at + m->bytes.n && memcmp(head.p + m->at, m->bytes.p, m->bytes.n) == 0)
            type = m->type;
    }
    if (!type.n && head.n && is_text(head)) {
        struct str active = markup(head);
        type = active.n ? active : STR("text/plain");
    }
    if (!type.n)
        return STR("application/octet-stream");
    for (size_t i = 0; i < ARRAY_LEN(NAMED); i++)
        if (str_eq(type, NAMED[i].wrapped) && ends_like(name, NAMED[i].ending))
            return NAMED[i].type;
    return type;
}

static bool raster(struct str type)
{
    return str_starts(type, STR("image/")) && !str_eqz(type, "image/svg+xml");
}

bool file_type_image(struct str type)
{
    return raster(type);
}

bool file_type_inline(struct str type)
{
    return raster(type) || str_starts(type, STR("audio/")) || str_starts(type, STR("video/")) ||
           str_eqz(type, "text/plain");
}

bool file_type_accepts(struct str entry, struct str type, struct str name)
{
    entry = str_trim(entry);
    if (str_starts(entry, STR(".")))
        return ends_like(name, entry);
    if (str_ends(entry, STR("/*")))
        return type.n > entry.n - 1 &&
               str_ieq(str_sub(type, 0, entry.n - 1), str_sub(entry, 0, entry.n - 1));
    return str_ieq(entry, type);
}
