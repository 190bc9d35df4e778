/* SPDX-License-Identifier: Apache-2.0
 * Makes a process that runs act against its will: stops each of its threads in turn (ptrace), lets it make calls to the
 * kernel that somebody else chose, behind whatever walls it stands, and lets it go on as if nothing had been. Leaves to
 * the caller which calls those are; they must do no harm where nothing forbids them.
 *
 *     act_inside PID      reads an act a line, its parts divided by tabs: name, call, up to six arguments
 *
 * An argument is a number, or octets in hex behind "x", whose address is given. Prints for each thread and act: thread,
 * error (0: it succeeded), name. Ends with 77 where the machine's registers are not known here, and with 78 when the
 * process may not be traced. */
#include <dirent.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <seccomp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#define EXIT_UNKNOWN_MACHINE 77
#define EXIT_NOT_TRACED 78

#if defined(__x86_64__) || defined(__aarch64__)

#define ARGUMENTS 6
#define ACTS_MAX 64
#define LINE_BYTES 4096
#define BORROWED_BYTES 2048 /* of a stack, below what is in use … */
#define RED_ZONE_BYTES 256  /* … and what may be in use below that */

struct act {
    char     name[64];
    char     call[32];
    int      number;
    uint64_t value[ARGUMENTS];  /* a number, or where the octets begin, counted from the first one of all */
    bool     is_place[ARGUMENTS];
    uint8_t  octets[BORROWED_BYTES];
    size_t   octets_size;
};

struct prisoner {
    pid_t    thread;
    int      memory;    /* of the process */
    uint64_t call_at;   /* where its code has the instruction that calls the kernel */
    int      signal;    /* that came meanwhile, and is handed over at the end */
    struct user_regs_struct before;
};

static _Noreturn void give_up(const char *what)
{
    (void)fprintf(stderr, "%s failed with errno %d\n", what, errno);
    exit(1);
}

/* ---- the machine */

#if defined(__x86_64__)
static const uint8_t CALL_CODE[] = {0x0f, 0x05}; /* syscall */

static uint64_t stack_of(const struct user_regs_struct *registers)
{
    return registers->rsp;
}

static void aim(struct user_regs_struct *registers, uint64_t at, const struct act *act, const uint64_t *values)
{
    registers->rip = at;
    registers->rax = (unsigned long long)act->number;
    registers->orig_rax = UINT64_MAX; /* in no call: nothing of the one that was interrupted is begun again */
    registers->rdi = values[0];
    registers->rsi = values[1];
    registers->rdx = values[2];
    registers->r10 = values[3];
    registers->r8 = values[4];
    registers->r9 = values[5];
}

/* The kernel begins an interrupted call again when it delivers what interrupted it, which is over by the time that we
 * are done: so it is done here. The errors are those of the kernel's include/linux/errno.h. */
static void begin_again(struct user_regs_struct *registers)
{
    enum { RESTART_SYSTEM = 512, RESTART_NO_INTERRUPT = 513, RESTART_NO_HANDLER = 514, RESTART_BLOCK = 516 };
    const long long error = -(long long)registers->rax;
    bool is_whole = error == RESTART_SYSTEM || error == RESTART_NO_INTERRUPT || error == RESTART_NO_HANDLER;
    if ((long long)registers->orig_rax < 0 || (!is_whole && error != RESTART_BLOCK))
        return;
    registers->rax = is_whole ? registers->orig_rax : SYS_restart_syscall;
    registers->rip -= sizeof CALL_CODE;
    registers->orig_rax = UINT64_MAX;
}
#else
static const uint8_t CALL_CODE[] = {0x01, 0x00, 0x00, 0xd4}; /* svc #0 */

static uint64_t stack_of(const struct user_regs_struct *registers)
{
    return registers->sp;
}

static void aim(struct user_regs_struct *registers, uint64_t at, const struct act *act, const uint64_t *values)
{
    registers->pc = at;
    registers->regs[8] = (unsigned long long)act->number;
    for (size_t i = 0; i < ARGUMENTS; i++)
        registers->regs[i] = values[i];
}

/* Here the kernel has put the registers back to before the call when a tracer first sees them. */
static void begin_again(struct user_regs_struct *registers)
{
    (void)registers; /* nothing is left to do */
}
#endif

/* ---- reading acts */

/* Of as many digits as there are; behind them `*out_rest`. */
static uint64_t read_number(const char *word, unsigned base, const char **out_rest)
{
    static const char DIGITS[] = "0123456789abcdef";
    uint64_t number = 0;
    for (const char *digit; *word != '\0' && (digit = strchr(DIGITS, *word)) != NULL && digit < DIGITS + base; word++)
        number = number * base + (uint64_t)(digit - DIGITS);
    *out_rest = word;
    return number;
}

static pid_t read_pid(const char *word)
{
    const char *rest = NULL;
    return (pid_t)read_number(word, 10, &rest);
}

