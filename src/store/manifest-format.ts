/**
 * Manifests (docs/formats.md, "Manifest"): the ordered chunks and zero runs of one disk. Pages are chained by hash, so
 * a reader can trust each page as soon as it has it, and the last hash, the root, stands for the whole manifest. The hashes
 * of an encrypted disk are keyed by its data key: nobody else can make, or change, its manifest.
 */
import { uuidBytes } from '../lib/uuid-bytes.ts';
import type { DiskSealing } from './disk-keys.ts';
import { hash, hashBytes, keyedHash } from './hash.ts';

/** How a disk was cut: settings at the time, stored with what they shaped. All in bytes. */
export interface CutParameters {
  /** A chunk found by content is no shorter, unless its run of data is. */
  readonly minChunk: number;
  /** The mean that the cutter aims at; a power of two. */
  readonly meanChunk: number;
  readonly maxChunk: number;
  /** Segments are cut independently: no chunk crosses a multiple of this. */
  readonly segment: number;
}

/** A run of a disk: a chunk, or, where `id` is null, zeros. Entries follow each other without gaps. */
export interface ManifestEntry {
  readonly length: number;
  readonly id: Uint8Array | null;
}

export interface ManifestSummary {
  /** Bytes of the disk. */
  readonly size: number;
  readonly entries: number;
  /** Bytes in chunks. */
  readonly dataBytes: number;
  /** The disk digest as the footer has it, see {@link footerDigest}. */
  readonly digest: Uint8Array;
  /** The chained hash of everything before it. */
  readonly root: Uint8Array;
}

export class ManifestError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'ManifestError';
  }
}

const headerMagic = Buffer.from('MIMEOMF1');
const sealedMagic = Buffer.from('MIMEOMF2');
const footerMagic = Buffer.from('MIMEOMFE');

export const manifestHeaderBytes = 64;
const manifestEntryBytes = 40;
export const manifestFooterBytes = 96;
const pageHeaderBytes = 8;
/** Where an encrypted disk's header names its data key. */
const dataKeyAt = 32;
/** Entries in every page but the last, which may have fewer. */
export const entriesPerPage = 4096;

const kindZeros = 0;
const kindChunk = 1;

/** Bytes of a page with so many entries. */
export function pageBytes(entries: number): number {
  return pageHeaderBytes + entries * manifestEntryBytes + hashBytes;
}

/** Bytes of a manifest with so many entries. */
export function manifestBytes(entries: number): number {
  const last = entries % entriesPerPage;
  const pages = ((entries - last) / entriesPerPage) * pageBytes(entriesPerPage) + (last > 0 ? pageBytes(last) : 0);
  return manifestHeaderBytes + pages + manifestFooterBytes;
}

export function encodeHeader(size: number, cut: CutParameters, sealing: DiskSealing | null = null): Uint8Array {
  const bytes = new Uint8Array(manifestHeaderBytes);
  const view = new DataView(bytes.buffer);
  bytes.set(sealing === null ? headerMagic : sealedMagic, 0);
  view.setBigUint64(8, BigInt(size), true);
  view.setUint32(16, cut.minChunk, true);
  view.setUint32(20, cut.meanChunk, true);
  view.setUint32(24, cut.maxChunk, true);
  view.setUint32(28, cut.segment, true);
  if (sealing !== null) bytes.set(uuidBytes(sealing.id), dataKeyAt);
  return bytes;
}

export function decodeHeader(
  bytes: Uint8Array,
  sealing: DiskSealing | null = null,
): { size: number; cut: CutParameters } {
  if (bytes.length !== manifestHeaderBytes) throw new ManifestError('header is cut short');
  checkMagic(bytes, sealing);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return {
    size: Number(view.getBigUint64(8, true)),
    cut: {
      minChunk: view.getUint32(16, true),
      meanChunk: view.getUint32(20, true),
      maxChunk: view.getUint32(24, true),
      segment: view.getUint32(28, true),
    },
  };
}

function checkMagic(header: Uint8Array, sealing: DiskSealing | null): void {
  const isSealed = sealedMagic.compare(header, 0, 8) === 0;
  if (!isSealed && headerMagic.compare(header, 0, 8) !== 0) throw new ManifestError('header is unknown');
  if (isSealed !== (sealing !== null))
    throw new ManifestError(`manifest is one of a disk that is ${isSealed ? '' : 'not '}encrypted`);
  if (sealing === null) return;
  const dataKey = header.subarray(dataKeyAt, dataKeyAt + 16);
  if (Buffer.compare(dataKey, uuidBytes(sealing.id)) !== 0) throw new ManifestError('manifest is of another data key');
}

