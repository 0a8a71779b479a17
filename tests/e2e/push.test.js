// The push server end to end: a page in a browser registers its uid, a back end pushes, the page shows it.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { HANG_MS, launch, openTab, serveHtml, showInFirefox } from './browser.js';
import { PushServer, Relay, run } from './push-server.js';

const LINE = '{"uid":"uid1","percent":"88%"}';
const here = name => fileURLToPath(new URL(name, import.meta.url));

let browser;
let server;
let probes = 0;

before(async () => {
    server = await PushServer.start();
    // evil.example stands for a name whose owner points it at this machine (DNS rebinding).
    browser = await launch(['--host-resolver-rules=MAP *evil.example 127.0.0.1']);
});

after(async () => {
    await browser?.close();
    assert.equal(await server?.stop(), 0, 'wm-serve stops with exit code 0');
});

const newTab = options => openTab(browser, options);
const shown = tab => tab.locator('#messages > *');

/** Waits until the try-it page shows that text as a message. */
async function shows(tab, text) {
    await tab.waitForFunction(
        wanted => [...document.getElementById('messages').children].some(item => item.textContent === wanted), text, { timeout: HANG_MS });
}

/**
 * Waits until the server has read the tab's uid, which the tab itself cannot know: pushes until one arrives there. Several tabs
 * of one uid each get their own turn.
 */
async function registered(tab, uid) {
    for (;;) {
        const text = `{"uid":"${uid}","probe":${++probes}}`;
        const answer = await server.line(text);
        if (answer === 'ok' && (await shown(tab).count()) > 0)
            return;
    }
}

/** Waits until the server has seen the last page of that uid go. */
async function nobodyIs(uid) {
    while ((await server.line(`{"uid":"${uid}"}`)) !== 'fail');
}

/** Pushes until a page takes it: exactly one arrives. */
async function pushOnce(line) {
    while ((await server.line(line)) !== 'ok');
}

async function openTryIt(uid = 'uid1', options) {
    const tab = await newTab(options);
    await tab.goto(server.url + (uid === 'uid1' ? '' : `?uid=${encodeURIComponent(uid)}`));
    await registered(tab, uid);
    return tab;
}

describe('the page shows 88% after', () => {
    let tab;
    let count = 0;
    before(async () => { tab = await openTryIt(); });
    after(async () => {
        assert.deepEqual(tab.problems, []);
        await tab.context().close();
    });

    /** The page shows the line once more than before. */
    async function arrives() {
        const wanted = ++count;
        await tab.waitForFunction(
            ([line, times]) => [...document.getElementById('messages').children].filter(item => item.textContent === line).length === times,
            [LINE, wanted], { timeout: HANG_MS });
        assert.match(await shown(tab).first().textContent(), /88%/);
    }

    test('wm-push with a JSON object', async () => {
        assert.deepEqual(await server.wmPush('uid1', '{"percent":"88%"}'), { code: 0, stdout: 'ok\n', stderr: '' });
        await arrives();
    });

    test('wm-push with angle brackets', async () => {
        assert.deepEqual(await server.wmPush('uid1', '<"percent":"88%">'), { code: 0, stdout: 'ok\n', stderr: '' });
        await arrives();
    });

    test('curl to POST /push', async () => {
        const done = await server.curl('-d', LINE);
        assert.deepEqual(done, { code: 0, stdout: 'ok\n', stderr: '' });
        await arrives();
    });

    test('printf and nc to the inner port', async () => {
        // nc without -N stays until the server closes, so it is ended once it has printed the answer.
        const command = `printf '%s\\n' '${LINE}' | exec nc 127.0.0.1 ${server.innerPort}`;
        const shell = spawn('sh', ['-c', command], { stdio: ['ignore', 'pipe', 'inherit'], detached: true });
        const [answer] = await once(shell.stdout.setEncoding('utf8'), 'data');
        process.kill(-shell.pid);
        await once(shell, 'close');
        assert.equal(answer, 'ok\n');
        await arrives();
    });

    test('printf and nc -N to the inner port', async () => {
        const done = await run('sh', ['-c', `printf '%s\\n' '${LINE}' | nc -N 127.0.0.1 ${server.innerPort}`]);
        assert.deepEqual(done, { code: 0, stdout: 'ok\n', stderr: '' });
        await arrives();
    });

    test("the client's own PHP back end", async () => {
        const code = (await readFile(here('client-backend.php'), 'utf8')).replace('127.0.0.1:5678', `127.0.0.1:${server.innerPort}`);
        const done = await run('php', [], { input: code });
        assert.deepEqual(done, { code: 0, stdout: 'ok\n', stderr: '' });
        await arrives();
    });
});

