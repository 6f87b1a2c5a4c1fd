/* test_clock: zones agree with libc at every change of a few decades; calendar and texts of time round-trip. */
#include "store/clock.h"
#include "tests/unit.h"
#include <unistd.h>

static const char *const zones[] = {"UTC", "Europe/Berlin", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe",
                                    "America/Sao_Paulo", "Pacific/Apia", "Europe/Dublin", "Africa/Casablanca",
                                    "America/Havana" /* a midnight that does not exist */};
enum { ZONES = sizeof zones / sizeof *zones };

static Zone *open_zone(const char *name) {
    Zone *z;
    Err e = {0};
    if (zone_open(&z, name, &e) != 0) print_error("%s\n", e.text);
    assert_non_null(z);
    return z;
}

static void zones_agree_with_libc(void **state) {
    (void)state;
    for (int i = 0; i < ZONES; i++) {
        Zone *z = open_zone(zones[i]);
        setenv("TZ", zones[i], 1);
        tzset();
        for (time_t t = 0; t < 2500000000; t += 6 * 3600 + 1799) {
            struct tm tm;
            localtime_r(&t, &tm);
            if (zone_offset_s(z, (int64_t)t * 1000) != tm.tm_gmtoff) print_error("%s at %lld\n", zones[i], (long long)t);
            assert_int_equal(zone_offset_s(z, (int64_t)t * 1000), tm.tm_gmtoff);
        }
        zone_free(z);
    }
    setenv("TZ", "UTC", 1);
    tzset();
}

static void calendar_round_trips(void **state) {
    (void)state;
    for (int i = 0; i < ZONES; i++) {
        Zone *z = open_zone(zones[i]);
        for (int64_t ms = -86400000000; ms < INT64_C(4102444800000); ms += INT64_C(86399999) * 17) {
            Civil c = civil_at(z, ms);
            int64_t back = civil_ms(z, &c);
            Civil again = civil_at(z, back); /* in an overlap the first of two instants has the same reading */
            assert_memory_equal(&c, &again, sizeof c);
            assert_true(back == ms || ms - back <= 3 * MS_PER_HOUR);
            int64_t day = time_floor(z, ms, UNIT_DAY), next = time_next(z, ms, UNIT_DAY);
            assert_true(day <= ms && ms < next && next - day >= 22 * MS_PER_HOUR && next - day <= 26 * MS_PER_HOUR);
            assert_true(time_floor(z, ms, UNIT_MONTH) <= day && time_next(z, ms, UNIT_MONTH) >= next);
        }
        zone_free(z);
    }
}

/* Each instant lies in one unit, and units follow each other without a gap, also where clocks turn by half an hour. */
static void units_tile_time(void **state) {
    (void)state;
    for (int i = 0; i < ZONES; i++) {
        Zone *z = open_zone(zones[i]);
        for (int u = UNIT_MINUTE; u <= UNIT_YEAR; u++) {
            for (int64_t ms = INT64_C(1760000000000); ms < INT64_C(1830000000000); ms += INT64_C(1799999) * (u < 3 ? 7 : 49)) {
                int64_t start = time_floor(z, ms, (Unit)u), next = time_next(z, ms, (Unit)u);
                assert_true(start <= ms && ms < next);
                assert_true(time_floor(z, start, (Unit)u) == start && time_floor(z, next - 1, (Unit)u) == start);
                assert_true(time_next(z, start, (Unit)u) == next && time_floor(z, next, (Unit)u) == next);
            }
        }
        zone_free(z);
    }
}

/* A zone file with no listed change and a rule only, as slim zone files are for present dates. */
static size_t slim_file(unsigned char *out, const char *rule) {
    size_t n = 0;
    for (int version = 0; version < 2; version++) { /* the 32-bit block, then the 64-bit one: alike without changes */
        unsigned char head[44] = "TZif2";
        head[39] = 1, head[43] = 4; /* one type, four bytes of names */
        memcpy(out + n, head, sizeof head);
        memcpy(out + n + sizeof head, "\0\0\x0e\x10\0\0CET", 10);
        n += sizeof head + 10;
    }
    return n + (size_t)snprintf((char *)out + n, 64, "\n%s\n", rule);
}

static void write_file(const char *path, const void *at, size_t len) {
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    assert_int_equal(fwrite(at, 1, len, f), len);
    assert_int_equal(fclose(f), 0);
}

static void a_rule_alone_is_a_zone_and_a_cut_file_is_none(void **state) {
    (void)state;
    char dir[] = "/tmp/tollwatch-zone-XXXXXX", path[64];
    unsigned char file[256];
    assert_non_null(mkdtemp(dir));
    snprintf(path, sizeof path, "%s/Slim", dir);
    size_t len = slim_file(file, "CET-1CEST,M3.5.0,M10.5.0/3");
    write_file(path, file, len);
    Zone *listed = open_zone("Europe/Berlin"), *slim;
    Err e = {0};
    setenv("TZDIR", dir, 1);
    slim = open_zone("Slim");
    for (int64_t ms = INT64_C(946684800000); ms < INT64_C(4260000000000); ms += 6 * MS_PER_HOUR + 1799000)
        assert_int_equal(zone_offset_s(slim, ms), zone_offset_s(listed, ms)); /* 2000 to 2104: past what is listed */
    zone_free(slim);
    for (size_t cut = 0; cut < len; cut++) {
        write_file(path, file, cut);
        assert_int_equal(zone_open(&slim, "Slim", &e), -1);
        assert_null(slim);
    }
    unsetenv("TZDIR");
    remove(path);
    remove(dir);
    zone_free(listed);
}

