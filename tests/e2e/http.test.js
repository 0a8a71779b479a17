// HTTP in a real browser: events, an upload with its progress, a media file, and a page whose socket has its port.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import readline from 'node:readline';
import { after, before, test } from 'node:test';
import { HANG_MS, launch, openTab } from './browser.js';
import { PushServer } from './push-server.js';

const RATE = 8000;
const SECONDS = 3600;

let browser;
let folder;
let server;
let url;

/** A recording of an hour of silence, 8 bits of one channel. */
function wav() {
    const file = Buffer.alloc(44 + RATE * SECONDS, 128);
    file.write('RIFF', 0);
    file.writeUInt32LE(file.length - 8, 4);
    file.write('WAVEfmt ', 8);
    [16, 0x10001, RATE, RATE, 0x80001].forEach((value, at) => file.writeUInt32LE(value, 16 + 4 * at));
    file.write('data', 36);
    file.writeUInt32LE(RATE * SECONDS, 40);
    return file;
}

before(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'wm-http-'));
    await writeFile(path.join(folder, 'index.html'), '<!doctype html><title>web</title>');
    await writeFile(path.join(folder, 'media.wav'), wav());
    server = spawn(process.env.WM_WEB_SERVER, ['http://127.0.0.1:0', folder, 'stream_body=1', 'max_body=100000000'], { stdio: ['pipe', 'pipe', 'inherit'] });
    const [line] = await once(readline.createInterface({ input: server.stdout }), 'line');
    url = `${line}/`;
    browser = await launch();
});

after(async () => {
    await browser?.close();
    const ended = once(server, 'close');
    server.stdin.end();
    assert.deepEqual(await ended, [0, null], 'the server ends with exit code 0');
    await rm(folder, { recursive: true });
});

test('an EventSource comes back with the id that it has seen last', async () => {
    const tab = await openTab(browser);
    await tab.goto(url);
    const seen = await tab.evaluate(() => new Promise(resolve => {
        const got = [];
        const source = new EventSource('/events');
        source.addEventListener('step', event => {
            got.push([event.lastEventId, event.data]);
            if (got.length === 9) {
                source.close();
                resolve(got);
            }
        });
    }));
    assert.deepEqual(seen, Array.from({ length: 9 }, (_, i) => [`${i + 1}`, `event ${i + 1}\nits second line`]));
    assert.deepEqual(tab.problems, []);
    await tab.context().close();
});

test('an upload shows its progress, and arrives whole', async () => {
    const tab = await openTab(browser);
    await tab.goto(url);
    const session = await tab.context().newCDPSession(tab);
    await session.send('Network.emulateNetworkConditions', { offline: false, latency: 0, downloadThroughput: -1, uploadThroughput: 16 << 20 });
    const { steps, answer } = await tab.evaluate(() => new Promise((resolve, reject) => {
        const bytes = new Uint8Array(8 << 20).fill(3);
        const request = new XMLHttpRequest();
        let steps = 0;
        request.upload.onprogress = () => { steps++; };
        request.onload = () => resolve({ steps, answer: request.responseText });
        request.onerror = reject;
        request.open('POST', '/upload');
        request.send(bytes);
    }));
    assert.equal(answer, `${8 << 20} ${3 * (8 << 20)}\n`);
    assert.ok(steps > 1, `${steps} steps`);
    await tab.context().close();
});

test('seeking in a media file asks for a range', async () => {
    const tab = await openTab(browser);
    await tab.goto(url);
    const at = await tab.evaluate(seconds => new Promise((resolve, reject) => {
        const audio = new Audio('/media.wav');
        audio.onerror = () => reject(new Error(audio.error.message));
        audio.onloadedmetadata = () => {
            audio.onseeked = () => resolve([audio.duration, audio.currentTime]);
            audio.currentTime = seconds * 3 / 4;
        };
        audio.preload = 'metadata';
        audio.load();
    }), SECONDS);
    assert.deepEqual(at, [SECONDS, SECONDS * 3 / 4]);
    const ranges = (await (await fetch(`${url}ranges`)).text()).split('\n');
    const starts = ranges.map(line => Number(line.match(/^bytes=(\d+)-/)?.[1]));
    assert.ok(starts.some(start => start > RATE * SECONDS / 2), `ranges: ${ranges}`);
    await tab.context().close();
});

test('a page and its socket share a port', async () => {
    const tab = await openTab(browser);
    await tab.goto(url);
    const echoed = await tab.evaluate(() => new Promise((resolve, reject) => {
        const socket = new WebSocket(`ws://${location.host}/socket`);
        socket.onopen = () => socket.send('hello');
        socket.onmessage = event => { resolve(event.data); socket.close(); };
        socket.onerror = reject;
    }));
    assert.equal(echoed, 'hello');
    await tab.context().close();
});

test('the push server has its page, its pushes and its sockets at one address', async () => {
    const port = 20000 + process.pid % 10000;
    const push = await PushServer.start({ websocketPort: port, httpPort: port });
    const tab = await openTab(browser);
    const sockets = [];
    tab.on('websocket', socket => sockets.push(socket.url()));
    await tab.goto(push.url);
    await tab.waitForFunction(() => document.getElementById('state').textContent === 'connected as uid1', null, { timeout: HANG_MS });
    assert.deepEqual(sockets, [`ws://127.0.0.1:${port}/`]);
    await tab.locator('#push').click();
    await tab.waitForFunction(() => document.getElementById('answer').textContent === 'ok', null, { timeout: HANG_MS });
    await tab.waitForFunction(() => /88%/.test(document.getElementById('messages').textContent), null, { timeout: HANG_MS });
    assert.deepEqual(tab.problems, []);
    await tab.context().close();
    assert.equal(await push.stop(), 0);
});
