/* json_out: see json_out.h. */
#include "tui/json_out.h"
#include "store/money.h"
#include "tui/text_width.h"

static void json_char(FILE *out, int32_t code, const char *bytes, size_t len) {
    if (code == CODE_BAD) fputs("\xEF\xBF\xBD", out);
    else if (code == '"' || code == '\\') fprintf(out, "\\%c", (char)code);
    else if (code < 0x20 || code == 0x7f) fprintf(out, "\\u%04x", (unsigned)code);
    else fwrite(bytes, 1, len, out);
}

void json_out_string(FILE *out, const char *text) {
    fputc('"', out);
    while (*text) {
        const char *at = text;
        int32_t code = utf8_next(&text);
        json_char(out, code, at, (size_t)(text - at));
    }
    fputc('"', out);
}

void json_out_money(FILE *out, int64_t nano) {
    char text[32];
    nano_exact(nano, text, sizeof text);
    fprintf(out, "\"%s\"", text);
}

void json_out_time(FILE *out, int64_t ms) {
    char text[32];
    time_format_utc(ms, text, sizeof text);
    fprintf(out, "\"%s\"", text);
}

void csv_out_text(FILE *out, const char *text) {
    if (!strpbrk(text, ",\"\r\n")) {
        fputs(text, out);
        return;
    }
    fputc('"', out);
    for (; *text; text++) {
        if (*text == '"') fputc('"', out);
        fputc(*text, out);
    }
    fputc('"', out);
}
