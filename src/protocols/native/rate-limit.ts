/** How often one may ask: the principal, once it is known; until then the address, whose failed attempts are counted. */
import rateLimit from '@fastify/rate-limit';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Principal } from '../../domain/principal.ts';
import { type ProtocolError, protocolError } from './protocol-error.ts';

const minute = 60_000;

/** An address that does not prove who it is may fail a tenth as often as a principal may ask. */
const failuresShare = 0.1;

export interface RateLimits {
  /** Refuses an address that has failed too often. */
  checkAddress(request: FastifyRequest): Promise<void>;
  countFailure(request: FastifyRequest): Promise<void>;
  /** Counts a request of the principal, tells it how many are left, and refuses one too many. */
  countRequest(request: FastifyRequest, reply: FastifyReply): Promise<void>;
}

/** `requestsPerMinute` 0 is no limit. Each process counts for itself. */
export function createRateLimits(app: FastifyInstance, requestsPerMinute: number): RateLimits {
  if (requestsPerMinute === 0) {
    const free = async () => {};
    return { checkAddress: free, countFailure: free, countRequest: free };
  }
  type Limiter = ReturnType<FastifyInstance['createRateLimit']>;
  let attempts: Limiter;
  let requests: Limiter;
  app.register(rateLimit, { global: false });
  app.after(() => {
    const failures = Math.ceil(requestsPerMinute * failuresShare);
    // By address, of IPv6 by the 64 bits that one customer has.
    attempts = app.createRateLimit({ max: failures, timeWindow: minute });
    const keyGenerator = ({ caller }: FastifyRequest) => keyOf(caller);
    requests = app.createRateLimit({ max: requestsPerMinute, timeWindow: minute, keyGenerator });
  });

  return {
    async checkAddress(request) {
      const state = await attempts(request, { increment: false });
      if (!state.isAllowed && state.remaining === 0) throw refusal(state.ttlInSeconds);
    },
    async countFailure(request) {
      await attempts(request);
    },
    async countRequest(request, reply) {
      const state = await requests(request);
      if (state.isAllowed) return;
      reply.headers({
        'ratelimit-limit': state.max,
        'ratelimit-remaining': state.remaining,
        'ratelimit-reset': state.ttlInSeconds,
      });
      if (state.isExceeded) throw refusal(state.ttlInSeconds);
    },
  };
}

/** A user's keys and sessions count together: making more of them is no way around the limit. */
export function keyOf({ kind, accountId, userId, accessKeyId }: Principal): string {
  return [kind === 'installation' ? kind : (userId ?? accessKeyId), accountId].join(' ');
}

function refusal(seconds: number): ProtocolError {
  return protocolError('rate.limited', {}, { 'retry-after': String(Math.max(1, seconds)) });
}
