/* savings_hourly: models on machines of one's own: how busy they are, and what a token comes to. By the hour they cost whether they
 * are asked or not; by the token what the user's price book says. Why only a note: nobody bills these by the call. See savings.h. */
#include "store/clock.h"
#include "store/money.h"
#include "store/savings_parts.h"

enum { BUSY_PERCENT = 50 };
__extension__ typedef __int128 Wide; /* milliseconds times nano-dollars */

typedef struct Machine { int64_t calls, tokens, busy_ms, timed, paid_nano, unpriced, most, example; } Machine;

static Machine traffic(const SaveRoom *r, const char *model, size_t len) {
    Machine m = {0};
    for (size_t i = 0; i < r->kinds; i++) {
        const Kind *k = &r->kind[i];
        if (strlen(k->text.model) != len || memcmp(k->text.model, model, len) != 0) continue;
        m.calls += k->n[K_ASKED];
        m.tokens += k->n[K_ASKED_TOKENS];
        m.timed += k->n[K_ASKED_TIMED];
        m.busy_ms += k->n[K_ASKED_MS];
        m.paid_nano = nano_add(m.paid_nano, k->n[K_PAID]);
        m.unpriced += k->n[K_UNPRICED];
        if (!k->best[KB_COST].key || (m.example && k->best[KB_COST].most <= m.most)) continue;
        m.most = k->best[KB_COST].most;
        m.example = k->best[KB_COST].key;
    }
    return m;
}

/* "busy 29% of the time"; where calls run side by side, how many of them. */
static void busy_words(const Machine *m, int64_t span_ms, char out[80]) {
    int64_t permille = m->busy_ms / (span_ms / 1000 + 1);
    if (!m->timed) snprintf(out, 80, "how busy it is is not in the logs: latency");
    else if (permille <= 1000) snprintf(out, 80, "busy %lld%% of the time", (long long)(permille / 10));
    else snprintf(out, 80, "%lld.%lld calls side by side on average", (long long)(permille / 1000), (long long)(permille / 100 % 10));
}

/* What the model costs in the range comes to so much a token of its traffic. */
static void say(NoteRoom *n, const char *name, const char *model, size_t len, const Machine *m, int64_t nano) {
    const int64_t span_ms = n->r->until_ms - n->r->since_ms;
    const bool idle = m->timed && m->busy_ms / (span_ms / 100 + 1) < BUSY_PERCENT;
    const int show = (int)(len < 80 ? len : 80);
    char each[32], busy[80];
    SaveNote *note = save_note(n, name, false);
    if (!note) return;
    nano_grouped(m->tokens ? (int64_t)((Wide)nano * 1000000 / m->tokens) : 0, 2, each, sizeof each);
    busy_words(m, span_ms, busy);
    *note = (SaveNote){.name = note->name, .sure = SURE_HIGH, .nano_known = true, .nano = nano, .calls = m->calls, .example = m->example};
    if (m->tokens == 0) snprintf(note->text, sizeof note->text, "%.*s: no call of it in the range, and it is paid for", show, model);
    else snprintf(note->text, sizeof note->text, "%.*s: %s, $%s a million tokens%s", show, model, busy, each,
                  !m->timed ? "" : idle ? "; fewer machines, or more traffic on it" : "; continuous batching serves calls side by side from one KV cache");
}

static void say_hour(NoteRoom *n, const char *model, size_t len, int64_t hour_nano) {
    const Machine m = traffic(n->r, model, len);
    const int64_t span_ms = n->r->until_ms - n->r->since_ms;
    if (span_ms > 0) say(n, "machines by the hour", model, len, &m, (int64_t)((Wide)hour_nano * span_ms / MS_PER_HOUR));
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
        if (len > 1 && decimal_parse(list + len, word - len, 9, &nano, NULL) == 0 && nano > 0) say_hour(n, list, len - 1, nano);
        else if (word) say_unread(n, list, word);
    }
}

static void say_token(NoteRoom *n, const char *model, size_t len) {
    const Machine m = traffic(n->r, model, len);
    SaveNote *note;
    if (m.tokens > 0 && m.unpriced == 0 && n->r->until_ms > n->r->since_ms) {
        say(n, "machines by the token", model, len, &m, m.paid_nano);
        return;
    }
    if (!(note = save_note(n, "machines by the token", false))) return;
    note->calls = m.calls;
    if (m.unpriced) snprintf(note->text, sizeof note->text, "%.*s: %lld of its calls have no price: prices.csv beside the configuration gives it one", (int)(len < 80 ? len : 80), model, (long long)m.unpriced);
    else snprintf(note->text, sizeof note->text, "%.*s: no call of it in the range", (int)(len < 80 ? len : 80), model);
}

void save_self_hosted(NoteRoom *n) {
    const char *list = n->r->ask->self_hosted;
    size_t word;
    for (; list && *(list += strspn(list, " ,")); list += word) {
        word = strcspn(list, " ,");
        say_token(n, list, word);
    }
}
