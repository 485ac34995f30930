import { z } from 'zod';
import { accessKeyOperations } from './access-keys.ts';
import { accountOperations } from './accounts.ts';
import { agencyOperations } from './agencies.ts';
import { contentOperations } from './content-operations.ts';
import { copyOperations } from './copies.ts';
import { eventOperations } from './events.ts';
import { imageOperations } from './images.ts';
import { installationOperations } from './installation.ts';
import { keyNameOperations } from './key-names.ts';
import { keyOperations } from './keys.ts';
import { createOpenApiDocument } from './openapi.ts';
import { type Operation, operation } from './operation.ts';
import { projectOperations } from './projects.ts';
import { quotaOperations } from './quotas.ts';
import { resourceGroupOperations } from './resource-groups.ts';
import { sessionOperations } from './sessions.ts';
import { shareOperations } from './shares.ts';
import { snapshotOperations } from './snapshots.ts';
import { tagOperations } from './tags.ts';
import { taskOperations } from './tasks.ts';
import { userOperations } from './users.ts';
import { webhookOperations } from './webhooks.ts';

let document: Readonly<Record<string, unknown>> | undefined;

const readOpenApi = operation({
  id: 'readOpenApi',
  method: 'GET',
  path: '/openapi.json',
  summary: 'Gives this document.',
  action: null,
  status: 200,
  answer: z.record(z.string(), z.unknown()),
  refusals: [],
  async handle() {
    // Half a megabyte that stays the same.
    document ??= { ...createOpenApiDocument(operations) };
    return { body: document };
  },
});

/** Every operation of the native API, in the order in which its document has them. */
export const operations: readonly Operation[] = [
  ...installationOperations,
  ...accountOperations,
  ...userOperations,
  ...accessKeyOperations,
  ...sessionOperations,
  ...projectOperations,
  ...agencyOperations,
  ...resourceGroupOperations,
  ...quotaOperations,
  ...imageOperations,
  ...contentOperations,
  ...snapshotOperations,
  ...tagOperations,
  ...shareOperations,
  ...copyOperations,
  ...taskOperations,
  ...keyOperations,
  ...keyNameOperations,
  ...eventOperations,
  ...webhookOperations,
  readOpenApi,
];
