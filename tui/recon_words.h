/* recon_words: shares of a reconciliation as people read them. */
#ifndef TUI_RECON_WORDS_H
#define TUI_RECON_WORDS_H
#include "store/reconcile.h"

/* "+0.16%" (signed) or "80.3%"; "-" for INT64_MIN. */
void recon_ppm_words(int64_t ppm, bool is_signed, char *out, size_t size);
/* What a BalanceView is: "balance", "limit left", "limit of a month". */
const char *recon_left_words(const BalanceView *l);
#endif
