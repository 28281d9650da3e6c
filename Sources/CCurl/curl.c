#include "CCurl.h"

#include <dlfcn.h>
#include <pthread.h>
#include <string.h>

static struct curl library;
static int is_open;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static int (*easy_setopt)(void *easy, int option, ...);
static int (*easy_getinfo)(void *easy, int info, ...);
static int (*global_init)(long flags);

/// Every function that is called; a library that lacks one of them is none.
static const struct {
    const char *name;
    void *place;
} functions[] = {
    {"curl_easy_init", &library.easy},
    {"curl_easy_cleanup", &library.end_easy},
    {"curl_multi_init", &library.multi},
    {"curl_multi_cleanup", &library.end_multi},
    {"curl_multi_add_handle", &library.add},
    {"curl_multi_remove_handle", &library.remove},
    {"curl_multi_perform", &library.perform},
    {"curl_multi_poll", &library.wait},
    {"curl_multi_info_read", &library.next},
    {"curl_slist_append", &library.append},
    {"curl_slist_free_all", &library.end_words},
    {"curl_easy_strerror", &library.words},
    {"curl_easy_setopt", &easy_setopt},
    {"curl_easy_getinfo", &easy_getinfo},
    {"curl_global_init", &global_init},
};

static void open_library(void) {
    void *handle = dlopen("libcurl.so.4", RTLD_NOW | RTLD_LOCAL);
    if (!handle) handle = dlopen("libcurl-gnutls.so.4", RTLD_NOW | RTLD_LOCAL);
    if (!handle) return;
    for (size_t i = 0; i < sizeof functions / sizeof *functions; i++) {
        void *function = dlsym(handle, functions[i].name);
        if (!function) {
            dlclose(handle);
            return;
        }
        memcpy(functions[i].place, &function, sizeof function);
    }
    is_open = global_init(3) == 0;  // CURL_GLOBAL_DEFAULT
}

const struct curl *curl_library(void) {
    pthread_once(&once, open_library);
    return is_open ? &library : NULL;
}

int curl_set_number(void *easy, int option, long value) { return easy_setopt(easy, option, value); }

int curl_set_pointer(void *easy, int option, const void *value) { return easy_setopt(easy, option, value); }

int curl_set_function(void *easy, int option, size_t (*value)(char *, size_t, size_t, void *)) {
    return easy_setopt(easy, option, value);
}

int64_t curl_number(void *easy, int info) {
    if ((info & 0xF00000) == 0x200000) {
        long value = -1;
        return easy_getinfo(easy, info, &value) == 0 ? value : -1;
    }
    int64_t value = -1;  // curl_off_t
    return easy_getinfo(easy, info, &value) == 0 ? value : -1;
}

double curl_seconds(void *easy, int info) {
    double value = -1;
    return easy_getinfo(easy, info, &value) == 0 ? value : -1;
}

const char *curl_text(void *easy, int info) {
    const char *value = NULL;
    return easy_getinfo(easy, info, &value) == 0 ? value : NULL;
}
