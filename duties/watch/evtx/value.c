/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The value types of BinXml as text, in the dress that the public converters give them: GUIDs without braces in upper case, hexadecimal
 * numbers as 0x..., binary in upper-case hexadecimal, times in UTC with microseconds. One table; what has not the length of its type
 * is shown as the bytes that it has.
 */
#include "watch/evtx/inside.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

typedef bool writer(struct space *, const unsigned char *, size_t, struct text *);

static bool keep(struct space *space, const char *text, size_t len, struct text *ret)
{
    char *to = space_need(space, len ? len : 1);
    if (!to)
        return false;
    memcpy(to, text, len);
    *ret = (struct text){to, (uint32_t)len};
    space->at += len;
    return true;
}

/* At most 20 of them. */
static char *digits_of(char *to, uint64_t number)
{
    char digits[20], *at = digits + sizeof digits;
    do
        *--at = (char)('0' + number % 10);
    while (number /= 10);
    size_t n = (size_t)(digits + sizeof digits - at);
    memcpy(to, at, n);
    return to + n;
}

static bool decimal(struct space *space, uint64_t number, bool negative, struct text *ret)
{
    char text[24], *to = text;
    if (negative)
        *to++ = '-';
    to = digits_of(to, number);
    return keep(space, text, (size_t)(to - text), ret);
}

static uint64_t unsigned_of(const unsigned char *bytes, size_t len)
{
    uint64_t number = 0;
    for (size_t i = len; i--;)
        number = number << 8 | bytes[i];
    return number;
}

static bool write_unsigned(struct space *space, const unsigned char *bytes, size_t len, struct text *ret)
{
    return decimal(space, unsigned_of(bytes, len), false, ret);
}

static bool write_signed(struct space *space, const unsigned char *bytes, size_t len, struct text *ret)
{
    uint64_t number = unsigned_of(bytes, len);
    bool negative = bytes[len - 1] & 0x80;
    if (negative && len < 8)
        number |= ~UINT64_C(0) << (8 * len);
    return decimal(space, negative ? 0 - number : number, negative, ret);
}

static bool write_hex_number(struct space *space, const unsigned char *bytes, size_t len, struct text *ret)
{
    char digits[20], *at = digits + sizeof digits;
    uint64_t number = unsigned_of(bytes, len);
    do
        *--at = "0123456789abcdef"[number & 15];
    while (number >>= 4);
    *--at = 'x';
    *--at = '0';
    return keep(space, at, (size_t)(digits + sizeof digits - at), ret);
}

static bool write_binary(struct space *space, const unsigned char *bytes, size_t len, struct text *ret)
{
    char *to = space_need(space, 2 * len + 1);
    if (!to)
        return false;
    for (size_t i = 0; i < len; i++) {
        to[2 * i] = "0123456789ABCDEF"[bytes[i] >> 4];
        to[2 * i + 1] = "0123456789ABCDEF"[bytes[i] & 15];
    }
    *ret = (struct text){to, (uint32_t)(2 * len)};
    space->at += 2 * len;
    return true;
}

static bool write_string(struct space *space, const unsigned char *bytes, size_t len, struct text *ret)
{
    size_t units = len / 2;
    while (units && le16(bytes + 2 * units - 2) == 0)
        units--;
    return utf16_text(space, bytes, units, ret);
}

/* Windows-1252, the code page of nearly every writer of such values; its 32 odd places by table, 0: not assigned. */
static bool write_ansi(struct space *space, const unsigned char *bytes, size_t len, struct text *ret)
{
    static const uint16_t odd[32] = {0x20ac, 0, 0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021, 0x02c6, 0x2030, 0x0160, 0x2039, 0x0152, 0, 0x017d, 0,
        0, 0x2018, 0x2019, 0x201c, 0x201d, 0x2022, 0x2013, 0x2014, 0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0, 0x017e, 0x0178};
    while (len && bytes[len - 1] == 0)
        len--;
    char *to = space_need(space, 3 * len + 1), *start = to;
    if (!to)
        return false;
    for (size_t i = 0; i < len; i++) {
        uint16_t c = bytes[i] < 0x80 || bytes[i] >= 0xa0 ? bytes[i] : odd[bytes[i] - 0x80] ? odd[bytes[i] - 0x80] : 0xfffd;
        unsigned char unit[2] = {(unsigned char)c, (unsigned char)(c >> 8)};
        to = utf16_write(unit, 1, to);
    }
    *ret = (struct text){start, (uint32_t)(to - start)};
    space->at = to;
    return true;
}

static bool write_bool(struct space *space, const unsigned char *bytes, size_t len, struct text *ret)
{
    *ret = unsigned_of(bytes, len) ? (struct text){"true", 4} : (struct text){"false", 5};
    return true;
}

