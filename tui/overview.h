/* overview: the Overview's rows, shared by its loading (screen_overview.c, overview_load.c) and its drawing
 * (overview_draw.c: bands, overview_verdict.c: the sentence, overview_list.c: tables, overview_side.c: budgets, health). */
#ifndef TUI_OVERVIEW_H
#define TUI_OVERVIEW_H
#include "tui/number.h"
#include "tui/budget_reading.h"
#include "tui/list.h"
#include "tui/reading.h"
#include "tui/sparks.h"
#include "tui/usual_rates.h"

enum { SLOTS_MAX = 400, SOURCES_SHOWN = 64, BUDGETS_SHOWN = 24, MOVERS_SHOWN = 5, LIVE_SHOWN = 12 };

typedef struct BudgetRow {
    const Budget *b;
    BudgetView v;
} BudgetRow;

typedef struct Mover { /* what a value spent in the last full hour, and how much more that is than before */
    char name[NAME_MAX_BYTES + 1];
    int64_t nano, day_nano, week_nano; /* in that hour, a day before, a week before */
} Mover;

typedef struct OverviewRange { /* the runs of a load that goes on */
    QueryRun *list, *models;
    SeriesRun *chart;
    Filter *filter;               /* theirs */
    Query q;                      /* of the list */
    int64_t since_ms, until_ms;   /* as of the load's begin */
    bool together, partial;       /* read in one pass; what is shown is not whole */
    uint8_t order[3];
    int at;
    int64_t show_us;
} OverviewRange;
typedef struct ChartParts { /* of a series: its burner, the rest, what is usual, in nano-dollars a minute; usual -1 = unknown */
    int64_t *burner, *rest, *usual; /* [slots] */
    char name[NAME_MAX_BYTES + 1];  /* the burner's */
} ChartParts;

typedef struct ChartStack { /* what the chart is stacked by (overview_stack.c) */
    int dim;                  /* -1 = nothing */
    Series series;            /* where that is not the model */
    ChartParts parts;
    uint64_t asked;           /* what they are the answer to; 0 = nothing */
    int64_t until_ms;
    ChartReading reading;
} ChartStack;

typedef struct ChartView { /* what of the two is drawn; borrowed */
    const Series *series;
    const int64_t *burner, *rest, *usual;
    const char *name, *by;    /* of the burner, "" = none; of the dimension */
    bool split;
} ChartView;

typedef struct Overview {
    int dim;                      /* what the list is by */
    Now now;
    Result list, models;          /* of the range: by dim, by model */
    Result before;                /* of the range that is compared with: by dim; empty = none is */
    bool compared;
    bool filtered;                /* lists and chart are; figures of now, today and the month are of all calls, and say so */
    int64_t *before_slot;         /* [series.slots], as burner: of that range, all models; -1 = it has no such slot */
    Result minute;                /* of the last 60 s: by dim */
    UsualRates usual;             /* of the list's rows; with the movers, what is asked for only now and then */
    TableState table;
    Series spark;                 /* of the list's largest values, SPARK_SLOTS over the range; no slots = not asked for */
    Series series;
    int64_t *burner, *rest, *usual_slot; /* [series.slots], nano-dollars a minute; usual -1 = unknown */
    char burner_model[NAME_MAX_BYTES + 1]; /* whose part of the chart stands out */
    ChartStack stack;
    int64_t cursor_ms;            /* the slot on the chart that is looked at; 0 = none */
    bool notional_only;           /* nothing of the range is spend: the chart shows the notional value */
    int64_t onset_ms;             /* since when it burns more than twice the usual; 0 = it does not */
    bool onset_before;            /* since before the range */
    BudgetRow budget[BUDGETS_SHOWN]; /* what breaks first is first */
    size_t budgets;
    SourceView *source;
    size_t sources;
    bool sources_unknown;         /* back in time: what they said then is not kept */
    Mover mover[MOVERS_SHOWN + 2]; /* the largest changes, the others, the total */
    size_t movers;
    bool day_known, week_known;   /* something was recorded in the hours they are compared with */
    int64_t movers_until_ms;      /* end of that hour */
    RowView *live;
    size_t lives;
    OverviewRange range;          /* list, models and series, as they are read */
    Reading reading_before;
    ChartReading reading_chart, reading_spark;
    BudgetReading reading_budgets;
    Series before_series;
    RowView *live_page;           /* as it is read */
    size_t live_paged;
    int64_t live_below;
    bool slow;                    /* this load asks for what moves slowly */
    int stage;                    /* of a load that goes on; 0 = none */
    uint64_t asked, whole;        /* what it is asked, and to what the shown list is the answer; 0 = nothing */
    int64_t deadline_us, left_us; /* of this slice; end of the one before */
} Overview;

