/** UpdateImage and DeleteImage. */
import { randomBytes, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { rowsOf } from '../../../../test/support/fault-tables.ts';
import { createTestHuawei, type TestHuawei } from '../../../../test/support/huawei-api.ts';
import { createHuaweiClient, type HuaweiAnswer } from '../../../../test/support/huawei-client.ts';
import { expectImageFault, type Provocations } from '../../../../test/support/huawei-faults.ts';
import { copyImage, makeImage } from '../../../../test/support/installation.ts';
import {
  insertPlainTask,
  makeImageOfOthers,
  makePlainImage,
  type Seeing,
} from '../../../../test/support/plain-image.ts';
import type { Caller } from '../../../app/context.ts';
import { findImage } from '../../../app/find-image.ts';
import { listSnapshots } from '../../../app/list-snapshots.ts';
import { shareImage } from '../../../app/share-image.ts';
import { createProject } from '../../../app/tenants/projects.ts';
import { createResourceGroup } from '../../../app/tenants/resource-groups.ts';
import { updateImage } from '../../../app/update-image.ts';
import { inTransaction } from '../../../db/database.ts';
import type { NewImage } from '../../../db/new-images.ts';
import type { Image } from '../../../domain/image.ts';
import { commonFaults } from '../common-faults.ts';
import { deleteImageFaults } from './delete-image-faults.ts';
import { updateImageFaults } from './update-image-faults.ts';

let huawei: TestHuawei;
beforeAll(async () => {
  huawei = await createTestHuawei();
});
afterAll(() => huawei.close());

const newImage = (changes: Partial<NewImage> = {}, caller: Caller = huawei.caller) =>
  makePlainImage(huawei.installation.context, caller, changes);

const find = (id: string) => findImage(huawei.installation.context, huawei.caller, id);

/** One that is being copied, and the one that it is being copied into. */
async function copying(): Promise<{ source: Image; made: Image }> {
  const source = await newImage();
  const wanted = { image: source.id, region: 'north' };
  const { destinationImageId } = await copyImage(huawei.installation.context, huawei.caller, wanted);
  return { source, made: await find(destinationImageId) };
}

const imageOfOthers = (as: Seeing) => makeImageOfOthers(huawei.installation, huawei.caller, as);

/** Own ones that the request cannot mean, and one that is nobody's. */
async function outOfReach(): Promise<string[]> {
  const { context } = huawei.installation;
  const named = { region: 'north', name: `north_${randomUUID()}`, description: '' };
  const { result: project } = await createProject(context, huawei.caller, named);
  const images = [await newImage({ region: 'south' }), await newImage({ projectId: project.id })];
  return [...images, await imageOfOthers('hidden')].map(({ id }) => id).concat(randomUUID());
}

describe('UpdateImage', () => {
  type Change = Readonly<Record<string, unknown>>;
  const patch = (id: string, body: unknown, client = huawei.client) =>
    client.call('PATCH', `/v2/cloudimages/${id}`, { body });
  const patchNew = async (body: unknown, changes: Partial<NewImage> = {}) =>
    await patch((await newImage(changes)).id, body);
  const replace = (path: string, value?: unknown): Change => ({ op: 'replace', path, value });
  const rename = [replace('/name', 'renamed')];

  const provocations: Provocations<typeof updateImageFaults> = {
    patchInvalid: () => patchNew({ name: 'renamed' }),
    bodyEmpty: () => patchNew(undefined),
    nameMissing: () => patchNew([{ op: 'remove', path: '/name' }]),
    nameTooLong: () => patchNew([replace('/name', 'x'.repeat(129))]),
    nameMalformed: () => patchNew([replace('/name', ' padded')]),
    descriptionTooLong: () => patchNew([replace('/__description', 'x'.repeat(1025))]),
    descriptionMalformed: () => patchNew([replace('/__description', '<b>')]),
    sizeInvalid: () => patchNew([replace('/min_ram', 'much')]),
    firmwareUnknown: () => patchNew([replace('/hw_firmware_type', 'openfirmware')]),
    enterpriseProjectInvalid: () => patchNew([replace('/enterprise_project_id', randomUUID())]),
    attributeConflict: () => patchNew([replace('/team', 'platform')]),
    readOnly: () => patchNew([replace('/owner', 'me')]),
    imageIdMalformed: () => patch('golden', rename),
    imageNotFound: () => patch(randomUUID(), rename),
    imageUnavailable: () => patchNew(rename, { state: 'queued' }),
    ownerOnly: async () => patch((await imageOfOthers('shared')).id, rename),
  };

  it.each(rowsOf(updateImageFaults, provocations))('says what its table says: $name', async ({ provoke, fault }) => {
    expectImageFault(await provoke(huawei), fault);
  });

  it.each<[string, unknown]>([
    ['what is no JSON', '['],
    ['a change that is none', ['name']],
    ['another operation', [{ op: 'move', path: '/name', from: '/owner' }]],
    ['a change without a path', [{ op: 'replace', value: 'x' }]],
    ['a path without a slash', [replace('name', 'x')]],
    ['a path with another one', [replace('/name/first', 'x')]],
    ['upper-case letters', [{ op: 'add', path: '/Team', value: 'x' }]],
    ['a change without a value', [{ op: 'add', path: '/team' }]],
    ['a value that is no text', [{ op: 'add', path: '/team', value: ['x'] }]],
    ['one that is too long', [{ op: 'add', path: '/team', value: 'x'.repeat(4097) }]],
    ['what the database does not hold', [{ op: 'add', path: '/team', value: '\0' }]],
    ['a name that it does not hold', [{ op: 'add', path: '/te\0am', value: 'x' }]],
    ['support for Arm that is neither true nor false', [replace('/__support_arm', 'perhaps')]],
    ['more than a hundred changes', Array.from({ length: 101 }, () => replace('/name', 'x'))],
  ])('refuses %s', async (_, body) => {
    const { status, body: error } = await patchNew(body);
    expect({ status, error }).toMatchObject({ status: 400, error: { error: { code: 'IMG.0001' } } });
  });

  it('refuses an array without changes, and what the service alone says', async () => {
    expectImageFault(await patchNew([]), updateImageFaults.bodyEmpty);
    for (const path of ['/id', '/min_disk', '/tags', '/__os_type', '/__image_size', '/__system__cmkid']) {
      expectImageFault(await patchNew([replace(path, '1')]), updateImageFaults.readOnly);
      expectImageFault(await patchNew([{ op: 'remove', path }]), updateImageFaults.readOnly);
    }
  });

  it('changes all that is asked for and answers the whole image', async () => {
    const { context } = huawei.installation;
    const { result: group } = await createResourceGroup(context, huawei.caller, { name: 'golden', description: '' });
    const image = await newImage({ attributes: { platform: 'Debian', minDiskGiB: 10 } });
    const { status, body } = await patch(image.id, [
      replace('/name', '金像 1.0'),
      replace('/__description', 'for all'),
      replace('/min_ram', 1024),
      replace('/max_ram', '4096'),
      replace('/hw_firmware_type', 'uefi'),
      replace('/hw_vif_multiqueue_enabled', 'true'),
      replace('/__support_xen', 'false'),
      replace('/__is_config_init', true),
      replace('/enterprise_project_id', group.id),
      { op: 'add', path: '/team', value: 'platform' },
      replace('/team', 'infrastructure'),
    ]);
    expect({ status, body }).toMatchObject({
      status: 200,
      body: {
        id: image.id,
        name: '金像 1.0',
        __description: 'for all',
        min_disk: 10,
        min_ram: 1024,
        max_ram: '4096',
        hw_firmware_type: 'uefi',
        hw_vif_multiqueue_enabled: 'true',
        __support_xen: 'false',
        __is_config_init: 'true',
        enterprise_project_id: group.id,
        team: 'infrastructure',
        __platform: 'Debian',
      },
    });
    const { body: listed } = await huawei.client.call('GET', '/v2/cloudimages', { query: { id: image.id } });
    expect(listed.images).toEqual([body]);
    expect((await find(image.id)).attributes).toEqual({
      platform: 'Debian',
      minDiskGiB: 10,
      minRamMiB: 1024,
      maxRamMiB: 4096,
      bootMode: 'uefi',
    });
  });

  it('takes away what is removed or set to nothing', async () => {
    const image = await newImage({
      description: 'before',
      attributes: { minRamMiB: 512, maxRamMiB: 1024, bootMode: 'uefi' },
      properties: { __support_kvm: 'true', team: 'platform', kept: 'yes' },
    });
    const { body } = await patch(image.id, [
      { op: 'remove', path: '/hw_firmware_type' },
      { op: 'remove', path: '/__support_kvm' },
      { op: 'remove', path: '/__support_xen' },
      { op: 'remove', path: '/team' },
      replace('/__description', ''),
      replace('/min_ram', 0),
      replace('/max_ram', 0),
      replace('/enterprise_project_id', '0'),
    ]);
    expect(body).toMatchObject({ min_ram: 0, enterprise_project_id: '0', kept: 'yes' });
    for (const gone of ['max_ram', '__description', 'hw_firmware_type', '__support_kvm', 'team']) {
      expect(body).not.toHaveProperty(gone);
    }
    const { description, properties } = await find(image.id);
    expect({ description, properties }).toEqual({ description: '', properties: { kept: 'yes' } });
    expectImageFault(await patch(image.id, [{ op: 'remove', path: '/team' }]), updateImageFaults.attributeConflict);
  });

  it.each<[string, Change, Partial<NewImage>, string]>([
    ['true', replace('/__support_arm', 'true'), {}, 'arm64'],
    ['a truth value', { op: 'add', path: '/__support_arm', value: true }, {}, 'arm64'],
    ['false', replace('/__support_arm', 'false'), { attributes: { architecture: 'arm64' } }, 'x86_64'],
    ['taken away', { op: 'remove', path: '/__support_arm' }, { attributes: { architecture: 'arm64' } }, 'x86_64'],
  ])('has one architecture, be support for Arm %s', async (_, change, before, architecture) => {
    const image = await newImage({ ...before, properties: { __support_arm: 'kept elsewhere' } });
    const { status, body } = await patch(image.id, [change]);
    const isArm = architecture === 'arm64';
    expect({ status, arm: body.__support_arm }).toEqual({ status: 200, arm: isArm ? 'true' : undefined });
    expect(body.architecture).toBe(isArm ? 'arm' : 'x86');
    expect((await find(image.id)).attributes).toEqual({ architecture });
  });

  it('replaces on a fresh copy what its source never had, as Terraform does', async () => {
    const { id } = await newImage({ state: 'available' });
    const { status, body } = await patch(id, [replace('/max_ram', 4096), replace('/min_ram', 1024)]);
    expect({ status, body }).toMatchObject({ status: 200, body: { max_ram: '4096', min_ram: 1024 } });
  });

  it('does all or nothing', async () => {
    const image = await newImage();
    expectImageFault(await patch(image.id, [...rename, replace('/missing', 'x')]), updateImageFaults.attributeConflict);
    expect(await find(image.id)).toMatchObject({ name: 'plain', revision: 1 });
  });

  it('of changes at once that look at what is there loses none', async () => {
    const image = await newImage({ properties: { team: '0' } });
    const answers = await Promise.all(
      Array.from({ length: 6 }, (_, index) =>
        patch(image.id, [replace('/team', String(index)), { op: 'add', path: `/by${index}`, value: 'x' }]),
      ),
    );
    const { properties, revision } = await find(image.id);
    const done = answers.filter(({ status }) => status === 200);
    expect(revision).toBe(1 + done.length);
    expect(Object.keys(properties)).toHaveLength(1 + done.length);
    for (const late of answers.filter(({ status }) => status !== 200)) {
      expectImageFault(late, updateImageFaults.attributeConflict);
    }
  });

  it('leaves what is out of reach, what others have, and what is being copied', async () => {
    for (const id of await outOfReach()) expectImageFault(await patch(id, rename), updateImageFaults.imageNotFound);
    for (const as of ['offered', 'public'] as const) {
      expectImageFault(await patch((await imageOfOthers(as)).id, rename), updateImageFaults.ownerOnly);
    }
    const { source, made } = await copying();
    expectImageFault(await patch(source.id, rename), updateImageFaults.imageUnavailable);
    expectImageFault(await patch(made.id, rename), updateImageFaults.imageUnavailable);
    const viewer = await huawei.newClient('viewer');
    expectImageFault(await patch((await newImage()).id, rename, viewer), commonFaults.forbidden);
  });
});

describe('DeleteImage', () => {
  const remove = (id: string, body?: unknown, client = huawei.client) =>
    client.call('DELETE', `/v2/images/${id}`, { body });

  async function tasked(kind: 'import' | 'export'): Promise<Image> {
    const image = await newImage({ state: kind === 'import' ? 'queued' : 'available' });
    await inTransaction(huawei.installation.context.db, (trx) => insertPlainTask(trx, image, kind));
    return image;
  }

  async function atOtc(id: string): Promise<HuaweiAnswer<unknown>> {
    const otc = await createTestHuawei({ on: huawei.installation, settings: { site: 'otc' } });
    try {
      return await remove(id, undefined, createHuaweiClient({ url: otc.url, form: 'otc', ...huawei.key }));
    } finally {
      await otc.close();
    }
  }

  function expectNotFound({ status, headers, body }: HuaweiAnswer<unknown>): void {
    expect({ status, type: headers['content-type'] }).toEqual({ status: 404, type: 'text/html;charset=utf-8' });
    expect(body).toContain('<title>404 Not Found</title>');
  }

  const { imageNotFound, ...imageRows } = deleteImageFaults;
  const provocations: Provocations<typeof imageRows> = {
    beingCreated: async () => remove((await copying()).made.id),
    isProtected: async () => remove((await newImage({ protected: true })).id),
    isProtectedAtOtc: async () => await atOtc((await newImage({ protected: true })).id),
    ownerOnly: async () => remove((await imageOfOthers('shared')).id),
    isPublic: async () => remove((await imageOfOthers('public')).id),
    unavailable: async () => remove((await copying()).source.id),
    exporting: async () => remove((await tasked('export')).id),
    bodyInvalid: async () => remove((await newImage()).id, { delete_backup: 'perhaps' }),
  };

  it.each(rowsOf(imageRows, provocations))('says what its table says: $name', async ({ provoke, fault }) => {
    expectImageFault(await provoke(huawei), fault);
  });

  it('says as Glance does that there is nothing', async () => {
    expect(imageNotFound.status).toBe(404);
    for (const id of [...(await outOfReach()), 'golden', (await newImage()).aliyunId]) expectNotFound(await remove(id));
  });

  it('deletes the image with its snapshots, once', async () => {
    const { context } = huawei.installation;
    const image = await makeImage(context, huawei.caller, [randomBytes(1000), randomBytes(1000)]);
    const { status, bytes } = await remove(image.id);
    expect({ status, length: bytes.length }).toEqual({ status: 204, length: 0 });
    const { body } = await huawei.client.call('GET', '/v2/cloudimages', { query: { id: image.id } });
    expect(body).toEqual({ images: [] });
    const ids = image.disks.map(({ snapshot }) => snapshot.id);
    expect((await listSnapshots(context, huawei.caller, { ids, limit: 10 })).snapshots).toEqual([]);
    expectNotFound(await remove(image.id));
  });

  it.each([{ delete_backup: true }, { delete_backup: 'false' }, {}])('takes %o with it', async (body) => {
    const { status } = await remove((await newImage()).id, body);
    expect(status).toBe(204);
  });

  it('has the older path, and takes what is only announced or has failed', async () => {
    const { status } = await huawei.client.call('DELETE', `/v1.1/images/${(await newImage()).id}`);
    expect(status).toBe(204);
    for (const state of ['queued', 'failed', 'deprecated'] as const) {
      expect((await remove((await newImage({ state })).id)).status).toBe(204);
    }
  });

  it('deletes what is shared, but not what is everybody’s, nor what is being imported', async () => {
    const { context, newCaller } = huawei.installation;
    const shared = await newImage();
    await shareImage(context, huawei.caller, shared.id, (await newCaller()).accountName, { accepted: true });
    expect((await remove(shared.id)).status).toBe(204);
    const open = await newImage();
    await updateImage(context, huawei.caller, open.id, { visibility: 'public' });
    expectImageFault(await remove(open.id), deleteImageFaults.isPublic);
    expectImageFault(await remove((await tasked('import')).id), deleteImageFaults.beingCreated);
  });

  it('is not for whoever may only look, and says so as Glance does', async () => {
    const viewer = await huawei.newClient('viewer');
    for (const { id } of [await newImage(), { id: randomUUID() }]) {
      const { status, body } = await remove(id, undefined, viewer);
      expect({ status, body }).toEqual({ status: 403, body: expect.stringContaining('403 Forbidden') });
    }
  });

  it('is about the project of the token', async () => {
    const { id } = await newImage({ region: 'south' });
    const token = await huawei.newToken('south');
    const client = createHuaweiClient({ url: huawei.url, form: 'token', token });
    expect((await remove(id, undefined, client)).status).toBe(204);
  });
});
