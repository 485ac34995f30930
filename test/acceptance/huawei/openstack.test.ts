/** OpenStack's own command lines, unchanged: `openstack` and `glance` as Debian has them. */
import { execFile, spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { digestOf, writeSparseDisk } from '../disks.ts';
import { createInstallation, type Finished, type Installation } from '../mimeo.ts';

const MiB = 1024 * 1024;
const region = 'eu-de';

const commands = ['openstack', 'glance', 'qemu-img'] as const;
const missing = commands.filter((command) => !isInstalled(command));
const title =
  missing.length === 0 ? 'OpenStack command lines' : `OpenStack command lines (no ${missing.join(', ')} here)`;

function isInstalled(command: string): boolean {
  return (process.env['PATH'] ?? '').split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, command), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

// Each command takes a second to begin.
describe.skipIf(missing.length > 0)(title, { timeout: 120_000 }, () => {
  let mimeo: Installation;
  let url: string;
  /** Of two accounts. */
  let ours: User;
  let theirs: User;
  /** A disk, as it is and as qcow2. */
  let raw: string;
  let qcow2: string;

  beforeAll(async () => {
    mimeo = await createInstallation();
    ({ url } = await mimeo.start({ MIMEO_REGIONS: `${region},eu-nl` }));
    ours = { domain: 'default', password: 'correct horse battery staple' };
    theirs = { domain: 'partner', password: 'staple battery horse correct' };
    await setPassword(ours, (await readFile(join(mimeo.dataDirectory, 'token'), 'utf8')).trim());
    await setPassword(theirs, await tokenOfNewAccount(theirs.domain));
    raw = join(mimeo.folder, 'disk.raw');
    qcow2 = join(mimeo.folder, 'disk.qcow2');
    await writeSparseDisk(raw, 8 * MiB, [{ at: 2, length: 3 }]);
    await promisify(execFile)('qemu-img', ['convert', '-O', 'qcow2', raw, qcow2]);
  }, 60_000);
  afterAll(() => mimeo.remove());

  interface User {
    readonly domain: string;
    readonly password: string;
  }

  /** Runs the command as the owner of the user's account, without a terminal, as scripts do. */
  function run(user: User, [command = '', ...args]: readonly string[]): Promise<Finished> {
    const child = spawn(command, args, {
      cwd: mimeo.folder,
      env: {
        PATH: process.env['PATH'],
        // glanceclient keeps schemas in it.
        HOME: join(mimeo.folder, `home-of-${user.domain}`),
        OS_AUTH_URL: `${url}/v3`,
        OS_IDENTITY_API_VERSION: '3',
        OS_USERNAME: 'owner',
        OS_PASSWORD: user.password,
        OS_USER_DOMAIN_NAME: user.domain,
        OS_PROJECT_NAME: region,
        OS_PROJECT_DOMAIN_NAME: user.domain,
        OS_REGION_NAME: region,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const { promise, resolve, reject } = Promise.withResolvers<Finished>();
    let [stdout, stderr] = ['', ''];
    child.stdout.on('data', (text) => (stdout += text));
    child.stderr.on('data', (text) => (stderr += text));
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, stdout, stderr }));
    return promise;
  }

  async function done(user: User, ...command: readonly string[]): Promise<string> {
    const { code, stdout, stderr } = await run(user, command);
    expect(code, `${command.join(' ')}: ${stdout}${stderr}`).toBe(0);
    return stdout.trim();
  }

  // biome-ignore lint/suspicious/noExplicitAny: what the commands print is what the tests are about.
  async function asJson(user: User, ...command: readonly string[]): Promise<any> {
    return JSON.parse(await done(user, ...command, '-f', 'json'));
  }

  async function refused(user: User, ...command: readonly string[]): Promise<string> {
    const { code, stdout, stderr } = await run(user, command);
    expect(code, `${command.join(' ')}: ${stdout}`).toBe(1);
    return stdout + stderr;
  }

  /** What glance prints is a table, whatever is asked of it. */
  function cellOf(table: string, name: string): string | undefined {
    return new RegExp(`^\\| ${RegExp.escape(name)} +\\| (.*?) +\\|$`, 'm').exec(table)?.[1];
  }

  async function setPassword({ password }: User, token: string): Promise<void> {
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
    const asked = { method: 'PUT', headers, body: JSON.stringify({ password }) };
    const { status } = await fetch(new URL('/api/v1/users/owner/password', url), asked);
    expect(status).toBe(204);
  }

  async function tokenOfNewAccount(name: string): Promise<string> {
    const { accessKey } = await mimeo.json<{ accessKey: { id: string; secret: string } }>('account', 'create', name);
    const secret = join(mimeo.folder, 'secret');
    await writeFile(secret, accessKey.secret, { mode: 0o600 });
    const login = ['login', '--profile', name, '--server', url, '--access-key', accessKey.id, '--secret-file', secret];
    expect(await mimeo.run(...login)).toMatchObject({ code: 0 });
    const { token } = await mimeo.json<{ token: string }>('--profile', name, 'session', 'create', '--name', 'password');
    return token;
  }

  it('`openstack image` creates, shows, lists, changes, saves and deletes', async () => {
    const about = ['--min-disk', '1', '--property', '__os_version=CentOS 7.3 64bit', '--tag', 'one', '--tag', 'two'];
    const format = ['--disk-format', 'qcow2', '--container-format', 'bare'];
    const created = await asJson(ours, 'openstack', 'image', 'create', '--file', qcow2, ...format, ...about, 'web');
    expect(created).toMatchObject({ name: 'web', status: 'queued', min_disk: 1, tags: ['one', 'two'] });
    const shown = await asJson(ours, 'openstack', 'image', 'show', 'web');
    const { size } = await stat(qcow2);
    expect(shown).toMatchObject({
      id: created.id,
      status: 'active',
      disk_format: 'qcow2',
      visibility: 'private',
      size,
    });
    expect(shown.properties).toMatchObject({ __os_version: 'CentOS 7.3 64bit', __imagetype: 'private' });

    const changes = ['--name', 'web2', '--property', 'color=red', '--property', 'hw_firmware_type=uefi'];
    await done(
      ours,
      'openstack',
      'image',
      'set',
      ...changes,
      '--tag',
      'three',
      '--min-disk',
      '5',
      '--protected',
      'web',
    );
    await done(ours, 'openstack', 'image', 'unset', '--property', 'color', '--tag', 'one', created.id);
    const wanted = ['--long', '--private', '--status', 'active', '--tag', 'two', '--sort', 'name:asc', '--limit', '5'];
    expect(await asJson(ours, 'openstack', 'image', 'list', ...wanted)).toEqual([
      expect.objectContaining({ ID: created.id, Name: 'web2', Protected: true, Tags: ['three', 'two'] }),
    ]);
    const after = await asJson(ours, 'openstack', 'image', 'show', 'web2');
    expect(after).toMatchObject({ min_disk: 5, protected: true });
    expect(after.properties).toMatchObject({ hw_firmware_type: 'uefi' });
    expect(after.properties).not.toHaveProperty('color');

    const saved = join(mimeo.folder, 'saved.qcow2');
    await done(ours, 'openstack', 'image', 'save', '--file', saved, created.id);
    expect(await digestOf(saved)).toBe(await digestOf(qcow2));
    expect(await refused(ours, 'openstack', 'image', 'delete', 'web2')).toContain('protected');
    await done(ours, 'openstack', 'image', 'set', '--unprotected', created.id);
    await done(ours, 'openstack', 'image', 'delete', 'web2');
    expect(await asJson(ours, 'openstack', 'image', 'list', '--name', 'web2')).toEqual([]);
    expect(await refused(ours, 'openstack', 'image', 'show', 'web2')).toContain('No Image found for web2');
  });

  it('`openstack image create` says what is wrong with a file, and takes its image away again', async () => {
    const wrong = ['--disk-format', 'raw', '--file', qcow2, 'wrong'];
    const said = await refused(ours, 'openstack', 'image', 'create', ...wrong);
    expect(said).toContain('declared as raw, but the bytes are qcow2');
    expect(await asJson(ours, 'openstack', 'image', 'list', '--name', 'wrong')).toEqual([]);
  });

  it('`glance` creates without a file, uploads, shows, lists, changes, downloads and deletes', async () => {
    const format = ['--disk-format', 'raw', '--container-format', 'bare'];
    const empty = await done(ours, 'glance', 'image-create', '--name', 'empty', ...format, '--property', 'k=v');
    expect(cellOf(empty, 'status')).toBe('queued');
    const id = cellOf(empty, 'id') ?? '';
    // Without a length: in chunks.
    await done(ours, 'glance', 'image-upload', '--file', raw, id);
    const update = ['--name', 'full', '--min-ram', '512', '--property', '__description=more', '--remove-property', 'k'];
    const updated = await done(ours, 'glance', 'image-update', ...update, '--property', 'newone=x', id);
    const cells = { status: 'active', name: 'full', min_ram: '512', __description: 'more', newone: 'x', k: undefined };
    for (const [name, value] of Object.entries(cells)) expect(cellOf(updated, name), name).toBe(value);
    await done(ours, 'glance', 'image-tag-update', id, 'one');
    expect(cellOf(await done(ours, 'glance', 'image-show', id), 'tags')).toBe('["one"]');
    const named = ['--sort', 'name:asc', '--limit', '1', '--property-filter', 'newone=x', '--tag', 'one'];
    expect(await done(ours, 'glance', 'image-list', ...named)).toMatch(new RegExp(`\\| ${id} \\| full \\|`));
    await done(ours, 'glance', 'image-tag-delete', id, 'one');
    const saved = join(mimeo.folder, 'saved.raw');
    await done(ours, 'glance', 'image-download', '--file', saved, id);
    expect(await digestOf(saved)).toBe(await digestOf(raw));
    await done(ours, 'glance', 'image-delete', id);
    expect(await refused(ours, 'glance', 'image-show', id)).toContain('404');
  });

  it('both share an image with another account, which accepts and reads it', async () => {
    const { id } = await asJson(ours, 'openstack', 'image', 'create', '--file', raw, 'shared');
    const { project_id: project } = await asJson(theirs, 'openstack', 'token', 'issue');
    expect(await refused(theirs, 'openstack', 'image', 'show', id)).toContain('No Image found');
    const member = await asJson(ours, 'openstack', 'image', 'add', 'project', id, project);
    expect(member).toMatchObject({ image_id: id, member_id: project, status: 'pending' });
    expect(await asJson(theirs, 'openstack', 'image', 'list')).toEqual([]);
    const offered = await asJson(theirs, 'openstack', 'image', 'list', '--shared', '--member-status', 'all');
    expect(offered).toEqual([{ ID: id, Name: 'shared', Status: 'active' }]);
    await done(theirs, 'openstack', 'image', 'set', '--accept', id);
    expect(await asJson(theirs, 'openstack', 'image', 'list')).toEqual(offered);
    expect(await asJson(ours, 'openstack', 'image', 'member', 'list', id)).toEqual([
      { 'Image ID': id, 'Member ID': project, Status: 'accepted' },
    ]);
    const saved = join(mimeo.folder, 'shared.raw');
    await done(theirs, 'openstack', 'image', 'save', '--file', saved, 'shared');
    expect(await digestOf(saved)).toBe(await digestOf(raw));
    expect(await refused(theirs, 'openstack', 'image', 'set', '--name', 'mine', id)).toContain('403');
    await done(ours, 'glance', 'member-delete', id, project);
    expect(await refused(theirs, 'openstack', 'image', 'show', id)).toContain('No Image found');
  });
});
