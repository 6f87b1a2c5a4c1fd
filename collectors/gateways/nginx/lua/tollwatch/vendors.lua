-- vendors: what the APIs call things in a request. A new API is a row here, one in usage.lua, labels.lua and refuse.lua.
-- Pure; knows nothing but the rows' own names.
local M = {}

-- caps: members that limit the output; the first is put in when none is there (others_cap: at vendors that are not OpenAI
--   but speak its API). inside: objects that hold the caps.
-- prompt: members that are the prompt; prefix: those of them that stay the same from call to call.
-- system_first: the first of these, with role system, belongs to the prefix.
-- NONE: of paths whose bodies we do not know how to read.
M.NONE = { caps = {}, prompt = { "input", "prompt", "content", "requests" }, prefix = {} }
local CHAT = {
    caps = { "max_completion_tokens", "max_tokens" }, others_cap = "max_tokens",
    prompt = { "tools", "functions", "messages" }, prefix = { "tools", "functions" },
    system_first = "messages", include_usage = true,
}
local COMPLETE = { caps = { "max_tokens" }, prompt = { "prompt" }, prefix = {}, include_usage = true }
local RESPONSES = {
    caps = { "max_output_tokens" }, prompt = { "tools", "instructions", "input" }, prefix = { "tools", "instructions" },
}
local MESSAGES = { caps = { "max_tokens" }, prompt = { "tools", "system", "messages" }, prefix = { "tools", "system" } }
local OLD_COMPLETE = { caps = { "max_tokens_to_sample" }, prompt = { "prompt" }, prefix = {} }
local GENERATE = {
    caps = { "maxOutputTokens", "max_output_tokens" }, inside = { "generationConfig", "generation_config" },
    prompt = { "tools", "systemInstruction", "system_instruction", "contents" },
    prefix = { "tools", "systemInstruction", "system_instruction" },
}
local ROWS = {
    openai = { { "/chat/completions$", CHAT }, { "/completions$", COMPLETE }, { "/responses$", RESPONSES } },
    anthropic = { { "/messages$", MESSAGES }, { "/complete$", OLD_COMPLETE } },
    gemini = { { ":generateContent$", GENERATE }, { ":streamGenerateContent$", GENERATE } },
}

-- POST that costs nothing: passed on, neither decided nor logged. Whole paths, so that nothing hides behind one.
local FREE = {
    ["/v1/messages/count_tokens"] = true, ["/v1/files"] = true, ["/v1/uploads"] = true, ["/v1/moderations"] = true,
}

function M.is_free(path)
    return FREE[path] or path:find("^/v1%w*/models/[^/]+:countTokens$") ~= nil
end

-- The API's row for a path; the model in the path and whether the path asks for a stream (nil: the body says both).
function M.of(api, path)
    path = path:gsub("/+$", "")
    local row = M.NONE
    for _, r in ipairs(ROWS[api]) do
        if path:find(r[1]) then
            row = r[2]
            break
        end
    end
    local model, verb = path:match("/models/([^/:]+):(%a+)$")
    if api ~= "gemini" or not model then return row end
    return row, model, verb == "streamGenerateContent"
end

function M.cap_name(row, provider)
    return row.others_cap and provider ~= "openai" and row.others_cap or row.caps[1]
end

-- The path with another model in it, where it has one.
function M.path_with(path, model)
    local head, tail = path:match("^(.*/models/)[^/:]+(:%a+)$")
    return head and head .. model .. tail
end

return M
