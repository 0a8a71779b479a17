#!/usr/bin/env node
// Takes the pictures of the README: starts wm-serve push on free ports, pushes, and has Chromium look at the page.
//
//   npm install --prefix FOLDER playwright-core
//   NODE_PATH=FOLDER/node_modules docs/images/take.js BUILD_DIR
'use strict';
const { execFileSync, spawn } = require('child_process');
const path = require('path');
const { chromium } = require('playwright-core');

const bin = path.join(process.argv[2] || 'build/dev', 'bin');
const pictures = [
    { name: 'push.png', width: 960, height: 568 },
    { name: 'push-phone.png', width: 390, height: 668 },
];

// The addresses that the server prints: "  page    http://127.0.0.1:40123/".
function start() {
    const server = spawn(path.join(bin, 'wm-serve'), ['push', '--listen', 'websocket://127.0.0.1:0', '--inner', 'text://127.0.0.1:0',
        '--http', 'http://127.0.0.1:0'], { stdio: ['ignore', 'pipe', 'inherit'] });
    return new Promise((resolve, reject) => {
        let said = '';
        server.on('exit', status => reject(new Error('wm-serve ended with ' + status)));
        server.stdout.on('data', data => {
            said += data;
            const found = /page +(\S+)[^]*inner +text:\/\/(\S+)\n/.exec(said);
            if (found)
                resolve({ server, page: found[1], inner: found[2] });
        });
    });
}

async function take(browser, { page: url, inner }, { name, width, height }) {
    const push = body => execFileSync(path.join(bin, 'wm-push'), ['--server', inner, 'uid1', body]);
    const page = await browser.newPage({ viewport: { width, height }, deviceScaleFactor: 2 });
    await page.goto(url);
    await page.waitForSelector('#state.open');
    for (const body of ['{"percent":"12%"}', '{"percent":"47%"}', '{"percent":"88%"}', '{"order":20417,"state":"paid"}'])
        push(body);
    await page.waitForFunction(() => document.querySelectorAll('#messages li').length === 4);
    await page.click('#push');
    await page.waitForFunction(() => document.querySelectorAll('#messages li').length === 5 && document.querySelector('#answer').textContent === 'ok');
    await page.screenshot({ path: path.join(__dirname, name) });
    await page.close();
}

(async () => {
    const running = await start();
    const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] });
    try {
        for (const picture of pictures)
            await take(browser, running, picture);
    } finally {
        await browser.close();
        running.server.removeAllListeners('exit');
        running.server.kill();
    }
})();
