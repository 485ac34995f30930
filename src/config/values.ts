/**
 * The types of settings. A value comes as text (environment, flag) or as YAML made of it, so each type reads both; and each
 * says in words what it expects, for messages and for the page of settings.
 */
import { isIP } from 'node:net';
import { z } from 'zod';

interface ValueType {
  /** Follows "must be". */
  readonly expected: string;
  /** How people write it, where it is not simply its text. */
  readonly format?: (value: never) => string;
}

/** A rule beside a type's bounds. */
interface Rule {
  readonly holds: (value: number) => boolean;
  /** Follows what is expected. */
  readonly words: string;
}

const units = ['TiB', 'GiB', 'MiB', 'KiB'] as const;
const unitBytes = { TiB: 1024 ** 4, GiB: 1024 ** 3, MiB: 1024 ** 2, KiB: 1024 };
const most = Number.MAX_SAFE_INTEGER;

/** What each type expects; asked with the schema that a function of this file returned. */
export const valueTypes = z.registry<ValueType>();

export const powerOfTwo: Rule = { holds: (value) => Number.isInteger(Math.log2(value)), words: ', a power of two' };

export function multipleOf(bytes: number): Rule {
  return { holds: (value) => value % bytes === 0, words: `, a multiple of ${formatBytes(bytes)}` };
}

export function whole(from: number, to = most) {
  const range = to === most ? `, ${from} or more` : ` from ${from} to ${to}`;
  return z
    .preprocess(numberFromText, z.int().min(from).max(to))
    .register(valueTypes, { expected: `a whole number${range}` });
}

export function ratio() {
  return z
    .preprocess(numberFromText, z.number().min(0).max(1))
    .register(valueTypes, { expected: 'a number from 0 to 1' });
}

/** A number of bytes: `65536`, or `64 KiB`. */
export function bytes(from: number, to = most, rule: Rule = { holds: () => true, words: '' }) {
  const range = to === most ? `, ${formatBytes(from)} or more` : ` from ${formatBytes(from)} to ${formatBytes(to)}`;
  return z
    .preprocess(bytesFromText, z.int().min(from).max(to).refine(rule.holds))
    .register(valueTypes, { expected: `a size${range}${rule.words}`, format: formatBytes });
}

export function truth() {
  const [yes, no] = [
    ['true', 'yes', 'on', '1'],
    ['false', 'no', 'off', '0'],
  ] as const;
  const read = (value: unknown) => {
    const word = String(value).trim().toLowerCase();
    return yes.some((each) => each === word) || (no.some((each) => each === word) ? false : value);
  };
  return z
    .preprocess(read, z.boolean())
    .register(valueTypes, { expected: 'true or false (yes or no, on or off, 1 or 0)' });
}

export function oneOf<const Word extends string>(words: readonly [Word, ...Word[]]) {
  const expected = `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`;
  return z.enum(words).register(valueTypes, { expected });
}

export function text(expected = 'text', pattern = /./) {
  return z.string().regex(pattern).register(valueTypes, { expected });
}

/** It is shown wherever it is spoken of, so it must hold no password. */
export function httpUrl() {
  const isBare = (url: string) => {
    const { username = '', password = '' } = URL.parse(url) ?? {};
    return username + password === '';
  };
  return z
    .url({ protocol: /^https?$/ })
    .refine(isBare)
    .register(valueTypes, { expected: 'an http:// or https:// URL without a name or a password' });
}

/** A list in YAML, or text with commas. */
export function names(pattern: RegExp, words: string) {
  const distinct = (list: readonly string[]) => new Set(list).size === list.length;
  return z
    .preprocess(listFromText, z.array(z.string().regex(pattern)).min(1).refine(distinct))
    .register(valueTypes, { expected: `a list of ${words}, none of them twice`, format: formatList });
}

/** As {@link names}: addresses and ranges of them. A range of all is none: whoever trusts everybody can be told anything. */
export function addresses() {
  const isAddress = (text: string) => {
    const [address = '', prefix, ...rest] = text.split('/');
    const bits = { 0: 0, 4: 32, 6: 128 }[isIP(address)] ?? 0;
    if (bits === 0 || address.includes('%') || rest.length > 0) return false;
    return prefix === undefined || (/^[1-9]\d{0,2}$/.test(prefix) && Number(prefix) <= bits);
  };
  return z
    .preprocess(listFromText, z.array(z.string().refine(isAddress)).min(1))
    .register(valueTypes, { expected: 'a list of IP addresses or ranges (10.0.0.0/8)', format: formatList });
}

/** With the largest unit that leaves a whole number. */
function formatBytes(value: number): string {
  const unit = value === 0 ? undefined : units.find((name) => value % unitBytes[name] === 0);
  return unit === undefined ? `${value}` : `${value / unitBytes[unit]} ${unit}`;
}

function listFromText(value: unknown): unknown {
  return typeof value === 'string' ? value.split(',').map((part) => part.trim()) : value;
}

function formatList(list: readonly string[]): string {
  return list.join(',');
}

function numberFromText(value: unknown): unknown {
  return typeof value === 'string' && /^\d+(\.\d+)?$/.test(value.trim()) ? Number(value) : value;
}

function bytesFromText(value: unknown): unknown {
  const [, digits, unit] = typeof value === 'string' ? (/^(\d+) ?([KMGT]iB)$/.exec(value.trim()) ?? []) : [];
  return unit === undefined ? numberFromText(value) : Number(digits) * unitBytes[unit as (typeof units)[number]];
}
