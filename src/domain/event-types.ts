/** Every type that an event can have, and the patterns by which webhooks and lists choose among them. */
import { copyStates, imageStates } from './states.ts';

/** What is done, by what it is done to. `act` takes no other, so a webhook never waits for a type that is not written. */
const deeds = [
  ...([
    'image.create',
    'image.upload',
    'image.download',
    'image.update',
    'image.delete',
    'image.share',
    'image.copied',
    'image.import',
    'image.export',
    'share.offered',
    'share.answer',
  ] as const),
  ...(['snapshot.update', 'snapshot.delete'] as const),
  ...(['copy.create', 'copy.cancel'] as const),
  ...(['task.cancel'] as const),
  ...(['key.create', 'key.update', 'key.enable', 'key.disable', 'key.import', 'key.rotate', 'key.rewrap'] as const),
  ...(['key.schedule-deletion', 'key.cancel-deletion', 'key.alias-create', 'key.alias-delete'] as const),
  ...(['key.grant', 'key.revoke', 'key.used'] as const),
  ...(['account.create', 'account.update', 'quota.manage', 'installation.operate'] as const),
  ...(['user.create', 'user.update', 'user.delete', 'user.password'] as const),
  ...(['access-key.create', 'access-key.update', 'access-key.rotate', 'access-key.delete'] as const),
  ...(['session.create', 'session.delete'] as const),
  ...(['project.create', 'project.update', 'project.delete'] as const),
  ...(['agency.create', 'agency.update', 'agency.delete', 'agency.assume'] as const),
  ...(['resource-group.create', 'resource-group.update', 'resource-group.delete'] as const),
  ...(['webhook.create', 'webhook.update', 'webhook.delete', 'webhook.ping', 'webhook.redeliver'] as const),
] as const;

export type DeedType = (typeof deeds)[number];

const deedTypes: ReadonlySet<string> = new Set(deeds);

export function isDeedType<Type extends string>(type: Type): type is Type & DeedType {
  return deedTypes.has(type);
}

/** What was entered; a deleted image has no state, and no row, any more. Of a key's states the others are deeds. */
const states = [
  ...imageStates.map((state) => `image.${state}` as const),
  ...copyStates.map((state) => `copy.${state}` as const),
  ...copyStates.map((state) => `task.${state}` as const),
  'image.deleted' as const,
  'key.deleted' as const,
];

const eventTypes: readonly string[] = [...deeds, ...states].sort();

const patterns: ReadonlySet<string> = new Set([
  '*',
  ...eventTypes,
  ...eventTypes.map((type) => `${type.slice(0, type.indexOf('.'))}.*`),
]);

/** `*`, `image.*`, or a type. */
export function isEventPattern(text: string): boolean {
  return patterns.has(text);
}
