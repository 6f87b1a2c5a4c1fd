-- refuse: answers of the gateway itself, in the shape of the API that was asked, so that every client understands them.
-- x-should-retry: false, because the vendors' own libraries would else try three times and make a stop triple the load.
local cjson = require "cjson.safe"

local M = {}

-- code = {status, OpenAI's type, Anthropic's type, Google's status}
local KINDS = {
    kill_switch_engaged = { 503, "service_unavailable", "api_error", "UNAVAILABLE" },
    no_policy = { 503, "service_unavailable", "api_error", "UNAVAILABLE" },
    budget_exceeded = { 429, "insufficient_quota", "rate_limit_error", "RESOURCE_EXHAUSTED" },
    rate_limit_exceeded = { 429, "requests", "rate_limit_error", "RESOURCE_EXHAUSTED" },
    max_tokens_exceeded = { 400, "invalid_request_error", "invalid_request_error", "INVALID_ARGUMENT" },
    invalid_body = { 400, "invalid_request_error", "invalid_request_error", "INVALID_ARGUMENT" },
    unknown_key = { 401, "invalid_request_error", "authentication_error", "UNAUTHENTICATED" },
    request_too_large = { 413, "invalid_request_error", "request_too_large", "INVALID_ARGUMENT" },
    upstream_failed = { 502, "server_error", "api_error", "UNAVAILABLE" },
    timeout = { 504, "server_error", "timeout_error", "DEADLINE_EXCEEDED" },
}

local SHAPES = {
    openai = function(kind, code, message)
        return { error = { message = message, type = kind[2], param = cjson.null, code = code } }
    end,
    anthropic = function(kind, code, message, request_id)
        return { type = "error", error = { type = kind[3], message = message .. " (" .. code .. ")" }, request_id = request_id }
    end,
    gemini = function(kind, code, message)
        local info = { ["@type"] = "type.googleapis.com/google.rpc.ErrorInfo", reason = code, domain = "tollwatch" }
        return { error = { code = kind[1], message = message, status = kind[4], details = { info } } }
    end,
}

function M.status(code)
    return KINDS[code][1]
end

function M.body(api, code, message, request_id)
    return cjson.encode(SHAPES[api](KINDS[code], code, message, request_id)) .. "\n"
end

-- The same as an event of a stream that has begun already.
function M.event(api, code, message, request_id)
    local body = M.body(api, code, message, request_id)
    return (api == "anthropic" and "event: error\n" or "") .. "data: " .. body .. "\n"
end

function M.headers(code, generation)
    ngx.header["Content-Type"] = "application/json"
    ngx.header["x-should-retry"] = "false"
    ngx.header["x-llm-refused"] = code
    ngx.header["x-llm-policy-generation"] = generation
end

-- Ends the request in the access phase.
function M.send(call, code, message, retry_after)
    call.refused = code
    ngx.status = KINDS[code][1]
    M.headers(code, call.generation)
    ngx.header["Retry-After"] = retry_after
    ngx.print(M.body(call.api, code, message, call.request_id))
    return ngx.exit(ngx.HTTP_OK)
end

return M
