/** Turns a disk's entries, in order, into a manifest's bytes without ever holding more than a page of them. */
import type { DiskSealing } from './disk-keys.ts';
import {
  type CutParameters,
  chainStart,
  encodeFooter,
  encodeHeader,
  encodePage,
  entriesPerPage,
  type ManifestEntry,
  ManifestError,
  type ManifestSummary,
} from './manifest-format.ts';

export interface ManifestWriter {
  /** The header; to be written first. */
  readonly header: Uint8Array;
  /** Takes the next entry; returns a page when one is full. Zero runs that follow each other become one. */
  add(entry: ManifestEntry): Uint8Array | undefined;
  /** The last page, if any, and the footer. The entries must add up to the size. `digest`: as `footerDigest` gives it. */
  finish(digest: Uint8Array): { bytes: Uint8Array[]; summary: ManifestSummary };
}

/** `sealing`: of the disk that the manifest is of, null where that is not encrypted. */
export function createManifestWriter(
  size: number,
  cut: CutParameters,
  sealing: DiskSealing | null = null,
): ManifestWriter {
  const header = encodeHeader(size, cut, sealing);
  let link = chainStart(header, sealing);
  let page: ManifestEntry[] = [];
  let zeros = 0;
  let entries = 0;
  let offset = 0;
  let dataBytes = 0;

  function push(entry: ManifestEntry): Uint8Array | undefined {
    page.push(entry);
    entries += 1;
    return page.length === entriesPerPage ? flush() : undefined;
  }

  function flush(): Uint8Array {
    const encoded = encodePage(page, link, sealing);
    link = encoded.link;
    page = [];
    return encoded.bytes;
  }

  function pushZeros(): Uint8Array | undefined {
    if (zeros === 0) return undefined;
    const length = zeros;
    zeros = 0;
    return push({ length, id: null });
  }

  return {
    header,
    add(entry) {
      offset += entry.length;
      if (entry.id === null) {
        zeros += entry.length;
        return undefined;
      }
      dataBytes += entry.length;
      // Two pushes can fill at most one page, as a page holds more than two entries.
      const first = pushZeros();
      return push(entry) ?? first;
    },
    finish(digest) {
      if (offset !== size) throw new ManifestError(`entries cover ${offset} of ${size} bytes`);
      const bytes: Uint8Array[] = [];
      const full = pushZeros();
      if (full !== undefined) bytes.push(full);
      if (page.length > 0) bytes.push(flush());
      const footer = encodeFooter({ size, entries, dataBytes, digest }, link, sealing);
      bytes.push(footer.bytes);
      return { bytes, summary: { size, entries, dataBytes, digest, root: footer.root } };
    },
  };
}
