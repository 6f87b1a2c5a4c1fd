/* reader_cut: see reader_cut.h. */
#include "collectors/reader_cut.h"

static uint16_t hex_value(unsigned char b) {
    return (uint16_t)(b <= '9' ? b - '0' : (b | 0x20) - 'a' + 10);
}

/* Within a string: whether this byte begins a character, so that everything from it on may be left out. */
static bool begins_character(const Cutter *c, unsigned char b) {
    return !c->escape && !c->hex && !c->after_high && (b & 0xC0) != 0x80;
}

static void step_escape(Cutter *c, unsigned char b) {
    if (c->escape) {
        c->escape = false;
        c->hex = b == 'u' ? 4 : 0;
        c->code = 0;
        c->after_high &= b == 'u';
        return;
    }
    c->code = (uint16_t)(c->code << 4 | hex_value(b));
    if (--c->hex == 0) c->after_high = (c->code & 0xFC00) == 0xD800;
}

bool cutter_string(Cutter *c, unsigned char b, uint32_t max) {
    if (b == '"' && !c->escape) {
        *c = (Cutter){0};
        return true;
    }
    if (c->kept >= max && begins_character(c, b)) c->dropping = true;
    if (c->escape || c->hex) {
        step_escape(c, b);
    } else {
        c->escape = b == '\\';
        /* The second half of a pair is an escape too; anything else ends the wait for it. */
        if (!c->escape) c->after_high = false;
    }
    if (c->dropping) return false;
    c->kept++;
    return true;
}

static bool is_structure(char b) {
    return b == '"' || b == '[' || b == ']' || b == '{' || b == '}' || b == ':';
}

/* The byte text[i], outside strings; text[out - 1] is the last one that stayed. True = it stays. Of the numbers that are
 * left out a blank stays, which becomes the comma before what else the array holds. */
static bool step_plain(Cutter *c, char *text, size_t out, size_t i) {
    char b = text[i];
    if (is_structure(b)) {
        if (c->dropping && b != ']' && b != '}') text[out - 1] = ',';
        *c = (Cutter){.in_string = b == '"'};
        return true;
    }
    if (c->dropping) return false;
    c->kept++;
    if (c->kept <= CUT_KEPT || b != ',') return true;
    c->dropping = true;
    text[i] = ' ';
    return true;
}

size_t cutter_run(Cutter *c, char *text, size_t from, size_t to) {
    size_t out = from;
    for (size_t i = from; i < to; i++) {
        bool stays = c->in_string ? cutter_string(c, (unsigned char)text[i], CUT_KEPT) : step_plain(c, text, out, i);
        if (stays) text[out++] = text[i];
    }
    return out;
}

uint64_t newlines_in(const char *at, size_t len) {
    uint64_t n = 0;
    for (const char *end = at + len; (at = memchr(at, '\n', (size_t)(end - at))); at++) n++;
    return n;
}

bool blank(const char *at, size_t len) {
    while (len && (*at == ' ' || *at == '\t' || *at == '\r' || *at == '\n')) at++, len--;
    return len == 0;
}
