/* none: vendors that have no API for usage or costs, so that an account of theirs says so instead of failing. Groq's metrics are for
 * Enterprise alone, and rates. Sources: their documentation; for Together and Cohere, its silence, which is no proof. */
#include "collectors/provider.h"

#define ELSEWHERE "; its spend comes from the gateways' logs alone: leave out the key"
static const Feed none[] = {{.name = NULL}};

const Provider provider_groq = {.name = "groq", .base_url = "", .feeds = none, .key_help = "",
    .nothing = "Groq has no API for usage or costs (its Prometheus metrics are Enterprise only)" ELSEWHERE};
#define TOGETHER "Together documents no API for usage or costs, only its console" ELSEWHERE
const Provider provider_together = {.name = "together", .base_url = "", .feeds = none, .key_help = "", .nothing = TOGETHER};
/* The same under the name that logs have. */
const Provider provider_together_ai = {.name = "together_ai", .base_url = "", .feeds = none, .key_help = "", .nothing = TOGETHER};
const Provider provider_cohere = {.name = "cohere", .base_url = "", .feeds = none, .key_help = "",
    .nothing = "Cohere documents no API for usage or costs, only its dashboard" ELSEWHERE};
