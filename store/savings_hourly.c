/* savings_hourly: models on machines of one's own, which cost by the hour whether they are asked or not: how busy they are, and
 * what a token comes to. Why only a note: nobody bills these by the call. See savings.h. */
#include "store/clock.h"
#include "store/money.h"
#include "store/savings_parts.h"

enum { BUSY_PERCENT = 50 };
__extension__ typedef __int128 Wide; /* milliseconds times nano-dollars */

typedef struct Machine { int64_t calls, tokens, busy_ms, timed; } Machine;

static Machine traffic(const SaveRoom *r, const char *model, size_t len) {
    Machine m = {0};
    for (size_t i = 0; i < r->kinds; i++) {
        const Kind *k = &r->kind[i];
        if (strlen(k->text.model) != len || memcmp(k->text.model, model, len) != 0) continue;
        m.calls += k->n[K_ASKED];
        m.tokens += k->n[K_ASKED_TOKENS];
        m.timed += k->n[K_ASKED_TIMED];
        m.busy_ms += k->n[K_ASKED_MS];
    }
    return m;
}

static void say(NoteRoom *n, const char *model, size_t len, int64_t hour_nano) {
    Machine m = traffic(n->r, model, len);
    int64_t span_ms = n->r->until_ms - n->r->since_ms, nano;
    SaveNote *note;
    if (span_ms <= 0 || !(note = save_note(n, "machines by the hour", false))) return;
    nano = (int64_t)((Wide)hour_nano * span_ms / MS_PER_HOUR);
    int64_t percent = m.busy_ms / (span_ms / 100 + 1), per_mtok = m.tokens ? (int64_t)((Wide)nano * 1000000 / m.tokens) : 0;
    char each[32];
    nano_grouped(per_mtok, 2, each, sizeof each);
    *note = (SaveNote){.name = note->name, .sure = SURE_HIGH, .nano_known = true, .nano = nano, .calls = m.calls};
    if (m.tokens == 0) snprintf(note->text, sizeof note->text, "%.*s: no call of it in the range, and it is paid for", (int)(len < 80 ? len : 80), model);
    else if (!m.timed) snprintf(note->text, sizeof note->text, "%.*s: $%s a million tokens; how busy it is is not in the logs: latency", (int)(len < 80 ? len : 80), model, each);
    else snprintf(note->text, sizeof note->text, "%.*s: busy %lld%% of the time, $%s a million tokens%s", (int)(len < 80 ? len : 80), model, (long long)percent, each,
                  percent < BUSY_PERCENT ? "; fewer machines, or more traffic on it" : "; continuous batching serves calls side by side from one KV cache");
}

/* Calls without a price may well be of a machine of one's own. */
static void say_how(NoteRoom *n) {
    SaveNote *note;
    if (n->out->unpriced == 0 || !(note = save_note(n, "machines by the hour", false))) return;
    note->calls = n->out->unpriced;
    snprintf(note->text, sizeof note->text, "%lld calls have no price: of models on machines of your own [savings] hourly = MODEL:DOLLARS says what a token costs, "
             "and latency in the log how busy they are", (long long)n->out->unpriced);
}

static void say_unread(NoteRoom *n, const char *word, size_t len) {
    SaveNote *note = save_note(n, "machines by the hour", false);
    if (note) snprintf(note->text, sizeof note->text, "[savings] hourly = %.*s: it must be MODEL:DOLLARS, like llama-70b:2.50", (int)(len < 80 ? len : 80), word);
}

/* "MODEL:USD …"; a model's name may hold colons. */
void save_hourly(NoteRoom *n) {
    const char *list = n->r->ask->hourly;
    size_t word;
    if (!save_given(list)) say_how(n);
    for (; list && *(list += strspn(list, " ,")); list += word) {
        word = strcspn(list, " ,");
        size_t len = word;
        int64_t nano;
        while (len > 0 && list[len - 1] != ':') len--;
        if (len > 1 && decimal_parse(list + len, word - len, 9, &nano, NULL) == 0 && nano > 0) say(n, list, len - 1, nano);
        else if (word) say_unread(n, list, word);
    }
}
