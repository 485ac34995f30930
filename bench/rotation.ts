/**
 * Rotation of a key with 1,000 images, each encrypted with a data key of its own, and re-wrapping of these; beside it what would
 * have to be written if each data key lay wrapped in its image's manifest (docs/adr/0014-keys.md).
 */
import { randomBytes, randomUUID } from 'node:crypto';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { manifestKey } from '../src/store/blob-keys.ts';
import { createFilesystemStore } from '../src/store/drivers/filesystem/filesystem-store.ts';
import { createManifestWriter } from '../src/store/manifest-writer.ts';
import { defaultTransferSettings, sealedCut } from '../src/transfer/settings.ts';
import { startVaultServer } from '../test/support/vault-server.ts';
import { type NativeApi, nativeApi } from './native-api.ts';
import { median, seconds, table } from './report.ts';
import { type BenchServer, startServer } from './server.ts';

const images = 1000;
const turns = 3;
const region = 'here';
/** Manifests that are written at once. */
const writers = 8;

const KiB = 1024;
const cut = sealedCut(defaultTransferSettings.cut);
const chunksOfLarge = (2 * KiB ** 3) / cut.maxChunk;

/** Seconds of each turn. */
interface Turn {
  readonly rotate: number;
  readonly rewrap: number;
  /** Manifests of a disk of one chunk, and of 2 GiB. */
  readonly small: number;
  readonly large: number;
}

export async function measureRotation(folder: string): Promise<string> {
  const vault = await startVaultServer();
  const vaultSettings = {
    MIMEO_KEY_PROVIDER: 'vault',
    MIMEO_VAULT_ADDRESS: vault.address,
    MIMEO_VAULT_TOKEN: vault.token,
  };
  try {
    const taken = { local: await measureAt(folder, {}), vault: await measureAt(folder, vaultSettings) };
    const rows = Object.entries(taken).map(([provider, each]) => {
      const of = (take: (turn: Turn) => number) => median(each.map(take));
      return [
        provider,
        seconds(of(({ rotate }) => rotate)),
        seconds(of(({ rewrap }) => rewrap)),
        `${seconds(of(({ small }) => small))} (${of(({ small, rewrap }) => small / rewrap).toFixed(1)})`,
        `${seconds(of(({ large }) => large))} (${of(({ large, rewrap }) => large / rewrap).toFixed(1)})`,
      ];
    });
    const [smallKiB, largeKiB] = [manifestOf(1), manifestOf(chunksOfLarge)].map(({ length }) =>
      (length / KiB).toFixed(1),
    );
    const head = [
      'key provider',
      'rotate',
      're-wrap',
      `write manifests of ${smallKiB} KiB`,
      `write manifests of ${largeKiB} KiB`,
    ];
    return `## A key with ${images} encrypted images

Seconds, medians of ${turns} turns; in parentheses how many times as long as re-wrapping in the same turn. The Vault is the tests', in the
bench's own process. As many manifests as there are images, of a disk of one chunk and of one of 2 GiB, go durably into a store of
files, ${writers} at once; to read the old ones, to name the new ones in the database and to remove the old ones is left out.

${table(head, rows)}`;
  } finally {
    await vault.close();
  }
}

async function measureAt(folder: string, settings: Readonly<Record<string, string>>): Promise<Turn[]> {
  const data = join(folder, `rotation-${process.pid}`);
  await rm(data, { recursive: true, force: true });
  await mkdir(data, { recursive: true });
  const server = await startServer(data, {
    MIMEO_REGIONS: region,
    MIMEO_REQUESTS_PER_MINUTE: '0',
    MIMEO_QUOTA_IMAGES: '1000000',
    MIMEO_QUOTA_SNAPSHOTS: '1000000',
    MIMEO_COPIES_PER_GROUP: '8',
    MIMEO_COPY_WORKERS: '8',
    ...settings,
  });
  try {
    const api = await nativeApi(server);
    const { id: key } = await api.post<{ id: string }>('/keys', { region, grants: ['images'] });
    await makeEncryptedImages(server, api, data, key);
    const rewraps: Turn[] = [];
    for (let turn = 0; turn < turns; turn++) {
      rewraps.push({
        rotate: await timeOf(() => api.post(`/keys/${key}/rotate`)),
        rewrap: await timeOf(async () => {
          const { dataKeys } = await api.post<{ dataKeys: number }>(`/keys/${key}/rewrap`);
          if (dataKeys !== images) throw new Error(`${dataKeys} data keys were re-wrapped, and not ${images}`);
        }),
        small: await timeOf(writeManifests(join(data, `small-${turn}`), 1)),
        large: await timeOf(writeManifests(join(data, `large-${turn}`), chunksOfLarge)),
      });
    }
    return rewraps;
  } finally {
    await server.stop();
    await rm(data, { recursive: true, force: true });
  }
}

async function timeOf(work: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now();
  await work();
  return (performance.now() - startedAt) / 1000;
}

async function makeEncryptedImages(server: BenchServer, api: NativeApi, data: string, key: string): Promise<void> {
  const file = join(data, 'small.raw');
  await writeFile(file, randomBytes(64 * KiB));
  await server.importImage(file, region, 'small');
  const { images: found } = await api.get<{ images: [{ id: string }] }>('/images?name=small');
  const command = { images: [found[0].id], regions: [region], encryption: key };
  for (let number = 0; number < images; number++) await api.post('/copies', { ...command, name: `image-${number}` });
  const unfinished = '/copies?state=queued&state=running&limit=1';
  while ((await api.get<{ copies: unknown[] }>(unfinished)).copies.length > 0) await sleep(200);
}

/** The manifest of a disk of that many chunks. */
function manifestOf(chunks: number): Buffer {
  const writer = createManifestWriter(chunks * cut.maxChunk, cut);
  const pieces = [writer.header];
  for (let chunk = 0; chunk < chunks; chunk++) {
    const page = writer.add({ length: cut.maxChunk, id: randomBytes(32) });
    if (page !== undefined) pieces.push(page);
  }
  return Buffer.concat([...pieces, ...writer.finish(randomBytes(32)).bytes]);
}

/** Writes as many as there are images; to make the bytes is no part of it. */
function writeManifests(directory: string, chunks: number): () => Promise<void> {
  const bytes = manifestOf(chunks);
  const store = createFilesystemStore({ directory });
  let left = images;
  const write = async () => {
    while (left-- > 0) await store.put(manifestKey(randomUUID()), bytes);
  };
  return async () => {
    await Promise.all(Array.from({ length: writers }, write));
  };
}
