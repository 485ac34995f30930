import { describe, expect, it } from 'vitest';
import { FailureError } from '../../domain/failure.ts';
import { RefusalError } from '../../domain/refusal.ts';
import { type ErrorTables, faultOf } from './errors.ts';
import { FaultError, type Occurring } from './faults.ts';
import type { FailureTable, RefusalTable } from './refusals.ts';

const row = (status: number, code: string): Occurring => ({ status, code, message: '%s', when: 'a test says so' });
const internal = row(500, 'internal');
const unavailable = row(503, 'unavailable');
const malformed = row(400, 'malformed');
const notFound = row(404, 'not-found');

/** Of the codes that the tests ask for. */
const tables: ErrorTables<Occurring> = {
  refusals: [
    { 'image.protected': row(403, 'of the operation') },
    {
      'image.protected': row(409, 'of the dialect'),
      'image.not-found': ({ image }: { image: string }) => new FaultError(notFound, image),
    } as unknown as RefusalTable,
  ],
  failures: { 'database-unavailable': unavailable, 'image-damaged': internal } as FailureTable,
  internal,
  malformed: ({ status, code }) => [malformed, `${status} ${code}`],
};

describe('what went wrong becomes', () => {
  const fault = new FaultError(notFound, 'it');
  const inSocket = Object.assign(new Error('connect ENOENT'), { code: 'ENOENT', syscall: 'connect' });
  const inFile = Object.assign(new Error('open ENOENT'), { code: 'ENOENT', syscall: 'open' });

  it.each<[what: string, error: unknown, code: string, about: string]>([
    ['a fault, itself', fault, 'not-found', 'it'],
    [
      'a refusal, the operation’s row first',
      new RefusalError('image.protected', { image: 'a' }),
      'of the operation',
      '',
    ],
    ['a refusal, what its facts say', new RefusalError('image.not-found', { image: 'a' }), 'not-found', 'a'],
    ['a failure, its row', new FailureError('image-damaged', 'a chunk'), 'internal', ''],
    ['a database that is gone, the row of that', inSocket, 'unavailable', ''],
    ['a file that is gone, an internal error', inFile, 'internal', ''],
    ['what the framework refuses, as the dialect has it', { statusCode: 413, code: 'X' }, 'malformed', '413 X'],
    ['any other error, an internal one', new TypeError('x is undefined'), 'internal', ''],
  ])('of %s', (_, error, code, about) => {
    const said = faultOf(error, tables);
    expect([said.fault.code, said.about]).toEqual([code, about]);
  });
});
