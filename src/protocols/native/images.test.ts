import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { finishCopy, makeImage } from '../../../test/support/installation.ts';
import { createTestApi, type TestApi } from '../../../test/support/native-api.ts';
import { changeAttributes } from '../../domain/image-attributes.ts';

let api: TestApi;
beforeAll(async () => {
  api = await createTestApi();
});
afterAll(() => api.close());

const unsaid = {
  family: null,
  version: null,
  osType: null,
  platform: null,
  osVersion: null,
  osBits: null,
  architecture: null,
  bootMode: null,
  licenseType: null,
  nvmeSupport: null,
  imdsSupport: null,
  cloudInit: null,
  minDiskGiB: null,
  minRamMiB: null,
  maxRamMiB: null,
};
const disks = [{ role: 'system', size: 4096 }];
const newImage = { region: 'north', name: 'attributes', disks };

describe('the attributes of an image', () => {
  it('are all there, null where nobody has said', async () => {
    expect((await api.call('POST', '/images', newImage)).body).toMatchObject({ attributes: unsaid });
    const said = {
      osType: 'windows',
      platform: 'Windows Server 2022',
      nvmeSupport: false,
      family: null,
      osBits: 64,
      minRamMiB: 0,
    };
    const answer = await api.call('POST', '/images', { ...newImage, attributes: said });
    expect(answer).toMatchObject({ status: 201, body: { attributes: { ...unsaid, ...said } } });
    const { id } = answer.body as { id: string };
    expect((await api.call('GET', `/images/${id}`)).body).toEqual(answer.body);
  });

  it('are changed as far as they are given, and taken away by null; which is an event', async () => {
    const { id } = await makeImage(api.installation.context, api.caller, [randomBytes(100)]);
    const changes = [
      { osType: 'linux', bootMode: 'uefi', cloudInit: true },
      { bootMode: null, version: '13' },
      { cloudInit: false, imdsSupport: 'v2' },
    ] as const;
    let now = {};
    for (const attributes of changes) {
      now = changeAttributes(now, attributes);
      const answer = await api.call('PATCH', `/images/${id}`, { attributes });
      expect(answer).toMatchObject({ status: 200, body: { attributes: { ...unsaid, ...now } } });
    }
    const { body } = await api.call('GET', `/events?type=image.update&resource=${id}`);
    expect(body).toMatchObject({ events: changes.map(() => ({ details: { changed: ['attributes'] } })) });
  });

  it.each([
    [{ osType: 'beos' }, 'attributes.osType'],
    [{ cloudInit: 'yes' }, 'attributes.cloudInit'],
    [{ colour: 'red' }, 'attributes.colour'],
    [{ osBits: 16 }, 'attributes.osBits'],
    [{ minDiskGiB: 0.5 }, 'attributes.minDiskGiB'],
    [{ maxRamMiB: 2 ** 31 }, 'attributes.maxRamMiB'],
    [{ family: 'x'.repeat(129) }, 'attributes.family'],
  ])('are refused where %o', async (attributes, field) => {
    for (const [method, path, body] of [
      ['POST', '/images', { ...newImage, attributes }],
      [
        'PATCH',
        `/images/${(await makeImage(api.installation.context, api.caller, [randomBytes(10)])).id}`,
        { attributes },
      ],
    ] as const) {
      const answer = await api.call(method, path, body);
      expect(answer).toMatchObject({ status: 400, body: { code: 'request.invalid', field } });
    }
  });
});

