-- mock: a made-up vendor that speaks OpenAI's, Anthropic's and Gemini's API, streaming and not, on loopback.
-- Request headers steer it: x-mock-chunks N, x-mock-chunk-ms N, x-mock-delay-ms N, x-mock-split (events cut into pieces of
-- 7 bytes), x-mock-crlf (lines end in CR LF), x-mock-error (the stream ends in an error event), x-mock-status N, x-mock-tier NAME, x-mock-obey (an answer
-- is no longer than max_tokens), x-mock-tag T (remembers the request under T, see GET /mock/seen?tag=T).
local cjson = require "cjson.safe"
local M = {}

local TEXT = 'Hello "usage": {"prompt_tokens": 999} there, "usage":null, {"usageMetadata":{"promptTokenCount":9}} '
local OPENAI_USAGE = '{"prompt_tokens":120,"completion_tokens":34,"total_tokens":154,"prompt_tokens_details":{"cached_tokens":64},' ..
    '"completion_tokens_details":{"reasoning_tokens":8}}'
local RESPONSES_USAGE = '{"input_tokens":300,"input_tokens_details":{"cached_tokens":200},"output_tokens":50,' ..
    '"output_tokens_details":{"reasoning_tokens":30},"total_tokens":350}'
local GEMINI_USAGE = '{\n  "promptTokenCount": 100,\n  "candidatesTokenCount": 20,\n  "thoughtsTokenCount": 30,\n  "totalTokenCount": 150\n}'
local ANTHROPIC_START = '"input_tokens":25,"cache_creation_input_tokens":200,"cache_read_input_tokens":1000,' ..
    '"cache_creation":{"ephemeral_5m_input_tokens":150,"ephemeral_1h_input_tokens":50}'

local count = 0
local function new_id(prefix)
    count = count + 1
    return string.format("%s%d-%d-%s", prefix, ngx.worker.pid(), count, "x")
end

local function text(s) return cjson.encode(s) end
local function number(name) return tonumber(ngx.req.get_headers(100)["x-mock-" .. name] or "") end

local function pause(ms)
    if ms and ms > 0 then ngx.sleep(ms / 1000) end
end

local function emit(s)
    if not ngx.var.http_x_mock_split then
        ngx.print(s)
        return ngx.flush(true)
    end
    for i = 1, #s, 7 do
        ngx.print(s:sub(i, i + 6))
        ngx.flush(true)
    end
end

local function sse(data, name)
    local event = (name and "event: " .. name .. "\n" or "") .. "data: " .. data .. "\n\n"
    emit(ngx.var.http_x_mock_crlf and event:gsub("\n", "\r\n") or event)
end

local function each_chunk(f)
    for i = 1, number("chunks") or 3 do
        f(i)
        pause(number("chunk-ms"))
    end
end

-- What an answer of 34 tokens comes to under the request's own limit.
local function chat_usage(body)
    local most = tonumber(body.max_completion_tokens or body.max_tokens or 34)
    if not ngx.var.http_x_mock_obey or most >= 34 then return OPENAI_USAGE end
    return string.format('{"prompt_tokens":120,"completion_tokens":%d,"total_tokens":%d,"prompt_tokens_details":{"cached_tokens":64}}', most, 120 + most)
end

local function chat(body)
    local id, model = new_id("chatcmpl-"), body.model or "gpt-4o-mini"
    local tier = ngx.var.http_x_mock_tier and ',"service_tier":' .. text(ngx.var.http_x_mock_tier) or ""
    if not body.stream then
        ngx.header["Content-Type"] = "application/json"
        return ngx.print('{"id":"', id, '","object":"chat.completion","created":1,"model":', text(model), ',"choices":[{"index":0,"message":' ..
            '{"role":"assistant","content":', text(TEXT:rep(3)), '},"finish_reason":"stop"}],"usage":', chat_usage(body), tier, "}")
    end
    local asked = type(body.stream_options) == "table" and body.stream_options.include_usage == true
    local head = '{"id":"' .. id .. '","object":"chat.completion.chunk","created":1,"model":' .. text(model) .. tier .. ',"choices":['
    local tail = asked and '],"usage":null}' or "]}"
    ngx.header["Content-Type"] = "text/event-stream"
    each_chunk(function(i)
        sse(head .. '{"index":0,"delta":{"content":' .. text(TEXT .. i) .. '},"finish_reason":null}' .. tail)
    end)
    sse(head .. '{"index":0,"delta":{},"finish_reason":"stop"}' .. tail)
    if asked then sse(head .. '],"usage":' .. OPENAI_USAGE .. "}") end
    sse("[DONE]")
end

local function responses(body)
    local id, model = new_id("resp_"), body.model or "gpt-4o"
    local head = '{"id":"' .. id .. '","object":"response","model":' .. text(model) .. ',"output":[]'
    if not body.stream then
        ngx.header["Content-Type"] = "application/json"
        return ngx.print(head, ',"status":"completed","usage":', RESPONSES_USAGE, "}")
    end
    ngx.header["Content-Type"] = "text/event-stream"
    sse('{"type":"response.created","response":' .. head .. ',"usage":null}}', "response.created")
    each_chunk(function(i)
        sse('{"type":"response.output_text.delta","delta":' .. text(TEXT .. i) .. "}", "response.output_text.delta")
    end)
    sse('{"type":"response.completed","response":' .. head .. ',"usage":' .. RESPONSES_USAGE .. "}}", "response.completed")
