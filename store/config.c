/* config: reading the INI file into one immutable Config. The syntax is inih's; what a key means is ours.
 * The first bad line wins and is reported as FILE:LINE: what; what to do. */
#include "store/config.h"
#include "store/money.h"
#include <ini.h>
#include <unistd.h>

enum { LINES_MAX = 100000 };

typedef struct Reading {
    Config *c;
    Err *e;
    FILE *file;
    int line;
    bool long_line;
} Reading;

#define SET(field, value) set_text(field, sizeof(field), value)

static const char *set_text(char *to, size_t size, const char *value) {
    if (strlen(value) >= size) return "is too long";
    snprintf(to, size, "%s", value);
    return NULL;
}

static const char *set_bool(bool *to, const char *value) {
    static const char *const yes[] = {"yes", "true", "on", "1"}, *const no[] = {"no", "false", "off", "0"};
    for (int i = 0; i < 4; i++) {
        if (strcmp(value, yes[i]) == 0) return *to = true, NULL;
        if (strcmp(value, no[i]) == 0) return *to = false, NULL;
    }
    return "is not yes or no";
}

static const char *set_general(Config *c, const char *key, const char *value) {
    int64_t n;
    if (strcmp(key, "timezone") == 0) return SET(c->timezone, value);
    if (strcmp(key, "theme") == 0) return SET(c->theme, value);
    if (strcmp(key, "user") == 0) return SET(c->user, value);
    if (strcmp(key, "ascii") == 0) return set_bool(&c->glyphs_ascii, value);
    if (strcmp(key, "mouse") == 0) return set_bool(&c->mouse, value);
    if (decimal_parse(value, strlen(value), 0, &n, NULL) != 0 || n < 1 || n > 3660) return "is not a number of days from 1 to 3660";
    c->raw_days = (int)n;
    return NULL;
}

static const char *set_source(SourceConfig *s, const char *key, const char *value) {
    if (strcmp(key, "path") == 0) return SET(s->path, value);
    if (strcmp(key, "command") == 0) return SET(s->command, value);
    if (strcmp(key, "format") == 0) return SET(s->format, value);
    if (strcmp(key, "account") == 0) return SET(s->account, value);
    if (strcmp(key, "feature") == 0) return SET(s->feature, value);
    if (strcmp(key, "team") == 0) return SET(s->team, value);
    if (strcmp(key, "gateway") == 0) return SET(s->gateway, value);
    s->notional = strcmp(value, "notional") == 0;
    s->payg = strcmp(value, "payg") == 0;
    return s->notional || s->payg ? NULL : "is not payg or notional";
}

static const char *set_account(AccountConfig *a, const char *key, const char *value) {
    if (strcmp(key, "provider") == 0) return SET(a->provider, value);
    if (strcmp(key, "key_env") == 0) return SET(a->key_env, value);
    if (strcmp(key, "key_file") == 0) return SET(a->key_file, value);
    if (strcmp(key, "key_command") == 0) return SET(a->key_command, value);
    if (strcmp(key, "base_url") == 0) return SET(a->base_url, value);
    return SET(a->keys, value);
}

static const char *set_warnings(Budget *b, const char *value) {
    memset(b->warn_permille, 0, sizeof b->warn_permille);
    for (size_t n = 0; *value;) {
        size_t len = strcspn(value, " ,");
        int64_t permille;
        if (len) {
            if (n == 4) return "has more than four parts";
            if (decimal_parse(value, len, 3, &permille, NULL) != 0 || permille < 1 || permille > 1000)
                return "is not parts between 0 and 1, like 0.5 0.8";
            b->warn_permille[n++] = (int)permille;
        }
        value += len + (value[len] != '\0');
    }
    return NULL;
}