/* The shortest digits that read back as the same number; what is whole keeps its ".0". */
static bool write_float(struct space *space, const unsigned char *bytes, size_t len, struct text *ret)
{
    char text[48];
    double number;
    float narrow;
    if (len == 4)
        memcpy(&narrow, bytes, 4);
    else
        memcpy(&number, bytes, 8);
    if (len == 4)
        number = (double)narrow;
    if (!isfinite(number))
        return keep(space, isnan(number) ? "NaN" : number < 0 ? "-inf" : "inf", isfinite(number) || isnan(number) || number > 0 ? 3 : 4, ret);
    int n = 0;
    for (int digits = 1; digits <= 17; digits++) {
        n = snprintf(text, sizeof text, "%.*g", digits, number);
        if (len == 4 ? strtof(text, NULL) == narrow : strtod(text, NULL) == number)
            break;
    }
    if (!strpbrk(text, ".e"))
        n += snprintf(text + n, sizeof text - (size_t)n, ".0");
    return keep(space, text, (size_t)n, ret);
}

static bool write_guid(struct space *space, const unsigned char *b, size_t len, struct text *ret)
{
    static const unsigned char order[16] = {3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15};
    char text[36], *to = text;
    for (unsigned i = 0; i < 16; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10)
            *to++ = '-';
        *to++ = "0123456789ABCDEF"[b[order[i]] >> 4];
        *to++ = "0123456789ABCDEF"[b[order[i]] & 15];
    }
    return keep(space, text, sizeof text, ret);
}

static char *pad(char *to, uint64_t number, unsigned digits)
{
    for (unsigned i = digits; i--; number /= 10)
        to[i] = (char)('0' + number % 10);
    return to + digits;
}

/* Days since 1601-01-01 as a date: eras of 400 years, years that begin in March. */
static char *put_date(char *to, uint64_t days)
{
    uint64_t shifted = days + 306 + 1600u * 365u + 388u;       /* since 0000-03-01 */
    uint64_t era = shifted / 146097, day = shifted % 146097;
    uint64_t year = (day - day / 1460 + day / 36524 - day / 146096) / 365;
    uint64_t of_year = day - (365 * year + year / 4 - year / 100), month = (5 * of_year + 2) / 153;
    year += 400 * era + (month >= 10);
    to = pad(to, year, year > 9999 ? 5 : 4);
    *to++ = '-';
    to = pad(to, month < 10 ? month + 3 : month - 9, 2);
    *to++ = '-';
    return pad(to, of_year - (153 * month + 2) / 5 + 1, 2);
}

static char *put_clock(char *to, uint64_t seconds, uint64_t micros)
{
    *to++ = 'T';
    to = pad(to, seconds / 3600, 2);
    *to++ = ':';
    to = pad(to, seconds / 60 % 60, 2);
    *to++ = ':';
    to = pad(to, seconds % 60, 2);
    *to++ = '.';
    to = pad(to, micros, 6);
    *to++ = 'Z';
    return to;
}

size_t filetime_text(uint64_t ticks, char out[FILETIME_TEXT])
{
    uint64_t seconds = ticks / 10000000, micros = ticks / 10 % 1000000;
    return (size_t)(put_clock(put_date(out, seconds / 86400), seconds % 86400, micros) - out);
}

moment filetime_moment(uint64_t ticks)
{
    int64_t ms = (int64_t)(ticks / 10000) - INT64_C(11644473600000);
    return ms < INT64_C(-2208988800000) || ms > INT64_C(253402300799999) ? MOMENT_NONE : ms;      /* years 1900 to 9999 */
}

static bool write_filetime(struct space *space, const unsigned char *bytes, size_t len, struct text *ret)
{
    char text[FILETIME_TEXT];
    return keep(space, text, filetime_text(le64(bytes), text), ret);
}

static bool write_systemtime(struct space *space, const unsigned char *b, size_t len, struct text *ret)
{
    char text[64], *to = pad(text, le16(b), 4);
    *to++ = '-';
    to = pad(to, le16(b + 2), 2);
    *to++ = '-';
    to = pad(to, le16(b + 6), 2);
    to = put_clock(to, le16(b + 8) % 100 * UINT64_C(3600) + le16(b + 10) % 60 * 60u + le16(b + 12) % 60, le16(b + 14) % 1000 * UINT64_C(1000));
    return keep(space, text, (size_t)(to - text), ret);
}

