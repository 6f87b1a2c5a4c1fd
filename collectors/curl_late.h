/* curl_late: libcurl, loaded when it is first needed: most dashboards speak to nobody, and it brings 6 MiB of other libraries into
 * memory with it. Owns: finding its functions. Does not: use them. It stays loaded once it is. */
#ifndef COLLECTORS_CURL_LATE_H
#define COLLECTORS_CURL_LATE_H
#include "store/base.h"
#include <curl/curl.h>

typedef struct CurlLate {
    CURL *(*easy_init)(void);
    void (*easy_cleanup)(CURL *c);
    void (*easy_reset)(CURL *c);
    CURLcode (*easy_setopt)(CURL *c, CURLoption option, ...);
    CURLcode (*easy_getinfo)(CURL *c, CURLINFO info, ...);
    const char *(*easy_strerror)(CURLcode code);
    struct curl_slist *(*slist_append)(struct curl_slist *list, const char *text);
    void (*slist_free_all)(struct curl_slist *list);
    CURLM *(*multi_init)(void);
    CURLMcode (*multi_cleanup)(CURLM *m);
    CURLMcode (*multi_add_handle)(CURLM *m, CURL *c);
    CURLMcode (*multi_remove_handle)(CURLM *m, CURL *c);
    CURLMcode (*multi_perform)(CURLM *m, int *running);
    CURLMcode (*multi_poll)(CURLM *m, struct curl_waitfd *extra, unsigned count, int ms, int *ready);
    CURLMsg *(*multi_info_read)(CURLM *m, int *left);
} CurlLate;
/* false: there is no libcurl, or one without these. */
bool curl_late(CurlLate *out);
#endif
