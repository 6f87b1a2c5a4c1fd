-- gateway: the phases of one call, in the order nginx runs them: access, balance, headers, body, log. Owns the call table
-- (ngx.ctx.llm), which is all that passes between them. Decides nothing itself.
--
-- call: api provider endpoint request_id start | feature team user key account credential | model_requested model stream
--   max_tokens temperature tools prompt_bytes prompt_hash prefix_hash prefix_bytes | generation refused cache timeout
local balancer = require "ngx.balancer"
local ack = require "tollwatch.ack"
local body = require "tollwatch.body"
local cache = require "tollwatch.cache"
local decide = require "tollwatch.decide"
local labels = require "tollwatch.labels"
local log_line = require "tollwatch.log_line"
local policy = require "tollwatch.policy"
local rates = require "tollwatch.rates"
local refuse = require "tollwatch.refuse"
local request = require "tollwatch.request"
local settings = require "tollwatch.settings"
local sse = require "tollwatch.sse"
local usage = require "tollwatch.usage"
local vendors = require "tollwatch.vendors"

local M = {}
local ANSWER_MAX, TIMER_SLACK = 16777216, 0.3

function M.setup(site)
    settings.setup(site)
    policy.start()
end

local function generation()
    local rules = policy.get()
    return rules and rules.generation or 0
end

function M.start_worker()
    ack.beat(generation())
    ngx.timer.every(settings.poll_seconds, function(stopping)
        if stopping then return end
        ngx.update_time()
        policy.look()
        ack.beat(generation())
    end)
end

-- ---- access ----
local APIS = { openai = true, anthropic = true, gemini = true }

local function api_of(path)
    if path:find("^/v1%w*/openai/") then return "openai" end -- Google's second door
    local api = ngx.var.llm_api
    return APIS[api] and api or "openai"
end

local function new_call()
    local v = ngx.var
    local path = v.uri
    return {
        provider = v.llm_provider, api = api_of(path), endpoint = path, request_id = v.request_id, start = ngx.req.start_time(),
        feature = "unknown", prompt_bytes = 0, tools = false, answer = {},
    }
end

-- Audio and forms, where such are taken. Everything else must be JSON whatever it calls itself, or a limit would be a
-- matter of the client's good will.
local function is_opaque(vendor)
    if vendor ~= vendors.NONE then return false end
    local kind = (ngx.var.http_content_type or ""):lower()
    return kind:find("^multipart/") or kind:find("^audio/") or kind:find("^application/octet%-stream")
end

-- The call's body, read; or nothing after a refusal has been sent. Opaque ones are passed as they are.
local function read_request(call)
    local text, packed = body.read()
    if not text then return nil, refuse.send(call, "invalid_body", "the request body " .. packed) end
    call.prompt_bytes = #text
    local vendor, model, stream = vendors.of(call.api, call.endpoint)
    if is_opaque(vendor) then return { opaque = true } end
    local read, why = request.read(call, text, vendor, model, stream)
    call.model_requested = call.model
    if not read then return nil, refuse.send(call, "invalid_body", "the request body " .. why) end
    read.packed = packed
    return read
end

local function forward(call, read, decision)
    if read.opaque then return "" end
    local text, changed = request.apply(call, read, decision)
    if changed or read.packed then body.replace(text) end
    if call.new_path then ngx.req.set_uri(call.new_path) end
    return text
end

local function give_stored(call, stored)
    call.answer = { id = stored.id, model = stored.model, usage = stored.usage }
    call.whole = true
    ngx.header["Content-Type"] = stored.type
    ngx.header["x-llm-cache"] = "hit"
    ngx.header["x-llm-policy-generation"] = call.generation
    ngx.print(stored.body)
    return ngx.exit(ngx.HTTP_OK)
end

-- What the policy says, as a decision; nothing after a refusal has been sent.
local function ask_policy(call)
    local rules = policy.get()
    if not rules then
        if settings.on_no_policy == "allow" then return {} end
        return nil, refuse.send(call, "no_policy", "there is no policy file yet, and this gateway waits for one")
    end
    call.generation = rules.generation
    local d = decide.decide(rules, call, ngx.now())
    if d.refused then return nil, refuse.send(call, d.refused, d.message) end
    local message, wait = rates.take(call, d.rates, ngx.now())
    if message then return nil, refuse.send(call, "rate_limit_exceeded", message, wait) end
    return d
end

function M.access()
    if ngx.req.get_method() ~= "POST" or vendors.is_free(ngx.var.uri) then return M.pass() end
    local call = new_call()
    ngx.ctx.llm = call
    if not labels.apply(call) then return refuse.send(call, "unknown_key", "this gateway does not know the API key") end
    local read, sent = read_request(call)
    if not read then return sent end
    local decision
    decision, sent = ask_policy(call)
    if not decision then return sent end
    local text = forward(call, read, decision)
    local stored = not read.opaque and cache.find(call, decision.cache, text)
    if stored then return give_stored(call, stored) end
    call.timeout, call.forwarded = decision.timeout, true
end

-- Calls that cost nothing (lists of models, counting tokens): our key for known clients, no policy, no line in the log.
function M.pass()
    local call = new_call()
    if not labels.apply(call) then return refuse.send(call, "unknown_key", "this gateway does not know the API key") end
end

