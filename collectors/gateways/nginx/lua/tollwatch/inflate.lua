-- inflate: gzip to plain, for request bodies that clients sent compressed. The limit is on what comes out, because a
-- megabyte in can be a gigabyte out. Uses the zlib that nginx itself is linked with.
local ffi = require "ffi"
ffi.cdef [[
typedef struct {
    const uint8_t *next_in; unsigned avail_in; unsigned long total_in;
    uint8_t *next_out; unsigned avail_out; unsigned long total_out;
    const char *msg; void *state; void *zalloc; void *zfree; void *opaque;
    int data_type; unsigned long adler; unsigned long reserved;
} tollwatch_z_stream;
const char *zlibVersion(void);
int inflateInit2_(tollwatch_z_stream *z, int window_bits, const char *version, int stream_size);
int inflate(tollwatch_z_stream *z, int flush);
int inflateEnd(tollwatch_z_stream *z);
]]
local OK, STREAM_END, GZIP_WINDOW, PIECE = 0, 1, 31, 65536

local function run(z, max)
    local piece, parts, size = ffi.new("uint8_t[?]", PIECE), {}, 0
    repeat
        z.next_out, z.avail_out = piece, PIECE
        local rc = ffi.C.inflate(z, 0)
        local got = PIECE - z.avail_out
        if rc ~= OK and rc ~= STREAM_END then return nil, "is not gzip" end
        if rc == OK and got == 0 then return nil, "is cut gzip" end
        size = size + got
        if size > max then return nil, "is too large unpacked" end
        parts[#parts + 1] = ffi.string(piece, got)
    until rc == STREAM_END
    if z.avail_in > 0 then return nil, "has something behind its gzip" end
    return table.concat(parts)
end

-- The plain text, or nil and what is wrong with it.
return function(packed, max)
    local z = ffi.new("tollwatch_z_stream")
    if ffi.C.inflateInit2_(z, GZIP_WINDOW, ffi.C.zlibVersion(), ffi.sizeof(z)) ~= OK then return nil, "cannot be unpacked" end
    z.next_in, z.avail_in = packed, #packed
    local plain, why = run(z, max)
    ffi.C.inflateEnd(z)
    return plain, why
end
