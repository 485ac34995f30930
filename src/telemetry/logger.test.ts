import { setImmediate } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { Secret } from '../lib/secret.ts';
import { addLogFacts, currentLogFacts, withLogFacts } from './context.ts';
import { createLogger, type Logger } from './logger.ts';

function readable(): { logger: Logger; lines: string[] } {
  const lines: string[] = [];
  return { logger: createLogger('info', { write: (line) => lines.push(line) }), lines };
}

describe('what a line carries', () => {
  it('is what is known of the work it belongs to, each work its own', async () => {
    const { logger, lines } = readable();
    const work = (requestId: string) =>
      withLogFacts({ requestId }, async () => {
        await setImmediate();
        addLogFacts({ account: `account of ${requestId}` });
        await setImmediate();
        await withLogFacts({ copyId: 'c' }, async () => logger.child({ part: 'p' }).info({}, 'inner'));
        logger.info({ ms: 1 }, 'line');
        logger.info({}, 'outer');
      });
    await Promise.all([work('one'), work('two')]);
    logger.info({}, 'outside');
    const parsed = lines.map((line) => JSON.parse(line));
    for (const requestId of ['one', 'two']) {
      const known = { requestId, account: `account of ${requestId}` };
      expect(parsed).toContainEqual(expect.objectContaining({ ...known, copyId: 'c', part: 'p', msg: 'inner' }));
      const outer = parsed.find(({ msg, requestId: id }) => msg === 'outer' && id === requestId);
      expect(outer).toMatchObject(known);
      for (const foreign of ['copyId', 'ms']) expect(outer).not.toHaveProperty(foreign);
    }
    expect(parsed.at(-1)).toEqual({ level: 30, time: expect.any(Number), msg: 'outside' });
    expect(currentLogFacts()).toEqual({});
  });

  it('is the whole of an error, and of what caused it', () => {
    const { logger, lines } = readable();
    const error = Object.assign(new Error('copy failed', { cause: new Error('disk broke') }), { key: 'k' });
    logger.error({ error, others: [error] }, 'bad');
    const said = JSON.parse(lines[0] ?? '');
    expect(said.others).toEqual([said.error]);
    expect(said.error).toMatchObject({
      type: 'Error',
      key: '[redacted]',
      message: 'copy failed: disk broke',
      stack: expect.stringMatching(/logger\.test\.ts[\s\S]*caused by: Error: disk broke/),
    });
  });
});

describe('what no line carries', () => {
  const value = 's3cr3t-value';

  it.each([
    ['a Secret, wherever it is', { a: { b: { c: { d: [new Secret(value)] } } } }],
    ['a Secret in an error', { error: Object.assign(new Error('refused'), { credentials: new Secret(value) }) }],
    [
      'the headers of a request',
      { request: { headers: { authorization: value, cookie: value, 'signature-input': value } } },
    ],
    ['the token that goes with temporary credentials', { request: { headers: { 'x-mimeo-session-token': value } } }],
    ['the headers that a client sends', { headers: { Authorization: value, signature: value } }],
    ['fields of secrets', { token: value, config: { databaseUrl: value, password: value }, secret: value }],
    ['what clouds call them', { 'x-acs-security-token': value, 'X-Subject-Token': value, SignatureNonce: value }],
    ['what object stores call them', { secretAccessKey: value, sessionToken: value, 'secret-key': value }],
    ['what keys are made of', { key: value, masterKey: value, imported: { material: value }, plaintext: value }],
  ])('is %s', (_what, facts) => {
    const { logger, lines } = readable();
    logger.child(facts).info({ again: facts, ...facts }, 'said');
    expect(lines.join('')).toContain('[redacted]');
    expect(lines.join('')).not.toContain(value);
  });

  it('is bytes', () => {
    const { logger, lines } = readable();
    logger.info({ wrapped: Buffer.from('abc'), inside: [new Uint8Array(2)] }, 'said');
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({ wrapped: '[3 bytes]', inside: ['[2 bytes]'] });
  });

  it('leaves the ids of keys, and what only sounds like a secret', () => {
    const { logger, lines } = readable();
    const facts = { keyId: 'k', accessKey: 'MK', accessKeyId: 'MK', tokens: 3, secretsFound: 0 };
    logger.info(facts, 'said');
    expect(JSON.parse(lines[0] ?? '')).toMatchObject(facts);
  });
});
