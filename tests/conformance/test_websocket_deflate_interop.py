"""permessage-deflate with clients of others: node's ws and python3-websockets, straight and behind nginx."""
import subprocess

import pytest
from proxies import nginx
from server_process import HANG_SECONDS

from ports import free_port

NODE = """
const WebSocket = require('/usr/share/nodejs/ws');
const ws = new WebSocket(process.argv[1], {perMessageDeflate: Object.assign({threshold: 0}, JSON.parse(process.argv[2]))});
const sent = [];
for (const size of [1, 16, 128, 1024, 4096, 65536, 131072])
    for (let turn = 0; turn < 5; turn++)
        sent.push(('{"uid":' + size + ',"turn":' + turn + '},').repeat(size / 20 + 1).slice(0, size));
let got = 0;
ws.on('open', () => sent.forEach(text => ws.send(text)));
ws.on('message', data => {
    if (data.toString() !== sent[got++]) throw new Error('message ' + got);
    if (got === sent.length) ws.close(1000);
});
ws.on('close', code => console.log(code, got === sent.length, ws.extensions));
"""
PYTHON = """
import asyncio, sys, websockets
async def main():
    async with websockets.connect(sys.argv[1], compression="deflate", max_size=None) as ws:
        for size in (1, 16, 128, 1024, 4096, 65536, 131072):
            for turn in range(5):
                text = (f'{{"uid":{size},"turn":{turn}}},' * (size // 20 + 1))[:size]
                await ws.send(text)
                assert await ws.recv() == text, size
        print(1000, "true", ws.extensions[0].name)
asyncio.run(main())
"""
SITE = """map $http_upgrade $upgraded { default upgrade; '' ''; }
server { listen 127.0.0.1:%d; location / { proxy_pass http://127.0.0.1:%d; proxy_http_version 1.1;
proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection $upgraded; } }"""


def run(command):
    result = subprocess.run(command, capture_output=True, text=True, timeout=HANG_SECONDS)
    assert result.returncode == 0, result.stderr
    assert result.stdout.startswith("1000 true permessage-deflate"), result.stdout + result.stderr


def node(port, how="{}"):
    run(["node", "-e", NODE, f"ws://127.0.0.1:{port}/", how])


@pytest.mark.parametrize("deflate", ["shared", "own"])
@pytest.mark.parametrize("mode", ["callbacks", "pull"])
def test_clients_of_others(servers, mode, deflate):
    port = servers.get(mode, f"deflate={deflate}", "deflate_min=0").port("ws.tcp4")
    node(port)
    node(port, '{"serverNoContextTakeover":true,"clientNoContextTakeover":true}')
    node(port, '{"serverMaxWindowBits":9,"clientMaxWindowBits":10}')
    run(["/usr/bin/python3", "-c", PYTHON, f"ws://127.0.0.1:{port}/"])


@pytest.mark.parametrize("deflate", ["shared", "own"])
def test_behind_nginx(servers, deflate):
    target = servers.get("callbacks", f"deflate={deflate}", "deflate_min=0").port("ws.tcp4")
    port = free_port()
    with nginx(SITE % (port, target), port):
        node(port)
        run(["/usr/bin/python3", "-c", PYTHON, f"ws://127.0.0.1:{port}/"])
