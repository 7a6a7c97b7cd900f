// Planted documents.
import { describe, expect, test } from 'bun:test';
import { brokenLinks } from './links.ts';
import { planted } from './tree.ts';

describe('brokenLinks', () => {
  test('accepts files, folders, fragments, other sites and code', () => {
    const text = [
      '[a](docs/a.md#part) [folder](docs/) [site](https://example.org/x) [here](#part) [root](/docs/a.md)',
      '`[code](nowhere.md)`',
      '```\n[code](nowhere.md)\n```',
      '[ref]: docs/a.md',
    ].join('\n');
    expect(brokenLinks(planted({ 'README.md': text, 'docs/a.md': '[up](../README.md)' }))).toEqual([]);
  });

  test.each(['[x](gone.md)', '[x](docs/gone.md#part)', '![x](gone.png "title")', '[x]: gone.md'])(
    'finds %s',
    (text) => {
      expect(brokenLinks(planted({ 'README.md': text }))).toHaveLength(1);
    },
  );
});
