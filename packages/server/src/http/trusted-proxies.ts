// Where a request comes from when reverse proxies stand in front: only what a trusted one says is believed.
import { BlockList, isIP, isIPv6 } from 'node:net';

/** As proxies write it: an address, in brackets or not, with a port or not. */
const WITH_PORT = /^(?:\[([^\]]*)\]|(\d+\.\d+\.\d+\.\d+))(?::\d+)?$/;

export class TrustedProxies {
  readonly #trusted = new BlockList();

  /** Addresses and CIDRs, like 10.0.0.0/8. Throws RangeError for what is neither. */
  constructor(trusted: readonly string[]) {
    for (const text of trusted) this.#add(text);
  }

  /**
   * The peer, unless it is trusted: then the right-most address of X-Forwarded-For that is not. What is left of that
   * one was written by the client, or by whoever likes to be another.
   */
  addressOf(peer: string, forwardedFor: string | null): string {
    let address = peer;
    const hops = (forwardedFor ?? '').split(',');
    while (this.#trusts(address)) {
      const hop = bare(hops.pop() ?? '');
      // Nothing more is said, or no address: the last proxy is all that is known.
      if (isIP(hop) === 0) return address;
      address = hop;
    }
    return address;
  }

  #add(text: string): void {
    const [network = '', prefix, ...more] = text.split('/');
    try {
      if (isIP(network) === 0 || more.length > 0) throw new RangeError();
      if (prefix === undefined) this.#trusted.addAddress(network, familyOf(network));
      else if (/^\d{1,3}$/.test(prefix)) this.#trusted.addSubnet(network, Number(prefix), familyOf(network));
      else throw new RangeError();
    } catch {
      throw new RangeError(
        `${JSON.stringify(text)} is neither an address nor a CIDR; write it like 10.0.0.0/8`,
      );
    }
  }

  #trusts(address: string): boolean {
    const [plain = ''] = address.split('%');
    return isIP(plain) !== 0 && this.#trusted.check(plain, familyOf(plain));
  }
}

function familyOf(address: string): 'ipv4' | 'ipv6' {
  return isIPv6(address) ? 'ipv6' : 'ipv4';
}

function bare(hop: string): string {
  const text = hop.trim();
  const [, bracketed, dotted] = WITH_PORT.exec(text) ?? [];
  return bracketed ?? dotted ?? text;
}
