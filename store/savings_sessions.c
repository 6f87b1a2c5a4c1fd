/* savings_sessions: conversations that grow: each turn sends all turns before it. What a sliding window, and a summary written
 * by the cheaper model, would save; in no combined estimate, because answers change with it. See savings.h. */
#include "store/money.h"
#include "store/savings_parts.h"

enum { LEAST_TURNS = 3, SUMMARY_TOKENS = 500 };

/* From the dearest on, since what is cut was paid so; a cached prefix that loses its head is written anew, and so is left whole. */
static void cut_input(WhatIf *w, int64_t keep) {
    int64_t over = call_input(w->tokens) - keep;
    w->tokens[TOK_INPUT] -= over < w->tokens[TOK_INPUT] ? over : w->tokens[TOK_INPUT];
}

/* A summary of what is beyond half a window, written when another half has come together. */
static int64_t summary_nano(const SaveNow *now, Talk *t, int64_t window) {
    int64_t beyond = call_input(now->c->tokens) - window / 2, nano = 0;
    uint32_t flags;
    if (beyond - t->summarised < window / 2) return 0;
    WhatIf w = {.route = now->k->f.cheaper ? ROUTE_CHEAPER : ROUTE_OWN};
    w.tokens[TOK_INPUT] = beyond - t->summarised;
    w.tokens[TOK_OUTPUT] = SUMMARY_TOKENS;
    t->summarised = beyond;
    return whatif_price(now, &w, &nano, &flags) ? nano : 0;
}

static void weigh_turn(const SaveNow *now, Talk *t, int64_t window, Grown *g) {
    const SaveCall *c = now->c;
    WhatIf slid = now->as_is, short_one = slid;
    int64_t then, after;
    uint32_t flags;
    cut_input(&slid, window);
    cut_input(&short_one, window / 2 + SUMMARY_TOKENS);
    if (!whatif_price(now, &slid, &then, &flags) || !whatif_price(now, &short_one, &after, &flags)) return;
    g->window_nano = nano_add(g->window_nano, c->cost_nano - then);
    g->summary_nano = nano_add(g->summary_nano, c->cost_nano - after - summary_nano(now, t, window));
    g->calls += then < c->cost_nano;
    examples_add(&g->examples, c->key, c->cost_nano - then, 0, NO_PREFIX);
}

static int64_t window_of(const SaveAsk *ask) { return ask->window ? ask->window : SAVE_WINDOW; }

void save_session_see(const SaveNow *now) {
    const SaveCall *c = now->c;
    const int64_t key = c->session, window = window_of(now->r->ask);
    bool is_new;
    if (!c->session || !whatif_open(now, &now->as_is)) return;
    Talk *t = day_table_at(&now->r->talks, &key, &is_new);
    if (is_new) *t = (Talk){.first_input = call_input(c->tokens)};
    now->r->grown.sessions += is_new;
    bool grows = ++t->turns >= LEAST_TURNS && call_input(c->tokens) > t->first_input;
    if (grows && call_input(c->tokens) > window) weigh_turn(now, t, window, &now->r->grown);
}

static void say_grown(NoteRoom *n, const Grown *g, int64_t window) {
    SaveNote *slide = save_note(n, "conversations: sliding window", false), *sum = save_note(n, "conversations: summaries", false);
    if (slide) {
        *slide = (SaveNote){.name = slide->name, .nano_known = true, .nano = g->window_nano, .sure = SURE_LOW, .calls = g->calls};
        save_note_examples(slide, &g->examples);
        snprintf(slide->text, sizeof slide->text, "%lld calls of %lld sessions send more than %lld tokens of input: keep the newest of them ([savings] window)",
                 (long long)g->calls, (long long)g->sessions, (long long)window);
    }
    if (!sum) return;
    *sum = (SaveNote){.name = sum->name, .nano_known = true, .nano = g->summary_nano, .sure = SURE_LOW, .calls = g->calls};
    save_note_examples(sum, &g->examples);
    snprintf(sum->text, sizeof sum->text, "half a window and a summary of %d tokens by the cheaper model in use, its calls paid for", (int)SUMMARY_TOKENS);
}

void save_sessions(NoteRoom *n) {
    const Grown *g = &n->r->grown;
    SaveNote *note;
    if (g->calls) say_grown(n, g, window_of(n->r->ask));
    else if (!g->sessions && (note = save_note(n, "conversations", false)))
        snprintf(note->text, sizeof note->text, "not in the logs: session; with it the growth of conversations is weighed");
}