static bool read_octets(const char *hex, struct act *act)
{
    for (; hex[0] != '\0' && hex[1] != '\0'; hex += 2) {
        const char pair[] = {hex[0], hex[1], '\0'};
        const char *rest = NULL;
        if (act->octets_size == sizeof act->octets)
            return false;
        act->octets[act->octets_size++] = (uint8_t)read_number(pair, 16, &rest);
    }
    return true;
}

static bool read_argument(const char *word, struct act *act, size_t i)
{
    act->is_place[i] = word[0] == 'x';
    if (act->is_place[i]) {
        act->value[i] = act->octets_size;
        return read_octets(word + 1, act);
    }
    const char *rest = NULL;
    bool is_below_zero = word[0] == '-';
    uint64_t number = read_number(word + (is_below_zero ? 1 : 0), 10, &rest);
    act->value[i] = is_below_zero ? -number : number;
    return *rest == '\0';
}

static bool read_act(char *line, struct act *act)
{
    *act = (struct act){.octets_size = 0};
    line[strcspn(line, "\n")] = '\0';
    char *rest = line;
    for (size_t i = 0; rest != NULL && i < 2 + ARGUMENTS; i++) {
        char *word = strsep(&rest, "\t");
        if (i == 0)
            (void)snprintf(act->name, sizeof act->name, "%s", word);
        else if (i == 1)
            (void)snprintf(act->call, sizeof act->call, "%s", word);
        else if (!read_argument(word, act, i - 2))
            return false;
    }
    act->number = seccomp_syscall_resolve_name(act->call);
    return rest == NULL && act->number >= 0;
}

static size_t read_acts(struct act *acts)
{
    char line[LINE_BYTES];
    size_t count = 0;
    while (count < ACTS_MAX && fgets(line, sizeof line, stdin) != NULL)
        if (!read_act(line, &acts[count++])) {
            (void)fprintf(stderr, "what is that: %s\n", acts[count - 1].name);
            exit(2);
        }
    return count;
}

/* ---- the process */

static bool find_code(int memory, uint64_t begin, uint64_t end, uint64_t *out)
{
    uint8_t page[4096];
    for (uint64_t at = begin; at < end; at += sizeof page) {
        if (pread(memory, page, sizeof page, (off_t)at) != (ssize_t)sizeof page)
            return false;
        const uint8_t *found = memmem(page, sizeof page, CALL_CODE, sizeof CALL_CODE);
        bool whole = found != NULL && (size_t)(found - page) % (sizeof CALL_CODE == 4 ? 4 : 1) == 0;
        if (whole) {
            *out = at + (uint64_t)(found - page);
            return true;
        }
    }
    return false;
}

/* Some instruction that calls the kernel, wherever: nothing behind it will be run. */
static uint64_t find_call(pid_t pid, int memory)
{
    char path[64];
    char line[LINE_BYTES];
    uint64_t at = 0;
    (void)snprintf(path, sizeof path, "/proc/%d/maps", pid);
    FILE *maps = fopen(path, "re");
    if (maps == NULL)
        give_up("reading maps");
    while (at == 0 && fgets(line, sizeof line, maps) != NULL) {
        const char *rest = NULL;
        uint64_t begin = read_number(line, 16, &rest);
        uint64_t end = read_number(rest + 1, 16, &rest);
        bool is_code = rest[3] == 'x' && strstr(line, "vsyscall") == NULL;
        if (is_code && !find_code(memory, begin, end, &at))
            at = 0;
    }
    (void)fclose(maps); /* it was only read */
    if (at == 0)
        give_up("finding a call in the code");
    return at;
}

static void move_registers(const struct prisoner *prisoner, enum __ptrace_request request,
                           struct user_regs_struct *registers)
{
    struct iovec place = {registers, sizeof *registers};
    if (ptrace(request, prisoner->thread, (void *)NT_PRSTATUS, &place) != 0)
        give_up("moving registers");
}

/* How the thread stopped. A signal that comes by is kept. */
static int wait_for(struct prisoner *prisoner, int wanted)
{
    int status = 0;
    if (waitpid(prisoner->thread, &status, __WALL) != prisoner->thread || !WIFSTOPPED(status))
        give_up("waiting for a thread");
    bool is_signal = status >> 16 == 0 && WSTOPSIG(status) != wanted;
    if (is_signal)
        prisoner->signal = WSTOPSIG(status);
    return status;
}

static void stop(struct prisoner *prisoner)
{
    if (ptrace(PTRACE_INTERRUPT, prisoner->thread, NULL, NULL) != 0)
        give_up("stopping a thread");
    while (wait_for(prisoner, 0) >> 16 != PTRACE_EVENT_STOP)
        if (ptrace(PTRACE_CONT, prisoner->thread, NULL, NULL) != 0)
            give_up("letting a thread go on");
}

/* Until a call begins or ends. */
static void go_on(struct prisoner *prisoner)
{
    enum { CALL = SIGTRAP | 0x80 };
    do {
        if (ptrace(PTRACE_SYSCALL, prisoner->thread, NULL, NULL) != 0)
            give_up("letting a thread go on");
    } while (WSTOPSIG(wait_for(prisoner, CALL)) != CALL);
}

