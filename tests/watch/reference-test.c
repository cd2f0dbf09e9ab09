/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The reference's tests: one test, each value of the event that has the field's name. A field may stand several times in an event;
 * a test holds when it holds for one of them. A null value is no text: only `null` and `exists` see it.
 */
#include <arpa/inet.h>
#include <ctype.h>

#include "reference-inside.h"

/* A whole text that is a decimal number; a sign, a fraction and an exponent are allowed. */
bool decimal_read(const char *text, size_t len, long double *ret)
{
    char copy[64];
    size_t at = 0, digits;
    if (len == 0 || len >= sizeof copy)
        return false;
    memcpy(copy, text, len);
    copy[len] = 0;
    at += copy[at] == '-' || copy[at] == '+';
    digits = strspn(copy + at, "0123456789");
    if (!digits)
        return false;
    at += digits;
    if (copy[at] == '.') {
        digits = strspn(copy + at + 1, "0123456789");
        if (!digits)
            return false;
        at += 1 + digits;
    }
    if (copy[at] == 'e' || copy[at] == 'E') {
        size_t sign = copy[at + 1] == '-' || copy[at + 1] == '+';
        digits = strspn(copy + at + 1 + sign, "0123456789");
        if (!digits)
            return false;
        at += 1 + sign + digits;
    }
    if (at != len)
        return false;
    *ret = strtold(copy, NULL);
    return true;
}

