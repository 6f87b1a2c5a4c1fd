/* corpus_claude DIR MB: DIR/.claude/projects, a tree of about MB of Claude Code transcripts, and DIR/claude.oracle.csv
 * with what they add up to. As in life: a message stands in 2 to 4 lines whose output grows, tool results hold usage-like
 * text and a usage of their own, forks repeat the head of another session under a new session id, subagents have files of
 * their own, and some repeat a message of their parent under a new request id. One message.id is one billed call.
 * Does not: make the odd cases; the format's samples do. */
#include "tests/corpus.h"
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <sys/stat.h>

enum { DONORS = 6, DONOR_LINES = 200, UUID = 36, PATH_MAX_BYTES = 700 };

static const Model models[] = {
    {"claude-opus-4-5-20251101", "anthropic", {5000000, 500000, 6250000, 10000000, 25000000}, false},
    {"claude-sonnet-4-5-20250929", "anthropic", {3000000, 300000, 3750000, 6000000, 15000000}, false},
    {"claude-haiku-4-5-20251001", "anthropic", {1000000, 100000, 1250000, 2000000, 5000000}, false},
};
enum { MODELS = sizeof models / sizeof *models, HAIKU = 2 };

typedef struct Lines { /* one transcript */
    char *at;
    size_t len, cap, count, start[DONOR_LINES + 1];
    char session[UUID + 1];
} Lines;

typedef struct Maker {
    Random r;
    Prose prose;
    const char *dir;
    Tally tally[MODELS];
    uint64_t written;
    Lines donor[DONORS];
    size_t donors;
} Maker;

typedef struct Session {
    Lines *lines;
    char project[64], parent[UUID + 3], agent[40];
    int64_t ms, context;
    unsigned model;
    bool long_cache, side;
    size_t replay_at, replay_len; /* the last line of a message, for a subagent to repeat */
} Session;

/* ---- writing lines ---- */
static void put(Lines *l, const char *text, size_t n) {
    if (l->len + n > l->cap) {
        l->cap = (l->len + n) * 2;
        l->at = realloc(l->at, l->cap);
        if (!l->at) exit(1);
    }
    memcpy(l->at + l->len, text, n);
    l->len += n;
}

static void puts_to(Lines *l, const char *text) {
    put(l, text, strlen(text));
}

__attribute__((format(printf, 2, 3))) static void putf(Lines *l, const char *fmt, ...) {
    char text[1024];
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    put(l, text, (size_t)n < sizeof text ? (size_t)n : sizeof text - 1);
}

static void end_line(Lines *l) {
    put(l, "\n", 1);
    if (++l->count <= DONOR_LINES) l->start[l->count] = l->len;
}

/* Begins a line, as the child of the one before it, and gives it an id of its own. */
static void begin(Maker *m, Session *s) {
    char iso[32], id[UUID + 1];
    random_uuid(&m->r, id);
    putf(s->lines, "{\"parentUuid\":%s,\"isSidechain\":%s,%s\"userType\":\"external\",\"cwd\":\"/home/dev/src\",\"sessionId\":\"%s\","
                   "\"version\":\"2.1.80\",\"gitBranch\":\"main\",\"uuid\":\"%s\",\"timestamp\":\"%s\",",
         s->parent, s->side ? "true" : "false", s->agent, s->lines->session, id, time_iso(s->ms, iso));
    snprintf(s->parent, sizeof s->parent, "\"%s\"", id);
}

static void prose(Maker *m, Lines *l, int64_t bytes) {
    while (bytes > 0) {
        const char *piece = prose_piece(&m->prose, &m->r);
        puts_to(l, piece);
        bytes -= (int64_t)strlen(piece);
    }
}

/* ---- a message and its result ---- */
typedef struct Message {
    char id[32], request[32], tool[32];
    unsigned model;
    int64_t tokens[T_COUNT];
} Message;

static void message_make(Maker *m, Session *s, Message *g) {
    int64_t fresh = random_size(&m->r, 6.8, 1.1, 1, 60000);
    if (s->context + fresh > 165000) s->context = random_in(&m->r, 15000, 32000); /* compacted, as the client does */
    *g = (Message){.model = random_in(&m->r, 0, 99) < 93 ? s->model : HAIKU};
    snprintf(g->id, sizeof g->id, "msg_01");
    random_id(&m->r, g->id + 6, 22);
    snprintf(g->request, sizeof g->request, "req_011");
    random_id(&m->r, g->request + 7, 20);
    snprintf(g->tool, sizeof g->tool, "toolu_01");
    random_id(&m->r, g->tool + 8, 22);
    g->tokens[T_INPUT] = random_in(&m->r, 1, 12);
    g->tokens[T_READ] = s->context;
    g->tokens[s->long_cache ? T_WRITE_1H : T_WRITE_5M] = fresh;
    g->tokens[T_OUTPUT] = 30 + random_size(&m->r, 5.3, 1.1, 1, 16000);
    s->context += fresh + g->tokens[T_OUTPUT];
    tally_add(&m->tally[g->model], &models[g->model], g->tokens, false, false);
}

