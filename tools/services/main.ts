// `npm run services`: the engines that tests run against, on loopback, from package registries and without Docker.
// TypeScript and not shell: engines are data here, and what is computed of them (ports, URLs, settings) has types and tests.
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { targetOf, type Target } from './catalogue.ts';
import { ServicesError, type Member } from './engine.ts';
import { readInvocation, type Command } from './invocation.ts';
import { kill, lastWords, launch, logOf, pidOf, stop } from './member-process.ts';
import { say } from './say.ts';
import { status } from './status.ts';
import { answers, poll } from './waiting.ts';

const READY_WITHIN_MS = 180_000;

type Action = (target: Target, cache: string) => Promise<void>;

const actions: Readonly<Record<Command, Action>> = {
  async install({ name, engine }, cache) {
    await engine.install(cache);
    say(`${name} is installed`);
  },

  async start(target, cache) {
    const { name, engine, members, chosen } = target;
    await engine.install(cache);
    const began = performance.now();
    for (const member of chosen) await boot(target, member, cache);
    await Promise.all(chosen.map((member) => ready(target, member)));
    if (chosen === members) await engine.form?.(members);
    say(`${name} is up (${((performance.now() - began) / 1000).toFixed(1)} s)`);
  },

  async stop({ engine, chosen }) {
    await Promise.all(chosen.map((member) => stop(member, engine.stopSignal ?? 'SIGTERM')));
  },

  async kill({ chosen }) {
    await Promise.all(chosen.map(kill));
  },

  async reset({ chosen }) {
    await Promise.all(chosen.map(kill));
    for (const { folder } of chosen) rmSync(folder, { recursive: true, force: true });
  },

  status({ chosen }) {
    for (const member of chosen) console.log(status(member));
    return Promise.resolve();
  },

  async env({ name, engine, members }, cache) {
    const up = await Promise.all(members.map(answers));
    if (!up.every(Boolean)) return say(`${name} does not answer: npm run services start ${name}`);
    for (const [variable, value] of Object.entries(engine.variables(members, cache)))
      console.log(`${variable}=${value}`);
  },
};

async function boot({ engine, members }: Target, member: Member, cache: string): Promise<void> {
  if (pidOf(member) !== undefined) return;
  if (await answers(member))
    throw new ServicesError(
      `${member.name}: ${member.host}:${member.port} is taken by another process; ` +
        'PARLEY_SERVICES_PORT_BASE moves all ports',
    );
  mkdirSync(member.folder, { recursive: true });
  await launch(member, await engine.prepare(member, members, cache));
}

async function ready({ engine }: Target, member: Member): Promise<void> {
  await poll(`${member.name} (its log: ${logOf(member)})`, READY_WITHIN_MS, () => {
    if (pidOf(member) !== undefined) return engine.isReady(member);
    throw new ServicesError(`${member.name} ended while it started:\n${lastWords(member)}`);
  });
}

/** All at once; what goes wrong with one does not keep the others. */
async function main(): Promise<void> {
  const { command, names, folder, portBase } = readInvocation(
    process.argv.slice(2),
    process.env,
    join(import.meta.dir, '../..'),
  );
  const cache = join(folder, 'cache');
  mkdirSync(cache, { recursive: true });
  const targets = names.map((name) => targetOf(name, { folder: join(folder, String(portBase)), portBase }));
  const outcomes = await Promise.allSettled(targets.map((target) => actions[command](target, cache)));
  for (const outcome of outcomes) if (outcome.status === 'rejected') fail(outcome.reason);
}

function fail(reason: unknown): void {
  say(reason instanceof ServicesError ? reason.message : Bun.inspect(reason));
  process.exitCode = 1;
}

await main().catch(fail);
