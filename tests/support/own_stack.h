/* SPDX-License-Identifier: Apache-2.0
 * A thread whose stack is the test's: what its calls have left there can be read when it has ended. A secret that was
 * not wiped stands there still. AddressSanitizer keeps variables elsewhere, so there is nothing to be seen under it:
 * own_stack_shows() tells. */
#ifndef TESTS_SUPPORT_OWN_STACK_H
#define TESTS_SUPPORT_OWN_STACK_H

#include <pthread.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>

#include "support/cmocka.h"

#define OWN_STACK_BYTES (2u << 20)

struct own_stack {
    void     *at;
    pthread_t thread;
    void *(*run)(void *);
    void     *arg;
};

/* Keeps what follows away from the end of the stack, where the end of a thread writes over it. */
static inline void *own_stack_run(void *arg)
{
    const struct own_stack *stack = arg;
    volatile unsigned char apart[32768];
    apart[0] = 0;
    void *result = stack->run(stack->arg);
    apart[sizeof apart - 1] = apart[0];
    return result;
}

static inline void own_stack_begin(struct own_stack *stack, void *(*run)(void *), void *arg)
{
    pthread_attr_t attributes;
    stack->run = run;
    stack->arg = arg;
    stack->at = mmap(NULL, OWN_STACK_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_true(stack->at != MAP_FAILED);
    assert_int_equal(pthread_attr_init(&attributes), 0);
    assert_int_equal(pthread_attr_setstack(&attributes, stack->at, OWN_STACK_BYTES), 0);
    assert_int_equal(pthread_create(&stack->thread, &attributes, own_stack_run, stack), 0);
    assert_int_equal(pthread_attr_destroy(&attributes), 0);
}

static inline void own_stack_wait(struct own_stack *stack)
{
    assert_int_equal(pthread_join(stack->thread, NULL), 0);
}

/* Whether these octets stand there, once its thread has ended. */
static inline bool own_stack_holds(const struct own_stack *stack, const void *octets, size_t size)
{
    return memmem(stack->at, OWN_STACK_BYTES, octets, size) != NULL;
}

static inline void own_stack_close(struct own_stack *stack)
{
    assert_int_equal(munmap(stack->at, OWN_STACK_BYTES), 0);
}

/* ---- the control */

struct own_stack_left {
    const void *octets;
    size_t      size;
};

static void *own_stack_leave(void *arg)
{
    const struct own_stack_left *left = arg;
    volatile unsigned char copy[64];
    assert_true(left->size <= sizeof copy);
    for (size_t i = 0; i < left->size; i++)
        copy[i] = ((const unsigned char *)left->octets)[i];
    return NULL;
}

/* Whether octets that a call leaves behind are found here. */
static inline bool own_stack_shows(const void *octets, size_t size)
{
    struct own_stack stack;
    struct own_stack_left left = {octets, size};
    own_stack_begin(&stack, own_stack_leave, &left);
    own_stack_wait(&stack);
    bool shows = own_stack_holds(&stack, octets, size);
    own_stack_close(&stack);
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    return false;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
    return false;
#endif
#endif
    assert_true(shows);
    return shows;
}

#endif
