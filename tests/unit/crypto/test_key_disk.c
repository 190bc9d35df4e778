/* SPDX-License-Identifier: Apache-2.0
 * Goal: whichever call of the system fails, an act on the key folder is done wholly or told as key.disk, leaves nothing
 * open and nothing half, and then succeeds when it is asked for again; what comes in pieces, or is interrupted, is done
 * all the same. Method: the linker leads the calls of the floor here (src/crypto/CMakeLists.txt), and the n-th call of
 * an act meets the trouble, for every n until none is left. One thread. */
#include <dirent.h>
#include <errno.h>
#include <stdarg.h>
#include <sys/file.h>
#include <sys/socket.h>

#include "crypto/key_message.h"
#include "unit/crypto/key_files.h"

/* ---- calls that meet trouble */

typedef enum trouble_kind {
    TROUBLE_NONE,
    TROUBLE_BROKEN, /* EIO */
    TROUBLE_SIGNAL, /* EINTR, where a call may wait */
    TROUBLE_PIECES, /* half of what is to be read or written */
} trouble_kind;

static struct {
    trouble_kind trouble;
    int          left;   /* calls before the one that meets it */
    const char  *struck; /* its name; NULL as long as none has */
} plan;

static void expect_trouble(trouble_kind trouble, int left)
{
    plan.trouble = trouble;
    plan.left = left;
    plan.struck = NULL;
}

static bool meets(trouble_kind trouble, const char *call, int error)
{
    if (plan.trouble != trouble || plan.left-- != 0)
        return false;
    plan.struck = call;
    errno = error;
    return true;
}

static bool is_broken(const char *call)
{
    return meets(TROUBLE_BROKEN, call, EIO);
}

/* The size that the call gets on with; -1 when it does not. */
static ssize_t size_left(const char *call, size_t size)
{
    if (is_broken(call) || meets(TROUBLE_SIGNAL, call, EINTR))
        return -1;
    return (ssize_t)(meets(TROUBLE_PIECES, call, 0) ? (size + 1) / 2 : size);
}

int __real_open(const char *path, int flags, ...);
int __real_openat(int folder, const char *path, int flags, ...);
int __real_fstat(int file, struct stat *out);
int __real_faccessat(int folder, const char *path, int mode, int flags);
ssize_t __real_read(int file, void *out, size_t size);
ssize_t __real_write(int file, const void *data, size_t size);
int __real_fsync(int file);
int __real_flock(int file, int operation);
int __real_mkdirat(int folder, const char *path, mode_t mode);
int __real_unlinkat(int folder, const char *path, int flags);
int __real_renameat(int from_folder, const char *from, int to_folder, const char *to);
int __real_renameat2(int from_folder, const char *from, int to_folder, const char *to, unsigned flags);
DIR *__real_fdopendir(int file);
struct dirent *__real_readdir(DIR *folder);
ssize_t __real_sendmsg(int socket, const struct msghdr *message, int flags);
ssize_t __real_recv(int socket, void *out, size_t size, int flags);

int __wrap_open(const char *path, int flags, ...);
int __wrap_openat(int folder, const char *path, int flags, ...);
int __wrap_fstat(int file, struct stat *out);
int __wrap_faccessat(int folder, const char *path, int mode, int flags);
ssize_t __wrap_read(int file, void *out, size_t size);
ssize_t __wrap___read_chk(int file, void *out, size_t size, size_t room);
ssize_t __wrap_write(int file, const void *data, size_t size);
int __wrap_fsync(int file);
int __wrap_flock(int file, int operation);
int __wrap_mkdirat(int folder, const char *path, mode_t mode);
int __wrap_unlinkat(int folder, const char *path, int flags);
int __wrap_renameat(int from_folder, const char *from, int to_folder, const char *to);
int __wrap_renameat2(int from_folder, const char *from, int to_folder, const char *to, unsigned flags);
DIR *__wrap_fdopendir(int file);
struct dirent *__wrap_readdir(DIR *folder);
ssize_t __wrap_sendmsg(int socket, const struct msghdr *message, int flags);
ssize_t __wrap_recv(int socket, void *out, size_t size, int flags);
ssize_t __wrap___recv_chk(int socket, void *out, size_t size, size_t room, int flags);

