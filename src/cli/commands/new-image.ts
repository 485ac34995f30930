/** Options for what an image is made with, whatever its bytes come from. */
import { Option } from 'commander';
import { type ImageKind, imageKinds, type RootDevice, rootDevices } from '../../domain/image.ts';
import type { ApiNewImage } from '../api.ts';
import { type AttributeOptions, attributeOptions, attributesOf } from './attributes.ts';
import { tag } from './values.ts';

export interface NewImageOptions extends AttributeOptions {
  readonly kind?: ImageKind;
  readonly rootDevice?: RootDevice;
  readonly description?: string;
  readonly project?: string;
  readonly group?: string;
  readonly tag?: Readonly<Record<string, string>>;
  readonly encrypt?: string;
}

export function newImageOptions(defaultKind = 'system-disk'): Option[] {
  return [
    new Option('--kind <kind>', `what the image is (default: ${defaultKind})`).choices(imageKinds),
    new Option(
      '--root-device <device>',
      'where its instances have their root file system (default: cloud-disk)',
    ).choices(rootDevices),
    new Option('--description <text>', 'what the image is for'),
    new Option('--project <project>', 'project to keep it in, by id or name'),
    new Option('--group <group>', 'resource group to put it in'),
    new Option('--tag <key=value>', 'a tag; may be repeated').argParser(tag),
    ...attributeOptions(),
  ];
}

/** Those of an image whose bytes are brought. */
export function broughtImageOptions(): Option[] {
  const encrypt = 'key of the region to encrypt it with, by id or alias; "default" for its default key';
  return [...newImageOptions(), new Option('--encrypt <key>', encrypt)];
}

/** What the options say, as the API has it. */
export function newImageFacts(options: NewImageOptions): Omit<ApiNewImage, 'region' | 'name' | 'disks'> {
  const { kind, rootDevice, description, project, group, tag: tags, encrypt: encryption } = options;
  const attributes = attributesOf(options);
  return {
    ...(kind && { kind }),
    ...(rootDevice && { rootDevice }),
    ...(description !== undefined && { description }),
    ...(project !== undefined && { project }),
    ...(group !== undefined && { resourceGroup: group }),
    ...(attributes && { attributes }),
    ...(tags && { tags }),
    ...(encryption !== undefined && { encryption }),
  };
}
