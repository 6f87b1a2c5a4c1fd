-- labels: who a call belongs to (feature team user key account), from the API key and the route by the maps in
-- labels.conf, and which credential goes on. Headers of clients count only where the site said so.
local settings = require "tollwatch.settings"

local M = {}
local NAMES = { "feature", "team", "user", "key" }
local BYTES_MAX = 128

-- "feature=search team=web" as a table. The texts come from the site's own maps, so remembering them is bounded.
local parsed = {}
local function parse(text)
    local t = parsed[text]
    if t then return t end
    t = {}
    for name, value in text:gmatch("(%w+)=(%S+)") do t[name] = value:sub(1, BYTES_MAX) end
    parsed[text] = t
    return t
end

local function bearer()
    local h = ngx.var.http_authorization
    return h and (h:match("^[Bb][Ee][Aa][Rr][Ee][Rr]%s+(%S+)%s*$") or h)
end

-- Where each API looks for a key, the first that is there counts. The others are taken off before the call goes on:
-- else a client could show us one key, for its labels, and the vendor another.
local PLACES = {
    openai = { "authorization" },
    anthropic = { "x-api-key", "authorization" },
    gemini = { "x-goog-api-key", "query", "authorization" },
}
local READ = {
    authorization = bearer,
    ["x-api-key"] = function() return ngx.var.http_x_api_key end,
    ["x-goog-api-key"] = function() return ngx.var.http_x_goog_api_key end,
    query = function() return ngx.var.arg_key end,
}

local function drop(place)
    if place ~= "query" then return ngx.req.clear_header(place) end
    local args = ngx.req.get_uri_args(0)
    args.key = nil
    ngx.req.set_uri_args(args)
end

local function credential(api)
    for _, place in ipairs(PLACES[api]) do
        local key = READ[place]()
        if key and key ~= "" then return key, place end
    end
end

local function drop_all_but(keep)
    for place, read in pairs(READ) do
        if place ~= keep and read() then drop(place) end
    end
end

local SEND = { openai = "Authorization", anthropic = "x-api-key", gemini = "x-goog-api-key" }

-- Our own key for the vendor, in place of the client's.
local function put_key(api, key)
    drop_all_but(nil)
    ngx.req.set_header(SEND[api], api == "openai" and "Bearer " .. key or key)
end

local function clean(v)
    if not v or v == "" then return nil end
    return (v:gsub("%c", "?"):sub(1, BYTES_MAX))
end

local function fill(call, of_key, of_route)
    for _, name in ipairs(NAMES) do
        local v = of_key[name] or of_route[name]
        if not v and settings.trusted[name] then v = ngx.req.get_headers(200)["x-llm-" .. name] end
        call[name] = clean(type(v) == "table" and v[1] or v)
    end
    call.account = of_key.account or of_route.account or call.provider
    call.feature = call.feature or "unknown"
end

-- Sets the labels of the call and the credential that goes on. False: the site has a key of its own for this provider,
-- and the client showed none that is in the map; letting it pass would lend our key to anybody.
function M.apply(call)
    local key, place = credential(call.api)
    ngx.var.llm_client_key = key or ""
    local text = ngx.var.llm_labels_of_key or ""
    fill(call, parse(text), parse(ngx.var.llm_labels_of_route or ""))
    call.credential = key or ""
    if not call.key and key then
        call.key = "key-" .. ngx.encode_base64(ngx.hmac_sha1(settings.salt, key):sub(1, 6)):gsub("[+/]", "x")
    end
    local own = ngx.var.llm_upstream_key or ""
    if own ~= "" then
        if text == "" then return false end
        put_key(call.api, own)
    elseif place then
        drop_all_but(place)
    end
    return true
end

return M
