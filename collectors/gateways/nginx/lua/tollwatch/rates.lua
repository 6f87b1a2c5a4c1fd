-- rates: requests and tokens per minute, counted together by all workers of this gateway (not by all gateways).
-- Owns the shared dictionary llm_rates. A window that slides: this minute's count and the part of the last minute's that
-- is not 60 s old. Only increments are used, because reading and then writing would lose counts between workers.
local M = {}
local MINUTE, KEEP = 60, 130

local function used(name, now)
    local minute = math.floor(now / MINUTE)
    local dict = ngx.shared.llm_rates
    local share = 1 - (now % MINUTE) / MINUTE
    return (dict:get(name .. minute) or 0) + (dict:get(name .. (minute - 1)) or 0) * share
end

local function add(name, n, now)
    ngx.shared.llm_rates:incr(name .. math.floor(now / MINUTE), n, 0, KEEP)
end

local function full(what, rule, limit, now)
    return string.format("rate limit %s: %d %s per minute", rule.id, limit, what), math.ceil(MINUTE - now % MINUTE)
end

-- What a call will use before anybody knows: about four bytes a token. Put right by settle().
local function estimate(call)
    return math.ceil(call.prompt_bytes / 4)
end

-- Takes a place under all rules, or nothing; then the message and how many seconds to wait.
function M.take(call, rules, now)
    local taken = {}
    local function undo()
        for _, t in ipairs(taken) do add(t[1], -t[2], now) end
    end
    for _, r in ipairs(rules) do
        local requests, tokens = "r:" .. r.id .. ":", "t:" .. r.id .. ":"
        if r.rpm then
            add(requests, 1, now)
            taken[#taken + 1] = { requests, 1 }
            if used(requests, now) > r.rpm then
                undo()
                return full("requests", r, r.rpm, now)
            end
        end
        if r.tpm then
            local guess = estimate(call)
            if used(tokens, now) + guess > r.tpm then
                undo()
                return full("tokens", r, r.tpm, now)
            end
            add(tokens, guess, now)
            taken[#taken + 1] = { tokens, guess }
            call.token_rules = call.token_rules or {}
            table.insert(call.token_rules, tokens)
        end
    end
end

-- The call is over: what it really used in place of the guess. Unknown use leaves the guess.
function M.settle(call, tokens, now)
    if not tokens then return end
    for _, name in ipairs(call.token_rules) do add(name, tokens - estimate(call), now) end
end

return M
