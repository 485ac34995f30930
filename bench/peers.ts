/** What else can copy an image's file on this machine. Each ends with the copy on the disk, as Mimeo does. */
import { isInstalled } from './command.ts';

export interface Peer {
  readonly name: string;
  readonly tool: string;
  /** The Debian package that has the tool. */
  readonly package: string;
  /** Bash that copies `$1`, whose format is `$3`, to `$2`. */
  readonly script: string;
}

export const cpPeer: Peer = {
  name: 'cp --sparse=auto',
  tool: 'cp',
  package: 'coreutils',
  script: 'cp --sparse=auto "$1" "$2" && sync "$2"',
};

/** For a region's packs: all files below `$1`. */
export const cpPacksPeer: Peer = {
  name: 'cp of the packs',
  tool: 'cp',
  package: 'coreutils',
  script: 'cp --recursive "$1" "$2" && find "$2" -type f -exec sync {} +',
};

const otherPeers: readonly Peer[] = [
  {
    name: 'rclone copyto',
    tool: 'rclone',
    package: 'rclone',
    script: 'rclone --config "" copyto "$1" "$2" && sync "$2"',
  },
  {
    name: 'qemu-img convert -O raw',
    tool: 'qemu-img',
    package: 'qemu-utils',
    script: 'qemu-img convert -f "$3" -O raw "$1" "$2" && sync "$2"',
  },
  {
    name: 'qemu-img convert -c -O qcow2',
    tool: 'qemu-img',
    package: 'qemu-utils',
    script: 'qemu-img convert -f "$3" -c -O qcow2 "$1" "$2" && sync "$2"',
  },
];

/** The peers that are here, besides cp, and how to get those that are not. */
export async function findPeers(): Promise<{ peers: Peer[]; missing: Peer[] }> {
  const peers: Peer[] = [];
  const missing: Peer[] = [];
  for (const peer of otherPeers) ((await isInstalled(peer.tool)) ? peers : missing).push(peer);
  return { peers, missing };
}
