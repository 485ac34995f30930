/**
 * Name constraints (RFC 5280, 4.2.1.10): which servers a certificate authority may vouch for. Who trusts ours trusts it with the
 * clouds' hosts and the names given to it, and with no bank.
 */
import 'reflect-metadata';
import { isIP, isIPv6 } from 'node:net';
import { Extension, GeneralNames, type X509Certificate } from '@peculiar/x509';

const oid = '2.5.29.30';
const sequence = 0x30;
const permittedSubtrees = 0xa0;

/** A critical extension that permits `names`, and what is below those that are host names. */
export function nameConstraints(names: readonly string[]): Extension {
  const bases = [...new Set(names.map((name) => name.replace(/^\*\./, '')))];
  return new Extension(oid, true, der(sequence, der(permittedSubtrees, Buffer.concat(bases.map(subtree)))));
}

/** Whether `authority` may vouch for `name`; one without constraints may for all. */
export function permits(authority: X509Certificate, name: string): boolean {
  const constraints = authority.getExtension(oid);
  if (constraints === null) return true;
  const value = Buffer.from(constraints.value);
  return basesOf(name).some((base) => value.includes(subtree(base)));
}

/** What would permit it: itself, or a domain that it is in. */
function basesOf(name: string): string[] {
  if (isIP(name)) return [name];
  const labels = name.replace(/^\*\./, '').split('.');
  return labels.map((_, from) => labels.slice(from).join('.'));
}

/** A GeneralSubtree with nothing but its base is, to the byte, a list of one GeneralName. */
function subtree(base: string): Buffer {
  const isAddress = isIP(base) !== 0;
  const value = isAddress ? `${base}/${isIPv6(base) ? 128 : 32}` : base;
  return Buffer.from(new GeneralNames([{ type: isAddress ? 'ip' : 'dns', value }]).rawData);
}

function der(tag: number, content: Buffer): Buffer {
  const length: number[] = [];
  for (let rest = content.length; rest > 0; rest >>>= 8) length.unshift(rest & 0xff);
  const header = content.length < 0x80 ? [tag, content.length] : [tag, 0x80 | length.length, ...length];
  return Buffer.concat([Buffer.from(header), content]);
}
