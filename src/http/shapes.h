/* SPDX-License-Identifier: Apache-2.0
 * The shapes that routes.def names; each is defined beside the handlers of its topic. A list shape describes struct page
 * of call.h. */
#ifndef HTTP_SHAPES_H
#define HTTP_SHAPES_H

#include "http/call.h"

/* Defines the shape of one page of `item`. */
#define SHAPE_PAGE(shape_name, schema_name, item)                                                                      \
    static const struct shape_member shape_name##_MEMBERS[] = {                                                        \
        {"items", SHAPE_OBJECTS, SHAPE_REQUIRED, offsetof(struct page, items), offsetof(struct page, count),           \
         .shape = (item), .sentence = "In a stable order; the next page is where Link: rel=\"next\" leads."}};         \
    const struct shape shape_name = {.name = (schema_name), .sentence = "One page of a list.",                         \
        SHAPE_MEMBERS(shape_name##_MEMBERS), .size = sizeof(struct page)}

extern const struct shape SHAPE_PAGE_QUERY; /* struct page_query */
extern const struct shape SHAPE_HEALTH;

#endif
