/** Whether what this process knows to be secret stands in what it has written. */
import { formsOf } from './forms.ts';
import { hashedTexts, type KnownSecret, knownSecrets, learnSecret } from './known-secrets.ts';
import { createSearch, type Needle } from './search.ts';

/** A secret that was found, described without giving it away. */
export type Finding = string;

export interface SecretSearch {
  /** Anything that is written. */
  in(haystack: Buffer): Finding[];
  /** As `in`; each with the members of the JSON value that lead to it, as `details.command`. */
  inJson(value: unknown): Finding[];
}

/** Bearer tokens are known by their looks, also those whose hash is not kept any more. */
function hasToken(haystack: Buffer): boolean {
  return haystack.includes('mimeo_') && /mimeo_[\w-]{43}/.test(haystack.toString('latin1'));
}

/** For all secrets that are known by now. */
export function searchSecrets(): SecretSearch {
  const search = createSearch(needlesOf(knownSecrets()));
  const findIn = (haystack: Buffer): Finding[] => {
    const found = [...search(haystack)];
    return hasToken(haystack) ? [...found, 'a bearer token'] : found;
  };

  function findInJson(value: unknown, path: string): Finding[] {
    if (typeof value !== 'object' || value === null) {
      return findIn(Buffer.from(String(value))).map((finding) => `${path}: ${finding}`);
    }
    const inNames = findIn(Buffer.from(Object.keys(value).join('\n'))).map(
      (finding) => `a name in ${path}: ${finding}`,
    );
    const inside = Object.entries(value).flatMap(([name, inner]) =>
      findInJson(inner, path === '' ? name : `${path}.${name}`),
    );
    return [...inNames, ...inside];
  }

  return { in: findIn, inJson: (value) => findInJson(value, '') };
}

/** What is kept as a hash in `haystack` was meant not to be kept: from now on it is a secret. */
export function learnHashedTexts(haystack: Buffer): void {
  const needles: Needle<string>[] = [];
  for (const [hex, text] of hashedTexts()) {
    const base64url = Buffer.from(hex, 'hex').toString('base64url');
    for (const form of [hex, base64url]) needles.push({ bytes: Buffer.from(form), of: text });
  }
  for (const text of createSearch(needles)(haystack)) {
    // Of a signature that may be sent more than once each use is counted (src/app/authenticate.ts).
    learnSecret(text.replace(/^\d /, ''), 'what is kept as a hash');
  }
}

function* needlesOf(secrets: Iterable<KnownSecret>): Generator<Needle<Finding>> {
  for (const { bytes, origin } of secrets) {
    for (const form of formsOf(bytes)) yield { bytes: form.bytes, of: `${origin}, ${form.name}` };
  }
}