static mode_t mode_in(int flags, va_list rest)
{
    return (flags & O_CREAT) != 0 ? (mode_t)va_arg(rest, int) : 0;
}

int __wrap_open(const char *path, int flags, ...)
{
    va_list rest;
    va_start(rest, flags);
    mode_t mode = mode_in(flags, rest);
    va_end(rest);
    return is_broken("open") ? -1 : __real_open(path, flags, mode);
}

int __wrap_openat(int folder, const char *path, int flags, ...)
{
    va_list rest;
    va_start(rest, flags);
    mode_t mode = mode_in(flags, rest);
    va_end(rest);
    return is_broken("openat") ? -1 : __real_openat(folder, path, flags, mode);
}

int __wrap_fstat(int file, struct stat *out)
{
    return is_broken("fstat") ? -1 : __real_fstat(file, out);
}

int __wrap_faccessat(int folder, const char *path, int mode, int flags)
{
    return is_broken("faccessat") ? -1 : __real_faccessat(folder, path, mode, flags);
}

ssize_t __wrap_read(int file, void *out, size_t size)
{
    ssize_t left = size_left("read", size);
    return left < 0 ? -1 : __real_read(file, out, (size_t)left);
}

ssize_t __wrap___read_chk(int file, void *out, size_t size, size_t room)
{
    assert_true(size <= room);
    return __wrap_read(file, out, size);
}

ssize_t __wrap_write(int file, const void *data, size_t size)
{
    ssize_t left = size_left("write", size);
    return left < 0 ? -1 : __real_write(file, data, (size_t)left);
}

int __wrap_fsync(int file)
{
    return is_broken("fsync") ? -1 : __real_fsync(file);
}

int __wrap_flock(int file, int operation)
{
    return is_broken("flock") ? -1 : __real_flock(file, operation);
}

int __wrap_mkdirat(int folder, const char *path, mode_t mode)
{
    return is_broken("mkdirat") ? -1 : __real_mkdirat(folder, path, mode);
}

static bool another_is_faster; /* another process removes what is to be removed, just before */

int __wrap_unlinkat(int folder, const char *path, int flags)
{
    if (another_is_faster)
        assert_int_equal(__real_unlinkat(folder, path, flags), 0);
    return is_broken("unlinkat") ? -1 : __real_unlinkat(folder, path, flags);
}

int __wrap_renameat(int from_folder, const char *from, int to_folder, const char *to)
{
    return is_broken("renameat") ? -1 : __real_renameat(from_folder, from, to_folder, to);
}

int __wrap_renameat2(int from_folder, const char *from, int to_folder, const char *to, unsigned flags)
{
    return is_broken("renameat2") ? -1 : __real_renameat2(from_folder, from, to_folder, to, flags);
}

DIR *__wrap_fdopendir(int file)
{
    return is_broken("fdopendir") ? NULL : __real_fdopendir(file);
}

struct dirent *__wrap_readdir(DIR *folder)
{
    return is_broken("readdir") ? NULL : __real_readdir(folder);
}

ssize_t __wrap_sendmsg(int socket, const struct msghdr *message, int flags)
{
    return size_left("sendmsg", 0) < 0 ? -1 : __real_sendmsg(socket, message, flags);
}

ssize_t __wrap_recv(int socket, void *out, size_t size, int flags)
{
    return size_left("recv", 0) < 0 ? -1 : __real_recv(socket, out, size, flags);
}

ssize_t __wrap___recv_chk(int socket, void *out, size_t size, size_t room, int flags)
{
    assert_true(size <= room);
    return __wrap_recv(socket, out, size, flags);
}

