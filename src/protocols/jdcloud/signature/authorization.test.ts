import { describe, expect, it } from 'vitest';
import { FaultError } from '../../shared/faults.ts';
import { commonFaults } from '../common-faults.ts';
import type { Fault } from '../fault.ts';
import { readAuthorization } from './authorization.ts';

const credential = 'ak/20260101/north/vm/jdcloud2_request';
const signature = 'a'.repeat(64);

function read(authorization: string | undefined, more: Readonly<Record<string, string>> = {}) {
  const all = { host: 'h', 'x-jdcloud-date': '20260101T000000Z', ...(authorization && { authorization }), ...more };
  return readAuthorization(new Map(Object.entries(all)));
}

function faultOf(authorization: string | undefined, more?: Readonly<Record<string, string>>): Fault | undefined {
  try {
    read(authorization, more);
  } catch (error) {
    if (error instanceof FaultError) return error.fault;
    throw error;
  }
  return undefined;
}

it.each([
  ['as clients write it', `JDCLOUD2-HMAC-SHA256 Credential=${credential}, SignedHeaders=host, Signature=${signature}`],
  [
    'with more blanks',
    `  JDCLOUD2-HMAC-SHA256 \t Credential = ${credential} ,\tSignedHeaders= host,  Signature=${signature} `,
  ],
  ['with none', `JDCLOUD2-HMAC-SHA256 Credential=${credential},SignedHeaders=host,Signature=${signature}`],
  ['in another order', `JDCLOUD2-HMAC-SHA256 Signature=${signature}, SignedHeaders=host, Credential=${credential}`],
])('is read %s', (_, authorization) => {
  expect(read(authorization)).toMatchObject({
    algorithm: 'JDCLOUD2-HMAC-SHA256',
    accessKeyId: 'ak',
    scope: { day: '20260101', region: 'north', service: 'vm' },
    signedHeaders: ['host'],
    signature,
  });
});

describe('is refused', () => {
  const { authorizationMissing, credentialMissing, signedHeadersMissing } = commonFaults;
  const rest = `SignedHeaders=host, Signature=${signature}`;

  it.each([
    undefined,
    ' ',
    'JDCLOUD2-HMAC-SHA256,',
    `JDCLOUD4-HMAC-SHA256 Credential=${credential}, ${rest}`,
    `jdcloud2-hmac-sha256 Credential=${credential}, ${rest}`,
    `ACS3-HMAC-SHA256 Credential=${credential}, ${rest}`,
    `SDK-HMAC-SHA256 Access=ak, ${rest}`,
    'Bearer token',
    '__proto__ Credential=ak',
  ])('of another scheme: %s', (authorization) => {
    expect(faultOf(authorization)).toBe(authorizationMissing);
  });

  it.each([
    'JDCLOUD2-HMAC-SHA256',
    `JDCLOUD2-HMAC-SHA256 ${rest}`,
    ...[
      '',
      'ak',
      'ak/20260101/north/vm',
      '/20260101/north/vm/jdcloud2_request',
      'ak//north/vm/jdcloud2_request',
      'ak/20260101//vm/jdcloud2_request',
      'ak/20260101/north//jdcloud2_request',
      'ak/20260101/north/vm/jdcloud3_request',
      'ak/20260101/north/vm/aws4_request',
      'ak/20260101/north/vm/jdcloud2_request/',
    ].map((each) => `JDCLOUD2-HMAC-SHA256 Credential=${each}, ${rest}`),
    `JDCLOUD3-HMAC-SHA256 Credential=${credential}, ${rest}`,
  ])('without a credential: %s', (authorization) => {
    expect(faultOf(authorization)).toBe(credentialMissing);
  });

  const signing = (names: string) => `JDCLOUD2-HMAC-SHA256 Credential=${credential}, ${names}, Signature=${signature}`;

  it.each([
    'Signed=host',
    'SignedHeaders=',
    'SignedHeaders=;',
    'SignedHeaders=host;',
    'SignedHeaders=Host',
    'SignedHeaders=host;x-none',
    // It would be signed as often as it is named.
    'SignedHeaders=host;host',
  ])('without signed headers: %s', (names) => {
    expect(faultOf(signing(names))).toBe(signedHeadersMissing);
  });

  it('with more than 64 of them', () => {
    const headers = Object.fromEntries(Array.from({ length: 65 }, (_, index) => [`x-${index}`, '']));
    const names = Object.keys(headers);
    expect(faultOf(signing(`SignedHeaders=${names.slice(1).join(';')}`), headers)).toBeUndefined();
    expect(faultOf(signing(`SignedHeaders=${names.join(';')}`), headers)).toBe(signedHeadersMissing);
  });
});
