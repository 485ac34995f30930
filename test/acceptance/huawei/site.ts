/** A running Mimeo with a real image in it, and a key and a password of its owner's for Huawei Cloud's clients. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  AssociateAgencyWithProjectPermissionRequest,
  CreateAgencyOption,
  CreateAgencyRequest,
  CreateAgencyRequestBody,
  KeystoneListPermissionsRequest,
} from '@huaweicloud/huaweicloud-sdk-iam/v3/public-api.js';
import { vi } from 'vitest';
import { writeSparseDisk } from '../disks.ts';
import { createInstallation, type Installation } from '../mimeo.ts';
import { type Access, type Answer, type Client, iamClient, imsClient } from './clients.ts';

const MiB = 1024 * 1024;

export const [here, there, elsewhere] = ['eu-de', 'eu-nl', 'cn-north-4'] as const;

/** Of the owner. */
export const password = 'correct horse battery staple';

export interface Site {
  readonly mimeo: Installation;
  readonly access: Access;
  /** Name and id of the account, which Huawei calls a domain. */
  readonly domain: { readonly name: string; readonly id: string };
  /** The disk that the image was made of. */
  readonly disk: string;
  /** In `here`. */
  readonly imageId: string;
  /** Of the region, with its default project. */
  ims(region: string, access?: Access): Client;
  /** The 32 digits of the account's default project in the region. */
  projectOf(region: string): string;
  /** The image of this id as the region's list has it; undefined when there is none. */
  find(region: string, imageId: string): Promise<Answer>;
  /** An agency that lets the image service copy into the regions' default projects. */
  createAgency(name: string, ...regions: string[]): Promise<void>;
  /** Waits until the job has ended, and returns it; `seen` gets each answer before. */
  waitFor(client: Client, jobId: string, seen?: (job: Answer) => void): Promise<Answer>;
}

interface SiteOptions {
  readonly settings?: Readonly<Record<string, string>>;
  /** HTTPS with a certificate of `mimeo tls init`, to the hosts of `myhuaweicloud.com`. */
  readonly tls?: boolean;
  /** Of random bytes in the image, which is sparse besides. */
  readonly dataMiB: number;
}

/** Starts a server and imports an image `golden` into `here`. */
export async function createSite({ settings = {}, tls = false, dataMiB }: SiteOptions): Promise<Site> {
  const mimeo = await createInstallation();
  // The SDK keeps a file in it.
  vi.stubEnv('HOME', mimeo.folder);
  const all = { MIMEO_REGIONS: [here, there, elsewhere].join(','), ...settings };
  const { url } = await mimeo.start(all);
  const disk = join(mimeo.folder, 'golden.raw');
  await writeSparseDisk(disk, (dataMiB + 64) * MiB, [{ at: 7, length: dataMiB }]);
  const os = ['--os-type', 'linux', '--platform', 'Debian', '--architecture', 'x86_64'];
  const golden = ['image', 'import', disk, '--region', here, '--name', 'golden', ...os];
  const { id: imageId } = await mimeo.json<{ id: string }>(...golden);
  const key = await mimeo.json<{ id: string; secret: string }>('access-key', 'create', '--user', 'owner');
  await setPassword(mimeo, url);
  const me = await mimeo.json<{ account: { id: string; name: string } }>('whoami');
  const projects = await mimeo.json<{ projects: { id: string; region: string; isDefault: boolean }[] }>(
    'project',
    'list',
  );
  // The command line does not speak TLS to a stranger, so the image had to be there before.
  const secured = tls ? await startSecured(mimeo, all) : { url };
  const access: Access = { ...secured, ak: key.id, sk: key.secret };
  const hex = (id: string) => id.replaceAll('-', '');

  function projectOf(region: string): string {
    return hex(projects.projects.find((each) => each.region === region && each.isDefault)?.id ?? '');
  }

  const ims = (region: string, of: Access = access) => imsClient(of, region, projectOf(region));
  return {
    mimeo,
    access,
    domain: { name: me.account.name, id: hex(me.account.id) },
    disk,
    imageId,
    ims,
    projectOf,
    async find(region, id) {
      const { images } = await ims(region).call('GET', '/v2/cloudimages', { query: { id } });
      return images[0];
    },
    async createAgency(name, ...regions) {
      const account = iamClient(access, here, { domainId: hex(me.account.id) });
      const agency = new CreateAgencyOption(name, hex(me.account.id)).withTrustDomainName('op_svc_ims');
      const body = new CreateAgencyRequestBody(agency);
      const made = await account.createAgency(new CreateAgencyRequest().withBody(body));
      const { roles = [] } = await account.keystoneListPermissions(
        new KeystoneListPermissionsRequest().withDisplayName('IMS Administrator'),
      );
      for (const region of regions) {
        const project = iamClient(access, region, { projectId: projectOf(region) });
        const grant = new AssociateAgencyWithProjectPermissionRequest(made.agency?.id, roles[0]?.id);
        await project.associateAgencyWithProjectPermission(grant);
      }
    },
    async waitFor(client, jobId, seen = () => {}) {
      for (;;) {
        const job = await client.call('GET', '/v1/{project_id}/jobs/{job_id}', { path: { job_id: jobId } });
        if (!['INIT', 'RUNNING'].includes(job.status)) return job;
        seen(job);
        await sleep(20);
      }
    },
  };
}

/** Starts the server anew, with HTTPS. */
export async function startSecured(
  mimeo: Installation,
  settings: Readonly<Record<string, string>>,
): Promise<Pick<Access, 'url' | 'domain' | 'ca'>> {
  const regions = settings['MIMEO_REGIONS'] ?? '';
  const { folder } = await mimeo.json<{ folder: Record<'authority' | 'certificate' | 'key', string> }>(
    ...['tls', 'init', '--regions', regions],
  );
  await mimeo.stop();
  const { authority, certificate, key } = folder;
  const { url } = await mimeo.start({ ...settings, MIMEO_TLS_CERTIFICATE: certificate, MIMEO_TLS_KEY: key });
  return { url, domain: 'myhuaweicloud.com', ca: await readFile(authority) };
}

/** The command line asks a terminal for it, or reads it from standard input. */
async function setPassword({ dataDirectory }: Installation, url: string): Promise<void> {
  const token = (await readFile(join(dataDirectory, 'token'), 'utf8')).trim();
  const { status } = await fetch(new URL('/api/v1/users/owner/password', url), {
    method: 'PUT',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ password }),
  });
  if (status !== 204) throw new Error(`the password was not set: ${status}`);
}
