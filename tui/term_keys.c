/* term_keys: the decoder. See term_keys.h. Sequences are those of ECMA-48 as xterm, tmux, Linux, rxvt, screen send them. */
#include "tui/term_keys.h"
#include "tui/text_width.h"

enum { SEQUENCE_MAX = 64 };

void keys_add(KeyInput *in, const unsigned char *at, size_t len) {
    size_t room = sizeof in->at - in->len;
    if (len > room) len = room;
    memcpy(in->at + in->len, at, len);
    in->len += len;
}

bool keys_waiting(const KeyInput *in) {
    return in->len > 0;
}

static int drop(KeyInput *in, size_t n, int key) {
    memmove(in->at, in->at + n, in->len - n);
    in->len -= n;
    return key;
}

static int plain_key(unsigned char b) {
    if (b == '\n') return KEY_ENTER;
    if (b == 8) return KEY_BACKSPACE;
    return b;
}

/* CSI ... final byte without parameters, and SS3. */
static int letter_key(char final) {
    switch (final) {
    case 'A': return KEY_UP;
    case 'B': return KEY_DOWN;
    case 'C': return KEY_RIGHT;
    case 'D': return KEY_LEFT;
    case 'H': return KEY_HOME;
    case 'F': return KEY_END;
    case 'Z': return KEY_BACK_TAB;
    case 'M': return KEY_ENTER; /* keypad */
    default: return KEY_UNKNOWN;
    }
}

static int number_key(int n) {
    switch (n) {
    case 1: case 7: return KEY_HOME;
    case 4: case 8: return KEY_END;
    case 3: return KEY_DELETE;
    case 5: return KEY_PAGE_UP;
    case 6: return KEY_PAGE_DOWN;
    case 200: return KEY_PASTE_START;
    case 201: return KEY_PASTE_END;
    default: return KEY_UNKNOWN;
    }
}

/* "<0;12;3M": SGR mouse. */
static int mouse_key(KeyInput *in, const char *parameters, char final) {
    int button, x, y;
    if (sscanf(parameters, "<%5d;%5d;%5d", &button, &x, &y) != 3 || x < 1 || y < 1) return KEY_UNKNOWN;
    in->mouse = (MouseEvent){x - 1, y - 1, button & ~0x1C /* without modifiers */, final == 'M'};
    return KEY_MOUSE;
}

static int csi_key(KeyInput *in, const char *parameters, char final) {
    int n = 0, state = 0;
    if (parameters[0] == '<') return mouse_key(in, parameters, final);
    if (sscanf(parameters, "?2026;%d$", &state) == 1 && final == 'y') {
        in->synchronized = state >= 1 && state <= 3;
        return KEY_UNKNOWN;
    }
    if (final != '~') return parameters[0] == '?' ? KEY_UNKNOWN : letter_key(final);
    return sscanf(parameters, "%5d", &n) == 1 ? number_key(n) : KEY_UNKNOWN;
}

/* ESC [ ... : to its final byte, which is 0x40..0x7E; a longer or broken one is dropped as unknown. */
static int take_csi(KeyInput *in, bool last) {
    char parameters[SEQUENCE_MAX + 1];
    size_t i = 2;
    if (in->len > 2 && in->at[2] == '[') { /* the Linux console's function keys: one more letter */
        if (in->len < 4) return last ? drop(in, in->len, KEY_UNKNOWN) : -1;
        return drop(in, 4, KEY_UNKNOWN);
    }
    while (i < in->len && i < SEQUENCE_MAX && in->at[i] >= 0x20 && in->at[i] < 0x40) i++;
    if (i == in->len && i < SEQUENCE_MAX) return last ? drop(in, in->len, KEY_UNKNOWN) : -1;
    if (i == SEQUENCE_MAX || in->at[i] < 0x40 || in->at[i] > 0x7E) return drop(in, i, KEY_UNKNOWN);
    memcpy(parameters, in->at + 2, i - 2);
    parameters[i - 2] = '\0';
    int key = csi_key(in, parameters, (char)in->at[i]);
    return drop(in, i + 1, key);
}

static int take_escape(KeyInput *in, bool last) {
    if (in->len == 1) return last ? drop(in, 1, KEY_ESC) : -1;
    if (in->at[1] == '[') return in->len == 2 && last ? drop(in, 2, KEY_UNKNOWN) : take_csi(in, last);
    if (in->at[1] == 'O') {
        if (in->len == 2) return last ? drop(in, 2, KEY_UNKNOWN) : -1;
        return drop(in, 3, letter_key((char)in->at[2]));
    }
    return drop(in, 1, KEY_ESC);
}

static size_t utf8_length(unsigned char b) {
    return b < 0x80 || b >= 0xF5 ? 1 : b >= 0xF0 ? 4 : b >= 0xE0 ? 3 : b >= 0xC2 ? 2 : 1;
}

int keys_take(KeyInput *in, bool last) {
    if (in->len == 0) return -1;
    if (in->at[0] == 27) return take_escape(in, last);
    if (in->at[0] == 0) return drop(in, 1, KEY_UNKNOWN);
    if (in->at[0] < 0x80) return drop(in, 1, plain_key(in->at[0]));
    size_t n = utf8_length(in->at[0]);
    if (in->len < n) return last ? drop(in, in->len, KEY_UNKNOWN) : -1;
    char text[5] = {0};
    memcpy(text, in->at, n);
    const char *p = text;
    int32_t code = utf8_next(&p);
    return drop(in, (size_t)(p - text), code == CODE_BAD ? KEY_UNKNOWN : code);
}
