/** Signatures of webhooks, as the Standard Webhooks specification has them (symmetric, version 1). */
import { createHmac } from 'node:crypto';

const prefix = 'whsec_';

/** A secret of 24 bytes, written as its receivers' libraries take it. `random` fills a buffer of the given length. */
export function newWebhookSecret(random: (length: number) => Uint8Array): string {
  return prefix + Buffer.from(random(24)).toString('base64');
}

export interface WebhookMessage {
  /** The same on each attempt. */
  readonly id: string;
  /** Epoch seconds of this attempt. */
  readonly timestamp: number;
  readonly body: string;
}

/** The headers that say who a message is from. The key is what the base64 after `whsec_` stands for. */
export function signWebhook({ id, timestamp, body }: WebhookMessage, secret: string): Record<string, string> {
  const key = Buffer.from(secret.slice(prefix.length), 'base64');
  const mac = createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64');
  return { 'webhook-id': id, 'webhook-timestamp': String(timestamp), 'webhook-signature': `v1,${mac}` };
}
