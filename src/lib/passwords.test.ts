import { randomBytes } from 'node:crypto';
import { expect, it } from 'vitest';
import { canBePassword, createPasswords, PasswordsBusyError, passwordMark } from './passwords.ts';

/** What does not take 32 MiB. */
const cheap = '$scrypt$ln=4,r=8,p=1$c2FsdA$AAAA';

const never = new AbortController().signal;
const passwords = createPasswords({ random: randomBytes });
const hashOf = (text: string) => passwords.hash(text, never);
const verify = (text: string, hash: string | undefined) => passwords.verify(text, hash, never);

it('is known by its hash, and no other is', async () => {
  const hash = await hashOf('correct horse');
  expect(hash).toMatch(/^\$scrypt\$ln=15,r=8,p=1\$[\w+/]{22}\$[\w+/]{43}$/);
  expect(await verify('correct horse', hash)).toBe(true);
  for (const wrong of ['correct horsf', 'correct horse ', '']) expect(await verify(wrong, hash)).toBe(false);
  expect(await verify('correct horse', undefined)).toBe(false);
});

it('is kept with a salt of its own, and each time has another mark', async () => {
  const [one, other] = await Promise.all([hashOf('the same'), hashOf('the same')]);
  expect(one).not.toBe(other);
  expect(passwordMark(one)).toBe(passwordMark(one));
  expect(passwordMark(one)).not.toBe(passwordMark(other));
});

it('has the salt that it is given', async () => {
  const { hash } = createPasswords({ random: (length) => Buffer.alloc(length, 0xff) });
  expect(await hash('the same', never)).toContain(`$${'/'.repeat(21)}w$`);
  expect(await hash('the same', never)).toBe(await hash('the same', never));
});

it('is the same however its letters are composed', async () => {
  const hash = await hashOf('Z\u00fcrich-2026');
  expect(await verify('Zu\u0308rich-2026', hash)).toBe(true);
});

it('gives what RFC 7914 says, with the costs that the hash has', async () => {
  // Section 12: scrypt("pleaseletmein", "SodiumChloride", 16384, 8, 1), the first 32 bytes.
  const key = Buffer.from('7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2', 'hex');
  const text = (bytes: Buffer) => bytes.toString('base64').replaceAll('=', '');
  const hash = `$scrypt$ln=14,r=8,p=1$${text(Buffer.from('SodiumChloride'))}$${text(key)}`;
  expect(await verify('pleaseletmein', hash)).toBe(true);
  expect(await verify('pleaseletmeIn', hash)).toBe(false);
});

it('in an unknown form lets nobody in', async () => {
  for (const hash of ['', 'plain', '$argon2id$v=19$m=65536,t=3,p=4$c2FsdA$aGFzaA']) {
    await expect(verify('plain', hash)).rejects.toThrow('in a form');
  }
});

it('is not looked for in a text that is longer than any', async () => {
  const long = 'x'.repeat(257);
  expect([canBePassword(long), canBePassword(long.slice(1))]).toEqual([false, true]);
  // It takes no turn.
  const gone = AbortSignal.abort();
  expect(await passwords.verify(long, cheap, gone)).toBe(false);
  await expect(passwords.verify(long.slice(1), cheap, gone)).rejects.toThrow('abort');
});

it('waits its turn, and is refused when too many wait', async () => {
  const outcomes = await Promise.allSettled(Array.from({ length: 70 }, () => verify('a guess', cheap)));
  const refused = outcomes.filter(({ status }) => status === 'rejected');
  // Two are worked on and 64 wait.
  expect(refused).toHaveLength(4);
  for (const outcome of refused) {
    expect((outcome as PromiseRejectedResult).reason).toBeInstanceOf(PasswordsBusyError);
  }
  expect(await verify('a guess', cheap)).toBe(false);
});

it('gives up its place when whoever asked goes away', async () => {
  const gone = new AbortController();
  const checks = Array.from({ length: 66 }, () => passwords.verify('a guess', cheap, gone.signal));
  const early = verify('a guess', cheap);
  gone.abort();
  const late = Array.from({ length: 64 }, () => verify('a guess', cheap));
  const [all, one, others] = await Promise.all([checks, [early], late].map((asked) => Promise.allSettled(asked)));
  // Those that were worked on already go on.
  expect(all?.filter(({ status }) => status === 'fulfilled')).toHaveLength(2);
  expect(one).toMatchObject([{ reason: expect.any(PasswordsBusyError) }]);
  expect(others?.filter(({ status }) => status === 'rejected')).toEqual([]);
});
