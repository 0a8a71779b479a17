// The server under test as a child process, and the ways in which back ends push to it.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import net from 'node:net';
import readline from 'node:readline';

const environment = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('WM_')));

/** Runs a program to its end: { code, stdout, stderr }. */
export async function run(program, args, { input = '', env = {} } = {}) {
    const child = spawn(program, args, { env: { ...environment, ...env }, stdio: ['pipe', 'pipe', 'pipe'] });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', data => { stdout += data; });
    child.stderr.setEncoding('utf8').on('data', data => { stderr += data; });
    child.stdin.on('error', () => {}); // it may end without reading
    child.stdin.end(input);
    const [code, signal] = await once(child, 'close');
    return { code: code ?? signal, stdout, stderr };
}

let started = 0;

export class PushServer {
    /** Starts `wm-serve push`, by default on free ports, and waits until it prints its addresses. */
    static async start({ pagesHost = '127.0.0.1', websocketPort = 0, innerPort = 0, httpPort = 0, flags = [] } = {}) {
        const name = `e2e-${process.pid}-${++started}`;
        const args = ['push', '--listen', `websocket://${pagesHost}:${websocketPort}`, '--inner', `text://127.0.0.1:${innerPort}`,
            '--http', `http://127.0.0.1:${httpPort}`, '--name', name, ...flags];
        const child = spawn(process.env.WM_SERVE, args, { env: environment, stdio: ['ignore', 'pipe', 'inherit'] });
        const addresses = {};
        for await (const line of readline.createInterface({ input: child.stdout })) {
            const found = line.match(/\b(http|ws|text)(s?):\/\/127\.0\.0\.1:(\d+)/);
            if (found)
                addresses[found[1]] ??= Number(found[3]);
            if (found?.[2])
                addresses.tls = true;
            if (addresses.http && addresses.ws && addresses.text)
                return new PushServer(child, name, addresses);
        }
        throw new Error('wm-serve ended before it said where it listens');
    }

    constructor(child, name, addresses) {
        this.child = child;
        this.name = name;
        this.httpPort = addresses.http;
        this.websocketPort = addresses.ws;
        this.innerPort = addresses.text;
        this.url = `http${addresses.tls ? 's' : ''}://127.0.0.1:${addresses.http}/`;
        this.ended = once(child, 'close');
        child.stdout.resume();
    }

    /** Tells it to stop; its exit code. */
    async stop() {
        this.child.kill('SIGTERM');
        const [code, signal] = await this.ended;
        return code ?? signal;
    }

    reload() {
        return run(process.env.WM_SERVE, ['push', 'reload', '--name', this.name]);
    }

    /** One line on the inner port, over a connection of its own; the answer. */
    async line(text) {
        const socket = net.connect(this.innerPort, '127.0.0.1');
        socket.write(`${text}\n`);
        for await (const answer of readline.createInterface({ input: socket })) {
            socket.destroy();
            return answer;
        }
        throw new Error('the inner port closed without an answer');
    }

    wmPush(...args) {
        return run(process.env.WM_PUSH, ['--server', `127.0.0.1:${this.innerPort}`, ...args]);
    }

    curl(...args) {
        return run('curl', ['--silent', '--show-error', '--noproxy', '*', ...args, `${this.url}push`]);
    }
}

/** Stands before a line port, so that a test can tell when what came by one of several ways has been dealt with, and how. */
export class Relay {
    constructor(port) {
        this.answers = new Map(); // of each way whose connection has ended; its name is the path of the request, or "tls"
        this.listener = net.createServer(peer => this.#join(peer, net.connect(port, '127.0.0.1')));
    }

    async listen() {
        this.listener.listen(0, '127.0.0.1');
        await once(this.listener, 'listening');
        return `127.0.0.1:${this.listener.address().port}`;
    }

    #join(peer, port) {
        let asked = Buffer.alloc(0);
        let answer = '';
        peer.on('data', data => { asked = Buffer.concat([asked, data.subarray(0, 100)]).subarray(0, 100); });
        port.setEncoding('utf8').on('data', data => { answer += data; });
        const end = () => {
            peer.destroy();
            port.destroy();
            const way = asked[0] === 0x16 ? 'tls' : asked.toString('latin1').match(/^[A-Z]+ \/(\w+)/)?.[1];
            if (way)
                this.answers.set(way, answer);
            this.listener.emit('answered');
        };
        for (const socket of [peer, port])
            socket.on('error', () => {}).on('end', end).on('close', end);
        peer.pipe(port);
        port.pipe(peer);
    }

    /** Waits for these ways; what each was answered. */
    async answersTo(ways) {
        while (!ways.every(way => this.answers.has(way)))
            await once(this.listener, 'answered');
        return Object.fromEntries(ways.map(way => [way, this.answers.get(way)]));
    }

    close() {
        this.listener.close();
    }
}