/* ---- acts on the folder */

#define OLD_MARK "node.example/log\n5\nold\n"
#define NEW_MARK "node.example/log\n6\nnew, and longer\n"

struct scene {
    struct fixture   fixture;
    struct ctx      *cx;
    struct key_place place;
    struct bytes     wrapped;
    struct bytes     root;        /* as it stood before the act; empty: none */
    int              bucket_file; /* open: reaches the octets of the file when its name is gone */
    int64_t          made;
};

struct act {
    const char *name;
    void (*prepare)(struct scene *scene);
    err (*run)(struct scene *scene);
    void (*look)(struct scene *scene, err result); /* at what is there, by whatever result */
    err once_more;                                 /* a second success may be another word */
};

static void nothing(struct scene *scene)
{
    (void)scene; /* the act begins with an empty folder */
}

static err open_keyring(struct scene *scene)
{
    return keyring_open(scene->cx, scene->fixture.keys, true, &scene->cx->keyring);
}

static void have_keyring(struct scene *scene)
{
    assert_int_equal(open_keyring(scene), OK);
    scene->root = read_file(scene->cx, scene->fixture.keys, "root.key");
}

static void have_root(struct scene *scene)
{
    have_keyring(scene);
    keyring_close(scene->cx->keyring);
    scene->cx->keyring = NULL;
}

/* A root that stands is whole, and stays. */
static void look_at_root(struct scene *scene, err result)
{
    struct bytes root = read_file(scene->cx, scene->fixture.keys, "root.key");
    assert_true(root.at != NULL ? root.size == SECRET_KEY_BYTES : result != OK);
    if (scene->root.size > 0)
        assert_true(bytes_equals(root, scene->root));
    scene->root = root;
    assert_true((result == OK) == (scene->cx->keyring != NULL));
    keyring_close(scene->cx->keyring);
    scene->cx->keyring = NULL;
    assert_true(access(scene->fixture.keys, F_OK) != 0 ||
                count_files(scene->fixture.keys, "") <= 1u + (root.at != NULL)); /* buckets, root.key, nothing else */
}

static err make_bucket(struct scene *scene)
{
    scene->made = 0;
    return keyring_bucket_create(scene->cx, scene->cx->keyring, &scene->made, NULL);
}

static void look_at_buckets(struct scene *scene, err result)
{
    char path[128];
    assert_true((result == OK) == (scene->made != 0));
    (void)snprintf(path, sizeof path, "%s/buckets", scene->fixture.keys);
    DIR *list = opendir(path);
    assert_non_null(list);
    for (struct dirent *entry; (entry = readdir(list)) != NULL;) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        (void)snprintf(path, sizeof path, "buckets/%.64s", entry->d_name);
        assert_int_equal(read_file(scene->cx, scene->fixture.keys, path).size, KEYRING_WRAPPED_BYTES); /* none half */
    }
    closedir(list);
}

static void have_bucket(struct scene *scene)
{
    char path[256];
    struct secret_key key;
    have_keyring(scene);
    scene->place = (struct key_place){.bucket = some_bucket(scene->cx), .person_id = 42};
    assert_int_equal(keyring_person_key_make(scene->cx, scene->cx->keyring, &scene->place, &scene->wrapped, &key), OK);
    keyring_close(scene->cx->keyring); /* another keyring has nothing of it in memory */
    have_keyring(scene);
    (void)snprintf(path, sizeof path, "%s/buckets/%lld.key", scene->fixture.keys, (long long)scene->place.bucket);
    scene->bucket_file = open(path, O_RDONLY | O_CLOEXEC);
    assert_true(scene->bucket_file >= 0);
}

static err open_person_key(struct scene *scene)
{
    struct secret_key key;
    return keyring_person_key_open(scene->cx, scene->cx->keyring, &scene->place, scene->wrapped, &key);
}

