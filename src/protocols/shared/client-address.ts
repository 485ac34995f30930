import { isIP } from 'node:net';
import type { FastifyRequest } from 'fastify';

/** The client's IP address: as trusted proxies tell it, or the connection's where what they tell is none. */
export function clientAddress({ ip, socket }: FastifyRequest): string {
  return isIP(ip) === 0 ? (socket.remoteAddress ?? '') : ip;
}

/** What one customer has: an address, or of IPv6 the first 64 bits. */
export function clientNetwork(address: string): string {
  const [name = ''] = address.split('%');
  if (isIP(name) !== 6) return name;
  // In one spelling, with the last 32 bits in hexadecimal.
  const text = new URL(`http://[${name}]`).hostname.slice(1, -1);
  // An address of IPv4, over a socket of IPv6.
  if (/^::ffff:[^:]+:[^:]+$/.test(text)) return text;
  const [head = [], tail = []] = text.split('::').map((part) => part.split(':').filter((group) => group !== ''));
  const zeros = Array<string>(8 - head.length - tail.length).fill('0');
  return `${[...head, ...zeros, ...tail].slice(0, 4).join(':')}::`;
}
