/* SPDX-License-Identifier: Apache-2.0
 * Whole files: copying one while the node runs, and asking one whether it agrees with itself. */
#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <unistd.h>

#include "store/page_sum.h"
#include "store/sqlite.h"

static err copy_into(struct ctx *cx, struct sqlite_file *file, sqlite3 *target)
{
    sqlite3_backup *backup = sqlite3_backup_init(target, "main", file->db, "main");
    if (backup == NULL)
        return sqlite_fail(cx, file, sqlite3_extended_errcode(target), "backup");
    (void)sqlite3_backup_step(backup, -1); /* in one step: writers are not held up, and it never begins anew */
    int code = sqlite3_backup_finish(backup);
    return code == SQLITE_OK ? OK : sqlite_fail(cx, file, code, "backup");
}

err sqlite_fix(struct ctx *cx, struct sqlite_file *file)
{
    if (database_in_transaction(&file->base)) /* the write that fixes the moment runs again */
        TRY(database_move_to(cx, &file->base, MOVE_ROLLBACK));
    TRY(database_move_to(cx, &file->base, MOVE_BEGIN_READ));
    /* a transaction sees the file as it is at its first look */
    return sqlite_run(cx, &file->base, "SELECT 1 FROM sqlite_schema LIMIT 1");
}

err sqlite_copy(struct ctx *cx, struct sqlite_file *file, const char *path)
{
    int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0 && errno == EEXIST)
        return FAIL(cx, CONFLICT, "store.backup_exists", "the folder of the backup holds one already");
    if (fd < 0)
        return FAIL(cx, INTERNAL, "store.open", "the file of the backup cannot be made (errno %d)", errno);
    (void)close(fd); /* nothing was written through it */
    sqlite3 *target = NULL;
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
    int code = sqlite3_open_v2(path, &target, flags, page_vfs());
    err result = code == SQLITE_OK ? copy_into(cx, file, target) : sqlite_fail(cx, file, code, "backup");
    code = sqlite3_close(target);
    if (result == OK && code != SQLITE_OK)
        return sqlite_fail(cx, file, code, "backup");
    return result;
}

static err ask_whether_sound(struct ctx *cx, struct sqlite_file *file, bool *out)
{
    sqlite3_stmt *prepared = NULL;
    int code = sqlite3_prepare_v2(file->db, "PRAGMA integrity_check(1)", -1, &prepared, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_step(prepared);
    struct text answer = code == SQLITE_ROW ? text_of((const char *)sqlite3_column_text(prepared, 0)) : TEXT_NONE;
    *out = text_is(answer, "ok");
    (void)sqlite3_finalize(prepared); /* repeats the code of the step */
    return code == SQLITE_ROW ? OK : sqlite_fail(cx, file, code, "integrity check");
}

err sqlite_check(struct ctx *cx, struct sqlite_file *file)
{
    bool sound = false;
    /* SQLite calls a page damaged that it had no memory to read: damage is there when it is asked once more. */
    for (int i = 0; i < 2 && !sound; i++)
        TRY(ask_whether_sound(cx, file, &sound));
    if (!sound) /* what SQLite found may quote a row: it stays here */
        return FAIL(cx, CORRUPT, "store.damaged", "a file of the store does not agree with itself");
    return OK;
}
