// AppSync's real-time protocol on a WebSocket (RFC 6455, text frames of up to 64 KiB, none fragmented):
// connection_init -> connection_ack, ka; start -> start_ack; data; stop -> complete; refusals as errors.
// Who it is comes as the second subprotocol: header-<base64url of {host, x-api-key, ...}>.
import { createHash } from 'node:crypto';

const open = new Map(); // socket -> Map(subscription id -> field)

export const subscriptions = () => [...open.values()].flatMap((held) => [...held.values()]);

function frame(text) {
  const body = Buffer.from(text);
  const head = body.length < 126 ? Buffer.from([0x81, body.length]) : Buffer.from([0x81, 126, body.length >> 8, body.length & 255]);
  return Buffer.concat([head, body]);
}

const send = (socket, message) => socket.write(frame(JSON.stringify(message)));

// Takes whole frames off the front of `bytes`; calls `got` with [opcode, text]; returns the rest.
function unframe(bytes, got) {
  while (bytes.length >= 6) {
    let size = bytes[1] & 127;
    let at = 2;
    if (size === 126) {
      size = bytes.readUInt16BE(2);
      at = 4;
    }
    if (bytes.length < at + 4 + size) break;
    const mask = bytes.subarray(at, at + 4);
    const body = Buffer.from(bytes.subarray(at + 4, at + 4 + size)).map((b, i) => b ^ mask[i & 3]);
    got(bytes[0] & 15, body.toString());
    bytes = bytes.subarray(at + 4 + size);
  }
  return bytes;
}

// A record has changed: everybody who subscribed to that field hears of it.
export function push(field, record) {
  for (const [socket, held] of open) {
    for (const [id, wanted] of held) {
      if (wanted === field) send(socket, { id, type: 'data', payload: { data: { [field]: record } } });
    }
  }
}

function obey(socket, held, message, mode) {
  if (message.type === 'connection_init') {
    send(socket, { type: 'connection_ack', payload: { connectionTimeoutMs: 300000 } });
    send(socket, { type: 'ka' });
  } else if (message.type === 'start') {
    const { query } = JSON.parse(message.payload.data);
    if (mode === 'refuses_subscriptions') {
      const errors = [{ errorType: 'Unauthorized', message: 'Not Authorized to access onUpdateCanary on type Subscription' }];
      return send(socket, { id: message.id, type: 'error', payload: { errors } });
    }
    held.set(message.id, /\{\s*(\w+)/.exec(query)?.[1]);
    send(socket, { id: message.id, type: 'start_ack' });
  } else if (message.type === 'stop') {
    held.delete(message.id);
    send(socket, { id: message.id, type: 'complete' });
  }
}

export function accept(request, socket, admitted, mode) {
  const protocols = (request.headers['sec-websocket-protocol'] ?? '').split(',').map((p) => p.trim());
  const header = protocols.find((p) => p.startsWith('header-'))?.slice('header-'.length);
  const who = header ? JSON.parse(Buffer.from(header, 'base64url').toString()) : {};
  const lower = Object.fromEntries(Object.entries(who).map(([name, value]) => [name.toLowerCase(), value]));
  const refused = !admitted(lower) || mode().startsWith('http_') || mode() === 'unauthorized';
  if (mode() === 'black_hole') return;
  if (refused || !request.url.startsWith('/graphql/realtime')) {
    socket.end('HTTP/1.1 401 Unauthorized\r\nConnection: close\r\n\r\n');
    return;
  }
  const key = createHash('sha1').update(`${request.headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`);
  socket.write(`HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
    `Sec-WebSocket-Accept: ${key.digest('base64')}\r\nSec-WebSocket-Protocol: graphql-ws\r\n\r\n`);
  const held = new Map();
  open.set(socket, held);
  const alive = setInterval(() => send(socket, { type: 'ka' }), 30000);
  let rest = Buffer.alloc(0);
  socket.on('data', (bytes) => {
    rest = unframe(Buffer.concat([rest, bytes]), (opcode, text) => {
      if (opcode === 8) socket.end();
      if (opcode === 1) obey(socket, held, JSON.parse(text), mode());
    });
  });
  socket.on('error', () => {});
  socket.on('close', () => {
    clearInterval(alive);
    open.delete(socket);
  });
}
