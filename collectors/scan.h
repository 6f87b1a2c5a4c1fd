/* scan: the JSON scanner: structural index (SSE2, scalar elsewhere) and a path-aware walk over compiled paths.
 *
 * One pass, no tree, no allocation per record. A ScanPlan is compiled once from the paths a format names and is
 * immutable (shareable); a Scan is one thread's scratch. Tolerates spaces, any key order, escaped keys (compared after
 * unescaping), nulls, and look-alikes inside strings. Everything is validated, also what is not wanted, so that a cut or
 * mangled line is always bad: differentially fuzzed against jansson, with the same verdicts and values but for three
 * things that are valid JSON and that jansson cannot hold: \u0000, half a surrogate pair (agents cut text anywhere; it
 * unescapes to U+FFFD), and numbers beyond 64 bits. A billed call must not be lost for a character in its prompt.
 */
#ifndef COLLECTORS_SCAN_H
#define COLLECTORS_SCAN_H
#include "store/base.h"

enum { SCAN_PAD = 64, SCAN_DEPTH_MAX = 2048, SCAN_PATHS_MAX = 256 };

typedef enum ScanType { SCAN_MISSING, SCAN_NULL, SCAN_FALSE, SCAN_TRUE, SCAN_NUMBER, SCAN_STRING, SCAN_OBJECT, SCAN_ARRAY } ScanType;

/* A value found at a path. Text is raw (escapes not undone); lifetime: the scanned line's. */
typedef struct ScanValue {
    ScanType type;
    bool escaped;  /* a string that has backslashes: scan_unescape() */
    Str text;      /* string content without quotes, number literal, or the whole object/array text */
} ScanValue;

typedef struct ScanPlan ScanPlan;
/* Paths, step by step:
 *   a.b                 members; "gen_ai.usage.input_tokens" in quotes is one flat key
 *   a.*.b               any member: the last one that has what follows counts
 *   a[0].b  a[-1].b     element by number; the last one
 *   a[key=text].b       the element whose member "key" is that text (OTLP attribute lists)
 *   a[^prefix]          the element that is a string with that prefix; the value is what stands behind it
 *   a[].b  a.*.b  a.*@  each element; each member, and its name: only where `each` goes through them
 * `each` (may be NULL) ends in [] or .*: the paths that begin with it are given per element, outer ones beside them. */
int scan_plan(ScanPlan **out, const char *const *paths, size_t count, const char *each, Err *e);
void scan_plan_free(ScanPlan *p);

typedef struct Scan Scan;
Scan *scan_new(const ScanPlan *p);
void scan_free(Scan *s);

/* Scans text[0..len); text must be readable for SCAN_PAD more bytes. values[i] answers path i (SCAN_MISSING if absent;
 * the last of duplicate keys wins, as in jansson). Calls `emit` once per element of each, innermost first, with outer
 * values filled in; without each, once. A value other than 0 from emit stops the scan and is returned.
 * -1 = not valid JSON: e says why, and emit was not called. */
typedef int ScanEmit(void *ctx, const ScanValue *values);
int scan_line(Scan *s, const char *text, size_t len, ScanEmit *emit, void *ctx, Err *e);

size_t scan_unescape(Str raw, char *out, size_t max); /* to UTF-8; cut on a boundary */
int scan_int(const ScanValue *v, int64_t *out);       /* numbers and numeric strings, "12.0" too; -1 = not an integer in range */
int scan_decimal(const ScanValue *v, int scale, int64_t *out); /* exact decimal x 10^scale; seconds to ms is scale 3 */
#endif
