/* recognise: see recognise.h. */
#include "collectors/recognise.h"
#include "collectors/format_unknown.h"

int recognise(const Formats *formats, Reader *r, const char *path, Str *head, const Format **out, Err *e) {
    for (;;) {
        *out = formats_guess(formats, path, head->at, head->len);
        if (*out && !format_refusal(*out)) return 0;
        int more = reader_head_more(r, head, e);
        if (more <= 0) return more;
    }
}

const char *refusal_of(const Format *f, const char *path, Str head) {
    if (f && !format_refusal(f)) return NULL;
    bool json = head.len && (head.at[0] == '{' || head.at[0] == '[');
    const char *unknown = f && json ? NULL : format_unknown(path, head); /* JSON in a page or a recording says less than they do */
    return unknown || !f ? unknown : format_refusal(f);
}
