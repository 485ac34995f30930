import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeEncryptedImage } from '../../../../test/support/encrypted-image.ts';
import { rowsOf } from '../../../../test/support/fault-tables.ts';
import { createTestHuawei, type TestHuawei } from '../../../../test/support/huawei-api.ts';
import { expectImageFault, type Provocations } from '../../../../test/support/huawei-faults.ts';
import { finishCopy } from '../../../../test/support/installation.ts';
import { makeImageOfOthers, makePlainImage, type Seeing } from '../../../../test/support/plain-image.ts';
import { cancelCopy } from '../../../app/cancel-copy.ts';
import type { Caller } from '../../../app/context.ts';
import { findCopy } from '../../../app/find-copy.ts';
import { findImage } from '../../../app/find-image.ts';
import { setQuotas } from '../../../app/quotas.ts';
import { createAgency, updateAgency } from '../../../app/tenants/agencies.ts';
import { createProject } from '../../../app/tenants/projects.ts';
import type { NewImage } from '../../../db/new-images.ts';
import type { Image } from '../../../domain/image.ts';
import { commonFaults } from '../common-faults.ts';
import { fromHexId, toHexId } from '../ids.ts';
import { crossRegionCopyFaults } from './copy-faults.ts';

const GiB = 1024 ** 3;
const vault = '2b076d5c-7a9e-4c54-9b43-5a6c5d1f2a10';

let huawei: TestHuawei;
/** An account with an agency for its default project in the south. */
let tenant: Tenant;
beforeAll(async () => {
  huawei = await createTestHuawei();
  tenant = await newTenant();
});
afterAll(() => huawei.close());

interface Tenant {
  readonly caller: Caller;
  /** Of this body in place of the usual one's members, of a new image. */
  copyNew(body?: object, image?: Partial<NewImage>): ReturnType<typeof send>;
  copy(id: string, body?: object): ReturnType<typeof send>;
  newImage(changes?: Partial<NewImage>): Promise<Image>;
}

type Client = TestHuawei['client'];

async function send(client: Client, id: string, body: object) {
  const usual = { name: 'copy', description: '', region: 'south', project_name: 'south', agency_name: 'ims_copy' };
  return await client.call('POST', `/v1/cloudimages/${id}/cross_region_copy`, { body: { ...usual, ...body } });
}

async function newTenant(): Promise<Tenant> {
  const { context, newCaller } = huawei.installation;
  const caller = await newCaller();
  await grant(caller, { name: 'ims_copy', project: 'south' });
  const client = await huawei.newClient('operator', { caller });
  const newImage = (changes: Partial<NewImage> = {}) => makePlainImage(context, caller, changes);
  return {
    caller,
    newImage,
    copy: (id, body = {}) => send(client, id, body),
    copyNew: async (body = {}, image = {}) => send(client, (await newImage(image)).id, body),
  };
}

interface Granted {
  readonly name: string;
  readonly project: string | null;
  readonly expiresAt?: number;
  readonly trustedAccount?: string;
}

async function grant(caller: Caller, { name, project, expiresAt, trustedAccount }: Granted): Promise<void> {
  await createAgency(huawei.installation.context, caller, {
    name,
    description: '',
    trustedAccount: trustedAccount ?? null,
    grants: [{ project, role: 'operator' }],
    expiresAt: expiresAt ?? null,
  });
}

const imageOfOthers = (as: Seeing) => makeImageOfOthers(huawei.installation, tenant.caller, as);

async function copyMeasuring(size: number) {
  const { context } = huawei.installation;
  const image = await tenant.newImage();
  await context.db.updateTable('disks').set({ size }).where('image', '=', image.id).execute();
  return await tenant.copy(image.id);
}

async function copySixTimes() {
  const { copyNew, copy, newImage } = await newTenant();
  const same = (await newImage()).id;
  for (const name of ['1', '2', '3']) expect((await copy(same, { name })).status).toBe(200);
  for (const name of ['4', '5']) expect((await copyNew({ name })).status).toBe(200);
  return await copyNew();
}

async function copyBeyond() {
  const { operator, context } = huawei.installation;
  const { caller, copyNew } = await newTenant();
  await setQuotas(context, operator, caller.accountId, 'south', { images: 0 });
  return await copyNew();
}

async function copyToOneOfTwo() {
  const { caller, copyNew } = await newTenant();
  const project = { region: 'south', name: 'south_other', description: '' };
  await createProject(huawei.installation.context, caller, project);
  return await copyNew({ project_name: undefined });
}

