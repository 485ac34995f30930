/** The command line against the real API, as an operator, as the accounts that he makes, and with their profiles. */
import { randomBytes } from 'node:crypto';
import { chmod, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Writable } from 'node:stream';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { until } from '../../test/support/installation.ts';
import { createTestApi, type TestApi } from '../../test/support/native-api.ts';
import { type ObjectServer, startObjectServer } from '../../test/support/object-server.ts';
import { openObjectServer } from '../../test/support/open-object-server.ts';
import { runCopy } from '../jobs/copy-image.ts';
import { runTasks } from '../jobs/run-tasks.ts';
import { createTaskContext } from '../main/tasks.ts';
import type { ObjectStore } from '../objects/object-store.ts';
import { exitCodes } from './exit-codes.ts';
import type { CliIo } from './io.ts';
import { buildProgram } from './program.ts';
import { type InProcess, type Result, runInProcess } from './run.test-support.ts';
import { runProgram } from './run-program.ts';

let api: TestApi;
let objectServer: ObjectServer;
let objects: ObjectStore;
let folder: string;
let server: string;
let env: Record<string, string>;

beforeAll(async () => {
  objectServer = await startObjectServer();
  objects = openObjectServer(objectServer);
  api = await createTestApi({ installation: { objects } });
  const { queue, copying } = api.installation;
  await queue.work((copy, job) => runCopy(copy, job, copying, new AbortController()));
  folder = await mkdtemp(join(tmpdir(), 'mimeo-service-'));
  server = new URL(api.url).origin;
  env = { XDG_CONFIG_HOME: join(folder, 'config') };
  await writeFile(join(folder, 'token'), await api.newToken('owner', api.installation.operator), { mode: 0o600 });
  await writeFile(join(folder, 'secret'), 'x');
  await must(`login --profile operator --server ${server} --token-file ${folder}/token`);
  for (const account of ['acme', 'other']) await newTenant(account);
});

afterAll(async () => {
  await api.close();
  objects.close();
  await objectServer.close();
  await rm(folder, { recursive: true });
});

beforeEach(() => must('profile use acme'));

function mimeo(args: string, options: Omit<InProcess, 'args' | 'env'> = {}): Promise<Result> {
  return runInProcess({ ...options, env, args: args.split(' ').map((word) => word.replaceAll('_', ' ')) });
}

/** What a command that works prints. */
async function must(args: string, options: Omit<InProcess, 'args' | 'env'> = {}): Promise<string> {
  const { code, stdout, stderr } = await mimeo(args, options);
  expect(code, `${args}\n${stderr}`).toBe(0);
  return stdout;
}

async function json<Answer = Record<string, string>>(args: string): Promise<Answer> {
  return JSON.parse(await must(`${args} --json`));
}

/** Makes an account, and a profile of the same name that signs with its owner's key. */
async function newTenant(name: string): Promise<void> {
  const { accessKey } = await json<{ accessKey: { id: string; secret: string } }>(
    `account create ${name} --profile operator`,
  );
  await must(`login --profile ${name} --server ${server} --access-key ${accessKey.id}`, {
    stdin: `${accessKey.secret}\n`,
  });
}

/** An image with bytes, of the account whose profile this is. */
async function newImage(profile: string, name: string): Promise<string> {
  const path = join(folder, `${name}.raw`);
  await writeFile(path, randomBytes(200_000));
  const { id = '' } = await json(`image import ${path} --region north --profile ${profile}`);
  return id;
}

