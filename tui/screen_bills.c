/* screen_bills: metered, reported and billed per account and closed UTC day, and the findings by dollars: a leaked key shows as
 * spend that no gateway logged. */
#include "store/money.h"
#include "store/reconcile.h"
#include "tui/chart.h"
#include "tui/keys.h"
#include "tui/list.h"
#include "tui/number.h"
#include "tui/recon_words.h"

enum { DAYS = 14, LIST_MIN = 5, BALANCES_MAX = 8 };

typedef struct Bills {
    ReconLine *line; /* per day: all accounts, then each account; newest first */
    size_t count;
    ReconFinding finding[RECON_FINDINGS_MAX];
    size_t findings;
    BalanceView balance[BALANCES_MAX];
    size_t balances;
    ReconPart *parts; /* of all days: what an opened row shows */
    size_t part_count;
    bool open;
    size_t next; /* finding that `n` goes to */
    ForeignView foreign[BALANCES_MAX];
    size_t foreigns;
    size_t providers; /* accounts that reported or billed anything */
    char warning[ERR_MAX]; /* a person's table of products that was left out; "" = none */
    TableState table;
} Bills;

static void *open_bills(void) { return xcalloc(1, sizeof(Bills)); }

static void close_bills(void *self) {
    Bills *b = self;
    table_state_free(&b->table);
    free(b->line);
    free(b->parts);
    free(b);
}

/* ---- loading ---- */
static ReconLine *add_line(Bills *b, int64_t day_ms, const char *account, bool open) {
    b->line = xrealloc(b->line, (b->count + 1) * sizeof *b->line);
    ReconLine *l = &b->line[b->count++];
    *l = (ReconLine){.day_ms = day_ms, .open = open};
    snprintf(l->account, sizeof l->account, "%s", account);
    return l;
}

/* r is sorted by day and account: a line for the day, then one for each account of it. */
static void sum_days(Bills *b, const Recon *r) {
    size_t day = 0, account = 0;
    b->count = 0;
    for (size_t i = 0; i < r->count; i++) {
        const ReconLine *l = &r->at[i];
        bool new_day = i == 0 || l->day_ms != r->at[i - 1].day_ms;
        if (new_day) day = (size_t)(add_line(b, l->day_ms, "", l->open) - b->line);
        if (new_day || strcmp(l->account, r->at[i - 1].account) != 0)
            account = (size_t)(add_line(b, l->day_ms, l->account[0] ? l->account : "(none)", l->open) - b->line);
        reconcile_add(&b->line[day], l);
        reconcile_add(&b->line[account], l);
    }
}

static uint64_t row_key(const void *ctx, size_t row) {
    const Bills *b = ctx;
    return hash64(b->line[row].account, strlen(b->line[row].account), (uint64_t)b->line[row].day_ms);
}

static bool listing(const Bills *b, Rect area, Listing *out);

static int load_bills(void *self, View *v, int64_t deadline_us, bool *more, Err *e) {
    Bills *b = self;
    Recon r;
    (void)deadline_us;
    *more = false;
    const ReconAsk ask = {.since_ms = v->until_ms - DAYS * MS_PER_DAY, .until_ms = v->until_ms, .now_ms = v->until_ms, .book = v->book,
                          .config_dir = v->app ? v->app->config->dir : NULL};
    int rc = reconcile_load(v->db, &ask, &r, e);
    if (rc == 0) rc = reconcile_findings(v->db, &r, b->finding, RECON_FINDINGS_MAX, &b->findings, e);
    if (rc == 0) rc = reconcile_foreign(v->db, &r, b->foreign, BALANCES_MAX, &b->foreigns, e);
    if (rc == 0) rc = query_balances(v->db, v->until_ms, b->balance, BALANCES_MAX, &b->balances, e);
    if (rc == 0) {
        sum_days(b, &r);
        memcpy(b->warning, r.warning, sizeof b->warning);
        free(b->parts);
        b->part_count = reconcile_parts(&r, &b->parts) - 1; /* the total is for the command */
        b->providers = 0;
        for (size_t i = 0; i < r.count; i++) b->providers += r.at[i].has_reported || r.at[i].has_billed;
        Listing l;
        if (listing(b, (Rect){0}, &l)) table_arrange(&l.table, &b->table);
    }
    reconcile_free(&r);
    return rc;
}

