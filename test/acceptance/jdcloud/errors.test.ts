/** Rows of the error tables as JD Cloud's own client raises them. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Access, type Answer, type Client, diskClient, raisedBy, vmClient } from './clients.ts';
import { createSite, elsewhere, here, type Site, there } from './site.ts';

const nowhere = 'img-0000000000';

let site: Site;
/** An owner of another account, whom the image `shared` is shared with. */
let friend: Client;
let viewer: Client;
/** Ids of images in `here`, by what they are for. */
let ids: Readonly<Record<'plain' | 'copied' | 'shared' | 'open' | 'kept' | 'local' | 'sealed', string>>;
/** On its way to `there`. */
let copying: string;
/** What `sealed` stands on, which is encrypted. */
let snapshot: string;

beforeAll(async () => {
  // Without workers a copy waits for as long as it is needed.
  site = await createSite({ images: 5, dataMiB: 1, settings: { MIMEO_COPY_WORKERS: '0' } });
  const { mimeo, vm } = site;
  interface Made {
    readonly accessKey: { readonly id: string; readonly secret: string };
  }
  const withKey = ({ id, secret }: { id: string; secret: string }): Access => ({
    ...site.access,
    accessKeyId: id,
    secretAccessKey: secret,
  });
  const made = await mimeo.json<Made>('account', 'create', 'friend');
  friend = vmClient(withKey(made.accessKey));
  await mimeo.json('user', 'create', 'watcher', '--role', 'viewer');
  viewer = vmClient(withKey(await mimeo.json('access-key', 'create', '--user', 'watcher')));
  const [plain = '', copied = '', shared = '', open = '', kept = ''] = site.images.map(({ imageId }) => imageId);
  await vm.call('shareImage', { imageId: shared, pins: ['friend'] }, here);
  await vm.call('releaseImage', { imageId: open }, here);
  await mimeo.json('image', 'set', kept, '--protect');
  const disk = site.images[0]?.disk ?? '';
  const imported = async (name: string, option: string, value: string) => {
    const named = ['--region', here, '--name', name, option, value];
    return (await mimeo.json<{ jdcloudId: string }>('image', 'import', disk, ...named)).jdcloudId;
  };
  const local = await imported('local', '--root-device', 'local-disk');
  const sealed = await imported('sealed', '--encrypt', 'default');
  ids = { plain, copied, shared, open, kept, local, sealed };
  snapshot = (await site.find(here, sealed)).snapshotId;
  const { result } = await vm.call('copyImages', { sourceImageIds: [copied], destinationRegion: there }, here);
  copying = result.copyImages[0].destinationImageId;
}, 120_000);
afterAll(() => site.mimeo.remove());

type Row = readonly [code: number, status: string, message: string, ask: () => Promise<Answer>];

const copy = (by: Client, sourceImageIds: readonly string[] | undefined, destinationRegion: string = elsewhere) =>
  by.call('copyImages', { sourceImageIds, destinationRegion }, here);
const bad = 400;
const precondition = 'FAILED_PRECONDITION';

