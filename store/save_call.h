/* save_call: what savings look at of a request. Owns: the struct, which row.h unpacks and savings.h explains. Does not: add up.
 * Why not all of a request: millions of them are looked at, and what is not unpacked takes no time. */
#ifndef STORE_SAVE_CALL_H
#define STORE_SAVE_CALL_H
#include "store/request.h"

typedef struct SaveCall {
    int64_t key, ts_ms;            /* ledger key: query_row() */
    int64_t tokens[TOK_COUNT];
    int64_t cost_nano, saved_cache_nano, saved_response_nano, more_calls, prefix_bytes, prompt_bytes; /* bytes: -1 = not logged */
    uint64_t prompt_hash, prefix_hash; /* 0 = not logged */
    int32_t web_searches, tools;       /* tools: -1 = not logged */
    int32_t max_tokens, latency_ms;    /* 0 or less = not logged */
    uint32_t session;                  /* the ledger's number of its name; 0 = none */
    uint32_t stands_for;               /* of a survey: calls around it, itself included; 0 = 1 */
    uint32_t kind, flags;              /* index of a SaveKind; enum RequestFlag */
    uint8_t outcome;
} SaveCall;
typedef struct SaveNames { uint32_t combo, context, geo, speed; } SaveNames; /* of a call: ids in the ledger */
#endif
