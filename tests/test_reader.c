/* test_reader: any chunking and any compression give the same records at the same offsets; limits hold. */
#include "collectors/reader.h"
#include "tests/unit.h"
#include <fcntl.h>
#include <jansson.h>
#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>
#include <zlib.h>

typedef struct Seen {
    uint64_t hash, offset;
    size_t count, skipped, longest;
} Seen;

static int file_of(const char *at, size_t len) {
    char path[] = "/tmp/tollwatch-reader-XXXXXX";
    const char *dir = getenv("TMPDIR");
    char own[512];
    snprintf(own, sizeof own, "%s/reader-XXXXXX", dir ? dir : "/tmp");
    int fd = mkstemp(dir ? own : path);
    assert_true(fd >= 0);
    unlink(dir ? own : path);
    for (size_t done = 0; done < len;) {
        ssize_t n = write(fd, at + done, len - done);
        assert_true(n > 0);
        done += (size_t)n;
    }
    lseek(fd, 0, SEEK_SET);
    return fd;
}

static Reader *reader_of(int fd, Framing framing) {
    Reader *r;
    Err e = {0};
    if (reader_open_fd(&r, fd, "test", framing, &e) != 0) print_error("%s\n", e.text);
    assert_non_null(r);
    return r;
}

static Seen read_all(Reader *r) {
    Seen s = {0};
    Record rec;
    Err e = {0};
    ReadResult got;
    while ((got = reader_last(r, &rec, &e)) != READ_END && got != READ_FAILED) {
        if (got == READ_SKIPPED) {
            s.skipped++;
            continue;
        }
        s.count++;
        if (rec.len > s.longest) s.longest = rec.len;
        s.hash = hash64(rec.text, rec.len, s.hash + rec.offset * 31 + rec.length);
    }
    s.offset = reader_offset(r);
    return s;
}

static Buf sample_lines(unsigned seed, size_t lines) {
    Buf b = {.max = 32 << 20};
    for (size_t i = 0; i < lines; i++) {
        seed = seed * 1103515245u + 12345u;
        buf_fmt(&b, "{\"n\":%zu,\"text\":\"", i);
        size_t len = i % 97 == 0 ? 400000 : seed >> 22;
        for (size_t j = 0; j < len; j++) buf_add(&b, &"abcdefgh"[j & 7], 1);
        buf_str(&b, i % 5 ? "\"}\n" : "\"}\r\n");
        if (i % 31 == 0) buf_str(&b, "\n");
    }
    buf_str(&b, "{\"last\":true}"); /* no newline */
    return b;
}

typedef struct Feed {
    int fd;
    const Buf *b;
    unsigned seed;
} Feed;

static void *feed(void *arg) {
    Feed *f = arg;
    for (size_t done = 0; done < f->b->len;) {
        f->seed = f->seed * 1103515245u + 12345u;
        size_t n = 1 + (f->seed >> 16) % 50000;
        if (n > f->b->len - done) n = f->b->len - done;
        ssize_t w = write(f->fd, f->b->at + done, n);
        if (w <= 0) break;
        done += (size_t)w;
    }
    close(f->fd);
    return NULL;
}

static void chunking_changes_nothing(void **state) {
    (void)state;
    Buf b = sample_lines(1, 300);
    Reader *whole = reader_of(file_of(b.at, b.len), FRAME_LINES);
    Seen want = read_all(whole);
    reader_close(whole);
    assert_int_equal(want.count, 301);
    assert_int_equal(want.offset, b.len);
    for (unsigned seed = 1; seed < 4; seed++) {
        int p[2];
        pthread_t t;
        assert_int_equal(pipe(p), 0);
        Feed f = {.fd = p[1], .b = &b, .seed = seed};
        pthread_create(&t, NULL, feed, &f);
        Reader *r = reader_of(p[0], FRAME_LINES);
        Seen got = read_all(r);
        assert_memory_equal(&got, &want, sizeof got);
        reader_close(r);
        pthread_join(t, NULL);
    }
    buf_free(&b);
}

