-- ack: tells the monitor which policy this gateway obeys: acks/ID.json beside the policy, whole or not at all.
-- The generation is the last that all workers had at once: a gateway obeys only when its slowest worker does, also when
-- somebody restored an older policy and generations fall.
-- Owns the shared dictionary llm_workers: each worker's generation, gone by itself when the worker is.
local cjson = require "cjson.safe"
local settings = require "tollwatch.settings"

local M = {}
local ALIVE_SECONDS = 5

local function time(seconds)
    return os.date("!%Y-%m-%dT%H:%M:%S", math.floor(seconds)) .. string.format(".%03dZ", math.floor(seconds * 1000) % 1000)
end

-- The generation that all living workers have, or nil while they differ; and how many there are.
local function common(dict)
    local all, workers, differ = nil, 0, false
    for id = 0, ngx.worker.count() - 1 do
        local generation = dict:get("worker:" .. id)
        if generation then
            workers = workers + 1
            differ = differ or (all and all ~= generation)
            all = generation
        end
    end
    return not differ and all or nil, workers
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
    local ok, why = settings.write_whole(settings.acks .. "/" .. settings.id .. ".json", line .. "\n", false)
    if not ok and dict:add("complained", true, 60) then
        ngx.log(ngx.ERR, "tollwatch: acknowledgement not written: ", why, "; make the folder and let nginx's user write there")
    end
    dict:set("written", generation .. "/" .. workers, settings.ack_seconds)
end

-- From every worker, at each look at the policy: writes when something changed, or after ack_seconds.
function M.beat(generation)
    local dict, now = ngx.shared.llm_workers, ngx.now()
    dict:set("worker:" .. ngx.worker.id(), generation, ALIVE_SECONDS)
    local all, workers = common(dict)
    local obeyed = all or dict:get("generation") or 0
    if dict:get("written") == obeyed .. "/" .. workers then return end
    if not dict:add("writing", true, 1) then return end -- another worker is at it
    write(dict, obeyed, workers, now)
    dict:delete("writing")
end

return M
