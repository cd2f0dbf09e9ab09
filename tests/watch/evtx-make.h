/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Small EVTX files made token by token, for tests and for the fuzzer's corpus: what stands in them is known, and each can be damaged in a
 * known place. Nothing of the reader is used. A call that would pass the end of the memory ends the program.
 */
#ifndef TESTS_EVTX_MAKE_H
#define TESTS_EVTX_MAKE_H

#include <stddef.h>
#include <stdint.h>

#define MADE_MOST (4096u + 4u * 65536u)
#define MADE_TIME UINT64_C(132445178630000000)     /* 2020-09-14T00:44:23Z */

struct made {
    unsigned char bytes[MADE_MOST];
    size_t len, chunk, record, size_at;
    uint64_t id, first_id;
};
struct made_value { uint8_t type; uint16_t len; const void *bytes; };

void made_init(struct made *);                       /* the file's header */
void made_chunk(struct made *);
void made_chunk_end(struct made *);                  /* counts, checksums, zeros up to 64 KiB */
void made_record(struct made *);                     /* up to its BinXml */
void made_record_end(struct made *);
void made_bytes(struct made *, const void *, size_t);
void made_number(struct made *, uint64_t, unsigned bytes);
void made_text(struct made *, const char *ascii);    /* UTF-16, without a terminator */
void made_name(struct made *, const char *ascii);    /* a reference to a name that stands right here */
void made_open(struct made *, const char *name);     /* an element with dependency id, no attributes */
void made_open_with(struct made *, const char *name);        /* attributes follow */
void made_attribute(struct made *, const char *name);
void made_literal(struct made *, const char *ascii); /* a value token */
void made_substitution(struct made *, unsigned index, uint8_t type);
void made_body(struct made *);                       /* closes the start of the element */
void made_empty(struct made *);                      /* closes an element without content */
void made_end(struct made *);
void made_fragment(struct made *);                   /* its header */
size_t made_instance(struct made *);                 /* an instance whose template follows; returns the template's offset in its chunk */
void made_instance_of(struct made *, size_t template_offset);
void made_template_end(struct made *);
void made_values(struct made *, const struct made_value *, size_t n);
uint32_t made_crc(uint32_t crc, const unsigned char *, size_t);
/* A whole record of the usual form: System, and in EventData one element Data for each value, called d0, d1 ... */
void made_usual(struct made *, const struct made_value *, size_t n);
/* A file of one chunk with `records` usual records of a text each; from the second on they use the first one's template. */
void made_file(struct made *, unsigned records);
size_t made_record_at(const struct made *, unsigned index);  /* offset in the file of the record `index` of the first chunk */

#endif
