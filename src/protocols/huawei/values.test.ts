import { describe, expect, it } from 'vitest';
import { FaultError } from '../shared/faults.ts';
import { commonFaults } from './common-faults.ts';
import type { Operation } from './operation.ts';
import { operations } from './operations.ts';
import { readValues } from './values.ts';

const path = {
  image_id: '00000000-0000-4000-8000-000000000000',
  project_id: '0'.repeat(32),
  member_id: '0'.repeat(32),
};

/** Of what the values are refused with, if they are. */
function codeOf(operation: Operation, body: string): string | undefined {
  const request = { method: operation.method, url: operation.route, headers: new Map(), body: Buffer.from(body) };
  try {
    readValues(operation, request, path);
    return undefined;
  } catch (error) {
    if (!(error instanceof FaultError)) throw error;
    return error.fault.code;
  }
}

const readers = operations.filter(({ body, payload }) => (body ?? payload) !== undefined);
const named = (each: readonly Operation[]) => each.map((operation) => [operation.name, operation] as const);
const { code } = commonFaults.bodyEmpty;

describe('a request without a body', () => {
  it.each(named(readers.filter(({ service }) => service === 'ims')))('is empty for %s', (_, operation) => {
    expect(codeOf(operation, '')).toBe(code);
    for (const body of ['{}', 'null', ' ']) expect(codeOf(operation, body)).not.toBe(code);
  });

  it.each(named(readers.filter(({ service }) => service !== 'ims')))('is not for %s', (_, operation) => {
    expect(codeOf(operation, '')).not.toBe(code);
  });
});
