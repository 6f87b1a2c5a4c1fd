/* recon_words: see recon_words.h. */
#include "tui/recon_words.h"
#include <inttypes.h>
#include <stdio.h>

void recon_ppm_words(int64_t ppm, bool is_signed, char *out, size_t size) {
    if (ppm == INT64_MIN) {
        snprintf(out, size, "-");
        return;
    }
    int64_t a = ppm < 0 ? -ppm : ppm;
    const char *sign = ppm < 0 ? "-" : is_signed ? "+" : "";
    if (a >= INT64_C(10000000)) snprintf(out, size, "%s>999%%", sign);
    else if (is_signed) snprintf(out, size, "%s%" PRId64 ".%02" PRId64 "%%", sign, (a + 50) / 10000, (a + 50) / 100 % 100);
    else snprintf(out, size, "%s%" PRId64 ".%" PRId64 "%%", sign, (a + 500) / 10000, (a + 500) / 1000 % 10);
}

const char *recon_left_words(const BalanceView *l) {
    return strcmp(l->kind, "month") == 0 ? "limit of a month" : strcmp(l->kind, "limit") == 0 ? "limit left" : "balance";
}
