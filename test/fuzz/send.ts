/** Sends requests as they are, however wrong: `fetch` would put some of them right. */
import { type Agent, request } from 'node:http';
import { eventStreamType } from '../../src/protocols/native/event-stream.ts';

export interface RawAnswer {
  readonly status: number;
  readonly type: string;
  readonly text: string;
}

export interface RawRequest {
  /** What is listening, with the part of the path that all have. */
  readonly url: string;
  readonly path: string;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
  readonly agent: Agent;
  readonly timeoutMs: number;
}

/** Of a stream of events what comes within this time. */
const streamMs = 100;

export function sendRaw({ url, path, method, headers, body, agent, timeoutMs }: RawRequest): Promise<RawAnswer> {
  return new Promise((resolve, reject) => {
    const length = body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) };
    const { hostname, port, pathname } = new URL(url);
    // As text: a URL would be put right.
    const target = { hostname, port, path: `${pathname}${path}` };
    const sent = request({ ...target, method, agent, headers: { ...headers, ...length } }, (response) => {
      const { statusCode: status = 0 } = response;
      const type = response.headers['content-type'] ?? '';
      const pieces: Buffer[] = [];
      const finish = () => {
        clearTimeout(timer);
        resolve({ status, type, text: Buffer.concat(pieces).toString() });
      };
      if (type.startsWith(eventStreamType)) {
        setTimeout(() => response.destroy(), streamMs);
        response.once('error', finish).once('close', finish);
      }
      response.on('data', (piece: Buffer) => pieces.push(piece)).once('end', finish);
      response.once('error', reject);
    });
    const timer = setTimeout(() => sent.destroy(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs);
    sent.once('error', (error) => {
      clearTimeout(timer);
      reject(error);
    });
    sent.end(body);
  });
}