static void local_is_what_TZ_says(void **state) {
    (void)state;
    static const struct { const char *tz, *name; int32_t january_s, july_s; } cases[] = {
        {"Europe/Berlin", "Europe/Berlin", 3600, 7200}, {":America/New_York", "America/New_York", -18000, -14400},
        {"EST5EDT,M3.2.0,M11.1.0", "EST5EDT,M3.2.0,M11.1.0", -18000, -14400}, {"<+0545>-5:45", "<+0545>-5:45", 20700, 20700},
        {"UTC", "UTC", 0, 0}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        setenv("TZ", cases[i].tz, 1);
        Zone *z = open_zone("local");
        assert_string_equal(zone_name(z), cases[i].name);
        assert_int_equal(zone_offset_s(z, INT64_C(1768435200000)), cases[i].january_s);
        assert_int_equal(zone_offset_s(z, INT64_C(1784073600000)), cases[i].july_s);
        zone_free(z);
    }
    static const char *const bad[] = {"../../etc/passwd", "/etc/passwd", "Nowhere/At all", "EST5EDT,M3"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        Zone *z;
        setenv("TZ", bad[i], 1);
        assert_int_equal(zone_open(&z, "local", NULL), -1);
        assert_null(z);
    }
    setenv("TZ", "UTC", 1);
}

static void a_gap_gives_the_later_instant(void **state) {
    (void)state;
    Zone *z = open_zone("Europe/Berlin");
    Civil gap = {.year = 2026, .month = 3, .day = 29, .hour = 2, .minute = 30};
    Civil after = civil_at(z, civil_ms(z, &gap));
    assert_int_equal(after.hour, 3);
    assert_int_equal(after.minute, 30);
    char text[8];
    zone_abbrev(z, civil_ms(z, &gap), text, sizeof text);
    assert_string_equal(text, "CEST");
    zone_free(z);
}

static void bad_zone_names_are_refused(void **state) {
    (void)state;
    static const char *const bad[] = {"../../etc/passwd", "/etc/passwd", "Europe/Nowhere", "Europe"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        Zone *z;
        Err e = {0};
        assert_int_equal(zone_open(&z, bad[i], &e), -1);
        assert_null(z);
        assert_true(e.text[0]);
    }
}

static void timestamps_are_read_strictly(void **state) {
    (void)state;
    static const struct { const char *text; int64_t ms; } good[] = {
        {"2026-11-24T02:12:40.112Z", INT64_C(1795486360112)}, {"2026-11-24T03:12:40.112+01:00", INT64_C(1795486360112)},
        {"2026-11-24 02:12:40.112471", INT64_C(1795486360112)}, {"2026-11-23T21:12:40-0500", INT64_C(1795486360000)},
        {"1970-01-01T00:00:00Z", 0}, {"2024-02-29T00:00:00Z", INT64_C(1709164800000)}};
    static const char *const bad[] = {"", "2026-11-24", "2026-13-01T00:00:00Z", "2026-02-29T00:00:00Z", "2026-11-24T25:00:00Z",
                                      "2026-11-24T00:00:00Zx", "2026-11-24T00:00:00.Z", "26-11-24T00:00:00Z"};
    int64_t ms;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        assert_int_equal(time_parse_rfc3339(good[i].text, strlen(good[i].text), &ms), 0);
        assert_int_equal(ms, good[i].ms);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(time_parse_rfc3339(bad[i], strlen(bad[i]), &ms), -1);
    char text[32];
    time_format_utc(good[0].ms, text, sizeof text);
    assert_string_equal(text, good[0].text);
    assert_int_equal(time_from_epoch(1795486360), INT64_C(1795486360000));
    assert_int_equal(time_from_epoch(INT64_C(1795486360112000000)), INT64_C(1795486360112));
}

static void arguments_are_understood(void **state) {
    (void)state;
    Zone *z = open_zone("Europe/Berlin");
    int64_t now = INT64_C(1795486360112), ms;
    Err e = {0};
    assert_int_equal(time_parse_arg(z, now, "15m", &ms, &e), 0);
    assert_int_equal(ms, now - 15 * MS_PER_MINUTE);
    assert_int_equal(time_parse_arg(z, now, "today", &ms, &e), 0);
    assert_int_equal(ms, INT64_C(1795474800000)); /* 24 Nov 00:00 in Berlin */
    assert_int_equal(time_parse_arg(z, now, "2026-11-24", &ms, &e), 0);
    assert_int_equal(ms, INT64_C(1795474800000));
    assert_int_equal(time_parse_arg(z, now, "yesterday", &ms, &e), 0);
    assert_int_equal(ms, INT64_C(1795474800000) - MS_PER_DAY);
    assert_int_equal(time_parse_arg(z, now, "soon", &ms, &e), -1);
    assert_non_null(strstr(e.text, "soon"));
    char text[32];
    time_format(z, now, "%a %d %b %H:%M:%S %Z", text, sizeof text);
    assert_string_equal(text, "Tue 24 Nov 03:12:40 CET");
    zone_free(z);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(zones_agree_with_libc),      cmocka_unit_test(calendar_round_trips),
        cmocka_unit_test(units_tile_time),            cmocka_unit_test(a_rule_alone_is_a_zone_and_a_cut_file_is_none),
        cmocka_unit_test(local_is_what_TZ_says),
        cmocka_unit_test(a_gap_gives_the_later_instant), cmocka_unit_test(bad_zone_names_are_refused),
        cmocka_unit_test(timestamps_are_read_strictly), cmocka_unit_test(arguments_are_understood),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
