/* ledger_parts: what the files of the ledger share with each other and with nobody else.
 *
 * A batch runs through them in this order: names (text -> id), tuples (ids -> combo, context, price), days (sealed?),
 * rows (find, merge, store), links (which of two sources counts), cells (rollups and budgets), files (the offset).
 * Everything here runs inside the transaction that ledger.c opened; after a rollback ledger_forget() drops what the
 * memory remembers of it. Thread: the ledger's.
 */
#ifndef STORE_LEDGER_PARTS_H
#define STORE_LEDGER_PARTS_H
#include "store/budget.h"
#include "store/ledger.h"
#include "store/rollup.h"

typedef struct Names Names;
typedef struct Tuples Tuples;
typedef struct Days Days;
typedef struct Files Files;
typedef struct Links Links;
typedef struct Cells Cells;

/* A record of the batch that is being stored, with those of the same id merged into it. */
typedef struct Item {
    const Request *r;
    int64_t ts_ms; /* earliest of them */
} Item;
typedef struct Items {
    Item *at;
    size_t count, cap;
    uint32_t *slots;
    size_t slot_count;
} Items;
void items_free(Items *it);

/* New rows of the batch that is being stored, until one statement stores many of them. */
enum { QUEUE_ROWS = 16 };
typedef struct Queue {
    Row at[QUEUE_ROWS];
    size_t count;
} Queue;

struct Ledger {
    Db *db;
    const Zone *zone;
    const Budget *budgets;
    size_t budget_count;
    Zone *own_zone;      /* zone and budgets point here when the options left them open */
    Budget *own_budgets;
    int64_t now_ms, group_ms;
    Names *names;
    Tuples *tuples;
    Days *days;
    Files *files;
    Links *links;
    Cells *cells;
    Items items;
    Queue queue;
    bool reopen_waits;  /* for the first request of this day: */
    int64_t reopen_day; /* ms / 86,400,000 */
    bool old_stored;    /* by the batch: a row older than a day */
    bool opening_files; /* between ledger_files_begin() and _end(), */
    Err opening_error;  /* and what went wrong since */
    sqlite3_stmt *insert_row, *insert_rows; /* one row, QUEUE_ROWS of them; owned by db */
};
void ledger_forget(Ledger *l); /* after a rollback */
int ledger_start(Ledger *l, Err *e); /* begins a transaction, and forgets what another process may have changed */
int ledger_end(Ledger *l, int rc, Err *e); /* rc 0: writes the sums, commits; else, or when that fails: -1, nothing stored */

/* ---- meta: numbers that must survive ---- */
int meta_get(Ledger *l, const char *key, int64_t fallback, int64_t *out, Err *e);
int meta_set(Ledger *l, const char *key, const char *value, Err *e);
int meta_set_int(Ledger *l, const char *key, int64_t value, Err *e);

/* ---- names ---- */
enum { NAME_GEO = DIM_COUNT, NAME_SPEED, NAME_ASKED, NAME_DIMS }; /* in memory; in the table they are 100 to 102 */
extern const char names_other[]; /* "(other)": stands for the values beyond the day's limit */
Names *names_new(Ledger *l);
void names_free(Names *n);
void names_forget(Names *n);
void names_batch(Names *n, const Batch *b); /* indices are of this batch from now on */
int names_id(Names *n, int dim, uint32_t index, uint32_t *id, Err *e);
int names_find(Names *n, int dim, const char *value, uint32_t *id, Err *e); /* 0 = not there yet */
int names_text(Names *n, uint32_t id, char out[NAME_MAX_BYTES + 1], Err *e);
int names_finish(Names *n, Err *e);
uint64_t names_lost(const Names *n); /* values booked as (other) since names_batch() */

/* ---- tuples ---- */
typedef struct Combo {
    uint32_t id, lane, account, provider, model, tier, feature, team, key, gateway;
    uint8_t origin, outcome;
} Combo;
Tuples *tuples_new(Ledger *l);
void tuples_free(Tuples *t);
void tuples_forget(Tuples *t);
void tuples_batch(Tuples *t);
int tuples_intern(Tuples *t, const Request *r, Row *row, Err *e); /* fills combo, context, price, geo, speed */
int tuples_combo(Tuples *t, uint32_t id, const Combo **out, Err *e); /* valid until the next call */
int tuples_user(Tuples *t, uint32_t context, uint32_t *user, Err *e);
int tuples_price(Tuples *t, uint64_t hash, uint32_t *id, Err *e);

/* ---- reopening: before the first batch of a transaction, *done = the day that waited is empty when it is committed ---- */
int reopen_for(Ledger *l, Batch *const *batches, size_t count, bool *done, Err *e);

