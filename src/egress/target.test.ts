import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EgressError } from './egress-error.ts';
import { parseTarget } from './target.ts';

describe('parseTarget', () => {
  it.each([
    ['http://example.com', undefined],
    ['https://hooks.example.com:8443/a/b?c=d#e', undefined],
    ['HTTPS://Example.COM/', undefined],
    ['http://bücher.example/', undefined],
    ['http://localhost:80/', undefined],
    ['http://10.1.2.3/', '10.1.2.3'],
    ['http://10.1.2.3:8080/x', '10.1.2.3'],
    ['http://[2001:DB8::1]:8080/x', '2001:db8::1'],
  ])('takes %s', (url, address) => {
    expect(parseTarget(url)).toEqual({ url: new URL(url), address });
  });

  it.each([
    ...['', 'example.com', '//example.com', 'ftp://example.com/', 'file:///etc/passwd', 'unix:/run/docker.sock'],
    ...['http:example.com', 'http:/example.com', 'http:\\\\example.com', 'http://example.com\\@10.0.0.1/'],
    ...[' http://example.com', 'http://example.com/ ', 'http://exa\tmple.com/', 'http://example.com/\r\nHost: x'],
    ...['http://user@example.com/', 'http://user:password@example.com/', 'http://:@example.com/', 'http:///path'],
    ...['http://example.com:99999/', 'http://[::1/', 'http://[fe80::1%25eth0]/', 'http://a b/', 'http://%00/'],
    `http://example.com/${'a'.repeat(2048)}`,
  ])('refuses %j', (url) => {
    expect(() => parseTarget(url)).toThrow(EgressError);
  });

  it.each([
    ...['http://2130706433/', 'http://0x7f000001/', 'http://0x7f.0.0.1/', 'http://0177.0.0.1/', 'http://127.1/'],
    ...['http://127.0.0.1./', 'http://１２７.0.0.1/', 'http://%31%32%37.0.0.1/', 'http://127。0。0。1/', 'http://0/'],
    ...['http://[::ffff:127.0.0.1]/', 'http://[0:0:0:0:0:0:0:1]/', 'http://[::0001]/'],
  ])('refuses an address that is written like %s', (url) => {
    expect(() => parseTarget(url)).toThrow(/the address must be written/);
  });

  it('sees the same address as the URL, or refuses, however the numbers are written', () => {
    const part = fc.oneof(
      fc.nat(255).map(String),
      fc.nat(70_000).map((value) => `0x${value.toString(16)}`),
      fc.nat(70_000).map((value) => `0${value.toString(8)}`),
      fc.nat(0xffffffff).map(String),
    );
    const host = fc.array(part, { minLength: 1, maxLength: 5 }).map((parts) => parts.join('.'));
    fc.assert(
      fc.property(host, (written) => {
        let address: string | undefined;
        try {
          ({ address } = parseTarget(`http://${written}/`));
        } catch (error) {
          expect(error).toBeInstanceOf(EgressError);
          return;
        }
        expect(address).toBe(written);
      }),
    );
  });
});
