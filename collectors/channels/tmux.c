/* tmux: a line in the status bar of every client of the user's tmux, for ten seconds. */
#include "collectors/channels/channel.h"

/* tmux expands #(command), #{...} and %: in a name out of a log they must stay what they are. */
static void double_marks(const char *from, char *to, size_t size) {
    size_t n = 0;
    for (; *from && n + 3 < size; from++) {
        if (*from == '#' || *from == '%') to[n++] = *from;
        to[n++] = *from;
    }
    to[n] = '\0';
}

static Verdict deliver_tmux(const Notice *n, const Access *a, const Stop *stop, char *word, size_t size) {
    static const char script[] = "IFS= read -r line; tmux list-clients -F '#{client_name}' | while IFS= read -r c; do "
                                 "tmux display-message -c \"$c\" -d 10000 \"$line\"; done";
    char headline[ALERT_TITLE_MAX + 16], line[2 * sizeof headline];
    (void)a;
    notice_headline(n, headline, sizeof headline);
    double_marks(headline, line, sizeof line - 1);
    size_t len = strlen(line);
    line[len++] = '\n';
    Verdict v = run_with_input(script, line, len, stop, word, size);
    return v == VERDICT_DONE ? v : VERDICT_NEVER; /* nobody sits there; an hour later it would be wrong */
}

const ChannelType channel_tmux = {.name = "tmux", .needs = "nothing", .deliver = deliver_tmux};
