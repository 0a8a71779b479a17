// Tabs of Chromium for test_page.py. A line on standard input is a command, a JSON object; each is answered by one line:
//
//   {"do": "open", "tab": NAME, "script": TEXT}   a tab, new or the one of that name anew, with a page whose only script is TEXT
//   {"do": "which", "text": TEXT}                 the tab that alerts TEXT, or has alerted it
//   {"do": "disconnected", "tab": NAME}           what the tab has alerted, once its websocket is closed and all that came is alerted
//   {"do": "close"}                               closes all tabs
import { once } from 'node:events';
import http from 'node:http';
import readline from 'node:readline';
import { HANG_MS, launch } from '../../../../tests/e2e/browser.js';

const tabs = new Map();
let page = '';
let notify = () => {};

/** Waits until condition() gives something, which it looks at after each event of a tab. */
async function until(condition, what) {
    const deadline = Date.now() + HANG_MS;
    for (;;) {
        const found = condition();
        if (found)
            return found;
        let timer;
        await new Promise((resolve, reject) => {
            notify = resolve;
            timer = setTimeout(() => reject(new Error(`waited in vain: ${what}`)), deadline - Date.now());
        }).finally(() => clearTimeout(timer));
    }
}

const site = http.createServer((request, response) => {
    response.setHeader('Content-Type', 'text/html;charset=utf-8');
    response.end(request.url === '/' ? `<!doctype html><script>\n${page}</script>` : '');
});
site.listen(0, '127.0.0.1');
await once(site, 'listening');
const browser = await launch();

async function newTab() {
    const tab = { alerts: [], frames: 0, sockets: new Set() };
    tab.view = await browser.newPage();
    tab.view.on('dialog', async dialog => {
        tab.alerts.push(dialog.message());
        await dialog.dismiss();
        notify();
    });
    tab.view.on('websocket', socket => {
        tab.sockets.add(socket);
        socket.on('framereceived', () => { tab.frames++; });
        socket.on('close', () => { tab.sockets.delete(socket); notify(); });
    });
    return tab;
}

const commands = {
    async open({ tab: name, script }) {
        page = script;
        if (!tabs.has(name))
            tabs.set(name, await newTab());
        await tabs.get(name).view.goto(`http://127.0.0.1:${site.address().port}/`);
        return null;
    },
    which({ text }) {
        return until(() => [...tabs.keys()].find(name => tabs.get(name).alerts.includes(text)), `no tab alerts ${text}`);
    },
    async disconnected({ tab: name }) {
        const tab = tabs.get(name);
        await until(() => tab.sockets.size === 0 && tab.alerts.length === tab.frames, `the end of the websocket of ${name}`);
        return tab.alerts;
    },
    async close() {
        await Promise.all([...tabs.values()].map(tab => tab.view.close()));
        tabs.clear();
        return null;
    },
};

for await (const line of readline.createInterface({ input: process.stdin })) {
    const command = JSON.parse(line);
    const answer = await commands[command.do](command).then(value => ({ value }), error => ({ error: String(error) }));
    process.stdout.write(`${JSON.stringify(answer)}\n`);
}
await browser.close();
site.close();
