-- policy_rules: from a policy file's text to the rules that are decided by. Pure.
-- The switch must make sense, or the whole file is refused and the last good one stays. Any other part that makes no
-- sense is left out and named, because a typing error in a limit must never hide the switch.
local cjson = require "cjson.safe"
local match = require "tollwatch.match"
local floor = math.floor

local M = { BYTES_MAX = 1048576, SCHEMA = 1 }

local function table_or_empty(v)
    return type(v) == "table" and v or {}
end

local function text(v)
    return type(v) == "string" and v or ""
end

local function count(v)
    return type(v) == "number" and v >= 1 and v == floor(v) and v or nil
end

local function days_before(year, month, day) -- since 1970-01-01, proleptic Gregorian
    if month <= 2 then year, month = year - 1, month + 12 end
    return 365 * year + floor(year / 4) - floor(year / 100) + floor(year / 400) + floor((153 * (month - 3) + 2) / 5) + day - 719469
end

-- RFC 3339 to seconds since 1970; nil when it is none.
function M.time(v)
    if type(v) ~= "string" then return nil end
    local y, mo, d, h, mi, s, rest = v:match("^(%d%d%d%d)-(%d%d)-(%d%d)[Tt ](%d%d):(%d%d):(%d%d%.?%d*)(.*)$")
    if not y then return nil end
    local at = days_before(tonumber(y), tonumber(mo), tonumber(d)) * 86400 + h * 3600 + mi * 60 + tonumber(s)
    if rest == "Z" or rest == "z" then return at end
    local sign, oh, om = rest:match("^([+-])(%d%d):?(%d%d)$")
    if not sign then return nil end
    return at - (sign == "+" and 1 or -1) * (oh * 3600 + om * 60)
end

-- Absent is off: a file that only a budget or a limit was written to has none yet.
local function switch(k)
    if k == nil then return { enabled = false, all = false, abort = false, reason = "" } end
    if type(k) ~= "table" or type(k.enabled) ~= "boolean" then return nil, "kill_switch.enabled is not true or false" end
    if k.enabled and k.scope ~= "all" and k.scope ~= "non_critical" then return nil, "kill_switch.scope is unknown" end
    return {
        enabled = k.enabled, all = k.scope == "all", abort = k.inflight == "abort", reason = text(k.reason),
        expires = M.time(k.expires_at),
    }
end

local function names(list)
    local set = {}
    for _, v in ipairs(table_or_empty(list)) do
        if type(v) == "string" then set[v] = true end
    end
    return set
end

-- Budgets that block now; whether their period or a person's override is over is a matter of the clock.
local function budgets(list, overrides)
    local until_of, out = {}, {}
    for _, o in ipairs(table_or_empty(overrides)) do
        if type(o) == "table" then until_of[text(o.budget)] = o["until"] end
    end
    for _, b in ipairs(table_or_empty(list)) do
        local scope = table_or_empty(type(b) == "table" and b.scope)
        if type(b) == "table" and b.state == "exhausted" and b.enforcement ~= "soft" and b.action ~= "alert" then
            local over = until_of[text(b.id)]
            out[#out + 1] = {
                id = text(b.id), type = text(scope.type), value = text(scope.value), resets = M.time(b.resets_at),
                override = over ~= nil and (M.time(over) or math.huge) or nil,
            }
        end
    end
    return out
end

-- Rules whose `match` is an object or absent, each made by `make`; nil from it leaves the rule out.
local function rules(list, notes, section, make)
    local out = {}
    for i, r in ipairs(table_or_empty(list)) do
        local m = type(r) == "table" and (r.match == nil and {} or r.match)
        local made = type(m) == "table" and make(r)
        if made then
            made.id, made.conditions = text(r.id), match.conditions(m)
            out[#out + 1] = made
        else
            notes[#notes + 1] = section .. "[" .. (i - 1) .. "]"
        end
    end
    return out
end

local function limit(r)
    local cap, timeout = count(r.max_output_tokens), count(r.timeout_ms)
    return (cap or timeout) and { cap = cap, timeout = timeout, reject = r.on_exceed == "reject" }
end

local function rate(r)
    local rpm, tpm = count(r.requests_per_minute), count(r.tokens_per_minute)
    return (rpm or tpm) and { rpm = rpm, tpm = tpm }
end

local function route_with(tiers)
    return function(r)
        local model = text(r.set_model)
        if model == "" then model = text(tiers[text(r.set_tier)]) end
        return { model = model ~= "" and model or nil } -- the first that matches counts, even if its tier is gone
    end
end

local function cached(r)
    local ttl = count(r.ttl_seconds)
    return ttl and { ttl = ttl, any = r.any_temperature == true }
end

-- nil and why, or the rules and what was left out ("" = nothing).
function M.compile(raw)
    if #raw > M.BYTES_MAX then return nil, "is larger than 1 MiB" end
    local p, why = cjson.decode(raw)
    if type(p) ~= "table" then return nil, why or "is not an object" end
    if p.schema_version ~= M.SCHEMA then return nil, "schema_version is not 1" end
    if type(p.generation) ~= "number" or p.generation < 0 then return nil, "generation is not a number" end
    local s, bad = switch(p.kill_switch)
    if not s then return nil, bad end
    local notes, routing = {}, table_or_empty(p.routing)
    return {
        generation = p.generation, switch = s, critical = names(table_or_empty(p.critical).features),
        budgets = budgets(p.budgets, p.overrides),
        limits = rules(p.limits, notes, "limits", limit),
        rates = rules(p.rate_limits, notes, "rate_limits", rate),
        routes = rules(routing.rules, notes, "routing.rules", route_with(table_or_empty(routing.tiers))),
        cache = rules(p.cache, notes, "cache", cached),
    }, table.concat(notes, " ")
end

return M
