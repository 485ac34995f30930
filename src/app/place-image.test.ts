import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createInstallation, type Installation, makeImage } from '../../test/support/installation.ts';
import { moveImage } from '../db/image-states.ts';
import type { AppContext, Caller } from './context.ts';
import { createImage } from './create-image.ts';
import { updateImage } from './update-image.ts';

let installation: Installation;
let context: AppContext;
let caller: Caller;
beforeAll(async () => {
  installation = await createInstallation();
  context = installation.context;
  caller = await installation.newCaller();
});
afterAll(async () => {
  await installation.expectSound();
  await installation.close();
});

const command = {
  region: 'north',
  description: '',
  kind: 'system-disk',
  rootDevice: 'cloud-disk',
  tags: {},
  disks: [{ role: 'system', format: 'raw', size: 4096 }],
} as const;
const uniqueName = { uniqueName: true } as const;

function create(name: string, changes: { region?: string } = {}, by = caller) {
  return createImage(context, by, { ...command, ...changes, name }, uniqueName);
}

describe('a name that is to be unique', () => {
  it('is refused to a new image when another of the account has it in the region', async () => {
    await create('golden');
    await expect(create('golden')).rejects.toMatchObject({
      code: 'image.name-taken',
      facts: { region: 'north', name: 'golden' },
    });
    await create('golden', { region: 'south' });
    await create('golden', {}, await installation.newCaller());
    await createImage(context, caller, { ...command, name: 'golden' });
  });

  it('is free again when its image has failed', async () => {
    const { result } = await create('failed');
    await expect(create('failed')).rejects.toMatchObject({ code: 'image.name-taken' });
    await context.db.transaction().execute((trx) => moveImage(trx, result.id, 'failed', context.clock.now()));
    await create('failed');
  });

  it('is refused to a change, but for the name that the image has', async () => {
    await create('taken');
    const { id } = await makeImage(context, caller, [randomBytes(100)]);
    const rename = (name: string) => updateImage(context, caller, id, { name }, uniqueName);
    await expect(rename('taken')).rejects.toMatchObject({ code: 'image.name-taken' });
    await rename('free');
    await rename('free');
    await updateImage(context, caller, id, { name: 'taken' });
  });

  it('goes to one of ten who ask for it at the same moment', async () => {
    const { id } = await makeImage(context, caller, [randomBytes(100)]);
    const asked = await Promise.allSettled([
      ...Array.from({ length: 9 }, () => create('wanted')),
      updateImage(context, caller, id, { name: 'wanted' }, uniqueName),
    ]);
    expect(asked.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    const codes = asked.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason.code] : []));
    expect(new Set(codes)).toEqual(new Set(['image.name-taken']));
  });
});
