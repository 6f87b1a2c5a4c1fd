/* screen_bills: metered, reported and billed per account and closed UTC day, and the findings by dollars: a leaked key shows as
 * spend that no gateway logged. */
#include "tui/bills_draw.h"
#include "tui/keys.h"
#include "tui/list.h"
#include "tui/number.h"
#include "tui/recon_words.h"

enum { LIST_MIN = 5 };

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
        const ReconLine *l = &r->at[i], *last = i ? l - 1 : NULL, *next = i + 1 < r->count ? l + 1 : NULL;
        bool new_day = !last || l->day_ms != last->day_ms;
        if (new_day) day = (size_t)(add_line(b, l->day_ms, "", l->day_ms + MS_PER_DAY > r->now_ms) - b->line);
        if (new_day || strcmp(l->account, last->account) != 0)
            account = (size_t)(add_line(b, l->day_ms, l->account[0] ? l->account : "(none)", l->open) - b->line);
        reconcile_add(&b->line[account], l);
        if (!next || next->day_ms != l->day_ms || strcmp(next->account, l->account) != 0) reconcile_sum(&b->line[day], &b->line[account]);
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
    const ReconAsk ask = {.since_ms = v->until_ms - BILLS_DAYS * MS_PER_DAY, .until_ms = v->until_ms, .now_ms = v->until_ms, .book = v->book,
                          .config_dir = v->app ? v->app->config->dir : NULL};
    int rc = reconcile_load(v->db, &ask, &r, e);
    if (rc == 0) rc = reconcile_findings(v->db, &r, b->finding, RECON_FINDINGS_MAX, &b->findings, e);
    if (rc == 0) rc = reconcile_foreign(v->db, &r, b->foreign, BILLS_APART_MAX, &b->foreigns, e);
    if (rc == 0) rc = query_balances(v->db, v->until_ms, b->balance, BILLS_APART_MAX, &b->balances, e);
    if (rc == 0) {
        sum_days(b, &r);
        memcpy(b->warning, r.warning, sizeof b->warning);
        free(b->parts);
        b->part_count = reconcile_parts(&r, &b->parts) - 1; /* the last is the total */
        b->total = b->parts[b->part_count].line;
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
    [COL_DAY] = {.title = "UTC day", .width = 10, .name = "day", .figure = FIGURE_TIME},
    [COL_ACCOUNT] = {.title = "account", .width = 11, .grow = 30, .name = "account"},
    [COL_METERED] = {.title = "metered ~$", .width = 10, .right = true, .drop = 3, .name = "metered", .figure = FIGURE_DOLLARS},
    [COL_REPORTED] = {.title = "reported ^$", .width = 11, .right = true, .drop = 4, .name = "reported", .figure = FIGURE_DOLLARS},
    [COL_BILLED] = {.title = "billed =$", .width = 11, .right = true, .name = "billed", .figure = FIGURE_DOLLARS},
    [COL_DRIFT] = {.title = "drift", .width = 7, .right = true, .drop = 2, .name = "drift", .figure = FIGURE_PPM},
    [COL_COVERAGE] = {.title = "coverage", .width = 8, .right = true, .name = "coverage", .figure = FIGURE_PPM},
    [COL_UNMETERED] = {.title = "unmetered", .width = 10, .right = true, .drop = 1, .name = "unmetered", .figure = FIGURE_DOLLARS}};

static const ReconLine *line_of(const Bills *b, size_t row) { return row == TABLE_TOTAL ? &b->total : &b->line[row]; }

static void money_cell(TableCell *out, size_t col, int64_t nano, bool known, Basis mark) {
    snprintf(out->text, sizeof out->text, "%s", known ? number_money(nano, columns[col].width, mark).text : "-");
}

