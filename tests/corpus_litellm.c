/* corpus_litellm DIR MB: DIR/litellm.jsonl, about MB of LiteLLM's StandardLoggingPayload lines of 3 KB, and
 * DIR/litellm.oracle.csv with what they add up to. One line in a thousand is delivered twice, 15 fail, 20 are answered
 * from the response cache. Does not: make the odd cases; the format's samples do. */
#include "tests/corpus.h"

enum { KEYS = 60, LINE_BYTES = 3640 };

static const Model models[] = {
    {"gpt-4o", "openai", {2500000, 1250000, 0, 0, 10000000}, false},
    {"gpt-4o-mini", "openai", {150000, 75000, 0, 0, 600000}, false},
    {"gpt-4.1", "openai", {2000000, 500000, 0, 0, 8000000}, false},
    {"claude-sonnet-4-5-20250929", "anthropic", {3000000, 300000, 0, 0, 15000000}, false},
    {"claude-haiku-4-5-20251001", "anthropic", {1000000, 100000, 0, 0, 5000000}, false},
    {"gemini-2.5-pro", "gemini", {1250000, 125000, 0, 0, 10000000}, false},
    {"gemini-2.5-flash", "gemini", {300000, 30000, 0, 0, 2500000}, false},
    {"anthropic.claude-opus-4-5-20251101-v1:0", "bedrock", {5000000, 500000, 0, 0, 25000000}, false},
    {"house-model-7b", "hosted_vllm", {0}, true},
};
enum { MODELS = sizeof models / sizeof *models };

typedef struct Call {
    int64_t ms, took_ms, tokens[T_COUNT];
    unsigned model, key;
    bool failed, hit;
    char id[37], trace[37];
    uint64_t deployment;
} Call;

static void call_make(Call *c, Random *r, int64_t ms) {
    *c = (Call){.ms = ms, .took_ms = 200 + random_size(r, 7.5, 0.9, 50, 600000), .deployment = random_bits(r)};
    c->model = (unsigned)random_in(r, 0, MODELS - 1);
    c->key = (unsigned)random_in(r, 0, KEYS - 1);
    c->failed = random_in(r, 0, 999) < 15;
    c->hit = !c->failed && random_in(r, 0, 999) < 20;
    if (!c->failed) {
        int64_t input = random_size(r, 7.2, 1.2, 8, 180000);
        c->tokens[T_READ] = random_part(r) < .4 ? (int64_t)((double)input * random_part(r) * .8) : 0;
        c->tokens[T_INPUT] = input - c->tokens[T_READ];
        c->tokens[T_OUTPUT] = random_size(r, 5.2, 1.1, 1, 16000);
    }
    random_uuid(r, c->id);
    random_uuid(r, c->trace);
}

static void seconds(FILE *f, const char *name, int64_t ms) {
    fprintf(f, "\"%s\":%" PRId64 ".%03d000,", name, ms / 1000, (int)(ms % 1000));
}

static void write_head(FILE *f, const Call *c) {
    const Model *m = &models[c->model];
    const char *status = c->failed ? "failure" : "success";
    fprintf(f, "{\"id\":\"chatcmpl-%s\",\"trace_id\":\"%s\",\"call_type\":\"acompletion\",\"cache_hit\":%s,\"stream\":true,"
               "\"status\":\"%s\",\"status_fields\":{\"llm_api_status\":\"%s\",\"guardrail_status\":\"not_run\"},"
               "\"custom_llm_provider\":\"%s\",\"saved_cache_cost\":0.0,",
            c->id, c->trace, c->hit ? "true" : "false", status, status, m->provider);
    seconds(f, "startTime", c->ms);
    seconds(f, "endTime", c->ms + c->took_ms);
    seconds(f, "completionStartTime", c->ms + c->took_ms / 5);
    seconds(f, "response_time", c->took_ms);
    fprintf(f, "\"model\":\"%s\",", m->name);
}

static void write_metadata(FILE *f, const Call *c, uint64_t hash) {
    unsigned input = (unsigned)(c->tokens[T_INPUT] + c->tokens[T_READ]), output = (unsigned)c->tokens[T_OUTPUT];
    fprintf(f, "\"metadata\":{\"user_api_key_hash\":\"%016" PRIx64 "%016" PRIx64 "\",\"user_api_key_alias\":\"key-%02u\","
               "\"user_api_key_team_id\":\"team-%u\",\"user_api_key_org_id\":null,\"user_api_key_user_id\":\"user-%03u\","
               "\"user_api_key_team_alias\":\"team-%u\",\"user_api_key_user_email\":null,\"user_api_key_max_budget\":null,"
               "\"spend_logs_metadata\":null,\"requester_ip_address\":\"10.1.%u.%u\",\"requester_metadata\":{},"
               "\"user_api_key_end_user_id\":null,\"prompt_management_metadata\":null,\"applied_guardrails\":[],"
               "\"mcp_tool_call_metadata\":null,\"vector_store_request_metadata\":null,",
            hash, hash ^ 77, c->key, c->key % 9, c->key * 7, c->key % 9, c->key, c->key * 3);
    fprintf(f, "\"usage_object\":{\"completion_tokens\":%u,\"prompt_tokens\":%u,\"total_tokens\":%u,"
               "\"completion_tokens_details\":{\"accepted_prediction_tokens\":0,\"audio_tokens\":0,\"reasoning_tokens\":0,"
               "\"rejected_prediction_tokens\":0},\"prompt_tokens_details\":{\"audio_tokens\":0,\"cached_tokens\":%u}}},",
            output, input, input + output, (unsigned)c->tokens[T_READ]);
}