test('a key is given once, signs from then on, and lies where nobody else can read it', async () => {
  expect(await must('whoami --profile acme')).toMatch(
    /User +owner\nRole +owner\nAccount +acme \(\d{16}\)\nAccess key +MK[A-Z0-9]{18}\n/,
  );
  const file = join(folder, 'config/mimeo/profiles.json');
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  expect((await stat(join(folder, 'config/mimeo'))).mode & 0o777).toBe(0o700);
  const { secret } = JSON.parse(await readFile(file, 'utf8')).profiles.acme;
  for (const args of ['profile list', 'profile show acme', 'profile show acme --json']) {
    expect(await must(args)).not.toContain(secret);
  }
  await chmod(file, 0o640);
  const refused = await mimeo('whoami --profile acme');
  await chmod(file, 0o600);
  expect(refused).toMatchObject({
    code: exitCodes.usage,
    stderr: expect.stringContaining('(mode 640)\nrun: chmod 600'),
  });
});

test('a wrong secret is told before anything is kept', async () => {
  const wrong = await mimeo(`login --profile wrong --server ${server} --access-key MKWRONGWRONGWRONG001`, {
    stdin: 'not the secret\n',
  });
  expect(wrong).toMatchObject({
    code: exitCodes.refused,
    stderr: expect.stringMatching(/\nlog in again with.*\n\(request /),
  });
  expect(await mimeo('whoami --profile wrong')).toMatchObject({ code: exitCodes.notFound });
});

test('a login for some seconds keeps a token alone, which logging out ends', async () => {
  const { id, secret } = await json('access-key create --profile acme --description for_a_while');
  await writeFile(join(folder, 'secret'), `${secret}\n`);
  await must(
    `login --profile brief --server ${server} --access-key ${id} --secret-file ${join(folder, 'secret')} --seconds 600`,
  );
  const { brief } = JSON.parse(await readFile(join(folder, 'config/mimeo/profiles.json'), 'utf8')).profiles;
  expect(brief).toEqual({ server: `${server}/`, token: expect.any(String), expiresAt: expect.any(String) });
  expect(await must('session list --profile acme')).toContain('mimeo login');

  expect(await must('logout')).toBe('Forgot the profile "brief".\n');
  expect(await must('session list --profile acme')).toBe('No sessions.\n');
  await writeFile(join(folder, 'ended'), brief.token);
  expect(await mimeo(`whoami --server ${server} --token-file ${join(folder, 'ended')}`)).toMatchObject({
    code: exitCodes.refused,
  });
  expect(await mimeo('image list')).toMatchObject({ code: exitCodes.unreachable });
  await must('profile use acme');
  expect(await must('profile list')).toMatch(/\n\* +acme /);
  expect(await must('image list')).toBe('No images.\n');
});

test('users, keys and what their role lets them do', async () => {
  expect(await must('user create anna --role viewer --profile acme')).toMatch(/^Name +anna\nRole +viewer\n/);
  const key = await json('access-key create --user anna --profile acme');
  await must(`login --profile anna --server ${server} --access-key ${key['id']}`, { stdin: key['secret'] ?? '' });
  expect(await mimeo('resource-group create mine --profile anna')).toMatchObject({
    code: exitCodes.refused,
    stderr: expect.stringContaining('see who you are here with: mimeo whoami'),
  });
  await must('user set anna --role operator --profile acme');
  expect(await must('user set-password anna --profile acme', { stdin: 'correct horse\n' })).toContain('logged out');
  expect(await must('user show anna --profile acme')).toMatch(/\nPassword +yes\n/);
  expect(await mimeo('user set-password anna --profile acme', { stdin: 'short\n' })).toMatchObject({
    code: exitCodes.refused,
    stderr: expect.stringContaining('password must have 8 to 128 characters'),
  });
  await must('user remove-password anna --profile anna');
  expect(await must('user show anna --profile acme')).toMatch(/\nPassword +no\n/);
  expect(await must('resource-group create mine --profile anna')).toMatch(/^Name +mine\n/);

  const rotated = await json(`access-key rotate ${key['id']} --grace 60 --profile acme`);
  expect(await must('access-key list --user anna --profile acme')).toContain(rotated['id']);
  expect(await must(`access-key disable ${rotated['id']} --profile acme`)).toBe(
    `Access key ${rotated['id']} is disabled.\n`,
  );
  await must(`access-key enable ${rotated['id']} --profile acme`);
  await must(`access-key delete ${key['id']} --profile acme`);
  expect(await mimeo('whoami --profile anna')).toMatchObject({ code: exitCodes.refused });
  expect(await must('user delete anna --profile acme')).toMatch(/^Deleted user anna \(/);
  expect(await mimeo('user show anna --profile acme')).toMatchObject({ code: exitCodes.notFound });
  expect(await must('account recover-key acme --profile operator')).toMatch(/^Access key +MK/);
});

test('a person types a new password twice, and sees nothing of it', async () => {
  await must('user create typist --role viewer --profile acme');
  const type = async (...answers: string[]) => {
    const stdin = Object.assign(new PassThrough(), { isTTY: true });
    let shown = '';
    const stderr = new Writable({
      decodeStrings: false,
      write(piece: string, _encoding, done) {
        shown += piece;
        // After each question, as a person would.
        if (piece.endsWith(': ')) setImmediate(() => stdin.write(`${answers.shift()}\r`));
        done();
      },
    });
    const io: CliIo = { stdin, stdout: stderr, stderr, env, onInterrupt: () => () => {} };
    const args = ['user', 'set-password', 'typist', '--profile', 'acme'];
    return { code: await runProgram(buildProgram(io, '0.0.1'), args, io), shown };
  };
  const shown = 'new password: \nonce more: \n';
  expect(await type('correct horse', 'correct hose')).toEqual({
    code: exitCodes.usage,
    shown: `${shown}mimeo: the two are not the same\nrun the command again\n`,
  });
  expect(await must('user show typist --profile acme')).toMatch(/\nPassword +no\n/);
  expect(await type('correct horse', 'correct horse')).toEqual({
    code: 0,
    shown: expect.stringMatching(new RegExp(`^${shown}User typist has the new password`)),
  });
  expect(await must('user show typist --profile acme')).toMatch(/\nPassword +yes\n/);
});

test('projects, resource groups, agencies and quotas', async () => {
  await must('project create web --region north --description the_web_team --profile acme');
  expect(await must('project list --region north --profile acme')).toMatch(/\nweb +north +no +the web team /);
  expect(await must('project set web --name shop --profile acme')).toMatch(/^Name +shop\n/);
  expect(await must('project delete shop --profile acme')).toContain('Deleted project shop (');
  expect(await mimeo('project show shop --profile acme')).toMatchObject({
    code: exitCodes.notFound,
    stderr: 'mimeo: there is no project "shop"\nsee the projects with: mimeo project list\n',
  });
  expect(await mimeo('resource-group set mine --profile acme')).toMatchObject({ code: exitCodes.usage });
  expect(await must('resource-group set mine --disable --profile acme')).toMatch(/Enabled +no\n/);

  const { number } = await json<{ number: string }>('account show other --profile operator');
  await must(`agency create partner --trust ${number} --grant viewer --profile acme`);
  expect(await must('agency list --profile acme')).toMatch(/\npartner +[0-9a-f-]{36} +viewer +- /);
  expect(await must('agency set partner --grant operator --profile acme')).toMatch(/Grants +operator\n/);
  const acting = await json('session create --agency acme/partner --profile other');
  await writeFile(join(folder, 'acting'), acting['token'] ?? '');
  const whoami = `whoami --server ${server} --token-file ${join(folder, 'acting')}`;
  expect(await must(whoami)).toMatch(/Role +operator\nAccount +acme .*\n.*\nAgency +partner\n/);
  await must('agency delete partner --profile acme');
  expect(await mimeo(whoami)).toMatchObject({ code: exitCodes.refused });

  await must('quota set acme south --images 1 --bytes 2T --profile operator');
  expect(await must('quota show --region south --profile acme')).toMatch(/\nsouth +0 of 1 +.* 0 B of 2 TiB /);
  expect(await must('quota set acme south --images default --profile operator')).not.toMatch(/ of 1 /);
});

test('images are changed, and found by tag, text and page', async () => {
  for (const name of ['debian', 'ubuntu', 'fedora']) await newImage('acme', name);
  expect(await must('image set debian --tag stage=prod --tag team=base --description stable --protect')).toMatch(
    /Protected +yes\n[\s\S]*Tags +stage=prod, team=base\n/,
  );
  expect(await must('image set debian --untag team --deprecate')).toMatch(
    /State +deprecated\n[\s\S]*Tags +stage=prod\n/,
  );
  const said =
    '--os-type linux --platform Debian --family debian --image-version 13 --nvme-support no --cloud-init yes';
  expect(await must(`image set debian ${said}`)).toMatch(
    /System +cloudInit=true, family=debian, nvmeSupport=false, osType=linux, platform=Debian, version=13\n/,
  );
  expect(await must('image set debian --family none --cloud-init none --os-type windows')).toMatch(
    /System +nvmeSupport=false, osType=windows, platform=Debian, version=13\n/,
  );
  expect(await mimeo('image set debian --os-type beos')).toMatchObject({ code: exitCodes.usage });
  expect(await must('image tags')).toMatch(/stage +prod \(1\)/);
  const names = async (args: string) =>
    (await json<{ images: { name: string }[] }>(`image list ${args}`)).images.map(({ name }) => name);
  expect(await names('--tag stage:prod')).toEqual(['debian']);
  expect(await names('--search stab')).toEqual(['debian']);
  expect(await names('--state available --state queued --sort name')).toEqual(['fedora', 'ubuntu']);
  expect(await names('--sort -name --limit 2')).toEqual(['ubuntu', 'fedora']);
  expect(await mimeo('image list --limit 2')).toMatchObject({ stderr: expect.stringContaining('--all') });
  expect(await names('--all')).toHaveLength(3);
  expect(await mimeo('image delete debian')).toMatchObject({
    code: exitCodes.refused,
    stderr: expect.stringContaining('--no-protect\n(request '),
  });
  await must('image set debian --no-protect --restore');
  expect(await must('image delete north/debian')).toContain('Deleted debian');
});

test('snapshots outlive their image, and become another', async () => {
  const id = await newImage('acme', 'rocky');
  const shown = await json<{ disks: { snapshot: { id: string; aliyunId: string } }[] }>('image show rocky');
  const { id: snapshot, aliyunId } = shown.disks[0]?.snapshot ?? { id: '', aliyunId: '' };
  const used = await mimeo('snapshot delete rocky');
  expect(used).toMatchObject({ code: exitCodes.refused, stderr: expect.stringContaining(`mimeo image delete ${id}`) });
  await must('image delete rocky --keep-snapshots');
  expect(await must('snapshot list --in-use false')).toMatch(
    new RegExp(`^${snapshot} +rocky +north +system +accomplished +no `, 'm'),
  );
  expect(await must(`snapshot show ${aliyunId}`)).toMatch(/^Images +-$/m);
  const made = await must(`image create rocky-2 --snapshot ${aliyunId} --tag stage=test --os-type linux`);
  expect(made).toMatch(/^State +available$/m);
  expect(made).toContain(snapshot);
  await must('image delete rocky-2 --keep-snapshots');
  expect(await must('snapshot delete rocky')).toBe(`Deleted snapshot rocky (${snapshot}).\n`);
  expect(await mimeo(`snapshot show ${snapshot}`)).toMatchObject({ code: exitCodes.notFound });
});

test('several images go to several regions, planned, watched, and all or none', async () => {
  const plan = await must('copy ubuntu fedora --to south --to north --plan');
  expect(plan).toMatch(/^IMAGE +TO +DATA +TO MOVE +ALLOWED\nubuntu +south +\d+ KiB +\d+ KiB +yes\n/);
  expect(plan).toMatch(/\nfedora +north +\d+ KiB +0 B +yes\n/);
  await must('quota set acme south --images 1 --profile operator');
  const refused = await mimeo('copy ubuntu fedora --to south --plan');
  expect(refused).toMatchObject({ code: exitCodes.refused, stdout: expect.stringMatching(/fedora .* no: .*images/) });
  expect(await mimeo('copy ubuntu fedora --to south')).toMatchObject({ code: exitCodes.refused });
  expect(await must('copy list')).toBe('No copies.\n');
  await must('quota set acme south --images default --profile operator');

  const done = await mimeo('copy ubuntu fedora --to south --to north --wait');
  expect(done).toMatchObject({ code: 0 });
  expect(done.stdout.match(/ succeeded /g)).toHaveLength(4);
  expect(await mimeo('image show ubuntu')).toMatchObject({
    code: exitCodes.usage,
    stderr: expect.stringContaining('north/ubuntu'),
  });
  expect(await must('image show south/ubuntu')).toMatch(/Region +south\n/);
  const { copies } = await json<{ copies: { id: string; state: string }[] }>(
    'copy list --region south --state succeeded',
  );
  expect(copies).toHaveLength(2);
  expect(await mimeo(`copy retry ${copies[0]?.id}`)).toMatchObject({ code: exitCodes.refused });
  expect(await must(`copy watch ${copies.map(({ id }) => id).join(' ')}`)).toContain('succeeded');
});

test('a copy is encrypted, which its image shows, and goes on to other regions only with a word on that', async () => {
  await newImage('acme', 'secret');
  expect(await must('copy secret --to south --name sealed --encrypt default --wait')).toMatch(/State +succeeded/);
  const { disks } = await json<{ disks: { key: string }[] }>('image show sealed');
  expect(await must('image show sealed')).toMatch(new RegExp(`Encrypted +with key ${disks[0]?.key}\n`));
  expect(await must('image show secret')).toMatch(/Encrypted +no\n/);
  expect(await mimeo('copy sealed --to north')).toMatchObject({
    code: exitCodes.refused,
    stderr: expect.stringContaining('name one of region north, its default key, or none'),
  });
  expect(await must('copy sealed --to north --name opened --encrypt none --wait')).toMatch(/State +succeeded/);
  expect(await must('image show opened')).toMatch(/Encrypted +no\n/);
});

test('what is encrypted is shared with nobody, and what to do instead is said', async () => {
  await newImage('acme', 'open');
  const key = await json('key create --region north --alias shut --grant images');
  const wanted = 'copy open --to north --name shut --encrypt shut --wait';
  expect(await must(wanted)).toMatch(new RegExp(`Encryption +with key ${key['id']}\n`));
  for (const share of ['share add shut other', 'image set shut --public']) {
    expect(await mimeo(share)).toMatchObject({
      code: exitCodes.refused,
      stderr: expect.stringContaining('mimeo copy IMAGE --to REGION --encrypt none'),
    });
  }
  expect(await must('image set shut --private')).toMatch(/Visibility +private\n/);
  const { disks } = await json<{ disks: { snapshot: { id: string } }[] }>('image show shut');
  const snapshot = `snapshot show ${disks[0]?.snapshot.id}`;
  expect(await must(snapshot)).toMatch(new RegExp(`Encrypted +with key ${key['id']}\n`));
  await must('key disable shut');
  expect((await mimeo('image export shut shut.raw')).stderr).toContain(`mimeo key enable ${key['id']}`);
  const verified = await must('store verify --profile operator');
  expect(verified).toMatch(/^Checked \d+ disks?, .*\(and not 1 disk whose key cannot be used\): no damage\.\n$/);
  await must('key delete shut');
  expect((await mimeo('image export shut shut.raw')).stderr).toContain(`mimeo key undelete ${key['id']}`);
  await must('key unalias shut');
});

test('an image is encrypted as it is imported, with a key that is there', async () => {
  const path = join(folder, 'vault.raw');
  await writeFile(path, randomBytes(200_000));
  const { id: key } = await json('key create --region north --alias imports --grant images');
  await must(`image import ${path} --region north --encrypt imports`);
  expect(await must('image show vault')).toMatch(new RegExp(`Encrypted +with key ${key}\n`));
  await must(`image export vault ${path}.out`);
  expect((await readFile(`${path}.out`)).equals(await readFile(path))).toBe(true);
  await must('key disable imports');
  for (const encryption of ['imports', 'missing']) {
    expect(await mimeo(`image import ${path} --region north --name none --encrypt ${encryption}`)).toMatchObject({
      code: encryption === 'imports' ? exitCodes.refused : exitCodes.notFound,
    });
  }
  expect(await mimeo('image show none')).toMatchObject({ code: exitCodes.notFound });
  expect(await mimeo('image create golden --snapshot s-1 --encrypt imports')).toMatchObject({ code: exitCodes.usage });
});

test('an image is offered, accepted, copied and taken back', async () => {
  const id = await newImage('other', 'shared');
  expect(await must('share add shared acme --profile other')).toMatch(
    /^Shared shared with acme \(\d{16}\): pending\.\n$/,
  );
  expect(await must('share received')).toMatch(new RegExp(`\n${id} +shared +north +other +pending `));
  expect(await mimeo('copy shared --to south')).toMatchObject({ code: exitCodes.notFound });
  expect(await must('share accept shared')).toBe('Accepted shared of other.\n');
  expect(await must('image list --owner others')).toMatch(/ other +shared\n$/);
  expect(await must('image list --owner shared')).toMatch(/ other +shared\n$/);
  expect(await must('copy shared --to south --name ours --wait')).toMatch(/State +succeeded/);
  expect(await must('share list shared --profile other')).toMatch(/\nacme +\d{16} +accepted /);
  expect(await must('share remove shared acme --profile other')).toBe('shared is not shared with acme any more.\n');
  expect(await mimeo(`image show ${id}`)).toMatchObject({ code: exitCodes.notFound });
  expect(await must('image show ours')).toMatch(/Owner +acme/);
});

test('events are listed and followed until Ctrl-C', async () => {
  expect(await must('event list --type image.delete --outcome succeeded')).toMatch(
    / image\.delete +succeeded +owner +north +image [0-9a-f-]{36}\n$/,
  );
  let stop = () => {};
  const interrupt = new Promise<void>((resolve) => {
    stop = resolve;
  });
  const following = mimeo('events --follow --type resource-group.* --json', { interrupt });
  await must('resource-group create followed');
  setTimeout(stop, 1500);
  const { code, stdout } = await following;
  expect(code).toBe(exitCodes.interrupted);
  const types = stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line).type);
  expect(types.at(-1)).toBe('resource-group.create');
});

