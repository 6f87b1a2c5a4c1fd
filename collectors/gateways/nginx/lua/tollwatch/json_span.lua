-- json_span: where the members of a JSON object stand in a text, and edits to that text by byte ranges.
-- Owns: finding ranges, splicing. Does not build a tree: a body that is decoded and encoded again is not the same body
-- (Debian's cjson turns "tools":[] into {}), so what we do not change must stay the very bytes the client sent.
-- Loops over bytes and memchr instead of patterns, because LuaJIT compiles them: 200 KB of escapes take 0.4 ms.
local cjson = require "cjson.safe"
local ffi = require "ffi"
ffi.cdef [[ void *memchr(const void *s, int c, size_t n); ]]
local sub = string.sub

local QUOTE, BACKSLASH, COMMA, COLON = 34, 92, 44, 58
local M = {}

local function bytes_of(s)
    return ffi.cast("const uint8_t *", s)
end

-- Positions in here count from 0; what leaves the file counts from 1, like strings do.
local function after_space(p, i, n)
    while i < n and (p[i] == 32 or (p[i] >= 9 and p[i] <= 13)) do i = i + 1 end
    return i
end

-- A quote ends the string unless an odd number of backslashes stands before it.
local function after_string(p, i, n)
    local from, at = i + 1, i + 1
    while at < n do
        local found = ffi.C.memchr(p + at, QUOTE, n - at)
        if found == nil then return nil end
        local quote = tonumber(ffi.cast("const uint8_t *", found) - p)
        local b = quote - 1
        while b >= from and p[b] == BACKSLASH do b = b - 1 end
        if (quote - 1 - b) % 2 == 0 then return quote + 1 end
        at = quote + 1
    end
end

local function after_nested(p, i, n)
    local depth = 0
    while i < n do
        local c = p[i]
        if c == QUOTE then
            i = after_string(p, i, n)
            if not i then return nil end
        else
            i = i + 1
            if c == 123 or c == 91 then depth = depth + 1
            elseif c == 125 or c == 93 then
                depth = depth - 1
                if depth == 0 then return i end
            end
        end
    end
end

local function after_word(p, i, n)
    local from = i
    while i < n do
        local c = p[i]
        if c <= 32 or c == COMMA or c == 125 or c == 93 then break end
        i = i + 1
    end
    return i > from and i or nil
end

local function after_value(p, i, n)
    if i >= n then return nil end
    local c = p[i]
    if c == QUOTE then return after_string(p, i, n) end
    if c == 123 or c == 91 then return after_nested(p, i, n) end
    return after_word(p, i, n)
end

local function key_text(s, from, to)
    local raw = sub(s, from + 2, to - 1)
    if not raw:find("\\", 1, true) then return raw end
    local decoded = cjson.decode("[" .. sub(s, from + 1, to) .. "]")
    return decoded and decoded[1]
end

-- One member at i: its key, where the value starts and ends, or nothing.
local function member(s, p, i, n)
    if i >= n or p[i] ~= QUOTE then return nil end
    local key_end = after_string(p, i, n)
    local key = key_end and key_text(s, i, key_end)
    if not key then return nil end
    local colon = after_space(p, key_end, n)
    if colon >= n or p[colon] ~= COLON then return nil end
    local from = after_space(p, colon + 1, n)
    local to = after_value(p, from, n)
    if to then return key, from, to end
end

-- Calls each(from, to, ...) per element between the brackets at i; returns the position after the closing one.
local function walk(p, i, n, close, each)
    i = after_space(p, i + 1, n)
    if i < n and p[i] == close then return i + 1 end
    while i and i < n do
        i = each(i)
        if not i then return nil end
        i = after_space(p, i, n)
        if i >= n then return nil end
        if p[i] == close then return i + 1 end
        if p[i] ~= COMMA then return nil end
        i = after_space(p, i + 1, n)
    end
end

-- The object that begins at or after position `at`: {from = {key = first}, to = {key = last}, names = {in order},
-- open = position of its brace, stop = position of the closing one}. nil and why not: "not an object", or a key that
-- is there twice, because we might read the one and the vendor the other.
function M.object(s, at)
    local n, p = #s, bytes_of(s)
    local i = after_space(p, (at or 1) - 1, n)
    if i >= n or p[i] ~= 123 then return nil, "is not a JSON object" end
    local o = { from = {}, to = {}, names = {}, open = i + 1 }
    local twice
    local after = walk(p, i, n, 125, function(k)
        local key, from, to = member(s, p, k, n)
        if not key then return nil end
        if o.from[key] then twice = key end
        o.from[key], o.to[key], o.names[#o.names + 1] = from + 1, to, key
        return to
    end)
    if not after then return nil, "is cut or not JSON" end
    if twice then return nil, "has the key " .. sub(twice, 1, 60) .. " twice" end
    o.stop = after
    return o
end

-- Ranges {first, last} of the elements of the array at or after `at`.
function M.elements(s, at)
    local n, p = #s, bytes_of(s)
    local i = after_space(p, at - 1, n)
    if i >= n or p[i] ~= 91 then return nil end
    local list = {}
    local after = walk(p, i, n, 93, function(k)
        local to = after_value(p, k, n)
        if to then list[#list + 1] = { k + 1, to } end
        return to
    end)
    return after and list
end

-- Range of the first element of the array at or after `at`; does not look at the others.
function M.first(s, at)
    local n, p = #s, bytes_of(s)
    local i = after_space(p, at - 1, n)
    if i >= n or p[i] ~= 91 then return nil end
    i = after_space(p, i + 1, n)
    local to = i < n and p[i] ~= 93 and after_value(p, i, n)
    if to then return i + 1, to end
end

-- The text of the member `key` of the object at `at`, if it is a text; reads no further than to there.
function M.text_in(s, at, key)
    local n, p = #s, bytes_of(s)
    local i, found = after_space(p, at - 1, n), nil
    if i >= n or p[i] ~= 123 then return nil end
    walk(p, i, n, 125, function(k)
        local name, from, to = member(s, p, k, n)
        if name ~= key then return to end
        found = p[from] == QUOTE and sub(s, from + 2, to - 1)
    end)
    return found or nil
end

-- Only white space from position `at` on.
function M.ends(s, at)
    return after_space(bytes_of(s), at - 1, #s) >= #s
end

function M.raw(s, o, key)
    return o and o.from[key] and sub(s, o.from[key], o.to[key])
end

-- A member that is a text, a number or a truth value; nil for null, for what is absent, and for more than 64 KB.
function M.value(s, o, key)
    local from = o and o.from[key]
    if not from or o.to[key] - from > 65536 then return nil end
    local raw = sub(s, from, o.to[key])
    local first = raw:byte()
    if first == 123 or first == 91 then return nil end
    if first == QUOTE and not raw:find("\\", 1, true) then return sub(raw, 2, -2) end
    local decoded = cjson.decode("[" .. raw .. "]")
    local v = decoded and decoded[1]
    if v ~= cjson.null then return v end
end

-- A member that is an object, as spans.
function M.inner(s, o, key)
    local from = o and o.from[key]
    return from and M.object(s, from)
end

-- Notes that `key` of the object shall become the JSON text `json`.
function M.set(edits, o, key, json)
    local seq = #edits + 1
    if o.from[key] then
        edits[seq] = { o.from[key], o.to[key], json, seq }
    else
        local comma = (#o.names > 0 or o.grown) and "," or ""
        o.grown = true
        edits[seq] = { o.open + 1, o.open, cjson.encode(key) .. ":" .. json .. comma, seq }
    end
end

-- The text with all edits done. Of several at one place the later stands first: only the first that was put into an
-- empty object has no comma behind it.
function M.splice(s, edits)
    table.sort(edits, function(a, b)
        if a[1] ~= b[1] then return a[1] < b[1] end
        return a[4] > b[4]
    end)
    local out, pos = {}, 1
    for _, e in ipairs(edits) do
        out[#out + 1] = sub(s, pos, e[1] - 1)
        out[#out + 1] = e[3]
        pos = e[2] + 1
    end
    out[#out + 1] = sub(s, pos)
    return table.concat(out)
end

return M
