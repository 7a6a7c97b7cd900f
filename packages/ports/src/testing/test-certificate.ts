// A certificate for 127.0.0.1 that signs itself, made for one test: no key is kept in the repository.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Undefined where no certificate can be made: the test is then to be skipped, and says so. */
export const OPENSSL_BINARY = Bun.which('openssl') ?? undefined;
if (OPENSSL_BINARY === undefined) console.warn('SKIPPED: tests of TLS. Put openssl on the path.');

export class TestCertificate implements Disposable {
  readonly #folder = mkdtempSync(join(tmpdir(), 'parley-tls-'));
  readonly certFile = join(this.#folder, 'cert.pem');
  readonly keyFile = join(this.#folder, 'key.pem');

  static async make(): Promise<TestCertificate> {
    const made = new TestCertificate();
    const request = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
    const subject = ['-days', '1', '-subj', '/CN=localhost', '-addext', 'subjectAltName=IP:127.0.0.1'];
    const files = ['-out', made.certFile, '-keyout', made.keyFile];
    const child = Bun.spawn([OPENSSL_BINARY ?? 'openssl', ...request, ...subject, ...files], {
      stdout: 'ignore',
      stderr: 'ignore',
    });
    if ((await child.exited) !== 0) throw new Error('openssl made no certificate');
    return made;
  }

  /** In PEM. */
  text(): Promise<string> {
    return Bun.file(this.certFile).text();
  }

  [Symbol.dispose](): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