static err destroy_bucket(struct scene *scene)
{
    return keyring_bucket_destroy(scene->cx, scene->cx->keyring, scene->place.bucket);
}

/* Gone with its octets, or told not to be. */
static void look_at_octets(struct scene *scene, err result)
{
    uint8_t left[2 * KEYRING_WRAPPED_BYTES];
    ssize_t size = pread(scene->bucket_file, left, sizeof left, 0);
    assert_int_equal(size, KEYRING_WRAPPED_BYTES);
    for (ssize_t i = 0; i < size && result == OK; i++)
        assert_int_equal(left[i], 0);
    assert_true(result != OK || count_files(scene->fixture.keys, "buckets") == 0);
}

static err look_for_buckets(struct scene *scene)
{
    bool found = false;
    err looked = keyring_has_buckets(scene->cx, scene->cx->keyring, &found);
    assert_true(found == (looked == OK));
    return looked;
}

static void have_mark(struct scene *scene)
{
    have_keyring(scene);
    assert_int_equal(keyring_mark_keep(scene->cx, scene->cx->keyring, TEXT(OLD_MARK)), OK);
}

static err keep_mark(struct scene *scene)
{
    return keyring_mark_keep(scene->cx, scene->cx->keyring, TEXT(NEW_MARK));
}

static void look_at_mark(struct scene *scene, err result)
{
    struct text mark = text_of_bytes(read_file(scene->cx, scene->fixture.keys, "log.checkpoint"));
    assert_true(text_is(mark, NEW_MARK) || (result != OK && text_is(mark, OLD_MARK)));
}

static err read_mark(struct scene *scene)
{
    struct text mark = TEXT_NONE;
    err read = keyring_mark_load(scene->cx, scene->cx->keyring, &mark);
    assert_true(text_is(mark, read == OK ? OLD_MARK : ""));
    return read;
}

static void look_at_nothing(struct scene *scene, err result)
{
    (void)scene, (void)result; /* such an act leaves all as it is, and says itself what it saw */
}

static const struct act ACTS[] = {
    {"open in an empty place", nothing, open_keyring, look_at_root, OK},
    {"open again", have_root, open_keyring, look_at_root, OK},
    {"make a bucket", have_keyring, make_bucket, look_at_buckets, OK},
    {"open a person's key", have_bucket, open_person_key, look_at_nothing, OK},
    {"destroy a bucket", have_bucket, destroy_bucket, look_at_octets, NOT_FOUND},
    {"look for buckets", have_bucket, look_for_buckets, look_at_nothing, OK},
    {"keep the mark", have_mark, keep_mark, look_at_mark, OK},
    {"read the mark", have_mark, read_mark, look_at_nothing, OK},
};

/* ---- each act with each call that fails */

static void check_result(const struct act *act, trouble_kind trouble, const struct ctx *cx, err result)
{
    if (plan.struck == NULL || trouble != TROUBLE_BROKEN) {
        if (result != OK)
            fail_msg("%s: %s (%s)", act->name, cx->failure.reason, plan.struck == NULL ? "no trouble" : plan.struck);
        return;
    }
    if (result != INTERNAL || strcmp(cx->failure.reason, "key.disk") != 0)
        fail_msg("%s, %s fails: %s %s", act->name, plan.struck, error_name(result), cx->failure.detail);
}

/* True when a call met the trouble. */
static bool try_act(const struct act *act, trouble_kind trouble, int left)
{
    struct scene scene = {.bucket_file = -1};
    scene.cx = fixture_open(&scene.fixture);
    act->prepare(&scene);
    size_t open_before = count_files("/proc/self/fd", "");
    expect_trouble(trouble, left);
    err result = act->run(&scene);
    plan.trouble = TROUBLE_NONE;
    bool struck = plan.struck != NULL;
    check_result(act, trouble, scene.cx, result);
    failure_clear(&scene.cx->failure);
    act->look(&scene, result);
    if (act->run != open_keyring || result != OK)
        assert_int_equal(count_files("/proc/self/fd", ""), open_before);
    err again = act->run(&scene);
    if (again != OK && again != act->once_more)
        fail_msg("%s, asked for again: %s", act->name, scene.cx->failure.detail);
    act->look(&scene, OK);
    if (scene.bucket_file >= 0)
        close(scene.bucket_file);
    fixture_close(&scene.fixture);
    return struck;
}

