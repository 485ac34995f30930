import { createDecipheriv } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { crc32, zstdDecompressSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { deriveDataKeys } from '../kms/data-key.ts';
import { toHex } from '../lib/hex.ts';
import { uuidBytes } from '../lib/uuid-bytes.ts';
import { frameSealing } from '../store/disk-keys.ts';
import { readFrame, writeFrame } from '../store/frame-format.ts';
import { deriveKey, hash, keyedHash } from '../store/hash.ts';
import { footerDigest } from '../store/manifest-format.ts';
import { createManifestWriter } from '../store/manifest-writer.ts';
import {
  packEntryBytes,
  packHeaderBytes,
  readPackIndex,
  writePackEntry,
  writePackHeader,
  writePackTrailer,
} from '../store/pack-format.ts';
import { cutSegment } from './compute/cut-segment.ts';
import { createCutter } from './cutter.ts';
import { createDiskDigest } from './disk-digest.ts';
import { defaultTransferSettings, sealedCut } from './settings.ts';
import { newDisk, plainDiskDigest, pseudoRandom } from './test-disk.test-support.ts';

// A change that fails here makes what is stored unreadable, or unlike what will be stored: it takes a new version of the
// format, and a reader of the old one. The examples of the page are read from the page, so that they cannot drift apart.
const page = readFileSync(new URL('../../docs/formats.md', import.meta.url), 'utf8');

/** The bytes of the page's hexadecimal block of this name. */
function exampleOf(name: string): Buffer {
  const block = page.split('```').find((part) => part.startsWith(`hex ${name}\n`));
  if (block === undefined) throw new Error(`docs/formats.md has no block "hex ${name}"`);
  const lines = block.trim().split('\n').slice(1);
  return Buffer.from(lines.map((line) => line.slice(10).replaceAll(' ', '')).join(''), 'hex');
}

/** What the page's tables say in the row that begins so. */
function vectorOf(what: string): string {
  const row = page.split('\n').find((line) => line.startsWith(`| ${what}`));
  return row?.split(' | ').at(1)?.replaceAll(/[`|]/g, '').trim() ?? `no row "${what}"`;
}

const { cut } = defaultTransferSettings;
const chunkKey = Uint8Array.from({ length: 32 }, (_, index) => index);
const salt = Uint8Array.from({ length: 16 }, (_, index) => 0xa0 + index);
const disk = Buffer.concat([Buffer.alloc(20_480), Buffer.from('Mimeo')]);

/** What the code cuts the example disk into. */
function cutExample(key: Uint8Array = chunkKey, parameters = cut) {
  const segment = new Uint8Array(32 * 1024);
  segment.set(disk);
  const extents = [{ start: 0, end: disk.length }];
  const result = cutSegment({ segment, length: disk.length, extents, chunkKey: key, cut: parameters });
  const digest = createDiskDigest(disk.length);
  digest.add(result.digests);
  return { ...result, digest: digest.finish() };
}

describe('the example of docs/formats.md', () => {
  it('is cut into one chunk of that id', () => {
    const { bounds, ids } = cutExample();
    expect([...bounds]).toEqual([20_480, 20_485]);
    expect(page).toContain(`\n${toHex(ids)}\n`);
  });

  it('is the pack that the code writes', () => {
    const { ids } = cutExample();
    const target = new Uint8Array(1000).fill(0xee);
    writePackHeader(target, salt);
    const length = writeFrame(disk.subarray(20_480), target, packHeaderBytes);
    const index = new Uint8Array(packEntryBytes);
    writePackEntry({ id: ids, offset: packHeaderBytes, length }, index, 0);
    const pack = target.subarray(0, writePackTrailer(target, packHeaderBytes + length, index));
    expect(toHex(pack)).toBe(toHex(exampleOf('pack')));
    expect(page).toContain(`Its name is \`${toHex(hash(pack))}\``);
  });

  it('is the manifest that the code writes', () => {
    const { ids, digest } = cutExample();
    const writer = createManifestWriter(disk.length, cut);
    // Twice, as it comes when segments end in zeros.
    writer.add({ length: 4096, id: null });
    writer.add({ length: 16_384, id: null });
    writer.add({ length: 5, id: ids });
    const manifest = Buffer.concat([writer.header, ...writer.finish(digest).bytes]);
    expect(toHex(manifest)).toBe(toHex(exampleOf('manifest')));
  });

  it('is the frame that the code reads', () => {
    expect(readFrame(exampleOf('frame'), 4096)).toEqual(Buffer.alloc(4096, 'A'));
  });

  it('is read by somebody who knows only the page', () => {
    const [manifest, pack] = [exampleOf('manifest'), exampleOf('pack')];
    expect(manifest.toString('latin1', 0, 8)).toBe('MIMEOMF1');
    const size = Number(manifest.readBigUInt64LE(8));
    const entryCount = manifest.readUInt32LE(64);
    const linkAt = 64 + 8 + 40 * entryCount;
    const footer = manifest.subarray(-96);
    const link = hash(Buffer.concat([hash(manifest.subarray(0, 64)), manifest.subarray(64, linkAt)]));
    expect(toHex(manifest.subarray(linkAt, linkAt + 32))).toBe(toHex(link));
    expect(toHex(footer.subarray(64))).toBe(toHex(hash(Buffer.concat([link, footer.subarray(0, 64)]))));
    expect(linkAt + 32 + 96).toBe(manifest.length);

    const packFooter = pack.subarray(-64);
    const indexAt = Number(packFooter.readBigUInt64LE(8));
    expect(toHex(packFooter.subarray(24, 56))).toBe(toHex(hash(pack.subarray(indexAt, -64))));
    expect(indexAt + 48 * packFooter.readUInt32LE(16)).toBe(pack.length - 64);

    const parts: Buffer[] = [];
    for (let at = 72; at < linkAt; at += 40) {
      const length = manifest.readUIntLE(at + 2, 6);
      if (manifest[at] === 0) {
        parts.push(Buffer.alloc(length));
        continue;
      }
      const id = manifest.subarray(at + 8, at + 40);
      expect(pack.subarray(indexAt, indexAt + 32)).toEqual(id);
      const frameAt = Number(pack.readBigUInt64LE(indexAt + 32));
      const frame = pack.subarray(frameAt, frameAt + pack.readUInt32LE(indexAt + 40));
      expect(frame.readUInt32LE(12)).toBe(crc32(Buffer.concat([frame.subarray(0, 12), frame.subarray(16)])));
      expect([frame.readUInt32LE(0), frame.readUInt32LE(4), frame.readUInt32LE(8)]).toEqual([0, length, length]);
      expect(toHex(keyedHash(chunkKey, frame.subarray(16)))).toBe(toHex(id));
      parts.push(frame.subarray(16));
    }
    const read = Buffer.concat(parts);
    expect(read.length).toBe(size);
    expect(read.equals(disk)).toBe(true);
    expect(toHex(footer.subarray(32, 64))).toBe(toHex(plainDiskDigest(read)));
  });
});