/* ---- drawing ---- */
enum { COL_DAY, COL_ACCOUNT, COL_METERED, COL_REPORTED, COL_BILLED, COL_DRIFT, COL_COVERAGE, COL_UNMETERED, COL_COUNT };
static const Column columns[COL_COUNT] = {
    [COL_DAY] = {.title = "UTC day", .width = 11, .name = "day", .figure = FIGURE_TIME},
    [COL_ACCOUNT] = {.title = "account", .width = 12, .grow = 30, .name = "account"},
    [COL_METERED] = {.title = "metered ~$", .width = 11, .right = true, .drop = 4, .name = "metered", .figure = FIGURE_DOLLARS},
    [COL_REPORTED] = {.title = "reported ^$", .width = 11, .right = true, .drop = 3, .name = "reported", .figure = FIGURE_DOLLARS},
    [COL_BILLED] = {.title = "billed =$", .width = 11, .right = true, .name = "billed", .figure = FIGURE_DOLLARS},
    [COL_DRIFT] = {.title = "drift", .width = 8, .right = true, .drop = 2, .name = "drift", .figure = FIGURE_PPM},
    [COL_COVERAGE] = {.title = "coverage", .width = 8, .right = true, .name = "coverage", .figure = FIGURE_PPM},
    [COL_UNMETERED] = {.title = "unmetered", .width = 11, .right = true, .drop = 1, .name = "unmetered", .figure = FIGURE_DOLLARS}};

static void money_cell(TableCell *out, int64_t nano, bool known, Basis mark) {
    snprintf(out->text, sizeof out->text, "%s", known ? number_money(nano, 11, mark).text : "-");
}

static void cell(const void *ctx, size_t row, size_t col, TableCell *out) {
    const Bills *b = ctx;
    const ReconLine *l = &b->line[row];
    int64_t coverage = recon_coverage_ppm(l), drift = recon_drift_ppm(l);
    if (l->open) out->role = ROLE_DIM; /* not comparable yet */
    switch (col) {
    case COL_DAY:
        if (!l->account[0] || b->table.sort) time_format(NULL, l->day_ms, "%a %d %b", out->text, sizeof out->text);
        break;
    case COL_ACCOUNT: snprintf(out->text, sizeof out->text, "%s", l->account[0] ? l->account : l->open ? "all, day not over" : "all"); break;
    case COL_METERED: money_cell(out, l->metered.cost_nano, l->has_metered, l->metered.unpriced_tokens ? BASIS_AT_LEAST : BASIS_NONE); break;
    case COL_REPORTED: money_cell(out, l->reported.cost_nano, l->has_reported, BASIS_NONE); break;
    case COL_BILLED: money_cell(out, l->billed_nano, l->has_billed, BASIS_NONE); break;
    case COL_DRIFT:
        recon_ppm_words(drift, true, out->text, sizeof out->text);
        if (drift != INT64_MIN && (drift > 20000 || drift < -20000)) out->role = ROLE_WATCH;
        break;
    case COL_COVERAGE:
        recon_ppm_words(coverage, false, out->text, sizeof out->text);
        if (coverage != INT64_MIN && coverage < 950000) out->role = coverage < 850000 ? ROLE_ACT : ROLE_WATCH;
        break;
    default:
        if (!l->open && (l->has_reported || l->has_billed)) snprintf(out->text, sizeof out->text, "%s", number_money(recon_unmetered_nano(l), 11, BASIS_NONE).text);
    }
}

static void draw_nothing(Canvas *c, Rect area) {
    static const char *const lines[] = {
        "No provider's bill is read yet. Put an account into the", "configuration, and its admin key into the environment:", "",
        "  [account main]", "  provider = openai", "  key_env = OPENAI_ADMIN_KEY", "",
        "`tollwatch doctor --online` says whether the key may read usage."};
    for (int i = 0; i < (int)(sizeof lines / sizeof *lines) && i < area.h; i++)
        canvas_text(c, area.x + 1, area.y + i, area.w - 2, i > 1 ? ROLE_TEXT : ROLE_DIM, 0, lines[i]);
}

