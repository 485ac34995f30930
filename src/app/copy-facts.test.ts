import { randomBytes } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createInstallation, finishCopy, type Installation, makeImage } from '../../test/support/installation.ts';
import type { Copy } from '../domain/copy.ts';
import type { CopyPolicy } from '../domain/copy-policy.ts';
import type { Image } from '../domain/image.ts';
import { nativeCopyPolicy } from '../protocols/native/copy-policy.ts';
import { cancelCopy } from './cancel-copy.ts';
import type { AppContext, Caller } from './context.ts';
import { type CopyImagesCommand, copyImages } from './copy-images.ts';
import { findImage } from './find-image.ts';
import { shareImage } from './share-image.ts';
import { answerShare } from './shares.ts';
import { updateImage } from './update-image.ts';

let installation: Installation;
let context: AppContext;
let caller: Caller;
let image: Image;
beforeAll(async () => {
  installation = await createInstallation();
  context = installation.context;
});
afterEach(() => installation.expectSound());
afterAll(() => installation.close());

async function setUp(): Promise<void> {
  caller = await installation.newCaller();
  const made = await makeImage(context, caller, [randomBytes(1000)]);
  image = await updateImage(context, caller, made.id, {
    attributes: { osType: 'linux', family: 'debian', nvmeSupport: true },
    properties: { __support_kvm: 'true', colour: '' },
  });
}

async function copy(
  policy: Partial<CopyPolicy>,
  changes: Partial<CopyImagesCommand> = {},
  by = caller,
): Promise<{ accepted: Copy; made: Image }> {
  const command = { images: [image.id], regions: ['south'], ...changes, policy: { ...nativeCopyPolicy, ...policy } };
  const { copies } = await copyImages(context, by, command);
  const [accepted] = copies as [Copy];
  return { accepted, made: await findImage(context, by, accepted.destinationImageId) };
}

describe('what a copy has of its source', () => {
  it('is what the policy says, unless the request says otherwise', async () => {
    await setUp();
    const { name, description, tags } = image;
    expect((await copy({})).made).toMatchObject({ name, description, tags });
    expect((await copy({ inherits: ['tags'] })).made).toMatchObject({ description: '', tags });
    expect((await copy({ inherits: ['description'] })).made).toMatchObject({ description, tags: {} });
    const own = { description: 'own', tags: { own: 'tag' } };
    expect((await copy({ inherits: [] }, own)).made).toMatchObject(own);
  });

  it('is all that is said of its system, but NVMe support', async () => {
    await setUp();
    expect((await copy({ inherits: [] })).made.attributes).toEqual({ osType: 'linux', family: 'debian' });
  });

  it("is what clients keep with it, another account's too", async () => {
    await setUp();
    expect((await copy({ inherits: [] })).made.properties).toEqual(image.properties);
    const guest = await installation.newCaller();
    await shareImage(context, caller, image.id, guest.accountId, { accepted: true });
    const { made } = await copy({ inherits: [] }, {}, guest);
    expect(made.properties).toEqual({ __support_kvm: 'true', colour: '' });
  });

  it('is described by the policy where the request says nothing, whatever it would inherit', async () => {
    await setUp();
    const describe = ({ jdcloudId, region }: Image) => `of ${jdcloudId} in ${region}`;
    expect((await copy({ describe })).made.description).toBe(`of ${image.jdcloudId} in north`);
    expect((await copy({ describe }, { description: '' })).made.description).toBe('');
  });

  it('is where its root lies, unless the policy says otherwise', async () => {
    await setUp();
    expect((await copy({})).made.rootDevice).toBe('cloud-disk');
    expect((await copy({ rootDevice: 'local-disk' })).made).toMatchObject({
      rootDevice: 'local-disk',
      kind: image.kind,
    });
  });

  it('is not its name where one name is given to all, if the policy lets it', async () => {
    await setUp();
    const other = await makeImage(context, caller, [randomBytes(9)]);
    const both = { images: [image.id, other.id], regions: ['south'], name: 'one for all' };
    const asked = (policy: CopyPolicy) => copyImages(context, caller, { ...both, policy });
    const { images } = await asked({ ...nativeCopyPolicy, namesAll: true });
    const made = await Promise.all(images.map(({ id }) => findImage(context, caller, id)));
    expect(made.map(({ name }) => name)).toEqual(['one for all', 'one for all']);
    await expect(asked(nativeCopyPolicy)).rejects.toMatchObject({ code: 'request.invalid', facts: { field: 'name' } });
  });

  it('is its name, or none: then it is called by its own id', async () => {
    await setUp();
    for (const unnamed of ['id', 'aliyunId', 'jdcloudId'] as const) {
      const { made } = await copy({ unnamed });
      expect(made.name).toBe(made[unnamed]);
    }
    expect((await copy({ unnamed: 'aliyunId' }, { name: 'given' })).made.name).toBe('given');
    const rules = [...nativeCopyPolicy.rules, { rule: 'unique-name' }] as const;
    await copy({ unnamed: 'aliyunId', rules });
    await copy({ unnamed: 'aliyunId', rules });
  });
});

describe('the rule that copies do not meet', () => {
  const rules = [...nativeCopyPolicy.rules, { rule: 'conflict' }] as const;

  it('refuses the second on its way to the same region, and names the first', async () => {
    await setUp();
    const { accepted } = await copy({ rules });
    await expect(copy({ rules })).rejects.toMatchObject({
      code: 'copy.conflict',
      facts: { image: image.id, region: 'south', copy: accepted.id },
    });
    await copy({ rules }, { regions: ['north'] });
    await finishCopy(installation, caller, accepted.id);
    const { accepted: next } = await copy({ rules });
    await cancelCopy(context, caller, next.id);
    await copy({ rules });
  });

  it('lets one of ten at the same moment through', async () => {
    await setUp();
    const asked = await Promise.allSettled(Array.from({ length: 10 }, () => copy({ rules })));
    expect(asked.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    const codes = asked.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason.code] : []));
    expect(new Set(codes)).toEqual(new Set(['copy.conflict']));
  });

  it("minds no other account's copies, and no policy that has it not", async () => {
    await setUp();
    const guest = await installation.newCaller();
    await shareImage(context, caller, image.id, guest.accountId);
    await answerShare(context, guest, image.id, 'accepted');
    await copy({ rules });
    await copy({ rules }, {}, guest);
    await copy({});
  });
});
