/* policy_schema: the kinds of values in a policy, and the table of its keys, for validating and for `policy set`. */
#ifndef STORE_POLICY_SCHEMA_H
#define STORE_POLICY_SCHEMA_H
#include "store/money.h"
#include "store/policy_parts.h"

typedef enum PolicyKind {
    KEY_BOOL, KEY_COUNT, KEY_POSITIVE, KEY_PERCENT, KEY_TEXT, KEY_NAME, KEY_TEXTS, KEY_WORDS /* a list */, KEY_TIME, KEY_MONEY, KEY_WORD, KEY_LIST, KEY_MATCH
} PolicyKind;
typedef struct PolicyKey {
    const char *at; /* "limits[].max_output_tokens" */
    PolicyKind kind;
    const char *words; /* of KEY_WORD */
} PolicyKey;
extern const PolicyKey policy_keys[]; /* ends with at == NULL */
#endif
