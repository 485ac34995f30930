/**
 * The native API under requests that are made from its own OpenAPI document. 1,000 of them here; `npm run fuzz` sends as many
 * as one likes.
 */
import { randomBytes } from 'node:crypto';
import { Agent } from 'node:http';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { createOpenApiDocument } from '../../src/protocols/native/openapi.ts';
import type { Operation } from '../../src/protocols/native/operation.ts';
import { operations } from '../../src/protocols/native/operations.ts';
import { silentLogger } from '../../src/telemetry/logger.ts';
import { undescribed } from '../support/described-answers.ts';
import { installationToken, makeImage } from '../support/installation.ts';
import { createTestApi, type TestApi } from '../support/native-api.ts';
import type { Schema } from './arbitraries.ts';
import { type Described, type FuzzRequest, requestsTo } from './requests.ts';
import { sendRaw } from './send.ts';

const count = Number(process.env['FUZZ_REQUESTS'] ?? 1000);
const seed = Number(process.env['FUZZ_SEED'] ?? 20_261_121);
const atOnce = 24;
/** Nothing that is asked for here takes so long. */
const timeoutMs = 10_000;
/** Of those that are found wrong; more are not shown. */
const most = 20;

/** An administrator; an owner, most of all; an operator and a viewer of the same account; somebody else's owner. */
const callers = [0, 0, 1, 1, 1, 1, 1, 2, 2, 3, 4];

interface Path {
  readonly [method: string]: Described;
}

/** More is made than deleted, or there would soon be nothing to ask for. */
function weightOf(operation: Operation): number {
  if (operation.method === 'DELETE') return 1;
  return operation.kind === 'json' && operation.status > 200 && operation.method === 'POST' ? 8 : 3;
}

function makeRequests(): FuzzRequest[] {
  const { paths, components } = JSON.parse(JSON.stringify(createOpenApiDocument(operations))) as {
    paths: Record<string, Path>;
    components: { schemas: Record<string, Schema> };
  };
  const arbitraries = operations.map((operation) => {
    const described = paths[operation.path]?.[operation.method.toLowerCase()] ?? {};
    const arbitrary = requestsTo(operation, described, components.schemas, callers);
    return { arbitrary, weight: weightOf(operation) };
  });
  return fc.sample(fc.oneof(...arbitraries), { numRuns: count, seed });
}

/** The tokens that requests are sent with; one that does not work any more, because its user is gone, is replaced. */
async function createCredentials(api: TestApi) {
  const tokens = [installationToken, api.token, await api.newToken('operator'), await api.newToken('viewer')];
  tokens.push(await api.newToken('owner', await api.installation.newCaller()));
  return {
    of: (caller: number) => tokens[caller] ?? '',
    async replace(caller: number, broken: string) {
      if (caller === 0 || tokens[caller] !== broken) return;
      tokens[caller] = await api.newToken('owner', await api.installation.newCaller());
    },
  };
}

/** Ids of things that answers have shown, by the collection that they are in. */
function createThings() {
  const things = new Map<string, string[]>();
  return {
    see(path: string, text: string): void {
      const kind =
        path
          .split('?')[0]
          ?.split('/')
          .findLast((part) => /^[a-z-]+s$/.test(part)) ?? '';
      const known = things.get(kind) ?? [];
      known.push(...idsIn(JSON.parse(text || 'null')));
      things.set(kind, known.slice(-200));
    },
    forget(path: string): void {
      for (const [kind, known] of things)
        things.set(
          kind,
          known.filter((id) => !path.includes(id)),
        );
    },
    /** The text with the things that it stands for. */
    name: (text: string) =>
      text.replaceAll(/@([a-z-]+):(\d+)@/g, (_, kind: string, index: string) => {
        const known = things.get(kind) ?? [];
        return known[Number(index) % known.length] ?? 'none';
      }),
  };
}

/** Of the thing that was answered, or of the things in a list. */
function idsIn(body: unknown): string[] {
  const things = [body, ...Object.values(body ?? {}).flat()] as ({ id?: unknown } | null)[];
  return things.flatMap((thing) => (typeof thing?.id === 'string' ? [thing.id] : []));
}

it(`answers ${count} requests, right and wrong ones, as its document says`, {
  timeout: 60_000 + count * 100,
}, async () => {
  const failures: unknown[] = [];
  const logger = {
    ...silentLogger,
    error: (facts: Record<string, unknown>) => void failures.push(facts['error'] ?? facts),
  };
  const api = await createTestApi({ logger });
  const { context } = api.installation;
  const agent = new Agent({ keepAlive: true, maxSockets: atOnce });
  const credentials = await createCredentials(api);
  const things = createThings();
  const disks = [randomBytes(5000)];
  const images = [await makeImage(context, api.caller, disks), await makeImage(context, api.caller, disks, 'south')];
  things.see('/images', JSON.stringify(images));
  const requests = makeRequests()[Symbol.iterator]();
  const byStatus = new Map<number, number>();
  const wrong: string[] = [];

  async function attempt(request: FuzzRequest): Promise<void> {
    const { operation, method } = request;
    const path = things.name(request.path);
    const body = request.body && things.name(request.body);
    const token = credentials.of(request.caller);
    const headers = { authorization: `Bearer ${token}`, ...request.headers };
    const found = (what: string) => {
      const shown = JSON.stringify({ path, headers: request.headers, body }).slice(0, 1000);
      wrong.push(`${operation.id} ${method}: ${what}\n  ${shown}`);
    };
    try {
      const answer = await sendRaw({ url: api.url, path, method, headers, body, agent, timeoutMs });
      byStatus.set(answer.status, (byStatus.get(answer.status) ?? 0) + 1);
      if (answer.status >= 500) found(answer.text);
      const text = method === 'HEAD' ? undefined : answer.text;
      const what = undescribed(operation, { ...answer, text });
      if (what !== undefined) found(`${what}: ${answer.text.slice(0, 300)}`);
      if (answer.status < 300 && answer.type.startsWith('application/json')) things.see(path, answer.text);
      if (answer.status === 204 && method === 'DELETE') things.forget(path);
      if (answer.status === 401) await credentials.replace(request.caller, token);
    } catch (error) {
      // A body that is refused before it has been read ends the connection.
      const isCut = (error as NodeJS.ErrnoException).code === 'ECONNRESET' && (body?.length ?? 0) > 1024 * 1024;
      if (!isCut) found(String(error));
    }
  }

  async function work(): Promise<void> {
    for (const request of requests) {
      if (wrong.length >= most) return;
      await attempt(request);
    }
  }
  try {
    await Promise.all(Array.from({ length: atOnce }, work));
    agent.destroy();
    const counts = [...byStatus].sort(([one], [other]) => one - other).map(([status, times]) => `${times} x ${status}`);
    console.log(`seed ${seed}: ${counts.join(', ')}`);
    expect(failures.slice(0, most)).toEqual([]);
    expect(wrong.join('\n')).toBe('');
    await api.installation.expectSound();
  } finally {
    agent.destroy();
    await api.close();
  }
});
