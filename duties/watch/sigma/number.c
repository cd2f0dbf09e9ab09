/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Numbers and networks out of text: decimal numbers as JSON writes them (whole ones are compared exactly), IPv4 and IPv6 addresses and
 * prefixes.
 */
#include <stdlib.h>
#include <string.h>

#include "watch/sigma/inside.h"

static size_t digits(const char *text, size_t len, size_t at)
{
    while (at < len && (unsigned char)(text[at] - '0') <= 9)
        at++;
    return at;
}

static bool whole(const char *text, size_t len, int64_t *ret)
{
    bool negative = text[0] == '-';
    int64_t number = 0;
    for (size_t at = negative; at < len; at++)
        if (__builtin_mul_overflow(number, 10, &number) || __builtin_add_overflow(number, negative ? '0' - text[at] : text[at] - '0', &number))
            return false;
    *ret = number;
    return true;
}

bool number_read(const char *text, size_t len, struct number *ret)
{
    char copy[64];
    size_t start = len && text[0] == '-', at = digits(text, len, start);
    if (at == start || len >= sizeof copy)
        return false;
    bool integer = at == len;
    if (at < len && text[at] == '.') {
        size_t from = at + 1;
        at = digits(text, len, from);
        if (at == from)
            return false;
    }
    if (at < len && (text[at] | 32) == 'e') {
        size_t from = at + 1;
        from += from < len && (text[from] == '-' || text[from] == '+');
        at = digits(text, len, from);
        if (at == from)
            return false;
    }
    if (at != len)
        return false;
    memcpy(copy, text, len);
    copy[len] = 0;
    struct number number = {.real = strtod(copy, NULL)};
    number.whole = integer && whole(text, len, &number.integer);
    *ret = number;
    return true;
}

int number_compare(struct number a, struct number b)
{
    if (a.whole && b.whole)
        return a.integer < b.integer ? -1 : a.integer > b.integer;
    return a.real < b.real ? -1 : a.real > b.real;
}

/* Four numbers of 0 to 255, without leading zeros. */
static bool read_v4(const char *text, uint8_t out[4])
{
    for (unsigned i = 0; i < 4; i++) {
        unsigned number = 0, n = 0;
        for (; n < 3 && (unsigned char)(text[n] - '0') <= 9; n++)
            number = number * 10 + (unsigned)(text[n] - '0');
        if (n == 0 || number > 255 || (n > 1 && text[0] == '0') || text[n] != (i == 3 ? 0 : '.'))
            return false;
        out[i] = (uint8_t)number;
        text += n + 1;
    }
    return true;
}

static int hex_digit(char c)
{
    return (unsigned char)(c - '0') <= 9 ? c - '0' : (unsigned char)((c | 32) - 'a') < 6 ? (c | 32) - 'a' + 10 : -1;
}

/* Groups of up to four hexadecimal digits, "::" once for a run of zeros, an IPv4 address as the last two groups. */
static bool read_v6(const char *text, uint8_t out[16])
{
    uint8_t bytes[16] = {0};
    size_t n = 0, gap = SIZE_MAX;
    if (text[0] == ':' && text[1] != ':')
        return false;
    while (*text) {
        if (text[0] == ':' && text[1] == ':') {
            if (gap != SIZE_MAX)
                return false;
            gap = n;
            text += 2;
            continue;
        }
        text += *text == ':' && n;
        unsigned group = 0, digits = 0;
        for (; digits < 4 && hex_digit(text[digits]) >= 0; digits++)
            group = group << 4 | (unsigned)hex_digit(text[digits]);
        if (n <= 12 && text[digits] == '.') {
            if (!read_v4(text, bytes + n))
                return false;
            n += 4;
            break;
        }
        if (digits == 0 || n > 14 || (text[digits] && text[digits] != ':') || (text[digits] == ':' && !text[digits + 1]))
            return false;
        bytes[n++] = (uint8_t)(group >> 8);
        bytes[n++] = (uint8_t)group;
        text += digits;
    }
    if (gap == SIZE_MAX ? n != 16 : n > 14)
        return false;
    memset(out, 0, 16);
    size_t front = gap == SIZE_MAX ? n : gap;
    memcpy(out, bytes, front);
    memcpy(out + 16 - (n - front), bytes + front, n - front);
    return true;
}

bool network_read(const char *text, size_t len, struct network *ret)
{
    char copy[80];
    if (len == 0 || len >= sizeof copy || memchr(text, 0, len))
        return false;
    memcpy(copy, text, len);
    copy[len] = 0;
    struct network network = {.v6 = strchr(copy, ':') != NULL};
    unsigned most = network.v6 ? 128 : 32;
    network.bits = (uint8_t)most;
    char *slash = strchr(copy, '/'), *zone = strchr(copy, '%');
    if (slash) {
        struct number bits;
        *slash = 0;
        if (!number_read(slash + 1, strlen(slash + 1), &bits) || !bits.whole || bits.integer < 0 || bits.integer > most)
            return false;
        network.bits = (uint8_t)bits.integer;
    }
    if (zone && network.v6)
        *zone = 0;
    if (!(network.v6 ? read_v6(copy, network.bytes) : read_v4(copy, network.bytes)))
        return false;
    *ret = network;
    return true;
}

bool network_has_host_bits(const struct network *network)
{
    for (unsigned bit = network->bits; bit < (network->v6 ? 128u : 32u); bit++)
        if (network->bytes[bit / 8] >> (7 - bit % 8) & 1)
            return true;
    return false;
}
