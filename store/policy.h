/* policy: the shared policy file that gateways obey: one door to change it, and what people and programs read from it.
 *
 * Owns: the policy file, its lock, its audit trail, its flag files; reading the gateways' acknowledgements.
 * Does not: need a database, a network or a terminal; know prices or amounts (those are in the ledger).
 *
 * Invariants (each has a test that cites it):
 *  P1  One door: policy_change() is the only code that writes the file; everything else here edits through it.
 *  P2  Writers take turns by flock() on "FILE.lock", a file of its own, because a lock on the policy file would stay with
 *      the inode that a rename replaces. They wait 10 s at most,
 *      because on a loaded disk each of several takes its time, and then fail with the lock's file named.
 *  P3  Readers see the old file or the new one, whole: temporary file in the same folder, fsync, rename, fsync of the folder.
 *  P4  The file is never removed, emptied or written in place.
 *  P5  `generation` rises by one with each change. `section_generation` remembers each section's last change, and a change
 *      made by somebody who saw generation G is refused as a conflict only if its own section changed after G.
 *  P6  Stopping calls is never refused as a conflict.
 *  P7  The guard sets the states of configured budgets, and stops calls or lets them pass again only where it did so itself
 *      (`engaged_by` "budget:ID"). It never undoes a person: not a stop, not a `resume` (an override until the period ends).
 *  P8  Keys that this version does not know are kept, at every depth.
 *  P9  A symbolic link, anything but a regular file, more than 1 MiB, a file or folder that everybody may write: refused.
 *  P10 The file has mode 0664 and the folder's group, whatever the umask, so that the next person in it can write too.
 *  P11 An audit line is on disk before the rename, and its outcome after it.
 *  P12 A stop whose time is over is off for every reader by the reader's own clock; no writer is needed.
 *  P13 derived/kill_all and derived/kill_non_critical exist exactly while such a stop is on, as of the last sync.
 *  P14 A policy file that cannot be read is never lost: stopping calls, by a person or a spent budget, then goes on from
 *      the last good copy ("FILE.prev"), and what was in the way is kept as "FILE.broken". Every other change fails and says
 *      so. So it is with one that was written and is gone. The generation then goes on above all that were written or
 *      acknowledged. The copy is one change older: the guard leaves it where that change was a person's (P7).
 *  P15 What is written is never larger than readers take (1 MiB).
 * Times in ms since 1970 UTC; money as decimal text. Thread: any; no state in memory.
 * Source: schema 1 and the rules for writers and readers, as the gateways' READMEs tell them.
 */
#ifndef STORE_POLICY_H
#define STORE_POLICY_H
#include "store/budget.h"

struct json_t;

/* ---- looking ---- */
typedef enum SwitchState { SWITCH_UNKNOWN, SWITCH_OFF, SWITCH_NON_CRITICAL, SWITCH_ALL, SWITCH_EXPIRED } SwitchState;
typedef struct PolicyView {
    SwitchState state;
    int64_t generation, engaged_at_ms, expires_at_ms; /* 0 = none */
    bool abort;                                       /* in-flight calls are cut, not drained */
    bool never;                                       /* unknown because nobody ever wrote it: no file, no last good copy */
    int critical_count;                               /* features that a stop of non-critical calls lets pass */
    int gateways, obeyed;                             /* known, and of those at this generation: whoever reads the acks sets it */
    char by[128], reason[256], why_unknown[ERR_MAX];
} PolicyView;
/* Never fails: a file that is missing, unreadable, cut or of a newer schema gives SWITCH_UNKNOWN and says why, because
 * gateways keep their last good policy then and "off" would be a guess. */
void policy_view(const char *path, int64_t now_ms, PolicyView *out);

/* The whole file, checked for form (P9) but not for sense; *out is the caller's (json_decref). -1 with ENOENT in errno:
 * there is none. */
int policy_read(const char *path, struct json_t **out, Err *e);
/* As a gateway goes on: the file, else the last good copy of it, else *out NULL (there never was one): never fails for that. */
int policy_read_last_good(const char *path, struct json_t **out, Err *e);
/* What is wrong with a policy, by the table of its keys: "limits[2].max_output_tokens: ..."; unknown keys are fine. */
int policy_validate(const struct json_t *policy, Err *e);

