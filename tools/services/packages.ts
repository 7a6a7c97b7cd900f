// Bringing software by the ordinary clients of package registries: apt, Maven and Go, as they are set up on the machine.
import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { run } from './commands.ts';
import { ServicesError } from './engine.ts';
import { say } from './say.ts';
import { isRoot } from './system-user.ts';

/** One at a time: apt has a lock of its own, and lists that are fetched once are enough. */
let aptIsFree: Promise<void> = Promise.resolve();
let listsAreFresh = false;

export function installDebian(name: string): Promise<void> {
  const done = aptIsFree.then(() => aptInstall(name));
  aptIsFree = done.catch(() => undefined);
  return done;
}

async function aptInstall(name: string): Promise<void> {
  if (!isRoot() || Bun.which('apt-get') === null)
    throw new ServicesError(`the package ${name} is missing: sudo apt-get install ${name}`);
  say(`installing ${name}, from Debian's packages …`);
  if (!listsAreFresh) await run(['apt-get', 'update', '-qq']);
  listsAreFresh = true;
  // In runlevel 1 no service is started: ours run beside the system's.
  const environment = { RUNLEVEL: '1', DEBIAN_FRONTEND: 'noninteractive' };
  const quietly = ['-qq', '-y', '--no-install-recommends', '-o', 'DPkg::Lock::Timeout=300'];
  await run(['apt-get', 'install', ...quietly, name], environment);
}

/** Builds the main package of a module into one file. */
export async function installGo(module: string, file: string): Promise<void> {
  say(`building ${module} …`);
  await whole(file, async (part) => {
    await run(['go', 'install', module], { GOBIN: part });
    return join(
      part,
      module
        .replace(/\/v\d+@.*|@.*/, '')
        .split('/')
        .at(-1) ?? '',
    );
  });
}

export interface MavenArtifact {
  readonly group: string;
  readonly artifact: string;
  readonly version: string;
}

/** Fetches the jar and all that it needs at run time into a folder. */
export async function installMaven(wanted: MavenArtifact, folder: string): Promise<void> {
  if (Bun.which('mvn') === null) await installDebian('maven');
  say(`fetching ${wanted.artifact} ${wanted.version}, from the Maven registry …`);
  await whole(folder, async (part) => {
    const pom = join(part, 'pom.xml');
    writeFileSync(pom, projectNeeding(wanted));
    const copy = ['dependency:copy-dependencies', '-DincludeScope=runtime', '-DoutputDirectory=jars'];
    await run(['mvn', '-B', '-q', '-f', pom, ...copy]);
    return join(part, 'jars');
  });
}

function projectNeeding({ group, artifact, version }: MavenArtifact): string {
  return `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>parley</groupId><artifactId>engine</artifactId><version>1</version><packaging>pom</packaging>
  <dependencies><dependency>
    <groupId>${group}</groupId><artifactId>${artifact}</artifactId><version>${version}</version>
  </dependency></dependencies>
</project>
`;
}

/** What is being made, by its path: two engines may need the same. */
const underWay = new Map<string, Promise<void>>();

/** Makes something in a scratch folder and moves it where it belongs when it is whole: half of it never stands there. */
function whole(target: string, make: (part: string) => Promise<string>): Promise<void> {
  const making = underWay.get(target) ?? makeWhole(target, make);
  underWay.set(target, making);
  return making;
}

async function makeWhole(target: string, make: (part: string) => Promise<string>): Promise<void> {
  const part = `${target}.part`;
  rmSync(part, { recursive: true, force: true });
  mkdirSync(part, { recursive: true });
  const made = await make(part);
  mkdirSync(dirname(target), { recursive: true });
  renameSync(made, target);
  rmSync(part, { recursive: true });
}
