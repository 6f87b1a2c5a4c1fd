-- policy: the policy file as this worker sees it. Owns reading, the last good copy, and nothing that is decided.
-- Rules of a reader: look by path every 250 ms; a file that is missing, cut or senseless changes nothing; a lower
-- generation is obeyed (somebody restored a backup); the last good file is kept on disk for the next start.
-- The whole text is compared instead of times and inodes, which symlink swaps and coarse clocks make lie.
local rules = require "tollwatch.policy_rules"
local settings = require "tollwatch.settings"

local M = {}
-- The text that is obeyed and the one that was refused last; the rules; whether there was no file; when we looked.
local raw, refused, current, missing, checked = nil, nil, nil, false, 0

local function complain(why)
    ngx.log(ngx.ERR, "tollwatch: policy ", settings.policy, ": ", why, current and "; the last good one stays" or "")
end

local function adopt(text, from)
    local compiled, why = rules.compile(text)
    if not compiled then return false, why end
    raw, current = text, compiled
    ngx.log(ngx.NOTICE, "tollwatch: policy generation ", compiled.generation, from, ", switch ",
        compiled.switch.enabled and (compiled.switch.all and "all" or "non_critical") or "off",
        why ~= "" and "; left out, because it makes no sense: " or "", why)
    return true
end

-- Workers write the same text, so it does not matter who comes last.
local function keep_last_good(text)
    local ok, why = settings.write_whole(settings.last_good, text, false)
    if not ok then ngx.log(ngx.WARN, "tollwatch: last good policy not kept: ", why) end
end

-- Looks at the file now. Complains once about each thing that is wrong with it, not at each look.
function M.look()
    checked = ngx.now()
    local text = settings.read_all(settings.policy, rules.BYTES_MAX + 1)
    if not text and not missing then complain("cannot be read") end
    missing = not text
    if missing or text == raw or text == refused then return end
    local ok, why = adopt(text, "")
    refused = not ok and text or nil
    if not ok then return complain(why) end
    keep_last_good(text)
end

-- Before workers exist: the file, or what was last good when it is not there or makes no sense.
function M.start()
    M.look()
    if current then return end
    local text = settings.read_all(settings.last_good, rules.BYTES_MAX + 1)
    if text and adopt(text, " (last good of before the restart)") then return end
    ngx.log(ngx.WARN, "tollwatch: no policy yet; calls: ", settings.on_no_policy)
end

-- The rules, at most 250 ms old. Timers stop in a worker that drains after a reload, but its streams still ask here.
function M.get()
    local age = ngx.now() - checked
    if age >= settings.poll_seconds or age < 0 then M.look() end -- below 0: somebody set the clock back
    return current
end

return M
