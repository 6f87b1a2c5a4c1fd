/* price_provider: the many names that logs give to one vendor, and ours. Used for prices and for the provider dimension. */
#include "store/price.h"

/* First column: what logs say, lower case, a trailing * for any ending. Sources: LiteLLM's litellm_provider, OpenTelemetry's gen_ai.provider.name
 * and gen_ai.system, OpenRouter's authors, and the vendors' own names. */
static const struct { char said[32], ours[12]; } provider_names[] = { /* no pointers: one pass touches 4 KB */
    {"openai", "openai"},
    {"text-completion-openai", "openai"},
    {"anthropic", "anthropic"},
    {"claude", "anthropic"},
    {"google", "google"},
    {"gemini", "google"},
    {"google_ai", "google"},
    {"google-ai", "google"},
    {"google_genai", "google"},
    {"google-genai", "google"},
    {"gcp.gemini", "google"},
    {"gcp.gen_ai", "google"},
    {"generativelanguage", "google"},
    {"vertex_ai", "vertex_ai"},
    {"vertex", "vertex_ai"},
    {"vertexai", "vertex_ai"},
    {"vertex-ai", "vertex_ai"},
    {"google_vertex", "vertex_ai"},
    {"google-vertex", "vertex_ai"},
    {"gcp.vertex_ai", "vertex_ai"},
    {"vertex_ai-*", "vertex_ai"},
    {"vertex_ai_beta", "vertex_ai"},
    {"bedrock", "bedrock"},
    {"bedrock_converse", "bedrock"},
    {"bedrock_mantle", "bedrock"},
    {"amazon", "bedrock"},
    {"amazon_bedrock", "bedrock"},
    {"amazon-bedrock", "bedrock"},
    {"aws", "bedrock"},
    {"aws.bedrock", "bedrock"},
    {"aws_bedrock", "bedrock"},
    {"aws-bedrock", "bedrock"},
    {"azure", "azure"},
    {"azure_ai", "azure"},
    {"azure_text", "azure"},
    {"azure_openai", "azure"},
    {"azure-openai", "azure"},
    {"azure.openai", "azure"},
    {"azure.ai.openai", "azure"},
    {"azure.ai.inference", "azure"},
    {"az.ai.openai", "azure"},
    {"az.ai.inference", "azure"},
    {"microsoft.azure", "azure"},
    {"openai/azure", "azure"},
    {"mistral", "mistral"},
    {"mistralai", "mistral"},
    {"mistral_ai", "mistral"},
    {"mistral-ai", "mistral"},
    {"codestral", "mistral"},
    {"text-completion-codestral", "mistral"},
    {"cohere", "cohere"},
    {"cohere_chat", "cohere"},
    {"deepseek", "deepseek"},
    {"deepseek-ai", "deepseek"},
    {"xai", "xai"},
    {"x-ai", "xai"},
    {"x_ai", "xai"},
    {"x.ai", "xai"},
    {"grok", "xai"},
    {"groq", "groq"},
    {"together", "together"},
    {"together_ai", "together"},
    {"togetherai", "together"},
    {"together-ai", "together"},
    {"fireworks", "fireworks"},
    {"fireworks_ai", "fireworks"},
    {"fireworks-ai", "fireworks"},
    {"fireworks_ai-embedding-models", "fireworks"},
    {"openrouter", "openrouter"},
};

static char lower(char c) {
    return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

static bool same(Str a, const char *known) {
    size_t i = 0;
    while (i < a.len && known[i] && lower(a.at[i]) == known[i]) i++;
    return known[i] == '*' || (i == a.len && known[i] == '\0');
}

Str provider_canonical(Str name) {
    char first = name.len ? lower(name.at[0]) : '\0';
    for (size_t i = 0; i < sizeof provider_names / sizeof *provider_names; i++)
        if (provider_names[i].said[0] == first && same(name, provider_names[i].said)) return str_of(provider_names[i].ours);
    return name;
}
