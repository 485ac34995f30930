import type { Event } from './event.ts';

/**
 * An event as it is shown, by the API and in webhooks alike: whose it is goes without saying, where it came from lies flat.
 * `at` is its time in ISO 8601.
 */
export function eventDocument(event: Event, at: string) {
  const { id, type, outcome, actor, resource, region, origin, details } = event;
  return {
    id,
    at,
    type,
    outcome,
    actor: {
      kind: actor.kind,
      account: actor.accountId,
      user: actor.userId,
      name: actor.name,
      accessKey: actor.accessKeyId,
    },
    resource: { type: resource.type, id: resource.id },
    region,
    protocol: origin?.protocol ?? null,
    requestId: origin?.requestId ?? null,
    address: origin?.address ?? null,
    details,
  };
}
