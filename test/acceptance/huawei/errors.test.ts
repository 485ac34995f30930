/** Rows of the image service's error table as Huawei Cloud's own client raises them. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeSparseDisk } from '../disks.ts';
import { type Access, type Answer, type Call, type Client, imsClient, raisedBy } from './clients.ts';
import { createSite, elsewhere, here, type Site, there } from './site.ts';

let site: Site;
let ims: Client;
let viewer: Client;
/** An owner of another account. */
let friend: Client;
let friendProject: string;
/** Ids of images in `here`, by what they are for; `copying` is on its way to `there`. */
let images: Readonly<
  Record<'golden' | 'shared' | 'offered' | 'public' | 'protected' | 'queued' | 'iso' | 'whole' | 'copying', string>
>;

const copyUrl = '/v1/cloudimages/{image_id}/copy';
const crossUrl = '/v1/cloudimages/{image_id}/cross_region_copy';
const nobody = '00000000000040008000000000000000';

beforeAll(async () => {
  // Without workers a copy waits for as long as it is needed.
  site = await createSite({ dataMiB: 1, settings: { MIMEO_COPY_WORKERS: '0' } });
  const { mimeo } = site;
  ims = site.ims(here);
  interface Key {
    readonly id: string;
    readonly secret: string;
  }
  const withKey = ({ id, secret }: Key): Access => ({ ...site.access, ak: id, sk: secret });
  const made = await mimeo.json<{ account: { id: string }; accessKey: Key }>('account', 'create', 'friend');
  friend = imsClient(withKey(made.accessKey), here);
  const { projects } = await imsClient(withKey(made.accessKey), here).call('GET', '/v3/auth/projects');
  friendProject = projects.find(({ name }: Answer) => name === here).id;
  await mimeo.json('user', 'create', 'watcher', '--role', 'viewer');
  viewer = site.ims(here, withKey(await mimeo.json('access-key', 'create', '--user', 'watcher')));

  const create = async (name: string) =>
    (await ims.call('POST', '/v2/images', { data: { name, disk_format: 'raw' } })).id;
  const makeImage = async (name: string): Promise<string> => {
    const id = await create(name);
    const upload = { path: { id }, contentType: 'application/octet-stream', data: Buffer.alloc(4096, name) };
    await ims.call('PUT', '/v2/images/{id}/file', upload);
    return id;
  };
  const importDisks = async (...args: string[]) =>
    (await mimeo.json<{ id: string }>('image', 'import', ...args, '--region', here)).id;
  const share = async (id: string) =>
    await ims.call('POST', '/v2/images/{id}/members', { path: { id }, data: { member: friendProject } });
  const [cd, data] = [join(mimeo.folder, 'cd.iso'), join(mimeo.folder, 'data.raw')];
  await writeFile(cd, volumeDescriptor());
  await writeSparseDisk(data, 1024 * 1024, []);

  const [shared, offered] = [await makeImage('shared'), await makeImage('offered')];
  for (const id of [shared, offered]) await share(id);
  const accepted = { path: { shared, friendProject }, data: { status: 'accepted' } };
  await friend.call('PUT', '/v2/images/{shared}/members/{friendProject}', accepted);
  const open = await makeImage('public');
  await mimeo.json('image', 'set', open, '--public');
  const safe = await makeImage('protected');
  await mimeo.json('image', 'set', safe, '--protect');
  await mimeo.json('project', 'create', `${elsewhere}_second`, '--region', elsewhere);
  await site.createAgency('copies', there);
  const waiting = await ims.call('POST', crossUrl, { path: { image_id: shared }, data: crossing({ name: 'copying' }) });
  const job = await ims.call('GET', '/v1/cloudimages/job/{job_id}', { path: { job_id: waiting.job_id } });
  images = {
    golden: site.imageId,
    shared,
    offered,
    public: open,
    protected: safe,
    queued: await create('queued'),
    iso: await importDisks(cd, '--kind', 'iso'),
    whole: await importDisks(site.disk, '--data-disk', data, '--kind', 'whole-machine'),
    copying: job.entities.image_id,
  };
}, 120_000);
afterAll(() => site.mimeo.remove());

