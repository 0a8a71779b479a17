// The push page over TLS: it comes by https, and connects by wss.
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { HANG_MS, launch, openTab } from './browser.js';
import { PushServer, run } from './push-server.js';

let browser;
let folder;
let server;

/** A certificate of its own for 127.0.0.1, over the one that is there. */
async function certify() {
    const made = await run('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '30', '-subj', '/CN=push',
        '-addext', 'subjectAltName=IP:127.0.0.1', '-out', path.join(folder, 'cert.pem'), '-keyout', path.join(folder, 'key.pem')]);
    assert.equal(made.code, 0, made.stderr);
}

before(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'wm-tls-'));
    await certify();
    server = await PushServer.start({ flags: ['--tls-cert', path.join(folder, 'cert.pem'), '--tls-key', path.join(folder, 'key.pem')] });
    browser = await launch(['--ignore-certificate-errors']);
});

after(async () => {
    await browser?.close();
    assert.equal(await server?.stop(), 0, 'wm-serve stops with exit code 0');
    await rm(folder, { recursive: true });
});

test('the page of https connects by wss and shows what is pushed to it', async () => {
    const tab = await openTab(browser, { ignoreHTTPSErrors: true });
    const sockets = [];
    tab.on('websocket', socket => sockets.push(socket.url()));
    await tab.goto(server.url);
    await tab.waitForFunction(() => document.getElementById('state').textContent === 'connected as uid1', null, { timeout: HANG_MS });
    assert.match(server.url, /^https:/);
    assert.deepEqual(sockets, [`wss://127.0.0.1:${server.websocketPort}/`]);
    await tab.locator('#push').click();
    await tab.waitForFunction(() => document.getElementById('answer').textContent === 'ok', null, { timeout: HANG_MS });
    await tab.waitForFunction(() => /88%/.test(document.getElementById('messages').textContent), null, { timeout: HANG_MS });
    assert.match(await tab.locator('#own').textContent(), /wss:\/\/127/);
    assert.deepEqual(tab.problems, []);
    await tab.context().close();
});

test('the page comes back after a reload with a new certificate', async () => {
    const tab = await openTab(browser, { ignoreHTTPSErrors: true });
    await tab.goto(server.url);
    const connected = () => tab.waitForFunction(() => document.getElementById('state').textContent === 'connected as uid1', null, { timeout: HANG_MS });
    await connected();
    await certify();
    const closed = tab.waitForEvent('websocket', { timeout: HANG_MS }); // the next one
    assert.equal((await server.reload()).code, 0);
    await closed;
    await connected();
    await tab.context().close();
});
