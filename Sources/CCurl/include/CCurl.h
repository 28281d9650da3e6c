// libcurl, opened at run time: nothing is linked and no header of it is needed, so that icot builds and starts without
// it. Its numbers below are those of curl.h and multi.h, which never change.
//
// What is called here for Swift is what takes a variable number of arguments, or has them; the rest of the library is
// called as it is.
#ifndef CCURL_H
#define CCURL_H

#include <stddef.h>
#include <stdint.h>

/// Options (CURLOPT_…): a long below 10000, a pointer from 10000, a function from 20000, a curl_off_t from 30000.
enum {
    CURL_FOLLOW = 52,           // FOLLOWLOCATION
    CURL_POST = 47,
    CURL_GET = 80,              // HTTPGET
    CURL_BODY_COUNT = 60,       // POSTFIELDSIZE
    CURL_NO_SIGNAL = 99,
    CURL_TIME_MS = 155,         // TIMEOUT_MS
    CURL_CONNECT_MS = 156,      // CONNECTTIMEOUT_MS
    CURL_SCHEMES = 181,         // PROTOCOLS
    CURL_QUICK_EXIT = 322,      // from 7.87 on
    CURL_WRITE_DATA = 10001,
    CURL_ADDRESS = 10002,       // URL
    CURL_ERROR_TEXT = 10010,    // ERRORBUFFER, of CURL_ERROR_SIZE
    CURL_BODY = 10015,          // POSTFIELDS, not copied
    CURL_AGENT = 10018,
    CURL_HEADERS = 10023,       // HTTPHEADER
    CURL_HEADER_DATA = 10029,
    CURL_AUTHORITIES = 10065,   // CAINFO
    CURL_NO_PROXY = 10177,
    CURL_WRITE = 20011,         // WRITEFUNCTION
    CURL_HEADER = 20079,        // HEADERFUNCTION
};

/// What CURL_SCHEMES may hold.
enum { CURL_HTTP = 1, CURL_HTTPS = 2 };

enum { CURL_ERROR_SIZE = 256 };

/// What is asked of a transfer (CURLINFO_…).
enum {
    CURL_CONTENT_TYPE = 0x100000 + 18,
    CURL_REDIRECT = 0x100000 + 31,
    CURL_STATUS = 0x200000 + 2,  // RESPONSE_CODE
    CURL_LOOKED_UP = 0x300000 + 4,  // NAMELOOKUP_TIME
    CURL_RETRY_AFTER = 0x600000 + 57,  // from 7.66 on
};

/// Results (CURLE_…) that are told apart.
enum {
    CURL_OK = 0,
    CURL_NO_SCHEME = 1,
    CURL_BAD_ADDRESS = 3,
    CURL_NO_PROXY_HOST = 5,
    CURL_NO_HOST = 6,
    CURL_NOT_CONNECTED = 7,
    CURL_OUT_OF_TIME = 28,
    CURL_NO_TLS = 35,
    CURL_UNTRUSTED = 60,
    CURL_BAD_AUTHORITIES = 77,
};

#pragma clang assume_nonnull begin

struct curl_words;

/// CURLMsg
struct curl_message {
    int what;  // 1 where a transfer is over
    void *transfer;
    union {
        void *_Nullable other;
        int result;
    };
};

/// The functions of the library that are called as they are.
struct curl {
    void *_Nullable (*_Nonnull easy)(void);
    void (*_Nonnull end_easy)(void *easy);
    void *_Nullable (*_Nonnull multi)(void);
    int (*_Nonnull end_multi)(void *multi);
    int (*_Nonnull add)(void *multi, void *easy);
    int (*_Nonnull remove)(void *multi, void *easy);
    int (*_Nonnull perform)(void *multi, int *running);
    int (*_Nonnull wait)(void *multi, void *_Nullable more, unsigned count, int milliseconds, int *_Nullable ready);
    struct curl_message *_Nullable (*_Nonnull next)(void *multi, int *left);
    struct curl_words *_Nullable (*_Nonnull append)(struct curl_words *_Nullable list, const char *text);
    void (*_Nonnull end_words)(struct curl_words *_Nullable list);
    const char *_Nonnull (*_Nonnull words)(int result);
};

/// The library, opened at the first call; null where there is none, or one that lacks a function.
const struct curl *_Nullable curl_library(void);

/// These need a library. The result is 0 where the option is known and the value was taken.
int curl_set_number(void *easy, int option, long value);
int curl_set_pointer(void *easy, int option, const void *_Nullable value);
int curl_set_function(void *easy, int option, size_t (*value)(char *, size_t, size_t, void *_Nullable));

/// -1 where there is no answer.
int64_t curl_number(void *easy, int info);
double curl_seconds(void *easy, int info);
const char *_Nullable curl_text(void *easy, int info);

#pragma clang assume_nonnull end

#endif
