/* savings_sessions: conversations that grow: each turn sends all turns before it. What a sliding window, and a summary written
 * by the cheaper model, would save; in no combined estimate, because answers change with it. See savings.h. */
#include "store/money.h"
#include "store/savings_parts.h"

enum { LEAST_TURNS = 3, SUMMARY_TOKENS = 500 };

typedef struct Talk { int64_t turns, first_input, summarised; } Talk; /* summarised: input that the last summary stands for */
typedef struct Talks { KeyTable ids; Talk *at; size_t cap; } Talks;

static Talk *talk_of(Talks *t, const SaveCall *c) {
    const int64_t key = c->session;
    bool is_new;
    uint32_t i = keytable_index(&t->ids, &key, &is_new);
    if (i >= t->cap) t->at = xrealloc(t->at, (t->cap = t->cap ? t->cap * 2 : 256) * sizeof *t->at);
    if (is_new) t->at[i] = (Talk){.first_input = call_input(c->tokens)};
    return &t->at[i];
}

/* From the dearest on, since what is cut was paid so; a cached prefix that loses its head is written anew, and so is left whole. */
static void cut_input(WhatIf *w, int64_t keep) {
    int64_t over = call_input(w->tokens) - keep;
    w->tokens[TOK_INPUT] -= over < w->tokens[TOK_INPUT] ? over : w->tokens[TOK_INPUT];
}

/* A summary of what is beyond half a window, written when another half has come together. */
static int64_t summary_nano(const SaveRoom *r, const SaveCall *c, Talk *t, int64_t window) {
    int64_t beyond = call_input(c->tokens) - window / 2, nano = 0;
    const char *cheaper = r->facts[c->kind].cheaper;
    uint32_t flags;
    if (beyond - t->summarised < window / 2) return 0;
    WhatIf w = {.model = cheaper ? cheaper : r->s->kind[c->kind].model};
    w.tokens[TOK_INPUT] = beyond - t->summarised;
    w.tokens[TOK_OUTPUT] = SUMMARY_TOKENS;
    t->summarised = beyond;
    return whatif_price(r, c, &w, &nano, &flags) ? nano : 0;
}

typedef struct Grown { int64_t window_nano, summary_nano, calls, example, most, sessions; } Grown;

static void weigh_turn(const SaveRoom *r, const SaveCall *c, Talk *t, int64_t window, Grown *g) {
    WhatIf slid = whatif_of(r, c), short_one = slid;
    int64_t then, after;
    uint32_t flags;
    cut_input(&slid, window);
    cut_input(&short_one, window / 2 + SUMMARY_TOKENS);
    if (!whatif_price(r, c, &slid, &then, &flags) || !whatif_price(r, c, &short_one, &after, &flags)) return;
    g->window_nano = nano_add(g->window_nano, c->cost_nano - then);
    g->summary_nano = nano_add(g->summary_nano, c->cost_nano - after - summary_nano(r, c, t, window));
    g->calls += then < c->cost_nano;
    if (c->cost_nano - then > g->most) g->most = c->cost_nano - then, g->example = c->key;
}

static void say_grown(NoteRoom *n, const Grown *g, int64_t window) {
    SaveNote *slide = save_note(n, "conversations: sliding window", false), *sum = save_note(n, "conversations: summaries", false);
    if (slide) {
        *slide = (SaveNote){.name = slide->name, .nano_known = true, .nano = g->window_nano, .calls = g->calls, .example = g->example};
        snprintf(slide->text, sizeof slide->text, "%lld of %lld sessions' calls send more than %lld tokens of input: keep the newest of them ([savings] window)",
                 (long long)g->calls, (long long)g->sessions, (long long)window);
    }
    if (!sum) return;
    *sum = (SaveNote){.name = sum->name, .nano_known = true, .nano = g->summary_nano, .calls = g->calls, .example = g->example};
    snprintf(sum->text, sizeof sum->text, "half a window and a summary of %d tokens by the cheaper model in use, its calls paid for", (int)SUMMARY_TOKENS);
}

void save_sessions(NoteRoom *n) {
    const SaveSample *s = n->r->s;
    int64_t window = n->r->ask->window ? n->r->ask->window : SAVE_WINDOW;
    Talks t = {.ids.width = 1};
    Grown g = {0};
    for (size_t i = s->count; i-- > 0;) {
        const SaveCall *c = &s->call[i];
        WhatIf now = whatif_of(n->r, c);
        if (!c->session || !whatif_open(n->r, i, &now)) continue;
        Talk *talk = talk_of(&t, c);
        g.sessions += talk->turns == 0;
        bool grows = ++talk->turns >= LEAST_TURNS && call_input(c->tokens) > talk->first_input;
        if (grows && call_input(c->tokens) > window) weigh_turn(n->r, c, talk, window, &g);
    }
    free(t.at);
    keytable_free(&t.ids);
    SaveNote *note;
    if (g.calls) say_grown(n, &g, window);
    else if (!g.sessions && (note = save_note(n, "conversations", false))) snprintf(note->text, sizeof note->text, "not in the logs: session; with it the growth of conversations is weighed");
}