static bool capture(struct prisoner *prisoner)
{
    if (ptrace(PTRACE_SEIZE, prisoner->thread, NULL, (void *)PTRACE_O_TRACESYSGOOD) != 0)
        return false;
    stop(prisoner);
    move_registers(prisoner, PTRACE_GETREGSET, &prisoner->before);
    begin_again(&prisoner->before);
    return true;
}

static void release(struct prisoner *prisoner)
{
    move_registers(prisoner, PTRACE_SETREGSET, &prisoner->before);
    if (ptrace(PTRACE_DETACH, prisoner->thread, NULL, (void *)(intptr_t)prisoner->signal) != 0)
        give_up("letting a thread go");
}

/* ---- acting */

/* What the call gave: below 0 an error. */
static int64_t call_kernel(struct prisoner *prisoner, const struct act *act, const uint64_t *values)
{
    struct user_regs_struct registers = prisoner->before;
    struct __ptrace_syscall_info told = {.op = PTRACE_SYSCALL_INFO_NONE};
    aim(&registers, prisoner->call_at, act, values);
    move_registers(prisoner, PTRACE_SETREGSET, &registers);
    while (told.op != PTRACE_SYSCALL_INFO_EXIT) { /* the call's begin is such a stop, too */
        go_on(prisoner);
        if (ptrace(PTRACE_GET_SYSCALL_INFO, prisoner->thread, (void *)sizeof told, &told) < 0)
            give_up("asking for the call");
    }
    return told.exit.rval;
}

static void close_again(struct prisoner *prisoner, const struct act *act, int64_t result)
{
    const struct act end = {.name = "", .number = SYS_close};
    const uint64_t values[ARGUMENTS] = {(uint64_t)result};
    bool opens = strcmp(act->call, "openat") == 0 || strcmp(act->call, "socket") == 0;
    if (opens && result >= 0 && call_kernel(prisoner, &end, values) != 0)
        give_up("closing what was opened");
}

static int64_t perform(struct prisoner *prisoner, const struct act *act)
{
    uint64_t values[ARGUMENTS];
    uint8_t kept[BORROWED_BYTES];
    const uint64_t place = (stack_of(&prisoner->before) - RED_ZONE_BYTES - BORROWED_BYTES) & ~UINT64_C(15);
    const off_t at = (off_t)place;
    for (size_t i = 0; i < ARGUMENTS; i++)
        values[i] = act->value[i] + (act->is_place[i] ? place : 0);
    if (pread(prisoner->memory, kept, sizeof kept, at) != (ssize_t)sizeof kept ||
        pwrite(prisoner->memory, act->octets, sizeof act->octets, at) != (ssize_t)sizeof act->octets)
        give_up("borrowing a piece of the stack");
    int64_t result = call_kernel(prisoner, act, values);
    if (pwrite(prisoner->memory, kept, sizeof kept, at) != (ssize_t)sizeof kept)
        give_up("giving back a piece of the stack");
    close_again(prisoner, act, result);
    return result;
}

static void act_in_thread(struct prisoner *prisoner, const struct act *acts, size_t count)
{
    if (!capture(prisoner)) {
        if (errno == ESRCH) /* it ended meanwhile */
            return;
        (void)fprintf(stderr, "thread %d may not be traced: errno %d\n", prisoner->thread, errno);
        exit(EXIT_NOT_TRACED);
    }
    for (size_t i = 0; i < count; i++) {
        int64_t result = perform(prisoner, &acts[i]);
        bool failed = result < 0 && result > -4096;
        (void)printf("%d\t%" PRId64 "\t%s\n", prisoner->thread, failed ? -result : 0, acts[i].name);
    }
    release(prisoner);
}

static void act_in_all(pid_t pid, const struct act *acts, size_t count)
{
    char path[64];
    (void)snprintf(path, sizeof path, "/proc/%d/mem", pid);
    int memory = open(path, O_RDWR | O_CLOEXEC);
    if (memory < 0)
        exit(EXIT_NOT_TRACED);
    const uint64_t call_at = find_call(pid, memory);
    (void)snprintf(path, sizeof path, "/proc/%d/task", pid);
    DIR *threads = opendir(path);
    if (threads == NULL)
        give_up("listing threads");
    for (struct dirent *entry; (entry = readdir(threads)) != NULL;) {
        struct prisoner prisoner = {.thread = read_pid(entry->d_name), .memory = memory,
                                    .call_at = call_at};
        if (prisoner.thread > 0)
            act_in_thread(&prisoner, acts, count);
    }
    (void)closedir(threads); /* both were only looked at */
    (void)close(memory);
}

int main(int argc, char **argv)
{
    static struct act acts[ACTS_MAX];
    if (argc != 2)
        return 2;
    size_t count = read_acts(acts);
    act_in_all(read_pid(argv[1]), acts, count);
    return 0;
}

#else

int main(void)
{
    return EXIT_UNKNOWN_MACHINE;
}

#endif
