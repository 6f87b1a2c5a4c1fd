/* format: the set of formats: the compiled-in ones and the user's, found by name or by looking at a file.
 *
 * A user's file of the same name replaces ours. A file with "shapes" is no format: it holds usage shapes and maps that
 * formats refer to by name; the user's come first. A user's file that is wrong is left out and remembered: one slip in
 * one file must not blind the others.
 */
#include "collectors/format_impl.h"
#include "collectors/reader_wrapped.h"
#include "collectors/unwrap.h"
#include "collectors/parser_hook.h"
#include "store/data.h"
#include <dirent.h>

enum { FORMATS_MAX = 128, BROKEN_MAX = 16, FORMAT_FILE_MAX = 1 << 20, HEAD_LINES = 16 };

struct Formats {
    Format *at[FORMATS_MAX];
    size_t count;
    json_t *files[SHARED_MAX]; /* the shared ones */
    Format *proofs[SHARED_MAX];
    size_t file_count, proof_count;
    char *broken[BROKEN_MAX]; /* what is wrong with the user's files that are left out */
    size_t broken_count;
};

json_t *shared_find(const Shared *s, const char *table, const char *name) {
    for (size_t i = s->count; i > 0; i--) {
        json_t *list = json_object_get(s->files[i - 1], table), *found = json_object_get(list, name), *one;
        size_t k;
        json_array_foreach(list, k, one) {
            const char *its = json_string_value(json_object_get(one, "name"));
            if (its && strcmp(its, name) == 0) found = one;
        }
        if (found) return found;
    }
    return NULL;
}

/* ---- loading ---- */
typedef struct Loaded { /* a format file before compiling: shared ones must be known first */
    char name[256];
    json_t *root;
    bool users;
} Loaded;
typedef struct Loading {
    Loaded files[FORMATS_MAX];
    size_t count;
} Loading;

/* A wrong file of ours is a wrong build; one of the user's is left out. */
static int refuse(Formats *f, bool users, Err *e) {
    if (!users) return -1;
    if (f->broken_count < BROKEN_MAX) f->broken[f->broken_count++] = xstrdup(e->text);
    *e = (Err){0};
    return 0;
}

static int load_one(Loading *l, const char *name, json_t *root, bool users, Err *e) {
    if (l->count == FORMATS_MAX) return json_decref(root), fail(e, "%s: more than %d formats; remove some", name, FORMATS_MAX);
    Loaded *one = &l->files[l->count++];
    one->root = root, one->users = users;
    snprintf(one->name, sizeof one->name, "%s", name);
    return 0;
}

static int load_text(Loading *l, const char *name, const char *at, size_t len, bool users, Err *e) {
    json_error_t why;
    json_t *root = json_loadb(at, len, JSON_REJECT_DUPLICATES, &why);
    if (!root) return fail(e, "%s:%d: %s; correct the file or remove it", name, why.line, why.text);
    bool list = json_is_array(root); /* of formats */
    size_t n = list ? json_array_size(root) : 1;
    int rc = 0;
    for (size_t i = 0; i < n && rc == 0; i++) rc = load_one(l, name, json_incref(list ? json_array_get(root, i) : root), users, e);
    json_decref(root);
    return rc;
}

static int load_embedded(Loading *l, Err *e) {
    static const char folder[] = "collectors/formats/";
    for (const DataFile *f = data_files; f->path; f++)
        if (str_starts(str_of(f->path), folder) && load_text(l, f->path + sizeof folder - 1, f->at, f->len, false, e) != 0) return -1;
    return 0;
}

static int load_user_file(Loading *l, const char *path, Err *e) {
    Buf text = {.max = FORMAT_FILE_MAX};
    int rc = file_read(path, &text, e);
    if (rc == 0) rc = load_text(l, path, text.at ? text.at : "", text.len, true, e);
    buf_free(&text);
    return rc;
}

static void load_user(Formats *f, Loading *l, const char *config_dir) {
    char folder[1100], path[1400];
    Err e = {0};
    snprintf(folder, sizeof folder, "%s/formats", config_dir);
    DIR *dir = opendir(folder);
    if (!dir) return; /* no folder, nothing of the user's */
    for (struct dirent *d; (d = readdir(dir));) {
        size_t n = strlen(d->d_name);
        if (d->d_name[0] == '.' || n < 6 || strcmp(d->d_name + n - 5, ".json") != 0) continue;
        snprintf(path, sizeof path, "%s/%s", folder, d->d_name);
        if (load_user_file(l, path, &e) != 0) refuse(f, true, &e);
    }
    closedir(dir);
}

static void add(Formats *f, Format *one) {
    for (size_t i = 0; i < f->count; i++)
        if (strcmp(f->at[i]->name, one->name) == 0) {
            format_free(f->at[i]);
            f->at[i] = one;
            return;
        }
    f->at[f->count++] = one;
}

