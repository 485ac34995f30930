/** Somebody's server that wants to hear of an account's events, and each event's way there. */
import { isEventPattern } from './event-types.ts';
import { RefusalError } from './refusal.ts';

export interface Webhook {
  readonly id: string;
  readonly accountId: string;
  readonly url: string;
  readonly description: string;
  /** Types of events that it wants; `image.*` stands for all that begin so, `*` for all. */
  readonly types: readonly string[];
  /** Epoch milliseconds, as all times here. */
  readonly createdAt: number;
  /** Null while it is enabled. */
  readonly disabledAt: number | null;
}

/** `pending`: it waits for its next attempt, or is in the middle of one. */
export type DeliveryState = 'pending' | 'delivered' | 'failed';

export interface Delivery {
  /** What the receiver is told as `Webhook-Id`, the same on each attempt. */
  readonly id: string;
  readonly webhookId: string;
  readonly eventId: number;
  /** The event's. */
  readonly type: string;
  readonly state: DeliveryState;
  readonly attempts: number;
  /** Null when there will be none. */
  readonly nextAttemptAt: number | null;
  /** HTTP status of the last answer, null if there was none. */
  readonly lastStatus: number | null;
  /** What the last attempt failed of, in words for its owner. */
  readonly lastError: string | null;
  readonly finishedAt: number | null;
}

/** Webhooks of an account. */
export const maxWebhooks = 20;
const maxTypes = 50;

const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;
/** Pauses after the first attempt, the second, and so on; the last one goes on. Twelve attempts take about 20 hours. */
const pauses = [5 * second, 30 * second, 2 * minute, 10 * minute, 30 * minute, hour, 2 * hour, 4 * hour];

/**
 * Milliseconds until the attempt after the `attempts`-th; `lot` (0 to 1) spreads them by a fifth either way, so that what
 * failed together does not come back together.
 */
export function retryPause(attempts: number, lot: number): number {
  const pause = pauses[Math.min(attempts, pauses.length) - 1] ?? 0;
  return Math.round(pause * (0.8 + 0.4 * lot));
}

/** How long an attempt belongs to the server that makes it. */
export const leaseMs = 30 * second;

/** What a webhook's secret is sealed for. */
export function webhookPlace(id: string): string {
  return `webhook:${id}`;
}

/** At least one, at most 50, each known: a slip of the pen would otherwise wait in silence for ever. */
export function checkWebhookTypes(types: readonly string[]): void {
  const invalid = (rule: string) => new RefusalError('request.invalid', { field: 'types', rule });
  if (types.length < 1 || types.length > maxTypes) throw invalid(`must be 1 to ${maxTypes}`);
  const unknown = types.find((type) => !isEventPattern(type));
  if (unknown !== undefined) throw invalid(`must be types of events, image.* or the like, or *: ${unknown} is not`);
}
