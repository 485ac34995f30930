/**
 * The text inside a VMDK that says what the disk is made of. Every line must be of a kind that is known here, because
 * readers differ in what they look for and where: QEMU, for one, finds `parentFileNameHint` in the middle of a comment.
 */
import { isZero, latin1 } from './fields.ts';

const acceptedTypes: readonly string[] = ['monolithicSparse', 'streamOptimized'];
const headerKeys: readonly string[] = ['version', 'encoding', 'cid', 'parentcid', 'isnativesnapshot', 'createtype'];
const noParent = 'ffffffff';

const flatten = 'flatten it first: qemu-img convert -O vmdk -o subformat=streamOptimized IN OUT';

/** Nothing in a comment that a reader which searches the text could take for a setting or an extent. */
const comment = /^#[\w .,:()-]*$/;
const extent = /^(RW|RDONLY|NOACCESS)\s+(\d{1,16})\s+(\w+)(?:\s+"([^"]*)")?(?:\s+\d+)?$/;
const setting = /^([A-Za-z][\w.]*)\s*=\s*(?:"([^"]*)"|([^"\s]*))$/;
const printable = /^[\t\x20-\x7e\x80-\xff]*$/;

/** No folder, no drive, and none of QEMU's protocols (`nbd:`, `json:`). */
const fileName = /^[^/\\:]+$/;

/**
 * QEMU writes the CID without leading zeros and anew with each change: of a text that has become shorter by it, by seven
 * digits at most, the last bytes stay behind the zero that ends it.
 */
const mostLeft = 7;

/** In sectors; from the header. */
interface Geometry {
  readonly capacity: number;
  readonly grain: number;
}

export function descriptorFlaw(bytes: Uint8Array, geometry: Geometry): string | null {
  const end = bytes.indexOf(0);
  if (end < 0 || !isZero(bytes.subarray(end + mostLeft))) return 'its descriptor does not end in zeros';
  const text = latin1(bytes.subarray(0, end));
  const left = latin1(bytes.subarray(end, end + mostLeft)).replaceAll('\0', '');
  if (!text.endsWith(left)) return 'its descriptor does not end in zeros';
  if (/parentFileNameHint/i.test(text)) return `its descriptor names a parent, which lies outside it; ${flatten}`;
  const settings = new Map<string, string>();
  let extents = 0;
  for (const line of text.split(/\r?\n/).map((each) => each.trim())) {
    if (!printable.test(line)) return 'its descriptor has control characters';
    if (line === '' || comment.test(line)) continue;
    const extentParts = extent.exec(line);
    if (extentParts !== null) {
      const flaw = extentFlaw(extentParts, geometry);
      if (flaw !== null) return flaw;
      extents++;
      continue;
    }
    const [, name, quoted, bare] = setting.exec(line) ?? [];
    if (name === undefined) return `its descriptor has a line of an unknown kind: ${quote(line)}`;
    const key = name.toLowerCase();
    const value = quoted ?? bare ?? '';
    if (settings.has(key)) return `its descriptor says ${name} twice`;
    settings.set(key, value);
    if (!isAccepted(key, value)) {
      return `its descriptor has a setting that is not accepted: ${quote(line)}`;
    }
  }
  if (extents !== 1) return `its descriptor has ${extents} extents, not 1; ${flatten}`;
  return settingsFlaw(settings);
}

/** The disk database (`ddb.`) is the guest tools' own; VirtualBox writes a parent of zeros into it, which is none. */
function isAccepted(key: string, value: string): boolean {
  if (!key.startsWith('ddb.')) return headerKeys.includes(key);
  return !key.includes('parent') || /^[0-]*$/.test(value);
}

function extentFlaw([, , sectors, type, name]: RegExpExecArray, { capacity, grain }: Geometry): string | null {
  if (type !== 'SPARSE') return `its descriptor has an extent of type ${type}, which lies outside it; ${flatten}`;
  if (name === undefined || !fileName.test(name)) {
    return `its extent is in another place (${quote(name ?? '')}); ${flatten}`;
  }
  // VirtualBox rounds the header's number up to whole grains, and leaves the descriptor's as it is.
  const stated = Number(sectors);
  if (stated <= capacity && stated > capacity - grain) return null;
  return `its descriptor says that the disk has ${stated} sectors, its header ${capacity}`;
}

function settingsFlaw(settings: ReadonlyMap<string, string>): string | null {
  const type = settings.get('createtype');
  if (type === undefined || !acceptedTypes.includes(type)) {
    return `it is of type ${quote(type ?? '')}; ${acceptedTypes.join(' and ')} are accepted; ${flatten}`;
  }
  if (settings.get('parentcid')?.toLowerCase() !== noParent) {
    return `its descriptor does not say that it has no parent (parentCID=${noParent}); ${flatten}`;
  }
  if ((settings.get('isnativesnapshot') ?? 'no') !== 'no') {
    return `it is a snapshot that the storage array holds; ${flatten}`;
  }
  return null;
}

/** At most 80 characters of what a stranger wrote; `JSON` so that it cannot pass for a part of the message. */
function quote(text: string): string {
  return JSON.stringify(text.slice(0, 80));
}
