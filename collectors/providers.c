/* providers: the visible list, one line a vendor. */
#include "collectors/provider.h"

extern const Provider provider_openai, provider_anthropic, provider_openrouter, provider_litellm, provider_deepseek, provider_xai;
extern const Provider provider_bedrock, provider_azure, provider_google, provider_vertex_ai, provider_mistral, provider_groq;
extern const Provider provider_together, provider_together_ai, provider_cohere;

const Provider *const providers[] = {
    &provider_openai,
    &provider_anthropic,
    &provider_openrouter,
    &provider_litellm,
    &provider_deepseek,
    &provider_xai,
    &provider_bedrock,
    &provider_azure,
    &provider_google,
    &provider_vertex_ai,
    &provider_mistral,
    &provider_groq,
    &provider_together,
    &provider_together_ai,
    &provider_cohere,
    NULL,
};

const Provider *provider_find(const char *name) {
    for (int i = 0; providers[i]; i++)
        if (strcmp(providers[i]->name, name) == 0) return providers[i];
    return NULL;
}