test('webhooks are made, tried and looked at', async () => {
  const made = await must('webhook create http://127.0.0.1:9/hook --type image.* --description ours');
  expect(made).toMatch(/^Url +http:\/\/127\.0\.0\.1:9\/hook\nTypes +image\.\*\n[\s\S]*Secret +\S+\n/);
  await must('webhook set http://127.0.0.1:9/hook --type * --disable');
  expect(await must('webhook list')).toMatch(/ +\* +no\n$/);
  expect(await mimeo('webhook ping http://127.0.0.1:9/hook')).toMatchObject({
    code: exitCodes.refused,
    stderr: expect.stringContaining('--enable'),
  });
  await must('webhook set http://127.0.0.1:9/hook --enable');
  const delivery = await json('webhook ping http://127.0.0.1:9/hook');
  expect(await must('webhook deliveries http://127.0.0.1:9/hook')).toContain(delivery['id']);
  await must(`webhook redeliver http://127.0.0.1:9/hook ${delivery['id']}`);
  await must('webhook delete http://127.0.0.1:9/hook');
  expect(await must('webhook list')).toBe('No webhooks.\n');
});

/** Takes up what waits, until it is stopped. */
function startTaskWorker(): { stop(): Promise<void> } {
  const stopping = new AbortController();
  const settings = { concurrency: 1, maxAttempts: 1, pollMs: 10 };
  const done = runTasks(createTaskContext(api.installation.context, objects, settings), stopping.signal);
  return {
    stop() {
      stopping.abort();
      return done;
    },
  };
}

