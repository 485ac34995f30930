import 'reflect-metadata';
import { spawnSync } from 'node:child_process';
import { KeyObject, webcrypto, X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import {
  chmod,
  copyFile,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  unlink,
  writeFile,
} from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, createServer, rootCertificates } from 'node:tls';
import { ExtendedKeyUsage, ExtendedKeyUsageExtension, X509CertificateGenerator } from '@peculiar/x509';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { openDataDirectory } from '../data-directory.ts';
import { type Authority, keyAlgorithm, parseAuthority } from './authority.ts';
import { initTls, type TlsOptions } from './init.ts';
import { makeServerCertificate } from './server-certificate.ts';

const now = Date.now();
const day = 24 * 3600 * 1000;
let dataDirectory: string;

beforeEach(async () => {
  const folder = await mkdtemp(join(tmpdir(), 'mimeo-tls-'));
  dataDirectory = join(folder, 'data');
  return () => rm(folder, { recursive: true });
});

const file = (name: string) => join(dataDirectory, 'tls', name);
const read = (name: string) => readFile(file(name), 'utf8');

function init(options: Partial<TlsOptions> = {}) {
  return initTls({
    dataDirectory,
    regions: ['cn-north-1', 'eu-de'],
    hosts: [],
    days: 397,
    force: false,
    now,
    ...options,
  });
}

/** What a client that trusts `ca` says of a server that shows `cert`, for each of `hosts`: undefined, or why it goes away. */
async function judge(cert: string, key: string, hosts: readonly string[], ca: string): Promise<(string | undefined)[]> {
  const server = createServer({ cert, key }, (socket) => void socket.on('error', () => {}).end());
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  const verdict = (host: string) =>
    new Promise<string | undefined>((resolve) => {
      // A name of an address is no server name; `host` is what Node then compares.
      const socket = connect({ port, host: '127.0.0.1', ca, ...(host === '127.0.0.1' ? {} : { servername: host }) });
      socket.once('secureConnect', () => resolve(undefined)).once('error', ({ message }) => resolve(message));
      socket.once('close', () => socket.destroy()).resume();
    });
  return Promise.all(hosts.map(verdict));
}

async function makeUserCertificate(authority: Authority): Promise<{ cert: string; key: string }> {
  const { publicKey, privateKey } = await webcrypto.subtle.generateKey(keyAlgorithm, true, ['sign', 'verify']);
  const certificate = await X509CertificateGenerator.create({
    subject: 'CN=user',
    issuer: authority.certificate.subjectName,
    notBefore: authority.certificate.notBefore,
    notAfter: authority.certificate.notAfter,
    publicKey,
    signingKey: authority.key,
    extensions: [new ExtendedKeyUsageExtension([ExtendedKeyUsage.clientAuth])],
  });
  const key = KeyObject.from(privateKey).export({ type: 'pkcs8', format: 'pem' }).toString();
  return { cert: certificate.toString('pem'), key };
}

const good = [
  'ims.cn-north-1.myhuaweicloud.com',
  'iam.eu-de.otc.t-systems.com',
  'iam.myhuaweicloud.com',
  'ecs.cn-north-1.aliyuncs.com',
  'vm.jdcloud-api.com',
  'localhost',
  '127.0.0.1',
];