static void message_content(Maker *m, Lines *l, const Message *g, int step, bool last) {
    static const char *const names[] = {"Bash", "Read", "Edit", "Grep"};
    if (last) {
        putf(l, "{\"type\":\"tool_use\",\"id\":\"%s\",\"name\":\"%s\",\"input\":{\"id\":null,\"command\":\"", g->tool, names[random_in(&m->r, 0, 3)]);
        prose(m, l, 60);
        puts_to(l, "\"}}");
    } else {
        puts_to(l, step == 0 ? "{\"type\":\"thinking\",\"thinking\":\"" : "{\"type\":\"text\",\"text\":\"");
        prose(m, l, random_size(&m->r, 5.8, 0.8, 60, 3000));
        puts_to(l, "\"}");
    }
}

static void message_line(Maker *m, Session *s, const Message *g, int step, int64_t output, bool last) {
    Lines *l = s->lines;
    const int64_t *t = g->tokens;
    begin(m, s);
    putf(l, "\"message\":{\"model\":\"%s\",\"id\":\"%s\",\"type\":\"message\",\"role\":\"assistant\",\"content\":[", models[g->model].name, g->id);
    message_content(m, l, g, step, last);
    putf(l, "],\"stop_reason\":%s,\"stop_sequence\":null,\"usage\":{\"input_tokens\":%" PRId64 ",\"cache_creation_input_tokens\":%" PRId64
            ",\"cache_read_input_tokens\":%" PRId64 ",\"cache_creation\":{\"ephemeral_5m_input_tokens\":%" PRId64
            ",\"ephemeral_1h_input_tokens\":%" PRId64 "},\"output_tokens\":%" PRId64 ",\"service_tier\":\"standard\"}},"
            "\"requestId\":\"%s\",\"type\":\"assistant\"}",
         last ? "\"tool_use\"" : "null", t[T_INPUT], t[T_WRITE_5M] + t[T_WRITE_1H], t[T_READ], t[T_WRITE_5M], t[T_WRITE_1H], output, g->request);
    end_line(l);
    s->ms += random_in(&m->r, 300, 6000);
}

static void message(Maker *m, Session *s, Message *g) {
    int steps = (int)random_in(&m->r, 2, 4);
    message_make(m, s, g);
    int64_t final = g->tokens[T_OUTPUT], output = random_in(&m->r, 1, 8);
    for (int i = 0; i < steps; i++) {
        size_t from = s->lines->len;
        message_line(m, s, g, i, i == steps - 1 ? final : output, i == steps - 1);
        output += random_in(&m->r, 0, (final - output) / 2);
        s->replay_at = from;
        s->replay_len = s->lines->len - from;
    }
}

static void tool_result(Maker *m, Session *s, const Message *g) {
    Lines *l = s->lines;
    size_t from = 0, len = 0;
    begin(m, s);
    putf(l, "\"type\":\"user\",\"message\":{\"role\":\"user\",\"content\":[{\"tool_use_id\":\"%s\",\"type\":\"tool_result\",\"content\":\"", g->tool);
    from = l->len;
    prose(m, l, random_size(&m->r, 8.0, 1.0, 1000, 60000));
    len = l->len - from;
    puts_to(l, "\",\"is_error\":false}]},\"toolUseResult\":");
    if (random_in(&m->r, 0, 99) < 3) {
        putf(l, "{\"status\":\"completed\",\"totalTokens\":%d,\"usage\":{\"input_tokens\":%d,\"output_tokens\":9}}}", 4711, 4702);
    } else {
        puts_to(l, "{\"stderr\":\"\",\"interrupted\":false,\"isImage\":false,\"stdout\":\"");
        char *copy = malloc(len);
        if (!copy) exit(1);
        memcpy(copy, l->at + from, len);
        put(l, copy, len);
        free(copy);
        puts_to(l, "\"}}");
    }
    end_line(l);
    s->ms += random_in(&m->r, 200, 30000);
}

/* A local error that looks like an answer but was never billed. */
static void local_error(Maker *m, Session *s) {
    begin(m, s);
    puts_to(s->lines, "\"type\":\"assistant\",\"message\":{\"id\":\"0\",\"model\":\"<synthetic>\",\"role\":\"assistant\",\"type\":\"message\","
                      "\"usage\":{\"input_tokens\":0,\"output_tokens\":0,\"cache_creation_input_tokens\":0,\"cache_read_input_tokens\":0},"
                      "\"content\":[{\"type\":\"text\",\"text\":\"API Error: 529\"}]},\"isApiErrorMessage\":true}");
    end_line(s->lines);
}

static void session_body(Maker *m, Session *s, int64_t messages) {
    begin(m, s);
    puts_to(s->lines, "\"type\":\"user\",\"message\":{\"role\":\"user\",\"content\":\"");
    prose(m, s->lines, 60);
    puts_to(s->lines, "\"}}");
    end_line(s->lines);
    for (int64_t i = 0; i < messages; i++) {
        Message g;
        message(m, s, &g);
        tool_result(m, s, &g);
        if (random_in(&m->r, 0, 499) == 0) local_error(m, s);
    }
}

