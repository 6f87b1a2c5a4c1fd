/* dialog_draw: a modal box to cells: single line, title in its top edge, keys in its last row. Pure. See dialog.h. */
#include "tui/dialog.h"

enum { BOX_W = 88, NAME_W = 12, EDGES = 2, KEYS_H = 1, SMALL_W = 40, SMALL_H = 10 };

static int shown_fields(const Dialog *d) {
    int n = 0;
    for (int i = 0; i < d->fields; i++) n += !d->field[i].hidden;
    return n;
}

bool dialog_fits(const Dialog *d, int w, int h) {
    return w >= SMALL_W && h >= SMALL_H && h >= shown_fields(d) + EDGES + KEYS_H;
}

/* In the middle; notes give way where there is little room. */
static Rect place(const Dialog *d, const Canvas *c) {
    int w = c->w < BOX_W + 4 ? c->w : BOX_W, fields = shown_fields(d);
    int h = fields + EDGES + KEYS_H + (d->notes ? d->notes + 1 : 0);
    if (h > c->h) h = c->h;
    return (Rect){(c->w - w) / 2, (c->h - h) / 2, w, h};
}

void dialog_box(Canvas *c, Rect r, const char *title) {
    int right = r.x + r.w - 1, bottom = r.y + r.h - 1;
    canvas_fill(c, r, ROLE_TEXT, 0, " ");
    canvas_fill(c, (Rect){r.x, r.y, r.w, 1}, ROLE_RULE, 0, "─");
    canvas_fill(c, (Rect){r.x, bottom, r.w, 1}, ROLE_RULE, 0, "─");
    canvas_fill(c, (Rect){r.x, r.y, 1, r.h}, ROLE_RULE, 0, "│");
    canvas_fill(c, (Rect){right, r.y, 1, r.h}, ROLE_RULE, 0, "│");
    canvas_text(c, r.x, r.y, 1, ROLE_RULE, 0, "┌");
    canvas_text(c, right, r.y, 1, ROLE_RULE, 0, "┐");
    canvas_text(c, r.x, bottom, 1, ROLE_RULE, 0, "└");
    canvas_text(c, right, bottom, 1, ROLE_RULE, 0, "┘");
    canvas_textf(c, r.x + 2, r.y, r.w - 4, ROLE_TITLE, ATTR_BOLD, " %s ", title);
}

static int choices_width(const DialogField *f) {
    int w = 0;
    for (int i = 0; f->choices[i]; i++) w += text_columns(f->choices[i]) + 4 + (i ? 2 : 0);
    return w;
}

/* "(•) 15m  ( ) 30m"; where that does not fit only the chosen one: "(•) 15m  ←→ 1 of 5". */
static int draw_choices(const DialogField *f, Canvas *c, int x, int y, int max) {
    int start = x, count = 0;
    while (f->choices[count]) count++;
    if (choices_width(f) > max)
        return canvas_textf(c, x, y, max, ROLE_TEXT, ATTR_BOLD, "(•) %s  ←→ %d of %d", f->choices[f->chosen],
                            f->chosen + 1, count);
    for (int i = 0; i < count; i++) {
        bool on = i == f->chosen;
        x += canvas_textf(c, x, y, start + max - x, ROLE_TEXT, on ? ATTR_BOLD : 0, "(%s) %s", on ? "•" : " ",
                          f->choices[i]) +
             2;
    }
    return x - 2 - start;
}

/* The end of a long line is what one types at: it is cut at its beginning. */
static int draw_line(const DialogField *f, bool here, Canvas *c, int x, int y, int max) {
    const char *from = f->line.text, *cursor = f->line.text + f->line.cursor;
    char before[sizeof f->line.text];
    for (;; from++) {
        if (((unsigned char)*from & 0xC0) == 0x80) continue;
        snprintf(before, sizeof before, "%.*s", (int)(cursor - from), from);
        if (text_columns(before) < max) break;
    }
    int used = canvas_text(c, x, y, max, ROLE_TEXT, 0, from), at = text_columns(before);
    if (here && at >= used) {
        canvas_text(c, x + at, y, 1, ROLE_TEXT, ATTR_REVERSE, " ");
        return at + 1;
    }
    if (here) canvas_restyle(c, (Rect){x + at, y, 1, 1}, ROLE_TEXT, ATTR_REVERSE);
    return used;
}

static void draw_field(const DialogField *f, bool here, Canvas *c, Rect r) {
    int x = r.x + 1 + NAME_W, end = r.x + r.w - 1, max = end - x;
    canvas_textf(c, r.x, r.y, NAME_W, here ? ROLE_TEXT : ROLE_DIM, here ? ATTR_BOLD : 0, "%s%s", here ? "►" : " ",
                 f->name);
    int used = f->kind == FIELD_CHOICE ? draw_choices(f, c, x, r.y, max) : draw_line(f, here, c, x, r.y, max);
    if (used + 2 >= max) return;
    if (f->kind == FIELD_WORD && !f->hint[0])
        canvas_textf(c, x + used + 2, r.y, max - used - 2, ROLE_DIM, 0, "type %s", f->word);
    else
        canvas_text(c, x + used + 2, r.y, max - used - 2, ROLE_DIM, 0, f->hint);
}

/* What Enter does now, or what keeps it from doing it. */
static void draw_keys(const Dialog *d, Canvas *c, Rect r) {
    const DialogField *missing = dialog_missing(d);
    int x = r.x + 1, end = r.x + r.w - 1;
    const char *cancel = r.w >= 60 ? "Esc nothing changes" : "Esc";
    int room = end - x - text_columns(cancel) - 2;
    if (d->error[0])
        canvas_text(c, x, r.y, room, ROLE_WATCH, 0, d->error);
    else if (missing)
        canvas_textf(c, x, r.y, room, ROLE_DIM, 0, "Enter waits for: %s", missing->name);
    else
        canvas_textf(c, x, r.y, room, ROLE_TEXT, ATTR_BOLD, "Enter %s", d->type->confirm_words);
    canvas_right(c, end, r.y, end - x, ROLE_DIM, 0, cancel);
}

static void draw_small(const Dialog *d, Canvas *c) {
    Rect row = {0, c->h - 1, c->w, 1};
    canvas_fill(c, row, ROLE_TEXT, 0, " ");
    canvas_textf(c, 0, row.y, c->w, ROLE_WATCH, ATTR_BOLD, "%s: no room; Esc", d->type->title);
}

void dialog_draw(const Dialog *d, Canvas *c) {
    if (!dialog_fits(d, c->w, c->h)) {
        draw_small(d, c);
        return;
    }
    Rect r = place(d, c);
    dialog_box(c, r, d->type->title);
    Rect row = {r.x + 1, r.y + 1, r.w - 2, 1};
    for (int i = 0; i < d->fields; i++)
        if (!d->field[i].hidden) {
            draw_field(&d->field[i], i == d->at, c, row);
            row.y++;
        }
    int last = r.y + r.h - 2;
    row.y += d->notes > 0 && row.y + d->notes < last;
    for (int i = 0; i < d->notes && row.y < last; i++, row.y++)
        canvas_text(c, row.x + 2, row.y, row.w - 4, d->note[i].role, 0, d->note[i].text);
    row.y = last;
    draw_keys(d, c, row);
}
