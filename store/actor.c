/* actor: who acts, for the audit trail. The name is what a person says of himself; the login beside it is the system's. */
#include "store/policy.h"
#include <pwd.h>
#include <unistd.h>

/* Of the environment: no control characters, no more than fits. */
static bool take(char *out, size_t size, const char *text) {
    size_t len = text ? utf8_cut(text, strlen(text), size - 1) : 0;
    for (size_t i = 0; i < len; i++) out[i] = (unsigned char)text[i] < 0x20 || text[i] == 0x7f ? '?' : text[i];
    out[len] = '\0';
    return len > 0;
}

static void find_login(char *out, size_t size) {
    struct passwd pw, *found = NULL;
    char buf[4096];
    if (getpwuid_r(getuid(), &pw, buf, sizeof buf, &found) == 0 && found && take(out, size, found->pw_name)) return;
    snprintf(out, size, "%ld", (long)getuid());
}

void actor_find(const char *configured, Actor *out) {
    char host[128] = "";
    const char *ssh = getenv("SSH_CONNECTION");
    *out = (Actor){0};
    find_login(out->login, sizeof out->login);
    if (!take(out->user, sizeof out->user, getenv("TOLLWATCH_USER")) && !take(out->user, sizeof out->user, configured) &&
        !take(out->user, sizeof out->user, getenv("SUDO_USER")))
        snprintf(out->user, sizeof out->user, "%s", out->login);
    gethostname(host, sizeof host - 1);
    take(out->host, sizeof out->host, host[0] ? host : "localhost");
    if (take(out->from, sizeof out->from, ssh)) out->from[strcspn(out->from, " ")] = '\0';
}
