/* SPDX-License-Identifier: Apache-2.0 */
#include "http/engine/exchange.h"

#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "support/cmocka.h"

#define SENDERS 4
#define EACH 5000

static void an_exchange_comes_back_empty(void **state)
{
    (void)state;
    struct randomness randomness = randomness_system();
    struct exchange_shelf shelf = {.randomness = &randomness};
    struct exchange *first = exchange_take(&shelf, NULL);
    assert_non_null(first);
    struct call *call = &first->call;
    char id[REQUEST_ID_SIZE + 1];
    memcpy(id, call->request_id, sizeof id);
    call->request.field_count = 3;
    call->request.method = TEXT("PUT");
    call->reply.status = 404;
    call->reply.close = true;
    call->cx.actor.person_id = 7;
    assert_int_equal(FAIL(&call->cx, CONFLICT, "a.b", "c"), CONFLICT);
    assert_int_equal(reply_add_field(call, "X-A", TEXT("b")), OK);
    exchange_give_back(&shelf, first);

    struct exchange *again = exchange_take(&shelf, NULL);
    assert_ptr_equal(again, first);
    assert_int_equal(again->call.request.field_count, 0);
    assert_int_equal(again->call.request.method.size, 0);
    assert_int_equal(again->call.reply.status, 200);
    assert_int_equal(again->call.reply.field_count, 0);
    assert_false(again->call.reply.close);
    assert_int_equal(again->call.cx.actor.person_id, 0);
    assert_int_equal(again->call.cx.failure.code, OK);
    assert_int_equal(strlen(again->call.request_id), REQUEST_ID_SIZE);
    assert_string_not_equal(again->call.request_id, id);
    exchange_shelf_close(&shelf);
}

/* How many calls others made in between must not show: ids of neighbours share no more than chance gives them. */
static void request_ids_tell_nothing_of_their_order(void **state)
{
    enum { COUNT = 3 * REQUEST_IDS_AT_ONCE };
    (void)state;
    struct randomness randomness = randomness_system();
    struct exchange_shelf shelf = {.randomness = &randomness};
    char ids[COUNT][REQUEST_ID_SIZE + 1];
    for (size_t i = 0; i < COUNT; i++) {
        struct exchange *taken = exchange_take(&shelf, NULL);
        memcpy(ids[i], taken->call.request_id, sizeof ids[i]);
        exchange_give_back(&shelf, taken);
    }
    for (size_t i = 0; i < COUNT; i++)
        for (size_t j = i + 1; j < COUNT; j++) {
            size_t shared = 0;
            for (size_t at = 0; at < REQUEST_ID_SIZE - 1; at++) /* the last character holds three bits only */
                shared += ids[i][at] == ids[j][at];
            assert_in_range(shared, 0, 12); /* a counter shares 23 of 25; chance shares 13 once in 10^13 pairs */
        }
    exchange_shelf_close(&shelf);
}

static void a_burst_of_exchanges_is_given_back_to_the_system(void **state)
{
    (void)state;
    struct randomness randomness = randomness_system();
    struct exchange_shelf shelf = {.randomness = &randomness};
    struct exchange *taken[1000];
    for (size_t i = 0; i < 1000; i++)
        taken[i] = exchange_take(&shelf, NULL);
    for (size_t i = 0; i < 1000; i++)
        exchange_give_back(&shelf, taken[i]);
    size_t kept = 0;
    for (struct exchange *exchange = shelf.newest; exchange != NULL; exchange = exchange->older)
        kept++;
    assert_int_equal(kept, shelf.free_count);
    assert_in_range(kept, 1, 200);
    exchange_shelf_close(&shelf);
}

static void a_shelf_frees_also_what_never_came_back(void **state)
{
    (void)state;
    struct randomness randomness = randomness_system();
    struct exchange_shelf shelf = {.randomness = &randomness};
    assert_non_null(exchange_take(&shelf, NULL));
    assert_non_null(exchange_take(&shelf, NULL));
    exchange_shelf_close(&shelf); /* the leak checker looks on */
    assert_null(shelf.newest);
}

static bool is_awake(const struct mailbox *mailbox)
{
    struct pollfd poll_for = {.fd = mailbox->event_fd, .events = POLLIN};
    return poll(&poll_for, 1, 0) == 1;
}

static void a_mailbox_wakes_once_for_a_batch_and_keeps_the_order(void **state)
{
    (void)state;
    struct randomness randomness = randomness_system();
    struct exchange_shelf shelf = {.randomness = &randomness};
    struct mailbox mailbox = {.event_fd = eventfd(0, EFD_NONBLOCK)};
    struct exchange *sent[3];
    for (size_t i = 0; i < 3; i++) {
        sent[i] = exchange_take(&shelf, NULL);
        assert_int_equal(mailbox_put(&mailbox, sent[i]), i == 0);
    }
    assert_false(is_awake(&mailbox));
    mailbox_wake(&mailbox);
    assert_true(is_awake(&mailbox));
    struct exchange *got = mailbox_take(&mailbox);
    for (size_t i = 0; i < 3; i++, got = got->next)
        assert_ptr_equal(got, sent[i]);
    assert_null(got);
    assert_false(is_awake(&mailbox));
    assert_null(mailbox_take(&mailbox));
    exchange_shelf_close(&shelf);
    close(mailbox.event_fd);
}

struct sender {
    struct mailbox  *mailbox;
    struct exchange *letters; /* EACH of them, used as bare list members */
};

static void *send_letters(void *arg)
{
    struct sender *sender = arg;
    for (size_t i = 0; i < EACH; i++)
        if (mailbox_put(sender->mailbox, &sender->letters[i]))
            mailbox_wake(sender->mailbox);
    return NULL;
}

static void no_letter_of_many_senders_is_lost_or_doubled(void **state)
{
    (void)state;
    struct mailbox mailbox = {.event_fd = eventfd(0, EFD_NONBLOCK)};
    struct sender senders[SENDERS];
    pthread_t threads[SENDERS];
    for (size_t i = 0; i < SENDERS; i++) {
        senders[i] = (struct sender){&mailbox, calloc(EACH, sizeof(struct exchange))};
        assert_non_null(senders[i].letters);
        assert_int_equal(pthread_create(&threads[i], NULL, send_letters, &senders[i]), 0);
    }
    size_t got = 0;
    while (got < SENDERS * EACH) {
        struct pollfd poll_for = {.fd = mailbox.event_fd, .events = POLLIN};
        assert_int_equal(poll(&poll_for, 1, 10000), 1); /* a lost wake would wait here for ever */
        for (struct exchange *letter = mailbox_take(&mailbox); letter != NULL; letter = letter->next) {
            assert_int_equal(letter->call.reply.status, 0);
            letter->call.reply.status = 1; /* seen */
            got++;
        }
    }
    for (size_t i = 0; i < SENDERS; i++) {
        pthread_join(threads[i], NULL);
        for (size_t n = 0; n < EACH; n++)
            assert_int_equal(senders[i].letters[n].call.reply.status, 1);
        free(senders[i].letters);
    }
    close(mailbox.event_fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_exchange_comes_back_empty),
        cmocka_unit_test(request_ids_tell_nothing_of_their_order),
        cmocka_unit_test(a_burst_of_exchanges_is_given_back_to_the_system),
        cmocka_unit_test(a_shelf_frees_also_what_never_came_back),
        cmocka_unit_test(a_mailbox_wakes_once_for_a_batch_and_keeps_the_order),
        cmocka_unit_test(no_letter_of_many_senders_is_lost_or_doubled),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