describe('the certificate', () => {
  test('is good for the hosts of the clouds and for those given, and for no other', async () => {
    await init({ hosts: ['mimeo.example.com', '*.lab.example'] });
    const [cert, key, ca] = [await read('server.pem'), await read('server.key'), await read('ca.pem')];
    const hosts = [...good, 'mimeo.example.com', 'a.lab.example'];
    expect(await judge(cert, key, hosts, ca)).toEqual(hosts.map(() => undefined));
    for (const foreign of await judge(
      cert,
      key,
      ['ims.cn-south-1.myhuaweicloud.com', 'a.b.lab.example', 'bank.example'],
      ca,
    )) {
      expect(foreign).toContain("does not match certificate's altnames");
    }
    expect(await judge(cert, key, ['localhost'], rootCertificates.join('\n'))).toEqual([
      'self-signed certificate in certificate chain',
    ]);
  });

  test('of its authority for a name that it was not made for is refused by clients', async () => {
    await init();
    const ca = await read('ca.pem');
    const authority = await parseAuthority(await readFile(file('ca.pem')), await readFile(file('ca.key')));
    if (authority === undefined) throw new Error('no authority');
    for (const name of ['bank.example', '192.0.2.7']) {
      const { certificate, key } = await makeServerCertificate(authority, { names: [name, 'localhost'], now, days: 7 });
      const pem = KeyObject.from(key).export({ type: 'pkcs8', format: 'pem' }).toString();
      expect(await judge(certificate.toString('pem'), pem, ['localhost'], ca)).toEqual(['permitted subtree violation']);
    }
  });

  test('of its authority for a user instead of a server is refused by servers', async () => {
    await init();
    const [cert, key, ca] = [await read('server.pem'), await read('server.key'), await read('ca.pem')];
    const authority = await parseAuthority(await readFile(file('ca.pem')), await readFile(file('ca.key')));
    if (authority === undefined) throw new Error('no authority');
    const user = await makeUserCertificate(authority);
    const server = createServer({ cert, key, ca, requestCert: true, rejectUnauthorized: false });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    onTestFinished(() => void server.close());
    const { port } = server.address() as AddressInfo;
    const socket = connect({ port, host: '127.0.0.1', ca, ...user });
    onTestFinished(() => void socket.destroy());
    const [seen] = await once(server, 'secureConnection');
    expect([seen.getPeerCertificate().subject.CN, seen.authorizationError]).toEqual(['user', 'INVALID_PURPOSE']);
  });

  test('lasts as long as it is to, its authority ten years', async () => {
    await init({ days: 30 });
    const [leaf, ca] = [new X509Certificate(await read('server.pem')), new X509Certificate(await read('ca.pem'))];
    const length = ({ validFromDate, validToDate }: X509Certificate) => validToDate.getTime() - validFromDate.getTime();
    expect(leaf.validFromDate.getTime()).toBeLessThan(now);
    expect(length(leaf)).toBe(30 * day - 1000);
    expect(length(ca)).toBe(3650 * day);
    expect(ca.subject).toMatch(/^CN=Mimeo private CA [\da-f]{8}$/);
    expect(leaf.checkIssued(ca)).toBe(true);
    expect(leaf.serialNumber).not.toBe(ca.serialNumber);
  });

  test('that has ended is refused', async () => {
    await init({ days: 1, now: now - 2 * day });
    expect(
      await judge(await read('server.pem'), await read('server.key'), ['localhost'], await read('ca.pem')),
    ).toEqual(['certificate has expired']);
  });

  const hasOpenssl = spawnSync('openssl', ['version']).status === 0;
  test.skipIf(!hasOpenssl)(`passes OpenSSL's strict rules${hasOpenssl ? '' : ' (no openssl here)'}`, async () => {
    await init();
    const verify = (host: string) =>
      spawnSync('openssl', [
        ...['verify', '-x509_strict', '-purpose', 'sslserver', '-verify_hostname', host],
        ...['-CAfile', file('ca.pem'), file('server.pem')],
      ]).status;
    expect(good.slice(0, -1).map(verify)).toEqual(good.slice(0, -1).map(() => 0));
    expect(verify('bank.example')).not.toBe(0);
  });
});