static void draw_verdict(const Bills *b, Canvas *c, Rect r) {
    if (b->findings == 0) {
        canvas_text(c, r.x + 1, r.y, r.w - 2, ROLE_TEXT, 0, "○ Logs, usage and bills agree on the closed days.");
        return;
    }
    const ReconFinding *f = &b->finding[0];
    for (size_t i = 0; i < b->findings; i++) /* spend that nobody logged is worse than a wrong price, whatever its size */
        if (b->finding[i].cause == CAUSE_OUTSIDE) {
            f = &b->finding[i];
            break;
        }
    canvas_textf(c, r.x + 1, r.y, r.w - 2, f->cause == CAUSE_OUTSIDE ? ROLE_ACT : ROLE_WATCH, ATTR_BOLD, "%s %s %s: %s. %s",
                 f->cause == CAUSE_OUTSIDE ? "●" : "▲", f->account, f->what, cause_names[f->cause], f->evidence);
}

/* ---- an opened row: the day's models, what they add up to, and what explains the difference ---- */
static bool is_of(const ReconLine *chosen, const char *account) { return !chosen->account[0] || strcmp(chosen->account, account) == 0; }

static bool is_on(const ReconLine *chosen, const ReconFinding *f) { return f->day_ms == chosen->day_ms && is_of(chosen, f->account); }

/* A model that a finding of this day is about. */
static bool is_found(const Bills *b, const ReconLine *l) {
    for (size_t i = 0; i < b->findings; i++)
        if (l->model[0] && b->finding[i].day_ms == l->day_ms && strcmp(b->finding[i].account, l->account) == 0 && strcmp(b->finding[i].model, l->model) == 0) return true;
    return false;
}

static void draw_part(const Bills *b, const ReconPart *p, Canvas *c, Rect r, bool named) {
    const ReconLine *l = &p->line;
    int x = r.x + r.w;
    canvas_right(c, x - 1, r.y, 12, ROLE_TEXT, 0, number_money(p->spend_nano, 11, BASIS_NONE).text);
    if (r.w >= 72 && p->kind == RECON_MODEL) {
        canvas_right(c, x - 14, r.y, 12, ROLE_TEXT, 0, l->has_billed ? number_money(l->billed_nano, 11, BASIS_NONE).text : "-");
        canvas_right(c, x - 27, r.y, 12, ROLE_TEXT, 0, l->has_reported ? number_money(l->reported.cost_nano, 11, BASIS_NONE).text : "-");
    }
    canvas_textf(c, r.x + 1, r.y, r.w - (r.w >= 72 ? 40 : 14), p->kind == RECON_REST || is_found(b, l) ? ROLE_WATCH : ROLE_TEXT, 0, "%s%s%s", named ? l->account : "",
                 named ? " " : "", l->model[0] ? l->model : "(no model)");
}

/* Metered over billed (else reported) of the account, a mark a day, oldest first. */
static void draw_spark(const Bills *b, const ReconLine *chosen, Canvas *c, Rect r) {
    int64_t metered[DAYS + 1] = {0}, known[DAYS + 1] = {0}, max = 1;
    char text[2][3 * (DAYS + 1) + 1];
    size_t n = 0;
    for (size_t i = b->count; i > 0 && n <= DAYS; i--) {
        const ReconLine *l = &b->line[i - 1];
        if (strcmp(l->account, chosen->account) != 0) continue;
        metered[n] = l->metered.cost_nano;
        known[n] = l->has_billed ? l->billed_nano : l->reported.cost_nano;
        if (metered[n] > max) max = metered[n];
        if (known[n] > max) max = known[n];
        n++;
    }
    spark_text(text[0], sizeof text[0], metered, n, max);
    spark_text(text[1], sizeof text[1], known, n, max);
    canvas_textf(c, r.x + 1, r.y, r.w - 2, ROLE_DIM, 0, "by day   metered %s   billed %s", text[0], text[1]);
}

/* Those of the account: first what shows most on this day, then what shows on others. */
static void draw_why(const Bills *b, const ReconLine *chosen, Canvas *c, Rect r) {
    int y = r.y;
    for (int others = 0; others < 2; others++)
        for (size_t i = 0; i < b->findings && y < r.y + r.h; i++) {
            const ReconFinding *f = &b->finding[i];
            char day[32] = "";
            if (!is_of(chosen, f->account) || is_on(chosen, f) == others) continue;
            if (others) time_format(NULL, f->day_ms, " on %a %d %b", day, sizeof day);
            canvas_textf(c, r.x + 1, y++, r.w - 2, f->cause == CAUSE_OUTSIDE ? ROLE_ACT : others ? ROLE_DIM : ROLE_TEXT, 0, "%s%s %s: %s. %s",
                         number_money_signed(f->nano, 0).text, day, f->what, cause_names[f->cause], f->evidence);
        }
}

