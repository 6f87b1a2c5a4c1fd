/* command_lab: a command of the program run inside a test, over the ledger of query_fixture.h: a home, an empty configuration
 * and a policy in its folder, and what the command prints. */
#ifndef TESTS_COMMAND_LAB_H
#define TESTS_COMMAND_LAB_H
#include <fcntl.h>
#include <locale.h>
#include "tests/query_fixture.h"
#include "tui/commands.h"

#define ARGS(...) ((const char *const[]){__VA_ARGS__, NULL})
#define PLAIN ((const char *const[]){NULL})

typedef struct CommandLab {
    Fixture f;
    char config[128], policy[128];
} CommandLab;

static inline void write_file(const char *path, const char *text) {
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    assert_int_equal(fclose(file), 0);
}

static inline void command_lab_open(CommandLab *lab, const char *zone, int64_t now_ms) {
    setlocale(LC_CTYPE, "C.UTF-8");
    setenv("LC_ALL", "C.UTF-8", 1);
    fixture_open(&lab->f, zone, now_ms);
    setenv("HOME", lab->f.dir, 1);
    setenv("XDG_CONFIG_HOME", lab->f.dir, 1);
    setenv("XDG_STATE_HOME", lab->f.dir, 1);
    snprintf(lab->config, sizeof lab->config, "%s/config.ini", lab->f.dir);
    snprintf(lab->policy, sizeof lab->policy, "%s/policy.json", lab->f.dir);
    write_file(lab->config, "");
    write_file(lab->policy, "{\"schema_version\":1,\"generation\":41,\"kill_switch\":{\"enabled\":false}}");
}

static inline void command_lab_close(CommandLab *lab) {
    unlink(lab->config);
    unlink(lab->policy);
    fixture_close(&lab->f);
}

/* Runs the command with these arguments; its exit code. What it prints to stdout goes into `out`, up to `out`'s own maximum. */
static inline int command_lab_run(CommandLab *lab, const Command *c, App *a, const char *const *args, Buf *out) {
    char path[128], *argv[24];
    int argc = 0;
    Err e = {""};
    while (args[argc]) argv[argc] = (char *)(uintptr_t)args[argc], argc++;
    snprintf(path, sizeof path, "%s/stdout", lab->f.dir);
    fflush(stdout);
    int saved = dup(1), file = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
    dup2(file, 1);
    int code = c->run(a, argc, argv);
    app_close(a);
    fflush(stdout);
    dup2(saved, 1);
    close(saved);
    close(file);
    must(file_read(path, out, &e), &e);
    unlink(path);
    return code;
}
#endif