/* What the files share. A file of shapes may use those before it, so each is known before it is compiled. */
static int compile_shapes(Formats *f, Loading *l, Shared *shared, Err *e) {
    for (size_t i = 0; i < l->count; i++) {
        Loaded *one = &l->files[i];
        if (!json_object_get(one->root, "shapes")) continue;
        if (shared->count == SHARED_MAX) {
            fail(e, "%s: too many files with shapes; remove some", one->name);
        } else {
            shared->files[shared->count++] = one->root;
            if (shapes_compile(&f->proofs[f->proof_count], one->root, one->name, shared, e) == 0) {
                f->proof_count++;
                f->files[f->file_count++] = one->root;
                one->root = NULL;
                continue;
            }
            shared->count--;
        }
        if (refuse(f, one->users, e) != 0) return -1;
        json_decref(one->root);
        one->root = NULL;
    }
    return 0;
}

static int compile_all(Formats *f, Loading *l, Err *e) {
    Shared shared = {0};
    if (compile_shapes(f, l, &shared, e) != 0) return -1;
    for (size_t i = 0; i < l->count; i++) {
        Format *one;
        json_t *root = l->files[i].root;
        if (!root) continue;
        l->files[i].root = NULL;
        if (format_compile(&one, root, l->files[i].name, &shared, e) == 0) add(f, one);
        else if (refuse(f, l->files[i].users, e) != 0) return -1;
    }
    return 0;
}

int formats_load(Formats **out, const char *config_dir, Err *e) {
    Formats *f = xcalloc(1, sizeof *f);
    Loading *l = xcalloc(1, sizeof *l);
    int rc = load_embedded(l, e);
    if (rc == 0 && config_dir && config_dir[0]) load_user(f, l, config_dir);
    if (rc == 0) rc = compile_all(f, l, e);
    for (size_t i = 0; i < l->count; i++) json_decref(l->files[i].root);
    free(l);
    if (rc != 0) {
        formats_free(f);
        return -1;
    }
    *out = f;
    return 0;
}

int formats_try(const Formats *f, json_t *root, Format **out, Err *e) {
    Shared shared = {0};
    for (; shared.count < f->file_count; shared.count++) shared.files[shared.count] = f->files[shared.count];
    return format_compile(out, root, "suggestion", &shared, e);
}

void formats_free(Formats *f) {
    if (!f) return;
    for (size_t i = 0; i < f->count; i++) format_free(f->at[i]);
    for (size_t i = 0; i < f->proof_count; i++) format_free(f->proofs[i]);
    for (size_t i = 0; i < f->file_count; i++) json_decref(f->files[i]);
    for (size_t i = 0; i < f->broken_count; i++) free(f->broken[i]);
    free(f);
}

void formats_drop_samples(Formats *f) {
    for (size_t i = 0; i < f->count; i++) json_object_del(f->at[i]->root, "samples");
    for (; f->proof_count; f->proof_count--) format_free(f->proofs[f->proof_count - 1]);
}

const Format *formats_find(const Formats *f, const char *name) {
    for (size_t i = 0; i < f->count; i++)
        if (strcmp(f->at[i]->name, name) == 0) return f->at[i];
    return NULL;
}

const Format *formats_at(const Formats *f, size_t i) {
    return i < f->count ? f->at[i] : NULL;
}

const char *formats_broken_at(const Formats *f, size_t i) {
    return i < f->broken_count ? f->broken[i] : NULL;
}

const Format *formats_proof_at(const Formats *f, size_t i) {
    return i < f->proof_count ? f->proofs[i] : NULL;
}

/* ---- recognising ---- */
static int look(void *ctx, const ScanValue *values) {
    const Format *f = ((const Format **)ctx)[0];
    return cond_holds(f->recognise, values) ? 1 : 0;
}

static bool record_matches(const Format *f, Scan *scan, Str record) {
    char *room = NULL, *plain = NULL;
    bool is_record = true;
    if (f->text) is_record = text_record(f->text, unwrap_plain(record, &plain), &room, &record) == TEXT_FOUND;
    else record = unwrap_line(record, &room);
    bool found = is_record && scan_line(scan, record.at, record.len, look, &f, NULL) == 1;
    free(room);
    free(plain);
    return found;
}

/* Without its newline; with the pieces that it was cut in. */
static size_t line_size(Str text) {
    bool more = true;
    size_t size = 0;
    for (const char *nl; more && (nl = memchr(text.at + size, '\n', text.len - size));)
        size = unwrap_pieces((Str){text.at, (size_t)(nl - text.at) + 1}, size, &more);
    return more ? text.len : size - 1;
}

static bool lines_match(const Format *f, Scan *scan, const char *head, size_t len) {
    const char *at = head, *end = head + len;
    for (int n = 0; at < end && n < HEAD_LINES; n++) {
        size_t size = line_size((Str){at, (size_t)(end - at)});
        if (record_matches(f, scan, (Str){at, size})) return true;
        at += size + 1;
    }
    return false;
}

/* The values that the head has whole, in an array or not, whatever stands between them. */
static bool values_match(const Format *f, Scan *scan, const char *head, size_t len) {
    Values values = {0};
    ValuesFound found = {0};
    for (int n = 0; n < HEAD_LINES; n++) {
        found = values_find(&values, head, found.stop, len);
        if (!found.complete) return false;
        if (record_matches(f, scan, (Str){head + found.first, found.stop - found.first})) return true;
    }
    return false;
}

