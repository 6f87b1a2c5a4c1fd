/* http: one request to one server and its bounded answer, for provider APIs and notifications.
 *
 * Owns: a libcurl handle (connections are reused), limits, Retry-After, what may be tried again. Does not: retry, page, or know
 * any vendor. TLS is verified always; plain http is for loopback, or by request. Redirects are not followed: a key would travel with them.
 * Proxies of the environment are honoured. Headers and addresses hold secrets: no error text ever contains them, only the host.
 * Thread: an Http belongs to one. Every wait ends within 200 ms of the stop event.
 */
#ifndef COLLECTORS_HTTP_H
#define COLLECTORS_HTTP_H
#include "collectors/worker.h"
#include "store/base.h"

enum { HTTP_HEADERS_MAX = 12, HTTP_BODY_MAX = 16 << 20, HTTP_TIMEOUT_MS = 30000 };
#define HTTP_RETRY_AFTER_MAX_MS (INT64_C(3600) * 1000)

typedef struct HttpRequest {
    const char *method;                     /* NULL = GET, or POST with a body */
    const char *url;
    const char *header[HTTP_HEADERS_MAX];   /* "name: value"; NULL ends */
    const char *body;                       /* NULL = none */
    size_t body_len;
    int64_t timeout_ms;                     /* of the whole exchange; 0 = HTTP_TIMEOUT_MS */
    size_t max_bytes;                       /* of the answer; 0 = HTTP_BODY_MAX */
    bool plain;                             /* no secret is in it: plain http may go further than loopback */
    const char *aws_sigv4, *user_password;  /* "aws:amz:REGION:SERVICE" and "KEY_ID:SECRET"; NULL = not signed */
} HttpRequest;

typedef struct HttpResponse {
    int status;
    Buf body;                               /* owned: http_response_free() */
    char content_type[96], request_id[96];  /* "" = none */
    int64_t retry_after_ms;                 /* -1 = not said; bounded */
} HttpResponse;

typedef struct Http Http;
Http *http_new(void);
void http_free(Http *h); /* NULL is fine */
/* 0: there is an answer, whatever its status. -1: none (refused, cut, too large, timed out, stopped). */
int http_do(Http *h, const HttpRequest *r, HttpResponse *out, const Stop *stop, Err *e);
void http_response_free(HttpResponse *r); /* a zeroed one is fine, twice too */

typedef enum HttpVerdict { HTTP_FINE /* 2xx */, HTTP_AGAIN /* 408 409 425 429 5xx */, HTTP_DENIED /* 401 403 */, HTTP_WRONG /* the rest */ } HttpVerdict;
HttpVerdict http_verdict(int status);
/* Seconds, a fraction, an HTTP date; -1 = neither. Bounded to an hour, never negative. */
int64_t http_retry_after(const char *value, int64_t now_ms);

/* Appends text to a URL's query or path with everything but unreserved characters encoded. */
void http_encode(Buf *out, const char *text);
#endif
