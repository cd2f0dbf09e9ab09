/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * See evtx-make.h.
 */
#include "evtx-make.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void set(struct made *made, size_t at, uint64_t number, unsigned bytes)
{
    for (unsigned i = 0; i < bytes; i++)
        made->bytes[at + i] = (unsigned char)(number >> 8 * i);
}

void made_bytes(struct made *made, const void *bytes, size_t len)
{
    if (len > MADE_MOST - made->len)
        abort();
    if (len)
        memcpy(made->bytes + made->len, bytes, len);
    made->len += len;
}

void made_number(struct made *made, uint64_t number, unsigned bytes)
{
    unsigned char text[8];
    for (unsigned i = 0; i < 8; i++)
        text[i] = (unsigned char)(number >> 8 * i);
    made_bytes(made, text, bytes);
}

void made_text(struct made *made, const char *ascii)
{
    for (; *ascii; ascii++)
        made_number(made, (unsigned char)*ascii, 2);
}

uint32_t made_crc(uint32_t crc, const unsigned char *bytes, size_t len)
{
    crc = ~crc;
    while (len--) {
        crc ^= *bytes++;
        for (unsigned bit = 0; bit < 8; bit++)
            crc = crc & 1 ? crc >> 1 ^ 0xedb88320u : crc >> 1;
    }
    return ~crc;
}

void made_init(struct made *made)
{
    memset(made, 0, sizeof *made);
    memcpy(made->bytes, "ElfFile", 8);
    set(made, 0x20, 128, 4);
    set(made, 0x24, 1, 2);
    set(made, 0x26, 3, 2);
    set(made, 0x28, 4096, 2);
    set(made, 0x2a, 1, 2);
    set(made, 0x7c, made_crc(0, made->bytes, 120), 4);
    made->len = 4096;
    made->id = 1;
}

void made_chunk(struct made *made)
{
    made->chunk = made->len;
    made->first_id = made->id;
    if (MADE_MOST - made->len < 65536)
        abort();
    memcpy(made->bytes + made->chunk, "ElfChnk", 8);
    made->len += 512;
}

void made_chunk_end(struct made *made)
{
    unsigned char *base = made->bytes + made->chunk;
    size_t used = made->len - made->chunk;
    set(made, made->chunk + 0x08, made->first_id, 8);
    set(made, made->chunk + 0x10, made->id - 1, 8);
    set(made, made->chunk + 0x18, made->first_id, 8);
    set(made, made->chunk + 0x20, made->id - 1, 8);
    set(made, made->chunk + 0x28, 128, 4);
    set(made, made->chunk + 0x30, used, 4);
    set(made, made->chunk + 0x34, made_crc(0, base + 512, used - 512), 4);
    set(made, made->chunk + 0x7c, made_crc(made_crc(0, base, 120), base + 128, 384), 4);
    made->len = made->chunk + 65536;
}

void made_record(struct made *made)
{
    made->record = made->len;
    made_bytes(made, "**\0", 4);
    made_number(made, 0, 4);
    made_number(made, made->id++, 8);
    made_number(made, MADE_TIME, 8);
}

void made_record_end(struct made *made)
{
    while ((made->len - made->record) % 8 != 4)
        made_number(made, 0, 1);
    size_t size = made->len + 4 - made->record;
    made_number(made, size, 4);
    set(made, made->record + 4, size, 4);
}

void made_name(struct made *made, const char *ascii)
{
    uint32_t hash = 0;
    for (const char *c = ascii; *c; c++)
        hash = hash * 65599 + (unsigned char)*c;
    made_number(made, made->len + 4 - made->chunk, 4);
    made_number(made, 0, 4);
    made_number(made, hash & 0xffff, 2);
    made_number(made, strlen(ascii), 2);
    made_text(made, ascii);
    made_number(made, 0, 2);
}