/** What makes an ISO 9660 file system of a file. */
function volumeDescriptor(): Buffer {
  const bytes = Buffer.alloc(48 * 1024);
  for (const [sector, type] of [
    [16, 1],
    [17, 255],
  ] as const) {
    bytes.writeUInt8(type, sector * 2048);
    bytes.write('CD001\u0001', sector * 2048 + 1, 'latin1');
  }
  return bytes;
}

function crossing(changes: Readonly<Record<string, unknown>> = {}) {
  return { name: 'copy', description: '', region: there, project_name: there, agency_name: 'copies', ...changes };
}

type Row = readonly [code: string, message: string, call: () => Promise<Answer>];

const copy = (data: Readonly<Record<string, unknown>>, image: keyof typeof images | 'none' = 'golden', by = ims) =>
  by.call('POST', copyUrl, { path: { image_id: idOf(image) }, data: { name: 'copy', ...data } });
const cross = (data: Readonly<Record<string, unknown>>, image: keyof typeof images = 'golden', by = ims) =>
  by.call('POST', crossUrl, { path: { image_id: images[image] }, data: crossing(data) });
const create = (data: Readonly<Record<string, unknown>>) => {
  const file = { name: 'image', image_url: 'bucket:disk.qcow2', min_disk: 40 };
  return ims.call('POST', '/v2/cloudimages/action', { data: { ...file, ...data } });
};
const exportTo = (bucket_url: string, image: keyof typeof images = 'golden') => {
  const data = { bucket_url, file_format: 'qcow2' };
  return ims.call('POST', '/v1/cloudimages/{image_id}/file', { path: { image_id: images[image] }, data });
};
const change = (data: unknown) =>
  ims.call('PATCH', '/v2/cloudimages/{image_id}', { path: { image_id: images.golden }, data });
const patch = (op: string, path: string, value: unknown) => change([{ op, path, value }]);
const remove = (image: keyof typeof images, by = ims) =>
  by.call('DELETE', '/v2/images/{image_id}', { path: { image_id: images[image] } });
const list = (query: NonNullable<Call['query']>) => ims.call('GET', '/v2/cloudimages', { query });
const quick = (data: Readonly<Record<string, unknown>>) => {
  const file = { name: 'image', image_url: 'bucket:disk.raw', min_disk: 40 };
  return ims.call('POST', '/v2/cloudimages/quickimport/action', { data: { ...file, ...data } });
};
const tag = (tags: readonly object[]) =>
  ims.call('POST', '/v2/{project_id}/images/{image_id}/tags/action', {
    path: { image_id: images.golden },
    data: { action: 'create', tags },
  });
const share = (data: object) => ims.call('POST', '/v1/cloudimages/members', { data });

function idOf(image: keyof typeof images | 'none'): string {
  return image === 'none' ? '00000000-0000-4000-8000-000000000000' : images[image];
}

