/** A server's certificate: new with each renewal, and so is its key. */
import 'reflect-metadata';
import { X509Certificate as NodeCertificate, webcrypto } from 'node:crypto';
import { isIP } from 'node:net';
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509Certificate,
  X509CertificateGenerator,
} from '@peculiar/x509';
import { type Authority, backdateMs, keyAlgorithm } from './authority.ts';

export interface ServerCertificate {
  readonly certificate: X509Certificate;
  readonly key: webcrypto.CryptoKey;
}

/** When a certificate for `days` ends that is made at `now`. Both of its ends are counted, hence the second. */
export function endOf(now: number, days: number): Date {
  return new Date(now - backdateMs + days * 24 * 3600 * 1000 - 1000);
}

export async function makeServerCertificate(
  authority: Authority,
  { names, now, days }: { names: readonly string[]; now: number; days: number },
): Promise<ServerCertificate> {
  const keys = await webcrypto.subtle.generateKey(keyAlgorithm, true, ['sign', 'verify']);
  const certificate = await X509CertificateGenerator.create({
    // Names stand in the extension alone: a common name that looks like a host would be taken for one by old clients.
    subject: 'CN=Mimeo server',
    issuer: authority.certificate.subjectName,
    notBefore: new Date(now - backdateMs),
    notAfter: endOf(now, days),
    publicKey: keys.publicKey,
    signingKey: authority.key,
    extensions: [
      new BasicConstraintsExtension(false, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
      new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth]),
      new SubjectAlternativeNameExtension(names.map((value) => ({ type: isIP(value) ? 'ip' : 'dns', value }))),
      await SubjectKeyIdentifierExtension.create(keys.publicKey),
      await AuthorityKeyIdentifierExtension.create(authority.certificate.publicKey),
    ],
  });
  return { certificate, key: keys.privateKey };
}

/** The names that the first certificate of a PEM file vouches for; undefined if there is none. */
export function namesIn(pem: Buffer): string[] | undefined {
  try {
    const certificate = new X509Certificate(new NodeCertificate(pem).raw);
    return certificate.getExtension(SubjectAlternativeNameExtension)?.names.items.map(({ value }) => value) ?? [];
  } catch {
    return undefined;
  }
}