test('images come from a bucket and go to one, as tasks', async () => {
  const bucket = objectServer.buckets.get('images') as Map<string, Buffer>;
  const system = randomBytes(200_000);
  const data = randomBytes(100_000);
  bucket.set('builds/db.raw', system).set('builds/data.raw', data);
  const disks = 'images builds/db.raw --data-object builds/data.raw --kind whole-machine --region north';

  const begun = await must(`image import-object ${disks}`);
  const [, image, id] =
    begun.match(/^Importing images\/builds\/db\.raw as image (\S+)\.\nSee .*: mimeo task show (\S+)\n$/) ?? [];
  expect(await must(`task show ${id}`)).toMatch(
    /^Progress +0 %, queued\nDisk 0 +images\/builds\/db\.raw \(195 KiB\)\nDisk 1 /m,
  );
  expect(await must('task list --kind import --state queued --state running --region north')).toMatch(
    new RegExp(`^${id} +import +north +queued +0 % +293 KiB +${image} `, 'm'),
  );
  for (const other of ['--kind export', '--state failed', '--region south', '--image south/ubuntu']) {
    expect(await must(`task list ${other}`)).toBe('No tasks.\n');
  }
  expect(await must('complete -- task show ')).toBe(`words\n${id}\timport, queued\n`);
  const busy = await mimeo(`image delete ${image}`);
  expect(busy).toMatchObject({ code: exitCodes.refused, stderr: expect.stringContaining(`mimeo task show ${id}\n`) });
  expect(await must(`task cancel ${id}`)).toBe(`Cancelled task ${id}.\n`);
  expect(await mimeo(`task cancel ${id}`)).toMatchObject({
    code: exitCodes.refused,
    stderr: expect.stringContaining('see how it ended: mimeo task show'),
  });
  expect(await mimeo(`image show ${image}`)).toMatchObject({ code: exitCodes.notFound });
  expect(await must(`task list --image ${image}`)).toMatch(/ cancelled /);

  const worker = startTaskWorker();
  try {
    const facts = '--name imported --format raw --os-type linux --boot-mode uefi --tag team=base --description ours';
    const task = await json<{ state: string; imageId: string }>(`image import-object ${disks} ${facts} --wait`);
    expect(task).toMatchObject({ kind: 'import', state: 'succeeded', percent: 100, bytesDone: 300_000 });
    expect(await json('image show imported')).toMatchObject({
      id: task.imageId,
      state: 'available',
      kind: 'whole-machine',
      description: 'ours',
      tags: { team: 'base' },
      attributes: { osType: 'linux', bootMode: 'uefi' },
      disks: [{ role: 'system', format: 'raw' }, { role: 'data' }],
    });

    await must('image set imported --name golden_image');
    expect(await must('image export-object golden_image images --wait')).toMatch(/^State +succeeded\nProgress +100 %/m);
    const named = [...bucket.keys()].filter((key) => key.startsWith('golden-image_m-'));
    expect(named.map((key) => bucket.get(key))).toEqual([system, data]);
    expect(await must(`image export-object ${task.imageId} images --prefix out/db`)).toMatch(
      /^Exporting golden image to images\/out\/db_m-\w+_system\.raw, images\/out\/db_m-\w+_data_1\.raw\.\nSee /,
    );
    await until(async () => (await must('task list --kind export')).match(/ succeeded /g)?.length === 2);

    const wrong = await mimeo('image import-object images builds/data.raw --format qcow2 --region north --wait');
    expect(wrong).toMatchObject({
      code: exitCodes.failed,
      stdout: expect.stringMatching(/^Failure +format-refused: /m),
    });
    expect(wrong.stderr).toMatch(/^mimeo: task \S+ failed: .*\nsee all of it with: mimeo task show \S+\n$/m);
  } finally {
    await worker.stop();
  }
  expect(await mimeo('image import-object images none --region north')).toMatchObject({ code: exitCodes.notFound });
  expect(await mimeo('image import-object images builds/db.raw')).toMatchObject({
    code: exitCodes.usage,
    stderr: expect.stringContaining('name one with --region'),
  });
});

