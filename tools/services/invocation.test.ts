// What a command line of `npm run services` means.
import { describe, expect, test } from 'bun:test';
import { engineNames, testedEngines } from './catalogue.ts';
import { readInvocation } from './invocation.ts';

const read = (args: string[], environment = {}) => readInvocation(args, environment, '/checkout');

describe('readInvocation', () => {
  test('no name means the engines of the tests for what needs work, and all for what ends or shows them', () => {
    for (const command of ['install', 'start', 'env']) expect(read([command]).names).toEqual(testedEngines);
    for (const command of ['stop', 'kill', 'reset', 'status'])
      expect(read([command]).names).toEqual(engineNames);
  });

  test('takes names, a folder and a port base', () => {
    const environment = { PARLEY_SERVICES_PORT_BASE: '18000' };
    expect(read(['-d', '/data', 'start', 'nats', 'redis'], environment)).toEqual({
      command: 'start',
      names: ['nats', 'redis'],
      folder: '/data',
      portBase: 18_000,
    });
  });

  test('has the state in the checkout and the ports from 17000 on unless said', () => {
    expect(read(['start'])).toMatchObject({
      folder: '/checkout/node_modules/.cache/parley-services',
      portBase: 17_000,
    });
  });

  test.each([[[]], [['begin']], [['start', '--fast']], [['-d']]])('explains itself to %j', (args) => {
    expect(() => read(args)).toThrow('npm run services');
  });

  test.each(['80', '40000', '17k', '1e4', '-17000'])('refuses the port base %s', (base) => {
    expect(() => read(['start'], { PARLEY_SERVICES_PORT_BASE: base })).toThrow(`not '${base}'`);
  });
});