static void open_as(struct made *made, uint8_t token, const char *name)
{
    made_number(made, token, 1);
    made_number(made, 0xffff, 2);
    made_number(made, 64, 4);
    made_name(made, name);
}
void made_open(struct made *made, const char *name) { open_as(made, 0x01, name); }
void made_open_with(struct made *made, const char *name)
{
    open_as(made, 0x41, name);
    made_number(made, 64, 4);
}
void made_attribute(struct made *made, const char *name)
{
    made_number(made, 0x06, 1);
    made_name(made, name);
}
void made_literal(struct made *made, const char *ascii)
{
    made_number(made, 0x05, 1);
    made_number(made, 0x01, 1);
    made_number(made, strlen(ascii), 2);
    made_text(made, ascii);
}
void made_substitution(struct made *made, unsigned index, uint8_t type)
{
    made_number(made, 0x0e, 1);
    made_number(made, index, 2);
    made_number(made, type, 1);
}
void made_body(struct made *made) { made_number(made, 0x02, 1); }
void made_empty(struct made *made) { made_number(made, 0x03, 1); }
void made_end(struct made *made) { made_number(made, 0x04, 1); }
void made_fragment(struct made *made) { made_bytes(made, "\x0f\x01\x01\x00", 4); }

void made_instance_of(struct made *made, size_t offset)
{
    made_number(made, 0x0c, 1);
    made_number(made, 1, 1);
    made_number(made, 0x12345678, 4);
    made_number(made, offset, 4);
}

size_t made_instance(struct made *made)
{
    size_t offset = made->len + 10 - made->chunk;
    made_instance_of(made, offset);
    made_number(made, 0, 4);
    made_bytes(made, "\x78\x56\x34\x12GUIDguidGUID", 16);
    made->size_at = made->len;
    made_number(made, 0, 4);
    made_fragment(made);
    return offset;
}

void made_template_end(struct made *made)
{
    made_number(made, 0, 1);
    set(made, made->size_at, made->len - made->size_at - 4, 4);
}

void made_values(struct made *made, const struct made_value *values, size_t n)
{
    made_number(made, n, 4);
    for (size_t i = 0; i < n; i++) {
        made_number(made, values[i].len, 2);
        made_number(made, values[i].type, 2);
    }
    for (size_t i = 0; i < n; i++)
        made_bytes(made, values[i].bytes, values[i].len);
}

static void usual_template(struct made *made, size_t n)
{
    char name[32];
    made_open_with(made, "Event");
    made_attribute(made, "xmlns");
    made_literal(made, "http://schemas.microsoft.com/win/2004/08/events/event");
    made_body(made);
    made_open(made, "System");
    made_body(made);
    made_open_with(made, "Provider");
    made_attribute(made, "Name");
    made_literal(made, "Made");
    made_empty(made);
    made_open(made, "EventID");
    made_body(made);
    made_literal(made, "4624");
    made_end(made);
    made_open(made, "Correlation");
    made_empty(made);
    made_end(made);
    made_open(made, "EventData");
    made_body(made);
    for (size_t i = 0; i < n; i++) {
        snprintf(name, sizeof name, "d%zu", i);
        made_open_with(made, "Data");
        made_attribute(made, "Name");
        made_literal(made, name);
        made_body(made);
        made_substitution(made, (unsigned)i, 1);
        made_end(made);
    }
    made_end(made);
    made_end(made);
}

void made_usual(struct made *made, const struct made_value *values, size_t n)
{
    made_record(made);
    made_fragment(made);
    made_instance(made);
    usual_template(made, n);
    made_template_end(made);
    made_values(made, values, n);
    made_record_end(made);
}

void made_file(struct made *made, unsigned records)
{
    size_t template = 0;
    made_init(made);
    made_chunk(made);
    for (unsigned i = 0; i < records; i++) {
        unsigned char text[] = {'t', 0, (unsigned char)('0' + i % 10), 0};
        const struct made_value value = {1, sizeof text, text};
        made_record(made);
        made_fragment(made);
        if (i == 0) {
            template = made_instance(made);
            usual_template(made, 1);
            made_template_end(made);
        } else {
            made_instance_of(made, template);
        }
        made_values(made, &value, 1);
        made_record_end(made);
    }
    made_chunk_end(made);
}

size_t made_record_at(const struct made *made, unsigned index)
{
    size_t at = 4096 + 512;
    while (index--)
        at += made->bytes[at + 4] | (size_t)made->bytes[at + 5] << 8 | (size_t)made->bytes[at + 6] << 16;
    return at;
}