const copyRows: readonly Row[] = [
  ['IMG.0001', 'The request message format is invalid.', () => copy({ cmk_id: 7 })],
  ['IMG.0002', 'The image name contains more than 128 characters.', () => copy({ name: 'x'.repeat(129) })],
  ['IMG.0003', 'The image name format is invalid.', () => copy({ name: ' copy' })],
  ['IMG.0004', 'The description contains more than 1024 characters.', () => copy({ description: 'x'.repeat(1025) })],
  ['IMG.0013', 'The image name is not specified.', () => copy({ name: '' })],
  [
    'IMG.0026',
    'The role is invalid. You need to apply for the required permissions or pass the real-name authentication.',
    () => copy({}, 'golden', viewer),
  ],
  ['IMG.0027', 'The image ID in the request does not exist.', () => copy({}, 'none')],
  ['IMG.0046', 'The image is unavailable.', () => copy({}, 'queued')],
  ['IMG.0047', 'This operation can be performed only by the image owner.', () => copy({}, 'public', friend)],
  ['IMG.0054', 'The image description format is invalid.', () => copy({ description: '<b>' })],
  ['IMG.0066', 'The image ID is incorrect.', () => ims.call('POST', copyUrl, { path: { image_id: 'golden' } })],
  ['IMG.0095', 'The KMS key does not exist.', () => copy({ cmk_id: 'bd66288c-9081-460a-8227-4cbd0c814cb4' })],
  ['IMG.0105', 'The operation is not supported.', () => cross({}, 'shared', friend)],
  [
    'IMG.0104',
    'Enter the project name if there are multiple projects in the same region.',
    () => cross({ region: elsewhere, project_name: undefined }),
  ],
  ['IMG.0130', 'The full-ECS image cannot be exported or replicated.', () => copy({}, 'whole')],
  ['IMG.0142', 'Replication must be performed across regions.', () => cross({ region: here, project_name: here })],
  ['IMG.0145', 'The project name is incorrect.', () => cross({ project_name: 'none' })],
  ['IMG.0147', 'The entered region information is incorrect.', () => cross({ region: 'atlantis' })],
  [
    'IMG.0151',
    'The agency does not have the needed permissions to perform this operation on the target project.',
    () => cross({ region: elsewhere, project_name: elsewhere }),
  ],
  [
    'IMG.0155',
    'Failed to check the enterprise project ID validity.',
    () => copy({ enterprise_project_id: idOf('none') }),
  ],
  ['IMG.0167', 'This operation cannot be performed for ISO images.', () => copy({}, 'iso')],
  ['IMG.0184', 'Failed to obtain the vault.', () => cross({}, 'whole')],
  [
    'IMG.0196',
    'The image cannot be replicated because it is not accepted by the recipient.',
    () => copy({}, 'offered', friend),
  ],
];

const imageRows: readonly Row[] = [
  ['IMG.0007', 'The request body is empty.', () => change([])],
  ['IMG.0023', 'An exception occurred during task query.', () => ims.call('GET', `/v1/cloudimages/job/${nobody}`)],
  ['IMG.0024', 'The image type in the request is incorrect.', () => list({ __imagetype: 'silver' })],
  ['IMG.0030', 'The project ID and token in the request are invalid.', () => ims.call('GET', `/v1/${nobody}/jobs/x`)],
  ['IMG.0035', 'An attribute conflict occurred during the modification.', () => patch('replace', '/colour', 'red')],
  ['IMG.0055', 'The memory or disk size is invalid.', () => patch('replace', '/min_ram', -1)],
  ['IMG.0066', 'The image ID is incorrect.', () => list({ marker: 'last' })],
  ['IMG.0090', 'The image being created cannot be deleted.', () => remove('copying', site.ims(there))],
  ['IMG.0091', 'The protected image cannot be deleted.', () => remove('protected')],
  ['IMG.0092', 'The image can only be deleted by the owner.', () => remove('shared', friend)],
  ['IMG.0094', 'The public image cannot be deleted.', () => remove('public')],
  ['IMG.0105', 'The operation is not supported.', () => patch('replace', '/status', 'active')],
  ['IMG.0115', 'The image tag is invalid.', () => tag([{ key: 'x'.repeat(37), value: '' }])],
  [
    'IMG.0116',
    'The number of image tags exceeds the quota.',
    () => tag(Array.from({ length: 11 }, (_, number) => ({ key: `key-${number}`, value: 'v' }))),
  ],
  ['IMG.0141', 'The value of hw_firmware_type is not uefi or bios.', () => patch('add', '/hw_firmware_type', 'floppy')],
];