static bool digits_read(const char **text, size_t *len, size_t n, char behind, int *ret)
{
    if (*len < n || (behind && *len < n + 1))
        return false;
    *ret = 0;
    for (size_t i = 0; i < n; i++) {
        if (!isdigit((unsigned char)(*text)[i]))
            return false;
        *ret = *ret * 10 + ((*text)[i] - '0');
    }
    if (behind && (*text)[n] != behind)
        return false;
    *text += n + (behind != 0);
    *len -= n + (behind != 0);
    return true;
}
static bool leap(int year) { return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0; }
static int weekday(int year, int month, int day)        /* Monday is 0 (Sakamoto) */
{
    static const int shift[] = {0, 3, 2, 5, 0, 3, 5, 1, 4, 6, 2, 4};
    year -= month < 3;
    return (year + year / 4 - year / 100 + year / 400 + shift[month - 1] + day + 6) % 7;
}
/* The week of ISO 8601: the one that holds the year's first Thursday is the first. */
static int week_of(int year, int month, int day)
{
    static const int before[] = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334};
    int nth = before[month - 1] + day + (month > 2 && leap(year)), thursday = nth - weekday(year, month, day) + 3;
    if (thursday < 1)
        return week_of(year - 1, 12, 31);
    if (thursday > 365 + leap(year))
        return 1;
    return (thursday + 6) / 7;
}
/* The part of a date as it is written (YYYY-MM-DD, then T or a blank and HH:MM); nothing is converted. */
static bool part_of(const char *text, size_t len, enum part part, long double *ret)
{
    static const int days[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int year, month, day, hour, minute;
    if (!digits_read(&text, &len, 4, '-', &year) || !digits_read(&text, &len, 2, '-', &month) || !digits_read(&text, &len, 2, 0, &day))
        return false;
    if (month < 1 || month > 12 || day < 1 || day > days[month - 1] || (month == 2 && day == 29 && !leap(year)))
        return false;
    if (part == PART_HOUR || part == PART_MINUTE) {
        if (len == 0 || (*text != 'T' && *text != ' '))
            return false;
        text++, len--;
        if (!digits_read(&text, &len, 2, ':', &hour) || !digits_read(&text, &len, 2, 0, &minute) || hour > 23 || minute > 59)
            return false;
        *ret = part == PART_HOUR ? hour : minute;
    } else {
        *ret = part == PART_YEAR ? year : part == PART_MONTH ? month : part == PART_DAY ? day : week_of(year, month, day);
    }
    return true;
}

static bool number_holds(const struct test *test, const char *text, size_t len)
{
    long double number;
    if (!(test->part ? part_of(text, len, test->part, &number) : decimal_read(text, len, &number)))
        return false;
    return test->order == ORDER_LT ? number < test->number : test->order == ORDER_LTE ? number <= test->number
        : test->order == ORDER_GT ? number > test->number : test->order == ORDER_GTE ? number >= test->number : number == test->number;
}
static bool cidr_holds(const struct test *test, const char *text, size_t len)
{
    static const unsigned char mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
    char copy[64];
    unsigned char address[16];
    int family = memchr(text, ':', len) ? AF_INET6 : AF_INET;
    if (len >= sizeof copy || memchr(text, 0, len))
        return false;
    memcpy(copy, text, len);
    copy[len] = 0;
    if (family == AF_INET6)                     /* decided: a zone (%eth0) does not count */
        copy[strcspn(copy, "%")] = 0;
    if (inet_pton(family, copy, address) != 1)
        return false;
    if (family == AF_INET6 && memcmp(address, mapped, 12) == 0) {       /* decided: version 4 in version 6 is version 4 */
        memmove(address, address + 12, 4);
        family = AF_INET;
    }
    if (family != test->family)
        return false;
    for (unsigned bit = 0; bit < test->prefix; bit++)
        if ((address[bit / 8] ^ test->address[bit / 8]) & (0x80 >> bit % 8))
            return false;
    return true;
}
static bool regex_holds(const struct test *test, const char *text, size_t len)
{
    pcre2_match_data *data = pcre2_match_data_create(1, NULL);
    int found = pcre2_match(test->regex, (PCRE2_SPTR)text, len, 0, 0, data, NULL);
    pcre2_match_data_free(data);
    return found >= 0;
}

static const char *renamed(const struct rename *renames, const char *field)
{
    for (; renames; renames = renames->next)
        if (strcmp(renames->from, field) == 0)
            return renames->to;
    return field;
}

/* Whether the value equals (or begins or ends with, or contains) a value of another field, without case. */
static bool field_holds(const struct reference *reference, const struct test *test, const struct rename *renames, const struct event *event, struct pattern text)
{
    const char *other = renamed(renames, test->field);
    uint32_t any = ANY;
    struct pattern star = {&any, 1}, none = {0};
    for (size_t i = 0; i < event->n; i++) {
        const struct event_value *v = &event->values[i];
        if (v->kind == VALUE_NULL || strcmp(value_name(reference, v), other) != 0)
            continue;
        struct pattern p = text_joined(reference->scratch, test->ends ? star : none, text_characters(reference->scratch, v->text, v->len));
        p = text_joined(reference->scratch, p, test->starts ? star : none);
        if (text_matches(p, text, false))
            return true;
    }
    return false;
}

static bool value_holds(const struct reference *reference, const struct test *test, const struct rename *renames, const struct event *event,
                        const struct event_value *value)
{
    struct pattern text;
    if (value->kind == VALUE_NULL)
        return test->kind == TEST_NULL;
    switch (test->kind) {
    case TEST_REGEX: return regex_holds(test, value->text, value->len);
    case TEST_CIDR: return cidr_holds(test, value->text, value->len);
    case TEST_NUMBER: return number_holds(test, value->text, value->len);
    case TEST_PATTERN:
    case TEST_FIELD:
        arena_clear(reference->scratch);
        text = text_characters(reference->scratch, value->text, value->len);
        return test->kind == TEST_FIELD ? field_holds(reference, test, renames, event, text) : text_matches(test->pattern, text, test->cased);
    case TEST_NULL:
    case TEST_EXISTS: break;
    }
    return false;
}

bool test_holds_for(const struct test *test, const char *text, size_t len)
{
    return test->kind == TEST_REGEX ? regex_holds(test, text, len) : test->kind == TEST_CIDR ? cidr_holds(test, text, len)
        : test->kind == TEST_NUMBER && number_holds(test, text, len);
}

static bool test_holds(const struct reference *reference, const struct test *test, const char *field, const struct rename *renames, const struct event *event)
{
    bool there = false;
    for (size_t i = 0; i < event->n; i++) {
        if (field && strcmp(value_name(reference, &event->values[i]), field) != 0)
            continue;
        there = true;
        if (test->kind != TEST_EXISTS && value_holds(reference, test, renames, event, &event->values[i]))
            return true;
    }
    return test->kind == TEST_EXISTS ? there == test->exists : test->kind == TEST_NULL ? !there : false;
}

bool item_holds(const struct reference *reference, const struct item *item, const struct rename *renames, const struct event *event)
{
    const char *field = item->field ? renamed(renames, item->field) : NULL;
    bool holds = item->all;
    for (size_t i = 0; i < item->n_values; i++) {
        bool one = false;
        for (const struct test *test = item->values[i]; test; test = test->next)
            one = one || test_holds(reference, test, field, renames, event);
        holds = item->all ? holds && one : holds || one;
    }
    return item->negated ? !holds : holds;
}
