-- settings: what the site's nginx.conf says, checked once at start. Owns also the salt of the hashes and the gateway's name.
-- Read by everything, changed by nobody after init.
local ffi = require "ffi"
ffi.cdef [[ int gethostname(char *name, size_t len); unsigned int umask(unsigned int mask); ]]

local M = {}
local defaults = {
    policy = "/var/lib/llm-policy/policy.json", -- the file to obey
    state = "/var/lib/tollwatch-gateway",       -- the last good policy and the salt
    gateway = "",                               -- name in the log and the acknowledgement; empty: the host's
    on_no_policy = "allow",                     -- allow | deny: when no policy was ever seen
    trust_headers = "",                         -- "feature team user key": labels that clients may set by x-llm-NAME
    no_include_usage = "",                      -- providers that reject stream_options.include_usage
    poll_seconds = 0.25,
    ack_seconds = 10,
}

local function words(text)
    local set = {}
    for w in text:gmatch("%S+") do set[w] = true end
    return set
end

local function host_name()
    local name = ffi.new("char[256]")
    if ffi.C.gethostname(name, 255) ~= 0 then return "gateway" end
    return ffi.string(name)
end

local function read_all(path, max)
    local f = io.open(path, "rb")
    if not f then return nil end
    local text = f:read(max)
    f:close()
    return text
end

-- Complete under its own name or not at all. Nobody else may write it (a daemon of nginx has the mask 0), `private`:
-- nor read it. Workers that write the same file at once each have a temporary one. nil and why when it did not work.
function M.write_whole(path, text, private)
    local tmp = path .. ".tmp" .. ngx.worker.pid()
    local mask = ffi.C.umask(private and 63 or 18) -- 077, 022
    local f, why = io.open(tmp, "wb")
    ffi.C.umask(mask)
    if not f then return nil, why end
    local ok, bad = f:write(text)
    if not f:close() or not ok then return nil, bad or path end
    return os.rename(tmp, path)
end

-- The salt makes hashes of prompts worthless to those who do not have it; it must outlive a restart, or equal prompts
-- would look different after it. Made by the master, which may be root.
local function salt(dir)
    local path = dir .. "/salt"
    local have = read_all(path, 64)
    if have and #have >= 32 then return have end
    local fresh = read_all("/dev/urandom", 32)
    if not fresh then error("tollwatch: cannot read /dev/urandom") end
    local ok, why = M.write_whole(path, fresh, true)
    if not ok then
        ngx.log(ngx.WARN, "tollwatch: salt: ", why, "; hashes will change with each restart; make the folder writable")
    end
    return fresh
end

function M.setup(site)
    for name, default in pairs(defaults) do
        local v = site[name]
        if v ~= nil and type(v) ~= type(default) then
            error("tollwatch: setting " .. name .. " must be a " .. type(default))
        end
        if v == nil then v = default end
        M[name] = v
    end
    for name in pairs(site) do
        if defaults[name] == nil then error("tollwatch: there is no setting " .. tostring(name)) end
    end
    if M.on_no_policy ~= "allow" and M.on_no_policy ~= "deny" then
        error("tollwatch: on_no_policy must be allow or deny")
    end
    M.trusted, M.usage_unasked = words(M.trust_headers), words(M.no_include_usage)
    M.host = host_name()
    if M.gateway == "" then M.gateway = M.host end
    M.id = M.gateway:gsub("[^%w._-]", "_"):gsub("^%.", "_"):sub(1, 64)
    M.acks = (M.policy:match("^(.*)/[^/]*$") or ".") .. "/acks"
    M.last_good = M.state .. "/last-good.json"
    M.salt = salt(M.state)
end

M.read_all = read_all
return M
