/* SPDX-License-Identifier: Apache-2.0
 * Goal: what a client asks for is read in one way, with all that it asks, or refused with its place; and goes back in
 * the same form. Method: a whole detail, each of its members missing, of another type, wrong, and twice. */
#include "protocol/authorization_details.h"

#include "crypto/id_seal.h"
#include "unit/crypto/fixture.h"

#define ORIGIN "https://node.example"

/* `text` with P in the place of a purpose's id, and Q in that of another. */
static struct text with_purposes(struct ctx *cx, const char *text)
{
    struct builder out = builder_open(cx->arena, 64 * 1024);
    struct text ids[] = {id_text(cx, (struct id){ID_PURPOSE, 7, 8}), id_text(cx, (struct id){ID_PURPOSE, 7, 9})};
    for (; *text != '\0'; text++) {
        if (*text == '\1' || *text == '\2')
            build_text(&out, ids[*text - 1]);
        else
            build_byte(&out, (uint8_t)*text);
    }
    return builder_text(&out);
}

#define P "\"\1\""
#define Q "\"\2\""
#define LEAST "\"type\":\"personal-data\",\"purpose\":" P ",\"datatypes\":[\"pd:Name\"]"

static void a_whole_detail_is_read_and_goes_back(void **state)
{
    (void)state; /* nothing is shared */
    struct fixture fixture;
    struct ctx *cx = fixture_open_keyring(&fixture);
    struct text text = with_purposes(cx,
        "[{\"type\":\"personal-data\",\"locations\":[\"" ORIGIN "\"],\"actions\":[\"read\"],"
        "\"datatypes\":[\"pd:PhysicalAddress\",\"pd:Name\"],\"purpose\":" P ",\"duration\":\"P90D\","
        "\"uses\":{\"kind\":\"times\",\"times\":3}},{\"purpose\":" Q ",\"datatypes\":[\"pd:Name\"],"
        "\"type\":\"personal-data\"}]");
    struct authorization_details details, again;
    struct text written, twice;
    assert_int_equal(authorization_details_read(cx, text, TEXT(ORIGIN), &details), OK);
    assert_int_equal(details.count, 2);
    assert_int_equal(details.at[0].purpose.item, 8);
    assert_int_equal(details.at[0].duration_ms, INT64_C(90) * 24 * 3600 * 1000);
    assert_int_equal(details.at[0].uses.kind, USES_TIMES);
    assert_int_equal(details.at[0].uses.max, 3);
    assert_int_equal(attribute_set_count(details.at[0].datatypes), 2);
    assert_int_equal(details.at[1].duration_ms, 0);
    assert_int_equal(details.at[1].uses.kind, USES_PERIOD);
    assert_int_equal(authorization_details_write(cx, &details, TEXT(ORIGIN), &written), OK);
    assert_int_equal(authorization_details_read(cx, written, TEXT(ORIGIN), &again), OK);
    assert_int_equal(authorization_details_write(cx, &again, TEXT(ORIGIN), &twice), OK);
    assert_true(text_equals(written, twice));
    fixture_close(&fixture);
}

