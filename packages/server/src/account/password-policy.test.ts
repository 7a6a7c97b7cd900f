// Which passwords are refused for a new account.
import { expect, test } from 'bun:test';
import { passwordFault } from './password-policy.ts';

test.each([
  ['seven units', 'abc-def'],
  ['257 units', 'x'.repeat(257)],
  ['a breached one', 'password1'],
  ['a breached one in capitals', 'PassWord1'],
  ['a breached one in full-width letters', 'ｐａｓｓｗｏｒｄ'],
  ['a row of the keyboard', 'qwertyuiop'],
  ['the name', 'alice.liddell'],
  ['the name in capitals', 'Alice.Liddell'],
  ['half a surrogate pair', 'a long one \ud800'],
])('refused: %s', (_title, password) => {
  const fault = passwordFault(password, 'alice.liddell');
  expect(fault).toMatchObject({ code: 'invalid_field', field: 'password', retry: 'no' });
  expect(fault?.message).not.toContain(password);
});

test.each([
  ['8 units', 'k7 fjord'],
  ['256 units', 'x'.repeat(256)],
  ['spaces and no digit', 'correct horse battery staple'],
  ['other scripts', 'правильная лошадь'],
  ['the name and more', 'alice.liddell in wonderland'],
])('allowed: %s', (_title, password) => {
  expect(passwordFault(password, 'alice.liddell')).toBeUndefined();
});

test('names of the prototype are no members of the list', () => {
  for (const word of ['constructor', 'hasOwnProperty', '__proto__'])
    expect(passwordFault(word, 'alice')).toBeUndefined();
});
