/* corpus_access DIR MB: access logs of a gateway: DIR/access.jsonl as nginx writes JSON, DIR/access.log with the same
 * requests in the combined format, and DIR/access.oracle.csv with what they add up to. MB is the size of the first.
 * corpus_access names N: N such JSON lines to standard output, each with a user and a key that no other has.
 * Does not: make the odd cases; the samples of each format do. */
#include "tests/corpus.h"

enum { LINE_BYTES = 373, KEYS = 100, HOSTS = 5000 };

static const Model models[] = {
    {"gpt-4o", "openai", {2500000, 1250000, 0, 0, 10000000}, false},
    {"gpt-4o-mini", "openai", {150000, 75000, 0, 0, 600000}, false},
    {"gpt-4.1", "openai", {2000000, 500000, 0, 0, 8000000}, false},
    {"gpt-5-nano", "openai", {50000, 5000, 0, 0, 400000}, false},
    {"claude-sonnet-4-5-20250929", "anthropic", {3000000, 300000, 0, 0, 15000000}, false},
    {"claude-haiku-4-5-20251001", "anthropic", {1000000, 100000, 0, 0, 5000000}, false},
    {"gemini-2.5-flash", "google", {300000, 30000, 0, 0, 2500000}, false},
    {"house-model-7b", "", {0}, true},
};
enum { MODELS = sizeof models / sizeof *models };

typedef struct Call {
    int64_t ms, tokens[T_COUNT], bytes, took_ms;
    const char *uri;
    unsigned model, key;
    int status;
    char id[33], host[16];
} Call;

static void call_make(Call *c, Random *r, int64_t ms) {
    static const char *const uris[] = {"/v1/chat/completions", "/v1/messages", "/v1/responses", "/v1/embeddings", "/v1/models", "/health"};
    int64_t at = random_in(r, 0, 99), luck = random_in(r, 0, 999), host = random_in(r, 0, HOSTS - 1);
    *c = (Call){.ms = ms, .uri = uris[at < 60 ? 0 : at < 80 ? 1 : at < 90 ? 2 : at < 96 ? 3 : at < 98 ? 4 : 5]};
    c->model = (unsigned)random_in(r, 0, MODELS - 1);
    c->key = (unsigned)random_in(r, 0, KEYS - 1);
    c->status = luck < 970 ? 200 : luck < 985 ? 429 : 500;
    c->bytes = random_in(r, 200, 40000);
    c->took_ms = random_in(r, 10, 20000);
    if (c->status == 200 && at < 96) {
        int64_t input = random_in(r, 50, 20000);
        c->tokens[T_READ] = random_in(r, 0, 9) < 3 ? input / 3 : 0;
        c->tokens[T_INPUT] = input - c->tokens[T_READ];
        c->tokens[T_OUTPUT] = random_in(r, 1, 3000);
    }
    snprintf(c->id, sizeof c->id, "%016" PRIx64 "%016" PRIx64, random_bits(r), random_bits(r));
    snprintf(c->host, sizeof c->host, "10.%d.%d.%d", (int)(host >> 10 & 7), (int)(host >> 4 & 63), (int)(host & 15) + 1);
}

static bool is_model_call(const Call *c) {
    return strcmp(c->uri, "/v1/models") != 0 && strcmp(c->uri, "/health") != 0;
}

static const char *agent(const Call *c) {
    static const char *const agents[] = {"OpenAI/Python 1.99.1", "Anthropic/JS 0.62.0", "curl/8.5.0", "python-httpx/0.27.2"};
    return agents[c->bytes & 3];
}

static void write_json(FILE *f, const Call *c, const char *user) {
    char iso[32];
    fprintf(f, "{\"time\":\"%s\",\"remote_addr\":\"%s\",\"request_id\":\"%s\",\"method\":\"%s\",\"uri\":\"%s\",\"status\":%d,"
               "\"bytes_sent\":%d,\"request_time\":%d.%03d,\"upstream\":\"10.0.0.%u:443\",\"model\":\"%s\",\"api_key\":\"key-%02u%s\",",
            time_iso(c->ms, iso), c->host, c->id, is_model_call(c) ? "POST" : "GET", c->uri, c->status, (int)c->bytes,
            (int)(c->took_ms / 1000), (int)(c->took_ms % 1000), c->key % 7 + 1, models[c->model].name, c->key, user);
    if (*user) fprintf(f, "\"user\":\"user-%s\",", user);
    fprintf(f, "\"prompt_tokens\":%d,\"cached_tokens\":%d,\"completion_tokens\":%d,\"user_agent\":\"%s\"}\n",
            (int)(c->tokens[T_INPUT] + c->tokens[T_READ]), (int)c->tokens[T_READ], (int)c->tokens[T_OUTPUT], agent(c));
}

static void write_combined(FILE *f, const Call *c) {
    char when[40];
    time_t s = (time_t)(c->ms / 1000);
    struct tm tm;
    gmtime_r(&s, &tm);
    strftime(when, sizeof when, "%d/%b/%Y:%H:%M:%S +0000", &tm);
    fprintf(f, "%s - key-%02u [%s] \"%s %s HTTP/1.1\" %d %d \"-\" \"%s\"\n", c->host, c->key, when,
            is_model_call(c) ? "POST" : "GET", c->uri, c->status, (int)c->bytes, agent(c));
}

static int64_t moment(int64_t i, int64_t count) {
    return CORPUS_END_MS - 7 * DAY_MS + i * (7 * DAY_MS / 1000) / count * 1000 + i % 1000;
}

static void make_logs(const char *dir, int64_t lines) {
    Random r = {.state = 3};
    Tally tally[MODELS] = {{0}};
    Call c;
    char json[512], combined[512], oracle[512];
    snprintf(json, sizeof json, "%s/access.jsonl", dir);
    snprintf(combined, sizeof combined, "%s/access.log", dir);
    snprintf(oracle, sizeof oracle, "%s/access.oracle.csv", dir);
    FILE *fj = corpus_open(json), *fc = corpus_open(combined);
    for (int64_t i = 0; i < lines; i++) {
        call_make(&c, &r, moment(i, lines));
        write_json(fj, &c, "");
        write_combined(fc, &c);
        if (is_model_call(&c)) tally_add(&tally[c.model], &models[c.model], c.tokens, c.status >= 400, false);
    }
    corpus_close(fj, json);
    corpus_close(fc, combined);
    oracle_write(oracle, models, tally, MODELS);
}

static void make_names(int64_t lines) {
    Random r = {.state = 4};
    Call c;
    char user[24];
    setvbuf(stdout, NULL, _IOFBF, 1 << 20);
    for (int64_t i = 0; i < lines; i++) {
        call_make(&c, &r, moment(i, lines));
        snprintf(user, sizeof user, "-%" PRId64, i);
        write_json(stdout, &c, user);
    }
    corpus_close(stdout, "standard output");
}

int main(int argc, char **argv) {
    int64_t n = argc == 3 ? strtoll(argv[2], NULL, 10) : 0;
    if (n <= 0) {
        fprintf(stderr, "usage: corpus_access DIR MB | corpus_access names N\n");
        return 2;
    }
    if (strcmp(argv[1], "names") == 0) make_names(n);
    else make_logs(argv[1], n * 1000000 / LINE_BYTES);
    return 0;
}