/* ---- files ---- */
static void make_folders(char *path) {
    for (char *p = path + 1; (p = strchr(p, '/')); *p++ = '/') {
        *p = '\0';
        if (mkdir(path, 0777) != 0 && errno != EEXIST) exit(1);
    }
}

/* As in life the file was written last when its last line was. */
static void save(Maker *m, const Lines *l, char *path, int64_t last_ms) {
    const struct timespec at = {.tv_sec = (time_t)(last_ms / 1000), .tv_nsec = last_ms % 1000 * 1000000};
    make_folders(path);
    FILE *f = corpus_open(path);
    fwrite(l->at, 1, l->len, f);
    corpus_close(f, path);
    if (utimensat(AT_FDCWD, path, (const struct timespec[]){at, at}, 0) != 0) exit(1);
    m->written += l->len;
}

/* The head of another session, under this one's id. */
static void fork_from(Maker *m, Lines *l) {
    const Lines *d = &m->donor[random_bits(&m->r) % m->donors];
    size_t most = d->count < DONOR_LINES ? d->count : DONOR_LINES, n = (size_t)random_in(&m->r, 1, (int64_t)most), from = l->len;
    put(l, d->at, d->start[n]);
    for (char *p = l->at + from; (p = memmem(p, (size_t)(l->at + l->len - p), d->session, UUID)); p += UUID)
        memcpy(p, l->session, UUID);
}

static void keep_donor(Maker *m, Lines *l) {
    size_t i = m->donors < DONORS ? m->donors++ : random_bits(&m->r) % DONORS;
    free(m->donor[i].at);
    m->donor[i] = *l;
    *l = (Lines){.at = NULL};
}

/* A message of the parent again, under another request id. Same length, so it is written over in place. */
static void replay(Maker *m, const Session *parent, Session *s) {
    Lines *l = s->lines;
    size_t from = l->len;
    put(l, parent->lines->at + parent->replay_at, parent->replay_len - 1);
    char *id = memmem(l->at + from, l->len - from, "req_011", 7), fresh[21];
    random_id(&m->r, fresh, 20);
    if (id) memcpy(id + 7, fresh, 20);
    end_line(l);
}

static void subagent(Maker *m, const Session *parent, Lines *l) {
    char path[PATH_MAX_BYTES], name[9];
    Session s = *parent;
    l->len = l->count = 0;
    memcpy(l->session, parent->lines->session, sizeof l->session);
    random_id(&m->r, name, 8);
    s.lines = l;
    s.side = true;
    snprintf(s.parent, sizeof s.parent, "null");
    snprintf(s.agent, sizeof s.agent, "\"agentId\":\"%s\",", name);
    session_body(m, &s, random_in(&m->r, 3, 30));
    if (random_in(&m->r, 0, 9) == 0) replay(m, parent, &s);
    snprintf(path, sizeof path, "%s/.claude/projects/%s/%s/subagents/agent-%s.jsonl", m->dir, s.project, l->session, name);
    save(m, l, path, s.ms);
}

static void session(Maker *m, Lines *l, Lines *side) {
    char path[PATH_MAX_BYTES];
    Session s = {.lines = l, .parent = "null", .context = random_in(&m->r, 12000, 25000), .long_cache = random_in(&m->r, 0, 9) < 2};
    int64_t luck = random_in(&m->r, 0, 99), messages = random_size(&m->r, 4.0, 0.9, 3, 600);
    s.model = luck < 45 ? 0 : luck < 85 ? 1 : HAIKU;
    s.ms = CORPUS_END_MS - random_in(&m->r, DAY_MS / 2, 30 * DAY_MS);
    snprintf(s.project, sizeof s.project, "-home-dev-src-%s", random_word(&m->r));
    l->len = l->count = 0;
    random_uuid(&m->r, l->session);
    if (m->donors && random_in(&m->r, 0, 99) < 6) fork_from(m, l);
    size_t own = l->len;
    session_body(m, &s, messages);
    snprintf(path, sizeof path, "%s/.claude/projects/%s/%s.jsonl", m->dir, s.project, l->session);
    save(m, l, path, s.ms);
    for (int64_t n = messages > 20 ? random_in(&m->r, 0, 3) : 0; n > 0; n--) subagent(m, &s, side);
    if (own == 0 && random_in(&m->r, 0, 9) < 3) keep_donor(m, l);
}

int main(int argc, char **argv) {
    int64_t mb = argc == 3 ? strtoll(argv[2], NULL, 10) : 0;
    Maker m = {.r = {.state = 1}, .dir = argv[1]};
    Lines lines = {0}, side = {0};
    char oracle[PATH_MAX_BYTES];
    if (mb <= 0) {
        fprintf(stderr, "usage: corpus_claude DIR MB\n");
        return 2;
    }
    prose_make(&m.prose, &m.r);
    while (m.written < (uint64_t)mb * 1000000) session(&m, &lines, &side);
    snprintf(oracle, sizeof oracle, "%s/claude.oracle.csv", m.dir);
    oracle_write(oracle, models, m.tally, MODELS);
    for (size_t i = 0; i < m.donors; i++) free(m.donor[i].at);
    free(lines.at);
    free(side.at);
    free(m.prose.piece);
    return 0;
}