const provocations: Provocations<typeof crossRegionCopyFaults> = {
  imageIdMalformed: () => tenant.copy('golden'),
  nameMissing: () => tenant.copyNew({ name: '' }),
  nameTooLong: () => tenant.copyNew({ name: 'x'.repeat(129) }),
  nameMalformed: () => tenant.copyNew({ name: ' a' }),
  descriptionTooLong: () => tenant.copyNew({ description: 'x'.repeat(1025) }),
  descriptionMalformed: () => tenant.copyNew({ description: '<' }),
  imageNotFound: () => tenant.copy(randomUUID()),
  notAccepted: async () => tenant.copy((await imageOfOthers('offered')).id),
  ownerOnly: async () => tenant.copy((await imageOfOthers('public')).id),
  imageUnavailable: () => tenant.copyNew({}, { state: 'copying' }),
  isIso: () => tenant.copyNew({}, { kind: 'iso' }),
  imageQuota: copyBeyond,
  regionInvalid: () => tenant.copyNew({ region: 'nowhere' }),
  sameRegion: () => tenant.copyNew({ region: 'north', project_name: 'north' }),
  projectMissing: copyToOneOfTwo,
  projectNotFound: () => tenant.copyNew({ project_name: 'south_missing' }),
  agencyDenied: () => tenant.copyNew({ agency_name: 'missing' }),
  notSupported: async () => tenant.copy((await imageOfOthers('shared')).id),
  async encrypted() {
    return await tenant.copy((await makeEncryptedImage(huawei.installation, tenant.caller)).id);
  },
  tooLarge: () => copyMeasuring(128 * GiB + 1),
  tooMany: copySixTimes,
  vaultNotFound: () => tenant.copyNew({}, { kind: 'whole-machine' }),
};

it.each(rowsOf(crossRegionCopyFaults, provocations))('says what its table says: $name', async ({ provoke, fault }) => {
  expectImageFault(await provoke(huawei), fault);
});

describe('the other ways to the same rows', () => {
  const { agencyDenied, projectNotFound, regionInvalid, vaultNotFound } = crossRegionCopyFaults;

  it('what is missing is missed in this order: name, region, agency', async () => {
    const { id } = await tenant.newImage();
    const path = `/v1/cloudimages/${id}/cross_region_copy`;
    const client = await huawei.newClient('operator', { caller: tenant.caller });
    const asked = async (body: object) => await client.call('POST', path, { body });
    expectImageFault(await asked({}), crossRegionCopyFaults.nameMissing);
    expectImageFault(await asked({ name: 'a' }), regionInvalid);
    expectImageFault(await asked({ name: 'a', region: 'south' }), agencyDenied);
  });

  it("a region that is no text or empty, the source's own without a project, a project of another region or its id", async () => {
    for (const region of ['', 7]) expectImageFault(await tenant.copyNew({ region }), regionInvalid);
    const missing = await tenant.copyNew({ region: 'nowhere', project_name: undefined });
    expectImageFault(missing, regionInvalid);
    const here = await tenant.copyNew({ region: 'north', project_name: '' });
    expectImageFault(here, crossRegionCopyFaults.sameRegion);
    const south = fromHexId(await huawei.projectOf('south', tenant.caller));
    for (const project_name of ['north', south, 7]) {
      expectImageFault(await tenant.copyNew({ project_name }), projectNotFound);
    }
  });

  it('agencies of other projects, of another account, that trust another, or have expired', async () => {
    const { caller } = tenant;
    const stranger = await huawei.installation.newCaller();
    await grant(caller, { name: 'elsewhere', project: 'north' });
    await grant(caller, { name: 'trusts_another', project: 'south', trustedAccount: stranger.accountName });
    await grant(stranger, { name: 'of_another', project: 'south' });
    await grant(caller, { name: 'expired', project: 'south', expiresAt: Date.now() + 60_000 });
    for (const agency_name of ['elsewhere', 'trusts_another', 'of_another', '', 7]) {
      expectImageFault(await tenant.copyNew({ agency_name }), agencyDenied);
    }
    huawei.installation.advance(61_000);
    expectImageFault(await tenant.copyNew({ agency_name: 'expired' }), agencyDenied);
    huawei.installation.advance(-61_000);
  });

  it('a vault that is none; of an image of one disk, it does not matter', async () => {
    const whole = { kind: 'whole-machine' } as const;
    expectImageFault(await tenant.copyNew({ vault_id: '' }, whole), vaultNotFound);
    expectImageFault(await tenant.copyNew({ vault_id: 'a-vault' }, whole), vaultNotFound);
    const { copyNew } = await newTenant();
    expect((await copyNew({ vault_id: 'a-vault' })).status).toBe(200);
    expect((await copyNew({ vault_id: vault }, whole)).status).toBe(200);
    expect((await copyNew({ vault_id: toHexId(vault) }, whole)).status).toBe(200);
  });

  it('a viewer', async () => {
    const viewer = await huawei.newClient('viewer', { caller: tenant.caller });
    expectImageFault(await send(viewer, (await tenant.newImage()).id, {}), commonFaults.forbidden);
  });
});

