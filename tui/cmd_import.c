/* cmd_import: reads whole files once and says what came of it. */
#include "collectors/collect.h"
#include "tui/commands.h"
#include <inttypes.h>
#include <unistd.h>

enum { OPT_FORMAT, OPT_BILLING, OPT_REOPEN, OPT_JSON, OPT_COUNT };

static const Option options[] = {
    [OPT_FORMAT] = {"--format", "NAME", NULL, "log format; without it each file is recognised"},
    [OPT_BILLING] = {"--billing", "KIND", "payg notional", "payg (default) = it costs money; notional = flat-rate use"},
    [OPT_REOPEN] = {"--reopen", "DAY", NULL, "read the files from their start again; a sealed UTC day is emptied first, so that this fills it whole"},
    [OPT_JSON] = {"--json", NULL, NULL, "the summary as one JSON object"},
    {0},
};

static void print_json(const ImportSummary *s) {
    printf("{\"schema_version\":1,\"files\":%" PRIu64 ",\"failed_files\":%" PRIu64 ",\"bytes\":%" PRIu64 ",\"lines\":%" PRIu64
           ",\"requests\":%" PRIu64 ",\"added\":%" PRIu64 ",\"merged\":%" PRIu64 ",\"duplicate\":%" PRIu64 ",\"linked\":%" PRIu64
           ",\"late\":%" PRIu64 ",\"bad_lines\":%" PRIu64 ",\"skipped_lines\":%" PRIu64 ",\"unpriced_requests\":%" PRIu64
           ",\"elapsed_ms\":%" PRId64 "}\n",
           s->files, s->failed_files, s->bytes, s->lines, s->records, s->rows.added, s->rows.merged, s->rows.duplicate,
           s->rows.linked, s->rows.late, s->bad_lines, s->skipped_lines, s->unpriced, s->elapsed_ms);
}

static const char *plural(uint64_t n) { return n == 1 ? "" : "s"; }

static void print_text(const ImportSummary *s) {
    printf("%" PRIu64 " file%s, %" PRIu64 " line%s in %" PRId64 ".%" PRId64 " s: %" PRIu64 " new request%s, %" PRIu64
           " grown, %" PRIu64 " known already",
           s->files, plural(s->files), s->lines, plural(s->lines), s->elapsed_ms / 1000, s->elapsed_ms / 100 % 10, s->rows.added, plural(s->rows.added),
           s->rows.merged, s->rows.duplicate);
    if (s->rows.linked) printf(", %" PRIu64 " seen by another source too", s->rows.linked);
    if (s->rows.late) printf(", %" PRIu64 " late for a sealed day (--reopen DAY)", s->rows.late);
    if (s->unpriced) printf(", %" PRIu64 " without a price (see `tollwatch prices unpriced`)", s->unpriced);
    putchar('\n');
}

/* The day that was to be opened again. */
static int complain_of_day(const ImportOptions *o, const ImportSummary *s) {
    char day[16];
    if (!o->reopen_day_ms) return EXIT_DONE;
    time_format(NULL, o->reopen_day_ms, "%Y-%m-%d", day, sizeof day);
    if (s->day_fewer) fprintf(stderr, "tollwatch: %s has %" PRId64 " calls fewer than before it was reopened; import its other files too\n", day, s->day_fewer);
    if (!s->day_kept) return EXIT_DONE;
    fprintf(stderr, "tollwatch: no call of %s (UTC) is in there; the day stays as it was\n", day);
    return EXIT_FAILED;
}

/* What was wrong goes to stderr in one line each, also beside --json. */
static int complain(const ImportSummary *s) {
    if (s->left_out[0]) fprintf(stderr, "tollwatch: %s; this format is left out\n", s->left_out);
    if (s->bad_lines)
        fprintf(stderr, "tollwatch: %s; %" PRIu64 " bad lines in all, they are left out\n", s->first_bad, s->bad_lines);
    if (s->skipped_lines)
        fprintf(stderr, "tollwatch: %" PRIu64 " lines were too long and left out\n", s->skipped_lines);
    if (s->time_borrowed)
        fprintf(stderr, "tollwatch: %" PRIu64 " records do not say when they were; they have the time of the log line they stand in, or else of their file\n", s->time_borrowed);
    uint64_t calls = s->rows.added + s->rows.merged + s->rows.duplicate + s->rows.late;
    if (s->lines && !calls && !s->bad_lines && !s->failed_files)
        fputs("tollwatch: no call with its usage is in there; `tollwatch doctor FILE` says how it is read (streams need stream_options.include_usage)\n", stderr);
    if (!s->failed_files) return EXIT_DONE;
    fprintf(stderr, "tollwatch: %s", s->first_failed);
    if (s->failed_files > 1) fprintf(stderr, " (and %" PRIu64 " other files)", s->failed_files - 1);
    fputc('\n', stderr);
    return EXIT_FAILED;
}

static int read_options(App *a, const char *const *value, ImportOptions *o) {
    const char *billing = value[OPT_BILLING] ? value[OPT_BILLING] : "payg";
    o->notional = strcmp(billing, "notional") == 0;
    if (!o->notional && strcmp(billing, "payg") != 0) return usage_fail("import: --billing is payg or notional, not %s", billing);
    Err e = {0};
    if (value[OPT_REOPEN] && time_parse_arg(NULL, app_now(a), value[OPT_REOPEN], &o->reopen_day_ms, &e) != 0)
        return usage_fail("import: --reopen %s", e.text);
    o->format = value[OPT_FORMAT] ? value[OPT_FORMAT] : "";
    return EXIT_DONE;
}

static int run(App *a, int argc, char **argv) {
    const char *value[OPT_COUNT], **files = xcalloc((size_t)argc + 1, sizeof *files);
    size_t count;
    Err e = {0};
    ImportOptions o = {.now_ms = app_now(a), .progress = isatty(STDERR_FILENO)};
    ImportSummary sum;
    int code = options_parse(&cmd_import, argc, argv, value, files, &count);
    if (code == EXIT_DONE && count == 0) code = usage_fail("import: name the files to read, or - for standard input");
    if (code == EXIT_DONE) code = read_options(a, value, &o);
    if (code == EXIT_DONE && app_config(a, &e) != 0) code = app_fail(&e);
    if (code == EXIT_DONE) {
        o.config = a->config, o.db_path = a->db_path;
        if (import_files(&o, files, count, &sum, NULL, &e) != 0) {
            code = app_fail(&e);
        } else {
            (value[OPT_JSON] ? print_json : print_text)(&sum);
            code = complain(&sum);
            if (complain_of_day(&o, &sum) != EXIT_DONE) code = EXIT_FAILED;
        }
    }
    free(files);
    return code;
}

const Command cmd_import = {
    .name = "import", .args = "FILE...", .summary = "read whole log files once", .options = options, .run = run,
    .details = "Files may be plain or gzip, folders, quoted globs, or - for standard input. A file that was read before is\n"
               "not counted twice, also when it was rotated, copied or compressed since.",
};
