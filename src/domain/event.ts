/** What happened: who did what to which thing, from where and with what outcome, or which state a thing has entered. */
import type { Principal, PrincipalKind } from './principal.ts';

/** Where a request came from; the service's own doing has none. */
export interface Origin {
  /** The dialect that it was put in. */
  readonly protocol: string;
  readonly requestId: string;
  /** The client's IP address. */
  readonly address: string;
}

export interface Actor {
  readonly kind: PrincipalKind;
  readonly accountId: string | null;
  readonly userId: string | null;
  readonly name: string;
  readonly accessKeyId: string | null;
}

export interface Resource {
  /** `image`, `copy`, `user` … */
  readonly type: string;
  readonly id: string;
}

export interface NewEvent {
  /** Whose event it is; one that concerns two accounts is written for each. */
  readonly accountId: string;
  /** What was done (`image.delete`), or `<thing>.<state>` that was entered. */
  readonly type: string;
  /** `succeeded`, or the code of the refusal or the failure. */
  readonly outcome: string;
  readonly actor: Actor;
  readonly resource: Resource;
  /** Null for what lies in no region. */
  readonly region: string | null;
  readonly origin: Origin | null;
  /** Further facts; never a secret. */
  readonly details: Readonly<Record<string, unknown>>;
}

export interface Event extends NewEvent {
  /** Ascending. */
  readonly id: number;
  /** Epoch milliseconds. */
  readonly at: number;
}

/** Mimeo itself, for states that are entered by themselves. */
export const service: Actor = { kind: 'service', accountId: null, userId: null, name: 'mimeo', accessKeyId: null };

export function actorOf(principal: Principal): Actor {
  const { kind, accountId, userId, name, accessKeyId } = principal;
  return { kind, accountId, userId, name, accessKeyId };
}
