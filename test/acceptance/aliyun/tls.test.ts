import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { testCertificates } from '../../support/test-certificates.ts';
import { clients, raisedBy } from './clients.ts';
import { createSite, type Site } from './site.ts';

describe('over HTTPS', { timeout: 60_000 }, () => {
  const trusted = getCACertificates('default');
  let folder: string;
  let site: Site;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'mimeo-tls-'));
    const [{ cert, key }] = testCertificates;
    const [certificate, certificateKey] = [join(folder, 'cert.pem'), join(folder, 'key.pem')];
    await writeFile(certificate, cert);
    await writeFile(certificateKey, key, { mode: 0o600 });
    setDefaultCACertificates([...trusted, cert]);
    site = await createSite({
      dataMiB: 2,
      laterSettings: { MIMEO_TLS_CERTIFICATE: certificate, MIMEO_TLS_KEY: certificateKey },
    });
  }, 60_000);
  afterAll(async () => {
    setDefaultCACertificates(trusted);
    await site.mimeo.remove();
    await rm(folder, { recursive: true });
  });

  it.each(Object.entries(clients))('%s copies, and hears why not', async (name, make) => {
    const client = make(site.access);
    const asked = { RegionId: 'cn-hangzhou', ImageId: site.imageId, DestinationRegionId: 'cn-shanghai' };
    const named = { ...asked, DestinationImageName: `tls-${name.replaceAll(/\W+/g, '-')}` };
    const { ImageId } = await client.call('CopyImage', named);
    await site.waitFor('cn-shanghai', ImageId, 'Available');
    const { code } = await raisedBy(client, 'CopyImage', named);
    expect(code).toBe('InvalidImageName.Duplicated');
  });
});
