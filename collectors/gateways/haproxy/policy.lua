-- The HAProxy gateway: stops calls by tollwatch's policy file. Loaded once with lua-load, so there is one state for all
-- threads: one task looks at the file every 250 ms, and what it finds is what every call is decided by.
-- What is decided is not written here: decide, policy_rules, refuse and vendors are the nginx gateway's own files, pure Lua.
-- HAProxy cannot change a body, so routes are left out and limits can refuse but not clamp; rates are left to stick tables.
local function crc32(text)
    local c = 0xffffffff
    for i = 1, #text do
        c = c ~ text:byte(i)
        for _ = 1, 8 do c = (c >> 1) ~ (0xedb88320 & -(c & 1)) end
    end
    return c ~ 0xffffffff
end
ngx = { crc32_long = crc32 } -- the one thing that match.lua asks nginx for

local cjson = require "cjson.safe"
local decide = require "tollwatch.decide"
local refuse = require "tollwatch.refuse"
local rules = require "tollwatch.policy_rules"
local vendors = require "tollwatch.vendors"

local POLL_MS, ACK_EVERY_S, NAME_MAX = 250, 10, 128
local PATH = os.getenv("LLM_POLICY_FILE") or "/var/lib/llm-policy/policy.json"
local ID = os.getenv("TOLLWATCH_GATEWAY_ID") or "haproxy"
local STATE = os.getenv("TOLLWATCH_STATE_DIR") or "/var/lib/tollwatch-gateway"
local DENY = os.getenv("TOLLWATCH_NO_POLICY") == "deny"
local ACK = PATH:gsub("[^/]*$", "") .. "acks/" .. ID .. ".json"
local LAST_GOOD = STATE .. "/" .. ID .. ".last-good.json"

local raw, refused_text, current, applied_s, acked_s, complaint

local function now_s()
    local t = core.now()
    return t.sec + t.usec / 1000000
end

local function rfc3339(s)
    return os.date("!%Y-%m-%dT%H:%M:%S", math.floor(s)) .. string.format(".%03dZ", math.floor(s * 1000) % 1000)
end

local function complain(text)
    if text ~= complaint then core.Alert("tollwatch: " .. text) end
    complaint = text
end

-- ---- the policy: read, kept, acknowledged ----
local function read(path)
    local f = io.open(path, "rb")
    local text = f and f:read(rules.BYTES_MAX + 1)
    if f then f:close() end
    return text
end

local HOST = (read("/proc/sys/kernel/hostname") or "unknown"):gsub("%s+$", "")

local function write_whole(path, text)
    local f, why = io.open(path .. ".tmp", "wb")
    local ok = f and f:write(text)
    if f then ok = f:close() and ok end
    if ok then ok, why = os.rename(path .. ".tmp", path) end
    if not ok then complain(path .. ": " .. tostring(why)) end
end

local function adopt(text)
    local compiled, why = rules.compile(text)
    if not compiled then return false, why end
    compiled.routes = {}
    raw, current, applied_s, complaint = text, compiled, now_s(), nil
    return true
end

local function acknowledge()
    acked_s = now_s()
    write_whole(ACK, cjson.encode {
        gateway = ID, host = HOST, workers = 1, generation = math.floor(current and current.generation or 0),
        applied_at = rfc3339(applied_s or acked_s), seen_at = rfc3339(acked_s),
    } .. "\n")
end

local function look()
    local text = read(PATH)
    if not text then return complain(PATH .. " cannot be read; " .. (current and "the last good policy stays" or "there is no policy")) end
    if text == raw or text == refused_text then return false end
    local ok, why = adopt(text)
    refused_text = not ok and text or nil
    if not ok then return complain(PATH .. ": " .. why .. "; the last good policy stays") end
    write_whole(LAST_GOOD, text)
    return true
end

look()
if not current then adopt(read(LAST_GOOD) or "") end

core.register_task(function()
    while true do
        if look() or not acked_s or now_s() - acked_s >= ACK_EVERY_S then acknowledge() end
        core.msleep(POLL_MS)
    end
end)

-- ---- a call ----
local function api_of(path)
    return path:find("/models/[^/]+:") and "gemini" or path:find("/messages$") and "anthropic" or "openai"
end

-- What the body says. One that HAProxy's buffer has cut is no JSON; its first "model" is then taken for the call's.
local function body_of(text)
    local body = cjson.decode(text)
    if type(body) == "table" then return body end
    return { model = text:match('"model"%s*:%s*"([^"\\]+)"') }
end

local function max_tokens(body, row)
    local place = row.inside and (body[row.inside[1]] or body[row.inside[2]]) or body
    for _, name in ipairs(type(place) == "table" and row.caps or {}) do
        if type(place[name]) == "number" then return place[name] end
    end
end

local function label(txn, name)
    local v = txn:get_var("txn." .. name)
    return v and v ~= "" and v:sub(1, NAME_MAX) or nil
end

local function call_of(txn)
    local path = txn.sf:path()
    local api, text = api_of(path), txn.sf:req_body() or ""
    local body = body_of(text)
    local row, model = vendors.of(api, path)
    model = model or body.model
    return {
        api = api, endpoint = path, request_id = txn:get_var("txn.id"), stream = body.stream == true, start = now_s(),
        feature = label(txn, "feature") or "unknown", team = label(txn, "team"), user = label(txn, "user"), key = label(txn, "name"),
        account = label(txn, "account") or api, provider = api == "gemini" and "google" or api,
        model = type(model) == "string" and model:sub(1, NAME_MAX) or nil, max_tokens = max_tokens(body, row),
        tools = type(body.tools) == "table" and next(body.tools) ~= nil, prompt_bytes = tonumber(txn.sf:req_body_size()),
    }
end

local function line_of(call, code, generation)
    local null = cjson.null
    return cjson.encode {
        ts = rfc3339(call.start), request_id = call.request_id, upstream_id = null, gateway = ID, provider = call.provider,
        endpoint = call.endpoint, model_requested = call.model or null, model = null, feature = call.feature, team = call.team or null,
        user = call.user or null, key = call.key or null, stream = call.stream, status = refuse.status(code), refused = code,
        usage = null, usage_state = "missing", cache = "bypass", latency_ms = 0, ttft_ms = null, max_tokens = call.max_tokens or null,
        policy_generation = generation,
    }
end

core.register_action("tollwatch", { "http-req" }, function(txn)
    local call = call_of(txn)
    if txn.sf:method() ~= "POST" or vendors.is_free(call.endpoint) then return end
    local d = current and decide.decide(current, call, call.start) or { refused = DENY and "no_policy" or nil, message = "there is no policy" }
    if not d.refused then return end
    local generation = math.floor(current and current.generation or 0)
    txn:set_var("txn.line", line_of(call, d.refused, generation))
    local reply = txn:reply {
        status = refuse.status(d.refused),
        headers = {
            ["content-type"] = { "application/json" }, ["x-should-retry"] = { "false" }, ["x-llm-refused"] = { d.refused },
            ["x-llm-policy-generation"] = { tostring(generation) },
        },
        body = refuse.body(call.api, d.refused, d.message, call.request_id),
    }
    txn:done(reply)
end)
