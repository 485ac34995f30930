import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeImage } from '../../../test/support/installation.ts';
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
  architecture: null,
  bootMode: null,
  licenseType: null,
  nvmeSupport: null,
  imdsSupport: null,
  cloudInit: null,
};
const disks = [{ role: 'system', size: 4096 }];
const newImage = { region: 'north', name: 'attributes', disks };

describe('the attributes of an image', () => {
  it('are all there, null where nobody has said', async () => {
    expect((await api.call('POST', '/images', newImage)).body).toMatchObject({ attributes: unsaid });
    const said = { osType: 'windows', platform: 'Windows Server 2022', nvmeSupport: false, family: null };
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
