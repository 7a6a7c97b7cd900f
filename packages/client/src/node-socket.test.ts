// The real thing once: the platform's own socket, timers and chance, against a real WebSocket server.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { test } from '../test/test.ts';
import { WebSocketServer } from 'ws';
import { WELCOME } from '../test/harness.ts';
import { ChatClient } from './chat-client.ts';

test('[SOCK-1] the platform’s socket asks for the subprotocol, says hello, sends, and closes', async () => {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  await once(server, 'listening');
  const asked: string[] = [];
  server.on('connection', (socket) => {
    asked.push(socket.protocol);
    socket.on('message', (data: Buffer) => {
      for (const frame of JSON.parse(data.toString()) as {
        type: string;
        ref: number;
        messages: { client_msg_id: string }[];
      }[]) {
        asked.push(frame.type);
        if (frame.type === 'hello') socket.send(JSON.stringify([WELCOME]));
        if (frame.type !== 'send') continue;
        const results = frame.messages.map(({ client_msg_id }) => ({
          client_msg_id,
          seq: 1,
          message_id: '8001',
          at: 1,
        }));
        socket.send(JSON.stringify([{ type: 'sent', ref: frame.ref, conversation_id: '70', results }]));
      }
    });
    socket.on('close', (code) => asked.push(String(code)));
  });
  const { port } = server.address() as AddressInfo;
  const client = new ChatClient({ url: `http://127.0.0.1:${port}`, token: 'plt_test' });
  await client.connect();
  assert.equal((await client.send('70', 'hello')).seq, 1);
  await client.close();
  await new Promise((resolve) => server.close(resolve));
  assert.deepEqual(asked, ['parley.v1', 'hello', 'send', '1000']);
});
