/* http: see http.h. */
#include "collectors/http.h"
#include "collectors/curl_late.h"
#include "store/clock.h"
#include <strings.h>

enum { CONNECT_MS = 10000, WAIT_MS = 200 };

struct Http {
    CurlLate curl; /* valid when easy is not NULL */
    CURLM *multi;
    CURL *easy;
};

typedef struct Exchange {
    HttpResponse *out;
    int64_t retry_after_ms, retry_ms; /* "retry-after", and the finer "retry-after-ms", which wins */
    bool too_large;
} Exchange;

Http *http_new(void) {
    Http *h = xcalloc(1, sizeof *h);
    if (!curl_late(&h->curl)) return h; /* http_do() says so */
    h->multi = h->curl.multi_init();
    h->easy = h->curl.easy_init();
    return h;
}

void http_free(Http *h) {
    if (!h) return;
    if (h->easy) h->curl.easy_cleanup(h->easy);
    if (h->multi) h->curl.multi_cleanup(h->multi);
    free(h);
}

void http_response_free(HttpResponse *r) { buf_free(&r->body); }

HttpVerdict http_verdict(int status) {
    if (status >= 200 && status < 300) return HTTP_FINE;
    if (status == 401 || status == 403) return HTTP_DENIED;
    if (status == 408 || status == 409 || status == 425 || status == 429 || status >= 500) return HTTP_AGAIN;
    return HTTP_WRONG;
}

/* "1.5", bounded before it is multiplied. */
static int64_t decimal_ms(const char *value, int64_t unit_ms) {
    int64_t whole = 0, fraction = 0, scale = 1;
    const char *p = value;
    for (; *p >= '0' && *p <= '9'; p++) whole = whole < INT64_C(100000000) ? whole * 10 + (*p - '0') : whole;
    if (p == value) return -1;
    if (*p == '.')
        for (p++; *p >= '0' && *p <= '9'; p++)
            if (scale < 1000) fraction = fraction * 10 + (*p - '0'), scale *= 10;
    if (*p && *p != ' ') return -1;
    return whole * unit_ms + fraction * unit_ms / scale;
}

static int64_t bounded(int64_t ms) { return ms < 0 ? 0 : ms > HTTP_RETRY_AFTER_MAX_MS ? HTTP_RETRY_AFTER_MAX_MS : ms; }

int64_t http_retry_after(const char *value, int64_t now_ms) {
    value += strspn(value, " \t");
    int64_t ms = decimal_ms(value, MS_PER_SECOND);
    if (ms >= 0) return bounded(ms);
    static const char *const dates[] = {"%a, %d %b %Y %H:%M:%S GMT", "%A, %d-%b-%y %H:%M:%S GMT", "%a %b %d %H:%M:%S %Y"}; /* of RFC 9110: one to write, three to read */
    for (size_t i = 0; i < sizeof dates / sizeof *dates; i++) {
        struct tm at = {0};
        if (strptime(value, dates[i], &at)) return bounded((int64_t)timegm(&at) * MS_PER_SECOND - now_ms);
    }
    return -1;
}

void http_encode(Buf *out, const char *text) {
    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;
        bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || strchr("-._~", c);
        if (plain) buf_add(out, text, 1);
        else buf_fmt(out, "%%%02X", c);
    }
}

/* ---- what comes in ---- */
static size_t take_body(char *at, size_t size, size_t count, void *ctx) {
    Exchange *x = ctx;
    size_t n = size * count;
    if (x->out->body.len + n > x->out->body.max) {
        x->too_large = true;
        return 0; /* ends the transfer */
    }
    buf_add(&x->out->body, at, n);
    return n;
}

/* The value of a header line if it has this name; control characters end it. */
static bool header_is(const char *line, size_t len, const char *name, char *out, size_t size) {
    size_t n = strlen(name);
    if (len <= n || strncasecmp(line, name, n) != 0 || line[n] != ':') return false;
    const char *at = line + n + 1, *end = line + len;
    while (at < end && (*at == ' ' || *at == '\t')) at++;
    size_t fit = 0;
    while (at + fit < end && (unsigned char)at[fit] >= 0x20 && fit + 1 < size) fit++;
    memcpy(out, at, fit);
    out[fit] = '\0';
    return true;
}