describe('run again', () => {
  test('keeps the authority and the hosts given before, and renews the certificate and its key', async () => {
    expect((await init({ hosts: ['mimeo.example.com', '192.0.2.7'] })).authority.isNew).toBe(true);
    const before = await Promise.all(['ca.pem', 'ca.key', 'server.pem', 'server.key'].map(read));
    const again = await init({ regions: ['eu-de'], hosts: ['eu.mimeo.example.com'] });
    expect(again.authority.isNew).toBe(false);
    const after = await Promise.all(['ca.pem', 'ca.key', 'server.pem', 'server.key'].map(read));
    expect(after.map((content, index) => content === before[index])).toEqual([true, true, false, false]);
    expect(again.names).toEqual(expect.arrayContaining(['mimeo.example.com', '192.0.2.7', 'eu.mimeo.example.com']));
    expect(again.names.filter((name) => name.includes('cn-north-1'))).toEqual([]);
    const [cert, key] = [await read('server.pem'), await read('server.key')];
    expect(
      await judge(cert, key, ['eu.mimeo.example.com', 'ims.eu-de.myhuaweicloud.com'], await read('ca.pem')),
    ).toEqual([undefined, undefined]);
  });

  test('with --force makes another authority', async () => {
    const first = await init({ hosts: ['mimeo.example.com'] });
    const [former, second] = [await read('ca.pem'), await init({ force: true, hosts: ['other.example'] })];
    expect(second.authority).toMatchObject({ isNew: true, name: expect.not.stringContaining(first.authority.name) });
    expect(second.names).toEqual(expect.arrayContaining(['mimeo.example.com', 'other.example']));
    const [cert, key] = [await read('server.pem'), await read('server.key')];
    expect(await judge(cert, key, ['other.example'], await read('ca.pem'))).toEqual([undefined]);
    expect(await judge(cert, key, ['other.example'], former)).toEqual(['self-signed certificate in certificate chain']);
  });

  /** A directory in a file's place stops a run there; what it has written until then stays, as after a crash. */
  async function cutShort(name: string, options: Partial<TlsOptions>): Promise<void> {
    const aside = `${file(name)}.aside`;
    const isThere = (await readdir(join(dataDirectory, 'tls'))).includes(name);
    if (isThere) await rename(file(name), aside);
    await mkdir(join(file(name), 'inside'), { recursive: true });
    await expect(init(options)).rejects.toThrow("can't be used");
    await rm(file(name), { recursive: true });
    if (isThere) await rename(aside, file(name));
  }

  const whole = ['ca.key', 'ca.pem', 'server.key', 'server.pem'];

  test.each([
    ['ca.pem.next', 'former', false],
    ['ca.key', 'former', false],
    ['ca.pem', 'next', true],
    ['server.key', 'next', false],
  ])('after --force that came as far as %s goes on with the %s authority', async (name, which, isNew) => {
    await init();
    const former = await read('ca.pem');
    await cutShort(name, { force: true });
    const again = await init();
    expect(again.authority.isNew).toBe(isNew);
    const ca = await read('ca.pem');
    expect(ca === former ? 'former' : 'next').toBe(which);
    expect(await judge(await read('server.pem'), await read('server.key'), ['localhost'], ca)).toEqual([undefined]);
    expect((await readdir(join(dataDirectory, 'tls'))).sort()).toEqual(whole);
    expect((await stat(file('ca.pem'))).mode & 0o777).toBe(0o644);
    expect((await init()).authority).toEqual({ ...again.authority, isNew: false });
  });

  // With --force, because without it the run would already stop where it looks for an authority.
  test.each(['ca.pem.next', 'ca.key', 'ca.pem', 'server.key'])(
    'after a first one that came as far as %s',
    async (name) => {
      await mkdir(join(dataDirectory, 'tls'), { recursive: true });
      await cutShort(name, { force: true });
      await init();
      const [cert, key] = [await read('server.pem'), await read('server.key')];
      expect(await judge(cert, key, ['localhost'], await read('ca.pem'))).toEqual([undefined]);
      expect((await readdir(join(dataDirectory, 'tls'))).sort()).toEqual(whole);
    },
  );

  test('refuses a host that the authority was not made for, and changes nothing', async () => {
    await init({ hosts: ['example.com'] });
    const before = await read('server.pem');
    await expect(init({ hosts: ['bank.example'] })).rejects.toMatchObject({
      message: expect.stringContaining('may not vouch for bank.example'),
      advice: expect.stringContaining('--force'),
    });
    await expect(init({ hosts: ['192.0.2.7'] })).rejects.toThrow('may not vouch for 192.0.2.7');
    expect(await read('server.pem')).toBe(before);
  });

  test('refuses a certificate that would outlast its authority', async () => {
    await init();
    const late = now + 3600 * day;
    await expect(init({ now: late, days: 90 })).rejects.toMatchObject({
      advice: expect.stringContaining('fewer --days'),
    });
    await init({ now: late, days: 30 });
  });
});

describe('the folder', () => {
  test('is for its owner alone, and no obstacle to the first start of a server', async () => {
    await init();
    const mode = async (path: string) => ((await stat(path)).mode & 0o777).toString(8);
    expect(await mode(dataDirectory)).toBe('700');
    expect(await mode(join(dataDirectory, 'tls'))).toBe('700');
    const names = ['ca.key', 'ca.pem', 'server.key', 'server.pem'];
    expect((await readdir(join(dataDirectory, 'tls'))).sort()).toEqual(names);
    expect(await Promise.all(names.map((name) => mode(file(name))))).toEqual(['600', '644', '600', '644']);
    (await openDataDirectory(dataDirectory, { softwareVersion: '1.2.3' })).close();
    await init();
  });

  test('of somebody else is left alone', async () => {
    await writeFile(join(dataDirectory, '..', 'letter.txt'), '');
    await expect(init({ dataDirectory: join(dataDirectory, '..') })).rejects.toThrow('is not a Mimeo data directory');
  });

  test('that cannot be made is named', async () => {
    await init();
    await rm(join(dataDirectory, 'tls'), { recursive: true });
    await writeFile(join(dataDirectory, 'tls'), '');
    await expect(init()).rejects.toMatchObject({
      message: expect.stringContaining(`${join(dataDirectory, 'tls')} can't be used`),
      advice: expect.stringContaining('another --data-dir'),
    });
  });

  test('with half an authority, or one of others, is not used', async () => {
    await init();
    await copyFile(file('server.key'), file('ca.key'));
    const advice = expect.stringContaining('put both back from a backup');
    await expect(init()).rejects.toMatchObject({ message: expect.stringContaining('ca.key'), advice });
    await unlink(file('ca.key'));
    await expect(init()).rejects.toMatchObject({ advice });
    await init({ force: true });
    await writeFile(file('ca.pem'), 'no certificate');
    await expect(init()).rejects.toMatchObject({ advice });
  });

  test('with a key that others can read is not used', async () => {
    await init();
    await chmod(file('ca.key'), 0o640);
    await expect(init()).rejects.toThrow('is a secret, and its mode is 0640');
  });

  test('with a server certificate that is none is not overwritten', async () => {
    await init();
    await writeFile(file('server.pem'), 'no certificate');
    await expect(init()).rejects.toMatchObject({ advice: expect.stringContaining('remove it') });
  });
});
