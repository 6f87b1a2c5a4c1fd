-- log_line: one call as one line of JSON, written by hand so that the vendor's usage object stays the vendor's text.
-- No prompt, no answer, no key: names, counters, salted hashes.
local cjson = require "cjson.safe"
local settings = require "tollwatch.settings"

local TEXT_MAX = 256

local function text(v)
    if v == nil or v == "" then return "null" end
    v = tostring(v)
    return cjson.encode(#v > TEXT_MAX and v:sub(1, TEXT_MAX) or v)
end

local function number(v)
    return v and string.format("%d", v) or "null"
end

local function time(seconds)
    local ms = math.floor(seconds * 1000 + 0.5)
    return os.date("!%Y-%m-%dT%H:%M:%S", math.floor(ms / 1000)) .. string.format(".%03dZ", ms % 1000)
end

-- call: see gateway.lua; answer = {id, model, usage, begun}; status as the client saw it, 499 when it went away.
return function(call, answer, status, now)
    local usage = answer.usage
    return '{"ts":"' .. time(call.start) ..
        '","request_id":' .. text(call.request_id) ..
        ',"upstream_id":' .. text(answer.id) ..
        ',"gateway":' .. text(settings.gateway) ..
        ',"provider":' .. text(call.provider) ..
        ',"endpoint":' .. text(call.endpoint) ..
        ',"model_requested":' .. text(call.model_requested) ..
        ',"model":' .. text(not call.refused and (answer.model or call.model) or nil) ..
        ',"feature":' .. text(call.feature) ..
        ',"team":' .. text(call.team) ..
        ',"user":' .. text(call.user) ..
        ',"key":' .. text(call.key) ..
        ',"stream":' .. (call.stream and "true" or "false") ..
        ',"status":' .. number(status) ..
        ',"refused":' .. text(call.refused) ..
        ',"usage":' .. (usage or "null") ..
        ',"usage_state":"' .. (usage and ((call.cut or answer.begun) and "estimated" or "full") or "missing") ..
        '","cache":"' .. (call.cache or "bypass") ..
        '","latency_ms":' .. number((now - call.start) * 1000 + 0.5) ..
        ',"ttft_ms":' .. number(call.stream and call.first_byte and (call.first_byte - call.start) * 1000 + 0.5) ..
        ',"max_tokens":' .. number(call.max_tokens) ..
        ',"tools":' .. (call.tools == nil and "null" or call.tools and "1" or "0") ..
        ',"prompt_bytes":' .. number(call.prompt_bytes) ..
        ',"prompt_hash":' .. text(call.prompt_hash) ..
        ',"prefix_hash":' .. text(call.prefix_hash) ..
        ',"prefix_bytes":' .. number(call.prefix_bytes) ..
        ',"policy_generation":' .. number(call.generation) .. "}"
end
