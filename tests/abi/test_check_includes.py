"""script/check-includes: a clean tree passes, each kind of violation is found at its line."""
import pathlib
import subprocess

import pytest

SCRIPT = pathlib.Path(__file__).parents[2] / "script" / "check-includes"

CLEAN = {
    "include/wm/types.h": "#include <stddef.h>\n#include <stdint.h>\n",
    "include/wm/wm.h": '#include "wm/types.h"\n',
    "lib/core/loop.h": "#include <cstdint>\n",
    "lib/core/event_base.cpp": '#include "core/loop.h"\n#include <event2/event.h>\n',
    "lib/core/event_watch.cpp": "#include <event2/event_struct.h>\n",
    "lib/core/span.h": "#include <cstddef>\n",
    "lib/net/transport.cpp": '#include "core/loop.h"\n#include <event2/event.h>\n#include <sys/socket.h>\n',
    "lib/net/transport.h": '#include "core/span.h"\n',
    "lib/proto/text/codec.h": '#include "core/span.h"\n#include "wm/types.h"\n',
    "lib/proto/nats/info.cpp": "#include <cjson/cJSON.h>\n",
    "lib/conn/reactor.h": '#include "net/transport.h"\n#include "proto/text/codec.h"\n',
    "lib/session/text.cpp": '#include "conn/reactor.h"\n#include "proto/text/codec.h"\n',
    "lib/worker/worker.h": '#include "conn/reactor.h"\n#include "net/transport.h"\n',
    "lib/hub/hub.h": '#include "worker/worker.h"\n',
    "lib/hub/engine/redis/reader.cpp": "#include <hiredis/read.h>\n",
    "lib/api/app.cpp": '#include "hub/hub.h"\n#include "wm/wm.h"\n',
    "cli/wm-push/main.cpp": '#include "shared/json.h"\n#include "wm/wm.h"\n#include <CLI/CLI.hpp>\n',
    "cli/shared/json.h": "#include <string>\n",
    "cli/wm-push/page.cpp": '#include "page_text.h"\n',
    "examples/c/echo.c": '#include "wm/wm.h"\n',
    "tests/api/echo.c": '#include "wm/wm.h"\n',
    "tests/unit/loop.cpp": '#include "core/loop.h"\n',
}

# Out of this the build makes page_text.h.
MADE = {"cli/wm-push/page_text.h.in": "@PAGE@\n"}

