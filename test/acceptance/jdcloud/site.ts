/** A running Mimeo with real images in it, and a key of its owner's for JD Cloud's clients. */
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { writeSparseDisk } from '../disks.ts';
import { createInstallation, type Installation } from '../mimeo.ts';
import { type Access, type Answer, type Client, diskClient, vmClient } from './clients.ts';

const MiB = 1024 * 1024;

export const [here, there, elsewhere] = ['cn-north-1', 'cn-east-2', 'cn-south-1'] as const;

export interface GoldenImage {
  readonly name: string;
  /** As JD Cloud writes it. */
  readonly imageId: string;
  /** The disk that it was made of. */
  readonly disk: string;
}

export interface Site {
  readonly mimeo: Installation;
  readonly access: Access;
  readonly vm: Client;
  readonly disks: Client;
  /** Linux on disks of their own, in `here`. */
  readonly images: readonly GoldenImage[];
  /** The image of this id as `vm` sees it. */
  find(region: string, imageId: string): Promise<Answer>;
  /** Waits until the image is ready, and returns it; `seen` gets each answer before. */
  waitFor(region: string, imageId: string, seen?: (image: Answer) => void): Promise<Answer>;
}

interface SiteOptions {
  readonly settings?: Readonly<Record<string, string>>;
  readonly images: number;
  /** Of random bytes in each, which is sparse besides. */
  readonly dataMiB: number;
}

/** Starts a server and imports the images `golden-0`, `golden-1` … */
export async function createSite({ settings = {}, images: count, dataMiB }: SiteOptions): Promise<Site> {
  const mimeo = await createInstallation();
  const { url } = await mimeo.start({ MIMEO_REGIONS: [here, there, elsewhere].join(','), ...settings });
  const images: GoldenImage[] = [];
  for (let number = 0; number < count; number++) {
    const name = `golden-${number}`;
    const disk = join(mimeo.folder, `${name}.raw`);
    await writeSparseDisk(disk, (dataMiB + 64) * MiB, [{ at: 7, length: dataMiB }]);
    const os = ['--os-type', 'linux', '--platform', 'Debian', '--architecture', 'x86_64'];
    const imported = ['image', 'import', disk, '--region', here, '--name', name, ...os];
    const { jdcloudId } = await mimeo.json<{ jdcloudId: string }>(...imported);
    images.push({ name, imageId: jdcloudId, disk });
  }
  const key = await mimeo.json<{ id: string; secret: string }>('access-key', 'create', '--user', 'owner');
  const access = { url, accessKeyId: key.id, secretAccessKey: key.secret };
  const vm = vmClient(access);

  async function find(region: string, imageId: string): Promise<Answer> {
    return (await vm.call('describeImage', { imageId }, region)).result.image;
  }
  return {
    mimeo,
    access,
    vm,
    disks: diskClient(access),
    images,
    find,
    async waitFor(region, imageId, seen = () => {}) {
      for (;;) {
        const image = await find(region, imageId);
        if (image.status === 'ready') return image;
        if (image.status !== 'pending') throw new Error(`${imageId}: ${JSON.stringify(image)}`);
        seen(image);
        await sleep(20);
      }
    },
  };
}