/* ---- who ---- */
typedef struct Actor {
    char user[128];  /* configured or TOLLWATCH_USER, else SUDO_USER, else the login */
    char login[64];  /* of the process, whatever the user says to be */
    char host[128];  /* this host */
    char from[64];   /* where an SSH session comes from; "" = none */
    bool guard;      /* a budget acts, not a person */
} Actor;
void actor_find(const char *configured_user, Actor *out);

/* ---- the door ---- */
typedef struct PolicyEvent { /* a line of the audit trail */
    int64_t at_ms, from_generation, generation;
    char action[32], section[32], user[128], login[64], host[128], from[64], reason[256], outcome[ERR_MAX];
} PolicyEvent; /* outcome: "intended" before the rename, then "written" or "failed: why" */
typedef void PolicyWitness(void *ctx, const PolicyEvent *event); /* called for both; must not block long */

enum { POLICY_PATIENCE_MS = 10000 };
typedef struct PolicyWriter {
    const char *path;
    const Actor *by;
    int64_t now_ms;
    int64_t seen_generation;    /* the generation the actor looked at; -1 = did not look, no conflict is possible */
    int64_t patience_ms;        /* for the lock; 0 = POLICY_PATIENCE_MS */
    PolicyWitness *witness;     /* NULL = the file's own audit trail only */
    void *ctx;
    const char *ledger;         /* of a guard: whose spend it goes by, "host:path"; NULL = not told */
    const char *critical;       /* of a guard: features that its stops let pass where the policy names none; NULL or "" = none */
} PolicyWriter;
typedef enum PolicyResult { POLICY_WRITTEN, POLICY_UNCHANGED, POLICY_CONFLICT } PolicyResult;
typedef struct PolicyDone {
    PolicyResult result;
    int64_t generation;         /* of the file now */
    char conflict[ERR_MAX];     /* who changed what since */
    char warning[ERR_MAX];      /* done, but: the audit trail or a flag file could not be written, ...; "" = none */
} PolicyDone;

typedef struct PolicyEdit {
    const char *action;         /* "kill", "resume", "set", "budget" */
    const char *section;        /* top-level key whose generation the change is held against */
    const char *reason;         /* "" = none */
    bool rescue;                /* goes on from the last good copy if the file cannot be read (P14), or from nothing */
    /* Changes the policy in place: 1 = changed, 0 = nothing to do, -1 = e says why not. */
    int (*edit)(void *ctx, struct json_t *policy, Err *e);
    void *ctx;
} PolicyEdit;
int policy_change(const PolicyWriter *w, const PolicyEdit *edit, PolicyDone *done, Err *e);
/* A line in the audit trail about what followed a change, like publishing it; changes nothing. */
int policy_note(const PolicyWriter *w, const char *action, int64_t generation, const char *outcome, Err *e);

/* ---- what people do ---- */
#define POLICY_STOP_DEFAULT_MS (30 * INT64_C(60000))
typedef struct PolicyStop {
    bool all;                   /* else non-critical calls */
    bool abort;                 /* else calls in flight are drained: their answers are paid for */
    int64_t expires_ms;         /* 0 = until a person resumes */
    const char *reason;
    const char *critical;       /* "checkout fraud": set as the critical features; NULL or "" = as the file has them */
} PolicyStop;
int policy_kill(const PolicyWriter *w, const PolicyStop *stop, PolicyDone *done, Err *e);
/* Lets calls pass. Where a budget had stopped them, that budget will not stop them again before its period ends. */
int policy_resume(const PolicyWriter *w, const char *reason, PolicyDone *done, Err *e);
/* "limits.batch.max_output_tokens" = "1024": elements of lists are named by their id and made when missing; the value is
 * JSON, or a word; null removes. "budgets.ID.state" = "ok" reopens a blocked scope until its period ends. */
