/** A server on loopback that obeys docs/native-api.md as far as the command line can see, and keeps all in memory. */
import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pipeline } from 'node:stream/promises';
import { decodeExtents, encodeExtents, extentsMediaType, type Run } from '../lib/extent-stream.ts';
import type { ApiCopy, ApiImage, ApiNewCopies, ApiNewImage } from './api.ts';

export interface LoopbackServer {
  readonly url: string;
  readonly token: string;
  readonly images: Map<string, ApiImage>;
  readonly copies: Map<string, ApiCopy>;
  /** What the server answers to the next looks at a copy, one after the other; the last one stays. */
  script(copy: string, ...changes: Partial<ApiCopy>[]): void;
  /** Called when the first bytes of a disk have arrived, before more are read. */
  onUpload: () => Promise<void>;
  /** Hangs up on the next uploads once so many bytes of the disk are stored: as often as it says. */
  cutUploads: { at: number; times: number } | undefined;
  /** Where the uploads and downloads of disks began, in order. */
  readonly begun: number[];
  /** Called when a download stops for good without an end. */
  onStall: () => void;
  /** Ends the next downloads at this offset: with an error record, by hanging up, or by saying nothing more. */
  breakAt: { offset: number; how: 'damage' | 'hang-up' | 'hang-up once' | 'stall' } | undefined;
  /** Bodies of the requests to `/store/...`, in order. */
  readonly storeRequests: { path: string; body: unknown }[];
  damage: { image: string; disk: number; offset: number; message: string }[];
  addImage(facts: Partial<ApiImage>): ApiImage;
  close(): Promise<void>;
}

class Refused extends Error {
  readonly status: number;
  readonly problem: object;

  constructor(status: number, code: string, title: string, facts: object = {}) {
    super(title);
    this.status = status;
    this.problem = { type: `urn:mimeo:problem:${code}`, code, title, status, ...facts };
  }
}

