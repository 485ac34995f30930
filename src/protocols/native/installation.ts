/** The installation itself: who asks, how it is, its regions and its stores. */
import { z } from 'zod';
import { demand } from '../../app/act.ts';
import { collectStore } from '../../app/collect-store.ts';
import { listRegions } from '../../app/list-regions.ts';
import { verifyStore } from '../../app/verify-store.ts';
import { principalKinds, roles } from '../../domain/principal.ts';
import { text } from './input.ts';
import { operation } from './operation.ts';
import { accountName, bytes, uuid } from './render.ts';

const count = z.int().min(0);

const principal = z
  .strictObject({
    kind: z.enum(principalKinds),
    account: accountName,
    administers: z.boolean().meta({ description: 'The account runs the installation.' }),
    role: z.enum(roles),
    user: uuid.nullable(),
    accessKey: z.string().nullable(),
    agency: z.string().nullable().meta({ description: 'The agency that it acts by.' }),
  })
  .meta({ id: 'Principal', description: 'Who asks.' });

const status = z
  .strictObject({
    version: z.string(),
    dataDirectory: z.string(),
    database: z.strictObject({ version: z.string(), embedded: z.boolean() }),
    regions: z.array(z.string()),
    uptimeSeconds: count,
  })
  .meta({ id: 'Status' });

const region = z
  .strictObject({
    id: z.string(),
    images: count.nullable(),
    packs: count.nullable(),
    storedBytes: bytes.nullable(),
    condemnedPacks: count
      .nullable()
      .meta({ description: 'Needed by nothing; removed when their grace time has ended.' }),
    condemnedBytes: bytes.nullable(),
  })
  .meta({ id: 'Region', description: 'A place with one store; what lies in it is told to administrators only.' });

const collection = z
  .strictObject({
    region: z.string(),
    packsRemoved: count,
    bytesFreed: bytes,
    packsWaiting: count,
    bytesWaiting: bytes,
    strayBlobs: count,
  })
  .meta({ id: 'Collection', description: 'What a collection did in a region, or would do.' });

const verification = z
  .strictObject({
    disksChecked: count,
    bytesChecked: bytes,
    disksLocked: count.meta({ description: 'Those that were not checked: their key cannot be used now.' }),
    damage: z.array(
      z.strictObject({
        image: uuid.nullable().meta({ description: 'Null for a snapshot that no image stands on.' }),
        snapshot: uuid,
        disk: count,
        offset: bytes,
        message: z.string(),
      }),
    ),
  })
  .meta({ id: 'Verification' });

export const installationOperations = [
  operation({
    id: 'whoami',
    method: 'GET',
    path: '/whoami',
    summary: 'Says who asks.',
    action: null,
    status: 200,
    answer: principal,
    refusals: [],
    async handle({ caller }) {
      const {
        kind,
        accountId,
        accountName: name,
        accountNumber,
        administers,
        role,
        userId,
        accessKeyId,
        agency,
      } = caller;
      const account = { id: accountId, name, number: String(accountNumber) };
      return { body: { kind, account, administers, role, user: userId, accessKey: accessKeyId, agency } };
    },
  }),

  operation({
    id: 'readStatus',
    method: 'GET',
    path: '/status',
    summary: 'Says how the installation is.',
    action: 'installation.read',
    status: 200,
    answer: status,
    refusals: [],
    async handle({ context, caller }) {
      demand(caller, 'installation.read');
      const { regions, ...rest } = await context.status();
      return { body: { ...rest, regions: [...regions] } };
    },
  }),

  operation({
    id: 'listRegions',
    method: 'GET',
    path: '/regions',
    summary: 'Lists the regions.',
    action: 'region.read',
    status: 200,
    answer: z.strictObject({ regions: z.array(region) }),
    refusals: [],
    async handle({ context, caller }) {
      return { body: { regions: await listRegions(context, caller) } };
    },
  }),

  operation({
    id: 'collectStore',
    method: 'POST',
    path: '/store/collect',
    summary: 'Removes what nothing needs any more, when its grace time has ended.',
    action: 'installation.operate',
    body: z.strictObject({ dryRun: z.boolean().default(false) }).prefault({}),
    example: { dryRun: true },
    status: 200,
    answer: z.strictObject({ regions: z.array(collection) }),
    refusals: ['store-unavailable'],
    async handle({ context, caller, body, signal }) {
      const collections = await collectStore(context, caller, body.dryRun, signal);
      const regions = collections.map(
        ({ region, blobsRemoved, bytesFreed, blobsWaiting, bytesWaiting, strayBlobs }) => ({
          region,
          packsRemoved: blobsRemoved,
          bytesFreed,
          packsWaiting: blobsWaiting,
          bytesWaiting,
          strayBlobs,
        }),
      );
      return { body: { regions } };
    },
  }),

  operation({
    id: 'verifyStore',
    method: 'POST',
    path: '/store/verify',
    summary: 'Reads every stored byte of one image, or of all that there are, and lists what does not verify.',
    action: 'installation.operate',
    body: z.strictObject({ image: text.optional() }).prefault({}),
    example: {},
    status: 200,
    answer: verification,
    refusals: ['image.not-found', 'store-unavailable'],
    async handle({ context, caller, body, signal }) {
      const { damage, ...counts } = await verifyStore(context, caller, body.image, signal);
      return { body: { ...counts, damage: damage.map((place) => ({ ...place })) } };
    },
  }),
];
