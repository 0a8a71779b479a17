-- A text echo over LuaJIT's FFI: luajit echo.lua LIBWM.SO CDEF_FOLDER pull. Ends when its last client has gone.
local ffi = require("ffi")
local library, folder = arg[1], arg[2]
local function read(name) return assert(io.open(folder .. "/" .. name)):read("*a") end
ffi.cdef(read("wm.cdef.h"))
local wm = ffi.load(library)

-- What the binding sees is what the headers say.
local json = read("wm.json")
assert(ffi.sizeof("wm_event") == 64, "record size")
local constants, errors = 0, 0
for name, value in json:gmatch('"name": "(WM_[%u%d_]+)",%s*"value": (-?%d+)') do
    assert(wm[name] == tonumber(value), name)
    constants = constants + 1
    if name:match("^WM_E") and tonumber(value) < 0 then
        assert(ffi.string(wm.wm_error_name(tonumber(value))) == name, name)
        errors = errors + 1
    end
end
assert(constants > 50 and errors > 20, "no constants in wm.json")
assert(ffi.string(wm.wm_version()) == json:match('"version": "([^"]+)"'), "version")

local app = wm.wm_app_new()
local worker = wm.wm_worker_new(app, "text://127.0.0.1:0")
assert(worker ~= nil and wm.wm_worker_listen(worker) == 0, ffi.string(wm.wm_last_error()))
io.stdout:write(ffi.string(wm.wm_worker_address(worker)), "\n")
io.stdout:flush()

local cap = 1024
local events = ffi.new("wm_event[?]", cap)
local messages, open, seen = 0, 0, false
while open > 0 or not seen do
    local count = wm.wm_app_poll(app, events, cap, 1000)
    assert(count >= 0, ffi.string(wm.wm_last_error()))
    for i = 0, count - 1 do
        local event = events[i]
        if event.kind == wm.WM_EVENT_MESSAGE then
            wm.wm_conn_send(event.conn, event.data, event.len, 0)
            messages = messages + 1
        elseif event.kind == wm.WM_EVENT_OPEN then
            open, seen = open + 1, true
        elseif event.kind == wm.WM_EVENT_CLOSE then
            open = open - 1
            assert(event.flags == wm.WM_REASON_PEER and event.code == 0 and event.detail == 0, "close record")
        end
    end
end
wm.wm_app_free(app)
-- os.clock is the processor time of the process.
print(string.format("%d messages, %d ns each", messages, os.clock() * 1e9 / messages))
