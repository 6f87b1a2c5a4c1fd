/* savings_half: a second thread that analyses the older half of a range while its caller steps through the newer one.
 *
 * Owns: the thread and its database. Does not: decide what is analysed. The two share the database and what the survey found,
 * which nobody changes any more; the thread's sums are handed over when it has ended.
 */
#ifndef COLLECTORS_SAVINGS_HALF_H
#define COLLECTORS_SAVINGS_HALF_H
#include "store/savings.h"

typedef struct SavingsHalf SavingsHalf;
/* Of a run whose survey is done and which has read no call yet; NULL = nothing to halve: the run reads all by itself. */
SavingsHalf *savings_half_begin(SaveRun *run, const char *db_path);
bool savings_half_wait(const SavingsHalf *h, int64_t deadline_us); /* true = it has ended, or is NULL */
int savings_half_permille(const SavingsHalf *h); /* 1000 for NULL */
/* Waits for it and adds its sums to the run, which must be whole. Closes it. */
int savings_half_add(SavingsHalf *h, SaveRun *run, Err *e);
void savings_half_drop(SavingsHalf *h); /* ends it within a slice; nothing is added. Before the run is closed. */
#endif