static void cell(const void *ctx, size_t row, size_t col, TableCell *out) {
    const Bills *b = ctx;
    const ReconLine *l = line_of(b, row);
    int64_t coverage = recon_coverage_ppm(l), drift = recon_drift_ppm(l);
    if (l->open) out->role = ROLE_DIM; /* not comparable yet */
    if (row == TABLE_TOTAL) out->attr = ATTR_BOLD;
    switch (col) {
    case COL_DAY:
        if (row == TABLE_TOTAL) snprintf(out->text, sizeof out->text, "total");
        else if (!l->account[0] || b->table.sort) time_format(NULL, l->day_ms, "%a %d %b", out->text, sizeof out->text);
        break;
    case COL_ACCOUNT: snprintf(out->text, sizeof out->text, "%s", l->account[0] ? l->account : l->open ? "all, open" : "all"); break;
    case COL_METERED: money_cell(out, col, l->metered.cost_nano, l->has_metered, l->metered.unpriced_tokens ? BASIS_AT_LEAST : BASIS_NONE); break;
    case COL_REPORTED: money_cell(out, col, l->reported.cost_nano, l->has_reported, BASIS_NONE); break;
    case COL_BILLED: money_cell(out, col, l->billed_nano, l->has_billed, BASIS_NONE); break;
    case COL_DRIFT:
        recon_ppm_words(drift, true, out->text, sizeof out->text);
        if (drift != INT64_MIN && (drift > 20000 || drift < -20000)) out->role = ROLE_WATCH;
        break;
    case COL_COVERAGE:
        recon_ppm_words(coverage, false, out->text, sizeof out->text);
        if (coverage != INT64_MIN && coverage < 950000) out->role = coverage < 850000 ? ROLE_ACT : ROLE_WATCH;
        break;
    default:
        if (!l->open && (l->has_reported || l->has_billed)) snprintf(out->text, sizeof out->text, "%s", number_money(recon_unmetered_nano(l), columns[col].width, BASIS_NONE).text);
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

static int64_t value(const void *ctx, size_t row, size_t col) {
    const Bills *b = ctx;
    const ReconLine *l = line_of(b, row);
    int64_t ppm = col == COL_DRIFT ? recon_drift_ppm(l) : recon_coverage_ppm(l);
    switch (col) {
    case COL_DAY: return row == TABLE_TOTAL ? FIGURE_UNKNOWN : l->day_ms;
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
    out->table = (Table){.columns = columns, .column_count = COL_COUNT, .rows = b->count, .has_total = area.h == 0 || area.h > LIST_MIN, .has_selection = true, .cell = cell, .value = value,
                         .key = row_key, .ctx = b};
    return true;
}

/* Lines below all: what is left of credit, what is billed in other currencies. */
static int apart_height(const Bills *b, Rect area) {
    int most = area.h / 8, lines = (int)(b->balances + b->foreigns);
    return lines < most ? lines : most;
}

/* An opened row, under the list. */
static Rect pane_rect(const Bills *b, Rect area) {
    int h = area.h - apart_height(b, area), pane = h * 3 / 5;
    return (Rect){area.x, area.y + h - pane, area.w, pane};
}

/* Under the list findings or the opened row. */
static Rect list_rect(const Bills *b, Rect area, int *findings) {
    int pane = b->open ? pane_rect(b, area).h : 0;
    area.h -= apart_height(b, area);
    *findings = (int)b->findings < area.h / 3 ? (int)b->findings : area.h / 3;
    Rect list = {area.x, area.y + 2, area.w, area.h - 2 - (*findings ? *findings + 1 : 0)};
    if (list.h < LIST_MIN) list.h = area.h - 2, *findings = 0;
    if (b->open) list.h = area.h - 2 - pane, *findings = 0;
    return list;
}

static bool list_bills(const void *self, const View *v, const Layout *l, Listing *out) {
    int findings;
    const Bills *b = self;
    (void)v;
    if (b->open) out->detail = pane_rect(b, l->at[PART_BODY]);
    return listing(self, list_rect(self, l->at[PART_BODY], &findings), out);
}

static void draw_bills(const void *self, const View *v, Canvas *c, Rect area) {
    const Bills *b = self;
    int findings, apart = apart_height(b, area);
    Rect list = list_rect(b, area, &findings);
    const Table rows = {.rows = b->count};
    Listing l;
    bills_draw_apart(b, v, c, (Rect){area.x, area.y + area.h - apart, area.w, apart});
    if (!listing(b, list, &l)) {
        draw_nothing(c, area);
        return;
    }
    bills_draw_verdict(b, c, (Rect){area.x, area.y, area.w, 2});
    table_draw(&l.table, &b->table, c, list);
    if (b->open) bills_draw_open(b, &b->line[table_selected(&rows, &b->table)], c, pane_rect(b, area));
    if (findings && area.w >= 110)
        canvas_text(c, area.x + 1, list.y + list.h, area.w - 2, ROLE_DIM, 0,
                    "drift  reported to billed: are our prices right?   coverage  metered to reported: did every call pass a gateway?");
    if (findings) bills_draw_findings(b, c, (Rect){area.x, list.y + list.h + 1, area.w, findings});
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
    .key_pressed = key_bills, .list = list_bills, .table_at = offsetof(Bills, table), .unfiltered = true, .footer = "row open finding sort columns copy export",
};
