/* test_key_kept: the whole program as a collector with an admin key, against a provider that throws the key back in its errors: the
 * key is in the request, and nowhere else: in no argument, no file of ours (database, its -wal, log, metrics), no output, and it
 * can be in no core file. */
#include "store/base.h"
#include "tests/loopback.h"
#include <dirent.h>
#include <fcntl.h>

#define KEY "sk-admin-never-written-0123456789"

typedef struct Desk {
    char dir[64];
    Loopback server;
    pid_t pid;
    int bell[2]; /* readable once the provider was asked */
} Desk;

static void answer(void *ctx, int n, const char *request, int fd) {
    const Desk *d = ctx;
    const char *told = strstr(request, "\r\nAuthorization: Bearer " KEY "\r\n") ? "it had the key" : "it had no key";
    (void)n;
    loopback_reply(fd, 401, "x-request-id: " KEY "\r\n", "{\"error\":{\"message\":\"Incorrect API key provided: " KEY ".\",\"code\":\"" KEY "\"}}");
    if (write(d->bell[1], told, 14) != 14) _exit(1);
}

static void put(const Desk *d, const char *name, const char *text) {
    char path[128];
    snprintf(path, sizeof path, "%s/%s", d->dir, name);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    close(fd);
}

static void start(Desk *d) {
    const char *program = getenv("TOLLWATCH");
    char at[5][128];
    static const char *const names[] = {"config", "db", "log", "metrics", "out"};
    for (int i = 0; i < 5; i++) snprintf(at[i], sizeof at[i], "%s/%s", d->dir, names[i]);
    d->pid = fork();
    if (d->pid) return;
    int out = open(at[4], O_WRONLY | O_CREAT, 0600);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    dup2(out, 1), dup2(out, 2);
    setenv("TEST_KEPT_KEY", KEY, 1);
    setenv("HOME", d->dir, 1);
    program = program ? program : "build/tollwatch";
    execl(program, program, "--config", at[0], "--db", at[1], "-v", "--log", at[2], "collect", "--metrics-file", at[3], (char *)NULL);
    _exit(127);
}

static int setup(void **state) {
    Desk *d = calloc(1, sizeof *d);
    char config[512];
    snprintf(d->dir, sizeof d->dir, "/tmp/tollwatch-key-XXXXXX");
    assert_non_null(mkdtemp(d->dir));
    assert_int_equal(pipe(d->bell), 0);
    d->server = loopback_start(answer, d);
    snprintf(config, sizeof config, "[account by-env]\nprovider = openai\nkey_env = TEST_KEPT_KEY\nbase_url = http://127.0.0.1:%d\n"
             "[account by-file]\nprovider = openai\nkey_file = %s/key\nbase_url = http://127.0.0.1:%d\n", d->server.port, d->dir, d->server.port);
    put(d, "config", config);
    put(d, "key", KEY "\n");
    start(d);
    *state = d;
    return 0;
}

static void ask_shell(const char *fmt, const char *dir) {
    char command[256];
    snprintf(command, sizeof command, fmt, dir);
    if (system(command) != 0) fail_msg("%s", command);
}

static int teardown(void **state) {
    Desk *d = *state;
    loopback_stop(&d->server);
    ask_shell("rm -rf %s", d->dir);
    free(d);
    return 0;
}

/* How often the text is in the file; -1 = there is none. */
static int times_in(const char *path, const char *text, size_t len) {
    Buf all = {.max = 64 << 20};
    char chunk[4096];
    int count = 0, fd = open(path, O_RDONLY);
    if (fd < 0) return -1;
    for (ssize_t n; (n = read(fd, chunk, sizeof chunk)) > 0;) buf_add(&all, chunk, (size_t)n);
    close(fd);
    for (char *at = all.at; at && (at = memmem(at, all.len - (size_t)(at - all.at), text, len)) != NULL; at += len) count++;
    buf_free(&all);
    return count;
}

static int times_in_proc(pid_t pid, const char *file, const char *text) {
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, file);
    return times_in(path, text, strlen(text));
}

/* All files of the folder but the key's own. */
static void nowhere_in(const char *dir) {
    DIR *folder = opendir(dir);
    int files = 0;
    assert_non_null(folder);
    for (struct dirent *f; (f = readdir(folder)) != NULL;) {
        char path[400];
        snprintf(path, sizeof path, "%s/%s", dir, f->d_name);
        if (f->d_type != DT_REG || strcmp(f->d_name, "key") == 0) continue;
        if (times_in(path, KEY, strlen(KEY)) != 0) fail_msg("the key is in %s", path);
        files++;
    }
    closedir(folder);
    assert_true(files >= 4);
}

static void wait_until_asked(const Desk *d, int times) {
    char told[14];
    struct pollfd p = {.fd = d->bell[0], .events = POLLIN};
    for (int i = 0; i < times; i++) {
        if (poll(&p, 1, 20000) != 1) fail_msg("nobody asked");
        assert_int_equal(read(d->bell[0], told, sizeof told), sizeof told);
        assert_memory_equal(told, "it had the key", sizeof told);
    }
}

static void a_key_is_in_the_request_alone(void **state) {
    Desk *d = *state;
    char path[128];
    int status = 0;
    wait_until_asked(d, 6);
    assert_int_equal(times_in_proc(d->pid, "cmdline", "--config"), 1);
    assert_int_equal(times_in_proc(d->pid, "cmdline", KEY), 0);
    assert_int_equal(times_in_proc(d->pid, "limits", "Max core file size        0                    0  "), 1);
    nowhere_in(d->dir); /* while it runs, with the -wal */
    assert_int_equal(kill(d->pid, SIGTERM), 0);
    assert_int_equal(waitpid(d->pid, &status, 0), d->pid);
    assert_true(WIFEXITED(status));
    nowhere_in(d->dir);
    snprintf(path, sizeof path, "%s/db", d->dir);
    assert_true(times_in(path, "refused the key (401: Incorrect API key provided: ***", 53) > 0); /* what was thrown back was told, without it */
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test_setup_teardown(a_key_is_in_the_request_alone, setup, teardown)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
