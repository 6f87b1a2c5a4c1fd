/* test_config: the configuration says what it means, every bad line is named with its place, and files are found where
 * the manual says. */
#include "store/config.h"
#include "store/nearest.h"
#include "tests/unit.h"
#include <sys/stat.h>
#include <unistd.h>

static const char example[] =
    "\xEF\xBB\xBF# a comment\n[general]\ntimezone = Europe/Berlin\nraw_days = 35\r\n"
    "[source litellm]\npath = /var/log/litellm/*.jsonl\n  format = litellm   ; an indented key is a key\n"
    "[source gw2]\ncommand = ssh gw2 tail -n +1 -F /var/log/tollwatch/gateway.jsonl\nformat : gateway\n"
    "[source claude]\npath = ~/.claude/projects\nformat = claude-code\nbilling = notional\n"
    "[account openai]\nprovider = openai\nkey_env = OPENAI_ADMIN_KEY\n; or key_file = (0600), key_command =\n"
    "[budget org-day]\nscope = global\nperiod = day\nlimit_usd = 500\nwarn_at = 0.5 0.8\naction = kill\n"
    "[budget search]\nscope = feature:search\nperiod = month\nlimit_usd = 2000.123456789\nwarn_at = 0.9\naction = block\n"
    "[alert slack]\nchannel = slack\nurl_env = SLACK_WEBHOOK\n"
    "[policy]\ncritical_features = checkout fraud\npublish = rsync -a /var/lib/llm-policy/ gw2:/var/lib/llm-policy/\n"
    "[gateway gw2]\nack = gw2";

typedef struct Home {
    char dir[64], path[96];
} Home;

static void home_make(Home *h) {
    snprintf(h->dir, sizeof h->dir, "/tmp/tollwatch-config-XXXXXX");
    assert_non_null(mkdtemp(h->dir));
    snprintf(h->path, sizeof h->path, "%s/config", h->dir);
}

static void home_remove(const Home *h) {
    remove(h->path);
    remove(h->dir);
}

static void write_text(const char *path, const char *text, size_t len) {
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    assert_int_equal(fwrite(text, 1, len, f), len);
    assert_int_equal(fclose(f), 0);
}

static Config *load(const Home *h, const char *text, Err *e) {
    Config *c;
    *e = (Err){0};
    write_text(h->path, text, strlen(text));
    int rc = config_load(&c, h->path, e);
    assert_true((rc == 0) == (c != NULL) && (rc == 0) == !e->text[0]);
    return c;
}

static void wrong_tiers_and_rules_are_named(void **state) {
    (void)state;
    static const struct { const char *text; int line; const char *says; } cases[] = {
        {"[tier best]\nmodels = a\n", 1, "known are classifier standard premium"}, {"[tier premium]\n", 1, "needs models ="},
        {"[gatway x]\nack = x\n", 1, "known are general source account budget alert rule policy savings tier gateway"},
        {"[rule nothing]\noff = yes\n", 1, "is no rule; known are budget"},
        {"[rule burn]\nthreshold = 0.5\n", 1, "has no threshold"},
        {"[rule premium]\nabove_usd = 1\n", 1, "has no above_usd"}, {"[rule call]\nabove_ms = 1\n", 1, "has no above_ms"},
        {"[rule latency]\nabove_ms = fast\n", 2, "milliseconds from 1 to 86400000"},
    };
    Home h;
    home_make(&h);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        Err e;
        char begin[128];
        snprintf(begin, sizeof begin, "%s:%d: ", h.path, cases[i].line);
        assert_null(load(&h, cases[i].text, &e));
        if (strncmp(e.text, begin, strlen(begin)) != 0 || !strstr(e.text, cases[i].says)) fail_msg("%s: %s", cases[i].text, e.text);
    }
    home_remove(&h);
}

