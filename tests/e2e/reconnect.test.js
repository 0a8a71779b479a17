// What a page does when its connection closes: the page of wm-serve, and the lines of README.md. Its clock stands still until a test moves it.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import { launch, openTab, serveHtml } from './browser.js';
import { PushServer } from './push-server.js';

const LINE = '{"uid":"uid1","percent":"88%"}';
const UID_RULE = 'the first message is the uid: 1 to 255 bytes of text';

let browser;
let server;
let readme;

before(async () => {
    server = await PushServer.start();
    browser = await launch();
    [, readme] = (await readFile(new URL('../../README.md', import.meta.url), 'utf8')).match(/```js\n([^]*?)```/);
    readme = readme.replace("'ws://127.0.0.1:1234'", `'ws://127.0.0.1:${server.websocketPort}'`);
});

after(async () => {
    await browser?.close();
    assert.equal(await server?.stop(), 0, 'wm-serve stops with exit code 0');
});

/** A tab that is shown a page: what its script says of its connection, how often it connects, and what it alerts. */
async function show(url) {
    const tab = await openTab(browser);
    Object.assign(tab, { said: [], pushes: [], connections: () => tab.evaluate(() => window.connections) });
    await tab.exposeFunction('hear', text => tab.said.push(text));
    await tab.exposeFunction('alert', text => tab.pushes.push(text));
    await tab.clock.install();
    await tab.addInitScript(() => {
        Math.random = () => 0.999999; // the longest pauses
        window.connections = 0;
        window.WebSocket = class extends WebSocket { constructor(url) { super(url); window.connections++; } };
        console.log = text => window.hear(text);
        document.addEventListener('DOMContentLoaded', () => {
            const state = document.getElementById('state');
            if (state)
                new MutationObserver(() => window.hear(state.textContent)).observe(state, { childList: true });
        });
    });
    await tab.goto(url);
    return tab;
}

/** Waits until it has said that; all that it has said since the last call. */
async function says(tab, wanted) {
    while (!tab.said.some(text => wanted.test(text)))
        await tab.evaluate(() => 0);
    return tab.said.splice(0);
}

const passes = (tab, seconds) => tab.clock.runFor(seconds * 1000);

async function close(tab) {
    assert.deepEqual(tab.problems, []);
    await tab.context().close();
}

/** More connections of that uid than it may have: 16 go the oldest way out. */
async function replace(uid) {
    const tab = await openTab(browser);
    await tab.goto(server.url);
    await tab.evaluate(async ([port, name]) => {
        for (let i = 0; i < 16; i++)
            await new Promise(done => {
                const ws = new WebSocket(`ws://127.0.0.1:${port}`);
                ws.onopen = () => { ws.send(name); done(); };
            });
    }, [server.websocketPort, uid]);
    return tab;
}

async function snippet() {
    const site = await serveHtml(`<!doctype html><meta charset="utf-8"><script>${readme}</script>`);
    const tab = await show(site.url);
    site.close();
    return tab;
}

const pages = { 'the page of wm-serve': () => show(server.url), 'a page with the lines of README.md': snippet };
for (const [name, open] of Object.entries(pages)) {
    test(`${name} says why the server refuses it, and stays away`, async () => {
        const tab = await open();
        await says(tab, /^connected as uid1$/);
        const others = await replace('uid1');
        assert.deepEqual(await says(tab, /^closed/), ['closed (1008, replaced)']);
        await passes(tab, 600);
        assert.equal(await tab.connections(), 1);
        await others.context().close();
        await close(tab);
    });

    test(`${name} is back within a second of a reload`, async () => {
        const tab = await open();
        await says(tab, /^connected/);
        const reload = server.reload();
        assert.deepEqual(await says(tab, /^closed/), ['closed (1012), next try in 1.0 s']);
        assert.equal((await reload).code, 0);
        await passes(tab, 1);
        await says(tab, /^connected/);
        assert.equal(await tab.connections(), 2);
        await close(tab);
    });
}

test('the lines of README.md alert what is pushed', async () => {
    const tab = await snippet();
    await says(tab, /^connected/);
    while (tab.pushes.length === 0)
        await server.line(LINE);
    assert.equal(tab.pushes[0], LINE);
    await close(tab);
});

test('a uid that is no uid is refused once', async () => {
    const tab = await show(`${server.url}?uid=${'x'.repeat(300)}`);
    assert.equal((await says(tab, /^closed/)).at(-1), `closed (1008, ${UID_RULE})`);
    await passes(tab, 600);
    assert.equal(await tab.connections(), 1);
    await close(tab);
});

test('a page that loses its server tries again after longer and longer pauses, and comes back', async () => {
    const first = await PushServer.start();
    const tab = await show(first.url);
    await says(tab, /^connected/);
    assert.equal(await first.stop(), 0);
    const pauses = [];
    for (let tries = 0; tries < 7; tries++) {
        const said = (await says(tab, /^closed/)).at(-1);
        assert.match(said, pauses.length ? /^closed \(1006\), / : /^closed \(1001\), /);
        pauses.push(Number(said.match(/next try in ([\d.]+) s$/)[1]));
        await passes(tab, pauses.at(-1));
    }
    assert.deepEqual(pauses, [1, 2, 4, 8, 16, 30, 30]);
    await says(tab, /^closed/);
    assert.equal(await tab.connections(), 8);
    const second = await PushServer.start(first);
    await passes(tab, 30);
    await says(tab, /^connected/);
    while (await second.line(LINE) !== 'ok'); // the server has only now read the uid
    await tab.waitForFunction(line => document.getElementById('messages').textContent === line, LINE);
    assert.equal(await second.stop(), 0);
    assert.equal((await says(tab, /^closed/)).at(-1), 'closed (1001), next try in 1.0 s');
    await close(tab);
});
