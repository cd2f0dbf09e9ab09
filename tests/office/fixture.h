/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A small office for tests: the embedded pack and policies, a dozen persons with posts, clearances and briefings, in a temporary
 * folder. Times are injected; T0 is 1 March 2027 08:00Z.
 */
#ifndef TESTS_OFFICE_FIXTURE_H
#define TESTS_OFFICE_FIXTURE_H

#include "office/office.h"

#define T0 INT64_C(1803888000000)

#define LABEL_INTERNAL "{\"categories\":[],\"class\":\"1\",\"policy\":\"%s\"}"
struct fixture {
    struct arena *arena;
    char folder[64];
    struct office *office;
    moment now;
};
/* The engines that it is opened with: duties_all, unless a test sets its own before fixture_new. */
extern const struct duty *const *fixture_engines;
/* A folder whose duties/ and posts/ lie over the embedded definitions; NULL: none. */
extern const char *fixture_pack;
/* Makes and opens the office; aborts with words when it cannot. */
void fixture_new(struct fixture *);
/* With more persons: a JSON array like the deed's, joined to the usual ones. */
void fixture_new_with(struct fixture *, const char *more_persons_json);
void fixture_reopen(struct fixture *);
void fixture_free(struct fixture *);          /* removes the folder */
void fixture_drop(const char *folder);        /* any other that a test made, whole */
/* A reader by login, in the person's only (or the named) post. */
const struct reader *fixture_reader(struct fixture *, const char *login);
/* A label by policy and class name, as canonical text. */
const char *fixture_label(struct fixture *, const char *policy, const char *class_name);
/* One op as somebody; fields as JSON. Returns the status; `ret_number` may be NULL. The change key is made from a counter. */
enum status fixture_do(struct fixture *, const char *login, struct op, const char *fields_json, const char **ret_number,
                       struct outcome *ret_outcome);
enum status fixture_create(struct fixture *, const char *login, const char *register_, const char *label, const char *fields_json, const char **ret_number);
enum status fixture_step(struct fixture *, const char *login, const char *number, const char *step, const char *fields_json);
/* The words of the last refusal, in English. */
const char *fixture_words(void);
/* The record number of a person by login. */
const char *fixture_person(struct fixture *, const char *login);

#endif
