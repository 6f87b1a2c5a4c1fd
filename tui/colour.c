/* colour: see colour.h. */
#include "tui/colour.h"

enum { UNIT_BITS = 30 }; /* a fraction 0..1 is an integer 0..1 << 30 */
static const uint64_t unit = UINT64_C(1) << UNIT_BITS;

static const int32_t xterm_16[16] = {0x000000, 0xCD0000, 0x00CD00, 0xCDCD00, 0x0000EE, 0xCD00CD, 0x00CDCD, 0xE5E5E5,
                                     0x7F7F7F, 0xFF0000, 0x00FF00, 0xFFFF00, 0x5C5CFF, 0xFF00FF, 0x00FFFF, 0xFFFFFF};

/* ---- reading ---- */

static int32_t parse_hex(const char *at, size_t len) {
    int32_t v = 0;
    for (size_t i = 0; i < len; i++) {
        const char *digits = "0123456789abcdef", *d = strchr(digits, at[i] >= 'A' && at[i] <= 'F' ? at[i] + 32 : at[i]);
        if (!d || !*d) return -1;
        v = v * 16 + (int32_t)(d - digits);
    }
    return v;
}

Colour colour_parse(const char *at, size_t len) {
    char text[16];
    unsigned r, g, b;
    if (len == 7 && at[0] == '#') return (Colour){parse_hex(at + 1, 6)};
    if (len == 3 && at[0] == '#') {
        int32_t grey = parse_hex(at + 1, 2);
        return (Colour){grey < 0 ? -1 : grey * 0x010101};
    }
    if (len >= sizeof text) return (Colour){-1};
    memcpy(text, at, len);
    text[len] = '\0';
    if (sscanf(text, "ansi %2u", &r) == 1 && r < 16) return (Colour){COLOUR_OWN + (int32_t)r};
    if (sscanf(text, "%3u %3u %3u", &r, &g, &b) != 3 || r > 255 || g > 255 || b > 255) return (Colour){-1};
    return (Colour){(int32_t)(r << 16 | g << 8 | b)};
}

/* ---- contrast ---- */

static int32_t as_rgb(Colour c) {
    return c.rgb >= COLOUR_OWN ? xterm_16[c.rgb & 15] : c.rgb;
}

static uint64_t times(uint64_t a, uint64_t b) {
    return a * b >> UNIT_BITS;
}

static uint64_t fifth_root(uint64_t x) {
    uint64_t root = 0;
    for (uint64_t bit = unit; bit; bit >>= 1) {
        uint64_t r = root | bit, square = times(r, r);
        if (times(times(square, square), r) <= x) root = r;
    }
    return root;
}

/* sRGB's curve: v / 12.92 near black, else ((v + 0.055) / 1.055) ^ 2.4, where x ^ 2.4 = x ^ 2 * (x ^ 2) ^ (1 / 5). */
static uint64_t linear(int32_t rgb, int shift) {
    uint64_t v = (uint64_t)(rgb >> shift & 0xFF);
    if (v <= 10) return v * unit * 100 / (255 * 1292);
    uint64_t x = (v * 1000 + 14025) * unit / 269025, square = times(x, x);
    return times(square, fifth_root(square));
}

static uint64_t luminance(Colour c) {
    int32_t rgb = as_rgb(c);
    return (2126 * linear(rgb, 16) + 7152 * linear(rgb, 8) + 722 * linear(rgb, 0)) / 10000;
}

int32_t colour_contrast(Colour a, Colour b) {
    uint64_t x = luminance(a) + unit / 20, y = luminance(b) + unit / 20;
    return (int32_t)(x > y ? x * 1000 / y : y * 1000 / x);
}

Colour colour_readable(Colour c, Colour ground) {
    const Colour black = {0}, white = {0xFFFFFF};
    int32_t from = as_rgb(c), to = colour_contrast(white, ground) >= colour_contrast(black, ground) ? 255 : 0;
    for (int32_t step = 1; step <= 16 && colour_contrast(c, ground) < CONTRAST_TEXT; step++) {
        c.rgb = 0;
        for (int shift = 0; shift <= 16; shift += 8) {
            int32_t v = from >> shift & 0xFF;
            c.rgb |= (v + (to - v) * step / 16) << shift;
        }
    }
    return c;
}

/* ---- nearest ---- */

static int distance(int32_t a, int32_t b) {
    int r = (a >> 16 & 0xFF) - (b >> 16 & 0xFF), g = (a >> 8 & 0xFF) - (b >> 8 & 0xFF), u = (a & 0xFF) - (b & 0xFF);
    return 3 * r * r + 4 * g * g + 2 * u * u;
}

/* Colour n of xterm's palette, 16..255: a cube of 6 levels, then 24 greys. */
static int32_t palette_256(int n) {
    static const int level[] = {0, 95, 135, 175, 215, 255};
    if (n >= 232) return (8 + 10 * (n - 232)) * 0x010101;
    n -= 16;
    return level[n / 36] << 16 | level[n / 6 % 6] << 8 | level[n % 6];
}

int colour_to_256(Colour c) {
    int best = -1;
    if (c.rgb >= COLOUR_OWN) return c.rgb - COLOUR_OWN;
    for (int n = 16; c.rgb >= 0 && n < 256; n++)
        if (best < 0 || distance(c.rgb, palette_256(n)) < distance(c.rgb, palette_256(best))) best = n;
    return best;
}

int colour_to_few(Colour c, int count, int ground) {
    int best = -1;
    const Colour on = {COLOUR_OWN + ground};
    for (int n = 0; c.rgb >= 0 && n < count; n++) {
        if (ground >= 0 && colour_contrast((Colour){COLOUR_OWN + n}, on) < CONTRAST_TEXT) continue;
        if (best < 0 || distance(as_rgb(c), xterm_16[n]) < distance(as_rgb(c), xterm_16[best])) best = n;
    }
    return best;
}

int colour_to_16(Colour c) {
    return colour_to_few(c, 16, -1);
}
