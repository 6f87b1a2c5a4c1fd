/* recon_names: one name for a model that logs, usage reports and bills call differently.
 *
 * Owns: the table store/products.csv (bills name products), over it a person's products.csv beside the configuration; both are
 * exact: what is in neither stays under its own name. Dated and undated names are joined by the price book. Does not: guess.
 */
#ifndef STORE_RECON_NAMES_H
#define STORE_RECON_NAMES_H
#include "store/db.h"
#include "store/price.h"

typedef struct ReconNames ReconNames;
/* book NULL: dates stay; db NULL: accounts are their own providers. A person's file that is wrong is an error with FILE:LINE. Borrows db and book for the call and its life. */
int recon_names_open(ReconNames **out, Db *db, const Book *book, const char *config_dir, Err *e);
void recon_names_free(ReconNames *n);
/* billed: the name stands in a bill. Lifetime: the given name's, the book's or n's. */
const char *recon_name(const ReconNames *n, const char *account, const char *model, bool billed, int64_t at_ms);
#endif