static int count_struck(trouble_kind trouble)
{
    int struck = 0;
    for (size_t i = 0; i < sizeof ACTS / sizeof *ACTS; i++)
        for (int left = 0; try_act(&ACTS[i], trouble, left); left++)
            struck++;
    return struck;
}

static void what_the_disk_refuses_is_told_and_leaves_nothing_half(void **state)
{
    (void)state; /* each try makes its own */
    assert_true(count_struck(TROUBLE_BROKEN) > 60);
}

static void a_signal_in_between_changes_nothing(void **state)
{
    (void)state; /* each try makes its own */
    assert_true(count_struck(TROUBLE_SIGNAL) > 12);
}

static void what_goes_in_pieces_goes_whole(void **state)
{
    (void)state; /* each try makes its own */
    assert_true(count_struck(TROUBLE_PIECES) > 12);
}

/* ---- single cases */

static void a_key_that_another_destroys_in_this_moment_is_destroyed(void **state)
{
    (void)state;
    struct scene scene = {.bucket_file = -1};
    scene.cx = fixture_open(&scene.fixture);
    have_bucket(&scene);
    another_is_faster = true;
    err destroyed = destroy_bucket(&scene);
    another_is_faster = false;
    assert_int_equal(destroyed, OK);
    look_at_octets(&scene, OK);
    close(scene.bucket_file);
    fixture_close(&scene.fixture);
}

static void a_file_longer_than_any_key_is_overwritten_whole(void **state)
{
    (void)state;
    static const uint8_t LONG[300] = {[0 ... 299] = 0xA5};
    struct fixture fixture;
    struct ctx *cx = fixture_open_keyring(&fixture);
    uint8_t left[sizeof LONG + 1];
    char path[256];
    write_file(fixture.keys, "buckets/7.key", (struct bytes){LONG, sizeof LONG}, 0600);
    (void)snprintf(path, sizeof path, "%s/buckets/7.key", fixture.keys);
    int file = open(path, O_RDONLY | O_CLOEXEC);
    assert_int_equal(keyring_bucket_destroy(cx, cx->keyring, 7), OK);
    assert_int_equal(pread(file, left, sizeof left, 0), sizeof LONG);
    for (size_t i = 0; i < sizeof LONG; i++)
        assert_int_equal(left[i], 0);
    close(file);
    fixture_close(&fixture);
}

static void only_a_key_counts_as_a_bucket(void **state)
{
    (void)state;
    static const char *const OTHERS[] = {"buckets/k", "buckets/.0123456789abcdef.new", "buckets/1.key.old"};
    struct fixture fixture;
    struct ctx *cx = fixture_open_keyring(&fixture);
    bool found = true;
    for (size_t i = 0; i < sizeof OTHERS / sizeof *OTHERS; i++)
        write_file(fixture.keys, OTHERS[i], bytes_of_text(TEXT("x")), 0600);
    assert_int_equal(keyring_has_buckets(cx, cx->keyring, &found), OK);
    assert_false(found);
    (void)some_bucket(cx);
    assert_int_equal(keyring_has_buckets(cx, cx->keyring, &found), OK);
    assert_true(found);
    fixture_close(&fixture);
}

