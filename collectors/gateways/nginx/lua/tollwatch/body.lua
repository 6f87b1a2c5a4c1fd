-- body: the request's body as plain text, wherever nginx has put it. Does not look into it.
local inflate = require "tollwatch.inflate"
local settings = require "tollwatch.settings"

local M = { BYTES_MAX = 67108864 }

local function raw_body()
    ngx.req.read_body()
    local text = ngx.req.get_body_data()
    if text then return text end
    local path = ngx.req.get_body_file() -- larger than client_body_buffer_size
    return path and settings.read_all(path, M.BYTES_MAX + 1) or ""
end

-- The plain text and whether it was packed; nil and what is wrong.
function M.read()
    local text = raw_body()
    if #text > M.BYTES_MAX then return nil, "is larger than 64 MiB" end
    local coding = ngx.var.http_content_encoding
    if not coding or coding == "" or coding == "identity" then return text, false end
    if coding:lower() ~= "gzip" then return nil, "has the content encoding " .. coding:sub(1, 40) .. "; send it plain or as gzip" end
    local plain, why = inflate(text, M.BYTES_MAX)
    return plain, plain and true or why
end

-- What goes on to the vendor instead of what came.
function M.replace(text)
    ngx.req.set_body_data(text)
    ngx.req.clear_header("Content-Encoding")
end

return M
