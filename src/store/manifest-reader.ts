/** Reads a manifest page by page from a region's store; every page is verified before one of its entries is given (R1). */
import type { BlobStore } from './blob-store.ts';
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
  manifestFooterBytes,
  manifestHeaderBytes,
  pageBytes,
} from './manifest-format.ts';
import { manifestKey } from './region-store.ts';

export interface ManifestReader {
  readonly cut: CutParameters;
  readonly summary: ManifestSummary;
  /** All entries, in order, a page at a time. */
  pages(signal?: AbortSignal): AsyncGenerator<ManifestEntry[], void, undefined>;
}

/**
 * Opens the manifest and checks that it is the one with this root, which the database remembers: a manifest that was
 * put in its place, however well-formed, is refused. Throws `ManifestError`, or `BlobError` where it cannot be read.
 */
export async function openManifest(blobs: BlobStore, manifestId: string, root: Uint8Array): Promise<ManifestReader> {
  const key = manifestKey(manifestId);
  const size = (await blobs.stat(key))?.size ?? 0;
  if (size < manifestHeaderBytes + manifestFooterBytes) throw new ManifestError('manifest is missing or cut short');
  const header = await blobs.get(key, { offset: 0, length: manifestHeaderBytes });
  const footer = await blobs.get(key, { offset: size - manifestFooterBytes, length: manifestFooterBytes });
  const { cut, size: diskSize } = decodeHeader(header);
  const summary = decodeFooter(footer);
  if (Buffer.compare(summary.root, root) !== 0) throw new ManifestError('manifest is another than the database knows');
  if (summary.size !== diskSize) throw new ManifestError('header and footer disagree about the size');

  return {
    cut,
    summary,
    async *pages(signal) {
      let link = chainStart(header);
      let offset = manifestHeaderBytes;
      for (let left = summary.entries; left > 0; left -= entriesPerPage) {
        const length = pageBytes(Math.min(left, entriesPerPage));
        const page = decodePage(await blobs.get(key, { offset, length }, signal === undefined ? {} : { signal }), link);
        link = page.link;
        offset += length;
        yield page.entries;
      }
      checkRoot(footer, link);
    },
  };
}
