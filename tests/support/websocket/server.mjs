// A server that pushes, on the packages that real ones are made of: `ws` for the WebSocket, `graphql-ws` for
// graphql-transport-ws. Phoenix channels and the raw protocol are stand-ins of our own.
//
//   GET  /graphql   WebSocket, graphql-transport-ws: subscription { noteChanged { text } }
//   GET  /phoenix   WebSocket, Phoenix channels 1.0.0, see phoenix.mjs
//   GET  /raw       WebSocket: "SUB" is answered by "SUBSCRIBED"; then every text that is written
//   POST /write     a text: told to all who are subscribed
//   POST /_control  {mode}: what the server does from now on; {end: code}: closes every session with it
//   GET  /_state    {opened, open}
//
// Modes: ok, http_<status> (at the upgrade), black_hole (no answer to it), silent (accepts, and says nothing),
// refuses (the subscription), mute (subscribed, and nothing is pushed), garbage and oversized (what is pushed).
// PORT; TOKEN: who has it is let in (Authorization, in the upgrade or where the protocol shows it); without it
// anybody is. CERT and KEY: TLS.
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { buildSchema, GraphQLError } from 'graphql';
import { useServer } from 'graphql-ws/use/ws';
import { WebSocketServer } from 'ws';
import { join } from './phoenix.mjs';

const { PORT, TOKEN, CERT, KEY } = process.env;
let mode = 'ok';
let opened = 0;
const sockets = new Set();
const listeners = new Set(); // functions that take a text

const admitted = (authorization) => !TOKEN || authorization === `Bearer ${TOKEN}`;

function write(text) {
  if (mode === 'mute') return;
  const said = mode === 'garbage' ? '{"data": ' : mode === 'oversized' ? text.padEnd(3 << 20, '.') : text;
  for (const listener of listeners) listener(said);
}

// What is written, one after another, for as long as somebody asks.
async function* changes() {
  const waiting = [];
  let wake = () => {};
  const listener = (text) => (waiting.push(text), wake());
  listeners.add(listener);
  try {
    while (true) {
      while (waiting.length === 0) await new Promise((resolve) => (wake = resolve));
      yield { noteChanged: { text: waiting.shift() } };
    }
  } finally {
    listeners.delete(listener);
  }
}

const schema = buildSchema('type Query { ok: Boolean } type Note { text: String } type Subscription { noteChanged: Note }');
schema.getSubscriptionType().getFields().noteChanged.subscribe = () => {
  if (mode === 'refuses') throw new GraphQLError('canary may not read notes', { extensions: { code: 'FORBIDDEN' } });
  return changes();
};

const plain = new WebSocketServer({ noServer: true, handleProtocols: () => false });
const graphql = new WebSocketServer({ noServer: true, handleProtocols: (offered) => offered.has('graphql-transport-ws') && 'graphql-transport-ws' });
useServer({ schema, onConnect: ({ connectionParams }) => (mode === 'silent' ? new Promise(() => {}) : admitted(connectionParams?.Authorization)) }, graphql);

function raw(socket) {
  if (mode === 'garbage') socket.send('{"data": ');
  socket.on('message', (data) => {
    if (mode === 'silent' || data.toString() !== 'SUB') return;
    if (mode === 'refuses') return socket.close(4403, 'canary may not read notes');
    socket.send('SUBSCRIBED');
    listeners.add(send);
  });
  const send = (text) => socket.send(text);
  socket.on('close', () => listeners.delete(send));
}

const routes = {
  '/graphql': [graphql, (socket, request) => graphql.emit('connection', socket, request)],
  '/phoenix': [plain, (socket) => join(socket, { admitted, mode: () => mode, listeners })],
  '/raw': [plain, raw],
};

async function answer(request, response) {
  let body = '';
  for await (const part of request) body += part;
  if (request.url === '/write') write(body);
  if (request.url === '/_control') {
    const order = JSON.parse(body);
    mode = order.mode ?? mode;
    if (order.end) sockets.forEach((socket) => socket.close(order.end, 'going away'));
  }
  response.writeHead(200, { 'content-type': 'application/json' });
  response.end(JSON.stringify({ opened, open: sockets.size }));
}

const server = CERT ? createTlsServer({ cert: readFileSync(CERT), key: readFileSync(KEY) }, answer) : createServer(answer);
server.on('upgrade', (request, socket, head) => {
  socket.on('error', () => {});
  if (mode === 'black_hole') return;
  const [door, begin] = routes[request.url.split('?')[0]] ?? [];
  const refused = mode.startsWith('http_') ? mode.slice(5) : !door ? '404' : request.url === '/raw' && !admitted(request.headers.authorization) ? '401' : '';
  if (refused) {
    const words = JSON.stringify({ message: 'not today' });
    return socket.end(`HTTP/1.1 ${refused} No\r\nContent-Type: application/json\r\nContent-Length: ${words.length}\r\nConnection: close\r\n\r\n${words}`);
  }
  door.handleUpgrade(request, socket, head, (ws) => {
    opened += 1;
    sockets.add(ws);
    ws.on('close', () => sockets.delete(ws));
    begin(ws, request);
  });
});
server.listen(Number(PORT), '127.0.0.1');
