/* webhook: the generic document, version 1, as JSON. `Idempotency-Key` is the same when a delivery is repeated. */
#include "collectors/channels/channel.h"
#include <jansson.h>

static int write_webhook(const Notice *n, const Access *a, Letter *out, Err *e) {
    char key[128];
    snprintf(key, sizeof key, "%s-%d-%lld", n->key, (int)n->kind, (long long)n->made_ms);
    letter_header(out, "Idempotency-Key", key);
    if (a->key[0]) {
        char bearer[560];
        snprintf(bearer, sizeof bearer, "Bearer %s", a->key);
        letter_header(out, "Authorization", bearer);
    }
    snprintf(out->url, sizeof out->url, "%s", a->url);
    return letter_json(out, notice_json(n, a), e);
}

const ChannelType channel_webhook = {.name = "webhook", .needs = "an address: url, url_env, url_file or url_command",
                                     .needs_url = true, .write = write_webhook};