static bool write_sid(struct space *space, const unsigned char *b, size_t len, struct text *ret)
{
    char text[16 + 24 + 15 * 11], *to = text;
    uint64_t authority = 0;
    if (len < 8 || b[1] > 15 || len < 8 + 4u * b[1])
        return write_binary(space, b, len, ret);
    for (unsigned i = 2; i < 8; i++)
        authority = authority << 8 | b[i];
    *to++ = 'S';
    *to++ = '-';
    to = digits_of(to, b[0]);
    *to++ = '-';
    to = digits_of(to, authority);
    for (unsigned i = 0; i < b[1]; i++) {
        *to++ = '-';
        to = digits_of(to, le32(b + 8 + 4 * i));
    }
    return keep(space, text, (size_t)(to - text), ret);
}

/* By type: the length a value must have (0: any), its kind, its writer. */
static const struct { uint8_t width, wide; enum value_kind kind; writer *write; } types[] = {
    [TYPE_STRING] = {0, 0, VALUE_TEXT, write_string}, [TYPE_ANSI] = {0, 0, VALUE_TEXT, write_ansi},
    [3] = {1, 0, VALUE_NUMBER, write_signed}, [4] = {1, 0, VALUE_NUMBER, write_unsigned},
    [5] = {2, 0, VALUE_NUMBER, write_signed}, [6] = {2, 0, VALUE_NUMBER, write_unsigned},
    [7] = {4, 0, VALUE_NUMBER, write_signed}, [8] = {4, 0, VALUE_NUMBER, write_unsigned},
    [9] = {8, 0, VALUE_NUMBER, write_signed}, [10] = {8, 0, VALUE_NUMBER, write_unsigned},
    [11] = {4, 0, VALUE_NUMBER, write_float}, [12] = {8, 0, VALUE_NUMBER, write_float},
    [13] = {4, 1, VALUE_TRUE, write_bool}, [14] = {0, 0, VALUE_TEXT, write_binary},
    [15] = {16, 0, VALUE_TEXT, write_guid}, [16] = {8, 4, VALUE_TEXT, write_hex_number},
    [TYPE_FILETIME] = {8, 0, VALUE_TEXT, write_filetime}, [18] = {16, 0, VALUE_TEXT, write_systemtime},
    [19] = {0, 0, VALUE_TEXT, write_sid}, [20] = {4, 0, VALUE_TEXT, write_hex_number},
    [21] = {8, 0, VALUE_TEXT, write_hex_number}, [0x20] = {0, 0, VALUE_TEXT, write_binary}, [0x23] = {0, 0, VALUE_TEXT, write_string},
};
enum { TYPES = sizeof types / sizeof *types };

size_t value_width(uint8_t type) { return type < TYPES ? types[type].width : 0; }

bool value_text(struct space *space, const struct value *value, enum value_kind *ret_kind, struct text *ret)
{
    uint8_t type = value->type;
    bool known = type < TYPES && types[type].write;
    *ret_kind = VALUE_TEXT;
    if (type == TYPE_NULL || (known && types[type].width && !value->len)) {
        *ret_kind = VALUE_NULL;
        *ret = (struct text){"null", 4};
        return true;
    }
    if (!known || (types[type].width && value->len != types[type].width && value->len != types[type].wide))
        return write_binary(space, value->bytes, value->len, ret);
    if (!types[type].write(space, value->bytes, value->len, ret))
        return false;
    *ret_kind = types[type].kind;
    if (types[type].kind == VALUE_TRUE && ret->len == 5)
        *ret_kind = VALUE_FALSE;
    if (types[type].kind == VALUE_NUMBER && types[type].write == write_float && strchr("Ni", ret->at[ret->at[0] == '-']))
        *ret_kind = VALUE_TEXT;            /* JSON has no such number */
    return true;
}

/* Behind the first terminator in bytes of `width` a unit; all of it where there is none. */
static size_t terminated(const unsigned char *bytes, size_t len, size_t width)
{
    for (size_t i = 0; i + width <= len; i += width)
        if (bytes[i] == 0 && bytes[i + width - 1] == 0)
            return i + width;
    return len;
}

bool value_item(struct value *array, struct value *ret)
{
    uint8_t type = array->type & (uint8_t)~TYPE_ARRAY;
    size_t width = value_width(type);
    if (!array->len)
        return false;
    if (type == TYPE_STRING || type == TYPE_ANSI)
        width = terminated(array->bytes, array->len, type == TYPE_STRING ? 2 : 1);
    else if (type == 19 && array->len > 1)
        width = 8 + 4u * array->bytes[1];
    if (!width || width > array->len)
        width = array->len;
    *ret = (struct value){array->bytes, (uint16_t)width, type};
    array->bytes += width;
    array->len = (uint16_t)(array->len - width);
    return true;
}