const rows: readonly Row[] = [
  [bad, 'INVALID_ARGUMENT', "Invalid region 'cn-atlantis'", () => copy(site.vm, [ids.plain], 'cn-atlantis')],
  [bad, 'INVALID_ARGUMENT', 'Parameter SourceImageIds missing', () => copy(site.vm, undefined)],
  [bad, precondition, 'Only support cloudDisk image', () => copy(site.vm, [ids.local])],
  [bad, precondition, "Can't use this image", () => copy(friend, [ids.open])],
  [bad, precondition, "The image '{copied}' is busy", () => copy(site.vm, [ids.copied])],
  [
    bad,
    precondition,
    "Invalid image status 'pending'",
    () => site.vm.call('copyImages', { sourceImageIds: [copying], destinationRegion: elsewhere }, there),
  ],
  [404, 'NOT_FOUND', `Image '${nowhere}' not found`, () => copy(site.vm, [nowhere])],
  [404, 'NOT_FOUND', `Image '${nowhere}' not found`, () => site.vm.call('describeImage', { imageId: nowhere }, here)],
  [bad, precondition, 'Parameter ImageSource missing', () => site.vm.call('describeImages', {}, here)],
  [
    bad,
    'OUT_OF_RANGE',
    'PageSize out of range',
    () => site.vm.call('describeImages', { imageSource: 'private', pageSize: 9 }, here),
  ],
  [bad, precondition, "Can't delete protected image", () => site.vm.call('deleteImage', { imageId: ids.kept }, here)],
  [bad, precondition, "Can't delete shared image", () => site.vm.call('deleteImage', { imageId: ids.shared }, here)],
  [bad, precondition, "Can't delete community image", () => site.vm.call('deleteImage', { imageId: ids.open }, here)],
  [bad, precondition, "Can't delete this image", () => friend.call('deleteImage', { imageId: ids.shared }, here)],
  [bad, precondition, "The image '{copied}' is busy", () => site.vm.call('deleteImage', { imageId: ids.copied }, here)],
  [
    bad,
    precondition,
    "Conflict with underlay image task '{copying}'",
    () => site.vm.call('deleteImage', { imageId: copying }, there),
  ],
  [
    bad,
    precondition,
    "Pin 'nobody' not found",
    () => site.vm.call('shareImage', { imageId: ids.plain, pins: ['nobody'] }, here),
  ],
  [
    bad,
    precondition,
    "Community image can't be shared",
    () => site.vm.call('shareImage', { imageId: ids.open, pins: ['friend'] }, here),
  ],
  [bad, precondition, "Copy encrypted snapshot '{snapshot}' is not support.", () => copy(site.vm, [ids.sealed])],
  [
    bad,
    precondition,
    "Share encrypted snapshot '{snapshot}' is not support.",
    () => site.vm.call('shareImage', { imageId: ids.sealed, pins: ['friend'] }, here),
  ],
  [
    bad,
    precondition,
    "Share encrypted snapshot '{snapshot}' is not support.",
    () => site.vm.call('releaseImage', { imageId: ids.sealed }, here),
  ],
  [
    bad,
    'INVALID_ARGUMENT',
    'Parameter name、description missing',
    () => site.vm.call('modifyImageAttribute', { imageId: ids.plain }, here),
  ],
  [403, 'HTTP_FORBIDDEN', "The caller's role does not allow copy.create", () => copy(viewer, [ids.plain])],
  [
    401,
    'ACCESS_ERROR',
    'Invalid accessKey',
    () => copy(vmClient({ ...site.access, accessKeyId: 'none' }), [ids.plain]),
  ],
  [
    401,
    'ACCESS_ERROR',
    'sign result is not same [gw]',
    () => copy(vmClient({ ...site.access, secretAccessKey: 'wrong' }), [ids.plain]),
  ],
  [
    404,
    'NOT_FOUND',
    "Snapshot 'snapshot-0000000000' not found",
    () => diskClient(site.access).call('describeSnapshot', { snapshotId: 'snapshot-0000000000' }, here),
  ],
];

it.each(rows)('%i %s: %s', async (code, status, message, ask) => {
  const raised = await raisedBy(ask());
  const named = message.replace('{copied}', ids.copied).replace('{copying}', copying).replace('{snapshot}', snapshot);
  expect({ http: raised.responseObj.status, error: raised.error }).toEqual({
    http: code,
    error: { code, status, message: named },
  });
  expect(raised.requestId).toMatch(/^[0-9a-f]{32}$/);
});

it('says of an encrypted image, and of its snapshot, that it is', async () => {
  const image = await site.find(here, ids.sealed);
  expect(image).toMatchObject({ snapshotId: snapshot, systemDisk: { cloudDisk: { encrypt: true, encrypted: true } } });
  const described = await site.disks.call('describeSnapshot', { snapshotId: snapshot }, here);
  expect(described.result.snapshot).toMatchObject({ encrypted: true, images: [ids.sealed] });
  expect(await site.find(here, ids.plain)).toMatchObject({ systemDisk: { cloudDisk: { encrypted: false } } });
});

it.each([
  ['images', 'Image quota limit exceeded'],
  ['snapshots', 'Snapshot quota limit exceeded'],
])('429 QUOTA_EXCEEDED for %s', async (kind, message) => {
  const before = await site.mimeo.run('quota', 'set', 'self', elsewhere, `--${kind}`, '1');
  expect(before.stderr).toBe('');
  const raised = await raisedBy(copy(site.vm, [ids.plain, ids.shared]));
  expect(raised.error).toEqual({ code: 429, status: 'QUOTA_EXCEEDED', message });
  await site.mimeo.run('quota', 'set', 'self', elsewhere, `--${kind}`, 'default');
});