/* ---- days ---- */
Days *days_new(Ledger *l);
void days_free(Days *d);
void days_forget(Days *d); /* also at the start of a transaction: another process may have sealed one */
int days_sealed(Days *d, int64_t ms, bool *sealed, Err *e);
int days_reopened(Days *d, int64_t ms, bool *reopened, Err *e);
int days_late(Days *d, int64_t ms, Err *e);
int days_finish(Days *d, Err *e);

/* ---- files and sources ---- */
typedef struct FileFacts {
    uint32_t source; /* with its format: what sees each call once */
    uint64_t fingerprint;
} FileFacts;
Files *files_new(Ledger *l);
void files_free(Files *f);
void files_forget(Files *f);
int files_facts(Files *f, uint32_t file, FileFacts *out, Err *e); /* file 0: source 0 */
int files_mark(Files *f, const FileMark *m, uint64_t late, Err *e);

/* ---- merge order (L2); pure ---- */
typedef struct Contender {
    const Request *r;
    int64_t own_ms;       /* time of that record */
    uint64_t fingerprint; /* of its file */
} Contender;
int merge_order(const Contender *a, const Contender *b); /* < 0: a wins; 0: the same record */

/* ---- rows ---- */
int rows_prepare(Ledger *l, Err *e); /* at opening */
int rows_get(Ledger *l, int64_t key, Row *out, bool *found, Err *e);
/* Stores a new row at the first free key (row->key is set). *taken: a row of the same id stands there: it is in *old. */
int rows_insert(Ledger *l, Row *row, Row *old, bool *taken, Err *e);
/* The first *stored of some rows, each at its first key; the next one's is taken (or count is reached). */
int rows_insert_first(Ledger *l, Row *rows, size_t count, size_t *stored, Err *e);
int rows_update(Ledger *l, const Row *row, Err *e);
int rows_delete(Ledger *l, int64_t key, Err *e);
int identity_get(Ledger *l, uint64_t id, int64_t *key, bool *found, Err *e);
int identity_add(Ledger *l, uint64_t id, int64_t key, bool *is_new, Err *e); /* is_new false: it has one, which stays */
int identity_set(Ledger *l, uint64_t id, int64_t key, Err *e);

/* ---- links (L3) ---- */
Links *links_new(Ledger *l);
void links_free(Links *k);
void links_forget(Links *k); /* also at the start of a transaction */
/* After a row is stored, before it is counted: sets its REQ_LINKED (and stores that), and that of the rows it beats. */
/* These rows are stored and not counted yet (borrowed; until links_wait(k, NULL, 0)): who is added meanwhile leaves them alone. */
void links_wait(Links *k, const Row *rows, size_t count);
int links_added(Links *k, Row *row, Err *e);
int links_removed(Links *k, const Row *row, Err *e); /* before it goes or changes: others may count again */
bool links_same(const Row *a, const Row *b); /* a change from a to b, on one key, leaves all links as they are */
uint64_t links_flipped(const Links *k); /* rows that stopped counting since links_forget() */
/* Sets a stored row's mark, and takes it out of the sums or puts it back. */
int links_set(Links *k, Row *row, bool linked, Err *e);

/* ---- services (L3): sums of calls beside the calls ---- */
int services_added(Ledger *l, Row *row, Err *e); /* as links_added() and links_removed(), which call them */
int services_removed(Ledger *l, const Row *row, Err *e);

/* ---- cells: rollups and budgets ---- */
Cells *cells_new(Ledger *l);
void cells_free(Cells *c);
void cells_forget(Cells *c);
int cells_count(Cells *c, const Row *row, int sign, Err *e); /* linked rows count for nothing */
int cells_finish(Cells *c, Err *e);
int cells_horizons(Cells *c, Err *e); /* once a transaction; moves them with now */
int64_t cells_minute_from(const Cells *c);
int64_t cells_combo_from(const Cells *c);

/* A growing set of sums by cell, for cells and for the check of them. */
typedef struct CellSet {
    CellSum *at;
    size_t count, cap;
    uint32_t *slots;
    size_t slot_count;
} CellSet;
Sums *cellset_at(CellSet *s, int64_t cell);
void cellset_sort(CellSet *s); /* by cell; cellset_at() may not be used until cellset_clear() */
void cellset_clear(CellSet *s);
void cellset_free(CellSet *s);

/* ---- budgets ---- */
int budgets_load(Ledger *l, Err *e); /* at opening: what the options leave open is as stored */
int budgets_sync(Ledger *l, Err *e); /* at opening: new or changed budgets get their sums from what is stored */
int budgets_add(Ledger *l, const CellSet *combos, const CellSet *users, Err *e); /* sums of a transaction */
int budgets_add_one(Ledger *l, size_t budget, const CellSet *combos, const CellSet *users, Err *e);
#endif
