/** Which of a server's requests are in this dialect: by their paths, and at `/` by what else they have. */
import type { IncomingMessage } from 'node:http';

const below = ['/v1/', '/v1.1/', '/v1.0/', '/v2/', '/v2.0/', '/v2.1/', '/v2.2/', '/v3/', '/v3.0/'];
const exactly = new Set(['/versions', ...below.map((path) => path.slice(0, -1))]);

export function isHuawei({ url = '', method, headers }: IncomingMessage): boolean {
  const [path = '', query] = url.split('?', 2);
  if (path === '/') {
    // Who asks for versions says nothing more; Alibaba Cloud's clients, who have no other path, always do.
    return method === 'GET' && query === undefined && headers['x-acs-action'] === undefined;
  }
  return exactly.has(path) || below.some((each) => path.startsWith(each));
}