/** The hash that the first page's hash is chained to. */
export function chainStart(header: Uint8Array, sealing: DiskSealing | null = null): Uint8Array {
  return linkOf(header, sealing);
}

function linkOf(bytes: Uint8Array, sealing: DiskSealing | null): Uint8Array {
  return sealing === null ? hash(bytes) : keyedHash(sealing.manifest, bytes);
}

function chain(previous: Uint8Array, bytes: Uint8Array, sealing: DiskSealing | null): Uint8Array {
  const joined = new Uint8Array(previous.length + bytes.length);
  joined.set(previous, 0);
  joined.set(bytes, previous.length);
  return linkOf(joined, sealing);
}

/**
 * The digest of a disk as its footer has it: keyed if the disk is encrypted, or it would tell whoever has the same disk that
 * this is it.
 */
export function footerDigest(diskDigest: Uint8Array, sealing: DiskSealing | null): Uint8Array {
  return sealing === null ? diskDigest : keyedHash(sealing.manifest, diskDigest);
}

export function encodePage(
  entries: readonly ManifestEntry[],
  previous: Uint8Array,
  sealing: DiskSealing | null = null,
): { bytes: Uint8Array; link: Uint8Array } {
  const bytes = Buffer.alloc(pageBytes(entries.length));
  bytes.writeUInt32LE(entries.length, 0);
  let at = pageHeaderBytes;
  for (const entry of entries) {
    bytes.writeUInt8(entry.id === null ? kindZeros : kindChunk, at);
    bytes.writeUIntLE(entry.length, at + 2, 6);
    if (entry.id !== null) bytes.set(entry.id, at + 8);
    at += manifestEntryBytes;
  }
  const link = chain(previous, bytes.subarray(0, at), sealing);
  bytes.set(link, at);
  return { bytes, link };
}

export function decodePage(
  bytes: Uint8Array,
  previous: Uint8Array,
  sealing: DiskSealing | null = null,
): { entries: ManifestEntry[]; link: Uint8Array } {
  const page = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const count = (page.length - pageHeaderBytes - hashBytes) / manifestEntryBytes;
  const hashAt = page.length - hashBytes;
  const link = chain(previous, page.subarray(0, hashAt), sealing);
  if (page.compare(link, 0, hashBytes, hashAt) !== 0) throw new ManifestError('page does not match its hash');
  if (page.readUInt32LE(0) !== count) throw new ManifestError('page has another length than it says');
  const entries: ManifestEntry[] = [];
  for (let at = pageHeaderBytes; at < hashAt; at += manifestEntryBytes) {
    const kind = page.readUInt8(at);
    if (kind !== kindZeros && kind !== kindChunk) throw new ManifestError(`entry has unknown kind ${kind}`);
    const id = kind === kindChunk ? page.subarray(at + 8, at + 8 + hashBytes) : null;
    entries.push({ length: page.readUIntLE(at + 2, 6), id });
  }
  return { entries, link };
}

/** `previous` is the link of the last page, or of the header where the disk is empty. */
export function encodeFooter(
  summary: Omit<ManifestSummary, 'root'>,
  previous: Uint8Array,
  sealing: DiskSealing | null = null,
): { bytes: Uint8Array; root: Uint8Array } {
  const bytes = new Uint8Array(manifestFooterBytes);
  const view = new DataView(bytes.buffer);
  bytes.set(footerMagic, 0);
  view.setBigUint64(8, BigInt(summary.entries), true);
  view.setBigUint64(16, BigInt(summary.size), true);
  view.setBigUint64(24, BigInt(summary.dataBytes), true);
  bytes.set(summary.digest, 32);
  const root = chain(previous, bytes.subarray(0, 64), sealing);
  bytes.set(root, 64);
  return { bytes, root };
}

/** What the footer says; it is proven only when the pages before it have been read up to `previous`, see {@link checkRoot}. */
export function decodeFooter(bytes: Uint8Array): ManifestSummary {
  if (bytes.length !== manifestFooterBytes) throw new ManifestError('footer is cut short');
  if (footerMagic.compare(bytes, 0, 8) !== 0) throw new ManifestError('footer is unknown');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return {
    entries: Number(view.getBigUint64(8, true)),
    size: Number(view.getBigUint64(16, true)),
    dataBytes: Number(view.getBigUint64(24, true)),
    digest: bytes.slice(32, 64),
    root: bytes.slice(64, 96),
  };
}

/** Throws unless the footer follows from the page link before it. */
export function checkRoot(footer: Uint8Array, previous: Uint8Array, sealing: DiskSealing | null = null): void {
  const root = chain(previous, footer.subarray(0, 64), sealing);
  if (Buffer.compare(root, footer.subarray(64, 96)) !== 0) throw new ManifestError('root does not match its hash');
}
