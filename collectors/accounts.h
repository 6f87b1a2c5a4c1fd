/* accounts: which billing account pays a call. Rule: the account that lists the key, else the first account of the
 * provider, else one named like the provider. Pure; the configuration is borrowed. */
#ifndef COLLECTORS_ACCOUNTS_H
#define COLLECTORS_ACCOUNTS_H
#include "store/config.h"

/* For ParseContext.account_of; ctx is a Config. NULL = the provider's name. */
const char *account_of(void *config, Str provider, Str key);
#endif
