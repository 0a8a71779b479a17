"""A text echo over ctypes: echo.py LIBWM.SO CDEF_FOLDER pull. Ends when its last client has gone.

Types, constants and signatures all come from wm.json.
"""
import ctypes
import json
import pathlib
import resource
import sys
import threading

library, folder = sys.argv[1], pathlib.Path(sys.argv[2])
api = json.loads((folder / "wm.json").read_text(encoding="utf-8"))
constants = {constant["name"]: constant["value"] for enum in api["enums"] for constant in enum["constants"]}

scalars = {"int": ctypes.c_int, "int32_t": ctypes.c_int32, "uint32_t": ctypes.c_uint32, "int64_t": ctypes.c_int64,
           "uint64_t": ctypes.c_uint64, "size_t": ctypes.c_size_t, "double": ctypes.c_double, "void": None}
scalars.update({entry["name"]: scalars[entry["type"]] for entry in api["types"] if entry["kind"] == "id"})


def ctype(name):
    return ctypes.c_char_p if name == "const char *" else scalars.get(name, ctypes.c_void_p)


record = api["structs"][0]
Event = type("Event", (ctypes.Structure,), {"_fields_": [(field["name"], ctype(field["type"])) for field in record["fields"]]})
wm = ctypes.CDLL(library)
for function in api["functions"]:
    symbol = getattr(wm, function["name"])
    symbol.restype = ctype(function["result"])
    symbol.argtypes = [ctype(param["type"]) for param in function["params"]]

# What the binding sees is what the headers say.
assert ctypes.sizeof(Event) == record["size"] == 64, "record size"
assert all(getattr(Event, field["name"]).offset == field["offset"] for field in record["fields"]), "offsets"
assert wm.wm_version().decode() == api["version"], "version"
for error in api["errors"]:
    assert constants[error["name"]] == error["value"], error
    assert wm.wm_error_name(error["value"]).decode() == error["name"], error
    assert wm.wm_strerror(error["value"]).decode() == error["text"], error

MESSAGE, OPEN, CLOSE, HUB = (constants["WM_EVENT_" + name] for name in ("MESSAGE", "OPEN", "CLOSE", "HUB"))
app = wm.wm_app_new()
worker = wm.wm_worker_new(app, b"text://127.0.0.1:0")
if not worker or wm.wm_worker_listen(worker) != 0:
    sys.exit(wm.wm_last_error().decode())
print(wm.wm_worker_address(worker).decode(), flush=True)

# Another thread's call is pending; its result comes as a record.
MARK = 0x5EED
hub = wm.wm_hub_new(app)
results = []
thread = threading.Thread(target=lambda: results.append(wm.wm_hub_broadcast(hub, b"x", 1, 0, None, None, MARK, None)))
thread.start()
thread.join()
assert results == [constants["WM_PENDING"]], results

CAP = 1024
events = (Event * CAP)()
messages, connections = 0, None
while connections != 0:
    count = wm.wm_app_poll(app, events, CAP, 1000)
    if count < 0:
        sys.exit(wm.wm_last_error().decode())
    for event in events[:count]:
        if event.kind == MESSAGE:
            wm.wm_conn_send(event.conn, event.data, event.len, 0)
            messages += 1
        elif event.kind == HUB:
            assert (event.code, event.id, event.detail, event.len, event.user) == (0, 0, 0, 0, MARK), "hub record"
            results.clear()
        elif event.kind == OPEN:
            connections = (connections or 0) + 1
        elif event.kind == CLOSE:
            connections -= 1
            assert (event.flags, event.code, event.detail) == (constants["WM_REASON_PEER"], 0, 0), "close record"
assert not results, "no hub record"
usage = resource.getrusage(resource.RUSAGE_SELF)
wm.wm_app_free(app)
print(f"{messages} messages, {(usage.ru_utime + usage.ru_stime) * 1e9 / messages:.0f} ns each")
