/* clock: time as a number, text to time, time to text, and day boundaries in a zone.
 *
 * Owns: RFC 3339, "15m 1h today month" expressions, TZif zones. Does not: read the clock except in clock_now_ms().
 * All instants are int64 milliseconds since 1970 UTC. Time is an argument everywhere: only main reads the clock,
 * once per command or frame, so that --now can fix it.
 */
#ifndef STORE_CLOCK_H
#define STORE_CLOCK_H
#include "store/base.h"

#define MS_PER_SECOND INT64_C(1000)
#define MS_PER_MINUTE INT64_C(60000)
#define MS_PER_HOUR INT64_C(3600000)
#define MS_PER_DAY INT64_C(86400000)

int64_t clock_now_ms(void);       /* CLOCK_REALTIME */
int64_t clock_monotonic_ms(void); /* for intervals only */

/* A time zone, immutable after opening, shareable between threads. Reads the system's TZif files itself because
 * libc has one zone per process and we need two (budget days, display). */
typedef struct Zone Zone;
int zone_open(Zone **out, const char *name, Err *e); /* "UTC", "Europe/Berlin"; "" or NULL = UTC; "local" = the system's */
void zone_free(Zone *z);                             /* NULL is fine */
const char *zone_name(const Zone *z);
int32_t zone_offset_s(const Zone *z, int64_t ms);                       /* seconds east of UTC at that instant */
void zone_abbrev(const Zone *z, int64_t ms, char *out, size_t size);    /* "CET" */

/* Calendar parts in a zone. */
typedef struct Civil {
    int year, month, day;        /* month 1..12 */
    int hour, minute, second, ms;
    int weekday;                 /* 0 = Monday */
} Civil;
Civil civil_at(const Zone *z, int64_t ms);
int64_t civil_ms(const Zone *z, const Civil *c); /* normalises overflowing fields; in a gap the later instant */

typedef enum Unit { UNIT_MINUTE, UNIT_QUARTER, UNIT_HOUR, UNIT_DAY, UNIT_WEEK, UNIT_MONTH, UNIT_YEAR } Unit;
int64_t time_floor(const Zone *z, int64_t ms, Unit u);          /* start of the unit that contains ms; weeks start Monday */
int64_t time_next(const Zone *z, int64_t ms, Unit u);           /* start of the next unit after ms */

/* Strict RFC 3339 (also "2026-11-24 09:20:46.847371", naive = UTC). Returns -1 for anything else. */
int time_parse_rfc3339(const char *at, size_t len, int64_t *out_ms);
/* An epoch number of unknown unit, decided by magnitude: <1e11 s, <1e14 ms, <1e17 us, else ns. */
int64_t time_from_epoch(int64_t number);
/* T of the command line: RFC 3339, a date (midnight in z), or 15m 1h 24h 7d today yesterday week month. */
int time_parse_arg(const Zone *z, int64_t now_ms, const char *text, int64_t *out_ms, Err *e);
/* "2026-11-24T02:12:40.112Z" into out (>= 25 bytes). */
void time_format_utc(int64_t ms, char *out, size_t size);
/* strftime in a zone; the subset %Y %m %d %H %M %S %b %a %Z %%. */
void time_format(const Zone *z, int64_t ms, const char *fmt, char *out, size_t size);
#endif