static void write_body(FILE *f, const Call *c, const char *question, const char *answer) {
    const Model *m = &models[c->model];
    unsigned input = (unsigned)(c->tokens[T_INPUT] + c->tokens[T_READ]), output = (unsigned)c->tokens[T_OUTPUT];
    fprintf(f, "\"cache_key\":null,\"total_tokens\":%u,\"prompt_tokens\":%u,\"completion_tokens\":%u,"
               "\"request_tags\":[\"User-Agent: OpenAI/Python 1.99.1\",\"env:%s\"],\"end_user\":\"\","
               "\"api_base\":\"https://api.example.com/v1\",\"model_group\":\"%s\",\"model_id\":\"%016" PRIx64 "\","
               "\"requester_ip_address\":null,\"messages\":[{\"role\":\"system\",\"content\":\"You are a helpful assistant.\"},"
               "{\"role\":\"user\",\"content\":\"%s\"}],",
            input + output, input, output, c->key & 1 ? "prod" : "dev", m->name, c->deployment, question);
    fprintf(f, "\"response\":{\"id\":\"chatcmpl-%s\",\"created\":%" PRId64 ",\"model\":\"%s\",\"object\":\"chat.completion\","
               "\"choices\":[{\"finish_reason\":\"stop\",\"index\":0,\"message\":{\"content\":\"%s\",\"role\":\"assistant\","
               "\"tool_calls\":null,\"function_call\":null}}],\"usage\":{\"completion_tokens\":%u,\"prompt_tokens\":%u,"
               "\"total_tokens\":%u}},",
            c->id, c->ms / 1000, m->name, answer, output, input, input + output);
}

static void write_tail(FILE *f, const Call *c) {
    const Model *m = &models[c->model];
    fprintf(f, "\"model_parameters\":{\"temperature\":0.2,\"max_tokens\":4096,\"stream\":true},\"hidden_params\":{"
               "\"model_id\":\"%016" PRIx64 "\",\"cache_key\":null,\"api_base\":\"https://api.example.com/v1\","
               "\"additional_headers\":{\"x_ratelimit_limit_requests\":10000,\"x_ratelimit_remaining_requests\":%u,"
               "\"x_ratelimit_limit_tokens\":2000000,\"x_ratelimit_remaining_tokens\":%u},\"litellm_overhead_time_ms\":12.4,"
               "\"batch_models\":null,\"litellm_model_name\":\"%s\",\"usage_object\":null},"
               "\"model_map_information\":{\"model_map_key\":\"%s\",\"model_map_value\":null},",
            c->deployment, c->key * 99, c->key * 9999, m->name, m->name);
    fprintf(f, "\"error_str\":%s,\"error_information\":{\"error_code\":\"%s\",\"error_class\":\"%s\",\"llm_provider\":\"%s\","
               "\"traceback\":\"\"},\"response_cost_failure_debug_info\":null,\"guardrail_information\":null,"
               "\"standard_built_in_tools_params\":{\"web_search_options\":null,\"file_search\":null}}\n",
            c->failed ? "\"RateLimitError: 429\"" : "null", c->failed ? "429" : "", c->failed ? "RateLimitError" : "", m->provider);
}

int main(int argc, char **argv) {
    int64_t lines = argc == 3 ? strtoll(argv[2], NULL, 10) * 1000000 / LINE_BYTES : 0;
    char path[512], oracle[512];
    Random r = {.state = 2};
    Prose prose;
    Tally tally[MODELS] = {{0}};
    if (lines <= 0) {
        fprintf(stderr, "usage: corpus_litellm DIR MB\n");
        return 2;
    }
    snprintf(path, sizeof path, "%s/litellm.jsonl", argv[1]);
    snprintf(oracle, sizeof oracle, "%s/litellm.oracle.csv", argv[1]);
    prose_make(&prose, &r);
    FILE *f = corpus_open(path);
    for (int64_t i = 0; i < lines; i++) {
        Call c;
        call_make(&c, &r, CORPUS_END_MS - 30 * DAY_MS + i * (30 * DAY_MS / 1000) / lines * 1000 + i % 1000);
        const char *question = prose_piece(&prose, &r), *answer = prose_piece(&prose, &r);
        for (int times = random_in(&r, 0, 999) == 0 ? 2 : 1; times > 0; times--) {
            write_head(f, &c);
            write_metadata(f, &c, c.key * 0x9e3779b97f4a7c15u);
            write_body(f, &c, question, answer);
            write_tail(f, &c);
        }
        tally_add(&tally[c.model], &models[c.model], c.tokens, c.failed, c.hit);
    }
    corpus_close(f, path);
    oracle_write(oracle, models, tally, MODELS);
    free(prose.piece);
    return 0;
}
