import { findDownload, readDisk } from '../../../app/read-disk.ts';
import { isReadable } from '../../../domain/states.ts';
import { bytesOf } from '../../../lib/raw-stream.ts';
import { allowsRange, parseRange } from '../../shared/byte-range.ts';
import { FaultError } from '../../shared/faults.ts';
import { findVisibleImage } from '../ims/named-image.ts';
import { operation } from '../operation.ts';
import { plainFaults } from '../plain-faults.ts';
import { glanceFaults } from './glance-faults.ts';
import { imageId } from './named-image.ts';

const { notFound, unavailable } = glanceFaults;

export const downloadFileFaults = {
  keyDenied: {
    ...plainFaults[403],
    when: "the image is encrypted, and its key is not granted to the image service, or the caller's role uses no keys",
  },
  notFound: { ...notFound, when: `${notFound.when}; or the key of an encrypted image is gone` },
  keyDisabled: { ...plainFaults[409], when: 'the image is encrypted, and its key is not enabled' },
  unavailable,
};

/** Of an image of several disks the first, which is the one that its machine starts from. */
export const downloadFile = operation({
  service: 'glance',
  method: 'GET',
  route: '/v2/images/{image_id}/file',
  name: 'GlanceDownloadImage',
  summary: "Gives an image's bytes, or a range of them; 204 while there are none.",
  right: 'image.download',
  path: { image_id: imageId },
  faults: downloadFileFaults,
  async handle({ context, caller, scope, parameters, headers, signal }) {
    const { id, state } = await findVisibleImage(context, caller, scope, parameters.image_id);
    if (!isReadable(state)) return { status: 204 };
    const { size, digest } = await findDownload(context, caller, id, 0);
    const tag = `"${digest}"`;
    const about = { etag: tag, 'accept-ranges': 'bytes' };
    const range = allowsRange(headers.get('if-range'), tag) ? parseRange(headers.get('range'), size) : undefined;
    if (range === 'none') return { status: 416, headers: { ...about, 'content-range': `bytes */${size}` } };
    const end = context.transfers.begin(caller.accountId);
    if (end === undefined) throw new FaultError(unavailable);
    try {
      const part = range ?? { start: 0, end: size };
      const { runs } = await readDisk(context, caller, id, 0, signal, range);
      // Of a client that is gone nobody would be told to end the transfer.
      signal.throwIfAborted();
      const partial = { 'content-range': `bytes ${part.start}-${part.end - 1}/${size}` };
      return {
        status: range === undefined ? 200 : 206,
        // Clients stream what is of this type to the letter.
        headers: { 'content-type': 'application/octet-stream', ...about, ...(range && partial) },
        stream: { bytes: bytesOf(part.end, runs, part.start), length: part.end - part.start, end },
      };
    } catch (error) {
      end();
      throw error;
    }
  },
});