describe("the client's own page", () => {
    test('alerts what was pushed', async () => {
        const html = (await readFile(here('client-page.html'), 'utf8')).replace('127.0.0.1:1234', `127.0.0.1:${server.websocketPort}`);
        const site = await serveHtml(html);
        const tab = await newTab();
        await nobodyIs('uid1');
        const alerted = tab.waitForEvent('dialog');
        await tab.goto(site.url);
        await pushOnce(LINE);
        const dialog = await alerted;
        assert.equal(dialog.message(), LINE);
        await dialog.dismiss();
        await tab.context().close();
        site.close();
    });

    const lines = [
        '{"uid":"own","id":12345678901234567890}',
        '{"uid":"own","price":1.50,"path":"a\\/b","e":1E+2,"zero":-0}',
        '{"uid":"own","text":"κόσμε 再見 🎉","escaped":"\\u518d\\u898b \\ud83c\\udf89 \\u0000 \\" \\\\"}',
        ' { "uid" : "own" ,  "spaces" : [ 1 , 2 ] } ',
        '{"a":1,"uid":"own","a":2,"<b>":"</script>&amp;"}',
        `{"uid":"own","long":"${'0123456789'.repeat(20000)}"}`,
    ];

    test('gets each line byte for byte', async () => {
        // The same few lines of JavaScript; what arrives is written to the document.
        const html = `<!doctype html><meta charset="utf-8"><body><script>
            var ws = new WebSocket('ws://127.0.0.1:${server.websocketPort}');
            ws.onopen = function(){ ws.send('own'); };
            ws.onmessage = function(e){
                var out = document.createElement('pre');
                out.textContent = e.data;
                document.body.appendChild(out);
            };
        </script>`;
        const site = await serveHtml(html);
        const tab = await newTab();
        await tab.goto(site.url);
        const out = tab.locator('pre');
        while ((await out.count()) === 0)
            await server.line('{"uid":"own","probe":0}');
        for (const line of lines) {
            assert.equal(await server.line(line), 'ok');
            await tab.waitForFunction(wanted => document.body.lastElementChild.textContent === wanted, line, { timeout: HANG_MS });
        }
        assert.deepEqual(tab.problems, []);
        await tab.context().close();
        site.close();
    });
});

describe('tabs', () => {
    test('two with one uid both get it, and closing the older leaves the newer reachable', async () => {
        const older = await openTryIt('tabs');
        const newer = await openTryIt('tabs');
        assert.equal((await server.wmPush('tabs', '{"n":1}')).stdout, 'ok\n');
        await shows(older, '{"uid":"tabs","n":1}');
        await shows(newer, '{"uid":"tabs","n":1}');
        await older.context().close();
        // The server sees the older one go somewhere among these.
        for (let n = 2; n < 20; n++) {
            assert.equal(await server.line(`{"uid":"tabs","n":${n}}`), 'ok');
            await shows(newer, `{"uid":"tabs","n":${n}}`);
        }
        await newer.context().close();
    });

    test('a push to a uid without a tab fails', async () => {
        assert.deepEqual(await server.wmPush('nobody', '{"percent":"88%"}'), { code: 1, stdout: 'fail\n', stderr: '' });
        assert.equal(await server.line('{"uid":"nobody"}'), 'fail');
        const done = await server.curl('-d', '{"uid":"nobody"}', '--write-out', '%{http_code}');
        assert.equal(done.stdout, 'fail\n404');
    });

    test('broadcast reaches every tab', async () => {
        const tabs = [await openTryIt('one'), await openTryIt('two')];
        assert.equal((await server.wmPush('--all', '{"to":"all"}')).stdout, 'ok\n');
        for (const tab of tabs) {
            await shows(tab, '{"to":"all"}');
            await tab.context().close();
        }
    });
});

