/* query_member: the dictionaries of a scan: names, lanes, combos and contexts, read on first use. See query_scan.h.
 * Why bounded: a ledger may hold millions of contexts; a scan needs the recent ones, so a full map starts anew.
 * What lanes and combos stand for is kept from one query of a reader to the next: a load asks a dozen questions about the same
 * thousand, and to read them anew was most of the time of a short one. Once committed they never change. */
#include "store/query_scan.h"

enum { MEMBERS_MAX = 1 << 16, TUPLES_MAX = 1 << 14, TUPLE_NAMES = 8 };

/* The place of a text under a key; *text is NULL when it is new. */
static char **texts_at(Texts *n, int64_t key) {
    bool is_new;
    n->ids.width = 1;
    uint32_t i = keytable_index(&n->ids, &key, &is_new);
    if (is_new && i >= n->cap) n->text = xrealloc(n->text, (n->cap = n->cap ? n->cap * 2 : 64) * sizeof *n->text);
    if (is_new) n->text[i] = NULL;
    return &n->text[i];
}

int texts_name(Texts *n, Db *db, int64_t id, const char **out, Err *e) {
    *out = "";
    if (id == 0) return 0;
    char **text = texts_at(n, id);
    if (!*text) {
        sqlite3_stmt *s = db_prepare(db, "SELECT value FROM name WHERE id = ?1", e);
        if (!s) return -1;
        sqlite3_bind_int64(s, 1, id);
        int rc = db_step(db, s, "read a name", e);
        if (rc < 0) return -1;
        const char *value = rc == 1 ? (const char *)sqlite3_column_text(s, 0) : NULL;
        *text = xstrdup(value ? value : "");
        sqlite3_reset(s);
    }
    *out = *text;
    return 0;
}

/* Kept under negative keys, which no name has. */
const char *texts_time(Texts *n, const Zone *zone, Unit unit, int64_t ms) {
    bool day = unit >= UNIT_DAY;
    char **text = texts_at(n, -(ms * 2 + day) - 1);
    char out[40];
    if (*text) return *text;
    time_format(zone, ms, day ? "%Y-%m-%d" : "%Y-%m-%dT%H:%M:%S", out, sizeof out);
    if (!day) {
        int minutes = zone_offset_s(zone, ms) / 60, size = minutes < 0 ? -minutes : minutes;
        size_t len = strlen(out);
        if (minutes == 0) snprintf(out + len, sizeof out - len, "Z");
        else snprintf(out + len, sizeof out - len, "%c%02d:%02d", minutes < 0 ? '-' : '+', size / 60 % 100, size % 60);
    }
    return *text = xstrdup(out);
}

void texts_free(Texts *n) {
    for (size_t i = 0; i < n->ids.count; i++) free(n->text[i]);
    free(n->text);
    keytable_free(&n->ids);
    *n = (Texts){0};
}

/* The statement of a kind, and which dimension each of its columns fills; origin and outcome stand first. */
static const char *const member_sql[MEMBER_KINDS] = {
    [MEMBER_LANE] = "SELECT origin, 0, account, provider, model, tier FROM lane WHERE id = ?1",
    [MEMBER_COMBO] = ("SELECT l.origin, c.outcome, l.account, l.provider, l.model, l.tier, c.feature, c.team, c.key, c.gateway "
                     "FROM combo c JOIN lane l ON l.id = c.lane WHERE c.id = ?1"),
    [MEMBER_CONTEXT] = "SELECT 0, 0, user, session, project, endpoint, host FROM context WHERE id = ?1",
};
static const int member_dims[MEMBER_KINDS][TUPLE_NAMES] = {
    [MEMBER_LANE] = {DIM_ACCOUNT, DIM_PROVIDER, DIM_MODEL, DIM_TIER, -1},
    [MEMBER_COMBO] = {DIM_ACCOUNT, DIM_PROVIDER, DIM_MODEL, DIM_TIER, DIM_FEATURE, DIM_TEAM, DIM_KEY, DIM_GATEWAY},
    [MEMBER_CONTEXT] = {DIM_USER, DIM_SESSION, DIM_PROJECT, DIM_ENDPOINT, DIM_HOST, -1},
};

static unsigned kind_bits(MemberKind kind) {
    unsigned bits = kind == MEMBER_CONTEXT ? 0 : FILTER_ORIGIN;
    if (kind == MEMBER_COMBO) bits |= FILTER_OUTCOME;
    for (int i = 0; i < TUPLE_NAMES && member_dims[kind][i] >= 0; i++) bits |= 1u << member_dims[kind][i];
    return bits;
}

/* ---- what an id stands for ---- */
typedef struct Tuple {
    uint32_t name[TUPLE_NAMES]; /* by member_dims */
    uint8_t origin, outcome;
} Tuple;
typedef struct Tuples {
    KeyTable ids;
    Tuple *at;
    size_t cap;
} Tuples;

static void tuples_drop(void *kept) {
    Tuples *t = kept;
    for (int kind = 0; t && kind < MEMBER_CONTEXT; kind++) {
        keytable_free(&t[kind].ids);
        free(t[kind].at);
    }
    free(t);
}

/* NULL: nothing is kept. What a writer sees may be rolled back, and its ids are given again. */
static Tuples *tuples_of(Db *db, MemberKind kind) {
    if (kind == MEMBER_CONTEXT || !sqlite3_db_readonly(db_handle(db), "main")) return NULL;
    void **kept = db_kept(db, tuples_drop);
    if (!*kept) *kept = xcalloc(MEMBER_CONTEXT, sizeof(Tuples));
    Tuples *t = (Tuples *)*kept + kind;
    t->ids.width = 1;
    return t;
}

