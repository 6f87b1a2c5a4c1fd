/* test_doctor_online: `doctor --online` asks the provider of each account once, with its cheap call, and says one line of each: what
 * is well, what is wrong, what to create where. No key is in what it prints. */
#include "collectors/provider.h"
#include "store/data.h"
#include "tests/loopback.h"
#include "tests/unit.h"

#define KEY "sk-online-0123456789"

typedef struct Case { const char *account, *config, *says; int asked; } Case;
static const Case cases[] = {
    {"good", "provider = openai", "openai lets the key read usage", 1},
    {"denied", "provider = anthropic", "anthropic refused the key (401: invalid x-api-key ***); it needs an admin key (sk-ant-admin01-...)", 1},
    {"portal", "provider = openrouter", "openrouter activity: the answer is no JSON", 1},
    {"busy", "provider = litellm", "litellm answered 429; it is asked again later", 1},
    {"aws", "provider = bedrock\nkey_id = AKIDEXAMPLE\nregion = eu-west-1", "bedrock refused the key (400: Signature expired); it needs key_id and secret of an IAM user", 1},
    {"az", "provider = azure\ntenant = t\nclient_id = c\nscope = subscriptions/1", "azure refused the key (401: AADSTS7000215); it needs the client secret", 1},
    {"teamless", "provider = xai", "xai needs scope =, the team's id", 0},
    {"cash", "provider = deepseek", "deepseek lets the key read usage", 1},
    {"mine", "provider = mistral", "mistral answered 404", 1},
    {"none", "provider = groq", "Groq has no API for usage or costs", 0},
    {"odd", "provider = oracle", "no provider is called oracle", 0},
    {"payer", "provider = openai\nkeyless", NULL, 0}};
enum { CASES = sizeof cases / sizeof *cases };

static void answer(void *ctx, int n, const char *request, int fd) {
    (void)ctx, (void)n;
    const char *path = strchr(request, '/');
    if (strncmp(path, "/good/", 6) == 0) loopback_reply(fd, 200, "", "{\"data\":[],\"has_more\":false,\"next_page\":null}");
    else if (strncmp(path, "/denied/", 8) == 0) loopback_reply(fd, 401, "", "{\"error\":{\"message\":\"invalid x-api-key " KEY "\"}}");
    else if (strncmp(path, "/portal/", 8) == 0) loopback_reply(fd, 200, "", "<html>please log in</html>");
    else if (strncmp(path, "/busy/", 6) == 0) loopback_reply(fd, 429, "Retry-After: 1\r\n", "");
    else if (strncmp(path, "/aws", 4) == 0) loopback_reply(fd, 400, "", "{\"__type\":\"InvalidSignatureException\",\"message\":\"Signature expired\"}");
    else if (strncmp(path, "/az/", 4) == 0) loopback_reply(fd, 401, "", "{\"error\":\"invalid_client\",\"error_description\":\"AADSTS7000215\"}");
    else if (strncmp(path, "/cash/", 6) == 0) loopback_reply(fd, 200, "", "{\"is_available\":true,\"balance_infos\":[]}");
    else loopback_reply(fd, 404, "", "");
}

static void write_config(const char *path, int port) {
    char text[8192];
    size_t len = 0;
    Err e = {0};
    for (int i = 0; i < CASES; i++) {
        const Case *c = &cases[i];
        const char *keyless = strstr(c->config, "\nkeyless");
        len += (size_t)snprintf(text + len, sizeof text - len, "[account %s]\n%.*s\nbase_url = http://127.0.0.1:%d/%s\n%s", c->account,
                                (int)(keyless ? (size_t)(keyless - c->config) : strlen(c->config)), c->config, port, c->account, keyless ? "" : "key_env = ONLINE_KEY\n");
        assert_true(len < sizeof text);
    }
    assert_int_equal(file_write(path, text, len, &e), 0);
}

/* All that it prints; its exit code. */
static int doctor(const char *dir, char *out, size_t size) {
    char command[512];
    const char *program = getenv("TOLLWATCH");
    snprintf(command, sizeof command, "ONLINE_KEY=%s %s --config %s/config --db %s/none.db doctor --online 2>&1", KEY, program ? program : "build/tollwatch", dir, dir);
    FILE *f = popen(command, "r");
    assert_non_null(f);
    out[fread(out, 1, size - 1, f)] = '\0';
    return pclose(f);
}

static int times(const char *text, const char *word) {
    int n = 0;
    for (const char *at = text; (at = strstr(at, word)) != NULL; at += strlen(word)) n++;
    return n;
}

/* The line of an account, its end marked; NULL = none. */
static const char *line_of(char *text, const char *account) {
    char about[64];
    snprintf(about, sizeof about, "account %s ", account);
    char *at = strstr(text, about);
    if (!at) snprintf(about, sizeof about, "account %s:", account), at = strstr(text, about);
    return at;
}

static void check(const Case *c, char *said, const char *seen) {
    char path[64];
    snprintf(path, sizeof path, " /%s", c->account);
    if (times(seen, path) != c->asked) fail_msg("%s was asked %d times: %s", c->account, times(seen, path), seen);
    const char *line = line_of(said, c->account);
    if (!c->says) {
        if (line) fail_msg("%s: %s", c->account, line);
        return;
    }
    if (!line) fail_msg("nothing of %s in %s", c->account, said);
    char text[1024];
    snprintf(text, sizeof text, "%.*s", (int)strcspn(line, "\n"), line);
    if (!strstr(text, c->says)) fail_msg("\"%s\" does not say: %s", text, c->says);
    if (strlen(text) > 500) fail_msg("too long: %s", text);
}

static void each_account_is_asked_once(void **state) {
    (void)state;
    char dir[] = "/tmp/tollwatch-online-XXXXXX", path[96], said[32768];
    assert_non_null(mkdtemp(dir));
    snprintf(path, sizeof path, "%s/config", dir);
    Loopback server = loopback_start(answer, NULL);
    write_config(path, server.port);
    assert_int_not_equal(doctor(dir, said, sizeof said), 0); /* something is to be mended */
    char *seen = loopback_seen(&server);
    for (int i = 0; i < CASES; i++) check(&cases[i], said, seen);
    if (strstr(said, KEY)) fail_msg("the key is in: %s", said);
    free(seen);
    loopback_stop(&server);
    unlink(path);
    rmdir(dir);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(each_account_is_asked_once)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
