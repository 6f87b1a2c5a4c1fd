/* price_provider: the many names that logs give to one vendor, and ours. Used for prices and for the provider dimension. */
#include "store/price.h"
#include <ctype.h>

/* First column: what logs say, lower case, a trailing * for any ending. Sources: LiteLLM's litellm_provider, OpenTelemetry's gen_ai.provider.name
 * and gen_ai.system, OpenRouter's authors, and the vendors' own names. */
static const char *const provider_names[][2] = {
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

static bool same(Str a, const char *lower) {
    size_t i = 0;
    while (i < a.len && lower[i] && tolower((unsigned char)a.at[i]) == lower[i]) i++;
    return lower[i] == '*' || (i == a.len && lower[i] == '\0');
}

Str provider_canonical(Str name) {
    for (size_t i = 0; i < sizeof provider_names / sizeof *provider_names; i++)
        if (same(name, provider_names[i][0])) return str_of(provider_names[i][1]);
    return name;
}