describe('the encrypted example of docs/formats.md', () => {
  const dataKey = Uint8Array.from({ length: 32 }, (_, index) => 0x40 + index);
  const id = 'f47ac10b-58cc-4372-a567-0e02b2c3d479';
  const derived = deriveDataKeys(dataKey);
  const sealing = { id, frames: derived.frames, manifest: derived.manifest };
  const nonce = Uint8Array.from({ length: 12 }, (_, index) => 0xb0 + index);

  it('has keys that are derived as the page says', () => {
    const told = [vectorOf('key for chunk ids'), vectorOf('key for frames'), vectorOf('key for the manifest')];
    expect([derived.chunkId, derived.frames, derived.manifest].map(toHex)).toEqual(told);
    const contexts = ['chunk ids', 'frames', 'manifest'].map((purpose) => `mimeo ${purpose} of a data key 1`);
    expect(contexts.map((context) => toHex(deriveKey(context, dataKey)))).toEqual(told);
    for (const context of contexts) expect(page).toContain(`derive("${context}", data key)`);
  });

  it('is cut into one chunk of that id', () => {
    const { bounds, ids } = cutExample(derived.chunkId, sealedCut(cut));
    expect([...bounds]).toEqual([20_480, 20_485]);
    expect(toHex(ids)).toBe(vectorOf('id of the chunk `Mimeo`'));
  });

  it('is the frame that the code writes, and reads', () => {
    const { ids } = cutExample(derived.chunkId, sealedCut(cut));
    const target = new Uint8Array(100).fill(0xee);
    const length = writeFrame(disk.subarray(20_480), target, 3, frameSealing(sealing, ids), nonce);
    expect(toHex(target.subarray(3, 3 + length))).toBe(toHex(exampleOf('sealed-frame')));
    const chunk = readFrame(exampleOf('sealed-frame'), 5, frameSealing(sealing, ids));
    expect(Buffer.from(chunk).toString()).toBe('Mimeo');
  });

  it('is the compressed frame that the code reads', () => {
    const chunk = Buffer.alloc(4096, 'A');
    const chunkId = keyedHash(derived.chunkId, chunk);
    expect(toHex(chunkId)).toBe(vectorOf('id of the chunk of 4096 times `A`'));
    const read = readFrame(exampleOf('sealed-compressed-frame'), 4096, frameSealing(sealing, chunkId));
    expect(Buffer.compare(read, chunk)).toBe(0);
  });

  it('is the manifest that the code writes', () => {
    const { ids, digest } = cutExample(derived.chunkId, sealedCut(cut));
    const writer = createManifestWriter(disk.length, sealedCut(cut), sealing);
    writer.add({ length: 20_480, id: null });
    writer.add({ length: 5, id: ids });
    const manifest = Buffer.concat([writer.header, ...writer.finish(footerDigest(digest, sealing)).bytes]);
    expect(toHex(manifest)).toBe(toHex(exampleOf('sealed-manifest')));
  });

  it('is read by somebody who knows only the page', () => {
    const manifest = exampleOf('sealed-manifest');
    expect(manifest.toString('latin1', 0, 8)).toBe('MIMEOMF2');
    expect(toHex(manifest.subarray(32, 48))).toBe(id.replaceAll('-', ''));
    const keyed = (...parts: Uint8Array[]) => keyedHash(derived.manifest, Buffer.concat(parts));
    const linkAt = 64 + 8 + 2 * 40;
    const link = keyed(keyed(manifest.subarray(0, 64)), manifest.subarray(64, linkAt));
    const footer = manifest.subarray(-96);
    expect(toHex(manifest.subarray(linkAt, linkAt + 32))).toBe(toHex(link));
    expect(toHex(footer.subarray(64))).toBe(toHex(keyed(link, footer.subarray(0, 64))));
    expect(toHex(footer.subarray(32, 64))).toBe(toHex(keyed(plainDiskDigest(disk))));

    const idOfA = Buffer.from(vectorOf('id of the chunk of 4096 times `A`'), 'hex');
    const chunks = [
      { codec: 2, frame: exampleOf('sealed-frame'), chunkId: manifest.subarray(64 + 8 + 40 + 8, linkAt) },
      { codec: 3, frame: exampleOf('sealed-compressed-frame'), chunkId: idOfA },
    ].map(({ codec, frame, chunkId }) => {
      const payloadLength = frame.readUInt32LE(8);
      expect([frame.readUInt32LE(0), frame.length]).toEqual([codec, 16 + payloadLength]);
      expect(frame.readUInt32LE(12)).toBe(crc32(Buffer.concat([frame.subarray(0, 12), frame.subarray(16)])));
      const decipher = createDecipheriv('aes-256-gcm', derived.frames, frame.subarray(16, 28));
      decipher.setAAD(Buffer.concat([frame.subarray(0, 12), chunkId, uuidBytes(id)]));
      decipher.setAuthTag(frame.subarray(payloadLength, payloadLength + 16));
      const payload = Buffer.concat([decipher.update(frame.subarray(28, payloadLength)), decipher.final()]);
      const chunk = codec === 3 ? zstdDecompressSync(payload) : payload;
      expect(chunk.length).toBe(frame.readUInt32LE(4));
      expect(toHex(keyedHash(derived.chunkId, chunk))).toBe(toHex(chunkId));
      return chunk.toString();
    });
    expect(chunks).toEqual(['Mimeo', 'A'.repeat(4096)]);
  });
});