/* "Retry-After", and Azure's "x-ms-ratelimit-...-retry-after", of which an answer has several: the longest counts. */
static bool wait_header(const char *line, size_t len, char *out, size_t size) {
    static const char azure[] = "x-ms-ratelimit-", name[] = "retry-after";
    const char *colon = memchr(line, ':', len);
    size_t n = colon ? (size_t)(colon - line) : 0, own = sizeof name - 1;
    if (n <= own || strncasecmp(line, azure, sizeof azure - 1) != 0) return header_is(line, len, name, out, size);
    return header_is(colon - own, len - (n - own), name, out, size);
}

static size_t take_header(char *at, size_t size, size_t count, void *ctx) {
    Exchange *x = ctx;
    size_t len = size * count;
    char value[96];
    if (header_is(at, len, "retry-after-ms", value, sizeof value)) {
        int64_t ms = decimal_ms(value, 1);
        if (ms >= 0) x->retry_ms = bounded(ms);
    } else if (wait_header(at, len, value, sizeof value)) {
        int64_t ms = http_retry_after(value, clock_now_ms());
        if (ms > x->retry_after_ms) x->retry_after_ms = ms;
    } else if (header_is(at, len, "content-type", value, sizeof value)) {
        snprintf(x->out->content_type, sizeof x->out->content_type, "%s", value);
    } else if (header_is(at, len, "x-request-id", value, sizeof value) || header_is(at, len, "request-id", value, sizeof value)) {
        snprintf(x->out->request_id, sizeof x->out->request_id, "%s", value);
    }
    return len;
}

/* ---- what goes out ---- */
/* The host of an address, for errors: the rest may be a secret. */
static void host_of(const char *url, char *out, size_t size) {
    const char *at = strstr(url, "://"), *user;
    at = at ? at + 3 : url;
    size_t len = strcspn(at, "/?#");
    if ((user = memchr(at, '@', len)) != NULL) len -= (size_t)(user + 1 - at), at = user + 1;
    snprintf(out, size, "%.*s", (int)(len < size ? len : size - 1), at);
}

static bool is_loopback(const char *url) {
    static const char *const hosts[] = {"http://127.0.0.1", "http://localhost", "http://[::1]"};
    for (size_t i = 0; i < sizeof hosts / sizeof *hosts; i++) {
        size_t n = strlen(hosts[i]);
        if (strncasecmp(url, hosts[i], n) != 0 || !strchr(":/?", url[n])) continue; /* strchr finds the end, too */
        return !memchr(url + n, '@', strcspn(url + n, "/?#")); /* else it was a user's name, and the host comes behind it */
    }
    return false;
}

static int check_url(const HttpRequest *r, Err *e) {
    char host[128];
    host_of(r->url, host, sizeof host);
    if (strncasecmp(r->url, "https://", 8) == 0 || is_loopback(r->url)) return 0;
    if (r->plain && strncasecmp(r->url, "http://", 7) == 0) return 0;
    return fail(e, "%s: only https is spoken, and http on loopback; mend the address", host);
}

static struct curl_slist *headers_of(const CurlLate *curl, const HttpRequest *r) {
    struct curl_slist *list = NULL;
    for (int i = 0; i < HTTP_HEADERS_MAX && r->header[i]; i++) list = curl->slist_append(list, r->header[i]);
    if (r->aws_sigv4) return list; /* libcurl would sign an Expect that it does not send; bodies this small have none */
    return curl->slist_append(list, "Expect:"); /* no 100-continue: servers answer late to it */
}

