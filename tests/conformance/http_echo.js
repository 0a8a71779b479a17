/**
 * @file
 * node's HTTP server, to compare ours with: node http_echo.js PATH listens at a unix socket, and ends when its standard input does.
 *
 * A request is answered as the conformance server does, with what it was. What the parser refuses is answered with 400 and the parser's code
 * and reason as X-Code and X-Reason, once the requests before it have their answers.
 */
'use strict';
const http = require('http');

/** Answers that a socket still owes, and the error behind them. */
const owed = new Map();

function describe(request, body) {
    const lines = [`method=${request.method}`, `target=${request.url}`, `version=${request.httpVersion}`];
    for (let i = 0; i < request.rawHeaders.length; i += 2)
        lines.push(`header=${request.rawHeaders[i]}: ${request.rawHeaders[i + 1]}`);
    return Buffer.concat([Buffer.from(lines.join('\n') + '\n\n', 'latin1'), body]);
}

function owedOf(socket) {
    if (!owed.has(socket)) {
        owed.set(socket, {requests: new Set(), last: null});
        socket.on('close', () => owed.delete(socket));
    }
    return owed.get(socket);
}

/** Sends the last words of a connection behind the answers to all requests that are whole. */
function finish(socket) {
    const {requests, last} = owedOf(socket);
    if (last !== null && ![...requests].some(request => request.complete))
        socket.end(last);
}

function endWith(socket, words) {
    owedOf(socket).last ??= words;
    finish(socket);
}

function refuse(socket, code, reason) {
    endWith(socket, `HTTP/1.1 400 Bad Request\r\nX-Code: ${code}\r\nX-Reason: ${reason}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`);
}

function answer(request, response) {
    const {requests, last} = owedOf(request.socket);
    if (last !== null) // behind one that was refused
        return;
    if (request.httpVersion === '1.1' && request.headers.host === undefined) {
        refuse(request.socket, 'HOST_MISSING', '');
        return;
    }
    const parts = [];
    requests.add(request);
    request.on('data', part => parts.push(part));
    request.on('error', () => {});
    request.on('end', () => {
        const body = describe(request, Buffer.concat(parts));
        response.setHeader('Content-Length', body.length); // to HTTP/1.0, too
        response.end(body);
    });
    response.on('finish', () => {
        requests.delete(request);
        finish(request.socket);
    });
}

// Its own refusal of a request without Host has no reason, so answer() refuses it.
const server = http.createServer({requestTimeout: 0, headersTimeout: 0, keepAliveTimeout: 0, requireHostHeader: false}, answer);
// Its 100 Continue may land inside the answer before, so there is none; without, it would close the connection.
server.on('checkContinue', (request, response) => {
    response._expect_continue = false;
    answer(request, response);
});
server.httpAllowHalfOpen = true;
// At the peer's end at last: an error in the body of a request that asks for an upgrade is none to node, and it would wait for ever.
server.on('connection', socket => socket.on('end', () => setImmediate(endWith, socket, '')));
server.on('clientError', (error, socket) => refuse(socket, error.code, error.reason ?? error.message));
server.on('checkExpectation', request => refuse(request.socket, 'EXPECTATION', request.headers.expect.replace(/[^ -~]/g, '?')));
server.on('connect', (request, socket) => {
    socket.on('error', () => {});
    endWith(socket, 'HTTP/1.1 200 OK\r\n\r\n');
});
server.listen(process.argv[2], 1024, () => console.log('ready'));
process.stdin.on('end', () => process.exit(0)).resume();