describe('the lines to copy', () => {
    const hostile = ["x'; touch pwned; '", "\\'; touch pwned; #", '\\', '=ls', '%1', '!!', '~', '$(touch pwned)', '`touch pwned`', '-x', '--server=evil', 'a b\\', '"><script>', '國 \u2028'];

    for (const uid of hostile) {
        test(`push to ${JSON.stringify(uid)} and to nobody else`, async t => {
            const directory = await mkdtemp(path.join(os.tmpdir(), 'wm-lines-'));
            t.after(() => rm(directory, { recursive: true }));
            // Programs that print their arguments stand for those of the lines.
            for (const name of ['wm-push', 'curl'])
                await writeFile(path.join(directory, name), '#!/bin/sh\nfor word; do printf "%s\\0" "$word"; done\nprintf "\\n\\0"\n', { mode: 0o755 });
            const tab = await newTab();
            await tab.goto(`${server.url}?uid=${encodeURIComponent(uid)}`);
            const lines = await tab.locator('#shell').textContent();
            const own = await tab.locator('#own').textContent();
            await tab.context().close();
            const done = await run('sh', ['-c', `cd '${directory}'; ${lines}`], { env: { PATH: `${directory}:${process.env.PATH}` } });
            assert.equal(done.stderr, '');
            const [pushed, curled] = done.stdout.split('\n\0').map(text => text.split('\0'));
            assert.ok(pushed.includes(uid) && (!uid.startsWith('-') || pushed[pushed.indexOf(uid) - 1] === '--'), lines);
            assert.equal(JSON.parse(curled[curled.indexOf('-d') + 1]).uid, uid);
            assert.deepEqual((await readdir(directory)).sort(), ['curl', 'wm-push']);
            let sent;
            let made;
            class WebSocket { constructor() { made = this; } send(text) { sent = text; } }
            new Function('WebSocket', 'alert', 'console', own)(WebSocket, () => {}, { log() {} });
            made.onopen();
            assert.equal(sent, uid);
            assert.ok(!own.includes('<'));
        });
    }

    test('quote the name of the page, too', async t => {
        const everywhere = await PushServer.start({ pagesHost: '0.0.0.0' }); // the page connects to the host that it came from
        t.after(() => everywhere.stop());
        const tab = await newTab();
        await tab.goto(`http://$(pwned);pwned&'.evil.example:${everywhere.httpPort}/`);
        const host = new URL(tab.url()).host;
        const lines = await tab.locator('#shell').textContent();
        const done = await run('sh', ['-c', `curl() { printf '%s' "$3"; }; ${lines.split('\n')[1]}`]);
        const own = await tab.locator('#own').textContent();
        await tab.context().close();
        assert.deepEqual(done, { code: 0, stdout: `http://${host}/push`, stderr: '' });
        let given;
        new Function('WebSocket', 'alert', own)(class { constructor(url) { given = url; } }, () => {});
        assert.equal(given, `ws://${host.replace(/:.*/, '')}:${everywhere.websocketPort}`);
    });

    test('have no backslash inside quotes, where shells differ', async () => {
        const tab = await newTab();
        await tab.goto(`${server.url}?uid=${encodeURIComponent("a\\'b")}`);
        const lines = await tab.locator('#shell').textContent();
        await tab.context().close();
        assert.doesNotMatch(lines.replace(/\\./g, ' ').replace(/'[^']*'/g, quoted => { assert.doesNotMatch(quoted, /\\/); return ''; }), /'/);
    });

    test('are not shown for a uid that a terminal may obey', async () => {
        const tab = await newTab();
        await tab.goto(`${server.url}?uid=${encodeURIComponent('a\u001b]0;x\u0007\nid')}`);
        assert.match(await tab.locator('#shell').textContent(), /^This uid has control characters/);
        await tab.context().close();
    });
});