int policy_set(const PolicyWriter *w, const char *at, const char *value, PolicyDone *done, Err *e);

/* ---- what the guard does ---- */
typedef enum BudgetState { BUDGET_OK, BUDGET_WARNING, BUDGET_EXHAUSTED } BudgetState;
extern const char *const budget_state_names[]; /* "ok" "warning" "exhausted" */
typedef struct PolicyBudget {
    const Budget *budget;       /* of action block or kill; others are for alerts and not in the file */
    const char *zone;           /* of its period */
    BudgetState state;          /* by its spend now */
    int64_t resets_ms;          /* end of its period */
    int64_t spent_nano;
} PolicyBudget;
/* One change for all of them, written only if a state, a period or a limit changed, or a stop is due. A blocked scope
 * stays blocked until resets_ms even if its spend falls, unless a person raised its limit or reopened it.
 * Budgets in the file that are not in the list and were the guard's ("owner":"guard") are removed, and their stop ended;
 * those of another ledger's guard are left alone, because whoever looks with a ledger of his own knows nothing of them. */
int policy_guard(const PolicyWriter *w, const PolicyBudget *budgets, size_t count, PolicyDone *done, Err *e);
bool policy_is_guards(const struct json_t *budget, const char *ledger); /* an entry that this ledger's guard may remove */
/* Flag files as of now_ms (P13): for the end of a stop, which needs no writer of the policy, and after a writer that was
 * killed or a person who put a copy back. Takes the lock only where they are out of step. */
int policy_flags_sync(const char *path, int64_t now_ms, Err *e);

/* ---- what gateways say and would say ---- */
enum { POLICY_ACKS_MAX = 256, ACK_SILENT_MS = 30000 };
typedef enum AckState { ACK_OBEYED, ACK_BEHIND, ACK_UNKNOWN /* silent for 30 s, or never seen */ } AckState;
typedef struct PolicyAck {
    char id[64], host[128];
    int64_t generation, applied_ms, seen_ms; /* 0 = never */
    int workers;
    AckState state;
    bool configured;
} PolicyAck;
/* acks/ID.json beside the policy: those configured (space-separated names, may be "") and those seen within 24 h, by id. */
int policy_acks(const char *path, const char *const *configured, size_t configured_count, int64_t generation, int64_t now_ms,
                PolicyAck *out, size_t max, size_t *count, Err *e);
/* Newest first, each change once with its outcome. */
int policy_history(const char *path, PolicyEvent *out, size_t max, size_t *count, Err *e);
/* The same of a part of the trail, however far back: it is read from its end, a piece at a time. */
typedef struct PolicyAsk {
    int64_t since_ms, until_ms; /* [since, until) */
    const char *section;        /* "kill_switch"; NULL = any */
    bool written;               /* only what came into force */
} PolicyAsk;
int policy_history_ask(const char *path, const PolicyAsk *ask, PolicyEvent *out, size_t max, size_t *count, Err *e);

typedef struct PolicyCall { /* what is known of a call; NULL and -1 = unknown */
    const char *feature, *model, *team, *user, *key, *provider, *account, *endpoint, *request_id;
    int64_t max_tokens, prompt_bytes;
    int tools; /* 1 = with tools, 0 = without */
} PolicyCall;
typedef struct PolicyDecision {
    bool refuse;
    char code[32];              /* "" or kill_switch_engaged budget_exceeded max_tokens_exceeded no_policy */
    char rule[64];              /* id of the budget or limit that refuses; else of the rule that rewrites the model */
    char model[NAME_MAX_BYTES + 1];
    int64_t max_tokens;         /* -1 = none */
    int64_t timeout_ms;         /* -1 = none */
    int64_t generation;
} PolicyDecision;
/* Does the `match` of a limit, a route, a rate or a cache entry hold for the call? */
bool policy_rule_matches(const struct json_t *rule, const PolicyCall *call);
/* As a gateway decides that just read the policy; rates per minute are each gateway's own and not in it. */
void policy_decide(const struct json_t *policy, const PolicyCall *call, int64_t now_ms, PolicyDecision *out);
#endif