static Buf gzip_members(const Buf *b, size_t members) {
    Buf out = {.max = 32 << 20};
    char *to = xmalloc(b->len + 4096);
    for (size_t i = 0; i < members; i++) {
        size_t from = b->len * i / members, stop = b->len * (i + 1) / members;
        z_stream z = {0};
        assert_int_equal(deflateInit2(&z, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
        z.next_in = (Bytef *)(uintptr_t)(b->at + from), z.avail_in = (uInt)(stop - from);
        z.next_out = (Bytef *)to, z.avail_out = (uInt)(b->len + 4096);
        assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
        buf_add(&out, to, z.total_out);
        deflateEnd(&z);
    }
    free(to);
    return out;
}

static void gzip_gives_the_same_records(void **state) {
    (void)state;
    Buf b = sample_lines(2, 200), gz = gzip_members(&b, 3);
    Reader *plain = reader_of(file_of(b.at, b.len), FRAME_LINES), *packed = reader_of(file_of(gz.at, gz.len), FRAME_LINES);
    assert_true(reader_identify(plain, false, NULL) == 1 && reader_identify(packed, false, NULL) == 1);
    Seen want = read_all(plain), got = read_all(packed);
    assert_memory_equal(&got, &want, sizeof got);
    assert_true(reader_fingerprint(plain) == reader_fingerprint(packed) && reader_fingerprint(plain) != 0);
    assert_true(reader_tail_hash(plain) == reader_tail_hash(packed));
    reader_close(plain);
    reader_close(packed);
    /* Cut off: what came before is there, and the end is a failure with a sentence. */
    Reader *cut = reader_of(file_of(gz.at, gz.len / 2), FRAME_LINES);
    Record rec;
    Err e = {0};
    size_t n = 0;
    ReadResult r;
    while ((r = reader_next(cut, &rec, &e)) == READ_RECORD) n++;
    assert_int_equal(r, READ_FAILED);
    assert_true(n > 10 && strstr(e.text, "cut off"));
    reader_close(cut);
    buf_free(&b);
    buf_free(&gz);
}

static void reading_goes_on_where_it_stopped(void **state) {
    (void)state;
    Buf b = sample_lines(3, 120), gz = gzip_members(&b, 2);
    Reader *first = reader_of(file_of(b.at, b.len), FRAME_LINES);
    Record rec;
    Err e = {0};
    for (int i = 0; i < 60; i++) assert_int_equal(reader_next(first, &rec, &e), READ_RECORD);
    uint64_t offset = reader_offset(first), tail = reader_tail_hash(first);
    Seen want = read_all(first);
    reader_close(first);
    for (int packed = 0; packed < 2; packed++) {
        Reader *r = reader_of(packed ? file_of(gz.at, gz.len) : file_of(b.at, b.len), FRAME_LINES);
        Str head;
        assert_int_equal(reader_head(r, &head, &e), 1);
        assert_int_equal(reader_skip_to(r, offset, &e), 0);
        assert_true(reader_tail_hash(r) == tail);
        Seen got = read_all(r);
        assert_memory_equal(&got, &want, sizeof got);
        reader_close(r);
    }
    buf_free(&b);
    buf_free(&gz);
}

/* A record of 10 MiB comes with the middle of its string left out; one of many small members is skipped whole when it is not known what is wanted of it. */
static void long_records_are_cut_or_skipped(void **state) {
    (void)state;
    Buf b = {.max = 64 << 20};
    buf_str(&b, "{\"a\":\"");
    for (int i = 0; i < 10 << 20; i += 16) buf_add(&b, i % 64 ? "0123456789abcdef" : "\\n23456789\\\"cdef", 16);
    buf_str(&b, "\",\"usage\":{\"n\":7}}\n{\"b\":1}\n{\"c\":[0");
    for (int i = 0; i < 9 << 20; i += 3) buf_str(&b, ",{}");
    buf_str(&b, "]}\n{\"d\":2}\n");
    Reader *r = reader_of(file_of(b.at, b.len), FRAME_LINES);
    Record rec;
    Err e = {0};
    assert_int_equal(reader_next(r, &rec, &e), READ_RECORD);
    assert_true(rec.len < READER_RECORD_BUFFER && rec.length > 10 << 20);
    assert_non_null(memmem(rec.text, rec.len, "\"usage\":{\"n\":7}}", 16));
    assert_int_equal(reader_next(r, &rec, &e), READ_RECORD);
    assert_memory_equal(rec.text, "{\"b\":1}", 7);
    assert_int_equal(reader_next(r, &rec, &e), READ_SKIPPED);
    assert_int_equal(rec.line, 3);
    assert_int_equal(reader_next(r, &rec, &e), READ_RECORD);
    assert_memory_equal(rec.text, "{\"d\":2}", 7);
    assert_int_equal(reader_offset(r), b.len);
    reader_close(r);
    buf_free(&b);
}

/* An answer with embeddings is longer than any buffer; what is left of it is JSON, whatever stands behind the numbers. */
static void long_arrays_of_numbers_are_cut(void **state) {
    (void)state;
    static const char *const ends[] = {"]", ",\"a\"]", ",{\"b\":1}]", ",[2,3],null]", " , \n true]"};
    Buf b = {.max = 64 << 20};
    buf_str(&b, "{\"data\":[[]");
    for (size_t n = 0; n < 40; n++) {
        buf_str(&b, ",[0");
        for (int i = 0; i < 20000; i++) buf_fmt(&b, ",-0.%d", i * 31 + (int)n);
        for (const char *c = ends[n % 5]; *c; c++) buf_add(&b, *c == '\n' ? "\t" : c, 1);
    }
    buf_str(&b, "],\"usage\":{\"n\":8}}\n");
    assert_true(b.len > READER_RECORD_BUFFER);
    Reader *r = reader_of(file_of(b.at, b.len), FRAME_LINES);
    Record rec;
    Err e = {0};
    assert_int_equal(reader_next(r, &rec, &e), READ_RECORD);
    assert_int_equal(rec.length, b.len);
    json_error_t why;
    json_t *j = json_loadb(rec.text, rec.len, 0, &why), *data = json_object_get(j, "data");
    if (!j) print_error("%s at %d\n", why.text, why.position);
    assert_non_null(j);
    assert_int_equal(json_array_size(data), 41);
    for (size_t n = 0; n < 40; n++) {
        const json_t *row = json_array_get(data, n + 1), *last = json_array_get(row, json_array_size(row) - 1);
        const json_type want[] = {JSON_REAL, JSON_STRING, JSON_OBJECT, JSON_NULL, JSON_REAL};
        assert_int_equal(json_typeof(last), want[n % 5]);
    }
    assert_int_equal(json_integer_value(json_object_get(json_object_get(j, "usage"), "n")), 8);
    json_decref(j);
    reader_close(r);
    buf_free(&b);
}

static void values_are_found_between_other_text(void **state) {
    (void)state;
    static const char text[] = "INFO start\n{\n  \"a\": \"}{\\\"\",\n  \"b\": [1,{}]\n}\nnoise {\"c\":1}{\"d\":2}\n[{\"e\":3},\n{\"f\":4}]\n";
    static const char *const want[] = {"{\n  \"a\": \"}{\\\"\",\n  \"b\": [1,{}]\n}", "{\"c\":1}", "{\"d\":2}", "{\"e\":3}", "{\"f\":4}"};
    Reader *r = reader_of(file_of(text, sizeof text - 1), FRAME_JSON_VALUES);
    Record rec;
    Err e = {0};
    for (size_t i = 0; i < sizeof want / sizeof *want; i++) {
        assert_int_equal(reader_next(r, &rec, &e), READ_RECORD);
        assert_int_equal(rec.len, strlen(want[i]));
        assert_memory_equal(rec.text, want[i], rec.len);
        assert_memory_equal(text + rec.offset, want[i], rec.len);
    }
    assert_int_equal(reader_next(r, &rec, &e), READ_END);
    reader_close(r);
}

static void holes_of_truncation_are_skipped(void **state) {
    (void)state;
    char text[5000] = {0};
    memcpy(text + 4900, "{\"x\":1}\n", 8);
    Reader *r = reader_of(file_of(text, 4908), FRAME_LINES);
    Record rec;
    Err e = {0};
    assert_int_equal(reader_next(r, &rec, &e), READ_RECORD);
    assert_int_equal(rec.len, 7);
    assert_memory_equal(rec.text, "{\"x\":1}", 7);
    reader_close(r);
}

/* One sentence each, which says what to do instead. */
static void other_packings_are_refused(void **state) {
    (void)state;
    static const struct { const char *at; size_t len; const char *says; } packed[] = {
        {"\x28\xB5\x2F\xFD....", 8, "zstd -dc"}, {"\xFD" "7zXZ\0....", 9, "xz -dc"}, {"BZh91AY&SY", 10, "bzip2 -dc"},
        {"\x04\x22\x4D\x18....", 8, "lz4 -dc"}, {"PK\x03\x04....", 8, "unzip -p"}, {"PAR1....", 8, "JSON lines"},
        {"Obj\x01....", 8, "avro-tools"}, {"7z\xBC\xAF\x27\x1C..", 8, "7z x -so"}, {"LPKSHHRH....", 12, "journalctl"},
        {"\xFF\xFE{\0\"\0", 6, "iconv"}, {"\xFE\xFF\0{\0\"", 6, "iconv"}, {"\0\0\x01\x2C\x0A\xA9\x02", 7, "format: json"}, {"\xAC\x02\x0A\xA9\x02\x0A", 6, "format: json"},
    };
    for (size_t i = 0; i < sizeof packed / sizeof *packed; i++) {
        Reader *r;
        Err e = {0};
        if (reader_open_fd(&r, file_of(packed[i].at, packed[i].len), "x", FRAME_LINES, &e) == 0) fail_msg("number %zu is read", i);
        if (!strstr(e.text, packed[i].says) || strncmp(e.text, "x is ", 5) != 0 || !strstr(e.text, "; ")) fail_msg("%s", e.text);
    }
}

/* A tar that is packed with gzip is seen when its first bytes are unpacked. */
static void a_packed_archive_is_refused(void **state) {
    (void)state;
    char tar[512] = "a.log", path[] = "/tmp/tollwatch-tar-XXXXXX";
    Reader *r;
    Str head;
    Err e = {0};
    memcpy(tar + 257, "ustar", 5);
    int fd = mkstemp(path);
    gzFile z = gzdopen(dup(fd), "wb");
    assert_true(fd >= 0 && gzwrite(z, tar, sizeof tar) == (int)sizeof tar);
    gzclose(z);
    unlink(path);
    lseek(fd, 0, SEEK_SET);
    assert_int_equal(reader_open_fd(&r, fd, "x", FRAME_LINES, &e), 0);
    assert_int_equal(reader_head(r, &head, &e), -1);
    assert_non_null(strstr(e.text, "tar -xOf"));
    reader_close(r);
}

/* Of a line with so many values that it is given up as one record, the head is the beginning, by which its values are found;
 * what cannot be read twice is refused in words, because else nothing would be read and nothing said. */
static void many_values_on_one_line_are_told_by_their_beginning(void **state) {
    (void)state;
    enum { VALUES = 1 << 20 };
    static const char value[] = "{\"a\":1.25}";
    Buf b = {.max = 16 << 20};
    Err e = {0};
    Str head;
    Record rec;
    int ends[2];
    size_t n = 0;
    for (int i = 0; i < VALUES; i++) buf_str(&b, value);
    assert_true(b.len > READER_KEPT_MAX);
    for (int line = 0; line < 2; line++, buf_str(&b, "\n")) {
        Reader *r = reader_of(file_of(b.at, b.len), FRAME_LINES);
        assert_int_equal(reader_head(r, &head, &e), line);
        if (line) assert_int_equal(reader_head_more(r, &head, &e), 1);
        assert_true(head.len >= READER_HEAD_MAX && memcmp(head.at, b.at, READER_HEAD_MAX) == 0);
        assert_int_equal(reader_head_more(r, &head, &e), 0);
        reader_set_framing(r, FRAME_JSON_VALUES);
        for (n = 0; reader_next(r, &rec, &e) == READ_RECORD; n++) assert_int_equal(rec.offset, n * (sizeof value - 1));
        assert_int_equal(n, VALUES);
        reader_close(r);
    }
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    if (child == 0) {
        close(ends[0]);
        for (size_t at = 0; at < VALUES * (sizeof value - 1);) {
            ssize_t put = write(ends[1], b.at + at, VALUES * (sizeof value - 1) - at);
            if (put <= 0) break;
            at += (size_t)put;
        }
        _exit(0);
    }
    close(ends[1]);
    Reader *r = reader_of(ends[0], FRAME_LINES);
    assert_int_equal(reader_head(r, &head, &e), -1);
    assert_non_null(strstr(e.text, "import it from a file"));
    reader_close(r);
    assert_int_equal(waitpid(child, NULL, 0), child);
    buf_free(&b);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(chunking_changes_nothing),        cmocka_unit_test(gzip_gives_the_same_records),
        cmocka_unit_test(reading_goes_on_where_it_stopped), cmocka_unit_test(long_records_are_cut_or_skipped),
        cmocka_unit_test(long_arrays_of_numbers_are_cut),
        cmocka_unit_test(values_are_found_between_other_text), cmocka_unit_test(holes_of_truncation_are_skipped),
        cmocka_unit_test(other_packings_are_refused), cmocka_unit_test(a_packed_archive_is_refused),
        cmocka_unit_test(many_values_on_one_line_are_told_by_their_beginning),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