static void tiers_and_what_rules_are_given_are_read(void **state) {
    (void)state;
    Home h;
    Err e;
    home_make(&h);
    Config *c = load(&h, "[tier premium]\nmodels = gpt-*-pro our-70b\n[tier classifier]\nmodels = *-nano\n[rule call]\nabove_usd = 0.05\n"
                         "[rule latency]\nabove_ms = 8000\n[rule hitrate]\nthreshold = 0.4\n", &e);
    if (!c) fail_msg("%s", e.text);
    assert_int_equal(c->tier_count, 2);
    assert_string_equal(c->tiers[0].name, "premium");
    assert_string_equal(c->tiers[0].models, "gpt-*-pro our-70b");
    assert_int_equal(c->rules[0].above_nano, 50000000);
    assert_int_equal(c->rules[1].above_ms, 8000);
    assert_int_equal(c->rules[2].threshold_ppm, 400000);
    config_free(c);
    home_remove(&h);
}

static void the_example_is_understood(void **state) {
    (void)state;
    Home h;
    Err e;
    home_make(&h);
    Config *c = load(&h, example, &e);
    if (!c) fail_msg("%s", e.text);
    assert_string_equal(c->timezone, "Europe/Berlin");
    assert_int_equal(c->source_count, 3);
    assert_string_equal(c->sources[0].format, "litellm");
    assert_string_equal(c->sources[1].command, "ssh gw2 tail -n +1 -F /var/log/tollwatch/gateway.jsonl");
    assert_string_equal(c->sources[1].format, "gateway");
    assert_true(c->sources[2].notional && !c->sources[2].payg && !c->sources[0].notional && !c->sources[0].payg);
    assert_string_equal(c->accounts[0].key_env, "OPENAI_ADMIN_KEY");
    assert_int_equal(c->budget_count, 2);
    assert_int_equal(c->budgets[0].scope_dim, -1);
    assert_int_equal(c->budgets[0].action, BUDGET_KILL);
    assert_int_equal(c->budgets[1].scope_dim, DIM_FEATURE);
    assert_string_equal(c->budgets[1].scope_value, "search");
    assert_int_equal(c->budgets[1].period, UNIT_MONTH);
    assert_int_equal(c->budgets[1].limit_nano, INT64_C(2000123456789));
    assert_int_equal(c->budgets[1].warn_permille[0], 900);
    assert_int_equal(c->budgets[1].warn_permille[1], 0);
    assert_string_equal(c->alerts[0].url_env, "SLACK_WEBHOOK");
    assert_string_equal(c->publish, "rsync -a /var/lib/llm-policy/ gw2:/var/lib/llm-policy/");
    assert_string_equal(c->gateways[0].ack, "gw2");
    assert_string_equal(c->dir, h.dir);
    config_free(c);
    home_remove(&h);
}

static void defaults_come_from_the_key_table(void **state) {
    (void)state;
    Home h;
    Err e;
    home_make(&h);
    Config *c = load(&h, "[budget b]\nlimit_usd = 1\n", &e);
    assert_non_null(c);
    assert_string_equal(c->timezone, "UTC");
    assert_int_equal(c->raw_days, 35);
    assert_int_equal(c->budgets[0].scope_dim, -1);
    assert_int_equal(c->budgets[0].period, UNIT_DAY);
    assert_int_equal(c->budgets[0].warn_permille[0], 500);
    assert_int_equal(c->budgets[0].warn_permille[1], 800);
    assert_int_equal(c->budgets[0].action, BUDGET_ALERT);
    config_free(c);
    c = load(&h, "", &e);
    assert_non_null(c);
    config_free(c);
    home_remove(&h);
}

