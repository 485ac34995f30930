/** The server's certificate and key, read again now and then: who renews them need not restart a server full of copies. */
import { readFile } from 'node:fs/promises';
import { createSecureContext } from 'node:tls';
import type { Logger } from '../telemetry/logger.ts';

/** Paths of PEM files. */
export interface CertificateFiles {
  readonly certificate: string;
  readonly key: string;
}

export interface Certificate {
  readonly cert: Buffer;
  readonly key: Buffer;
}

/** Reads both, and throws what to do when they are no pair that a server can use. */
export async function readCertificate({ certificate, key }: CertificateFiles): Promise<Certificate> {
  try {
    const pair = { cert: await readFile(certificate), key: await readFile(key) };
    createSecureContext(pair);
    return pair;
  } catch (error) {
    const reason = (error as Error).message;
    const message = `TLS cannot be used with the certificate ${certificate} and the key ${key}: ${reason}; give two PEM files that belong together`;
    throw new Error(message, { cause: error });
  }
}

/** Renewals come days before the old certificate ends. */
const intervalMs = 60_000;

export interface CertificateWatch {
  stop(): void;
}

/** Calls `use` with each new pair; one that cannot be used is logged, and the old one stays. */
export function watchCertificate(
  files: CertificateFiles,
  current: Certificate,
  use: (renewed: Certificate) => void,
  logger: Logger,
  everyMs = intervalMs,
): CertificateWatch {
  let latest = current;
  let busy = false;
  async function look(): Promise<void> {
    busy = true;
    try {
      const found = await readCertificate(files);
      if (found.cert.equals(latest.cert) && found.key.equals(latest.key)) return;
      use(found);
      latest = found;
      logger.info({ certificate: files.certificate }, 'the TLS certificate was renewed');
    } catch (error) {
      logger.warn({ error }, 'the TLS certificate was not read again; the old one stays in use');
    } finally {
      busy = false;
    }
  }
  const timer = setInterval(() => {
    if (!busy) void look();
  }, everyMs);
  timer.unref();
  return { stop: () => clearInterval(timer) };
}
