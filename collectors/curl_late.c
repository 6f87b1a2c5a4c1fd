/* curl_late: see curl_late.h. */
#include "collectors/curl_late.h"
#include <dlfcn.h>

static void *open_library(void) {
    void *lib = dlopen("libcurl.so.4", RTLD_NOW | RTLD_LOCAL);
    return lib ? lib : dlopen("libcurl-gnutls.so.4", RTLD_NOW | RTLD_LOCAL);
}

/* ISO C has no way from an object pointer to a function pointer; POSIX says that they are alike. */
static bool find(void *lib, const char *name, void *to) {
    void *symbol = dlsym(lib, name);
    memcpy(to, &symbol, sizeof symbol);
    return symbol != NULL;
}

bool curl_late(CurlLate *out) {
    void *lib = open_library();
    const struct { const char *name; void *to; } wanted[] = {
        {"curl_easy_init", &out->easy_init}, {"curl_easy_cleanup", &out->easy_cleanup}, {"curl_easy_reset", &out->easy_reset},
        {"curl_easy_setopt", &out->easy_setopt}, {"curl_easy_getinfo", &out->easy_getinfo}, {"curl_easy_strerror", &out->easy_strerror},
        {"curl_slist_append", &out->slist_append}, {"curl_slist_free_all", &out->slist_free_all}, {"curl_multi_init", &out->multi_init},
        {"curl_multi_cleanup", &out->multi_cleanup}, {"curl_multi_add_handle", &out->multi_add_handle},
        {"curl_multi_remove_handle", &out->multi_remove_handle}, {"curl_multi_perform", &out->multi_perform},
        {"curl_multi_poll", &out->multi_poll}, {"curl_multi_info_read", &out->multi_info_read}};
    for (size_t i = 0; lib && i < sizeof wanted / sizeof *wanted; i++)
        if (!find(lib, wanted[i].name, wanted[i].to)) return false;
    return lib != NULL;
}
