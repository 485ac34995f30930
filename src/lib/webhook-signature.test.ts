import { describe, expect, it } from 'vitest';
import { newWebhookSecret, signWebhook } from './webhook-signature.ts';

describe('signWebhook', () => {
  it('signs the example of the Standard Webhooks libraries as they do', () => {
    const message = { id: 'msg_p5jXN8AQM9LWM0D4loKWxJek', timestamp: 1614265330, body: '{"test": 2432232314}' };
    expect(signWebhook(message, 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw')).toEqual({
      'webhook-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek',
      'webhook-timestamp': '1614265330',
      'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
    });
  });
});

describe('newWebhookSecret', () => {
  it('is the prefix and base64 of 24 bytes', () => {
    expect(newWebhookSecret((length) => new Uint8Array(length).fill(255))).toBe(`whsec_${'/'.repeat(32)}`);
  });
});
