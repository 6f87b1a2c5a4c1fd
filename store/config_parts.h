/* config_parts: what the reading of the configuration (config.c) and its tables (config_keys.c) share. Private to
 * store/config*.c. */
#ifndef STORE_CONFIG_PARTS_H
#define STORE_CONFIG_PARTS_H
#include "store/config.h"

/* A kind of section: where its elements are in a Config. Those without a name have the Config itself as element. */
typedef struct ConfigSection {
    const char *name;
    bool named;                  /* [source litellm] */
    size_t array, count, size;   /* offsets in Config of the array and its count; size of an element, which begins with
                                    char name[CONFIG_NAME_MAX] */
    const char *(*check)(const void *element); /* at the end of a section: NULL = whole, else what it lacks */
} ConfigSection;
extern const ConfigSection config_sections[]; /* ends with name == NULL */

enum { CONFIG_NAME_MAX = 64 };

/* Setters: the value into the field, or what is wrong with it ("must be yes or no"). */
const char *config_set_text(void *field, size_t size, const char *value);
const char *config_set_command(void *field, size_t size, const char *value); /* as text; a " ;" in it is refused */
const char *config_set_bool(void *field, size_t size, const char *value);
const char *config_set_days(void *field, size_t size, const char *value);
const char *config_set_tokens(void *count, size_t size, const char *value);
const char *config_set_zone(void *field, size_t size, const char *value);
const char *config_set_url(void *field, size_t size, const char *value);
const char *config_set_billing(void *source, size_t size, const char *value);
const char *config_set_scope(void *budget, size_t size, const char *value);
const char *config_set_period(void *unit, size_t size, const char *value);
const char *config_set_anchor(void *day, size_t size, const char *value);
const char *config_set_budget_zone(void *budget, size_t size, const char *value);
const char *config_set_enforcement(void *budget, size_t size, const char *value);
const char *config_set_severity(void *severity, size_t size, const char *value);
const char *config_set_minutes(void *ms, size_t size, const char *value);
const char *config_set_ms(void *ms, size_t size, const char *value);
const char *config_set_share(void *ppm, size_t size, const char *value);
const char *config_set_usd(void *nano, size_t size, const char *value);
const char *config_set_warnings(void *permille, size_t size, const char *value);
const char *config_set_action(void *action, size_t size, const char *value);
#endif
