/**
 * The images that are measured. They are made once, as root, and kept in `bench-data`: a Debian system on a sparse disk, the
 * same as qcow2, the same with packages installed in place, and a disk of bytes that nothing can make smaller.
 */
import { access, mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from './command.ts';

export interface BenchImage {
  readonly name: string;
  readonly format: 'raw' | 'qcow2';
  readonly about: string;
  /** The image that is in both regions already when this one arrives. */
  readonly base?: string;
  /** Bash that makes the file `$1`; `$2` is the base's (or the source's) file, `$3` a folder for whatever it needs. */
  readonly recipe: string;
  /** The image that the recipe starts from. */
  readonly from?: string;
}

/** About 160 MiB once installed, dependencies included. */
const packages = 'git nginx-light openssh-server perl postgresql-client python3';

/** The machine's own mirror and release, as apt knows them. */
const debianRecipe = `
  read -r mirror suite < <(apt-get indextargets --format '$(REPO_URI) $(CODENAME)' 'Created-By: Packages' | grep -v -- - | head -n 1)
  debootstrap "$suite" "$3/tree" "$mirror"
  rm -f "$3"/tree/var/cache/apt/archives/*.deb
  truncate --size 4G "$1"
  mkfs.ext4 -q -F -d "$3/tree" "$1"`;

/**
 * In a mount namespace of its own, so that nothing stays mounted whatever happens. Downloads go to a tmpfs and freed blocks
 * are trimmed: what is left is what the packages add.
 */
const derivedRecipe = `
  cp --sparse=always "$2" "$1"
  mkdir "$3/root"
  unshare --mount bash -euc '
    mount -o loop "$1" "$2"
    mount -t proc proc "$2/proc"
    mount -t tmpfs tmpfs "$2/var/cache/apt"
    mount -t tmpfs tmpfs "$2/var/lib/apt/lists"
    printf "#!/bin/sh\\nexit 101\\n" > "$2/usr/sbin/policy-rc.d"
    chmod +x "$2/usr/sbin/policy-rc.d"
    chroot "$2" apt-get -qq update
    DEBIAN_FRONTEND=noninteractive chroot "$2" apt-get -qq --no-install-recommends install ${packages}
    rm "$2/usr/sbin/policy-rc.d"
    fstrim "$2"
    umount -R "$2"' bash "$1" "$3/root"`;

export const images: readonly BenchImage[] = [
  {
    name: 'debian',
    format: 'raw',
    about: 'Debian by debootstrap on a 4 GiB sparse raw disk with ext4',
    recipe: debianRecipe,
  },
  {
    name: 'debian-qcow2',
    format: 'qcow2',
    about: 'the same disk as qcow2 (qemu-img convert, not compressed)',
    from: 'debian',
    recipe: 'qemu-img convert -f raw -O qcow2 "$2" "$1"',
  },
  {
    name: 'debian-derived',
    format: 'raw',
    about: `the first disk with packages installed in place (${packages}), when the first is there already`,
    base: 'debian',
    from: 'debian',
    recipe: derivedRecipe,
  },
  {
    name: 'incompressible',
    format: 'raw',
    about: '2 GiB of random bytes',
    recipe: 'head --bytes 2G /dev/urandom > "$1"',
  },
];

/** What has to be installed for the images, and the Debian package that has it. */
export const tools: Readonly<Record<string, string>> = {
  debootstrap: 'debootstrap',
  'mkfs.ext4': 'e2fsprogs',
  'qemu-img': 'qemu-utils',
  unshare: 'util-linux',
};

export function imageFile(folder: string, image: Pick<BenchImage, 'name' | 'format'>): string {
  return join(folder, `${image.name}.${image.format}`);
}

/** Makes the image, and those it starts from, unless its file is there. Resolves to the file. */
export async function makeImage(folder: string, name: string): Promise<string> {
  const image = findImage(name);
  const file = imageFile(folder, image);
  const exists = await access(file).then(
    () => true,
    () => false,
  );
  if (exists) return file;
  const from = image.from === undefined ? '' : await makeImage(folder, image.from);
  console.error(`making ${image.name}: ${image.about}`);
  const scratch = join(folder, `making-${image.name}`);
  await rm(scratch, { recursive: true, force: true });
  await mkdir(scratch, { recursive: true });
  const part = join(scratch, 'disk');
  await run('bash', '-euo', 'pipefail', '-c', image.recipe, 'bash', part, from, scratch);
  await run('sync', part);
  await rename(part, file);
  await rm(scratch, { recursive: true });
  return file;
}

export function findImage(name: string): BenchImage {
  const image = images.find((candidate) => candidate.name === name);
  if (image !== undefined) return image;
  throw new Error(`there is no image ${name}; there are ${images.map((each) => each.name).join(', ')}`);
}
