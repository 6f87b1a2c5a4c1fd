-- ack: tells the monitor which policy this gateway obeys: acks/ID.json beside the policy, whole or not at all.
-- The generation is the lowest of all workers, because a gateway obeys only when its slowest worker does.
-- Owns the shared dictionary llm_workers: each worker's generation, gone by itself when the worker is.
local cjson = require "cjson.safe"
local settings = require "tollwatch.settings"

local M = {}
local ALIVE_SECONDS = 5

local function time(seconds)
    return os.date("!%Y-%m-%dT%H:%M:%S", math.floor(seconds)) .. string.format(".%03dZ", math.floor(seconds * 1000) % 1000)
end

local function lowest(dict)
    local least, workers = nil, 0
    for id = 0, ngx.worker.count() - 1 do
        local generation = dict:get("worker:" .. id)
        if generation then
            workers = workers + 1
            if not least or generation < least then least = generation end
        end
    end
    return least or 0, workers
end

local function write(dict, generation, workers, now)
    if dict:get("generation") ~= generation then
        dict:set("generation", generation)
        dict:set("applied", now)
    end
    local line = cjson.encode {
        gateway = settings.gateway, host = settings.host, workers = workers, generation = generation,
        applied_at = time(dict:get("applied") or now), seen_at = time(now),
    }
    local path = settings.acks .. "/" .. settings.id .. ".json"
    local f, why = io.open(path .. ".tmp", "wb")
    local ok = f and f:write(line, "\n")
    if f then ok = f:close() and ok end
    if ok then ok, why = os.rename(path .. ".tmp", path) end
    if not ok and dict:add("complained", true, 60) then
        ngx.log(ngx.ERR, "tollwatch: acknowledgement not written: ", why, "; make the folder and let nginx's user write there")
    end
    dict:set("written", generation .. "/" .. workers, settings.ack_seconds)
end

-- From every worker, at each look at the policy: writes when something changed, or after ack_seconds.
function M.beat(generation)
    local dict, now = ngx.shared.llm_workers, ngx.now()
    dict:set("worker:" .. ngx.worker.id(), generation, ALIVE_SECONDS)
    local least, workers = lowest(dict)
    if dict:get("written") == least .. "/" .. workers then return end
    if not dict:add("writing", true, 1) then return end -- another worker is at it
    write(dict, least, workers, now)
    dict:delete("writing")
end

return M
