/* config: the INI file, its one table of keys with defaults and help texts, and where files live.
 *
 * Bad lines: "FILE:LINE: what is wrong; what to do". Secrets are never stored here: key_env names a variable,
 * key_file a 0600 file, key_command a command. Read once, immutable after, shareable between threads.
 */
#ifndef STORE_CONFIG_H
#define STORE_CONFIG_H
#include "store/budget.h"
#include "store/clock.h"

typedef struct SourceConfig {
    char name[64], format[32] /* "" = recognise */, path[1024] /* glob or directory */, command[1024];
    char account[64], feature[64], team[64], gateway[64]; /* defaults where the record says nothing */
    bool notional, payg; /* billing = notional, = payg; neither: the format's default */
    bool discovered;    /* found at a known place, not configured */
} SourceConfig;
typedef struct AccountConfig { char name[64], provider[32], key_env[64], key_file[1024], key_command[1024], base_url[512]; char keys[512];
    char key_id[128], region[64], tenant[64], client_id[128], scope[512], resource[512], project[128], table[256], api[16]; /* what some providers want to know */
} AccountConfig;
typedef enum Weight { WEIGHT_WATCH = 1, WEIGHT_ACT } Weight; /* of alerts */
typedef struct RuleConfig { char name[64]; bool off; int64_t floor_nano, again_ms, threshold_ppm, above_nano, above_ms; /* 0 = the table's */ } RuleConfig;
typedef struct AlertConfig {
    char name[64], channel[32];
    char url[512], url_env[64], url_file[1024], url_command[1024]; /* one of them */
    char key_env[64], key_file[1024], key_command[1024];           /* a token or routing key; one of them */
    char topic[64], command[1024];
    Weight least;     /* what it is told of */
} AlertConfig;
typedef struct TierConfig { char name[64], models[1024]; /* globs */ } TierConfig;
typedef struct GatewayConfig { char name[64], ack[64]; } GatewayConfig;

typedef struct Config {
    char path[1024];    /* "" = no file was found */
    char dir[1024];     /* user formats, themes, prices.csv: the config file's folder, else $XDG_CONFIG_HOME/tollwatch */
    char timezone[64], theme[64], user[64], runbook[512];
    int raw_days;
    bool glyphs_ascii, mouse;
    char critical_features[512], publish[1024];
    char can_wait[512], can_be_cheap[512], route_to[NAME_MAX_BYTES + 1], hourly[512], self_hosted[512]; /* savings */
    int64_t simple_input, simple_output, window;
    SourceConfig *sources; size_t source_count;
    AccountConfig *accounts; size_t account_count;
    Budget *budgets; size_t budget_count;
    AlertConfig *alerts; size_t alert_count;
    RuleConfig *rules; size_t rule_count;
    TierConfig *tiers; size_t tier_count;
    GatewayConfig *gateways; size_t gateway_count;
} Config;

/* path NULL: $XDG_CONFIG_HOME/tollwatch/config, then /etc/tollwatch/config, else defaults. */
int config_load(Config **out, const char *path, Err *e);
Config *config_new(void); /* as an empty file would give it */
void config_free(Config *c);

/* The key table, for reading, man page, doctor and error hints ("unknown key; did you mean"). */
enum { CONFIG_KEYS_MAX = 128 };
typedef struct ConfigKey {
    const char *section, *key, *fallback, *help;
    const char *(*set)(void *field, size_t size, const char *value); /* NULL = taken, else what is wrong with it */
    size_t offset, size;                                             /* of the field in the section's element */
} ConfigKey;
extern const ConfigKey config_keys[]; /* ends with section == NULL; CONFIG_KEYS_MAX rows at most */

/* Places (DESIGN "Places and permissions"): --db/--policy win, then the shared folders, then XDG. Creates private
 * folders (0700) where they are ours to create; the file itself need not exist. */
int place_database(char *out, size_t size, const char *option, Err *e);
/* The config file ("" = none) and the folder of user formats, themes and prices. */
int place_config(char *path, size_t size, char *dir, size_t dir_size, const char *option, Err *e);
int place_policy(char *out, size_t size, const char *option, Err *e);
int place_view(char *out, size_t size, Err *e); /* what the dashboard showed last; always the user's own */
/* Makes the folder of `path` and those above it; new ones are private (0700). What cannot be made is no failure here: a
 * command that only looks, or needs another file, goes on; who opens the file says what is wrong. */
void place_make_folder_of(const char *path);
/* "~/x" and $HOME, $XDG_... expanded into out. */
int place_expand(char *out, size_t size, const char *path, Err *e);
/* A file that holds a secret is refused when others may read it. Asked before each reading of a key_file. */
int key_file_check(const char *path, Err *e);
#endif