/* A file in the key's place shows whether it is in memory still: then that is what opens. */
static void a_look_that_fails_drops_no_key(void **state)
{
    (void)state;
    struct scene scene = {.bucket_file = -1};
    struct ctx *cx = scene.cx = fixture_open(&scene.fixture);
    struct keyring *other = NULL;
    char path[64];
    have_bucket(&scene);
    assert_int_equal(open_person_key(&scene), OK);
    assert_int_equal(keyring_open(cx, scene.fixture.keys, false, &other), OK);
    assert_int_equal(keyring_bucket_destroy(cx, other, scene.place.bucket), OK);
    bucket_path(scene.place.bucket, path);
    expect_trouble(TROUBLE_BROKEN, 0);
    keyring_drop_destroyed(cx, cx->keyring);
    plan.trouble = TROUBLE_NONE;
    assert_string_equal(plan.struck, "faccessat");
    write_file(scene.fixture.keys, path, bytes_of_text(TEXT("x")), 0600);
    assert_int_equal(open_person_key(&scene), OK);
    assert_int_equal(keyring_bucket_destroy(cx, other, scene.place.bucket), OK);
    keyring_drop_destroyed(cx, cx->keyring);
    write_file(scene.fixture.keys, path, bytes_of_text(TEXT("x")), 0600);
    assert_failed(cx, open_person_key(&scene), CORRUPT, "seal.broken");
    keyring_close(other);
    close(scene.bucket_file);
    fixture_close(&scene.fixture);
}

/* ---- messages */

static bool exchange(const int ends[2])
{
    struct key_question question = {.act = KEY_ACT_MARK_KEEP, .number = 5, .size = 3, .data = "abc"};
    struct key_question heard = {0};
    return key_question_send(ends[0], &question) && key_question_receive(ends[1], &heard) &&
           memcmp(&question, &heard, KEY_QUESTION_HEAD_BYTES + 3) == 0;
}

static void a_message_goes_through_signals_and_not_through_failures(void **state)
{
    (void)state; /* a pair of sockets is all it needs */
    for (int left = 0; left < 2; left++) {
        int ends[2];
        assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
        expect_trouble(TROUBLE_SIGNAL, left);
        assert_true(exchange(ends));
        assert_string_equal(plan.struck, left == 0 ? "sendmsg" : "recv");
        expect_trouble(TROUBLE_BROKEN, left);
        assert_false(exchange(ends));
        assert_string_equal(plan.struck, left == 0 ? "sendmsg" : "recv");
        plan.trouble = TROUBLE_NONE;
        close(ends[0]);
        close(ends[1]);
    }
}

/* What was asked is done, nobody hears the answer, and the holder does not wait for more. */
static void a_holder_ends_when_nobody_hears_its_answer(void **state)
{
    (void)state;
    struct fixture fixture;
    struct ctx *cx = fixture_open(&fixture);
    struct key_service service = {0};
    struct key_question question = {.act = KEY_ACT_BUCKET_MAKE, .number = 7};
    int ends[2];
    assert_int_equal(key_holder_open(cx, fixture.keys, true, &service.holder), OK);
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
    for (int i = 0; i < 2; i++, question.number++)
        assert_true(key_question_send(ends[0], &question));
    close(ends[0]);
    key_service_run(cx, &service, ends[1]);
    assert_int_equal(count_files(fixture.keys, "buckets"), 1);
    close(ends[1]);
    key_holder_close(service.holder);
    fixture_close(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_the_disk_refuses_is_told_and_leaves_nothing_half),
        cmocka_unit_test(a_signal_in_between_changes_nothing),
        cmocka_unit_test(what_goes_in_pieces_goes_whole),
        cmocka_unit_test(a_key_that_another_destroys_in_this_moment_is_destroyed),
        cmocka_unit_test(a_file_longer_than_any_key_is_overwritten_whole),
        cmocka_unit_test(only_a_key_counts_as_a_bucket),
        cmocka_unit_test(a_look_that_fails_drops_no_key),
        cmocka_unit_test(a_message_goes_through_signals_and_not_through_failures),
        cmocka_unit_test(a_holder_ends_when_nobody_hears_its_answer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