describe('the test vectors of docs/formats.md', () => {
  const noise = pseudoRandom(1, 1024 * 1024);

  function cutNoise(): number[] {
    const cutAt = createCutter(cut);
    const ends: number[] = [];
    while (ends.at(-1) !== noise.length) ends.push(cutAt(noise, ends.at(-1) ?? 0, noise.length));
    return ends;
  }

  it('are the cuts of noise', () => {
    expect(toHex(noise.subarray(0, 8))).toBe('2120040001060804');
    expect(cutNoise().join(' ')).toBe(vectorOf('ends of the chunks of *noise*'));
    expect(toHex(keyedHash(chunkKey, noise.subarray(0, cutNoise()[0])))).toBe(vectorOf('id of the first'));
  });

  it('are the disk digests', () => {
    expect(toHex(plainDiskDigest(noise))).toBe(vectorOf('disk digest of *noise*'));
    const empty = createDiskDigest(0);
    expect(toHex(empty.finish())).toBe(vectorOf('disk digest of the empty disk'));
    const zeros = createDiskDigest(1_048_577);
    zeros.addZeros(1_048_577);
    expect(toHex(zeros.finish())).toBe(vectorOf('disk digest of 1,048,577 zeros'));
  });

  it('are words of the gear table, by which the page cuts as the code does', () => {
    const gear = Array.from({ length: 256 }, (_, value) => {
      const digest = Buffer.from(hash(Buffer.concat([Buffer.from('mimeo gear 1'), Buffer.from([value])])));
      return digest.readUInt32LE(0);
    });
    for (const value of [0, 1, 2, 255]) {
      expect(page).toContain(`\`gear[${value}]\` = \`0x${gear[value]?.toString(16).padStart(8, '0')}\``);
    }
    // The page's pseudocode, word for word.
    const cutAsThePageSays = (d: Uint8Array, { minChunk: min, meanChunk: mean, maxChunk: max }: typeof cut): number => {
      const n = d.length;
      if (n <= min) return n;
      const last = Math.min(n, max);
      const upper = (bits: number) => 2 ** 32 - 2 ** (32 - bits);
      let f = 0;
      for (let i = min; i < last; i++) {
        f = (2 * f + (gear[d[i] as number] as number)) % 2 ** 32;
        const mask = i < Math.min(last, mean) ? upper(Math.log2(mean) + 2) : upper(Math.log2(mean) - 2);
        if ((f & mask) >>> 0 === 0) return i + 1;
      }
      return last;
    };
    for (const settings of [cut, { ...cut, minChunk: 1024, meanChunk: 4096, maxChunk: 16_384 }]) {
      for (const bytes of [noise, newDisk(9, 500_000), new Uint8Array(300_000).fill(1)]) {
        const cutAt = createCutter(settings);
        for (let start = 0; start < bytes.length; ) {
          const end = cutAt(bytes, start, bytes.length);
          expect(end - start).toBe(cutAsThePageSays(bytes.subarray(start), settings));
          start = end;
        }
      }
    }
  });
});

