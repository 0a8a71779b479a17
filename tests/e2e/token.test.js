// The push page of a server that asks for tokens, and of one that asks for the secret of back ends.
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { HANG_MS, launch, openTab } from './browser.js';
import { PushServer, run } from './push-server.js';

const SECRET = 'a secret of at least 32 bytes for HS256';

let browser;
let folder;
let server;

function token(claims) {
    const part = value => Buffer.from(JSON.stringify(value)).toString('base64url');
    const text = `${part({ alg: 'HS256' })}.${part(claims)}`;
    return `${text}.${createHmac('sha256', SECRET).update(text).digest('base64url')}`;
}

before(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'wm-token-'));
    await writeFile(path.join(folder, 'key'), `${SECRET}\n`, { mode: 0o600 });
    server = await PushServer.start({ flags: ['--auth', 'jwt', '--jwt-key', path.join(folder, 'key')] });
    browser = await launch();
});

after(async () => {
    await browser?.close();
    assert.equal(await server?.stop(), 0, 'wm-serve stops with exit code 0');
    await rm(folder, { recursive: true });
});

test('the page connects with a token that is right, after one that is not', async () => {
    const tab = await openTab(browser);
    const says = text => tab.waitForFunction(wanted => document.getElementById('state').textContent === wanted, text, { timeout: HANG_MS });
    await tab.goto(server.url);
    await says('not connected: a token is needed');
    await tab.fill('#token', 'uid1');
    await tab.locator('#connect').click();
    await says('closed (4401, token refused: it is not a JWT: three parts in base64url with two dots)');
    await tab.fill('#token', token({ sub: 'ann', exp: Math.floor(Date.now() / 1000) + 600 }));
    await tab.locator('#connect').click();
    await says('connected');
    await tab.fill('#uid', 'ann');
    while (await server.line('{"uid":"ann","registered":true}') !== 'ok');
    await tab.locator('#push').click();
    await tab.waitForFunction(() => /88%/.test(document.getElementById('messages').textContent), null, { timeout: HANG_MS });
    assert.match(await tab.locator('#own').textContent(), /, token, alert, console\.log\);$/);
    assert.deepEqual(tab.problems, []);
    await tab.context().close();
});

test('the page asks for a ticket, and connects with it', async () => {
    const ticketed = await PushServer.start({ flags: ['--auth', 'ticket'] });
    const tab = await openTab(browser);
    const says = text => tab.waitForFunction(wanted => document.getElementById('state').textContent === wanted, text, { timeout: HANG_MS });
    await tab.goto(ticketed.url);
    await says('not connected: a ticket is needed');
    await tab.fill('#token', 'uid1');
    await tab.locator('#connect').click();
    await says('closed (4401, ticket refused)');
    await tab.fill('#token', '');
    await tab.locator('#connect').click();
    await says('connected');
    while (await ticketed.line('{"uid":"uid1","registered":true}') !== 'ok');
    await tab.locator('#push').click();
    await tab.waitForFunction(() => /88%/.test(document.getElementById('messages').textContent), null, { timeout: HANG_MS });
    assert.match(await tab.locator('#own').textContent(), /, ticket, alert, console\.log\);$/);
    assert.deepEqual(tab.problems, []);
    await tab.context().close();
    assert.equal(await ticketed.stop(), 0);
});

test('the page pushes with the secret, and not without it', async () => {
    await writeFile(path.join(folder, 'secret'), `${SECRET.replaceAll(' ', '-')}\n`, { mode: 0o600 });
    const guarded = await PushServer.start({ flags: ['--inner-secret-file', path.join(folder, 'secret')] });
    const tab = await openTab(browser);
    const answers = text => tab.waitForFunction(wanted => document.getElementById('answer').textContent === wanted, text, { timeout: HANG_MS });
    await tab.goto(guarded.url);
    await tab.waitForFunction(() => document.getElementById('state').textContent === 'connected as uid1', null, { timeout: HANG_MS });
    await tab.locator('#push').click();
    await answers('401: POST /push needs Authorization: Bearer and the secret of --inner-secret-file');
    await tab.fill('#secret', SECRET.replaceAll(' ', '-'));
    await tab.locator('#push').click();
    await answers('ok');
    const [push, curl] = (await tab.locator('#shell').textContent()).split('\n');
    for (const line of [push, curl]) {
        const command = line.replaceAll('FILE', path.join(folder, 'secret')).replace(/^wm-push/, process.env.WM_PUSH);
        assert.equal((await run('bash', ['-c', command])).stdout, 'ok\n', line);
    }
    assert.deepEqual(tab.problems, []);
    await tab.context().close();
    assert.equal(await guarded.stop(), 0);
});