describe('access control', () => {
    const attack = body => fetch(body.url, { method: 'POST', mode: body.mode, body: body.line }).then(r => r.status, error => String(error));

    test("the page's own push box", async () => {
        const tab = await openTryIt('box');
        assert.equal(await tab.locator('#uid').inputValue(), 'box');
        await tab.locator('#body').fill('{"percent":"88%", "id":12345678901234567890, "price":1.50}');
        await tab.locator('#push').click();
        await shows(tab, '{"uid":"box","percent":"88%", "id":12345678901234567890, "price":1.50}');
        await tab.waitForFunction(() => document.getElementById('answer').textContent === 'ok');
        await tab.locator('#uid').fill('nobody');
        await tab.locator('#push').click();
        await tab.waitForFunction(() => document.getElementById('answer').textContent === 'fail');
        assert.deepEqual(tab.problems, []);
        await tab.context().close();
    });

    test("the page's own push box: a list, a group, online and kick", async () => {
        const tab = await openTryIt('box2');
        const other = await openTryIt('box3');
        const send = async (verb, fields, expected) => {
            await tab.locator('#verb').selectOption(verb);
            for (const [id, text] of Object.entries(fields))
                await tab.locator(`#${id}`).fill(text);
            await tab.locator('#push').click();
            await tab.waitForFunction(wanted => document.getElementById('answer').textContent === wanted, expected, { timeout: HANG_MS });
        };
        await send('push', { uid: '["box2","box3"]', body: '{"n":"$&"}' }, 'ok');
        await Promise.all([tab, other].map(each => shows(each, '{"uid":["box2","box3"],"n":"$&"}')));
        await send('join', { group: 'room' }, '{"connections":2,"uids":{"box2":{"connections":1},"box3":{"connections":1}}}');
        await send('group', { except: 'box3', body: '[1.50]' }, 'ok');
        await shows(tab, '[1.50]');
        await send('leave', { uid: 'box2' }, '{"connections":1}');
        await send('group', { except: '', body: '[2]' }, 'ok');
        await shows(other, '[2]');
        await send('online', { uid: 'box3' }, '{"connections":1}');
        await send('kick', { code: 'x' }, '{"why":"bad","detail":"the code must be an integer: 1000 to 1003, 1007 to 1014, or 3000 to 4999, at byte 40"}');
        await send('kick', { code: '1008', reason: 'signed out' }, '{"connections":1}');
        await other.waitForFunction(() => document.getElementById('state').textContent === 'closed (1008, signed out)', null, { timeout: HANG_MS });
        await send('broadcast', { body: '"to all"' }, 'ok');
        await shows(tab, '"to all"');
        assert.deepEqual((await shown(tab).allTextContents()).slice(0, 3), ['"to all"', '[1.50]', '{"uid":["box2","box3"],"n":"$&"}']);
        assert.deepEqual([...tab.problems, ...other.problems].filter(problem => !/400/.test(problem)), []);
        await Promise.all([tab, other].map(each => each.context().close()));
    });

    test('not a page of another origin', async () => {
        const victim = await openTryIt('victim');
        const site = await serveHtml('<!doctype html><title>evil</title>');
        const tab = await newTab();
        await tab.goto(site.url);
        const line = '{"uid":"victim","evil":1}';
        const url = `${server.url}push`;
        // A simple request needs no preflight: it is sent, and only the answer is kept from the page.
        const answer = tab.waitForResponse(url);
        await tab.evaluate(attack, { url, mode: 'no-cors', line });
        assert.equal((await answer).status(), 403);
        assert.match(String(await tab.evaluate(attack, { url, mode: 'cors', line })), /TypeError/);
        await stillUntouched(victim);
        await tab.context().close();
        site.close();
    });

    test('not a page whose name was pointed here', async () => {
        const victim = await openTryIt('victim');
        const tab = await newTab();
        // Its script runs in a page that is, for the browser, of this server's own origin.
        await tab.goto(`http://evil.example:${server.httpPort}/`);
        const status = await tab.evaluate(attack, { url: '/push', mode: 'same-origin', line: '{"uid":"victim","evil":2}' });
        assert.equal(status, 403);
        await stillUntouched(victim);
        await tab.context().close();
    });

    test('not a foreign Host, but curl', async () => {
        const foreign = await server.curl('-d', LINE, '-H', 'Host: evil.example', '--output', '/dev/null', '--write-out', '%{http_code}');
        assert.equal(foreign.stdout, '403');
        const own = await server.curl('-d', '{"uid":"nobody"}', '--write-out', '%{http_code}');
        assert.equal(own.stdout, 'fail\n404');
    });

    const ways = ['fetch', 'beacon', 'xhr', 'form', 'parts', 'preflight', 'socket', 'tls'];
    const attackers = {
        Chromium: async url => {
            const tab = await newTab();
            await tab.goto(url);
            return () => tab.context().close();
        },
        Firefox: showInFirefox,
    };
    for (const [name, show] of Object.entries(attackers)) {
        test(`not a page in ${name} that speaks to the line port`, async () => {
            const victim = await openTryIt('victim');
            const relay = new Relay(server.innerPort);
            const html = await readFile(here('attack-page.html'), 'utf8');
            const site = await serveHtml(html.replaceAll('@TARGET@', await relay.listen()).replace('@LONG@', String(1.1 * 2 ** 20 | 0)));
            const end = await show(site.url);
            try {
                assert.deepEqual(await relay.answersTo(ways), Object.fromEntries(ways.map(way => [way, ''])));
                if (name === 'Chromium') // Firefox makes no URL of a mebibyte; the answer to that line is lost when the browser ends first
                    assert.match((await relay.answersTo(['long'])).long, /^(fail\n)?$/);
            } finally {
                await end();
                relay.close();
                site.close();
            }
            await stillUntouched(victim);
        });
    }

    /** Nothing of an attack arrived: what is pushed now is the only thing new. */
    async function stillUntouched(victim) {
        assert.equal(await server.line('{"uid":"victim","good":1}'), 'ok');
        await shows(victim, '{"uid":"victim","good":1}');
        for (const text of await shown(victim).allTextContents())
            assert.doesNotMatch(text, /evil/);
        await victim.context().close();
    }
});

