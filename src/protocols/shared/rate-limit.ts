/** How often a user and its account may ask, and how often an address may fail to prove who it is. */
import rateLimit from '@fastify/rate-limit';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Caller } from '../../app/context.ts';
import type { Principal } from '../../domain/principal.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** Set by the gate; null until then. */
    caller: Caller;
  }
}

const minute = 60_000;

/** An address that does not prove who it is may fail a tenth as often as a user may ask. */
const failuresShare = 0.1;

/** An account has as much as so many of its users, however many it makes. */
export const usersPerAccount = 4;

export interface RateLimits {
  /**
   * Counts a request that did not prove who sends it, and refuses one too many from its address. One that does prove it
   * is let through all the same: behind a proxy or a NAT others share the address.
   */
  countFailure(request: FastifyRequest): Promise<void>;
  /** Refuses a request whose address has failed as often as it may, before work is done for it. */
  demandFewFailures(request: FastifyRequest): Promise<void>;
  /** Counts a request of the principal, tells it how many are left, and refuses one too many. */
  countRequest(request: FastifyRequest, reply: FastifyReply): Promise<void>;
}

export interface RateLimitOptions {
  /** Of one user; 0 is no limit. Each process, and each protocol in it, counts for itself. */
  readonly requestsPerMinute: number;
  /** How the protocol says to wait so many seconds. */
  readonly refuse: (seconds: number) => Error;
}

/** Of an instance whose gate sets `request.caller`. */
export function createRateLimits(app: FastifyInstance, options: RateLimitOptions): RateLimits {
  const { requestsPerMinute } = options;
  app.decorateRequest('caller', null as unknown as Caller);
  if (requestsPerMinute === 0) {
    const free = async () => {};
    return { countFailure: free, demandFewFailures: free, countRequest: free };
  }
  const refusal = (seconds: number) => options.refuse(Math.max(1, seconds));
  type Limiter = ReturnType<FastifyInstance['createRateLimit']>;
  let failures: Limiter;
  let ofUser: Limiter;
  let ofAccount: Limiter;
  app.register(rateLimit, { global: false });
  app.after(() => {
    const limiter = (max: number, keyGenerator?: (request: FastifyRequest) => string) =>
      app.createRateLimit({ max, timeWindow: minute, ...(keyGenerator && { keyGenerator }) });
    // By address, of IPv6 by the 64 bits that one customer has.
    failures = limiter(Math.ceil(requestsPerMinute * failuresShare));
    ofUser = limiter(requestsPerMinute, ({ caller }) => userKey(caller));
    ofAccount = limiter(requestsPerMinute * usersPerAccount, ({ caller }) => caller.accountId);
  });

  async function count(limiter: Limiter, request: FastifyRequest, reply: FastifyReply): Promise<void> {
    const state = await limiter(request);
    if (state.isAllowed) return;
    const told = Number(reply.getHeader('ratelimit-remaining') ?? Number.POSITIVE_INFINITY);
    // Of two limits the one that is nearer.
    if (state.remaining <= told) {
      reply.headers({
        'ratelimit-limit': state.max,
        'ratelimit-remaining': state.remaining,
        'ratelimit-reset': state.ttlInSeconds,
      });
    }
    if (state.isExceeded) throw refusal(state.ttlInSeconds);
  }

  return {
    async countFailure(request) {
      const state = await failures(request);
      if (!state.isAllowed && state.isExceeded) throw refusal(state.ttlInSeconds);
    },
    async demandFewFailures(request) {
      const state = await failures(request, { increment: false });
      if (!state.isAllowed && state.remaining === 0) throw refusal(state.ttlInSeconds);
    },
    async countRequest(request, reply) {
      // What a user is refused does not count against the account's others.
      await count(ofUser, request, reply);
      await count(ofAccount, request, reply);
    },
  };
}

/** A user's keys and sessions count together: making more of them is no way around the limit. */
export function userKey({ kind, accountId, userId, accessKeyId }: Principal): string {
  return [kind === 'installation' ? kind : (userId ?? accessKeyId), accountId].join(' ');
}
