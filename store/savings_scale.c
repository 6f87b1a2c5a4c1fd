/* savings_scale: from the newest calls of a range to all of it, with a spread from how unlike its parts are. See savings.h. */
#include "store/money.h"
#include "store/savings.h"

__extension__ typedef __int128 Wide; /* products and squares of nano-dollars */

static int64_t narrow(Wide n) { return n > INT64_MAX ? INT64_MAX : n < -INT64_MAX ? -INT64_MAX : (int64_t)n; }

int64_t save_root(SaveWide n) {
    SaveWide low = 0, high = (SaveWide)1 << 63;
    while (low + 1 < high) {
        SaveWide mid = low + (high - low) / 2;
        if (mid * mid <= n) low = mid;
        else high = mid;
    }
    return (int64_t)low;
}

/* S5: the ratio of what could be saved to what was paid, and twice the standard deviation of its sum over the blocks. */
SaveScaled savings_scaled(const Savings *v, const Saving *s, int64_t range_nano) {
    SaveWide squares = 0;
    Wide paid = v->paid_nano;
    if (paid <= 0 || range_nano <= v->paid_nano) return (SaveScaled){.nano = s->possible_nano};
    for (int i = 0; i < SAVE_BLOCKS; i++) {
        Wide apart = s->block_nano[i] - (Wide)v->block_paid[i] * s->possible_nano / paid;
        squares += (SaveWide)(apart * apart);
    }
    Wide spread = 2 * (Wide)save_root(squares / (SAVE_BLOCKS - 1) * SAVE_BLOCKS);
    return (SaveScaled){narrow((Wide)s->possible_nano * range_nano / paid), narrow(spread * range_nano / paid), true};
}
