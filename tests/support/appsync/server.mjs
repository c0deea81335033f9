// A stand-in for AWS AppSync with versioned models, in memory, for any model: HTTP (this file) and the real-time
// WebSocket protocol (realtime.mjs), as far as the DataStore client and the appsync backend speak it. No packages.
//
//   POST /graphql   {query, variables}: sync|list<Model>s, get|create|update|delete<Model>; the root field is the
//                   first name inside the outer braces, and every field of a record is always answered
//   POST /_control  {mode?, refuse?, wipe?, save?, restore?, bump?}: what the backend does from now on
//     mute: nothing is pushed; refuses_subscriptions: each is answered by an error
//   GET  /_state    {rows, requests, subscriptions}
//
// PORT and API_KEY (or TOKEN, sent as Authorization) come from the environment; without both anybody is let in.
import { createServer } from 'node:http';
import { accept, push, subscriptions } from './realtime.mjs';

const rows = new Map(); // "Model/id" -> record
let saved = [];
let requests = 0;
let mode = 'ok';
let refuse = 'all'; // what a mode is for: all, or writes

const error = (errorType, message, data = null) => ({ errorType, message, data });
const gone = error('DynamoDB:ResourceNotFoundException', 'Requested resource not found (Service: DynamoDb)');
const throttled = error('DynamoDB:ProvisionedThroughputExceededException', 'The level of configured throughput was exceeded');
const notAuthorized = (field) => error('Unauthorized', `Not Authorized to access ${field} on type Mutation`);
const httpError = (errorType) => ({ errors: [{ errorType, message: errorType }] });

// mode -> what every operation gets instead of its answer
const faults = {
  unauthorized: (field) => [200, { data: { [field]: null }, errors: [notAuthorized(field)] }],
  table_gone: (field) => [200, { data: { [field]: null }, errors: [gone] }],
  throttled: (field) => [200, { data: { [field]: null }, errors: [throttled] }],
  broken: (field) => [200, { data: { [field]: null }, errors: [error('Lambda:Unhandled', 'Task timed out')] }],
  http_401: () => [401, httpError('UnauthorizedException')],
  http_403: () => [403, httpError('AccessDeniedException')],
  http_404: () => [404, { message: 'Not Found' }],
  http_503: () => [503, { message: 'Service Unavailable' }],
};

function change(key, record, version) {
  const next = { ...record, _version: version, _lastChangedAt: Date.now(), updatedAt: new Date().toISOString() };
  if (mode !== 'forgets') rows.set(key, next);
  return next;
}

const operations = {
  get: (model, { id }) => rows.get(`${model}/${id}`) ?? null,
  create(model, { input }) {
    const key = `${model}/${input.id}`;
    if (rows.has(key)) throw error('DynamoDB:ConditionalCheckFailedException', 'The conditional request failed');
    return change(key, { ...input, __typename: model, createdAt: new Date().toISOString(), _deleted: null }, 1);
  },
  update(model, { input }) {
    const { _version, ...fields } = input;
    const key = `${model}/${input.id}`;
    const held = rows.get(key);
    if (!held) throw error('DynamoDB:ConditionalCheckFailedException', 'The conditional request failed');
    if (_version !== held._version) throw error('ConflictUnhandled', 'Conflict resolver rejects mutation.', held);
    return change(key, { ...held, ...fields }, held._version + 1);
  },
  delete(model, { input }) {
    const key = `${model}/${input.id}`;
    const held = rows.get(key);
    if (!held) return null;
    if (input._version !== held._version) throw error('ConflictUnhandled', 'Conflict resolver rejects mutation.', held);
    return change(key, { ...held, _deleted: true }, held._version + 1);
  },
  sync: (model, { lastSync = 0 }) => ({
    items: all(model).filter((r) => r._lastChangedAt >= (lastSync ?? 0)), nextToken: null, startedAt: Date.now(),
  }),
  list: (model) => ({ items: all(model), nextToken: null }),
};

const all = (model) => [...rows.values()].filter((r) => r.__typename === model);

function answer({ query, variables }) {
  const field = /\{\s*(\w+)/.exec(query)?.[1] ?? '';
  const [, verb, name] = /^(get|create|update|delete|sync|list)(\w+)$/.exec(field) ?? [];
  if (!verb) return [200, { data: null, errors: [error('ValidationError', `Field '${field}' is undefined`)] }];
  const writes = !['get', 'sync', 'list'].includes(verb);
  if (faults[mode] && (refuse === 'all' || writes)) return faults[mode](field);
  const model = verb === 'sync' || verb === 'list' ? name.replace(/s$/, '') : name;
  try {
    const record = operations[verb](model, variables ?? {});
    if (writes && record && mode !== 'mute') push(`on${verb[0].toUpperCase()}${verb.slice(1)}${model}`, record);
    if (writes && mode === 'cuts_answers') return null;
    return [200, { data: { [field]: record } }];
  } catch (refusal) {
    if (!refusal.errorType) throw refusal;
    return [200, { data: { [field]: null }, errors: [refusal] }];
  }
}

function control(order) {
  mode = order.mode ?? mode;
  refuse = order.refuse ?? 'all';
  if (order.wipe) rows.clear();
  if (order.save) saved = [...rows];
  if (order.restore) rows.clear(), saved.forEach(([key, record]) => rows.set(key, record));
  for (const [key, held] of order.bump ? [...rows] : []) rows.set(key, { ...held, _version: held._version + 1 });
  return [200, {}];
}

const { PORT, API_KEY, TOKEN } = process.env;
export const admitted = (headers) => (!API_KEY && !TOKEN) || (API_KEY && headers['x-api-key'] === API_KEY) ||
  (TOKEN && headers.authorization === TOKEN);

const cors = {
  'access-control-allow-origin': '*', 'access-control-allow-headers': '*', 'access-control-allow-methods': '*',
};

function route(request, body) {
  if (request.method === 'OPTIONS') return [200, {}];
  if (request.url === '/_control') return control(JSON.parse(body));
  if (request.url === '/_state') return [200, { rows: [...rows.values()], requests, subscriptions: subscriptions() }];
  if (request.url !== '/graphql') return [404, { message: 'Not Found' }];
  requests += 1;
  if (!admitted(request.headers)) return faults.http_401();
  return answer(JSON.parse(body));
}

const server = createServer(async (request, response) => {
  let body = '';
  for await (const part of request) body += part;
  const black_hole = mode === 'black_hole' && !request.url.startsWith('/_');
  if (black_hole) return;
  const result = route(request, body);
  if (!result) return request.socket.destroy();
  response.writeHead(result[0], { 'content-type': 'application/json', ...cors });
  response.end(JSON.stringify(result[1]));
});
server.on('upgrade', (request, socket) => accept(request, socket, admitted, () => mode));
server.listen(Number(PORT), '127.0.0.1');
