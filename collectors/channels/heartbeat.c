/* heartbeat: asks an address each minute, so that somebody else notices when the watcher itself is dead. */
#include "collectors/channels/channel.h"
#include "store/clock.h"

static int write_heartbeat(const Notice *n, const Access *a, Letter *out, Err *e) {
    (void)n, (void)e;
    snprintf(out->url, sizeof out->url, "%s", a->url);
    return 0;
}

const ChannelType channel_heartbeat = {.name = "heartbeat", .needs = "an address: url, url_env, url_file or url_command",
                                       .needs_url = true, .beat_ms = MS_PER_MINUTE, .write = write_heartbeat};