# file, its content, the line of the violation, a part of the rule
BAD = [
    ("lib/core/a.cpp", '\n#include "net/transport.h"\n', 2, "core does not include net"),
    ("lib/net/a.cpp", '#include "proto/text/codec.h"\n', 1, "net does not include proto"),
    ("lib/proto/a.cpp", '#include "net/transport.h"\n', 1, "proto does not include net"),
    ("lib/worker/a.cpp", '#include "hub/hub.h"\n', 1, "worker does not include hub"),
    ("lib/conn/a.cpp", '#include "worker/worker.h"\n', 1, "conn does not include worker"),
    ("lib/conn/b.cpp", '#include "session/text.cpp"\n', 1, "conn does not include session"),
    ("lib/session/a.cpp", '#include "worker/worker.h"\n', 1, "session does not include worker"),
    ("lib/hub/a.cpp", '#include "api/app.cpp"\n', 1, "hub does not include api"),
    ("lib/worker/b.cpp", '#include "../worker/worker.h"\n', 1, "without .."),
    ("lib/core/timer.cpp", "#include <event2/event.h>\n", 1, "only core/event_base.cpp, core/event_watch.cpp and net/"),
    ("lib/worker/c.cpp", "// x\n/* y\n*/\n#  include <event2/event.h>\n", 4, "only core/event_base.cpp, core/event_watch.cpp and net/"),
    ("lib/worker/loop.cpp", "#include <event2/event.h>\n", 1, "only core/event_base.cpp, core/event_watch.cpp and net/"),
    ("lib/core/event_watch.h", "#include <event2/event_struct.h>\n", 1, "no header of lib/ includes libevent"),
    ("lib/net/a.h", "#include <event2/dns.h>\n", 1, "no header of lib/ includes libevent"),
    ("lib/conn/a.h", "#include <event2/event.h>\n", 1, "no header of lib/ includes libevent"),
    ("lib/proto/b.cpp", "#include <sys/socket.h>\n", 1, "no socket header"),
    ("lib/proto/c.cpp", "#include <netinet/in.h>\n", 1, "no socket header"),
    ("lib/proto/d.cpp", '#include "core/deep.h"\n', 1, "through lib/core/deep.h"),
    ("lib/hub/b.cpp", "#include <openssl/rand.h>\n", 1, "belong to core, net and proto"),
    ("lib/hub/c.cpp", "#include <hiredis/read.h>\n", 1, "hub/engine/redis include hiredis"),
    ("lib/hub/engine/redis/a.h", "#include <hiredis/read.h>\n", 1, "hub/engine/redis include hiredis"),
    ("lib/core/b.cpp", "#include <cjson/cJSON.h>\n", 1, "libraries of the tools"),
    ("lib/proto/http/a.cpp", "#include <cjson/cJSON.h>\n", 1, "libraries of the tools"),
    ("lib/proto/nats/a.cpp", "#include <CLI/CLI.hpp>\n", 1, "libraries of the tools"),
    ("lib/core/c.cpp", '#include "shared/json.h"\n', 1, "nothing of cli/"),
    ("lib/core/d.cpp", '#include "nowhere.h"\n', 1, "not a file of the project"),
    ("lib/core/e.cpp", "#define X <a.h>\n#include X\n", 2, "through a macro"),
    ("lib/extra/a.cpp", "#include <vector>\n", 1, "no known layer"),
    ("cli/wm-push/a.cpp", '#include "core/span.h"\n', 1, "nothing of lib/"),
    ("cli/wm-push/b.cpp", '#include "../../lib/core/span.h"\n', 1, "nothing of lib/"),
    ("examples/c/a.c", "#include <core/span.h>\n", 1, "nothing of lib/"),
    ("tests/api/a.c", '#include "core/span.h"\n', 1, "nothing of lib/"),
    ("bench/server/a.c", '#include "core/span.h"\n', 1, "nothing of lib/"),
    ("include/wm/a.h", "#include <string.h>\n", 1, "only wm/, <stddef.h> and <stdint.h>"),
    ("include/wm/b.h", '#include "core/span.h"\n', 1, "nothing of the project but wm/"),
    ("lib/core/circle.h", '#include "core/circle.h"\n', 1, "a circle of headers"),
]


def run(root, files):
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    done = subprocess.run([str(SCRIPT), str(root)], capture_output=True, text=True, timeout=60)
    return done.returncode, done.stdout.splitlines()


def test_check_includes__a_clean_tree_passes(tmp_path):
    assert run(tmp_path, {**CLEAN, **MADE}) == (0, [f"{len(CLEAN)} files, 0 violations"])


@pytest.mark.parametrize("name, content, line, rule", BAD, ids=[row[0] for row in BAD])
def test_check_includes__a_violation_is_found_at_its_line(tmp_path, name, content, line, rule):
    deep = {"lib/core/deep.h": '#include "core/deeper.h"\n', "lib/core/deeper.h": "#include <sys/epoll.h>\n"}
    status, output = run(tmp_path, {**CLEAN, **MADE, **deep, name: content})
    assert status == 1
    assert len(output) == 2, output
    assert output[0].startswith(f"{name}:{line}: ") and rule in output[0]


def test_check_includes__a_comment_is_no_include(tmp_path):
    commented = {"lib/core/a.cpp": '// #include "net/transport.h"\n/*\n#include "hub/hub.h"\n*/\n'}
    assert run(tmp_path, {**CLEAN, **MADE, **commented})[0] == 0


def test_check_includes__an_empty_tree_is_an_error(tmp_path):
    assert run(tmp_path, {})[0] == 1
