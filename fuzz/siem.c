/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Batches of alerts of another SIEM, packed or not, as the jail reads them; what it answers, the office must be able to read.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "watch/siem/siem.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char mapping_text[] = "{\"title\":[\"rule.name\",\"name\",\"message\"],\"level\":[\"severity\"],\"entity\":[\"host.name\",\"dhost\"],\"time\":[\"@timestamp\",\"rt\"],"
                                       "\"reference\":[\"id\",\"externalId\"],\"rule\":[\"rule.id\",\"deviceEventClassId\"],\"levels\":[[\"info\"],[\"low\"],[\"medium\"],[\"high\"],[\"10\"]],\"otherwise\":2}";
    struct arena *arena = arena_new((size_t)512 << 20);
    struct reasons reasons;
    struct val *mapping;
    struct buf input, answer;
    struct siem_batch batch;
    reasons_init(&reasons, arena);
    buf_init(&input, (size_t)64 << 20);
    buf_init(&answer, (size_t)64 << 20);
    if (json_read(arena, mapping_text, strlen(mapping_text), (struct json_limits){0}, &reasons, &mapping) != OK)
        abort();
    siem_input(&input, mapping, (const char *)data, size);
    if (siem_jailer.run(arena, input.data, input.len, NULL, &reasons, &answer) == OK && siem_answer_read(answer.data, answer.len, arena, &batch) != OK)
        abort();
    if (siem_answer_read((const char *)data, size, arena, &batch) == OK && batch.n > SIEM_ALERTS_MOST)
        abort();
    buf_free(&input);
    buf_free(&answer);
    arena_free(arena);
    return 0;
}