static void what_is_not_known_is_refused_with_its_place(void **state)
{
    (void)state; /* nothing is shared */
    static const struct {
        const char *text, *pointer; /* NULL: taken */
    } CASES[] = {
        {"[{" LEAST "}]", NULL},
        {"[{" LEAST ",\"locations\":[\"" ORIGIN "\"],\"actions\":[\"read\"],\"duration\":\"PT1S\"}]", NULL},
        {"[{" LEAST ",\"uses\":{\"kind\":\"once\"}}]", NULL},
        {"[{" LEAST ",\"uses\":{\"kind\":\"event\",\"event\":\"It came.\"}}]", NULL},
        {"", "/0"}, {"{}", "/0"}, {"[]", "/0"}, {"null", "/0"}, {"[1]", "/0"}, {"[[]]", "/0"}, {"[{]", "/0"},
        {"[{" LEAST "},{" LEAST "}]", "/1/purpose"},
        {"[{" LEAST "}] x", "/0"},
        {"[{" LEAST ",\"more\":1}]", "/0"},
        {"[{" LEAST ",\"privileges\":[\"admin\"]}]", "/0"},
        {"[{" LEAST ",\"identifier\":\"x\"}]", "/0"},
        {"[{" LEAST ",\"type\":\"personal-data\"}]", "/0"}, /* twice */
        {"[{\"purpose\":" P ",\"datatypes\":[\"pd:Name\"]}]", "/0/type"},
        {"[{\"type\":\"payment\",\"purpose\":" P ",\"datatypes\":[\"pd:Name\"]}]", "/0/type"},
        {"[{\"type\":[\"personal-data\"],\"purpose\":" P ",\"datatypes\":[\"pd:Name\"]}]", "/0/type"},
        {"[{\"type\":\"personal-data\",\"datatypes\":[\"pd:Name\"]}]", "/0/purpose"},
        {"[{\"type\":\"personal-data\",\"purpose\":\"pur_x\",\"datatypes\":[\"pd:Name\"]}]", "/0/purpose"},
        {"[{\"type\":\"personal-data\",\"purpose\":7,\"datatypes\":[\"pd:Name\"]}]", "/0/purpose"},
        {"[{\"type\":\"personal-data\",\"purpose\":" P "}]", "/0/datatypes"},
        {"[{\"type\":\"personal-data\",\"purpose\":" P ",\"datatypes\":[]}]", "/0/datatypes"},
        {"[{\"type\":\"personal-data\",\"purpose\":" P ",\"datatypes\":\"pd:Name\"}]", "/0/datatypes"},
        {"[{\"type\":\"personal-data\",\"purpose\":" P ",\"datatypes\":[\"pd:Nothing\"]}]", "/0/datatypes"},
        {"[{\"type\":\"personal-data\",\"purpose\":" P ",\"datatypes\":[\"pd:Name\",\"pd:Name\"]}]", "/0/datatypes"},
        {"[{\"type\":\"personal-data\",\"purpose\":" P ",\"datatypes\":[7]}]", "/0/datatypes"},
        {"[{" LEAST ",\"locations\":[]}]", "/0/locations"},
        {"[{" LEAST ",\"locations\":[\"https://evil.example\"]}]", "/0/locations"},
        {"[{" LEAST ",\"locations\":[\"" ORIGIN "\",\"" ORIGIN "\"]}]", "/0/locations"},
        {"[{" LEAST ",\"actions\":[\"write\"]}]", "/0/actions"},
        {"[{" LEAST ",\"actions\":[\"read\",\"subscribe\"]}]", "/0/actions"},
        {"[{" LEAST ",\"actions\":\"read\"}]", "/0/actions"},
        {"[{" LEAST ",\"duration\":\"P367D\"}]", "/0/duration"},
        {"[{" LEAST ",\"duration\":\"PT0S\"}]", "/0/duration"},
        {"[{" LEAST ",\"duration\":90}]", "/0/duration"},
        {"[{" LEAST ",\"duration\":\"90 days\"}]", "/0/duration"},
        {"[{" LEAST ",\"uses\":{}}]", "/0/uses"},
        {"[{" LEAST ",\"uses\":\"once\"}]", "/0/uses"},
        {"[{" LEAST ",\"uses\":{\"kind\":\"often\"}}]", "/0/uses"},
        {"[{" LEAST ",\"uses\":{\"kind\":\"times\"}}]", "/0/uses"},
        {"[{" LEAST ",\"uses\":{\"kind\":\"times\",\"times\":0}}]", "/0/uses"},
        {"[{" LEAST ",\"uses\":{\"kind\":\"times\",\"times\":1.5}}]", "/0/uses"},
        {"[{" LEAST ",\"uses\":{\"kind\":\"times\",\"times\":1000001}}]", "/0/uses"},
        {"[{" LEAST ",\"uses\":{\"kind\":\"event\"}}]", "/0/uses"},
        {"[{" LEAST ",\"uses\":{\"kind\":\"event\",\"event\":\"\"}}]", "/0/uses"},
        {"[{" LEAST ",\"uses\":{\"kind\":\"event\",\"event\":\"a\\u202eb\"}}]", "/0/uses"},
        {"[{" LEAST ",\"uses\":{\"kind\":\"once\",\"more\":1}}]", "/0/uses"},
        {"[1,2,3,4,5,6,7,8,9]", "/0"},
    };
    struct fixture fixture;
    struct ctx *cx = fixture_open_keyring(&fixture);
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        struct authorization_details details;
        err got = authorization_details_read(cx, with_purposes(cx, CASES[i].text), TEXT(ORIGIN), &details);
        if ((got == OK) != (CASES[i].pointer == NULL))
            fail_msg("%s: %s", CASES[i].text, got == OK ? "taken" : cx->failure.detail);
        if (got == OK)
            continue;
        if (strncmp(cx->failure.pointer, CASES[i].pointer, strlen(CASES[i].pointer)) != 0)
            fail_msg("%s: at %s", CASES[i].text, cx->failure.pointer);
        assert_failed(cx, got, INVALID, "details.invalid");
    }
    fixture_close(&fixture);
}

static void want_of_memory_is_no_refusal(void **state)
{
    (void)state; /* nothing is shared */
    struct fixture fixture;
    struct ctx *cx = fixture_open_keyring(&fixture);
    struct text text = with_purposes(cx, "[{" LEAST ",\"uses\":{\"kind\":\"once\"}}]");
    bool done = false;
    for (size_t room = 16; !done; room += 16) {
        struct ctx small = *cx;
        struct authorization_details details;
        small.arena = arena_open(room);
        err got = authorization_details_read(&small, text, TEXT(ORIGIN), &details);
        done = got == OK;
        if (!done)
            assert_failed(&small, got, TOO_LARGE, "limit.memory");
        arena_close(small.arena);
    }
    fixture_close(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_whole_detail_is_read_and_goes_back),
        cmocka_unit_test(what_is_not_known_is_refused_with_its_place),
        cmocka_unit_test(want_of_memory_is_no_refusal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
