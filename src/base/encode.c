/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Hex, base64 (RFC 4648) and Crockford's base 32.
 */
#include <string.h>

#include "base/hash.h"

void hex_write(const void *data, size_t len, char *out)
{
    static const char digits[] = "0123456789abcdef";
    const uint8_t *bytes = data;
    for (size_t i = 0; i < len; i++) {
        *out++ = digits[bytes[i] >> 4];
        *out++ = digits[bytes[i] & 15];
    }
    *out = '\0';
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

bool hex_read(const char *text, size_t text_len, void *out, size_t out_len)
{
    if (text_len % 2 || text_len / 2 != out_len)
        return false;
    for (size_t i = 0; i < text_len; i++) {
        if (hex_digit(text[i]) < 0)
            return false;
    }
    uint8_t *bytes = out;
    for (size_t i = 0; i < out_len; i++)
        bytes[i] = (uint8_t)(hex_digit(text[2 * i]) << 4 | hex_digit(text[2 * i + 1]));
    return true;
}

static void base64_any(const uint8_t *bytes, size_t len, const char *alphabet, bool pad, char *out)
{
    for (size_t i = 0; i < len; i += 3) {
        size_t left = len - i;
        uint32_t group = (uint32_t)bytes[i] << 16 | (left > 1 ? (uint32_t)bytes[i + 1] << 8 : 0) |
                         (left > 2 ? bytes[i + 2] : 0);
        *out++ = alphabet[group >> 18];
        *out++ = alphabet[group >> 12 & 63];
        if (left > 1)
            *out++ = alphabet[group >> 6 & 63];
        else if (pad)
            *out++ = '=';
        if (left > 2)
            *out++ = alphabet[group & 63];
        else if (pad)
            *out++ = '=';
    }
    *out = '\0';
}

void base64_write(const void *data, size_t len, char *out)
{
    base64_any(data, len, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/", true, out);
}

void base64url_write(const void *data, size_t len, char *out)
{
    base64_any(data, len, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_", false, out);
}

static int base64_digit(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    if (c == '+' || c == '-')
        return 62;
    if (c == '/' || c == '_')
        return 63;
    return -1;
}

bool base64_read(const char *text, size_t text_len, void *out, size_t cap, size_t *ret_len)
{
    size_t len = text_len;
    while (len && text[len - 1] == '=' && text_len - len < 2)
        len--;
    if (len % 4 == 1 || (len != text_len && text_len % 4))
        return false;
    if (len / 4 * 3 + (len % 4 ? len % 4 - 1 : 0) > cap)
        return false;
    uint8_t *at = out;
    uint32_t group = 0;
    unsigned bits = 0;
    for (size_t i = 0; i < len; i++) {
        int digit = base64_digit(text[i]);
        if (digit < 0)
            return false;
        group = group << 6 | (uint32_t)digit;
        bits += 6;
        if (bits >= 8) {
            bits -= 8;
            *at++ = (uint8_t)(group >> bits);
        }
    }
    if (bits && (group & ((1u << bits) - 1)))      /* two texts for the same bytes: not canonical */
        return false;
    *ret_len = (size_t)(at - (uint8_t *)out);
    return true;
}

static const char crockford[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

void crockford_write(uint64_t number, unsigned digits, char *out)
{
    for (unsigned i = 0; i < digits; i++) {
        unsigned shift = 5 * (digits - 1 - i);
        out[i] = crockford[shift < 64 ? number >> shift & 31 : 0];
    }
    out[digits] = '\0';
}

bool crockford_read(const char *text, unsigned digits, uint64_t *ret)
{
    uint64_t number = 0;
    for (unsigned i = 0; i < digits; i++) {
        char c = text[i];
        if (c >= 'a' && c <= 'z')
            c = (char)(c - 'a' + 'A');
        if (c == 'I' || c == 'L')
            c = '1';
        if (c == 'O')
            c = '0';
        const char *at = c ? strchr(crockford, c) : NULL;
        if (!at || number >> 59)
            return false;
        number = number << 5 | (uint64_t)(at - crockford);
    }
    *ret = number;
    return true;
}
