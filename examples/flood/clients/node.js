// The reference client of Node: parses each event with ws and JSON.parse, and keeps nothing.
const WebSocket = require('ws');
const socket = new WebSocket(process.argv[2], { perMessageDeflate: false });
let last = '';
socket.on('message', data => { last = JSON.parse(data).topicName; });
socket.on('close', () => process.exit(last === '' ? 1 : 0));
