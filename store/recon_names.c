/* recon_names: see recon_names.h. */
#include "store/recon_names.h"
#include "store/data.h"
#include <errno.h>

enum { PRODUCTS_MAX = 4096, PRODUCTS_BYTES_MAX = 1 << 20, ACCOUNTS_MAX = 256 };

typedef struct Product { const char *provider, *billed, *model; } Product;
typedef struct Payer { char account[NAME_MAX_BYTES + 1], provider[NAME_MAX_BYTES + 1]; } Payer;

struct ReconNames {
    const Book *book;
    Product *products; /* a person's first: the first that fits counts */
    size_t product_count, payer_count;
    char *texts[2];
    Payer payers[ACCOUNTS_MAX];
};

/* ---- the tables ---- */
/* "provider,billed as,model"; what is billed may hold commas. */
static bool split(char *line, Product *out) {
    char *first = strchr(line, ','), *last = strrchr(line, ',');
    if (!first || first == last) return false;
    *first = *last = '\0';
    *out = (Product){line, first + 1, last + 1};
    return *out->provider && *out->billed && *out->model;
}

/* The first line is the header. */
static int take_lines(ReconNames *n, const char *file, char *text, Err *e) {
    char *rest = text, *line;
    for (int number = 1; (line = strsep(&rest, "\n")) != NULL; number++) {
        line[strcspn(line, "\r")] = '\0';
        if (number == 1 || !*line || *line == '#') continue;
        if (n->product_count == PRODUCTS_MAX) return fail(e, "%s:%d: more than %d products; leave out those of other providers", file, number, PRODUCTS_MAX);
        if (!split(line, &n->products[n->product_count])) return fail(e, "%s:%d: is not PROVIDER,BILLED AS,MODEL; mend the line", file, number);
        n->product_count++;
    }
    return 0;
}

static int read_person(ReconNames *n, const char *config_dir, Err *e) {
    char path[2048];
    Buf text = {.max = PRODUCTS_BYTES_MAX};
    Err absent = {0};
    if (!config_dir || !*config_dir) return 0;
    snprintf(path, sizeof path, "%s/products.csv", config_dir);
    if (file_read(path, &text, &absent) != 0) {
        buf_free(&text);
        return errno == ENOENT || errno == ENOTDIR ? 0 : fail(e, "%s", absent.text);
    }
    n->texts[0] = text.at ? text.at : xstrdup("");
    return take_lines(n, path, n->texts[0], e);
}

static int read_payers(ReconNames *n, Db *db, Err *e) {
    if (!db) return 0;
    sqlite3_stmt *s = db_prepare(db, "SELECT DISTINCT account, provider FROM bill_feed", e);
    int got = s ? 0 : -1;
    while (s && n->payer_count < ACCOUNTS_MAX && (got = db_step(db, s, "read who bills", e)) == 1) {
        Payer *p = &n->payers[n->payer_count++];
        snprintf(p->account, sizeof p->account, "%s", (const char *)sqlite3_column_text(s, 0));
        snprintf(p->provider, sizeof p->provider, "%s", (const char *)sqlite3_column_text(s, 1));
    }
    if (s) sqlite3_reset(s);
    return got < 0 ? -1 : 0;
}

int recon_names_open(ReconNames **out, Db *db, const Book *book, const char *config_dir, Err *e) {
    const DataFile *ours = data_find("store/products.csv");
    ReconNames *n = xcalloc(1, sizeof *n);
    n->book = book;
    n->products = xcalloc(PRODUCTS_MAX, sizeof *n->products);
    n->texts[1] = xstrdup(ours ? ours->at : "");
    *out = n;
    if (read_person(n, config_dir, e) == 0 && take_lines(n, "products.csv", n->texts[1], e) == 0 && read_payers(n, db, e) == 0) return 0;
    recon_names_free(n);
    *out = NULL;
    return -1;
}

void recon_names_free(ReconNames *n) {
    if (!n) return;
    free(n->products);
    free(n->texts[0]);
    free(n->texts[1]);
    free(n);
}

/* ---- a name ---- */
/* An account without a bill is mostly named as its provider. */
static const char *provider_of(const ReconNames *n, const char *account) {
    for (size_t i = 0; i < n->payer_count; i++)
        if (strcmp(n->payers[i].account, account) == 0) return n->payers[i].provider;
    return account;
}

const char *recon_name(const ReconNames *n, const char *account, const char *model, bool billed, int64_t at_ms) {
    const char *provider = provider_of(n, account);
    if (!*model) return model;
    for (size_t i = 0; billed && i < n->product_count; i++)
        if (strcmp(n->products[i].billed, model) == 0 && strcmp(n->products[i].provider, provider) == 0) return n->products[i].model;
    return n->book ? book_model(n->book, str_of(provider), model, at_ms) : model;
}
