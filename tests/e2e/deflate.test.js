// Chromium agrees on permessage-deflate with a push server that compresses: messages both ways, from short to long.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { launch, openTab, serveHtml } from './browser.js';
import { PushServer } from './push-server.js';

let browser;
let site;

before(async () => {
    browser = await launch();
    site = await serveHtml('<!doctype html><title>a page</title>');
});

after(async () => {
    site?.close();
    await browser?.close();
});

for (const mode of ['shared', 'own']) {
    describe(`--deflate ${mode}`, () => {
        let server;

        before(async () => { server = await PushServer.start({ flags: ['--deflate', mode] }); });
        after(async () => assert.equal(await server.stop(), 0, 'wm-serve stops with exit code 0'));

        test('a page gets what is pushed to it', async () => {
            const tab = await openTab(browser);
            await tab.goto(site.url);
            const extensions = await tab.evaluate(port => new Promise((resolve, reject) => {
                window.got = [];
                const socket = new WebSocket(`ws://127.0.0.1:${port}`);
                socket.onopen = () => {
                    socket.send('u'.repeat(200)); // long enough to be compressed
                    resolve(socket.extensions);
                };
                socket.onmessage = event => window.got.push(event.data);
                socket.onclose = event => reject(new Error(`closed with ${event.code} ${event.reason}`));
            }), server.websocketPort);
            assert.match(extensions, /^permessage-deflate/);
            const lines = [0, 1, 100, 1000, 30000, 200000].map(size => JSON.stringify({ uid: 'u'.repeat(200), text: 'as often '.repeat(size / 9) }));
            for (const line of lines)
                while (await server.line(line) !== 'ok');
            await tab.waitForFunction(count => window.got.length >= count, lines.length);
            assert.deepEqual(await tab.evaluate(() => window.got), lines);
        });
    });
}