/* What is wrong, and in which line. */
static void bad_lines_are_named(void **state) {
    (void)state;
    static const struct { const char *text; int line; const char *says; } cases[] = {
        {"[general]\ntimezon = UTC\n", 2, "did you mean \"timezone\"?"},
        {"[general]\n\n;x\nraw_days = many\n", 4, "raw_days = many: it must be a number of days"},
        {"[general]\nraw_days = 0\n", 2, "from 1 to 3660"},
        {"[general]\nraw_days = 1.5\n", 2, "from 1 to 3660"},
        {"[general]\ntimezone = Europe/Nowhere\n", 2, "no known time zone"},
        {"[general]\ntimezone = ../../etc/passwd\n", 2, "no known time zone"},
        {"[general]\nascii = maybe\n", 2, "must be yes or no"},
        {"[general main]\n", 1, "takes no name"},
        {"timezone = UTC\n", 1, "before any section"},
        {"[sources x]\npath = a\n", 1, "did you mean \"source\"?"},
        {"[nonsense]\n", 1, "known are general source"},
        {"[source]\npath = a\n", 1, "needs a name"},
        {"[source a]\nformat = litellm\n", 1, "[source a] needs either path = or command ="},
        {"[source a]\npath = a\ncommand = b\n", 1, "needs either"},
        {"[source a]\n[source b]\npath = b\n", 1, "[source a] needs either"},
        {"[source a]\npath = a\n[source a]\npath = b\n", 3, "twice"},
        {"[source a]\npath = a\npath = b\n", 3, "path is given twice"},
        {"[source a]\npath = a\n  and more\n", 3, "neither [section] nor key = value"},
        {"[source a\npath = a\n", 1, "a section is written"},
        {"[source a] path = a\n", 1, "alone on its line"},
        {"[source a]\ncommand = tail -F x ; true\n", 2, "begins a comment"},
        {"[source a]\npath = x\nbilling = free\n", 3, "must be payg or notional"},
        {"[source a]\npath = x\nnonsense\nbilling = free\n", 3, "neither"}, /* the first of two */
        {"[source a]\npath = x\nbilling = free\nnonsense\n", 3, "must be payg"},
        {"[source a]\npath = x\nquantity_of = x\n", 3, "known are path command format"},
        {"[budget b]\nperiod = day\n", 1, "needs limit_usd"},
        {"[budget b]\nlimit_usd = -5\n", 2, "above 0"},
        {"[budget b]\nlimit_usd = 99999999999999\n", 2, "above 0"},
        {"[budget b]\nscope = session:x\n", 2, "like feature:search"},
        {"[budget b]\nscope = feature:\n", 2, "like feature:search"},
        {"[budget b]\nperiod = year\n", 2, "must be hour, day, week or month"},
        {"[budget b]\nanchor_day = 32\n", 2, "from 1 to 31"},
        {"[budget b]\nanchor_day = 15\nlimit_usd = 1\n", 1, "anchor_day without period = month"},
        {"[budget b]\nzone = Mars\n", 2, "no known time zone"},
        {"[budget b]\nenforcement = maybe\n", 2, "must be hard or soft"},
        {"[budget b]\naction = explode\n", 2, "must be alert, block or kill"},
        {"[budget b]\nwarn_at = 0.5 1.5\n", 2, "between 0 and 1"},
        {"[budget b]\nwarn_at = .1 .2 .3 .4 .5\n", 2, "more than four"},
        {"[account o]\nkey_env = A\n", 1, "needs provider"},
        {"[account o]\nprovider = openai\nkey_env = A\nkey_file = b\n", 1, "not several"},
        {"[account o]\nbase_url = ftp://x\n", 2, "https://"},
        {"[account a-name-that-is-longer-than-any-name-of-an-account-ought-to-be-written]\n", 1, "longer than 63 bytes"},
    };
    Home h;
    Err e;
    char place[128];
    home_make(&h);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        Config *c = load(&h, cases[i].text, &e);
        snprintf(place, sizeof place, "%s:%d: ", h.path, cases[i].line);
        if (c || strncmp(e.text, place, strlen(place)) != 0 || !strstr(e.text, cases[i].says))
            fail_msg("case %zu: \"%s\" instead of line %d, \"%s\"", i, e.text, cases[i].line, cases[i].says);
    }
    home_remove(&h);
}

/* The parser below holds 199 bytes of a line and 49 of a name; nothing of ours may be cut by that. */
static void long_lines_are_whole_or_refused(void **state) {
    (void)state;
    static char text[4096], value[2200];
    Home h;
    Err e;
    home_make(&h);
    for (size_t len = 1; len < 2100; len += len < 180 || len > 220 ? 97 : 1) {
        memset(value, 'x', len);
        value[len] = '\0';
        snprintf(text, sizeof text, "[source a]\n path = %s ; comment\n[gateway b]\nack=c", value);
        Config *c = load(&h, text, &e);
        assert_true(!c == (len > 1023));
        if (c)
            assert_string_equal(c->sources[0].path, value);
        else
            assert_true(strstr(e.text, ":2: ") != NULL);
        if (c) assert_int_equal(c->gateway_count, 1);
        config_free(c);
    }
    const char *name = "a-name-of-sixty-three-bytes-which-is-more-than-49-and-no-error-";
    snprintf(text, sizeof text, "[source %s]\npath = a\n", name);
    Config *c = load(&h, text, &e);
    assert_non_null(c);
    assert_string_equal(c->sources[0].name, name);
    config_free(c);
    home_remove(&h);
}

