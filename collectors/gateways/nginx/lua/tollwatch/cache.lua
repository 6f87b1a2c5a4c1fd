-- cache: answers that can be given again. Owns the shared dictionary llm_cache, which drops the least used when full.
-- Only whole, successful, plain JSON answers with a usage object; never for a stream; for temperature 0 only, unless the
-- rule says that any will do. Keyed by everything that makes an answer: client credential, path, vendor headers, body.
local M = {}
local BYTES_MAX = 1048576

local function key(call, body)
    local v = ngx.var
    return ngx.md5(table.concat({
        call.credential, call.provider, call.new_path or call.endpoint, v.args or "", v.http_anthropic_version or "",
        v.http_anthropic_beta or "", v.http_openai_organization or "", v.http_openai_project or "", body,
    }, "\0"))
end

-- The stored answer {type, id, model, usage, body}, or nil; notes where to store this one.
function M.find(call, rule, body)
    if not rule or call.stream or not (rule.any or call.temperature == 0) then return nil end
    call.cache, call.cache_key, call.cache_ttl = "miss", key(call, body), rule.ttl
    local stored = ngx.shared.llm_cache:get(call.cache_key)
    if not stored then return nil end
    local head, rest = stored:match("^([^\n]*)\n(.*)$")
    local kind, id, model, usage = head:match("^([^\t]*)\t([^\t]*)\t([^\t]*)\t([^\t]*)$")
    if not kind then return nil end
    call.cache = "hit"
    return { type = kind, id = id, model = model, usage = usage, body = rest }
end

function M.keep(call, answer, kind, body)
    if not call.cache_key or not answer.usage or #body > BYTES_MAX then return end
    local head = table.concat({ kind, answer.id or "", answer.model or "", answer.usage }, "\t")
    if not head:find("\n", 1, true) then
        ngx.shared.llm_cache:set(call.cache_key, head .. "\n" .. body, call.cache_ttl)
    end
end

return M
