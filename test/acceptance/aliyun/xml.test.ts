/** XML as the newest client asks for it and reads it: errors by itself, answers when it is asked for their text. */
import { createRequire } from 'node:module';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Answer, raisedBy } from './clients.ts';
import { createSite, type Site } from './site.ts';

const load = createRequire(createRequire(import.meta.url).resolve('@alicloud/ecs20140526'));
const { Config, OpenApiRequest, Params } = load('@alicloud/openapi-core').$OpenApiUtil;
const { default: Ecs, CopyImageRequest } = createRequire(import.meta.url)('@alicloud/ecs20140526');
const { RuntimeOptions, ExtendsParameters, XML } = load('@darabonba/typescript');

const runtime = new RuntimeOptions({ extendsParameters: new ExtendsParameters({ headers: { accept: 'text/xml' } }) });

let site: Site;
let ecs: Answer;
beforeAll(async () => {
  site = await createSite({ dataMiB: 1 });
  const { url, ...keys } = site.access;
  ecs = new Ecs(new Config({ ...keys, endpoint: new URL(url).host, protocol: 'http' }));
}, 60_000);
afterAll(() => site.mimeo.remove());

async function callForText(action: string, query: Record<string, string>): Promise<string> {
  const params = new Params({
    action,
    version: '2014-05-26',
    protocol: 'HTTP',
    pathname: '/',
    method: 'POST',
    authType: 'AK',
    style: 'RPC',
    reqBodyType: 'formData',
    bodyType: 'string',
  });
  return (await ecs.callApi(params, new OpenApiRequest({ query }), runtime)).body;
}

describe('XML', () => {
  it('says what JSON says', async () => {
    const query = { RegionId: 'cn-hangzhou', ImageId: site.imageId };
    const text = await callForText('DescribeImages', query);
    expect(text).toMatch(/^<\?xml version="1.0" encoding="UTF-8"\?><DescribeImagesResponse><RequestId>/);
    const { DescribeImagesResponse: told } = XML.parseXml(text, null);
    const { Images } = await site.any.call('DescribeImages', query);
    const [image] = Images.Image;
    expect(told.TotalCount).toBe('1');
    expect(told.Images.Image.ImageId).toBe(image.ImageId);
    expect(told.Images.Image.IsCopied).toBe('false');
    const [disk] = image.DiskDeviceMappings.DiskDeviceMapping;
    expect(told.Images.Image.DiskDeviceMappings.DiskDeviceMapping.SnapshotId).toBe(disk.SnapshotId);
    expect(Object.keys(told.Images.Image).sort()).toEqual(Object.keys(image).sort());
  });

  it('raises what JSON raises', async () => {
    const asked = { regionId: 'cn-hangzhou', imageId: 'm-00000000000000000000', destinationRegionId: 'cn-shanghai' };
    const client = { call: () => ecs.copyImageWithOptions(new CopyImageRequest(asked), runtime) };
    expect(await raisedBy(client, 'CopyImage', {})).toMatchObject({
      code: 'InvalidImageId.NotFound',
      statusCode: 404,
      requestId: expect.stringMatching(/^[0-9A-F-]{36}$/),
    });
  });
});