describe('an accepted copy', () => {
  it('is a job of the account, and an image in the project that was named', async () => {
    const { context } = huawei.installation;
    const { caller, copyNew } = await newTenant();
    const project = { region: 'south', name: 'south_golden', description: '' };
    const { result } = await createProject(context, caller, project);
    await grant(caller, { name: 'everywhere', project: null });
    const body = { name: 'golden', description: 'two', project_name: 'south_golden', agency_name: 'everywhere' };
    const answer = await copyNew(body, { kind: 'data-disk', description: 'one' });
    expect(answer.body).toEqual({ job_id: expect.stringMatching(/^[0-9a-f]{32}$/) });
    const copy = await findCopy(context, caller, fromHexId(answer.body.job_id) as string);
    expect(copy).toMatchObject({ destinationRegion: 'south', agency: 'everywhere' });
    expect(await findImage(context, caller, copy.destinationImageId)).toMatchObject({
      region: 'south',
      projectId: result.id,
      name: 'golden',
      description: 'two',
      kind: 'data-disk',
      state: 'queued',
    });
  });

  it('goes into the default project where there is no other', async () => {
    const { context } = huawei.installation;
    const { caller, copyNew } = await newTenant();
    const { body } = await copyNew({ project_name: undefined });
    const { destinationImageId } = await findCopy(context, caller, fromHexId(body.job_id) as string);
    const { projectId } = await findImage(context, caller, destinationImageId);
    expect(toHexId(projectId)).toBe(await huawei.projectOf('south', caller));
  });

  it('makes room for the sixth when one of five has ended, and copies inside a region take none', async () => {
    const { context } = huawei.installation;
    const { caller, copyNew, newImage } = await newTenant();
    const client = await huawei.newClient('operator', { caller });
    const image = await newImage();
    for (const name of ['a', 'b']) {
      expect((await client.call('POST', `/v1/cloudimages/${image.id}/copy`, { body: { name } })).status).toBe(200);
    }
    const jobs: string[] = [];
    for (const name of ['1', '2', '3', '4', '5']) jobs.push((await copyNew({ name })).body.job_id);
    expectImageFault(await copyNew(), crossRegionCopyFaults.tooMany);
    await cancelCopy(context, caller, fromHexId(jobs[0] as string) as string);
    expect((await copyNew()).status).toBe(200);
    expectImageFault(await copyNew(), crossRegionCopyFaults.tooMany);
  });

  it('may be as large as the reference says', async () => {
    const { context } = huawei.installation;
    const { newImage, copy } = await newTenant();
    const image = await newImage();
    await context.db
      .updateTable('disks')
      .set({ size: 128 * GiB })
      .where('image', '=', image.id)
      .execute();
    expect((await copy(image.id)).status).toBe(200);
  });

  it('fails when its agency permits it no more by the time it starts', async () => {
    const { context } = huawei.installation;
    const { caller, copyNew } = await newTenant();
    const { body } = await copyNew();
    await updateAgency(context, caller, 'ims_copy', { grants: [{ project: 'north', role: 'operator' }] });
    const id = fromHexId(body.job_id) as string;
    expect(await finishCopy(huawei.installation, caller, id)).toMatchObject({ state: 'failed' });
    const client = await huawei.newClient('viewer', { caller });
    const job = (await client.call('GET', `/v1/cloudimages/job/${body.job_id}`)).body;
    const { code } = crossRegionCopyFaults.agencyDenied;
    expect(job).toMatchObject({ status: 'FAIL', error_code: code, entities: { error_code: code } });
  });
});