export async function startLoopbackServer(): Promise<LoopbackServer> {
  const token = 'loopback-token';
  const disks = new Map<string, { size: number; runs: Run[]; stored: number }>();
  const scripts = new Map<string, Partial<ApiCopy>[]>();

  const server = createServer((request, response) => {
    response.setHeader('x-request-id', randomUUID());
    answer(request, response).catch((error: unknown) => {
      if (response.headersSent || response.destroyed) return response.destroy();
      const refused =
        error instanceof Refused ? error : new Refused(500, 'internal', String(error), { requestId: 'r-1' });
      response.writeHead(refused.status, { 'content-type': 'application/problem+json' });
      return response.end(JSON.stringify(refused.problem));
    });
  });

  const state: LoopbackServer = {
    url: '',
    token,
    images: new Map(),
    copies: new Map(),
    script: (copy, ...changes) => void scripts.set(copy, changes),
    onUpload: async () => {},
    cutUploads: undefined,
    begun: [],
    onStall: () => {},
    breakAt: undefined,
    storeRequests: [],
    damage: [],
    addImage(facts) {
      const id = randomUUID();
      const image: ApiImage = {
        id,
        aliyunId: `m-${id.replaceAll('-', '').slice(0, 20)}`,
        jdcloudId: `img-${id.slice(0, 8)}ab`,
        owner: { id: 'a-1', name: 'default', number: '1000000000000001' },
        region: 'eu-1',
        projectId: 'p-1',
        resourceGroupId: null,
        name: 'golden',
        description: '',
        encrypted: false,
        kind: 'system-disk',
        rootDevice: 'cloud-disk',
        attributes: {},
        state: 'available',
        visibility: 'private',
        protected: false,
        tags: {},
        sourceImageId: null,
        revision: 1,
        createdAt: '2026-11-21T10:22:33.000Z',
        updatedAt: '2026-11-21T10:22:33.000Z',
        disks: [],
        ...facts,
      };
      state.images.set(id, image);
      return image;
    },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.headers.authorization !== `Bearer ${token}`)
      throw new Refused(401, 'unauthenticated', 'The token is not valid');
    const url = new URL(request.url ?? '', 'http://loopback');
    const [noun = '', id = '', ...rest] = url.pathname.replace('/api/v1/', '').split('/').map(decodeURIComponent);
    const json = (status: number, body: unknown) => {
      response.writeHead(status, { 'content-type': 'application/json' });
      response.end(JSON.stringify(body));
    };
    const route = `${request.method} ${noun}${id && noun !== 'store' ? '/{id}' : ''}${rest.length > 0 ? `/${rest[0]}` : ''}`;
    switch (route) {
      case 'GET status':
        return json(200, {
          version: '0.0.1',
          dataDirectory: '/data',
          database: { version: '18.4', embedded: true },
          regions: ['eu-1'],
          uptimeSeconds: 61,
        });
      case 'GET regions':
        return json(200, {
          regions: [{ id: 'eu-1', images: 1, packs: 2, storedBytes: 1536, condemnedPacks: 0, condemnedBytes: 0 }],
        });
      case 'POST images':
        return json(201, createImage((await readJson(request)) as ApiNewImage));
      case 'GET images': {
        const matches = (image: ApiImage) =>
          [...url.searchParams].every(
            ([key, value]) => ['limit', 'owner'].includes(key) || image[key as 'name'] === value,
          );
        return json(200, { images: [...state.images.values()].filter(matches).reverse() });
      }
      case 'GET images/{id}':
        return json(200, imageOf(id));
      case 'DELETE images/{id}': {
        const image = imageOf(id);
        if (image.state === 'uploading')
          throw new Refused(409, 'image.changing', 'The image is changing', { image: id });
        state.images.delete(image.id);
        response.writeHead(204).end();
        return;
      }
      case 'HEAD images/{id}/disks': {
        const key = `${imageOf(id).id}/${rest[1]}`;
        const isComplete = imageOf(id).disks[Number(rest[1])]?.dataBytes !== null;
        response.setHeader('upload-complete', isComplete ? '?1' : '?0');
        response.writeHead(204, { 'upload-offset': disks.get(key)?.stored ?? 0 }).end();
        return;
      }
      case 'PATCH images/{id}/disks':
        return json(200, await storeDisk(request, imageOf(id), Number(rest[1])));
      case 'GET images/{id}/disks':
        return sendDisk(response, imageOf(id), Number(rest[1]), Number(url.searchParams.get('from')));
      case 'POST copies': {
        const { images, regions } = (await readJson(request)) as ApiNewCopies;
        if (regions.includes('nowhere')) {
          throw new Refused(404, 'region.not-found', 'There is no region nowhere', { region: 'nowhere' });
        }
        const made = images.flatMap((image) => regions.map((region) => createCopy(imageOf(image), region)));
        return json(202, { request: 'r-1', copies: made });
      }
      case 'GET copies':
        return json(200, {
          copies: [...state.copies.values()].filter(({ state }) => state === (url.searchParams.get('state') ?? state)),
        });
      case 'GET copies/{id}':
        return json(200, nextLook(id));
      case 'POST copies/{id}/cancel': {
        const copy = { ...copyOf(id), state: 'cancelled' as const };
        state.copies.set(id, copy);
        return json(200, copy);
      }
      case 'POST store': {
        state.storeRequests.push({ path: id, body: await readJson(request) });
        return id === 'collect'
          ? json(200, {
              regions: [
                {
                  region: 'eu-1',
                  packsRemoved: 2,
                  bytesFreed: 2048,
                  packsWaiting: 1,
                  bytesWaiting: 512,
                  strayBlobs: 0,
                },
              ],
            })
          : json(200, { disksChecked: 1, bytesChecked: 4096, disksLocked: 0, damage: state.damage });
      }
      default:
        throw new Refused(404, 'route.not-found', `There is no ${route}`);
    }
  }

  function createImage({ disks: asked, ...facts }: ApiNewImage): ApiImage {
    if (facts.region !== 'eu-1')
      throw new Refused(404, 'region.not-found', `There is no region ${facts.region}`, { region: facts.region });
    const made = asked.map(({ role, format = null, size }, index) => ({
      index,
      role,
      format,
      size,
      dataBytes: null,
      digest: null,
      key: null,
      snapshot: { id: randomUUID(), aliyunId: 's-x', jdcloudId: 'snapshot-x' },
    }));
    return state.addImage({ ...facts, state: 'queued', disks: made });
  }

  async function storeDisk(request: IncomingMessage, image: ApiImage, index: number): Promise<ApiImage> {
    if (image.description === 'refuse')
      throw new Refused(422, 'disk.unsafe-format', 'The disk has a backing file', { disk: index });
    if (image.description === 'disabled')
      throw new Refused(409, 'key.disabled', 'The key cannot be used', { key: 'k-1', state: 'disabled' });
    state.images.set(image.id, { ...image, state: 'uploading' });
    const from = Number(request.headers['upload-offset']);
    state.begun.push(from);
    try {
      const { size, runs } = await decodeExtents(request);
      await state.onUpload();
      const disk = disks.get(`${image.id}/${index}`) ?? { size, runs: [], stored: 0 };
      if (disk.stored !== from) throw new Refused(409, 'upload.wrong-offset', 'That is not where the upload is');
      disks.set(`${image.id}/${index}`, disk);
      for await (const { offset, bytes } of runs) {
        const { cutUploads } = state;
        if (cutUploads !== undefined && cutUploads.times > 0 && offset >= cutUploads.at) {
          cutUploads.times -= 1;
          request.socket.destroy();
          throw new Error('the connection was cut');
        }
        disk.runs.push({ offset, bytes: Uint8Array.from(bytes) });
        disk.stored = offset + bytes.length;
      }
    } catch (error) {
      state.images.set(image.id, { ...image, state: 'queued' });
      throw error;
    }
    const dataBytes =
      disks.get(`${image.id}/${index}`)?.runs.reduce((total, { bytes }) => total + bytes.length, 0) ?? null;
    const changed = image.disks.map((disk) =>
      disk.index === index ? { ...disk, dataBytes, format: disk.format ?? 'raw' } : disk,
    );
    const done = changed.every((disk) => disk.dataBytes !== null);
    const stored: ApiImage = { ...image, disks: changed, state: done ? 'available' : 'queued' };
    state.images.set(image.id, stored);
    return stored;
  }

  async function sendDisk(response: ServerResponse, image: ApiImage, index: number, from: number): Promise<void> {
    state.begun.push(from);
    const disk = disks.get(`${image.id}/${index}`);
    if (disk === undefined) throw new Refused(404, 'disk.not-found', 'There is no such disk');
    const { breakAt } = state;
    async function* runs(stored: Run[]): AsyncGenerator<Run> {
      for (const run of stored) {
        if (run.offset < from) continue;
        if (breakAt && run.offset >= breakAt.offset) {
          if (breakAt.how === 'hang-up once') state.breakAt = undefined;
          if (breakAt.how.startsWith('hang-up')) response.socket?.destroy();
          if (breakAt.how === 'stall') {
            state.onStall();
            await new Promise((resolve) => response.once('close', resolve));
          }
          throw new Error(`chunk at ${breakAt.offset} is damaged`);
        }
        yield run;
      }
    }
    const problemOf = (error: unknown) => ({
      code: 'image-damaged',
      title: (error as Error).message,
      image: image.id,
      disk: index,
      offset: breakAt?.offset,
    });
    response.writeHead(200, { 'content-type': extentsMediaType });
    await pipeline(encodeExtents(disk.size, runs(disk.runs), { problemOf }), response);
  }

  function createCopy(image: ApiImage, region: string): ApiCopy {
    const copy: ApiCopy = {
      id: randomUUID(),
      request: 'r-1',
      retryOf: null,
      sourceImageId: image.id,
      sourceRegion: image.region,
      destinationImageId: randomUUID(),
      destinationRegion: region,
      encryption: 'same',
      state: 'queued',
      percent: 0,
      bytesTotal: 1024 ** 3,
      bytesDone: 0,
      bytesMoved: 0,
      bytesPerSecond: 0,
      secondsRemaining: null,
      queuePosition: 1,
      attempts: 0,
      failure: null,
      createdAt: '2026-11-21T10:22:33.000Z',
      startedAt: null,
      finishedAt: null,
    };
    state.copies.set(copy.id, copy);
    state.script(copy.id, ...(scripts.get(region) ?? []));
    return copy;
  }

  function nextLook(id: string): ApiCopy {
    const copy = { ...copyOf(id), ...scripts.get(id)?.shift() };
    state.copies.set(id, copy);
    return copy;
  }

  function copyOf(id: string): ApiCopy {
    const copy = state.copies.get(id);
    if (copy === undefined) throw new Refused(404, 'copy.not-found', `There is no copy ${id}`, { copy: id });
    return copy;
  }

  function imageOf(id: string): ApiImage {
    const image = [...state.images.values()].find((one) => [one.id, one.aliyunId, one.jdcloudId].includes(id));
    if (image === undefined) throw new Refused(404, 'image.not-found', `There is no image ${id}`, { image: id });
    return image;
  }

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return Object.assign(state, { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
}

async function readJson(request: IncomingMessage): Promise<unknown> {
  const pieces: Uint8Array[] = [];
  for await (const piece of request) pieces.push(piece as Uint8Array);
  return JSON.parse(Buffer.concat(pieces).toString());
}
