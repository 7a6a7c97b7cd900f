// The bus on NATS passes the suite of its port. Each node reaches the server through a way that the suite may cut.
import { testNodeBus } from '@parley/ports/conformance/node-bus';
import { describeWithEngine } from '@parley/ports/conformance/engine';
import { pass } from '@parley/ports/testing/real-time';
import { TcpProxy } from '@parley/ports/testing/tcp-proxy';
import { freshPrefix, openTestBus } from './testing/nats-fixture.ts';

describeWithEngine('nats', (url) => {
  testNodeBus('nats', async () => {
    const { hostname, port } = new URL(url);
    const prefix = freshPrefix();
    const proxy = await TcpProxy.open({ host: hostname, port: Number(port) });
    const one = await openTestBus(`nats://127.0.0.1:${proxy.port}`, prefix);
    const other = await openTestBus(url, prefix);
    return {
      one,
      other,
      pass,
      interrupt: () => proxy.cut(),
      [Symbol.asyncDispose]: async () => {
        await one[Symbol.asyncDispose]();
        await other[Symbol.asyncDispose]();
        await proxy[Symbol.asyncDispose]();
      },
    };
  });
});
