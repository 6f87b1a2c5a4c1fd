/* recon_out: a reconciliation as `tollwatch reconcile` prints it. Every format says the same: the parts and their total, the causes,
 * other currencies, what is left of credit. */
#ifndef TUI_RECON_OUT_H
#define TUI_RECON_OUT_H
#include "store/reconcile.h"
#include <stdio.h>

enum { RECON_FOREIGN_MAX = 32, RECON_LEFT_MAX = 32 };
typedef struct ReconReport {
    Recon recon;
    ReconPart *parts; size_t part_count;
    ReconFinding finding[RECON_FINDINGS_MAX]; size_t finding_count;
    ForeignView foreign[RECON_FOREIGN_MAX]; size_t foreign_count;
    BalanceView left[RECON_LEFT_MAX]; size_t left_count;
} ReconReport;
typedef void ReconWriter(const ReconReport *r, FILE *out);
ReconWriter recon_out_table, recon_out_md, recon_out_json, recon_out_csv;
#endif
