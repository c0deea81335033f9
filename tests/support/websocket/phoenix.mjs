// A stand-in for Supabase Realtime: Phoenix channels, serializer 1.0.0, as far as a subscriber to changes of a
// table sees them. Messages are {topic, event, payload, ref, join_ref}:
//
//   -> phx_join {config: {postgres_changes: [{event, schema, table}]}, access_token}
//   <- phx_reply {status: "ok", response: {postgres_changes: [{id, ...}]}}, with the ref of the join
//   <- presence_state {}
//   <- system {status: "ok", extension: "postgres_changes", message: "Subscribed to PostgreSQL"}, a moment later
//   <- postgres_changes {ids, data: {type, schema, table, record, errors: null}}, for each change
//   -> heartbeat on topic "phoenix"        <- phx_reply {status: "ok"} with its ref
//   refused: phx_reply {status: "error", response: {reason}}, or system {status: "error"} for the table
export function join(socket, { admitted, mode, listeners }) {
  const send = (topic, event, payload, ref = null) => socket.send(JSON.stringify({ topic, event, payload, ref }));
  let topic;
  const change = (text) => send(topic, 'postgres_changes', { ids: [7], data: { type: 'INSERT', schema: 'public', table: 'canaries', record: { note: text }, errors: null } });
  const begin = (message) => {
    topic = message.topic;
    const reply = (status, response) => send(topic, 'phx_reply', { status, response }, message.ref);
    const { access_token, config } = message.payload;
    if (!admitted(`Bearer ${access_token}`)) return reply('error', { reason: 'Unauthorized: You do not have permissions to read from this Channel topic' });
    const [wanted] = config.postgres_changes;
    reply('ok', { postgres_changes: [{ id: 7, ...wanted }] });
    send(topic, 'presence_state', {});
    setTimeout(() => {
      const known = wanted.table === 'canaries' && mode() !== 'refuses';
      const message = known ? 'Subscribed to PostgreSQL' : `Unable to subscribe to changes with given parameters: table ${wanted.table}`;
      send(topic, 'system', { status: known ? 'ok' : 'error', extension: 'postgres_changes', message, channel: topic });
      if (known) listeners.add(change);
    }, 50);
  };
  socket.on('message', (data) => {
    const message = JSON.parse(data);
    if (mode() === 'silent') return;
    if (message.event === 'phx_join') begin(message);
    if (message.event === 'heartbeat') send('phoenix', 'phx_reply', { status: 'ok', response: {} }, message.ref);
  });
  socket.on('close', () => listeners.delete(change));
}
