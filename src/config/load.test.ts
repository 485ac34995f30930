import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { stringify } from 'yaml';
import { ConfigError } from './config-error.ts';
import { exampleFile } from './example.ts';
import { type ConfigSources, loadConfig } from './load.ts';
import { configSchema } from './schema.ts';
import { settings } from './settings.ts';

let folder: string;
let file: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mimeo-config-'));
  file = join(folder, 'settings.yaml');
});

afterEach(() => rm(folder, { recursive: true }));

async function problemsOf(sources: Partial<ConfigSources>): Promise<readonly string[]> {
  const error = await loadConfig({ environment: {}, ...sources }).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(ConfigError);
  return (error as ConfigError).problems.map((problem) => problem.replaceAll(`${folder}/`, ''));
}

/** What is wrong with a file of these lines. */
async function problemsIn(...lines: string[]): Promise<readonly string[]> {
  await writeFile(file, lines.join('\n'));
  return problemsOf({ file });
}

async function secretFile(content: string): Promise<string> {
  const path = join(folder, 'secret');
  await writeFile(path, content, { mode: 0o600 });
  return path;
}

describe('sources', () => {
  const values = {
    host: fc.constantFrom('127.0.0.1', '::1', 'localhost'),
    port: fc.nat(65535),
    quotaBytes: fc.nat(),
    traceRatio: fc.constantFrom(0, 0.5, 1),
    webhookPrivateAddresses: fc.boolean(),
    regions: fc.uniqueArray(fc.constantFrom('north', 'south', 'east', 'west'), { minLength: 1 }),
    databaseUrl: fc.constantFrom('postgres://a/b', 'postgres://c/d'),
  };
  const some = fc.record(values, { requiredKeys: [] });

  test('the later overrules the earlier, setting by setting, and each value knows where it comes from', async () => {
    const names = Object.keys(values) as (keyof typeof values)[];
    const asText = (given: object) =>
      Object.fromEntries(Object.entries(given).map(([name, value]) => [name, String(value)]));
    await fc.assert(
      fc.asyncProperty(some, some, some, some, async (defaults, inFile, inEnvironment, flags) => {
        await writeFile(file, stringify(inFile));
        const environment = Object.fromEntries(
          settings.map(({ name, variable }) => [variable, asText(inEnvironment)[name]]),
        );
        const loaded = await loadConfig({ defaults, file, environment, flags: asText(flags) });
        expect(loaded.config).toEqual(configSchema.parse({ ...defaults, ...inFile, ...inEnvironment, ...flags }));
        for (const name of names) {
          const source =
            name in flags ? 'flag' : name in inEnvironment ? 'environment' : name in inFile ? 'file' : 'default';
          expect(loaded.origins.get(name)?.source).toBe(source);
        }
      }),
    );
  });

  test('the file is the one of the flag, else of the environment, else mimeo.yaml if it is there', async () => {
    const before = process.cwd();
    onTestFinished(() => process.chdir(before));
    process.chdir(folder);
    const port = async (sources: Partial<ConfigSources> = {}) =>
      (await loadConfig({ environment: {}, ...sources })).config.port;
    expect(await port()).toBe(7420);
    await writeFile('mimeo.yaml', 'port: 1');
    await writeFile('other.yaml', 'port: 2');
    await writeFile('flag.yaml', 'port: 3');
    expect(await port()).toBe(1);
    const environment = { MIMEO_CONFIG: 'other.yaml' };
    expect(await port({ environment })).toBe(2);
    expect(await port({ environment, file: 'flag.yaml' })).toBe(3);
    expect(await problemsOf({ environment: { MIMEO_CONFIG: 'gone.yaml' } })).toEqual([
      expect.stringMatching(/^the configuration file gone.yaml can't be read: ENOENT/),
    ]);
    await rm('mimeo.yaml');
    await writeFile('mimeo.yaml', Buffer.alloc(2 * 1024 ** 2, '#'));
    expect(await problemsOf({})).toEqual([expect.stringContaining('2097152 bytes')]);
  });

  test('the example holds every setting, each at its default', async () => {
    await writeFile(file, exampleFile());
    const { config, origins } = await loadConfig({ file, environment: {} });
    expect(config).toEqual(configSchema.parse({}));
    for (const { name, defaultValue } of settings) {
      expect(exampleFile()).toMatch(new RegExp(`^(# )?${name}:`, 'm'));
      expect(origins.get(name)?.source).toBe(defaultValue === undefined ? 'default' : 'file');
    }
  });
});

describe('what is refused', () => {
  test('is told all at once, with where it stands', async () => {
    await writeFile(file, 'regoins: [north]\nport: abc\nlogLevel: info\nlogLevel: warn\ntlsKey: key.pem\n');
    const environment = { MIMEO_REGOINS: 'north', MIMEO_PORT: 'tcp://192.0.2.1:7420', MIMEO_CHUNK_MIN: '1 MiB' };
    expect(await problemsOf({ file, environment, flags: { port: '65536' } })).toEqual([
      'unknown setting `regoins` (settings.yaml:1:1); did you mean `regions`?',
      '`logLevel` is given twice (settings.yaml:3:1 and settings.yaml:4:1); keep one of them',
      'unknown variable `MIMEO_REGOINS`; did you mean `MIMEO_REGIONS`?',
      '`port` must be a whole number from 0 to 65535, and is "abc" (settings.yaml:2:1)',
      '`port` must be a whole number from 0 to 65535, and is "tcp://192.0.2.1:7420" (MIMEO_PORT)',
      '`port` must be a whole number from 0 to 65535, and is "65536" (--port)',
      'chunkMin < chunkMean < chunkMax must hold (chunkMin: MIMEO_CHUNK_MIN, chunkMean: default, chunkMax: default)',
      'tlsCertificate and tlsKey belong together: give both or neither (tlsCertificate: default, tlsKey: settings.yaml:5:1)',
    ]);
  });

  test('a value that is wrong by itself is not told again as contradicting others', async () => {
    expect(await problemsOf({ environment: { MIMEO_CHUNK_MIN: '32 MiB' } })).toEqual([
      '`chunkMin` must be a size from 1 KiB to 16 MiB, and is "32 MiB" (MIMEO_CHUNK_MIN)',
    ]);
  });

  test('settings that agree only with each other pass', async () => {
    const environment = { MIMEO_TLS_KEY: 'key.pem', MIMEO_CHUNK_MIN: '128 KiB', MIMEO_CHUNK_MEAN: '256 KiB' };
    const more = { MIMEO_TLS_CERTIFICATE: 'cert.pem', MIMEO_CHUNK_MAX: '1 MiB' };
    await expect(loadConfig({ environment })).rejects.toThrow(ConfigError);
    expect((await loadConfig({ environment: { ...environment, ...more } })).config.chunkMax).toBe(1024 ** 2);
  });

  test('an object store is given with its key and secret, or not at all', async () => {
    const address = { MIMEO_OBJECT_STORE_URL: 'http://127.0.0.1:9000', MIMEO_OBJECT_STORE_ACCESS_KEY: 'id' };
    expect(await problemsOf({ environment: address })).toEqual([
      expect.stringMatching(/^objectStoreUrl, objectStoreAccessKey and objectStoreSecretKey belong together/),
    ]);
    const path = await secretFile('geheim\n');
    const { config } = await loadConfig({ environment: { ...address, MIMEO_OBJECT_STORE_SECRET_KEY_FILE: path } });
    expect(config).toMatchObject({ objectStoreSecretKey: 'geheim', objectStorePathStyle: true });
    expect(settings.find(({ name }) => name === 'objectStoreSecretKey')?.redact('geheim')).toBe('********');
  });

  test('a master key comes from one place', async () => {
    const masterKey = '0f'.repeat(32);
    const environment = { MIMEO_MASTER_KEY: masterKey, MIMEO_MASTER_KEY_COMMAND: '/usr/local/bin/key' };
    expect(await problemsOf({ environment })).toEqual([
      expect.stringMatching(/^masterKey and masterKeyCommand say the same thing/),
    ]);
    const path = await secretFile(`${masterKey}\n`);
    expect((await loadConfig({ environment: { MIMEO_MASTER_KEY_FILE: path } })).config.masterKey).toBe(masterKey);
    const [problem] = await problemsOf({ environment: { MIMEO_MASTER_KEY: masterKey.slice(1) } });
    expect(problem).toBe('`masterKey` must be 32 bytes, as 64 hexadecimal digits or in base64 (MIMEO_MASTER_KEY)');
  });

  test('Vault is given with its address and a token', async () => {
    const environment = { MIMEO_KEY_PROVIDER: 'vault', MIMEO_VAULT_ADDRESS: 'https://vault.example.org:8200' };
    expect(await problemsOf({ environment })).toEqual([
      expect.stringMatching(/^the key provider vault needs vaultAddress and vaultToken/),
    ]);
    const path = await secretFile('hvs.geheim\n');
    const { config } = await loadConfig({ environment: { ...environment, MIMEO_VAULT_TOKEN_FILE: path } });
    expect(config).toMatchObject({ keyProvider: 'vault', vaultToken: 'hvs.geheim', vaultMount: 'transit' });
    expect(settings.find(({ name }) => name === 'vaultToken')?.redact('hvs.geheim')).toBe('********');
  });

  test('regions that have no keys, or default ones alone, are regions', async () => {
    const environment = { MIMEO_REGIONS: 'north,south', MIMEO_KEYLESS_REGIONS: 'south' };
    const { config } = await loadConfig({ environment: { ...environment, MIMEO_DEFAULT_KEY_REGIONS: 'north' } });
    expect(config).toMatchObject({ keylessRegions: ['south'], defaultKeyRegions: ['north'] });
    expect(config.keyAccounts).toBeUndefined();
    for (const name of ['MIMEO_KEYLESS_REGIONS', 'MIMEO_DEFAULT_KEY_REGIONS']) {
      expect(await problemsOf({ environment: { ...environment, [name]: 'south,soth' } })).toEqual([
        expect.stringMatching(
          /^keylessRegions and defaultKeyRegions name regions, and one of them is not among regions/,
        ),
      ]);
    }
  });

  test.each(settings)('$name with a letter missing is near to itself', async ({ name, variable }) => {
    const slip = (text: string, at: number) => text.slice(0, at) + text.slice(at + 1);
    expect(await problemsIn(`${slip(name, 1)}: 1`)).toEqual([expect.stringContaining(`did you mean \`${name}\`?`)]);
    // DATABASE_URL with a letter missing could be anybody's.
    if (!variable.startsWith('MIMEO_')) return;
    expect(await problemsOf({ environment: { [slip(variable, 7)]: '1' } })).toEqual([
      expect.stringContaining(`did you mean \`${variable}\`?`),
    ]);
  });

  test('what is near to nothing is said to be unknown', async () => {
    expect(await problemsIn('ceilometer: 1')).toEqual([
      'unknown setting `ceilometer` (settings.yaml:1:1); `mimeo config example` prints all there are',
    ]);
  });
});

describe('the file', () => {
  test.each([
    ['a list', ['- port'], 'settings are lines of the form "name: value" (settings.yaml:1:1)'],
    [
      'a group',
      ['port: {http: 1}'],
      '`port` must be a whole number from 0 to 65535, and is {"http":1} (settings.yaml:1:1)',
    ],
    ['no value', ['', 'port:'], '`port` must be a whole number from 0 to 65535, and is null (settings.yaml:2:1)'],
    ['a key that is no text', ['? [a]', ': 1'], /^unknown setting `\["a"\]` \(settings.yaml:1:3\)/],
    ['a tab', ['host: ::1', '\tport: 1'], 'Tabs are not allowed as indentation (settings.yaml:2:1)'],
    ['a tag of nobody', ['port: !port 1'], 'Unresolved tag (settings.yaml:1:7)'],
    ['two documents', ['port: 1', '---', 'port: 2'], /^Source contains multiple documents.* \(settings.yaml:2:1\)$/],
    ['a value within itself', ['regions: &a [*a]'], /^`regions` can't be read .*circular/s],
    ['an alias of nothing', ['port: *port'], /^Unresolved alias .* \(settings.yaml:1:1\)$/],
    [
      'aliases of aliases',
      [
        'regions:',
        '- &a [x, x]',
        ...'bcdefghi'.split('').map((name, at) => `- &${name} [*${'abcdefgh'[at]}, *${'abcdefgh'[at]}]`),
      ],
      'Excessive alias count indicates a resource exhaustion attack (settings.yaml:1:1)',
    ],
  ])('with %s is refused', async (_what, lines, problem) => {
    expect(await problemsIn(...lines)).toEqual([
      typeof problem === 'string' ? problem : expect.stringMatching(problem),
    ]);
  });

  test.each([[''], ['# nothing but a comment'], ['---'], ['%YAML 1.1\n---\nlogLevel: info\n']])(
    'may be %j',
    async (text) => {
      await writeFile(file, text);
      expect((await loadConfig({ file, environment: {} })).config).toEqual(configSchema.parse({}));
    },
  );
});

describe('secrets', () => {
  test('come from files too, of the file and of the environment', async () => {
    const path = await secretFile('postgres://a:pw@h/b\n');
    await writeFile(file, `databaseUrlFile: ${path}\n`);
    const inFile = await loadConfig({ file, environment: {} });
    expect(inFile.config.databaseUrl).toBe('postgres://a:pw@h/b');
    const inEnvironment = await loadConfig({ environment: { DATABASE_URL_FILE: path } });
    expect(inEnvironment.config.databaseUrl).toBe('postgres://a:pw@h/b');
    expect(inEnvironment.origins.get('databaseUrl')).toEqual({ source: 'environment', place: 'DATABASE_URL_FILE' });
  });

  test('stand in no URL that is shown', async () => {
    for (const [name, url] of [
      ['MIMEO_OTLP_ENDPOINT', 'https://me:geheim@traces.example'],
      ['MIMEO_OBJECT_STORE_URL', 'https://me:ge/heim@objects.example'],
    ]) {
      const problems = (await problemsOf({ environment: { [name as string]: url } })).join('\n');
      expect(problems).toMatch(
        /must be an http:\/\/ or https:\/\/ URL without a name or a password, and is "https:\/\/\*{8}@\w+\.example"/,
      );
    }
  });

  test('one source gives them only one way, but a later one overrules either', async () => {
    const path = await secretFile('postgres://a/b');
    const both = { DATABASE_URL: 'postgres://c/d', DATABASE_URL_FILE: path };
    expect(await problemsOf({ environment: both })).toEqual([
      '`databaseUrl` is given itself and as a file (DATABASE_URL and DATABASE_URL_FILE); keep one of them',
    ]);
    await writeFile(file, 'databaseUrl: postgres://e/f\n');
    const overruled = await loadConfig({ file, environment: { DATABASE_URL_FILE: path } });
    expect(overruled.config.databaseUrl).toBe('postgres://a/b');
    await writeFile(file, 'databaseUrlFile: /nowhere\n');
    const overruling = await loadConfig({ file, environment: { DATABASE_URL: 'postgres://c/d' } });
    expect(overruling.config.databaseUrl).toBe('postgres://c/d');
  });

  test('only settings that are secrets come from files', async () => {
    const path = await secretFile('1');
    expect(await problemsOf({ environment: { MIMEO_PORT_FILE: path } })).toEqual([
      expect.stringMatching(/^unknown variable `MIMEO_PORT_FILE`/),
    ]);
  });

  test('that cannot be read are refused with the reason', async () => {
    const path = await secretFile('postgres://a/b');
    await chmod(path, 0o644);
    const environment = { DATABASE_URL_FILE: path, MIMEO_OTLP_HEADERS_FILE: join(folder, 'gone') };
    expect(await problemsOf({ environment })).toEqual([
      expect.stringMatching(/^`databaseUrl` can't be read from secret \(DATABASE_URL_FILE\): its mode is 0644/),
      expect.stringMatching(/^`otlpHeaders` can't be read from gone \(MIMEO_OTLP_HEADERS_FILE\): ENOENT/),
    ]);
  });

  test('are never quoted', async () => {
    const path = await secretFile('geheim');
    await writeFile(file, 'databaseUrl: geheim\notlpHeaders: "geheim"\n');
    const problems = await problemsOf({ file, environment: { DATABASE_URL_FILE: path, MIMEO_OTLP_HEADERS: 'geheim' } });
    expect(problems).toHaveLength(4);
    const broken = [
      'otlpHeaders: "geheim" geheim',
      'otlpHeaders: ]geheim',
      'otlpHeaders: !geheim x',
      'otlpHeaders: *geheim',
    ];
    for (const line of broken) expect((await problemsIn(line)).join('\n')).not.toContain('geheim');
    expect(problems.join('\n')).not.toContain('geheim');
  });
});