describe('the properties of an image', () => {
  it('are none, or those that are given; a change says which, and null takes one away', async () => {
    expect((await api.call('POST', '/images', newImage)).body).toMatchObject({ properties: {} });
    const given = { login: 'root', 'hw:cpu': '' };
    const made = await api.call('POST', '/images', { ...newImage, properties: given });
    expect(made).toMatchObject({ status: 201, body: { properties: given } });
    const { id } = made.body as { id: string };
    const changed = await api.call('PATCH', `/images/${id}`, { properties: { login: null, colour: 'red' } });
    expect(changed.body).toMatchObject({ properties: { 'hw:cpu': '', colour: 'red' } });
    expect((changed.body as { properties: object }).properties).not.toHaveProperty('login');
    expect((await api.call('GET', `/images/${id}`)).body).toEqual(changed.body);
    const { body } = await api.call('GET', `/events?type=image.update&resource=${id}`);
    expect(body).toMatchObject({ events: [{ details: { changed: ['properties'] } }] });
  });

  it.each([
    [{ a: 1 }, 'properties.a'],
    [{ a: 'x'.repeat(4097) }, 'properties'],
    [[], 'properties'],
  ])('are refused where they are no texts, or too long', async (properties, field) => {
    const answer = await api.call('POST', '/images', { ...newImage, properties });
    expect(answer).toMatchObject({ status: 400, body: { code: 'request.invalid', field } });
  });
});

describe('an encrypted image', () => {
  it('says so to whoever comes to see it, with its key to its account alone, and is read only while that is enabled', async () => {
    const disk = randomBytes(100_000);
    const source = await makeImage(api.installation.context, api.caller, [disk]);
    const { id: key } = (await api.call('POST', '/keys', { region: 'north', alias: 'own', grants: ['images'] }))
      .body as { id: string };
    const wanted = { images: [source.id], regions: ['north'], encryption: 'own' };
    const { copies } = (await api.call('POST', '/copies', wanted)).body as {
      copies: [{ id: string; encryption: string; destinationImageId: string }];
    };
    expect(copies[0].encryption).toBe(key);
    await finishCopy(api.installation, api.caller, copies[0].id);
    const path = `/images/${copies[0].destinationImageId}`;
    const plain = await api.call('GET', `/images/${source.id}`);
    expect(plain.body).toMatchObject({ encrypted: false, disks: [{ key: null }] });
    expect((await api.call('GET', path)).body).toMatchObject({ encrypted: true, disks: [{ key, digest: null }] });

    expect(await api.call('PATCH', path, { visibility: 'public' })).toMatchObject({
      status: 409,
      body: { code: 'image.encrypted' },
    });
    await api.installation.context.db
      .updateTable('images')
      .set({ visibility: 'public' })
      .where('id', '=', copies[0].destinationImageId)
      .execute();
    const token = await api.newToken('owner', await api.installation.newCaller());
    const seen = await api.call('GET', path, undefined, { authorization: `Bearer ${token}` });
    expect(seen.body).toMatchObject({ encrypted: true, disks: [{ key: null }] });

    const content = `${path}/disks/0/content`;
    const answer = await fetch(`${api.url}${content}`, { headers: { authorization: `Bearer ${api.token}` } });
    expect(disk.equals(Buffer.from(await answer.arrayBuffer()))).toBe(true);
    await api.call('POST', `/keys/${key}/disable`);
    expect(await api.call('GET', content)).toMatchObject({
      status: 409,
      body: { code: 'key.disabled', key, state: 'disabled' },
    });
  });
});

describe('a list of images', () => {
  it.each(['id', '-state', 'format', 'updatedAt'])('sorted by %s comes in pages', async (sort) => {
    const ids = async (query: string) => {
      const { status, body } = await api.call('GET', `/images?sort=${sort}&${query}`);
      expect(status).toBe(200);
      const { images, nextCursor } = body as { images: { id: string }[]; nextCursor: string };
      return { ids: images.map(({ id }) => id), nextCursor };
    };
    const whole = await ids('');
    expect(whole.ids.length).toBeGreaterThan(4);
    const first = await ids('limit=3');
    const rest = await ids(`limit=3&cursor=${first.nextCursor}`);
    expect([...first.ids, ...rest.ids]).toEqual(whole.ids.slice(0, 6));
  });

  it('has what was changed since a moment', async () => {
    const later = new Date(Date.now() + 3_600_000).toISOString();
    expect((await api.call('GET', `/images?updatedAfter=${later}`)).body).toMatchObject({ images: [] });
    const { body } = await api.call('GET', `/images?updatedBefore=${later}&limit=1`);
    expect((body as { images: object[] }).images).toHaveLength(1);
  });
});
