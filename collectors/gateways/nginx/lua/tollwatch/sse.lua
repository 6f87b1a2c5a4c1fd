-- sse: a stream of server-sent events, cut anywhere, as whole events. Owns what is carried from one piece to the next
-- (4 MiB at most), and what of an event the client gets to see. Reads usage by the way.
local usage = require "tollwatch.usage"

local M = {}
local CARRY_MAX = 4194304

function M.new(api, answer, strip)
    return { api = api, answer = answer, strip = strip, carry = "" }
end

local function data_of(event)
    if not event:find("\ndata:", 1, true) then return event:match("^data: ?([^\r\n]*)") end
    local lines = {}
    for line in ("\n" .. event):gmatch("[\r\n]data: ?([^\r\n]*)") do lines[#lines + 1] = line end
    return table.concat(lines, "\n")
end

-- The usage event that we asked for has no choices; a client that did not ask might trip over it.
local function is_extra(text, o)
    local raw = o and o.from.choices and o.from.usage and text:sub(o.from.choices, o.to.choices)
    return raw and raw:find("^%[%s*%]$") ~= nil
end

-- The event as the client gets it. Parsed only when it may tell something new.
local function take(s, event)
    local from, to = nil, nil
    -- An unescaped quote behind a comma cannot be inside a text, so this is the member and nothing else.
    if s.strip then from, to = event:find(',"usage":null', 1, true) end
    local known = s.answer.id and s.answer.model
    local data = not (known and (from or not event:find('"usage', 1, true))) and data_of(event)
    local o = data and data ~= "" and data ~= "[DONE]" and usage.document(s.api, s.answer, data)
    if from then return event:sub(1, from - 1) .. event:sub(to + 1) end
    return s.strip and is_extra(data, o) and "" or event
end

-- Position behind the first blank line at or after pos.
local function event_end(text, pos)
    local a = text:find("\n\n", pos, true)
    local b = text:find("\n\r\n", pos, true)
    if a and (not b or a < b) then return a + 1 end
    return b and b + 2
end

-- The next piece of the stream; returns what the client gets now. Unless something must be taken out, that is the piece
-- itself at once: nobody waits for the end of an event that only we want to read. Returns also the part of that up to the
-- end of the last whole event, nil if the piece has no such end.
function M.feed(s, piece, eof)
    local text, out, pos = s.carry .. piece, {}, 1
    local seen = math.max(1, #s.carry - 2) -- no blank line ends before: it was looked for already
    while true do
        local stop = event_end(text, math.max(pos, seen))
        if not stop then break end
        out[#out + 1] = take(s, text:sub(pos, stop))
        pos = stop + 1
    end
    s.carry = text:sub(pos)
    if eof or #s.carry > CARRY_MAX then -- what has no end of its own is passed on as it is
        if #s.carry > 0 then out[#out + 1] = eof and take(s, s.carry) or s.carry end
        s.carry = ""
    end
    if s.strip then
        local shown = table.concat(out)
        return shown, shown
    end
    return piece, #s.carry <= #piece and piece:sub(1, #piece - #s.carry) or nil
end

return M
