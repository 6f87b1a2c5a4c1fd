-- match: whether a rule's conditions hold for a call. Pure. The same answers as `tollwatch check`.
-- Conditions are a list, made once per policy, because every call walks them.
local M = {}

local NAMES = { feature = true, model = true, team = true, user = true, key = true, provider = true, account = true, endpoint = true }

local function one(pattern, value)
    if type(pattern) ~= "string" then return false end
    if pattern:byte(-1) == 42 then return value:sub(1, #pattern - 1) == pattern:sub(1, -2) end
    return pattern == value
end

-- A text, a prefix with *, or a list of those; what the call does not have matches nothing.
local function any(patterns, value)
    if not value then return false end
    if type(patterns) ~= "table" then return one(patterns, value) end
    for i = 1, #patterns do
        if one(patterns[i], value) then return true end
    end
    return false
end

-- The same share of the same requests in every gateway: CRC-32 of the request id.
local function in_percent(call, percent)
    return type(percent) == "number" and ngx.crc32_long(call.request_id or "") % 100 < percent
end

local function holds(call, key, v)
    if NAMES[key] then return any(v, call[key]) end
    if key == "max_prompt_bytes" then return type(v) == "number" and call.prompt_bytes ~= nil and call.prompt_bytes <= v end
    if key == "tools" then return call.tools == v end
    if key == "percent" then return in_percent(call, v) end
    return false -- a condition that is not understood is not known to hold
end

-- The members of a `match` object as the list that rule() takes.
function M.conditions(match)
    local list = {}
    for key, v in pairs(match) do list[#list + 1] = { key, v } end
    return list
end

function M.rule(rule, call)
    local list = rule.conditions
    for i = 1, #list do
        if not holds(call, list[i][1], list[i][2]) then return false end
    end
    return true
end

return M
