/** Options for what is said of the system in an image; the same where it is made and where it is changed. */
import { Option } from 'commander';
import {
  type AttributeChanges,
  architectures,
  bootModes,
  imdsVersions,
  osTypes,
} from '../../domain/image-attributes.ts';

/** The word that takes a fact away again. */
const none = 'none';

type Fact<Name extends keyof AttributeChanges> = NonNullable<AttributeChanges[Name]> | typeof none;
type Answer = 'yes' | 'no' | typeof none;

export interface AttributeOptions {
  readonly osType?: Fact<'osType'>;
  readonly platform?: string;
  readonly architecture?: Fact<'architecture'>;
  readonly bootMode?: Fact<'bootMode'>;
  readonly family?: string;
  readonly imageVersion?: string;
  readonly licenseType?: string;
  readonly nvmeSupport?: Answer;
  readonly imdsSupport?: Fact<'imdsSupport'>;
  readonly cloudInit?: Answer;
}

export function attributeOptions(): Option[] {
  const choice = (flags: string, description: string, choices: readonly string[]) =>
    new Option(flags, description).choices([...choices, none]);
  return [
    choice('--os-type <type>', 'the operating system in it', osTypes),
    new Option('--platform <text>', 'its distribution or edition, Debian for instance, or "none"'),
    choice('--architecture <architecture>', 'processors that it runs on', architectures),
    choice('--boot-mode <mode>', 'how it boots', bootModes),
    new Option('--family <family>', 'what it is a version of, or "none"'),
    new Option('--image-version <text>', 'which version of its family it is, or "none"'),
    new Option('--license-type <text>', 'how its operating system is licensed, or "none"'),
    choice('--nvme-support <answer>', 'it boots from NVMe disks', ['yes', 'no']),
    choice('--imds-support <version>', 'the metadata service that its instances need', imdsVersions),
    choice('--cloud-init <answer>', 'cloud-init sets its instances up', ['yes', 'no']),
  ];
}

/** What the options say; undefined when none was given. */
export function attributesOf(options: AttributeOptions): AttributeChanges | undefined {
  const { osType, platform, architecture, bootMode, family, imageVersion, licenseType, imdsSupport } = options;
  const said = {
    osType: factOf(osType),
    platform: factOf(platform),
    architecture: factOf(architecture),
    bootMode: factOf(bootMode),
    family: factOf(family),
    version: factOf(imageVersion),
    licenseType: factOf(licenseType),
    nvmeSupport: truthOf(options.nvmeSupport),
    imdsSupport: factOf(imdsSupport),
    cloudInit: truthOf(options.cloudInit),
  };
  return Object.values(said).every((value) => value === undefined) ? undefined : said;
}

function factOf<Value extends string>(value: Value | undefined): Exclude<Value, typeof none> | null | undefined {
  return value === none ? null : (value as Exclude<Value, typeof none> | undefined);
}

function truthOf(answer: Answer | undefined): boolean | null | undefined {
  const fact = factOf(answer);
  return fact && fact === 'yes';
}
