-- request: what a call asks for, read from its body by ranges, and the edits that the decision needs. Does not decide.
local bit = require "bit"
local cjson = require "cjson.safe"
local span = require "tollwatch.json_span"
local vendors = require "tollwatch.vendors"
local settings = require "tollwatch.settings"

local M = {}

local function hash(text)
    local a, b, c, d, e, f, g, h = ngx.hmac_sha1(settings.salt, text):byte(1, 8)
    return bit.tohex(a * 16777216 + b * 65536 + c * 256 + d) .. bit.tohex(e * 16777216 + f * 65536 + g * 256 + h)
end

-- The object that holds the limits, and its name. Gemini has one of their own, under either of two names; both at once
-- or no object would be read by us one way and by the vendor another.
local function place_of_caps(text, o, vendor)
    if not vendor.inside then return o end
    local a, b = vendor.inside[1], vendor.inside[2]
    if o.from[a] and o.from[b] then return nil, a, "has both " .. a .. " and " .. b end
    local name = o.from[b] and b or a
    local caps, why = span.inner(text, o, name)
    return caps, name, o.from[name] and not caps and name .. " " .. why
end

local function lowest_cap(text, o, vendor)
    local least
    for _, name in ipairs(o and vendor.caps or {}) do
        local v = span.value(text, o, name)
        if type(v) == "number" and (not least or v < least) then least = v end
    end
    return least
end

local function has_tools(text, o)
    for _, name in ipairs { "tools", "functions" } do
        local raw = span.raw(text, o, name)
        if raw and not raw:find("^%[%s*%]$") and raw ~= "null" then return true end
    end
    return false
end

-- What is there and not empty.
local function parts_of(text, o, names)
    local out = {}
    for _, name in ipairs(names) do
        local raw = span.raw(text, o, name)
        if raw and #raw > 2 and raw ~= "null" then out[#out + 1] = raw end
    end
    return out
end

local function system_message(text, o, member)
    local from, to = nil, nil
    if o.from[member] then from, to = span.first(text, o.from[member]) end
    local role = from and span.text_in(text, from, "role")
    return (role == "system" or role == "developer") and text:sub(from, to) or nil
end

-- Salted hashes of the prompt and of the part of it that stays the same between calls; never the text.
local function hashes(call, text, o, vendor)
    local all, prefix = parts_of(text, o, vendor.prompt), parts_of(text, o, vendor.prefix)
    prefix[#prefix + 1] = vendor.system_first and system_message(text, o, vendor.system_first)
    if #all > 0 then call.prompt_hash = hash(table.concat(all, "\0")) end
    local fixed = table.concat(prefix, "\0")
    if #fixed > 0 then call.prefix_hash, call.prefix_bytes = hash(fixed), #fixed end
end

-- Fills the call from its body, and from the model and stream of its path where the API has them there. nil and what is
-- wrong when the body is no object that everybody reads alike.
function M.read(call, text, vendor, model, stream)
    local o, why = span.object(text)
    if not o then return nil, why end
    if not span.ends(text, o.stop + 1) then return nil, "has something behind the JSON object" end
    local caps, inside, bad = place_of_caps(text, o, vendor)
    if bad then return nil, bad end
    call.model = model or span.value(text, o, "model")
    if type(call.model) ~= "string" then call.model = nil end
    call.stream = stream == nil and span.value(text, o, "stream") == true or stream == true
    call.max_tokens = lowest_cap(text, caps, vendor)
    call.temperature = span.value(text, caps or o, "temperature")
    call.tools = has_tools(text, o)
    call.prompt_bytes = #text
    hashes(call, text, o, vendor)
    return { text = text, top = o, caps = caps, inside = inside, vendor = vendor, edits = {} }
end

-- Lowers every member that is above the cap; where the client set none, puts one in.
local function clamp(body, cap, name)
    local found = false
    for _, known in ipairs(body.vendor.caps) do
        local v = span.value(body.text, body.caps, known)
        found = found or v ~= nil
        if v ~= nil and (type(v) ~= "number" or v > cap) then span.set(body.edits, body.caps, known, cap) end
    end
    if found then return end
    if body.caps then return span.set(body.edits, body.caps, name, cap) end
    span.set(body.edits, body.top, body.inside, '{"' .. name .. '":' .. cap .. "}")
end

-- Without this, OpenAI's streams do not say what they cost. True if the client had not asked for it itself.
local function ask_usage(body)
    local options = span.inner(body.text, body.top, "stream_options")
    if options and span.value(body.text, options, "include_usage") == true then return false end
    if options then
        span.set(body.edits, options, "include_usage", "true")
    else
        span.set(body.edits, body.top, "stream_options", '{"include_usage":true}')
    end
    return true
end

local function reroute(call, body, model)
    if body.top.from.model then
        span.set(body.edits, body.top, "model", cjson.encode(model))
    end
    if call.api == "gemini" then call.new_path = vendors.path_with(call.endpoint, model) end
end

-- The body as it goes on, which is the client's own bytes unless something had to change.
function M.apply(call, body, decision)
    if decision.model and decision.model ~= call.model_requested then reroute(call, body, decision.model) end
    if decision.cap and #body.vendor.caps > 0 then
        clamp(body, decision.cap, vendors.cap_name(body.vendor, call.provider))
        call.max_tokens = math.min(call.max_tokens or decision.cap, decision.cap)
    end
    if call.stream and body.vendor.include_usage and not settings.usage_unasked[call.provider] then
        call.strip_usage = ask_usage(body)
    end
    if #body.edits == 0 then return body.text, false end
    return span.splice(body.text, body.edits), true
end

return M
