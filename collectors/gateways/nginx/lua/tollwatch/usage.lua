-- usage: what an answer says of itself (id, model, tokens), from a whole JSON document or from the events of a stream.
-- Owns the merging of what a stream tells in pieces. The vendor's usage object is kept as the vendor wrote it.
-- Only members where the vendor puts them count: text that looks like a usage object is text.
local span = require "tollwatch.json_span"
local cjson = require "cjson.safe"

local M = {}
local BYTES_MAX = 16384

-- Where each API puts it: names of the members, and objects of stream events that hold an answer inside.
local OPENAI = { id = "id", model = "model", usage = "usage", inside = { "response" } }
local ANTHROPIC = { id = "id", model = "model", usage = "usage", inside = { "message" }, merges = true }
local GEMINI = { id = "responseId", model = "modelVersion", usage = "usageMetadata", inside = {} }
local APIS = { openai = OPENAI, anthropic = ANTHROPIC, gemini = GEMINI }

-- One line, valid, and not larger than any usage object is; else nil.
local function sound(raw)
    if not raw or #raw > BYTES_MAX or raw:byte() ~= 123 or not cjson.decode(raw) then return nil end
    return (raw:gsub("%c", " "))
end

-- The members of two objects, those of the later standing over those of the earlier unless they are null: Anthropic's
-- stream starts with the input and ends with the output, each cumulative.
local function merge(early, late)
    if not early then return late end
    local a, b = span.object(early), span.object(late)
    if not a or not b then return late end
    local out = {}
    for _, name in ipairs(a.names) do
        local raw = span.raw(late, b, name)
        if not raw or raw == "null" then raw = span.raw(early, a, name) end
        out[#out + 1] = cjson.encode(name) .. ":" .. raw
    end
    for _, name in ipairs(b.names) do
        if not a.from[name] then out[#out + 1] = cjson.encode(name) .. ":" .. span.raw(late, b, name) end
    end
    return "{" .. table.concat(out, ",") .. "}"
end

-- OpenAI says beside the usage by which tier the call was served, and the tier decides the price.
local function with_tier(raw, text, o)
    local tier = span.value(text, o, "service_tier")
    if type(tier) ~= "string" or tier == "default" or tier == "auto" then return raw end
    local inner = span.object(raw)
    if not inner or inner.from.service_tier then return raw end
    local edits = {}
    span.set(edits, inner, "service_tier", cjson.encode(tier))
    return span.splice(raw, edits)
end

local function note(api, answer, text, o, inner)
    local id, model = span.value(text, o, api.id), span.value(text, o, api.model)
    if type(id) == "string" then answer.id = id end
    if type(model) == "string" then answer.model = model end
    local raw = sound(span.raw(text, o, api.usage))
    if not raw then return end
    answer.usage = api.merges and merge(answer.usage, raw) or with_tier(raw, text, o)
    answer.begun = api.merges and inner -- the first half only, which stays so if the stream ends in an error
end

-- Reads one JSON document (an answer or the data of an event) into answer = {id, model, usage}. Returns its spans.
function M.document(api_name, answer, text)
    local api = APIS[api_name]
    local o = span.object(text)
    if not o then return nil end
    note(api, answer, text, o, false)
    for _, name in ipairs(api.inside) do
        local inner = span.inner(text, o, name)
        if inner then note(api, answer, text, inner, true) end
    end
    return o
end

-- A whole answer. Gemini's stream without alt=sse is an array of answers, of which the last tells the whole.
function M.whole(api_name, answer, text)
    if M.document(api_name, answer, text) then return end
    for _, at in ipairs(span.elements(text, 1) or {}) do
        M.document(api_name, answer, text:sub(at[1], at[2]))
    end
end

return M
