// The client's own page and PHP back end, as they are, with a push server of four processes.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { launch, openTab, serveHtml } from './browser.js';
import { PushServer, run } from './push-server.js';

const COUNT = 4;
const TABS = 2 * COUNT;
const PUSHES = 3 * COUNT; // each on a connection of its own, which any process may accept
const ask = name => readFile(fileURLToPath(new URL(name, import.meta.url)), 'utf8');

let browser;
let server;

before(async () => {
    server = await PushServer.start({ flags: ['--count', `${COUNT}`] });
    browser = await launch();
});

after(async () => {
    await browser?.close();
    assert.equal(await server?.stop(), 0, 'wm-serve stops with exit code 0');
});

/** How many pages each of the processes has. */
async function pagesOfProcesses() {
    const status = await run(process.env.WM_SERVE, ['push', 'status', '--json', '--name', server.name]);
    return JSON.parse(status.stdout).processes.filter(row => !row.service).map(row => row.listeners.find(each => each.name === 'pages').connections);
}

test('every push of the PHP back end reaches every page, whichever processes they are with', async () => {
    const site = await serveHtml((await ask('client-page.html')).replace('127.0.0.1:1234', `127.0.0.1:${server.websocketPort}`));
    const code = (await ask('client-backend.php')).replace('127.0.0.1:5678', `127.0.0.1:${server.innerPort}`);
    const tabs = [];
    for (let i = 0; i < TABS; i++) {
        const tab = await openTab(browser);
        const alerts = [];
        tab.on('dialog', dialog => {
            alerts.push(dialog.message());
            dialog.dismiss();
        });
        await tab.goto(site.url);
        tabs.push({ tab, alerts });
    }
    while (await server.line('{"wm":{"cmd":"online","uid":"uid1","reply":"json"}}') !== `ok {"connections":${TABS}}`);
    assert.ok((await pagesOfProcesses()).filter(count => count > 0).length > 1, 'the pages are with several processes');
    for (let i = 0; i < PUSHES; i++)
        assert.deepEqual(await run('php', [], { input: code }), { code: 0, stdout: 'ok\n', stderr: '' });
    for (const { tab, alerts } of tabs) {
        while (alerts.length < PUSHES)
            await tab.waitForTimeout(20);
        assert.equal(alerts.length, PUSHES);
        assert.equal(new Set(alerts).size, 1);
        assert.deepEqual(tab.problems, []);
        await tab.context().close();
    }
    site.close();
});