-- ---- balance ----
-- Which server is left to nginx; here only how long this call may wait for it.
function M.balance()
    local call = ngx.ctx.llm
    if not call or not call.timeout then return end
    local seconds = call.timeout / 1000
    -- nginx renews a timer only when that moves it by 300 ms, so between the events of a stream it fires that much early.
    balancer.set_timeouts(math.min(seconds, 10), seconds, call.stream and seconds + TIMER_SLACK or seconds)
end

-- ---- headers ----
local FAILED = { [502] = "upstream_failed", [503] = "upstream_failed", [504] = "timeout", [413] = "request_too_large" }

-- nginx's own error page, which no client library can read, becomes the API's error. An answer that came from the vendor
-- has a header time.
local function own_error(call)
    local code = FAILED[ngx.status]
    if not code or call.refused or (ngx.var.upstream_header_time or ""):find("%d$") then return end
    local message = code == "timeout" and "no answer in time" or code == "request_too_large" and "the request is too large" or
        "the vendor could not be reached"
    call.error_body = refuse.body(call.api, code, message, call.request_id)
    ngx.header["Content-Type"] = "application/json"
    ngx.header["Content-Length"] = #call.error_body
    if code == "timeout" then ngx.header["x-should-retry"] = "false" end
end

function M.headers()
    -- What is too large ends before it becomes a call.
    local call = ngx.ctx.llm or ngx.status == 413 and new_call()
    if not call then return end
    ngx.ctx.llm = call
    own_error(call)
    if not call.forwarded or call.error_body then return end
    ngx.header["x-llm-policy-generation"] = call.generation
    ngx.header["x-llm-request-id"] = call.request_id
    local kind = ngx.header["Content-Type"] or ""
    call.plain = not ngx.header["Content-Encoding"]
    if kind:find("text/event-stream", 1, true) and call.plain then
        call.sse = sse.new(call.api, call.answer, call.strip_usage)
        if call.strip_usage then ngx.header.content_length = nil end
    elseif call.plain and kind:find("json", 1, true) then
        call.parts, call.size, call.type = {}, 0, kind
    end
end

-- ---- body ----
-- Why a stream that runs must end now, if it must.
local function cut_reason(call)
    local now, rules = ngx.now(), policy.get()
    if rules and rules.switch.abort and decide.stopped(rules, call.feature, now) then
        return "kill_switch_engaged", "LLM calls are stopped by operations"
    end
    if call.timeout and now - call.start > call.timeout / 1000 then return "timeout", "the call took longer than its limit" end
end

-- The client gets an error event behind the last whole event; with the next piece both connections are closed, so the
-- vendor stops generating. False in the middle of an event that the client has begun to read: at its end, then.
local function cut(call, whole, code, message)
    if not whole then return false end
    call.cut, call.cut_code = true, code
    ngx.arg[1] = whole .. refuse.event(call.api, code, message, call.request_id)
    return true
end

local function stream_piece(call, piece, eof)
    if call.cut then return ngx.ERROR end
    local shown, whole = sse.feed(call.sse, piece, eof)
    local code, message = nil, nil
    if not eof then code, message = cut_reason(call) end
    if code and cut(call, whole, code, message) then return end
    if shown ~= piece then ngx.arg[1] = shown end
end

local function document_piece(call, piece, eof)
    call.size = call.size + #piece
    if call.size > ANSWER_MAX then call.parts = nil return end
    call.parts[#call.parts + 1] = piece
    if not eof then return end
    local text = table.concat(call.parts)
    call.parts = nil
    usage.whole(call.api, call.answer, text)
    if ngx.status == 200 then cache.keep(call, call.answer, call.type, text) end
end

function M.body()
    local call = ngx.ctx.llm
    if not call then return end
    local piece, eof = ngx.arg[1], ngx.arg[2]
    if call.error_body then
        ngx.arg[1] = call.error_body
        call.error_body = ""
        return
    end
    if not call.forwarded then return end
    if not call.first_byte and #piece > 0 then call.first_byte = ngx.now() end
    if eof then call.whole = true end
    if call.sse then return stream_piece(call, piece, eof) end
    if call.parts then document_piece(call, piece, eof) end
end

-- ---- log ----
local function status_of(call)
    local status = tonumber(ngx.var.status) or 0
    if call.refused or call.whole or not call.forwarded or status >= 400 then return status end
    return call.cut_code == "timeout" and 504 or 499
end

local function tokens_in(raw)
    local total = 0
    for _, name in ipairs { "prompt_tokens", "completion_tokens", "input_tokens", "output_tokens", "cache_read_input_tokens",
        "cache_creation_input_tokens", "promptTokenCount", "candidatesTokenCount", "thoughtsTokenCount" } do
        total = total + (tonumber(raw:match('"' .. name .. '"%s*:%s*(%d+)')) or 0)
    end
    return total > 0 and total or nil
end

function M.log()
    local call = ngx.ctx.llm
    if not call or not (call.forwarded or call.refused or call.whole) then return end -- went away while it was still asking
    ngx.update_time()
    local now = ngx.now()
    if call.forwarded and not call.whole then call.cut = true end
    if call.token_rules then rates.settle(call, call.cache == "hit" and 0 or tokens_in(call.answer.usage or ""), now) end
    ngx.var.llm_line = log_line(call, call.answer, status_of(call), now)
end

return M
