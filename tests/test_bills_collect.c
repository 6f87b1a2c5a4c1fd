/* test_bills_collect: the whole program with four accounts: one that answers, one whose key is refused, one whose vendor has no API,
 * one whose server hangs. Health and lag of each stand on the Sources screen, no key does, and the one that hangs does not keep the
 * collector once it is told to stop. */
#include "store/clock.h"
#include "store/data.h"
#include "store/query.h"
#include "tests/ledger_lab.h"
#include "tests/loopback.h"

#define KEY "sk-collect-0123456789"
enum { PATIENCE_MS = 20000, STOP_MS = 1000 /* 200 for the hanging request; the rest is a loaded machine that closes a ledger */ };

static void answer(void *ctx, int n, const char *request, int fd) {
    (void)ctx, (void)n;
    if (strncmp(request, "GET /good/", 10) == 0) loopback_reply(fd, 200, "", "{\"data\":[],\"has_more\":false,\"next_page\":null}");
    else loopback_reply(fd, 401, "", "{\"error\":{\"message\":\"invalid x-api-key " KEY "\"}}");
}

static void hang(void *ctx, int n, const char *request, int fd) {
    (void)ctx, (void)n, (void)request;
    loopback_silence(fd);
}

static void write_config(const char *dir, int port, int hanging) {
    char path[96], text[1024];
    Err e = {0};
    snprintf(path, sizeof path, "%s/config", dir);
    int n = snprintf(text, sizeof text,
                     "[account good]\nprovider = openai\nkey_env = COLLECT_KEY\nbase_url = http://127.0.0.1:%d/good\n"
                     "[account denied]\nprovider = anthropic\nkey_env = COLLECT_KEY\nbase_url = http://127.0.0.1:%d/denied\n"
                     "[account none]\nprovider = cohere\nkey_env = COLLECT_KEY\n"
                     "[account hung]\nprovider = openrouter\nkey_env = COLLECT_KEY\nbase_url = http://127.0.0.1:%d\n", port, port, hanging);
    assert_int_equal(file_write(path, text, (size_t)n, &e), 0);
}

static pid_t collect(const char *dir) {
    char config[96], db[96];
    const char *program = getenv("TOLLWATCH");
    snprintf(config, sizeof config, "%s/config", dir);
    snprintf(db, sizeof db, "%s/ledger.db", dir);
    pid_t pid = fork();
    if (pid != 0) return pid;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    setenv("COLLECT_KEY", KEY, 1);
    setenv("HOME", dir, 1);
    execl(program ? program : "build/tollwatch", "tollwatch", "--config", config, "--db", db, "--log", "/dev/null", "collect", (char *)NULL);
    _exit(127);
}

/* Whether a source is in this state. */
static bool is_state(const char *dir, const char *source, const char *state) {
    char path[96];
    SourceView v[8];
    size_t count = 0;
    Db *db = NULL;
    Err e = {0};
    bool is = false;
    snprintf(path, sizeof path, "%s/ledger.db", dir);
    if (db_open(&db, path, DB_READ, &e) == 0 && query_sources(db, clock_now_ms(), v, 8, &count, &e) == 0)
        for (size_t i = 0; i < count; i++) is |= strcmp(v[i].source, source) == 0 && strcmp(v[i].state, state) == 0;
    db_close(db);
    return is;
}

static void await(const char *dir, const Loopback *hanging) {
    int64_t until = clock_monotonic_ms() + PATIENCE_MS;
    for (bool there = false; !there; poll(NULL, 0, 10)) {
        char *seen = loopback_seen(hanging);
        there = seen[0] && is_state(dir, "account good", "ok") && is_state(dir, "account denied", "error") && is_state(dir, "account none", "unknown");
        free(seen);
        if (clock_monotonic_ms() > until) fail_msg("the accounts have no health after %d ms", PATIENCE_MS);
    }
}

static void sources_show(const char *dir) {
    char command[512], out[16384];
    const char *program = getenv("TOLLWATCH");
    static const char *const words[] = {"account good", "openai", "account denied", "anthropic refused the key (401: invalid x-api-key ***); it needs an admin key",
                                        "account none", "Cohere documents no API", NULL};
    snprintf(command, sizeof command, "%s --config %s/config --db %s/ledger.db render sources 200x40", program ? program : "build/tollwatch", dir, dir);
    FILE *f = popen(command, "r");
    assert_non_null(f);
    out[fread(out, 1, sizeof out - 1, f)] = '\0';
    pclose(f);
    for (int i = 0; words[i]; i++)
        if (!strstr(out, words[i])) fail_msg("no \"%s\" in\n%s", words[i], out);
    if (strstr(out, KEY)) fail_msg("the key is in\n%s", out);
    const char *good = strstr(out, "account good"); /* a bill is hours behind, and says so in hours */
    char line[256];
    snprintf(line, sizeof line, "%.*s", (int)strcspn(good, "\n"), good);
    if (!strpbrk(line, "hm")) fail_msg("no age in %s", line);
}

/* Under another name its days would count twice. */
static void the_doctor_knows_who_is_gone(const char *dir, int port) {
    char path[96], command[512], out[16384], text[256];
    const char *program = getenv("TOLLWATCH"), *const gone = "account good: read last on ";
    Err e = {0};
    for (int renamed = 0; renamed < 2; renamed++) {
        snprintf(path, sizeof path, "%s/config", dir);
        int n = snprintf(text, sizeof text, "[account %s]\nprovider = openai\nkey_env = COLLECT_KEY\nbase_url = http://127.0.0.1:%d/good\n", renamed ? "fine" : "good", port);
        assert_int_equal(file_write(path, text, (size_t)n, &e), 0);
        snprintf(command, sizeof command, "%s --config %s/config --db %s/ledger.db doctor", program ? program : "build/tollwatch", dir, dir);
        FILE *f = popen(command, "r");
        assert_non_null(f);
        out[fread(out, 1, sizeof out - 1, f)] = '\0';
        pclose(f);
        if ((strstr(out, gone) != NULL) != renamed) fail_msg("%s is configured: %s", renamed ? "fine" : "good", out);
    }
}

static void health_stands_on_the_screen_and_nothing_keeps_us(void **state) {
    (void)state;
    char dir[] = "/tmp/tollwatch-collect-XXXXXX", command[96];
    int status;
    assert_non_null(mkdtemp(dir));
    Loopback server = loopback_start(answer, NULL), hanging = loopback_start(hang, NULL);
    write_config(dir, server.port, hanging.port);
    pid_t pid = collect(dir);
    await(dir, &hanging);
    int64_t at = clock_monotonic_ms();
    assert_int_equal(kill(pid, SIGTERM), 0);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    int64_t took = clock_monotonic_ms() - at;
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    if (took > STOP_MS) fail_msg("it ended %lld ms after the signal", (long long)took);
    sources_show(dir);
    the_doctor_knows_who_is_gone(dir, server.port);
    loopback_stop(&server);
    loopback_stop(&hanging);
    snprintf(command, sizeof command, "rm -rf %s", dir);
    assert_int_equal(system(command), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(health_stands_on_the_screen_and_nothing_keeps_us)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