describe('larger things whose bytes stay as they are', () => {
  it('a pack of a hundred chunks', () => {
    const noise = pseudoRandom(2, 120_000);
    const target = new Uint8Array(150_000);
    writePackHeader(target, salt);
    const entries = new Uint8Array(100 * packEntryBytes);
    let used = packHeaderBytes;
    for (let number = 0; number < 100; number++) {
      const chunk = noise.subarray(number * 1100, number * 1100 + 300 + number * 8);
      const length = writeFrame(chunk, target, used);
      writePackEntry({ id: keyedHash(chunkKey, chunk), offset: used, length }, entries, number * packEntryBytes);
      used += length;
    }
    const pack = target.subarray(0, writePackTrailer(target, used, entries));
    expect(readPackIndex(pack).length).toBe(100);
    expect(toHex(hash(pack))).toBe('d818a9d246619f45eb34dc10da0efb0c893b4f43f4356bf50fc2acc4b06b7507');
  });

  it('a manifest of three pages', () => {
    const writer = createManifestWriter(10_000 * 5000 + 2 ** 40, cut);
    const pieces: Uint8Array[] = [writer.header];
    for (let number = 0; number < 10_000; number++) {
      const id = hash(Buffer.from(`chunk ${number}`));
      const bytes = writer.add({ length: 5000, id });
      if (bytes !== undefined) pieces.push(bytes);
      if (number === 4095) writer.add({ length: 2 ** 40, id: null });
    }
    const { bytes, summary } = writer.finish(hash(Buffer.from('a digest')));
    pieces.push(...bytes);
    expect(Buffer.concat(pieces).length).toBe(64 + 10_001 * 40 + 3 * 40 + 96);
    expect(toHex(summary.root)).toBe('0f5e9907459089d6b3f6d9ef241ccbca07d6a6279237a3bd61fc6a7bce60affb');
  });
});