test('an import goes on when the watching ends', async () => {
  objectServer.buckets.get('images')?.set('watched.raw', randomBytes(1000));
  let stop = () => {};
  const interrupt = new Promise<void>((resolve) => {
    stop = resolve;
  });
  const waiting = mimeo('image import-object images watched.raw --region north --wait', { interrupt });
  const found = () => json<{ tasks: { id: string }[] }>('task list --state queued');
  await until(async () => (await found()).tasks.length === 1);
  const { id = '' } = (await found()).tasks[0] ?? {};
  setTimeout(stop, 100);
  const { code, stderr } = await waiting;
  expect(code).toBe(exitCodes.interrupted);
  expect(stderr).toMatch(/^import [0-9a-f]{8}: 0 %, queued\n/);
  expect(stderr).toContain(
    `mimeo: stopped watching task ${id}, which goes on\nsee how far it is with: mimeo task show ${id};`,
  );
  expect(await must(`task show ${id}`)).toMatch(/^State +queued$/m);
});

test('a key is made, named, granted, rotated, disabled, and destroyed unless that is called off', async () => {
  const key = await json<{ id: string }>('key create --region north --alias payroll --description wages');
  expect(await must('key show payroll')).toMatch(/State +enabled\n.*Material +made by Mimeo\n/);
  expect(await must('key grant payroll')).toBe('The service images may use key payroll.\n');
  expect(await must('key alias payroll wages')).toBe(`Key ${key.id} in north is called wages.\n`);
  expect(await must('key aliases --region north')).toMatch(/payroll.*\n.*wages/);
  expect(await must('key set wages --description salaries')).toMatch(/Description +salaries/);
  expect(await must('key rotate wages')).toBe('Key wages is rotated: enabled, version 2.\n');
  expect(await must('key versions wages')).toMatch(/^VERSION.*\n +2 .*\n +1 /);
  expect(await must('key rewrap wages')).toBe('Version 2 of key wages has re-wrapped 0 data keys.\n');
  expect(await must('key disable wages')).toContain('cannot be used: disabled, version 2');
  expect(await mimeo('key rotate wages')).toMatchObject({ code: exitCodes.refused });
  expect(await must('key delete wages --days 7')).toContain(`mimeo key undelete ${key.id}`);
  expect(await must('key list --state pending-deletion')).toContain(key.id);
  expect((await mimeo('key enable wages')).stderr).toContain(`mimeo key undelete ${key.id}`);
  expect(await must('key undelete wages')).toContain('is kept: disabled');
  expect(await must('key enable wages')).toContain('can be used again: enabled');
  await must('key revoke wages');
  expect(await json('key show wages')).toMatchObject({ grants: [], aliases: ['payroll', 'wages'] });
  await must('key unalias wages');
  expect(await mimeo('key show wages')).toMatchObject({
    code: exitCodes.notFound,
    stderr: expect.stringContaining('mimeo key list'),
  });
});

test('a key takes the material that its owner brings on standard input', async () => {
  await must('key create --region north --alias own --external --grant images');
  expect((await mimeo('key enable own')).stderr).toMatch(/mimeo key import [0-9a-f-]+/);
  const stdin = `${randomBytes(32).toString('base64')}\n`;
  expect(await must('key import own', { stdin })).toContain('has its material and is enabled');
  expect(await mimeo('key import own', { stdin: 'short\n' })).toMatchObject({
    code: exitCodes.refused,
    stderr: expect.stringContaining('material must be 32 bytes in base64'),
  });
  expect(await json('key show own')).toMatchObject({ origin: 'external', version: 1, grants: ['images'] });
});
