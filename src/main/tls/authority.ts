/** The private certificate authority: a P-256 key and a certificate that says what it may vouch for. */
import 'reflect-metadata';
import { createPrivateKey, type KeyObject, X509Certificate as NodeCertificate, webcrypto } from 'node:crypto';
import {
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  SubjectKeyIdentifierExtension,
  X509Certificate,
  X509CertificateGenerator,
} from '@peculiar/x509';
import { nameConstraints } from './name-constraints.ts';

/** What every client of the last ten years verifies, and quick to sign with. */
export const keyAlgorithm = { name: 'ECDSA', namedCurve: 'P-256' } as const;

export interface Authority {
  readonly certificate: X509Certificate;
  readonly key: webcrypto.CryptoKey;
}

const day = 24 * 3600 * 1000;
/** Clients are told to trust it by hand, so it is not made often. */
const authorityMs = 3650 * day;
/** Clocks of clients may be behind ours. */
export const backdateMs = 3600 * 1000;

/** Makes an authority for `names` alone. */
export async function makeAuthority(names: readonly string[], now: number): Promise<Authority> {
  const keys = await webcrypto.subtle.generateKey(keyAlgorithm, true, ['sign', 'verify']);
  const keyId = await SubjectKeyIdentifierExtension.create(keys.publicKey);
  const notBefore = new Date(now - backdateMs);
  const certificate = await X509CertificateGenerator.createSelfSigned({
    // Of two authorities with one name clients may try the wrong one.
    name: `CN=Mimeo private CA ${keyId.keyId.slice(0, 8)}`,
    notBefore,
    notAfter: new Date(notBefore.getTime() + authorityMs),
    keys,
    extensions: [
      new BasicConstraintsExtension(true, 0, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
      // Name constraints bind servers alone. In an authority's certificate this binds those below it: no mail, no code, no users.
      new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth]),
      keyId,
      nameConstraints(names),
    ],
  });
  return { certificate, key: keys.privateKey };
}

/** The authority that these two files hold; undefined if they do not belong together, or are something else. */
export async function parseAuthority(certificate: Buffer, key: Buffer): Promise<Authority | undefined> {
  const found = readPair(certificate, key);
  if (found === undefined) return undefined;
  const bytes = found.key.export({ type: 'pkcs8', format: 'der' });
  return {
    certificate: new X509Certificate(found.certificate.raw),
    key: await webcrypto.subtle.importKey('pkcs8', bytes, keyAlgorithm, false, ['sign']),
  };
}

function readPair(certificate: Buffer, key: Buffer): { certificate: NodeCertificate; key: KeyObject } | undefined {
  try {
    const pair = { certificate: new NodeCertificate(certificate), key: createPrivateKey(key) };
    const isOurs = pair.key.asymmetricKeyDetails?.namedCurve === 'prime256v1';
    return isOurs && pair.certificate.ca && pair.certificate.checkPrivateKey(pair.key) ? pair : undefined;
  } catch {
    return undefined;
  }
}