static void set_up(const CurlLate *curl, CURL *c, const HttpRequest *r, Exchange *x, struct curl_slist *headers) {
    curl->easy_reset(c);
    curl->easy_setopt(c, CURLOPT_URL, r->url);
    curl->easy_setopt(c, CURLOPT_PROTOCOLS_STR, "https,http");
    curl->easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
#if LIBCURL_VERSION_NUM >= 0x075700
    curl->easy_setopt(c, CURLOPT_QUICK_EXIT, 1L); /* not to wait for a name server when stopping */
#endif
    curl->easy_setopt(c, CURLOPT_FOLLOWLOCATION, 0L);
    if (is_loopback(r->url)) curl->easy_setopt(c, CURLOPT_NOPROXY, "*"); /* a proxy would get the key in the clear */
    curl->easy_setopt(c, CURLOPT_SSL_VERIFYPEER, 1L);
    curl->easy_setopt(c, CURLOPT_SSL_VERIFYHOST, 2L);
    curl->easy_setopt(c, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_MS);
    curl->easy_setopt(c, CURLOPT_TIMEOUT_MS, (long)(r->timeout_ms ? r->timeout_ms : HTTP_TIMEOUT_MS));
    curl->easy_setopt(c, CURLOPT_USERAGENT, "tollwatch/" TOLLWATCH_VERSION);
    curl->easy_setopt(c, CURLOPT_ACCEPT_ENCODING, "");
    curl->easy_setopt(c, CURLOPT_HTTPHEADER, headers);
    curl->easy_setopt(c, CURLOPT_WRITEFUNCTION, take_body);
    curl->easy_setopt(c, CURLOPT_WRITEDATA, x);
    curl->easy_setopt(c, CURLOPT_HEADERFUNCTION, take_header);
    curl->easy_setopt(c, CURLOPT_HEADERDATA, x);
    if (r->body) {
        curl->easy_setopt(c, CURLOPT_POSTFIELDS, r->body);
        curl->easy_setopt(c, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)r->body_len);
    }
    if (r->aws_sigv4) {
        curl->easy_setopt(c, CURLOPT_AWS_SIGV4, r->aws_sigv4);
        curl->easy_setopt(c, CURLOPT_USERPWD, r->user_password);
    }
    if (r->method) curl->easy_setopt(c, CURLOPT_CUSTOMREQUEST, r->method);
}

/* ---- the exchange ---- */
static CURLcode result_of(Http *h) {
    int left;
    for (CURLMsg *m; (m = h->curl.multi_info_read(h->multi, &left)) != NULL;)
        if (m->msg == CURLMSG_DONE) return m->data.result;
    return CURLE_ABORTED_BY_CALLBACK;
}

static CURLcode run(Http *h, const Stop *stop) {
    struct curl_waitfd wake = {.fd = stop ? stop_fd(stop) : -1, .events = CURL_WAIT_POLLIN};
    int running = 1;
    for (;;) {
        if (h->curl.multi_perform(h->multi, &running) != CURLM_OK) return CURLE_FAILED_INIT;
        if (!running) return result_of(h);
        if (stop && stop_is_set(stop)) return CURLE_ABORTED_BY_CALLBACK;
        if (h->curl.multi_poll(h->multi, &wake, stop ? 1 : 0, WAIT_MS, NULL) != CURLM_OK) return CURLE_FAILED_INIT;
    }
}

static int judge(const Http *h, const HttpRequest *r, const Exchange *x, CURLcode rc, Err *e) {
    char host[128];
    host_of(r->url, host, sizeof host);
    if (x->too_large) return fail(e, "%s: the answer is larger than %zu bytes; it is no answer of that API", host, x->out->body.max);
    if (rc == CURLE_ABORTED_BY_CALLBACK) return fail(e, "%s: stopped", host);
    if (rc == CURLE_PEER_FAILED_VERIFICATION || rc == CURLE_SSL_CACERT_BADFILE)
        return fail(e, "%s: its TLS certificate cannot be trusted (%s); check the address, the clock and ca-certificates", host, h->curl.easy_strerror(rc));
    return fail(e, "%s: %s", host, h->curl.easy_strerror(rc));
}

int http_do(Http *h, const HttpRequest *r, HttpResponse *out, const Stop *stop, Err *e) {
    Exchange x = {.out = out, .retry_after_ms = -1, .retry_ms = -1};
    long status = 0;
    *out = (HttpResponse){.body.max = r->max_bytes ? r->max_bytes : HTTP_BODY_MAX, .retry_after_ms = -1};
    if (!h->multi || !h->easy) return fail(e, "libcurl is not there; install libcurl4");
    if (check_url(r, e) != 0) return -1;
    struct curl_slist *headers = headers_of(&h->curl, r);
    set_up(&h->curl, h->easy, r, &x, headers);
    CURLcode rc = h->curl.multi_add_handle(h->multi, h->easy) == CURLM_OK ? run(h, stop) : CURLE_FAILED_INIT;
    h->curl.easy_getinfo(h->easy, CURLINFO_RESPONSE_CODE, &status);
    h->curl.multi_remove_handle(h->multi, h->easy);
    h->curl.easy_reset(h->easy); /* it must not keep our headers */
    h->curl.slist_free_all(headers);
    out->status = (int)status;
    out->retry_after_ms = x.retry_ms >= 0 ? x.retry_ms : x.retry_after_ms;
    if (rc == CURLE_OK) return 0;
    http_response_free(out);
    return judge(h, r, &x, rc, e);
}