static void draw_open(const Bills *b, Canvas *c, Rect r) {
    const Table rows = {.rows = b->count};
    const ReconLine *chosen = &b->line[table_selected(&rows, &b->table)];
    char day[32];
    int y = r.y + 1, end = r.y + r.h;
    int64_t sum = 0;
    time_format(NULL, chosen->day_ms, "%a %d %b", day, sizeof day);
    canvas_fill(c, (Rect){r.x, r.y, r.w, 1}, ROLE_RULE, 0, "─");
    canvas_textf(c, r.x + 2, r.y, r.w - 4, ROLE_TITLE, 0, " %s %s%s ", day, chosen->account[0] ? chosen->account : "all accounts", chosen->open ? ", not comparable yet" : "");
    if (r.w >= 72) canvas_right(c, r.x + r.w - 1, y, 39, ROLE_DIM, 0, "reported ^$    billed =$     spend $");
    if (r.h > 8) draw_spark(b, chosen, c, (Rect){r.x, y, r.w - 40, 1}), y++;
    else if (r.w >= 72) y++;
    for (size_t i = 0; i < b->part_count; i++) {
        const ReconPart *p = &b->parts[i];
        if (p->line.day_ms != chosen->day_ms || !is_of(chosen, p->line.account)) continue;
        sum = nano_add(sum, p->spend_nano);
        if (y < end - 1) draw_part(b, p, c, (Rect){r.x, y++, r.w, 1}, !chosen->account[0]);
    }
    canvas_text(c, r.x + 1, y, r.w - 14, ROLE_TEXT, ATTR_BOLD, "together, the spend of the day");
    canvas_right(c, r.x + r.w - 1, y++, 12, ROLE_TEXT, ATTR_BOLD, number_money(sum, 11, BASIS_NONE).text);
    draw_why(b, chosen, c, (Rect){r.x, y, r.w, end - y});
}

static void draw_findings(const Bills *b, Canvas *c, Rect r) {
    for (int i = 0; i < r.h && (size_t)i < b->findings; i++) {
        const ReconFinding *f = &b->finding[i];
        canvas_right(c, r.x + 12, r.y + i, 12, ROLE_TEXT, 0, number_money_signed(f->nano, 11).text);
        canvas_textf(c, r.x + 14, r.y + i, r.w - 15, f->cause == CAUSE_OUTSIDE ? ROLE_ACT : ROLE_DIM, 0, "%s %s: %s. %s", f->account, f->what,
                     cause_names[f->cause], f->evidence);
    }
}

/* "left  main $74.75, 12 days at the last day's rate" */
static void draw_balances(const Bills *b, const View *v, Canvas *c, Rect r) {
    int x = r.x + 1 + canvas_text(c, r.x + 1, r.y, r.w - 2, ROLE_DIM, 0, b->balances ? "left" : "apart");
    for (size_t i = 0; i < b->balances && x + 8 < r.x + r.w; i++) {
        const BalanceView *l = &b->balance[i];
        char days[48] = "";
        bool usd = strcmp(l->currency, "USD") == 0 || strcmp(l->currency, "usd") == 0;
        int64_t left = usd && l->day_nano > 0 ? l->nano / l->day_nano : -1;
        if (left >= 0) snprintf(days, sizeof days, ", %lld days at the last day's rate", (long long)(left > 9999 ? 9999 : left));
        x += canvas_textf(c, x, r.y, r.x + r.w - x, left >= 0 && left < 3 ? ROLE_WATCH : ROLE_TEXT, 0, "   %s %s %s %s%s, %s old", l->account, l->kind,
                          number_money(l->nano, 0, BASIS_NONE).text, l->currency, days, number_age(v->until_ms - l->at_ms).text);
    }
    for (size_t i = 0; i < b->foreigns && x + 8 < r.x + r.w; i++) /* in no sum */
        x += canvas_textf(c, x, r.y, r.x + r.w - x, ROLE_TEXT, 0, "   %s %s billed by %s, in no sum", number_money(b->foreign[i].nano, 0, BASIS_NONE).text,
                          b->foreign[i].currency, b->foreign[i].account);
}

