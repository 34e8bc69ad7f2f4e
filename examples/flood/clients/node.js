// The same work as plain_client, as one would write it for Node in an afternoon: ws, JSON.parse, maps of what was known, one line of
// JSON for each change. With `parse` behind the address it parses each event and keeps nothing.
const fs = require('fs');
const WebSocket = require('ws');

const calls = new Map();
let lines = [];

function print(line) {
  lines.push(JSON.stringify(line));
  if (lines.length === 512) flush();
}

function flush() {
  if (lines.length > 0) fs.writeSync(1, lines.join('\n') + '\n');
  lines = [];
}

// Prints what is new in this state of a call, and takes it over.
function tell(body) {
  const conversationId = body.id;
  let call = calls.get(conversationId);
  if (call === undefined) {
    print({ type: 'conversation', conversationId, change: 'started' });
    calls.set(conversationId, call = new Map());
  }
  const present = new Set(body.participants.map(participant => participant.id));
  for (const id of call.keys()) if (!present.has(id)) call.delete(id);
  let over = true;
  for (const participant of body.participants) {
    const participantId = participant.id;
    const leg = participant.calls?.at(-1);
    const state = leg?.state ?? '';
    const held = leg?.held ?? false;
    const ended = participant.endTime != null;
    over &&= ended;
    const attributes = participant.attributes ?? {};
    const known = call.get(participantId);
    let change;
    if (known === undefined) change = 'joined';
    else if (ended && !known.ended) change = 'left';
    else if (state !== known.state || held !== known.held) change = 'updated';
    if (change !== undefined) print({ type: 'participant', conversationId, participantId, change, state });
    const before = known?.attributes ?? {};
    for (const key in before) {
      if (!(key in attributes)) print({ type: 'attribute', conversationId, participantId, key, old: before[key], new: null });
    }
    for (const key in attributes) {
      const old = before[key];
      if (old !== attributes[key]) {
        print({ type: 'attribute', conversationId, participantId, key, old: old ?? null, new: attributes[key] });
      }
    }
    call.set(participantId, { state, held, ended, attributes });
  }
  if (over) {
    print({ type: 'conversation', conversationId, change: 'ended' });
    calls.delete(conversationId);
  }
}

const [url, how] = process.argv.slice(2);
let last = '';
const socket = new WebSocket(url, { perMessageDeflate: false });
socket.on('message', data => {
  const event = JSON.parse(data);
  last = event.topicName;
  if (how !== 'parse' && last.endsWith('.conversations')) tell(event.eventBody);
});
socket.on('close', () => {
  flush();
  process.exit(last === '' ? 1 : 0);
});