end

local function messages(body)
    local id, model = new_id("msg_"), body.model or "claude-sonnet-4-5"
    local head = '{"id":"' .. id .. '","type":"message","role":"assistant","model":' .. text(model)
    if not body.stream then
        ngx.header["Content-Type"] = "application/json"
        return ngx.print(head, ',"content":[{"type":"text","text":', text(TEXT), '}],"stop_reason":"end_turn","stop_sequence":null,"usage":{',
            ANTHROPIC_START, ',"output_tokens":15}}')
    end
    ngx.header["Content-Type"] = "text/event-stream"
    sse('{"type":"message_start","message":' .. head .. ',"content":[],"stop_reason":null,"stop_sequence":null,"usage":{' .. ANTHROPIC_START ..
        ',"output_tokens":1}}}', "message_start")
    sse('{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}', "content_block_start")
    each_chunk(function(i)
        sse('{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":' .. text(TEXT .. i) .. "}}", "content_block_delta")
    end)
    if ngx.var.http_x_mock_error then return sse('{"type":"error","error":{"type":"overloaded_error","message":"made up"}}', "error") end
    sse('{"type":"content_block_stop","index":0}', "content_block_stop")
    sse('{"type":"message_delta","delta":{"stop_reason":"end_turn","stop_sequence":null},"usage":{"input_tokens":null,"output_tokens":15}}', "message_delta")
    sse('{"type":"message_stop"}', "message_stop")
end

local function generate(model, verb)
    local id = new_id("resp")
    local function answer(said, usage)
        return '{"candidates":[{"content":{"parts":[{"text":' .. text(said) .. '}],"role":"model"},"index":0}],"usageMetadata":' .. usage ..
            ',"modelVersion":' .. text(model) .. ',"responseId":"' .. id .. '"}'
    end
    local early = '{"promptTokenCount":100,"candidatesTokenCount":1,"totalTokenCount":101}'
    if verb == "generateContent" then
        ngx.header["Content-Type"] = "application/json"
        return ngx.print(answer(TEXT, GEMINI_USAGE))
    end
    local as_sse = ngx.var.arg_alt == "sse"
    ngx.header["Content-Type"] = as_sse and "text/event-stream" or "application/json"
    if not as_sse then return ngx.print("[", answer("a", early), "\n,\n", answer("b", GEMINI_USAGE), "\n]") end
    each_chunk(function(i) sse(answer(TEXT .. i, early)) end)
    sse((answer("", GEMINI_USAGE):gsub("\n", " ")))
end

local function remember(raw)
    local tag = ngx.var.http_x_mock_tag
    if not tag then return end
    local seen = ngx.shared.seen
    seen:set(tag, cjson.encode { uri = ngx.var.request_uri, headers = ngx.req.get_headers(100), body = raw })
    seen:incr("count:" .. tag, 1, 0)
    ngx.on_abort(function()
        seen:incr("closed:" .. tag, 1, 0)
        ngx.exit(499)
    end)
end

local function read()
    ngx.req.read_body()
    local raw = ngx.req.get_body_data()
    local path = not raw and ngx.req.get_body_file()
    if path then
        local f = io.open(path, "rb")
        raw = f:read("*a")
        f:close()
    end
    return raw or ""
end

function M.seen()
    local seen, tag = ngx.shared.seen, ngx.var.arg_tag
    ngx.header["Content-Type"] = "application/json"
    ngx.print('{"count":', seen:get("count:" .. tag) or 0, ',"closed":', seen:get("closed:" .. tag) or 0, ',"request":', seen:get(tag) or "null", "}")
end

-- The gateway's own decision, as code: {policy, call, now} to what it would do. For decisions.jsonl.
function M.decide()
    local rules = require "tollwatch.policy_rules"
    local case = cjson.decode(read())
    local compiled, why = rules.compile(cjson.encode(case.policy))
    if not compiled then return ngx.print(cjson.encode { error = why }) end
    local call = case.call
    call.feature = call.feature or "unknown"
    local d = require("tollwatch.decide").decide(compiled, call, rules.time(case.now))
    if d.cap then call.max_tokens = math.min(call.max_tokens or d.cap, d.cap) end
    ngx.print(cjson.encode {
        decision = d.refused and "refuse" or "allow", code = d.refused, model = d.model, max_tokens = call.max_tokens,
        timeout_ms = d.timeout, status = d.refused and require("tollwatch.refuse").status(d.refused),
    })
end

function M.answer()
    local raw, path = read(), ngx.var.uri
    remember(raw)
    pause(number("delay-ms"))
    local body = raw == "" and {} or cjson.decode(raw)
    if number("status") or (not body and not path:find("audio")) then
        ngx.status = number("status") or 400
        ngx.header["Content-Type"] = "application/json"
        return ngx.print('{"error":{"message":"made up","type":"mock","param":null,"code":"mock"}}')
    end
    local model, verb = path:match("/models/([^/:]+):(%a+)$")
    if model then return generate(model, verb) end
    if path:find("/messages$") then return messages(body) end
    if path:find("/responses$") then return responses(body) end
    if path:find("/completions$") then return chat(body) end
    ngx.header["Content-Type"] = "application/json"
    ngx.print('{"object":"list","data":[]}')
end

return M