describe('how the page looks', () => {
    const sizes = { phone: { width: 390, height: 844 }, desktop: { width: 1280, height: 800 } };
    for (const [name, viewport] of Object.entries(sizes)) {
        test(`on a ${name} nothing is cut off`, async () => {
            await nobodyIs('uid1');
            const tab = await newTab({ viewport, deviceScaleFactor: 2 });
            await tab.goto(server.url);
            await pushOnce(LINE);
            await shows(tab, LINE);
            const width = await tab.evaluate(() => document.documentElement.scrollWidth);
            assert.ok(width <= viewport.width, `${width} px wide`);
            for (const id of ['state', 'messages', 'uid', 'body', 'push']) {
                const box = await tab.locator(`#${id}`).boundingBox();
                assert.ok(box.width > 0 && box.x >= 0 && box.x + box.width <= viewport.width, `#${id} at ${JSON.stringify(box)}`);
            }
            const picture = await tab.screenshot({ fullPage: false });
            assert.ok(picture.length > 5000, 'the screenshot shows something');
            if (process.env.WM_SCREENSHOT_DIR) {
                await mkdir(process.env.WM_SCREENSHOT_DIR, { recursive: true });
                await writeFile(path.join(process.env.WM_SCREENSHOT_DIR, `push-${name}.png`), picture);
            }
            assert.deepEqual(tab.problems, []);
            await tab.context().close();
        });
    }
});
