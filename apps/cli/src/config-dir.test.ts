// The folder of the profiles on each operating system.
import { expect, test } from 'bun:test';
import { configDir } from './config-dir.ts';
import type { Environment } from './env.ts';

const base: Environment = {
  platform: 'linux',
  home: '/home/ada',
  configDir: undefined,
  xdgConfigHome: undefined,
  appData: undefined,
  noColor: false,
  term: undefined,
};

test('PARLEY_CONFIG_DIR wins over everything', () => {
  expect(configDir({ ...base, configDir: '/tmp/x', xdgConfigHome: '/y' })).toBe('/tmp/x');
});

test('Linux: XDG_CONFIG_HOME, where it is absolute, or ~/.config', () => {
  expect(configDir(base)).toBe('/home/ada/.config/parley');
  expect(configDir({ ...base, xdgConfigHome: '/xdg' })).toBe('/xdg/parley');
  expect(configDir({ ...base, xdgConfigHome: 'relative' })).toBe('/home/ada/.config/parley');
});

test('macOS and Windows: their own places', () => {
  expect(configDir({ ...base, platform: 'darwin' })).toBe('/home/ada/Library/Application Support/parley');
  expect(configDir({ ...base, platform: 'win32', appData: '/roaming' })).toBe('/roaming/parley');
});
