import { announceDisk, checkAnnounceable, withdrawDisk } from '../../../app/announce-disk.ts';
import type { Caller } from '../../../app/context.ts';
import { readRegionQuotas } from '../../../app/quotas.ts';
import { uploadDisk } from '../../../app/upload-disk.ts';
import { diskFormats, type Image, maxDiskBytes } from '../../../domain/image.ts';
import { RefusalError } from '../../../domain/refusal.ts';
import { runsOf } from '../../../lib/raw-stream.ts';
import { type Spool, SpoolError } from '../../../lib/spool.ts';
import { FaultError } from '../../shared/faults.ts';
import type { Spooling } from '../../shared/spools.ts';
import { untilIdle } from '../../shared/until-idle.ts';
import { mediaTypeOf } from '../media-type.ts';
import { type HuaweiContext, operation } from '../operation.ts';
import { glanceFaults } from './glance-faults.ts';
import { findOwnImage, imageId } from './named-image.ts';

const { conflict, forbidden, invalid, notFound, overLimit, unavailable, unsupportedMediaType } = glanceFaults;

export const uploadFileFaults = {
  invalid,
  forbidden,
  notFound,
  conflict,
  overLimit,
  unsupportedMediaType,
  unavailable,
};

/**
 * Brings the bytes of an image. Clients that do not say how many there are (python-glanceclient never does) are listened to until
 * the end before anything is stored, since a disk's size is a part of what is stored.
 */
export const uploadFile = operation({
  service: 'glance',
  method: 'PUT',
  route: '/v2/images/{image_id}/file',
  name: 'GlanceUploadImage',
  summary: "Brings an image's bytes; the image is active once they are stored.",
  right: 'image.upload',
  path: { image_id: imageId },
  takesBytes: true,
  faults: uploadFileFaults,
  refusals: {
    'disk.unsafe-format': ({ reason }) => new FaultError(invalid, reason),
  },
  async handle({ context, caller, scope, parameters, content, headers, signal }) {
    const type = mediaTypeOf(headers.get('content-type'));
    if (type !== 'application/octet-stream') throw new FaultError(unsupportedMediaType);
    const image = await findOwnImage(context, caller, scope, parameters.image_id);
    if (image.state !== 'queued' && image.state !== 'uploading') {
      throw new FaultError(conflict, `the image is ${image.state}, and only one that is queued can get bytes`);
    }
    // A client without a terminal sends an empty body for none: its image stays queued.
    if (content === null || content.length === 0) return { status: 204 };
    const { transfers } = context;
    const endTransfer = transfers.begin(caller.accountId);
    if (endTransfer === undefined) throw new FaultError(unavailable);
    try {
      const bytes = untilIdle(content.bytes, transfers.idleMs, content.cutOff);
      if (content.length !== null) {
        await store(context, caller, image, { size: content.length, bytes, signal });
      } else {
        await storeSpooled(context, caller, image, { bytes, signal });
      }
    } finally {
      endTransfer();
    }
    return { status: 204 };
  },
});

interface Source {
  readonly bytes: AsyncIterable<Uint8Array>;
  /** Aborts when the client goes away. */
  readonly signal: AbortSignal;
}

async function storeSpooled(
  context: HuaweiContext,
  caller: Caller,
  image: Image,
  { bytes, signal }: Source,
): Promise<void> {
  await checkAnnounceable(context, caller, image.id);
  const { spooling, take } = await beginSpool(context, caller, image);
  try {
    const spooled = await take(bytes);
    try {
      const { size } = spooled;
      const source = { size, bytes: spooled.read(), signal, onAnnounced: spooling.charge };
      if (size > 0) await store(context, caller, image, source);
    } finally {
      await spooled.close();
    }
  } finally {
    spooling.end();
  }
}

interface Begun {
  readonly spooling: Spooling;
  take(bytes: AsyncIterable<Uint8Array>): Promise<Spool>;
}

/** No more than the account may still have, which is told of it before all of it has come. */
async function beginSpool(context: HuaweiContext, caller: Caller, { id, region, disks }: Image): Promise<Begun> {
  const { limit, used } = (await readRegionQuotas(context, caller, region)).bytes;
  const announced = disks[0]?.size ?? 0;
  const free = limit - used;
  const most = Math.min(Math.max(0, free + announced), maxDiskBytes);
  const holder = `${caller.accountId} ${region}`;
  const spooling = context.spools.begin({ image: id, holder, limit, free, announced, most });
  if (spooling === undefined) throw new RefusalError('disk.upload-in-progress', { image: id, disk: 0 });
  return {
    spooling,
    async take(bytes) {
      try {
        return await spooling.take(bytes);
      } catch (error) {
        if (!(error instanceof SpoolError)) throw error;
        if (error.code === 'no-space') throw new RefusalError('store.full', { region }, { cause: error });
        throw new RefusalError('quota.bytes', { region, limit, used, wanted: most + 1 }, { cause: error });
      }
    },
  };
}

async function store(
  context: HuaweiContext,
  caller: Caller,
  image: Image,
  { size, onAnnounced, ...source }: Source & { readonly size: number; onAnnounced?(): void },
): Promise<void> {
  const { id, kind, properties, disks } = image;
  const said = properties.disk_format;
  // Of Huawei's own formats, zvhd2 and such, the bytes say what they are.
  const known = diskFormats.find((each) => each === said) ?? null;
  const format = said === undefined ? (disks[0]?.format ?? null) : known;
  const role = disks[0]?.role ?? (kind === 'data-disk' ? 'data' : 'system');
  const announced = await announceDisk(context, caller, { image: id, size, role, format });
  onAnnounced?.();
  const whole = takeWhole(source, { image: id, size });
  // Not the client's: what ends the bytes is said by them.
  const { signal } = new AbortController();
  try {
    await uploadDisk(context, caller, { image: id, disk: 0, size, runs: runsOf(whole), signal });
  } catch (error) {
    await withdrawDisk(context, announced);
    // Of bytes that are not what was signed.
    if (error instanceof RefusalError && error.cause instanceof FaultError) throw error.cause;
    throw error;
  }
}

/**
 * Glance knows no upload that goes on later: one that breaks off is refused, so that nothing of it is kept and the image is
 * queued again.
 */
async function* takeWhole(
  { bytes, signal }: Source,
  { image, size }: { readonly image: string; readonly size: number },
): AsyncGenerator<Uint8Array, void, undefined> {
  let received = 0;
  try {
    for await (const piece of bytes) {
      signal.throwIfAborted();
      received += piece.length;
      yield piece;
    }
  } catch (cause) {
    throw new RefusalError('upload.incomplete', { image, disk: 0, expected: size, received }, { cause });
  }
}
