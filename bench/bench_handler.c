/* SPDX-License-Identifier: Apache-2.0
 * The work of POST /v1/org/disclosures without sockets and without its ledger row: key, JSON in, decision, values, JSON
 * out. It bounds what the doors can give: what lies between is HTTP and the group commit. Prints handler, calls per
 * second of the wall, and handler_cpu, microseconds of processor time for one. */
#include <stdio.h>

#include "base/json.h"
#include "crypto/id_seal.h"
#include "domain/parties/organisation.h"
#include "domain/sharing/disclosure.h"
#include "questions.h"

#define DRAWN 40000
#define REPLY_BYTES_MAX (64 * 1024)

struct asked {
    struct text secret;
    struct text body;
};

static struct text body_of(struct world *world, const struct world_person *person, size_t organisation)
{
    struct ctx *cx = &world->cx;
    struct json_writer json = json_writer_open(cx->arena, REPLY_BYTES_MAX);
    struct text body;
    const struct world_organisation *with = &world->organisations[organisation];
    json_open_object(&json);
    json_member_text(&json, "relationship", id_text(cx, (struct id){ID_RELATIONSHIP, person->person_id,
                                                                    person->relationship_ids[organisation]}));
    json_member_text(&json, "purpose", id_text(cx, (struct id){ID_PURPOSE, with->organisation_id, with->purpose_id}));
    json_write_key(&json, "attributes");
    json_open_array(&json);
    struct attribute_set set = world_asked();
    for (attribute_number n = ATTRIBUTE_NONE; (n = attribute_set_next(set, n)) != ATTRIBUTE_NONE;)
        json_write_text(&json, text_of(attribute_by_number(n)->term));
    json_close_array(&json);
    json_close_object(&json);
    must(cx, json_writer_finish(cx, &json, &body));
    return body;
}

static struct asked *draw(struct world *world)
{
    struct asked *drawn = ARENA_ARRAY(world->cx.arena, struct asked, DRAWN);
    must_be(drawn != NULL, "no memory for the requests");
    for (size_t i = 0; i < DRAWN; i++) {
        size_t organisation = world_draw(world, WORLD_ORGANISATIONS);
        size_t system = world_draw(world, WORLD_SYSTEMS);
        drawn[i].body = body_of(world, &world->people[world_draw(world, world->count)], organisation);
        drawn[i].secret = text_of(world->organisations[organisation].secrets[system]);
    }
    return drawn;
}

static void read_body(struct ctx *cx, struct text body, struct disclosure_ask *ask)
{
    const json_t *root = NULL;
    size_t index = 0;
    const json_t *kind = NULL;
    must(cx, json_parse(cx, body, &root));
    *ask = (struct disclosure_ask){.relationship = json_text(json_object_get(root, "relationship")),
                                   .purpose = json_text(json_object_get(root, "purpose"))};
    json_array_foreach(json_object_get(root, "attributes"), index, kind) {
        const struct attribute_kind *found = NULL;
        must(cx, attribute_parse(cx, json_text(kind), &found));
        ask->attributes = attribute_set_add(ask->attributes, found->number);
    }
}

static void write_value(struct json_writer *json, const struct disclosed_value *value)
{
    json_write_key(json, value->kind->term);
    json_open_object(json);
    json_write_key(json, "value");
    json_write_raw(json, value->item.value);
    json_member_text(json, "source", text_of(attribute_source_word(value->item.source)));
    json_member_time(json, "confirmed_at", value->item.confirmed_at_ms);
    json_member_int(json, "version", value->item.version);
    json_close_object(json);
}

static size_t write_reply(struct ctx *cx, const struct disclosure_ask *ask)
{
    struct json_writer json = json_writer_open(cx->arena, REPLY_BYTES_MAX);
    struct text reply;
    json_open_object(&json);
    json_member_text(&json, "id", id_text(cx, relationship_item_id(&ask->found, ID_DISCLOSURE, ask->disclosure_id)));
    json_member_text(&json, "relationship", id_text(cx, relationship_id(&ask->found)));
    json_member_text(&json, "purpose", id_text(cx, ask->purpose_id));
    struct id grant_id = relationship_item_id(&ask->found, ID_GRANT, ask->uses[0].grant.grant_id);
    json_member_text(&json, "grant", id_text(cx, grant_id));
    json_member_time(&json, "valid_until", ask->valid_until_ms);
    json_write_key(&json, "attributes");
    json_open_object(&json);
    for (size_t i = 0; i < ask->values_count; i++)
        write_value(&json, &ask->values[i]);
    json_close_object(&json);
    json_close_object(&json);
    must(cx, json_writer_finish(cx, &json, &reply));
    return reply.size;
}

static void handle(struct ctx *cx, const struct asked *asked)
{
    struct disclosure_ask ask;
    must(cx, store_read_begin(cx));
    must(cx, organisation_authenticate(cx, asked->secret, &cx->actor));
    read_body(cx, asked->body, &ask);
    must(cx, disclosure_decide(cx, &ask));
    bool whole = ask.given && ask.values_count == (size_t)attribute_set_count(world_asked());
    must_be(whole, "a permitted read was refused");
    must_be(write_reply(cx, &ask) > 0, "an empty reply");
    store_read_end(cx);
}

static void run(struct world *world, const struct asked *drawn, double seconds)
{
    struct ctx cx = world->cx;
    size_t done = 0;
    cx.arena = arena_open(1u << 20);
    must_be(cx.arena != NULL, "no memory for an arena");
    double start = seconds_now();
    double cpu_start = seconds_of_thread();
    for (; seconds_now() - start < seconds; done++) {
        arena_reset(cx.arena);
        cx.now_ms = store_now_ms(world->store);
        handle(&cx, &drawn[done % DRAWN]);
    }
    (void)printf("handler %.0f\n", (double)done / (seconds_now() - start));
    (void)printf("handler_cpu %.2f\n", (seconds_of_thread() - cpu_start) / (double)done * 1e6);
    arena_close(cx.arena);
}

void ask_handler(struct world *world, const struct question *question)
{
    const struct asked *drawn = draw(world);
    run(world, drawn, question->seconds); /* warms the page cache; the script takes the last figures */
    for (int64_t round = 0; round < question->rounds; round++)
        run(world, drawn, question->seconds);
}
