// The browsers of the end-to-end tests.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import http from 'node:http';
import os from 'node:os';
import path from 'node:path';
import { chromium } from 'playwright-core';

/** A step that takes longer hangs. */
export const HANG_MS = 30000;

/** Headless Chromium (CHROMIUM overrides /usr/bin/chromium) that talks to this machine only. */
export function launch(args = []) {
    return chromium.launch({
        executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
        headless: true,
        args: ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
            '--disable-component-update', '--disable-sync', '--no-proxy-server', ...args],
        timeout: HANG_MS,
    });
}

/** A tab with storage of its own. */
export async function openTab(browser, options = {}) {
    const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options });
    const tab = await context.newPage();
    tab.setDefaultTimeout(HANG_MS);
    tab.problems = [];
    tab.on('pageerror', error => tab.problems.push(String(error)));
    return tab;
}

/** A page of the client's own, on an origin of its own. */
export async function serveHtml(html) {
    const site = http.createServer((request, response) => {
        response.setHeader('Content-Type', 'text/html;charset=utf-8');
        response.end(html);
    });
    site.listen(0, '127.0.0.1');
    await once(site, 'listening');
    return { url: `http://127.0.0.1:${site.address().port}/`, close: () => site.close() };
}

/** Shows a page in headless Firefox (FIREFOX overrides /usr/bin/firefox-esr), which no test can drive; returns what ends it. */
export async function showInFirefox(url) {
    const home = await mkdtemp(path.join(os.tmpdir(), 'wm-firefox-'));
    const off = ['app.normandy.enabled', 'app.update.enabled', 'browser.aboutwelcome.enabled', 'browser.safebrowsing.update.enabled',
        'datareporting.policy.dataSubmissionEnabled', 'extensions.update.enabled', 'network.captive-portal-service.enabled',
        'network.connectivity-service.enabled', 'toolkit.telemetry.enabled'];
    // It talks to this machine only: every other name is asked of a proxy that is not there.
    const settings = [...off.map(name => [name, false]), ['network.proxy.type', 1], ['network.proxy.http', '127.0.0.1'], ['network.proxy.http_port', 9],
        ['network.proxy.ssl', '127.0.0.1'], ['network.proxy.ssl_port', 9], ['services.settings.server', 'http://127.0.0.1:9']];
    await writeFile(path.join(home, 'user.js'), settings.map(([name, value]) => `user_pref("${name}", ${JSON.stringify(value)});\n`).join(''));
    const program = process.env.FIREFOX ?? '/usr/bin/firefox-esr';
    const child = spawn(program, ['--headless', '--no-remote', '--profile', home, url], { env: { ...process.env, HOME: home }, stdio: 'ignore' });
    const ended = once(child, 'close');
    return async () => {
        child.kill('SIGTERM');
        await ended;
        await rm(home, { recursive: true, maxRetries: 10 });
    };
}
