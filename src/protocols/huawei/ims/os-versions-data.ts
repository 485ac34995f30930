/** The operating systems that an image may be said to have, in the words of the service: what `GET …/os_version` answers. */
export interface OsPlatform {
  readonly platform: string;
  readonly version_list: readonly OsVersion[];
}

export interface OsVersion {
  readonly platform: string;
  readonly os_version_key: string;
  readonly os_version: string;
  readonly os_bit: 32 | 64;
  readonly os_type: 'Linux' | 'Windows';
}

/** Names, with `*` for each of the versions, and the tags that all of them have. */
type Row = readonly [name: string, versions: string, tags: string];

const everywhere = 'x86 arm uefi bms kvm';
const onServers = 'x86 uefi bms kvm';
const onX86 = 'x86 kvm';

const table: Readonly<Record<string, readonly Row[]>> = {
  Windows: [
    ['Windows Server * Datacenter 64bit', '2022, 2019, 2016, 2012 R2, 2012', onServers],
    ['Windows Server * Standard 64bit', '2022, 2019, 2016, 2012 R2, 2012', onServers],
    ['Windows Server * 64bit', '2012 Essentials R2', 'x86 uefi kvm'],
    ['Windows Server 2008 R2 * 64bit', 'Datacenter, Enterprise, Standard, WEB', onX86],
    ['Windows * 64bit', '10', 'x86 uefi kvm'],
    ['Windows 7 *', 'Enterprise 64bit, Professional 64bit, Professional 32bit', onX86],
  ],
  Ubuntu: [
    ['Ubuntu * server 64bit', '24.04, 22.04, 20.04, 19.04, 18.04', everywhere],
    ['Ubuntu * Server 64bit', '16.04.3, 16.04.2', onServers],
    ['Ubuntu * server 64bit', '16.04', onServers],
    ['Ubuntu * server 64bit', '14.04.5, 14.04.4, 14.04.3, 14.04.1, 14.04', 'x86 uefi kvm'],
    ['Ubuntu * server 32bit', '14.04.4, 14.04.3, 14.04.1, 14.04', onX86],
  ],
  RedHat: [
    ['Red Hat Linux Enterprise * 64bit', '8.0, 7.5, 7.4, 7.3, 7.2, 7.1, 7.0', onServers],
    ['Red Hat * 64bit', '7.6', onServers],
    ['Red Hat Linux Enterprise * 64bit', '6.10, 6.9, 6.8, 6.7, 6.6, 6.5, 6.4', onX86],
    ['Red Hat Linux Enterprise * 32bit', '6.6, 6.4', onX86],
  ],
  SUSE: [
    ['SUSE Linux Enterprise Server * 64bit', '15 SP1, 15, 12 SP5', everywhere],
    ['SUSE Linux Enterprise Server * 64bit', '12 SP4, 12 SP3, 12 SP2, 12 SP1', onServers],
    ['SUSE Linux Enterprise Server * 64bit', '12, 11 SP4, 11 SP3, 11 SP1', onX86],
    ['SUSE Linux Enterprise Server * 32bit', '11 SP3', onX86],
  ],
  CentOS: [
    ['CentOS * 64bit', '8.2, 8.1, 8.0, 7.9, 7.8, 7.7, 7.6, 7.5, 7.4', everywhere],
    ['CentOS * 64bit', '7.3, 7.2, 7.1, 7.0', onServers],
    ['CentOS * 64bit', '6.10, 6.9, 6.8, 6.7, 6.6, 6.5, 6.4, 6.3', onX86],
    ['CentOS * 32bit', '7.0, 6.10, 6.9, 6.7, 6.6, 6.5, 6.4, 6.3', onX86],
  ],
  Debian: [
    ['Debian GNU/Linux * 64bit', '12.0.0, 11.1.0, 10.0.0', 'x86 arm uefi kvm'],
    ['Debian GNU/Linux * 64bit', '9.3.0, 9.0.0, 8.10.0, 8.8.0, 8.7.0, 8.6.0, 8.5.0, 8.4.0, 8.2.0, 8.1.0', onX86],
  ],
  OpenSUSE: [
    ['openSUSE * 64bit', '15.1, 15.0', 'x86 arm uefi kvm'],
    ['openSUSE * 64bit', '42.3, 42.2, 42.1, 13.2, 11.3', onX86],
  ],
  'Oracle Linux': [
    ['Oracle Linux Server release * 64bit', '7.6, 7.5, 7.4, 7.3, 7.2, 7.1, 7.0', onServers],
    ['Oracle Linux Server release * 64bit', '6.10, 6.9, 6.8, 6.7, 6.5', onX86],
  ],
  Fedora: [
    ['Fedora * 64bit', '30, 29', 'x86 arm uefi kvm'],
    ['Fedora * 64bit', '28, 27, 26, 25, 24, 23, 22', onX86],
  ],
  EulerOS: [
    ['EulerOS * 64bit', '2.9', everywhere],
    ['EulerOS * 64bit', '2.8', 'arm uefi bms kvm'],
    ['EulerOS * 64bit', '2.5, 2.3, 2.2, 2.1', onServers],
  ],
  'Huawei Cloud EulerOS': [
    ['Huawei Cloud EulerOS * 64bit', '2.0', everywhere],
    ['Huawei Cloud EulerOS * 64bit', '1.1', onX86],
  ],
  openEuler: [['openEuler * 64bit', '20.03', everywhere]],
  CoreOS: [['CoreOS *', '1298.6.0, 1068.10.0, 1010.5.0', onX86]],
  // What nothing is known of. Huawei's clients write these names without the space, Open Telekom Cloud's with it.
  Other: [
    ['Other(* bit)', '32, 64', 'kvm'],
    ['Other Linux(* bit)', '32, 64', 'kvm'],
    ['Other Linux (* bit)', '32, 64', 'kvm'],
    ['Other Windows(* bit)', '32, 64', 'kvm'],
  ],
};

interface Tagged {
  readonly version: OsVersion;
  readonly tags: readonly string[];
}

const platforms = Object.entries(table).map(([platform, rows]) => ({
  platform,
  versions: rows.flatMap((row) => expand(platform, row)),
}));

function expand(platform: string, [name, versions, tags]: Row): readonly Tagged[] {
  return versions.split(', ').map((version) => {
    const os_version = name.replace('*', version);
    const os_bit = /32 ?bit/.test(os_version) ? 32 : 64;
    const os_type = name.includes('Windows') ? 'Windows' : 'Linux';
    return {
      version: { platform, os_version_key: os_version, os_version, os_bit, os_type },
      tags: tags.split(' '),
    };
  });
}

/** What Open Telekom Cloud calls a tag otherwise. */
const aliases: Readonly<Record<string, string>> = { bms_otc: 'bms' };

/** Those that have all the tags (`x86`, `arm`, `uefi`, `bms`, `kvm`), without the platforms of which none has. */
export function osPlatforms(tags: readonly string[]): readonly OsPlatform[] {
  const wanted = tags.map((tag) => aliases[tag] ?? tag);
  return platforms.flatMap(({ platform, versions }) => {
    const kept = versions.filter((each) => wanted.every((tag) => each.tags.includes(tag)));
    return kept.length === 0 ? [] : [{ platform, version_list: kept.map(({ version }) => version) }];
  });
}