static const char *set_budget(Budget *b, const char *key, const char *value, Err *e) {
    static const char *const periods[] = {"day", "week", "month"}, *const actions[] = {"alert", "block", "kill"};
    static const Unit units[] = {UNIT_DAY, UNIT_WEEK, UNIT_MONTH};
    if (strcmp(key, "scope") == 0) return budget_parse_scope(b, value, e) == 0 ? NULL : "";
    if (strcmp(key, "warn_at") == 0) return set_warnings(b, value);
    if (strcmp(key, "limit_usd") == 0)
        return decimal_parse(value, strlen(value), 9, &b->limit_nano, NULL) == 0 && b->limit_nano > 0 ? NULL : "is not an amount of dollars";
    bool period = strcmp(key, "period") == 0;
    for (int i = 0; i < 3; i++) {
        if (period && strcmp(value, periods[i]) == 0) return b->period = units[i], NULL;
        if (!period && strcmp(value, actions[i]) == 0) return b->action = (BudgetAction)i, NULL;
    }
    return period ? "is not day, week or month" : "is not alert, block or kill";
}

/* The element of a growing array whose name is `name`; a new one is zeroed. Every element begins with its name. */
static void *named(void **array, size_t *count, size_t size, size_t name_size, const char *name) {
    for (size_t i = 0; i < *count; i++)
        if (strncmp((char *)*array + i * size, name, name_size) == 0) return (char *)*array + i * size;
    *array = xrealloc(*array, (*count + 1) * size);
    char *at = (char *)*array + (*count)++ * size;
    memset(at, 0, size);
    snprintf(at, name_size, "%s", name);
    return at;
}

#define NAMED(array, count, name) named((void **)&(array), &(count), sizeof *(array), sizeof (array)->name, name)

static Budget *budget_named(Config *c, const char *name) {
    size_t before = c->budget_count;
    Budget *b = named((void **)&c->budgets, &c->budget_count, sizeof *b, sizeof b->id, name);
    if (c->budget_count > before) {
        b->scope_dim = -1;
        b->period = UNIT_DAY;
        b->warn_permille[0] = 500, b->warn_permille[1] = 800;
    }
    return b;
}

/* NULL = taken, "" = already in e, else what is wrong with the value. */
static const char *set_key(Config *c, const char *kind, const char *name, const char *key, const char *value, Err *e) {
    if (strcmp(kind, "general") == 0) return set_general(c, key, value);
    if (strcmp(kind, "policy") == 0)
        return strcmp(key, "publish") == 0 ? SET(c->publish, value) : SET(c->critical_features, value);
    if (strcmp(kind, "source") == 0) return set_source(NAMED(c->sources, c->source_count, name), key, value);
    if (strcmp(kind, "account") == 0) return set_account(NAMED(c->accounts, c->account_count, name), key, value);
    if (strcmp(kind, "budget") == 0) return set_budget(budget_named(c, name), key, value, e);
    if (strcmp(kind, "alert") == 0) {
        AlertConfig *a = NAMED(c->alerts, c->alert_count, name);
        return strcmp(key, "channel") == 0 ? SET(a->channel, value) : SET(a->url_env, value);
    }
    GatewayConfig *g = NAMED(c->gateways, c->gateway_count, name);
    return SET(g->ack, value);
}

static bool known(const char *kind, const char *key) {
    for (const ConfigKey *k = config_keys; k->section; k++)
        if (strcmp(k->section, kind) == 0 && (!key || strcmp(k->key, key) == 0)) return true;
    return false;
}

/* The keys of a section, for the hint of an unknown one. */
static void list_keys(const char *kind, char *out, size_t size) {
    Buf b = {.max = size - 1};
    for (const ConfigKey *k = config_keys; k->section; k++)
        if (strcmp(k->section, kind) == 0) buf_fmt(&b, "%s%s", b.len ? " " : "", k->key);
    snprintf(out, size, "%s", b.at ? b.at : "");
    buf_free(&b);
}