/* ---- loading ---- */
/* In stages, and those in slices: figures, the range, what it is compared with, then what moves slowly. */
int overview_load(Overview *o, View *v, int64_t deadline_us, bool *more, Err *e);
void overview_load_free(Overview *o);
int overview_range_step(Overview *o, View *v, bool fresh /* another question */, bool *more, Err *e);
void overview_range_drop(Overview *o);                       /* leaves off */
int overview_range_permille(const OverviewRange *r);
Query overview_chart_range(int64_t since_ms, int64_t until_ms, const View *v, int64_t *slot_ms); /* whole slots */
int64_t overview_per_minute(const Series *s, size_t slot, int64_t nano, int64_t until_ms);
void overview_chart_to(Overview *o, int64_t until_ms);       /* what is drawn of the series */
int overview_tick(Overview *o, View *v, Err *e);             /* rates, and what is projected from them */
void overview_split(const Series *s, int64_t until_ms, bool notional_only, ChartParts *out);
void overview_stack_recall(Overview *o, const View *v);      /* as it was saved */
void overview_stack_next(Overview *o, View *v, bool back);
int overview_stack_step(Overview *o, View *v, bool *more, Err *e); /* of a load, after the series */
void overview_stack_free(ChartStack *s);
ChartView overview_chart_view(const Overview *o, const View *v);
int overview_ask(View *v, const int *by, size_t by_count, int64_t since_ms, int64_t until_ms, Result *out, Err *e);
uint64_t overview_row_key(const void *ctx, size_t row);

/* ---- what is so ---- */
ThemeRole overview_burn_role(const Now *n); /* act, watch or text */
ThemeRole overview_budget_role(const BudgetRow *b, int64_t now_ms);
int64_t overview_rate_of(const Overview *o, const char *name); /* of a value of dim, last 60 s */
const char *overview_name(const char *name); /* "(none)" for "" */

size_t overview_sources_fine(const Overview *o); /* neither in error nor to be watched */

/* ---- drawing ---- */
void overview_draw(const void *self, const View *v, Canvas *c, Rect area);
void overview_draw_verdict(const Overview *o, const View *v, Canvas *c, Rect r);
bool overview_list(const void *self, const View *v, const Layout *l, Listing *out); /* Screen.list */
void overview_arrange(Overview *o, const View *v);            /* after loading, or when another order is wanted */
int overview_narrow_budgets(const Overview *o, Rect list);    /* rows of budgets above the list, where no chart is */
void overview_draw_list(const Overview *o, const View *v, Canvas *c, Rect r);
void overview_draw_models(const Overview *o, Canvas *c, Rect r);
void overview_draw_movers(const Overview *o, const View *v, Canvas *c, Rect r);
void overview_draw_live(const Overview *o, const View *v, Canvas *c, Rect r);
enum { ELSEWHERE_CACHES = 1, ELSEWHERE_ERRORS = 2 /* and sources */, ELSEWHERE_LATENCY = 4, ELSEWHERE_TOKENS = 8 };
void overview_draw_side(const Overview *o, const View *v, Canvas *c, Rect r,
                        unsigned elsewhere /* what other parts show */);
void overview_draw_health(const Overview *o, const View *v, Canvas *c, Rect r);
void overview_draw_budgets(const Overview *o, const View *v, Canvas *c, Rect r, bool titled);
#endif
