/** The ways in which a secret can stand somewhere, in plain sight of whoever looks closely. */

export interface Form {
  readonly bytes: Buffer;
  readonly name: string;
}

export function formsOf(secret: Buffer): Form[] {
  const forms: Form[] = [
    { bytes: secret, name: 'as it is' },
    { bytes: Buffer.from(secret.toString('hex')), name: 'in hexadecimal' },
  ];
  for (const before of [0, 1, 2]) {
    const text = base64After(before, secret);
    forms.push({ bytes: Buffer.from(text), name: 'in base64' });
    const url = text.replaceAll('+', '-').replaceAll('/', '_');
    if (url !== text) forms.push({ bytes: Buffer.from(url), name: 'in base64url' });
  }
  const text = secret.toString();
  if (!Buffer.from(text).equals(secret)) return forms;
  const quoted = JSON.stringify(text).slice(1, -1);
  if (quoted !== text) forms.push({ bytes: Buffer.from(quoted), name: 'in JSON' });
  const escaped = encodeURIComponent(text.toWellFormed());
  if (escaped !== text) forms.push({ bytes: Buffer.from(escaped), name: 'in a URL' });
  return forms;
}

/** What does not depend on its surroundings of the secret's base64, when it begins so many bytes after a multiple of three. */
function base64After(before: number, secret: Buffer): string {
  const text = Buffer.concat([Buffer.alloc(before), secret]).toString('base64');
  const end = Math.floor(((before + secret.length) * 8) / 6);
  return text.slice(Math.ceil((before * 8) / 6), end);
}