const otherRows: readonly Row[] = [
  ['IMG.0005', 'The ECS does not exist.', () => create({ instance_id: idOf('none') })],
  ['IMG.0017', 'The URL format is incorrect.', () => create({ image_url: 'bucket/disk' })],
  ['IMG.0021', 'The resource type is unknown.', () => create({ image_url: undefined })],
  ['IMG.0055', 'The memory or disk size is invalid.', () => create({ min_disk: undefined })],
  ['IMG.0069', 'The specified bucket cannot be accessed.', () => create({})],
  ['IMG.0120', 'The specified data disk ID is unavailable.', () => create({ volume_id: idOf('none') })],
  ['IMG.0128', 'The full-ECS image cannot be exported.', () => exportTo('bucket:disk', 'whole')],
  ['IMG.0077', 'The public image cannot be exported.', () => exportTo('bucket:disk', 'public')],
  ['IMG.0068', 'The specified bucket name is empty.', () => exportTo(':disk')],
  [
    'IMG.0159',
    'The OS version is required when image files are used to create ECSs through the Fast Create function.',
    () => quick({}),
  ],
  [
    'IMG.0166',
    'OS information must be contained in the ISO files used to create images.',
    () => create({ type: 'IsoImage' }),
  ],
  ['IMG.0212', 'The value of architecture is not x86 or arm.', () => create({ architecture: 'vax' })],
  ['IMG.0041', 'The authorized account is empty.', () => share({ images: [images.golden], projects: [] })],
  ['IMG.0067', 'The project ID is incorrect.', () => share({ images: [images.golden], projects: ['x'] })],
];

describe('the client raises', { timeout: 30_000 }, () => {
  it('thirty codes at least', () => {
    expect(new Set([...copyRows, ...imageRows, ...otherRows].map(([code]) => code)).size).toBeGreaterThanOrEqual(30);
  });

  it('IMG.0015: The number of private images has reached the maximum allowed.', async () => {
    await site.mimeo.json('quota', 'set', 'default', here, '--images', '1');
    const { errorCode, errorMsg } = await raisedBy(copy({}));
    await site.mimeo.json('quota', 'set', 'default', here, '--images', 'default');
    expect([errorCode, errorMsg]).toEqual([
      'IMG.0015',
      'The number of private images has reached the maximum allowed.',
    ]);
  });

  it.each([...copyRows, ...imageRows, ...otherRows])('%s: %s', async (errorCode, errorMsg, call) => {
    expect(await raisedBy(call())).toMatchObject({
      httpStatusCode: 400,
      errorCode,
      errorMsg,
      requestId: expect.stringMatching(/^[0-9a-f]{32}$/),
    });
  });
});

describe('what is not the image service is raised as well', () => {
  it.each<[number, string | undefined, RegExp, () => Promise<Answer>]>([
    [
      401,
      'APIGW.0301',
      /: verify aksk signature fail, canonicalRequest:GET\|\/v2\/cloudimages\//,
      () => as({ sk: 'x' }),
    ],
    [401, 'APIGW.0301', /: ak MKNONE not exist$/, () => as({ ak: 'MKNONE' })],
    [403, 'APIGW.0310', /^The project is not allowed/, () => imsClient(site.access, here, nobody).call('GET', quota)],
    [404, 'APIGW.0101', /^The API does not exist/, () => ims.call('GET', '/v1/servers')],
    [404, 'APIGW.0103', /^The backend does not exist/, () => imsClient(site.access, 'atlantis').call('GET', quota)],
    // Glance answers a page, of which the client has no code.
    [404, undefined, /^Request failed with status code 404$/, () => ims.call('GET', `/v2/images/${idOf('none')}`)],
    // Keystone's codes are numbers.
    [404, '404', /could not be found/, () => ims.call('GET', '/v3/regions/atlantis')],
  ])('%s %s', async (httpStatusCode, errorCode, message, call) => {
    const raised = await raisedBy(call());
    expect([raised.httpStatusCode, raised.errorCode && `${raised.errorCode}`]).toEqual([httpStatusCode, errorCode]);
    expect(raised.errorMsg).toMatch(message);
    expect(raised.requestId).toMatch(/^[0-9a-f]{32}$/);
  });
});

const quota = '/v1/cloudimages/quota';

const as = (changes: Partial<Access>) => imsClient({ ...site.access, ...changes }, here).call('GET', '/v2/cloudimages');