static void tuple_keep(Tuples *t, int64_t id, const Tuple *tuple) {
    bool is_new;
    if (t->ids.count >= TUPLES_MAX) keytable_clear(&t->ids);
    uint32_t i = keytable_index(&t->ids, &id, &is_new);
    if (i >= t->cap) t->at = xrealloc(t->at, (t->cap = t->cap ? t->cap * 2 : 64) * sizeof *t->at);
    t->at[i] = *tuple;
}

/* 1 = read, 0 = there is none. */
static int tuple_read(Db *db, MemberKind kind, int64_t id, Tuple *out, Err *e) {
    sqlite3_stmt *st = db_prepare(db, member_sql[kind], e);
    if (!st) return -1;
    sqlite3_bind_int64(st, 1, id);
    int rc = db_step(db, st, "read a dimension", e);
    if (rc != 1) return rc;
    out->origin = (uint8_t)(sqlite3_column_int(st, 0) & 3), out->outcome = (uint8_t)(sqlite3_column_int(st, 1) & 3);
    for (int i = 0; i < TUPLE_NAMES && member_dims[kind][i] >= 0; i++) out->name[i] = (uint32_t)sqlite3_column_int64(st, i + 2);
    sqlite3_reset(st);
    return 1;
}

static int tuple_of(Db *db, MemberKind kind, int64_t id, Tuple *out, Err *e) {
    Tuples *t = tuples_of(db, kind);
    uint32_t known = t ? keytable_find(&t->ids, &id) : UINT32_MAX;
    *out = (Tuple){.origin = 0};
    if (known != UINT32_MAX) {
        *out = t->at[known];
        return 0;
    }
    int rc = tuple_read(db, kind, id, out, e);
    if (rc == 1 && t) tuple_keep(t, id, out);
    return rc < 0 ? -1 : 0;
}

static int member_read(Scan *s, MemberKind kind, uint32_t id, Member *out, Err *e) {
    Tuple t;
    if (tuple_of(s->db, kind, id, &t, e) != 0) return -1;
    *out = (Member){.origin = t.origin, .outcome = t.outcome};
    for (int i = 0; i < TUPLE_NAMES && member_dims[kind][i] >= 0; i++) out->name[member_dims[kind][i]] = t.name[i];
    return 0;
}

/* Texts of the dimensions among `bits` that the filter looks at. */
static int fill_names(Scan *s, const Member *m, unsigned bits, FilterRow *out, Err *e) {
    bits &= filter_uses(s->filter);
    for (int i = 0; i < DIM_COUNT; i++) {
        const char *text = "";
        if (bits >> i & 1 && texts_name(&s->texts, s->db, m->name[i], &text, e) != 0) return -1;
        if (bits >> i & 1) out->name[i] = str_of(text);
    }
    return 0;
}

static int member_judge(Scan *s, MemberKind kind, Member *m, Err *e) {
    unsigned bits = kind_bits(kind);
    FilterRow row = {.origin = m->origin, .outcome = m->outcome, .cost_nano = -1, .tokens = -1, .input = -1,
                     .output = -1, .cached = -1, .latency_ms = -1, .ttft_ms = -1};
    if (fill_names(s, m, bits, &row, e) != 0) return -1;
    m->pass = filter_may_match(s->filter, &row, s->bills ? FILTER_ALL : bits) && (kind == MEMBER_CONTEXT || s->origins >> m->origin & 1);
    return 0;
}

int query_scan_member(Scan *s, MemberKind kind, uint32_t id, Member **out, Err *e) {
    Members *m = &s->members[kind];
    if (m->ids.count >= MEMBERS_MAX) keytable_clear(&m->ids);
    int64_t key = id;
    m->ids.width = 1;
    bool is_new;
    uint32_t i = keytable_index(&m->ids, &key, &is_new);
    if (is_new && i >= m->cap) m->at = xrealloc(m->at, (m->cap = m->cap ? m->cap * 2 : 64) * sizeof *m->at);
    *out = &m->at[i];
    if (!is_new) return 0;
    if (member_read(s, kind, id, *out, e) != 0) return -1;
    return member_judge(s, kind, *out, e);
}

int query_scan_filter_row(Scan *s, const Member *combo, const Member *context, const Request *r, FilterRow *out, Err *e) {
    const int64_t *t = r->tokens;
    bool hit = (r->flags & REQ_CACHE_HIT) != 0; /* its tokens were not used */
    int64_t input = t[TOK_INPUT] + t[TOK_CACHE_READ] + t[TOK_CACHE_WRITE_5M] + t[TOK_CACHE_WRITE_1H] + t[TOK_AUDIO_INPUT];
    int64_t output = t[TOK_OUTPUT] + t[TOK_REASONING];
    *out = (FilterRow){
        .origin = combo->origin, .outcome = combo->outcome, .stream = (r->flags & REQ_STREAM) != 0,
        .cost_nano = r->flags & REQ_UNPRICED ? -1 : r->cost_nano,
        .tokens = hit ? 0 : input + output, .input = hit ? 0 : input, .output = hit ? 0 : output,
        .cached = hit ? 0 : t[TOK_CACHE_READ], .latency_ms = r->latency_ms, .ttft_ms = r->ttft_ms,
    };
    if (fill_names(s, combo, kind_bits(MEMBER_COMBO), out, e) != 0) return -1;
    return fill_names(s, context, kind_bits(MEMBER_CONTEXT), out, e);
}

void query_scan_forget(Scan *s) {
    for (int k = 0; k < MEMBER_KINDS; k++) {
        keytable_free(&s->members[k].ids);
        free(s->members[k].at);
        s->members[k] = (Members){0};
    }
}

void query_scan_free(Scan *s) {
    query_scan_forget(s);
    texts_free(&s->texts);
}
