/** Words that JD Cloud has for what the core calls otherwise (reference §3.2). */
import type { Image, RootDevice, Visibility } from '../../domain/image.ts';
import type { ImageAttributes } from '../../domain/image-attributes.ts';
import type { TraitFilter } from '../../domain/image-query.ts';
import type { ImageState } from '../../domain/states.ts';

export const imageStatuses = ['pending', 'ready', 'error'] as const;
type ImageStatus = (typeof imageStatuses)[number];

/** What is deprecated can be copied and used still; `deleting` is over before anybody could see it. */
export const statusOf: Readonly<Record<ImageState, ImageStatus>> = {
  queued: 'pending',
  uploading: 'pending',
  copying: 'pending',
  available: 'ready',
  deprecated: 'ready',
  failed: 'error',
};

/** Whose images can be asked for: the cloud's own, those of a marketplace, and those that there are here. */
export const imageSources = ['public', 'thirdparty', 'private', 'shared', 'community'] as const;

/**
 * The newer pages' words. An account's own image is `private` even when it was released to everybody: its launch
 * permission tells that.
 */
export function sourceOf({ accountId, visibility }: Image, caller: { readonly accountId: string }) {
  if (accountId === caller.accountId) return 'private';
  return visibility === 'public' ? 'community' : 'shared';
}

export const rootDeviceTypes = { 'cloud-disk': 'cloudDisk', 'local-disk': 'localDisk' } as const satisfies Readonly<
  Record<RootDevice, string>
>;

/** Who may use an image. */
export const launchPermissions = {
  public: 'all',
  shared: 'specifiedUsers',
  private: 'ownerOnly',
} as const satisfies Readonly<Record<Visibility, string>>;

/** What an image is taken for unless somebody has said otherwise, in answers and in the filters of lists. */
export const assumed = { osType: 'linux', architecture: 'x86_64' } as const satisfies ImageAttributes;

/** The platform of an image of which only the kind of system is known. */
export const otherPlatforms = { linux: 'Other Linux', windows: 'Other Windows' } as const satisfies Readonly<
  Record<NonNullable<ImageAttributes['osType']>, string>
>;

export const bootModes = ['bios', 'uefi'] as const;

/** What boots by UEFI, or can; ARM has no other way. */
export function bootModeOf({ bootMode, architecture }: ImageAttributes): (typeof bootModes)[number] {
  return bootMode === 'uefi' || bootMode === 'uefi-preferred' || architecture === 'arm64' ? 'uefi' : 'bios';
}

/** Those of which {@link bootModeOf} says so. */
export function bootingBy(mode: (typeof bootModes)[number]): TraitFilter {
  const byUefi = [{ bootMode: 'uefi' }, { bootMode: 'uefi-preferred' }, { architecture: 'arm64' }] as const;
  return { anyOf: byUefi.map((attributes) => ({ attributes })), isNegated: mode === 'bios' };
}