static int64_t value(const void *ctx, size_t row, size_t col) {
    const Bills *b = ctx;
    const ReconLine *l = &b->line[row];
    int64_t ppm = col == COL_DRIFT ? recon_drift_ppm(l) : recon_coverage_ppm(l);
    switch (col) {
    case COL_DAY: return l->day_ms;
    case COL_METERED: return l->has_metered ? l->metered.cost_nano : FIGURE_UNKNOWN;
    case COL_REPORTED: return l->has_reported ? l->reported.cost_nano : FIGURE_UNKNOWN;
    case COL_BILLED: return l->has_billed ? l->billed_nano : FIGURE_UNKNOWN;
    case COL_UNMETERED: return !l->open && (l->has_reported || l->has_billed) ? recon_unmetered_nano(l) : FIGURE_UNKNOWN;
    default: return ppm == INT64_MIN ? FIGURE_UNKNOWN : ppm;
    }
}

static bool listing(const Bills *b, Rect area, Listing *out) {
    if (b->providers == 0 || b->count == 0) return false;
    out->area = area;
    out->table = (Table){.columns = columns, .column_count = COL_COUNT, .rows = b->count, .has_selection = true, .cell = cell, .value = value,
                         .key = row_key, .ctx = b};
    return true;
}

static bool has_apart(const Bills *b, Rect area) { return (b->balances || b->foreigns) && area.h > 8; }

/* An opened row, under the list. */
static Rect pane_rect(const Bills *b, Rect area) {
    int h = area.h - has_apart(b, area), pane = h * 3 / 5;
    return (Rect){area.x, area.y + h - pane, area.w, pane};
}

/* Under the list findings or the opened row, and what is left of balances in the last row. */
static Rect list_rect(const Bills *b, Rect area, int *findings) {
    int pane = b->open ? pane_rect(b, area).h : 0;
    area.h -= has_apart(b, area);
    *findings = (int)b->findings < area.h / 3 ? (int)b->findings : area.h / 3;
    Rect list = {area.x, area.y + 2, area.w, area.h - 2 - (*findings ? *findings + 1 : 0)};
    if (list.h < LIST_MIN) list.h = area.h - 2, *findings = 0;
    if (b->open) list.h = area.h - 2 - pane, *findings = 0;
    return list;
}

static bool list_bills(const void *self, const View *v, const Layout *l, Listing *out) {
    int findings;
    (void)v;
    return listing(self, list_rect(self, l->at[PART_BODY], &findings), out);
}

static void draw_bills(const void *self, const View *v, Canvas *c, Rect area) {
    const Bills *b = self;
    int findings;
    Rect list = list_rect(b, area, &findings);
    Listing l;
    if (has_apart(b, area)) draw_balances(b, v, c, (Rect){area.x, area.y + area.h - 1, area.w, 1});
    if (!listing(b, list, &l)) {
        draw_nothing(c, area);
        return;
    }
    draw_verdict(b, c, area);
    if (b->warning[0]) canvas_textf(c, area.x + 1, area.y + 1, area.w - 2, ROLE_WATCH, 0, "▲ %s", b->warning);
    table_draw(&l.table, &b->table, c, list);
    if (b->open) draw_open(b, c, pane_rect(b, area));
    if (findings) draw_findings(b, c, (Rect){area.x, list.y + list.h + 1, area.w, findings});
}

/* The row of the finding's account on the day on which it shows most. */
static void next_finding(Bills *b) {
    const ReconFinding *f = &b->finding[b->next++ % b->findings];
    for (size_t i = 0; i < b->count; i++)
        if (b->line[i].day_ms == f->day_ms && strcmp(b->line[i].account, f->account[0] ? f->account : "(none)") == 0) b->table.key = row_key(b, i);
    b->open = true;
    Listing l;
    if (listing(b, (Rect){0}, &l)) table_arrange(&l.table, &b->table);
}

static bool key_bills(void *self, View *v, int key) {
    Bills *b = self;
    const KeyCommand *k = key_meaning(key);
    KeyDo act = k ? k->act : DO_NOTHING;
    (void)v;
    if (act == DO_OPEN && b->count) return b->open = !b->open, true;
    if (act == DO_FINDING && b->findings && b->count) return next_finding(b), true;
    if (act == DO_BACK && b->open) return b->open = false, true;
    return false;
}

const Screen screen_bills = {
    .name = "bills", .title = "Bills", .key = '5', .open = open_bills, .close = close_bills, .load = load_bills, .draw = draw_bills,
    .key_pressed = key_bills, .list = list_bills, .table_at = offsetof(Bills, table), .footer = "row open finding",
};
