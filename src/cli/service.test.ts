/** The command line against the real API, as an operator, as the accounts that he makes, and with their profiles. */
import { randomBytes } from 'node:crypto';
import { chmod, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { createTestApi, type TestApi } from '../../test/support/native-api.ts';
import { runCopy } from '../jobs/copy-image.ts';
import { exitCodes } from './exit-codes.ts';
import { type InProcess, type Result, runInProcess } from './run.test-support.ts';

let api: TestApi;
let folder: string;
let server: string;
let env: Record<string, string>;

beforeAll(async () => {
  api = await createTestApi();
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

test('an image is offered, accepted, copied and taken back', async () => {
  const id = await newImage('other', 'shared');
  expect(await must('share add shared acme --profile other')).toMatch(
    /^Shared shared with acme \(\d{16}\): pending\.\n$/,
  );
  expect(await must('share received')).toMatch(new RegExp(`\n${id} +shared +north +other +pending `));
  expect(await mimeo('copy shared --to south')).toMatchObject({ code: exitCodes.notFound });
  expect(await must('share accept shared')).toBe('Accepted shared of other.\n');
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
