/* view: see view.h. */
#include "tui/view.h"
#include "store/alert_book.h"
#include "tui/policy_act.h"

enum { VIEW_CACHE_KIB = 2048 /* rollups are small; a dashboard stays open for days */ };

int view_set_filter(View *v, const char *text, Err *e) {
    Filter *f = NULL;
    int rc = text[0] ? filter_parse(&f, text, e) : 0;
    if (rc != 0) return rc;
    filter_free(v->filter);
    v->filter = f;
    snprintf(v->filter_text, sizeof v->filter_text, "%s", text);
    return 0;
}

/* Only while calls are stopped does anybody wait for it; and where nothing was ever written, a gateway that is there has
 * nothing to obey, which is no calm state. */
static void count_obeying(View *v) {
    if (v->policy.state != SWITCH_ALL && v->policy.state != SWITCH_NON_CRITICAL && !v->policy.never) return;
    PolicyAck *acks = xcalloc(POLICY_ACKS_MAX, sizeof *acks);
    size_t count = 0;
    Err ignored = {0};
    if (policy_act_acks(v->app, v->policy.generation, v->now_ms, acks, &count, &ignored) == 0) {
        v->policy.gateways = (int)count;
        v->policy.obeyed = (int)policy_acks_obeyed(acks, count);
    }
    if (count > 0) v->policy.never = false;
    free(acks);
}

/* Alerts are those of now also while the screen is paused: who pauses to read must hear of them. */
static void count_alerts(View *v) {
    BookCounts n;
    Err ignored = {0};
    v->ticker[0] = v->leak[0] = '\0';
    int rc = view_is_past(v) ? book_counts_asof(v->db, v->until_ms, &n, &ignored) : book_counts(v->db, v->now_ms, &n, &ignored);
    if (rc != 0) return;
    v->alerts_act = n.act;
    v->alerts_watch = n.watch;
    snprintf(v->leak, sizeof v->leak, "%s", n.leak);
    if (n.newest[0]) snprintf(v->ticker, sizeof v->ticker, "%s %s", n.newest_act ? "●" : "▲", n.newest);
}

void view_tick(View *v) {
    view_to_now(v);
    policy_view(v->app->policy_path, v->now_ms, &v->policy);
    count_obeying(v);
    if (role_holder(v->app->db_path, v->collecting, sizeof v->collecting) != 0) v->collecting[0] = '\0';
}

void view_facts(View *v) {
    count_alerts(v);
    if (view_is_live(v)) v->newest_ms = query_newest_ms(v->db);
    v->nothing = v->newest_ms == 0 && query_is_empty(v->db);
    v->sourceless = v->nothing && !query_has_sources(v->db);
}

int view_open(View *v, App *app, Err *e) {
    *v = (View){.app = app, .reading_permille = -1, .readonly = app->readonly, .show_content = app->show_content, .demo = app->demo};
    if (app_config(app, e) != 0 || app_book(app, e) != 0) return -1;
    v->zone = app->zone;
    v->book = app->book;
    v->ascii = app->ascii;
    v->now_ms = app_now(app);
    if (view_set_range(v, "6h", e) != 0) return -1;
    view_tick(v);
    return 0;
}

int view_open_ledger(View *v, Err *e) {
    if (db_open(&v->db, v->app->db_path, DB_READ, e) != 0) return -1;
    db_cache(v->db, VIEW_CACHE_KIB);
    view_tick(v);
    view_facts(v);
    return 0;
}

void view_close(View *v) {
    filter_free(v->filter);
    db_close(v->db);
    zone_free(v->zone_own);
    v->filter = NULL;
    v->zone_own = NULL;
    v->db = NULL;
}

void view_refresh_dialog(View *v) {
    Dialog *d = &v->dialog;
    if (!d->type || !d->type->changed) return;
    d->notes = 0;
    d->type->changed(d, v);
}

void view_open_dialog(View *v, const DialogType *type) {
    if (v->dialog.type) return;
    v->dialog = (Dialog){.type = type};
    type->open(&v->dialog, v);
    view_refresh_dialog(v);
}

void view_close_dialog(View *v) {
    v->dialog = (Dialog){.type = NULL};
}
