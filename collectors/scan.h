/* scan: the JSON scanner: structural index (SSE2, scalar elsewhere) and a path-aware walk over compiled paths.
 *
 * One pass, no tree, no allocation per record. A ScanPlan is compiled once from the paths a format names and is
 * immutable (shareable); a Scan is one thread's scratch. Tolerates spaces, any key order, escaped keys (compared after
 * unescaping), nulls, and look-alikes inside strings. Rejects what is not one valid JSON value closely enough that a cut
 * or mangled line is always bad (differentially fuzzed against jansson: same accept/reject, same values).
 */
#ifndef COLLECTORS_SCAN_H
#define COLLECTORS_SCAN_H
#include "store/base.h"

enum { SCAN_PAD = 64, SCAN_DEPTH_MAX = 512, SCAN_PATHS_MAX = 256 };

typedef enum ScanType { SCAN_MISSING, SCAN_NULL, SCAN_FALSE, SCAN_TRUE, SCAN_NUMBER, SCAN_STRING, SCAN_OBJECT, SCAN_ARRAY } ScanType;

/* A value found at a path. Text is raw (escapes not undone); lifetime: the scanned line's. */
typedef struct ScanValue {
    ScanType type;
    bool escaped;  /* a string that has backslashes: scan_unescape() */
    Str text;      /* string content without quotes, number literal, or the whole object/array text */
} ScanValue;

typedef struct ScanPlan ScanPlan;
/* Paths: "a.b", "a[].b" (each element, when it is the plan's `each`), `a.*.b` (any member), "a[0].b" (-1 = last),
 * `"gen_ai.usage.input_tokens"` (one flat key, quoted), "attributes[key=gen_ai.system].value.stringValue" (OTLP list lookup).
 * `each` (may be NULL) is a prefix path that ends in [] : the paths that start with it are given per element. */
int scan_plan(ScanPlan **out, const char *const *paths, size_t count, Err *e);
void scan_plan_free(ScanPlan *p);

typedef struct Scan Scan;
Scan *scan_new(const ScanPlan *p);
void scan_free(Scan *s);

/* Scans text[0..len); text must be readable for SCAN_PAD more bytes. values[i] answers path i (SCAN_MISSING if absent;
 * the last of duplicate keys wins, as in jansson). Calls `emit` once per element of each, innermost first, with outer
 * values filled in; without each, once per line. -1 = not valid JSON (e says where). */
typedef int ScanEmit(void *ctx, const ScanValue *values);
int scan_line(Scan *s, const char *text, size_t len, ScanEmit *emit, void *ctx, Err *e);

size_t scan_unescape(Str raw, char *out, size_t max); /* to UTF-8; cut on a boundary */
int scan_int(const ScanValue *v, int64_t *out);       /* numbers and numeric strings, "12.0" too; -1 = not an integer in range */
int scan_decimal(const ScanValue *v, int scale, int64_t *out); /* exact decimal x 10^scale; seconds to ms is scale 3 */
#endif
