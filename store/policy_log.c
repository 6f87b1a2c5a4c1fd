/* policy_log: see policy_log.h. */
#include "store/policy_log.h"
#include <unistd.h>

enum { PATIENCE_MS = 200 };

void policy_log_open(PolicyLog *log, const char *db_path) {
    *log = (PolicyLog){0};
    if (access(db_path, F_OK) != 0) return;
    if (db_open(&log->db, db_path, DB_WRITE, &log->why) == 0) db_patience(log->db, PATIENCE_MS);
}

void policy_log_close(PolicyLog *log) {
    db_close(log->db);
    log->db = NULL;
}

static int insert(PolicyLog *log, const PolicyEvent *v) {
    static const char sql[] = "INSERT INTO policy_event(at_ms, action, section, user, login, host, came_from, reason, from_generation, "
                              "generation, outcome) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)";
    const char *texts[] = {v->action, v->section, v->user, v->login, v->host, v->from, v->reason};
    sqlite3_stmt *s = db_prepare(log->db, sql, &log->why);
    if (!s) return -1;
    sqlite3_bind_int64(s, 1, v->at_ms);
    for (int i = 0; i < 7; i++) sqlite3_bind_text(s, i + 2, texts[i], -1, SQLITE_STATIC);
    sqlite3_bind_int64(s, 9, v->from_generation);
    sqlite3_bind_int64(s, 10, v->generation);
    sqlite3_bind_text(s, 11, v->outcome, -1, SQLITE_STATIC);
    if (db_step(log->db, s, "note a change of the policy", &log->why) != 0) return -1;
    log->row = sqlite3_last_insert_rowid(db_handle(log->db));
    return 0;
}

static void set_outcome(PolicyLog *log, const PolicyEvent *v) {
    sqlite3_stmt *s = db_prepare(log->db, "UPDATE policy_event SET outcome = ?2 WHERE id = ?1", &log->why);
    if (!s) return;
    sqlite3_bind_int64(s, 1, log->row);
    sqlite3_bind_text(s, 2, v->outcome, -1, SQLITE_STATIC);
    db_step(log->db, s, "note the outcome of a change of the policy", &log->why);
    log->row = 0;
}

void policy_log_witness(void *self, const PolicyEvent *v) {
    PolicyLog *log = self;
    bool intended = strcmp(v->outcome, "intended") == 0;
    if (!log->db || log->why.text[0]) return;
    if (!intended && log->row) {
        set_outcome(log, v);
        return;
    }
    insert(log, v);
    if (!intended) log->row = 0;
}
