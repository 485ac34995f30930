/** A running Mimeo with a real image in it, and a key of its owner's for Alibaba Cloud's clients. */
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { writeSparseDisk } from '../disks.ts';
import { createInstallation, type Installation } from '../mimeo.ts';
import { type Access, type Answer, anyClient, type Client } from './clients.ts';

const MiB = 1024 * 1024;

export interface Site {
  readonly mimeo: Installation;
  readonly access: Access;
  /** The disk that the image was made of. */
  readonly disk: string;
  /** The image's id as Alibaba Cloud writes them. */
  readonly imageId: string;
  /** Any action, any parameter. */
  readonly any: Client;
  /** The image of this id in any state; undefined when there is none. */
  find(region: string, imageId: string): Promise<Answer>;
  /** Waits until the image is in one of the states, and returns it. */
  waitFor(region: string, imageId: string, ...states: string[]): Promise<Answer>;
}

interface SiteOptions {
  readonly settings?: Readonly<Record<string, string>>;
  /** The server is started anew with them once the image is there: the command line does not speak TLS to a stranger. */
  readonly laterSettings?: Readonly<Record<string, string>>;
  /** Of random bytes in the image, which is sparse besides. */
  readonly dataMiB: number;
}

/** Starts a server and imports an image `golden` into cn-hangzhou. */
export async function createSite({ settings = {}, laterSettings, dataMiB }: SiteOptions): Promise<Site> {
  const mimeo = await createInstallation();
  let { url } = await mimeo.start({ ...settings });
  const disk = join(mimeo.folder, 'golden.raw');
  await writeSparseDisk(disk, (dataMiB + 64) * MiB, [{ at: 7, length: dataMiB }]);
  const golden = ['image', 'import', disk, '--region', 'cn-hangzhou', '--name', 'golden'];
  const { aliyunId: imageId } = await mimeo.json<{ aliyunId: string }>(...golden);
  const key = await mimeo.json<{ id: string; secret: string }>('access-key', 'create', '--user', 'owner');
  if (laterSettings !== undefined) {
    await mimeo.stop();
    ({ url } = await mimeo.start({ ...settings, ...laterSettings }));
  }
  const access = { url, accessKeyId: key.id, accessKeySecret: key.secret };
  const any = anyClient(access);

  async function find(region: string, id: string): Promise<Answer> {
    const answer = await any.call('DescribeImages', { RegionId: region, ImageId: id, Status: 'ALL' });
    return answer.Images.Image[0];
  }
  return {
    mimeo,
    access,
    disk,
    imageId,
    any,
    find,
    async waitFor(region, id, ...states) {
      for (;;) {
        const image = await find(region, id);
        if (image !== undefined && states.includes(image.Status)) return image;
        if (image === undefined || /Fail/.test(image.Status)) throw new Error(`${id}: ${JSON.stringify(image)}`);
        await sleep(20);
      }
    },
  };
}
