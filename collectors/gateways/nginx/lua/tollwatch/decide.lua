-- decide: what the policy says of a call. Pure: (rules, call, now) to a decision; counts, clocks and answers are elsewhere.
-- Order: the switch, routing, budgets, limits, rates. What follows routing sees the model that will be called, because
-- that is the one that is paid. The same answers as `tollwatch check`.
local match = require "tollwatch.match"

local M = {}

function M.stopped(rules, feature, now)
    local k = rules.switch
    if not k.enabled or (k.expires and now >= k.expires) then return false end
    return k.all or not rules.critical[feature]
end

local function first(list, call)
    for _, rule in ipairs(list) do
        if match.rule(rule, call) then return rule end
    end
end

local function blocks(budget, call, now)
    if budget.override and now < budget.override then return false end
    if budget.resets and now >= budget.resets then return false end
    if budget.type == "global" then return true end
    return budget.value ~= "" and call[budget.type] == budget.value
end

local function refuse(d, code, rule, message)
    d.refused, d.rule, d.message = code, rule, message
    return d
end

local function lower(a, b)
    return a and b and math.min(a, b) or a or b
end

local function limits(rules, call, d)
    for _, l in ipairs(rules.limits) do
        if match.rule(l, call) then
            d.timeout = lower(d.timeout, l.timeout)
            if l.cap and l.reject and call.max_tokens and call.max_tokens > l.cap then
                return refuse(d, "max_tokens_exceeded", l.id,
                    string.format("limit %s allows %d output tokens, the call asks for %d", l.id, l.cap, call.max_tokens))
            end
            d.cap = lower(d.cap, l.cap) -- who asks for nothing gets the limit
        end
    end
    return d
end

local function switch_message(k)
    return "LLM calls are stopped by operations" .. (k.all and "" or " (non-critical features)") ..
        (k.reason ~= "" and ": " .. k.reason or "")
end

-- call: feature model team user key provider account endpoint request_id prompt_bytes max_tokens tools; absent = unknown.
function M.decide(rules, call, now)
    local d = { model = call.model, generation = rules.generation }
    if M.stopped(rules, call.feature, now) then
        return refuse(d, "kill_switch_engaged", "", switch_message(rules.switch))
    end
    local route = first(rules.routes, call)
    if route and route.model and call.model then d.model, call.model = route.model, route.model end
    for _, b in ipairs(rules.budgets) do
        if blocks(b, call, now) then
            return refuse(d, "budget_exceeded", b.id, "budget " .. b.id .. " is exhausted")
        end
    end
    limits(rules, call, d)
    if d.refused then return d end
    d.rates = {}
    for _, r in ipairs(rules.rates) do
        if match.rule(r, call) then d.rates[#d.rates + 1] = r end
    end
    d.cache = first(rules.cache, call)
    return d
end

return M
