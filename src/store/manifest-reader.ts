/** Reads a manifest page by page from a region's store; every page is verified before one of its entries is given (R1). */

import { manifestKey } from './blob-keys.ts';
import type { BlobStore } from './blob-store.ts';
import type { DiskSealing } from './disk-keys.ts';
import {
  type CutParameters,
  chainStart,
  checkRoot,
  decodeFooter,
  decodeHeader,
  decodePage,
  entriesPerPage,
  type ManifestEntry,
  ManifestError,
  type ManifestSummary,
  manifestBytes,
  manifestFooterBytes,
  manifestHeaderBytes,
  pageBytes,
} from './manifest-format.ts';
import { retryBlob } from './retry-blob.ts';

export interface ManifestReader {
  readonly cut: CutParameters;
  /** Size and root are proven; the rest is once `pages` has come to its end. */
  readonly summary: ManifestSummary;
  /** All entries, in order, a page at a time. */
  pages(signal?: AbortSignal): AsyncGenerator<ManifestEntry[], void, undefined>;
}

export interface OpenManifestOptions {
  /** Null, or left out, where the disk is not encrypted. */
  readonly sealing?: DiskSealing | null;
  readonly signal?: AbortSignal;
}

/**
 * Opens the manifest and checks that it is the one with this root, which the database remembers: a manifest that was
 * put in its place, however well-formed, is refused, and so is one of another data key. Throws `ManifestError`, or
 * `BlobError` where it cannot be read.
 */
export async function openManifest(
  blobs: BlobStore,
  manifestId: string,
  root: Uint8Array,
  { sealing = null, signal }: OpenManifestOptions = {},
): Promise<ManifestReader> {
  const key = manifestKey(manifestId);
  const { cut, summary, footer, first } = await readTwice(() => readEnds(blobs, key, root, sealing, signal));

  return {
    cut,
    summary,
    async *pages(signal) {
      if (first.entries.length > 0) yield first.entries;
      let { link, end } = first;
      for (let left = summary.entries - first.entries.length; left > 0; left -= entriesPerPage) {
        const offset = end;
        const length = pageBytes(Math.min(left, entriesPerPage));
        const previous = link;
        const page = await readTwice(async () =>
          decodePage(await read(blobs, key, offset, length, signal), previous, sealing),
        );
        link = page.link;
        end += length;
        yield page.entries;
      }
      checkRoot(footer, link, sealing);
    },
  };
}

/** Footer, header and first page. The header is chained to the first page, so that it takes both to trust either. */
async function readEnds(
  blobs: BlobStore,
  key: string,
  root: Uint8Array,
  sealing: DiskSealing | null,
  signal: AbortSignal | undefined,
) {
  const bytes = (await retryBlob(() => blobs.stat(key), signal))?.size ?? 0;
  if (bytes < manifestHeaderBytes + manifestFooterBytes) throw new ManifestError('manifest is missing or cut short');
  const footer = await read(blobs, key, bytes - manifestFooterBytes, manifestFooterBytes, signal);
  const summary = decodeFooter(footer);
  if (Buffer.compare(summary.root, root) !== 0) throw new ManifestError('manifest is another than the database knows');
  if (manifestBytes(summary.entries) !== bytes)
    throw new ManifestError('manifest has another length than its footer says');

  const end = manifestHeaderBytes + (summary.entries > 0 ? pageBytes(Math.min(summary.entries, entriesPerPage)) : 0);
  const head = await read(blobs, key, 0, end, signal);
  const header = head.subarray(0, manifestHeaderBytes);
  const { cut, size } = decodeHeader(header, sealing);
  if (summary.size !== size) throw new ManifestError('header and footer disagree about the size');
  const start = chainStart(header, sealing);
  const page =
    summary.entries > 0 ? decodePage(head.subarray(manifestHeaderBytes), start, sealing) : { entries: [], link: start };
  return { cut, summary, footer, first: { ...page, end } };
}

function read(
  blobs: BlobStore,
  key: string,
  offset: number,
  length: number,
  signal: AbortSignal | undefined,
): Promise<Uint8Array> {
  return retryBlob(() => blobs.get(key, { offset, length }, { signal }), signal);
}

/** R1: what does not verify is read once more. */
async function readTwice<Result>(readAndVerify: () => Promise<Result>): Promise<Result> {
  try {
    return await readAndVerify();
  } catch (error) {
    if (!(error instanceof ManifestError)) throw error;
    return await readAndVerify();
  }
}