/* The values over several lines of a runtime or a daemon. */
static bool wrapped_match(const Format *f, Scan *scan, const char *head, size_t len) {
    Wrapped w = {0};
    char *room = NULL;
    bool found = false;
    const char *begin = head, *end = head + len, *nl;
    for (const char *at = head; !found && at < end && (nl = memchr(at, '\n', (size_t)(end - at))); at = nl + 1) {
        WrappedStep step = wrapped_line(&w, begin, (Str){at, (size_t)(nl - at)});
        if (step == WRAPPED_OPEN) continue;
        Str text = step == WRAPPED_WHOLE ? wrapped_text((Str){begin, (size_t)(nl - begin)}, &room) : (Str){"", 0};
        found = text.len && values_match(f, scan, text.at, text.len);
        w = (Wrapped){.room = w.room};
        begin = nl + 1;
    }
    free(w.room);
    free(room);
    return found;
}

/* As values, whatever the format's own way is. */
static bool head_has_values(const Format *f, const char *head, size_t len) {
    if (!f->recognise || f->text || f->framing == FRAME_DOCUMENT) return false;
    Scan *scan = scan_new(f->plan);
    bool wrapped = unwrap_is_wrapped((Str){head, len});
    bool found = wrapped ? wrapped_match(f, scan, head, len) : values_match(f, scan, head, len);
    scan_free(scan);
    return found;
}

static bool head_matches(const Format *f, const char *head, size_t len) {
    if (!f->recognise) return false;
    if (f->framing == FRAME_JSON_VALUES || f->framing == FRAME_ARRAY) return head_has_values(f, head, len);
    Scan *scan = scan_new(f->plan);
    bool found = f->framing == FRAME_LINES ? lines_match(f, scan, head, len) : scan_line(scan, head, len, look, &f, NULL) == 1;
    scan_free(scan);
    return found;
}

static bool path_matches(const Format *f, const char *path) {
    for (size_t i = 0; f->path_globs[i]; i++)
        if (glob_match(f->path_globs[i], str_of(path))) return true;
    return false;
}

typedef bool Matches(const Format *f, const char *head, size_t len);

/* The best of the formats whose files stand at such a path (or of all others) and whose marks the head has. */
static const Format *best_match(const Formats *f, Matches *matches, const char *path, bool here, const char *head, size_t len) {
    const Format *best = NULL;
    for (size_t i = 0; i < f->count; i++) {
        const Format *one = f->at[i];
        if (path_matches(one, path) != here || (best && one->score <= best->score)) continue;
        if (matches(one, head, len)) best = one;
    }
    return best;
}

const Format *formats_guess(const Formats *f, const char *path, const char *head, size_t len) {
    char *text = xcalloc(len + SCAN_PAD, 1);
    if (len) memcpy(text, head, len);
    const Format *best = NULL;
    const char *at = path ? path : "";
    Matches *const ways[] = {head_matches, head_has_values};
    for (size_t i = 0; i < sizeof ways / sizeof *ways && !best; i++) {
        best = best_match(f, ways[i], at, true, text, len);
        if (!best) best = best_match(f, ways[i], at, false, text, len);
    }
    /* Some files begin with lines that say nothing; where they stand is then all there is to know. */
    for (size_t i = 0; path && i < f->count && !best; i++)
        if (path_matches(f->at[i], path)) best = f->at[i];
    free(text);
    return best;
}

Framing format_framing_of(const Format *f, const char *head, size_t len) {
    if (f->framing == FRAME_DOCUMENT || f->text) return f->framing;
    Framing values = unwrap_is_wrapped((Str){head, len}) ? FRAME_WRAPPED_VALUES : FRAME_JSON_VALUES;
    if (f->framing != FRAME_LINES) return values == FRAME_WRAPPED_VALUES ? values : f->framing;
    char *text = xcalloc(len + SCAN_PAD, 1);
    if (len) memcpy(text, head, len);
    bool as_values = values_span_lines((Str){head, len}) || (!head_matches(f, text, len) && head_has_values(f, text, len));
    free(text);
    return as_values ? values : FRAME_LINES;
}

/* ---- reading ---- */
const char *format_name(const Format *f) { return f->name; }
const char *format_help(const Format *f) { return f->help; }
const char *format_note(const Format *f, bool cached) { return f->note_uncached && !cached ? f->note_uncached : f->note; }
const char *format_refusal(const Format *f) { return f->refuse; }
Framing format_framing(const Format *f) { return f->framing; }
const PruneSpec *format_wanted(const Format *f) { return f->text ? NULL : &f->wanted; }
Replay format_replay(const Format *f) { return f->replay; }
bool format_has_state(const Format *f) { return f->hook && f->hook->state_size > 0; }
const TableSpec *format_table(const Format *f) { return f->table.name ? &f->table : NULL; }
bool format_is_agent(const Format *f) { return f->agent; }
const char *const *format_known_places(const Format *f) { return f->places; }