static void what_is_no_text_file_is_refused(void **state) {
    (void)state;
    Home h;
    Err e = {0};
    Config *c;
    home_make(&h);
    assert_int_equal(config_load(&c, h.dir, &e), -1); /* a folder */
    assert_int_equal(config_load(&c, h.path, &e), -1);
    assert_non_null(strstr(e.text, h.dir));
    write_text(h.path, "[general]\nuser = a\0b\n", 21);
    e = (Err){0};
    assert_int_equal(config_load(&c, h.path, &e), -1);
    assert_non_null(strstr(e.text, ":2: the line is not text"));
    assert_null(c);
    remove(h.path);
    assert_int_equal(mkfifo(h.path, 0600), 0);
    assert_int_equal(config_load(&c, h.path, NULL), -1); /* does not hang */
    home_remove(&h);
}

/* Each row of the key table has a setter that takes its own default, and a place in a section. */
static void the_key_table_is_whole(void **state) {
    (void)state;
    size_t rows = 0;
    for (const ConfigKey *k = config_keys; k->section; k++, rows++) {
        _Alignas(max_align_t) char field[8192];
        assert_non_null(k->set);
        assert_true(k->size > 0 && k->size <= sizeof field && k->help[0]);
        if (k->fallback[0]) assert_null(k->set(field, k->size, k->fallback));
    }
    assert_true(rows > 20 && rows <= CONFIG_KEYS_MAX);
}

static void setup_xdg(const Home *h) {
    setenv("HOME", h->dir, 1);
    unsetenv("XDG_CONFIG_HOME");
    unsetenv("XDG_STATE_HOME");
    unsetenv("LLM_POLICY_FILE");
}

static void remove_tree(const Home *h, const char *const *paths) {
    char path[256];
    for (int i = 0; paths[i]; i++) {
        snprintf(path, sizeof path, "%s/%s", h->dir, paths[i]);
        assert_int_equal(remove(path), 0);
    }
}

/* The shared folder wins where a machine has one, else the place under the test's HOME. */
static void expect_place(const Home *h, const char *out, const char *shared, const char *file, const char *own) {
    char expected[256];
    if (access(shared, F_OK) == 0)
        snprintf(expected, sizeof expected, "%s/%s", shared, file);
    else
        snprintf(expected, sizeof expected, "%s/%s", h->dir, own);
    assert_string_equal(out, expected);
}

static void files_are_where_the_manual_says(void **state) {
    (void)state;
    static const char *const made[] = {"s/tollwatch", "s", NULL};
    Home h;
    char out[1024], dir[128];
    Err e = {0};
    struct stat st;
    home_make(&h);
    setup_xdg(&h);
    snprintf(dir, sizeof dir, "%s/s", h.dir);
    setenv("XDG_STATE_HOME", dir, 1);
    assert_int_equal(place_database(out, sizeof out, NULL, &e), 0);
    expect_place(&h, out, "/var/lib/tollwatch", "ledger.db", "s/tollwatch/ledger.db");
    snprintf(dir, sizeof dir, "%s/s/tollwatch", h.dir);
    if (access("/var/lib/tollwatch", F_OK) != 0) {
        assert_int_equal(stat(dir, &st), 0);
        assert_int_equal(st.st_mode & 07777, 0700);
        remove_tree(&h, made);
    }
    assert_int_equal(place_database(out, sizeof out, "~/x.db", &e), 0);
    snprintf(dir, sizeof dir, "%s/x.db", h.dir);
    assert_string_equal(out, dir);
    assert_int_equal(place_policy(out, sizeof out, NULL, &e), 0);
    expect_place(&h, out, "/var/lib/llm-policy", "policy.json", "s/tollwatch/policy/policy.json");
    setenv("LLM_POLICY_FILE", "/run/p.json", 1);
    assert_int_equal(place_policy(out, sizeof out, NULL, &e), 0);
    assert_string_equal(out, "/run/p.json");
    setenv("XDG_STATE_HOME", "/proc/nowhere", 1); /* cannot be made: still a place, the opening says what is wrong */
    assert_int_equal(place_database(out, sizeof out, NULL, &e), 0);
    assert_true(strcmp(out, "/proc/nowhere/tollwatch/ledger.db") == 0 || access("/var/lib/tollwatch", F_OK) == 0);
    unsetenv("XDG_STATE_HOME");
    unsetenv("HOME");
    assert_int_equal(place_database(out, sizeof out, "~/x.db", &e), -1);
    assert_non_null(strstr(e.text, "HOME"));
    home_remove(&h);
}

