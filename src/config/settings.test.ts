import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { configSchema, type SettingName } from './schema.ts';
import { settings } from './settings.ts';

function read(name: SettingName, value: unknown): unknown {
  return configSchema.shape[name].safeParse(value).data;
}

describe('settings', () => {
  test.each(settings.filter(({ defaultValue }) => defaultValue !== undefined))(
    'default of $name is what it must be, and is read from what is shown of it',
    ({ name, defaultValue, format, accepts }) => {
      expect(accepts(defaultValue)).toBe(true);
      expect(read(name, format(defaultValue))).toEqual(defaultValue);
    },
  );

  test('have distinct variables, of our own prefix but for the one that is common elsewhere', () => {
    const variables = settings.map(({ variable }) => variable);
    expect(new Set(variables).size).toBe(variables.length);
    expect(variables.filter((variable) => !/^MIMEO_[A-Z]+(_[A-Z]+)*$/.test(variable))).toEqual(['DATABASE_URL']);
    expect(variables).toContain('MIMEO_WEBHOOK_PRIVATE_ADDRESSES');
  });

  test.each<[SettingName, unknown, unknown]>([
    ['port', '7420', 7420],
    ['port', ' 0 ', 0],
    ['traceRatio', '0.25', 0.25],
    ['quotaBytes', '3 TiB', 3 * 1024 ** 4],
    ['quotaBytes', '3MiB', 3 * 1024 ** 2],
    ['quotaBytes', '3', 3],
    ['regions', 'north, south', ['north', 'south']],
    ['regions', ['north'], ['north']],
    ['trustedProxies', '10.0.0.0/8, 192.0.2.1,fd00::/8', ['10.0.0.0/8', '192.0.2.1', 'fd00::/8']],
    ['trustedProxies', ['::1'], ['::1']],
    ['jdcloudHosts', 'vm.example.org, disk.example.org:8443', ['vm.example.org', 'disk.example.org:8443']],
    ['jdcloudHosts', undefined, ['vm.jdcloud-api.com', 'disk.jdcloud-api.com']],
    ['jdcloudPage', 'older', 'older'],
    ['webhookPrivateAddresses', 'on', true],
    ['webhookPrivateAddresses', 'Yes', true],
    ['webhookPrivateAddresses', 1, true],
    ['webhookPrivateAddresses', '1', true],
    ['webhookPrivateAddresses', 'true', true],
    ['webhookPrivateAddresses', 'off', false],
    ['webhookPrivateAddresses', 'NO', false],
    ['webhookPrivateAddresses', 0, false],
    ['webhookPrivateAddresses', false, false],
    ['otlpHeaders', 'authorization=Bearer%20x,tenant=a', 'authorization=Bearer%20x,tenant=a'],
    ['otlpEndpoint', 'http://127.0.0.1:4318', 'http://127.0.0.1:4318'],
    ['masterKey', `${'Aa'.repeat(32)}`, `${'Aa'.repeat(32)}`],
    ['masterKey', `${'-_9'.repeat(14)}A=`, `${'-_9'.repeat(14)}A=`],
    ['vaultMount', 'kms/transit', 'kms/transit'],
    ['databaseUrl', 'postgresql:///mimeo?host=/run/postgresql', 'postgresql:///mimeo?host=/run/postgresql'],
  ])('%s reads %j', (name, given, value) => {
    expect(read(name, given)).toEqual(value);
  });

  test.each<[SettingName, unknown]>([
    ...['', '-1', '65536', '1.5', '0x10', '1e3', 'abc', null, true, [], {}].map((value): [SettingName, unknown] => [
      'port',
      value,
    ]),
    ...['1.1', '-0.1', 'half', null].map((value): [SettingName, unknown] => ['traceRatio', value]),
    ...['1 MB', '1.5 GiB', '9007199254740992', '10000 TiB', '-1', null].map((value): [SettingName, unknown] => [
      'quotaBytes',
      value,
    ]),
    ['chunkMean', '65537'],
    ['segmentBytes', 8 * 1024 ** 2 + 1],
    ...['', 'north,', 'North', 'north,north', [], [1], null].map((value): [SettingName, unknown] => ['regions', value]),
    ...[
      '',
      'proxy',
      '10.0.0.0/33',
      '10.0.0.0/0',
      '::/0',
      '::/129',
      '10.0.0.0/8/8',
      '10.0.0.0/',
      '10.1',
      'fe80::1%eth0',
      [],
    ].map((value): [SettingName, unknown] => ['trustedProxies', value]),
    ...['', 'maybe', 2, null].map((value): [SettingName, unknown] => ['webhookPrivateAddresses', value]),
    ...['a', 'a=%', 'a=b,', '=b'].map((value): [SettingName, unknown] => ['otlpHeaders', value]),
    ...['127.0.0.1:4318', 'ftp://127.0.0.1'].map((value): [SettingName, unknown] => ['otlpEndpoint', value]),
    ['databaseUrl', 'mysql://127.0.0.1/mimeo'],
    ...['', 'a'.repeat(63), 'a'.repeat(65), 'g'.repeat(64), 'a'.repeat(42)].map((value): [SettingName, unknown] => [
      'masterKey',
      value,
    ]),
    ['masterKeyCommand', 'key.sh'],
    ['keyProvider', 'memory'],
    ['keylessRegions', 'North'],
    ...['', 'two words', 'a,a'].map((value): [SettingName, unknown] => ['keyAccounts', value]),
    ...['', '/transit', 'transit/', '../sys', 'a//b', 'a?b'].map((value): [SettingName, unknown] => [
      'vaultMount',
      value,
    ]),
    ...['', 'two words', 'end\n', 'ü'].map((value): [SettingName, unknown] => ['vaultToken', value]),
    ...['', 'https://vm.example.org', 'VM.example.org', 'vm..example.org', 'vm.example.org:0'].map(
      (value): [SettingName, unknown] => ['jdcloudHosts', value],
    ),
    ['jdcloudPage', 'newest'],
    ['jdcloudClockSeconds', 0],
    ['metricsAccess', 'closed'],
    ['host', ''],
    ['host', 1],
    ['tlsKey', null],
  ])('%s refuses %j', (name, given) => {
    expect(configSchema.shape[name].safeParse(given).success).toBe(false);
  });

  test('sizes are read back as they are shown', () => {
    const { format } = settings.find(({ name }) => name === 'quotaBytes') as (typeof settings)[number];
    const sizes = fc.oneof(
      fc.nat(),
      fc.tuple(fc.nat(9999), fc.constantFrom(1, 2, 3, 4)).map(([count, power]) => count * 1024 ** power),
    );
    fc.assert(
      fc.property(
        sizes.filter((size) => size <= Number.MAX_SAFE_INTEGER),
        (size) => {
          expect(read('quotaBytes', format(size))).toBe(size);
        },
      ),
    );
  });
});
