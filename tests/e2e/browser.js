// The browser of the end-to-end tests.
import { chromium } from 'playwright-core';

/** Headless Chromium (CHROMIUM overrides /usr/bin/chromium) that talks to this machine only. */
export function launch(timeout, args = []) {
    return chromium.launch({
        executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
        headless: true,
        args: ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
            '--disable-component-update', '--disable-sync', '--no-proxy-server', ...args],
        timeout,
    });
}
