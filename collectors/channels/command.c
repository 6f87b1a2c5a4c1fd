/* command: any command, with the alert as JSON on its input (mail, a desktop's notification, whatever). It has ten seconds;
 * any code but 0 is tried again. */
#include "collectors/channels/channel.h"
#include <jansson.h>

static Verdict deliver_command(const Notice *n, const Access *a, const Stop *stop, char *word, size_t size) {
    json_t *o = notice_json(n, a);
    char *text = o ? json_dumps(o, JSON_COMPACT) : NULL;
    json_decref(o);
    if (!text) return VERDICT_NEVER;
    Verdict v = run_with_input(a->command, text, strlen(text), stop, word, size);
    free(text);
    return v;
}

const ChannelType channel_command = {.name = "command", .needs = "command: what is run", .needs_command = true,
                                     .deliver = deliver_command};