static void the_users_configuration_is_found(void **state) {
    (void)state;
    static const char *const made[] = {".config/tollwatch/config", ".config/tollwatch", ".config", NULL};
    Home h;
    Err e = {0};
    char dir[128];
    Config *c;
    home_make(&h);
    setup_xdg(&h);
    assert_int_equal(config_load(&c, NULL, &e), 0);
    snprintf(dir, sizeof dir, "%s/.config/tollwatch", h.dir);
    if (access("/etc/tollwatch/config", F_OK) != 0) { /* none there: defaults, and the folder where formats may be */
        assert_string_equal(c->path, "");
        assert_string_equal(c->dir, dir);
    }
    config_free(c);
    snprintf(dir, sizeof dir, "%s/.config", h.dir);
    assert_int_equal(mkdir(dir, 0700), 0);
    snprintf(dir, sizeof dir, "%s/.config/tollwatch", h.dir);
    assert_int_equal(mkdir(dir, 0700), 0);
    snprintf(dir, sizeof dir, "%s/.config/tollwatch/config", h.dir);
    write_text(dir, "[general]\nuser = alice\n", 23);
    assert_int_equal(config_load(&c, NULL, &e), 0);
    assert_string_equal(c->path, dir);
    assert_string_equal(c->user, "alice");
    config_free(c);
    remove_tree(&h, made);
    home_remove(&h);
}

static void a_key_that_others_can_read_is_refused(void **state) {
    (void)state;
    Home h;
    Err e = {0};
    home_make(&h);
    assert_int_equal(key_file_check(h.path, &e), -1);
    write_text(h.path, "k", 1);
    chmod(h.path, 0640);
    e = (Err){0};
    assert_int_equal(key_file_check(h.path, &e), -1);
    assert_non_null(strstr(e.text, "chmod 600"));
    chmod(h.path, 0600);
    assert_int_equal(key_file_check(h.path, &e), 0);
    assert_int_equal(key_file_check(h.dir, NULL), -1);
    home_remove(&h);
}

static void only_near_words_are_offered(void **state) {
    (void)state;
    static const struct { const char *word, *best; } cases[] = {
        {"reprot", "report"}, {"stats", "status"}, {"pirces", "prices"}, {"repor", "report"}, {"xyz", NULL}, {"", NULL}, {"zebra", NULL}};
    static const char *const known[] = {"import", "report", "status", "prices", NULL};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        Nearest n = nearest_start(cases[i].word);
        for (int k = 0; known[k]; k++) nearest_try(&n, known[k]);
        if (cases[i].best)
            assert_string_equal(n.best, cases[i].best);
        else
            assert_null(n.best);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_example_is_understood),        cmocka_unit_test(defaults_come_from_the_key_table),
        cmocka_unit_test(tiers_and_what_rules_are_given_are_read), cmocka_unit_test(wrong_tiers_and_rules_are_named),
        cmocka_unit_test(bad_lines_are_named),              cmocka_unit_test(long_lines_are_whole_or_refused),
        cmocka_unit_test(what_is_no_text_file_is_refused),  cmocka_unit_test(the_key_table_is_whole),
        cmocka_unit_test(files_are_where_the_manual_says),  cmocka_unit_test(the_users_configuration_is_found),
        cmocka_unit_test(a_key_that_others_can_read_is_refused), cmocka_unit_test(only_near_words_are_offered),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