static int bad_line(Reading *r, const char *fmt, const char *a, const char *b, const char *hint) {
    char text[ERR_MAX];
    snprintf(text, sizeof text, fmt, a, b, hint);
    fail(r->e, "%s:%d: %s", r->c->path, r->line, text);
    return 0; /* inih: stop */
}

static int on_key(void *user, const char *section, const char *key, const char *value) {
    Reading *r = user;
    char kind[32], name[64], hint[200];
    size_t len = strcspn(section, " ");
    snprintf(kind, sizeof kind, "%.*s", (int)len, section);
    const char *rest = section + len + strspn(section + len, " ");
    if (r->long_line) return bad_line(r, "the line is longer than %s%s%s bytes; break it up", "1023", "", "");
    if (!known(kind, NULL))
        return bad_line(r, "[%.40s] is no section%s%s; known are general source account budget alert policy gateway", section, "", "");
    list_keys(kind, hint, sizeof hint);
    if (!known(kind, key)) return bad_line(r, "\"%.60s\" is no key of [%s]; known are %s", key, kind, hint);
    bool has_name = strcmp(kind, "general") != 0 && strcmp(kind, "policy") != 0;
    if (has_name != (*rest != '\0') || strlen(rest) >= sizeof name)
        return bad_line(r, has_name ? "[%s] needs a name%s%s, like [source litellm]" : "[%s] takes no name%s%s", kind, "", "");
    snprintf(name, sizeof name, "%s", rest);
    Err inner = {0};
    const char *wrong = set_key(r->c, kind, name, key, value, &inner);
    if (!wrong) return 1;
    if (inner.text[0]) return bad_line(r, "%s%s%s", inner.text, "", "");
    return bad_line(r, "%s = %.60s: it %s", key, value, wrong);
}

/* inih asks for lines here, so that we know which one it is at and notice one that would be cut. */
static char *next_line(char *line, int size, void *stream) {
    Reading *r = stream;
    char *got = r->line < LINES_MAX ? fgets(line, size, r->file) : NULL;
    if (!got) return NULL;
    r->line++;
    size_t n = strlen(line);
    r->long_line = n + 1 == (size_t)size && line[n - 1] != '\n';
    return got;
}

static int check_whole(const Config *c, Err *e) {
    for (size_t i = 0; i < c->source_count; i++)
        if (!c->sources[i].path[0] == !c->sources[i].command[0])
            return fail(e, "%s: [source %s] needs either path = or command =", c->path, c->sources[i].name);
    for (size_t i = 0; i < c->budget_count; i++)
        if (c->budgets[i].limit_nano <= 0)
            return fail(e, "%s: [budget %s] needs limit_usd =", c->path, c->budgets[i].id);
    return 0;
}

static int read_file(Config *c, Err *e) {
    Reading r = {.c = c, .e = e, .file = fopen(c->path, "re")};
    if (!r.file) return fail(e, "%s cannot be opened; check that it exists and may be read", c->path);
    int rc = ini_parse_stream(next_line, &r, on_key, &r);
    fclose(r.file);
    if (e->text[0]) return -1;
    if (rc != 0) return fail(e, "%s:%d: neither [section] nor key = value", c->path, rc);
    return check_whole(c, e);
}

int config_load(Config **out, const char *path, Err *e) {
    Err own = {0};
    Config *c = xcalloc(1, sizeof *c);
    c->raw_days = 35;
    set_text(c->timezone, sizeof c->timezone, "UTC");
    set_text(c->theme, sizeof c->theme, "default");
    int rc = place_config(c->path, sizeof c->path, c->dir, sizeof c->dir, path, &own);
    if (rc == 0 && c->path[0]) rc = read_file(c, &own);
    *out = rc == 0 ? c : NULL;
    if (rc == 0) return 0;
    config_free(c);
    return fail(e, "%s", own.text);
}

void config_free(Config *c) {
    if (!c) return;
    free(c->sources);
    free(c->accounts);
    free(c->budgets);
    free(c->alerts);
    free(c->gateways);
    free(c);
}
