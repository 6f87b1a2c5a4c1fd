/* bills_page: one page: request, answer, verdict, and one sentence for each way it can fail. No error text holds a key: what
 * servers say is searched for it. See bills_parts.h. */
#include "collectors/bills_parts.h"
#include "collectors/secret.h"

enum { SAID_MAX = 160 };

int account_secret(const AccountConfig *a, const Stop *stop, char *out, Err *e) {
    const SecretFrom from = {.what = "key", .env = a->key_env, .file = a->key_file, .command = a->key_command};
    if (secret_read(&from, stop, out, SECRET_MAX, e) != 0) return -1;
    return out[0] ? 0 : fail(e, "no key is configured; set key_env, key_file or key_command");
}

/* ---- what servers say of themselves ---- */
static const char *said(const json_t *answer) {
    const json_t *error = json_object_get(answer, "error");
    static const char *const keys[] = {"message", "Message", "detail", "error_description"};
    if (json_is_string(error) && !json_object_get(answer, "error_description")) return json_string_value(error);
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        const char *text = json_string_value(json_object_get(json_is_object(error) ? error : answer, keys[i]));
        if (text) return text;
    }
    return "";
}

/* Length of the part of the secret that text begins with; 0 = none. A key can have two parts. */
static size_t secret_at(const char *text, const char *secret) {
    for (const char *p = secret + strspn(secret, " "); *p; p += strspn(p, " ")) {
        size_t len = strcspn(p, " ");
        if (len > 3 && strncmp(text, p, len) == 0) return len;
        p += len;
    }
    return 0;
}

/* One line, short, without control characters, and without the key, whoever sent it back. */
static void clean(const char *text, const FeedCall *c, char *out, size_t size) {
    size_t n = 0, hidden;
    for (; *text && n + 4 < size && n < SAID_MAX; text++) {
        if ((hidden = secret_at(text, c->secret)) > 0 || (hidden = secret_at(text, c->token)) > 0) {
            memcpy(out + n, "***", 3);
            n += 3;
            text += hidden - 1;
        } else {
            out[n++] = (unsigned char)*text < 0x20 || *text == 0x7f ? ' ' : *text;
        }
    }
    out[utf8_cut(out, n, SAID_MAX)] = '\0';
}

static void answer_words(const HttpResponse *r, const FeedCall *c, char *out, size_t size) {
    Err ignored = {0};
    json_t *v = provider_json(r->body.at ? r->body.at : "", r->body.len, &ignored);
    clean(v ? said(v) : "", c, out, size);
    json_decref(v);
}

/* AWS says 400 for everything and the kind in __type. */
static HttpVerdict verdict_of(const Provider *p, const HttpResponse *r) {
    static const char *const again[] = {"Throttling", "LimitExceeded", "TooManyRequests", "RequestChanged"};
    static const char *const denied[] = {"AccessDenied", "ExpiredToken", "UnrecognizedClient", "InvalidSignature", "SignatureDoesNotMatch"};
    const char *body = r->body.at ? r->body.at : "";
    if (!p->throttles_with_400 || r->status != 400) return http_verdict(r->status);
    for (size_t i = 0; i < sizeof again / sizeof *again; i++)
        if (strstr(body, again[i])) return HTTP_AGAIN;
    for (size_t i = 0; i < sizeof denied / sizeof *denied; i++)
        if (strstr(body, denied[i])) return HTTP_DENIED;
    return HTTP_WRONG;
}

static PageResult judge(const Provider *p, const FeedCall *c, const HttpResponse *r, Err *e) {
    char words[SAID_MAX + 8];
    HttpVerdict v = verdict_of(p, r);
    answer_words(r, c, words, sizeof words);
    const char *sep = words[0] ? ": " : "";
    if (v == HTTP_DENIED) fail(e, "%s refused the key (%d%s%s); it needs %s", p->name, r->status, sep, words, p->key_help);
    else if (v == HTTP_AGAIN) fail(e, "%s answered %d%s%s; it is asked again later", p->name, r->status, sep, words);
    else fail(e, "%s answered %d%s%s", p->name, r->status, sep, words);
    return (PageResult){.end = v == HTTP_AGAIN ? PAGE_AGAIN : PAGE_FAILED, .denied = v == HTTP_DENIED, .wait_ms = r->retry_after_ms};
}

/* ---- the exchange ---- */
static void to_http(const PageRequest *page, const FeedCall *c, char *user_password, size_t size, HttpRequest *out) {
    *out = (HttpRequest){.url = page->url, .method = page->method[0] ? page->method : NULL};
    for (int i = 0; i < HTTP_HEADERS_MAX && page->header[i][0]; i++) out->header[i] = page->header[i];
    if (page->body[0]) out->body = page->body, out->body_len = strlen(page->body);
    if (!page->aws_sigv4[0]) return;
    snprintf(user_password, size, "%s:%.*s", c->account->key_id, (int)strcspn(c->secret, " "), c->secret);
    out->aws_sigv4 = page->aws_sigv4;
    out->user_password = user_password;
}

static PageResult take_answer(const Provider *p, const Feed *f, FeedCall *c, const FeedSink *out, const HttpResponse *r, Err *e) {
    const PageResult failed = {.end = PAGE_FAILED, .wait_ms = -1};
    char words[SAID_MAX + 8];
    Err inner = {0};
    json_t *v = provider_json(r->body.at ? r->body.at : "", r->body.len, &inner);
    bool nothing = p->no_data && p->no_data(r->status, v), fine = http_verdict(r->status) == HTTP_FINE;
    int rc = nothing ? 0 : v && fine ? f->parse(c, v, out, &inner) : -1;
    json_decref(v);
    if (nothing) c->cursor[0] = '\0';
    if (rc == 0 && c->unfinished) fail(e, "%s %s: it is still at work; it is asked again later", p->name, f->name);
    if (rc == 0) return (PageResult){.end = c->unfinished ? PAGE_AGAIN : PAGE_READ, .wait_ms = -1};
    if (!fine) return judge(p, c, r, e);
    clean(inner.text, c, words, sizeof words); /* it may quote the answer */
    fail(e, "%s %s: %s", p->name, f->name, words);
    return failed;
}

static PageResult exchange(Http *http, const Provider *p, const Feed *f, FeedCall *c, const FeedSink *out, const Stop *stop, Err *e) {
    PageRequest *page = xcalloc(1, sizeof *page);
    char user_password[SECRET_MAX + 160] = "";
    HttpRequest request;
    HttpResponse answer = {0};
    PageResult result = {.end = PAGE_FAILED, .wait_ms = -1};
    c->unfinished = false;
    if (f->request(c, page, e) == 0) {
        to_http(page, c, user_password, sizeof user_password, &request);
        if (http_do(http, &request, &answer, stop, e) == 0) result = take_answer(p, f, c, out, &answer, e);
        else result.end = PAGE_AGAIN; /* a network that is away comes back */
    }
    http_response_free(&answer);
    secret_wipe(user_password, sizeof user_password);
    secret_wipe(page, sizeof *page);
    free(page);
    return result;
}

PageResult page_read(Http *http, const Provider *p, const Feed *f, FeedCall *c, const FeedSink *out, const Stop *stop, Err *e) {
    if (p->sign_in && !c->token[0]) {
        PageResult r = exchange(http, p, p->sign_in, c, out, stop, e);
        if (r.end != PAGE_READ) return r;
    }
    return exchange(http, p, f, c, out, stop, e);
}
