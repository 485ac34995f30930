import { isIP } from 'node:net';
import type { FastifyRequest } from 'fastify';

/** The client's IP address: as trusted proxies tell it, or the connection's where what they tell is none. */
export function clientAddress({ ip, socket }: FastifyRequest): string {
  return isIP(ip) === 0 ? (socket.remoteAddress ?? '') : ip;
}
