/* fuzz_scan: libFuzzer's door to scan_check. First byte: plan and padding; the rest: the line. `make fuzz`. */
#include "tests/scan_check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const char pads[] = "}]\"\n{,:0";
    if (size < 1 || size > 1 << 16) return 0;
    const char *difference = scan_check(data[0], (const char *)data + 1, size - 1, pads[data[0] / CHECK_PLANS % 8]);
    if (difference) {
        fprintf(stderr, "plan %d: %s: %.*s\n", data[0] % CHECK_PLANS, difference, (int)size - 1, (const char *)data + 1);
        abort();
    }
    return 0;
}
