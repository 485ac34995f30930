/**
 * The one port of a server: HTTP or HTTPS, with a Fastify instance for each protocol behind it. What concerns connections is
 * settled here - TLS, their number, slow heads, malformed requests -, everything else by the protocols.
 */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerOptions, type ServerResponse } from 'node:http';
import { createServer as createTlsServer, type Server as TlsServer } from 'node:https';
import { type AddressInfo, isIPv6 } from 'node:net';
import type { Duplex } from 'node:stream';
import { promisify } from 'node:util';
import type { FastifyInstance } from 'fastify';
import { type ProblemDocument, problemDocument, problemType } from '../protocols/shared/problem-document.ts';
import type { Logger } from '../telemetry/logger.ts';
import { type CertificateFiles, readCertificate, watchCertificate } from './certificate.ts';

/** A protocol, and which requests are its own. */
export interface Door {
  readonly matches: (request: IncomingMessage) => boolean;
  readonly app: FastifyInstance;
}

export interface FrontDoorOptions {
  readonly host: string;
  /** 0 takes any. */
  readonly port: number;
  /** With it the server speaks TLS. */
  readonly certificate?: CertificateFiles | undefined;
  /** How long a request's head may take to arrive. Bodies are bound by the protocols: a disk's takes hours. */
  readonly requestSeconds: number;
  /** The first that matches has the request. */
  readonly doors: readonly Door[];
  readonly logger: Logger;
  /** Hears of a connection that was one too many. */
  readonly onRefusedConnection: () => void;
  readonly maxConnections?: number;
}

export interface FrontDoor {
  readonly url: string;
  /** How many are open. */
  countConnections(): Promise<number>;
  /** Cuts off what is in progress and closes the protocols: a copy or an upload is told by its own state, not by the request's end. */
  close(): Promise<void>;
}

/** Alibaba Cloud's clients put parameters into the query: 20 tags of 128 Chinese characters, key and value, take 46 KB there. */
const maxHeaderBytes = 64 * 1024;
/** Of some 20 KiB each when idle, and a head more, for as long as one may take. */
const defaultMaxConnections = 8192;
/** More than the minute that proxies keep an idle connection for, so that they are the ones who close it. */
const keepAliveMs = 65_000;

/** Requests to one of the paths, or below those of more than a slash that end with one. */
export function hasPath(...paths: readonly string[]): Door['matches'] {
  return ({ url = '' }) => {
    const path = url.split('?', 1)[0] ?? '';
    return paths.some((each) => path === each || (each.length > 1 && each.endsWith('/') && path.startsWith(each)));
  };
}

/** Listens; takes over the instances, which must be whole. */
export async function openFrontDoor(options: FrontDoorOptions): Promise<FrontDoor> {
  const { host, port, doors, logger } = options;
  await Promise.all(doors.map(({ app }) => app.ready()));
  const requestMs = options.requestSeconds * 1000;
  const serverOptions: ServerOptions = {
    maxHeaderSize: maxHeaderBytes,
    headersTimeout: requestMs,
    requestTimeout: 0,
    keepAliveTimeout: keepAliveMs,
    connectionsCheckingInterval: Math.min(1000, requestMs),
  };
  const { server, stopWatching } = await createHttpServer(options, serverOptions);
  server.maxConnections = options.maxConnections ?? defaultMaxConnections;
  server.on('drop', options.onRefusedConnection);

  const answers = new WeakMap<Duplex, ServerResponse>();
  server.on('request', (request, response) => {
    answers.set(request.socket, response);
    dropUnreadBody(request, response, requestMs);
    request.url = originForm(request.url ?? '');
    const door = doors.find(({ matches }) => matches(request));
    if (door === undefined) answerNotFound(request, response);
    else door.app.routing(request, response);
  });
  server.on('clientError', (error, socket) => answerMalformed(error, socket, answers.get(socket)));

  await listen(server, host, port);
  const scheme = options.certificate === undefined ? 'http' : 'https';
  const url = urlOf(scheme, server.address() as AddressInfo);
  logger.debug({ url }, 'the front door is open');
  return {
    url,
    countConnections: promisify(server.getConnections.bind(server)),
    async close() {
      stopWatching();
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
      await Promise.all(doors.map(({ app }) => app.close()));
    },
  };
}

/** `http://host/path?query`, as clients ask of what they take for a proxy, is the same request (RFC 9112, 3.2.2). */
function originForm(url: string): string {
  const [, rest] = /^https?:\/\/[^/?]*(.*)$/is.exec(url) ?? [];
  if (rest === undefined) return url;
  return rest.startsWith('/') ? rest : `/${rest}`;
}

async function createHttpServer(
  { certificate: files, requestSeconds, logger }: FrontDoorOptions,
  options: ServerOptions,
): Promise<{ server: Server | TlsServer; stopWatching: () => void }> {
  if (files === undefined) return { server: createServer(options), stopWatching: () => {} };
  const certificate = await readCertificate(files);
  const server = createTlsServer({ ...options, ...certificate, handshakeTimeout: requestSeconds * 1000 });
  const watch = watchCertificate(files, certificate, (renewed) => server.setSecureContext(renewed), logger);
  return { server, stopWatching: watch.stop };
}

async function listen(server: Server | TlsServer, host: string, port: number): Promise<void> {
  try {
    server.listen({ host, port });
    await once(server, 'listening');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
    const message = `something else listens on ${host} port ${port}; choose another with --port or MIMEO_PORT (0 takes any)`;
    throw new Error(message, { cause: error });
  }
}

/** Those that stand for all of a machine's addresses, which no client can ask and no certificate names. */
const loopbacks: Readonly<Record<string, string>> = { '0.0.0.0': '127.0.0.1', '::': '::1' };

/** Where clients on the same machine reach what listens there. */
export function urlOf(scheme: 'http' | 'https', { address, port }: AddressInfo): string {
  const loopback = loopbacks[address];
  // Certificates name `localhost` more often than its addresses.
  const host = loopback !== undefined && scheme === 'https' ? 'localhost' : (loopback ?? address);
  return `${scheme}://${isIPv6(host) ? `[${host}]` : host}:${port}`;
}

/** Node reads on, for as long as it takes, what an answer did not wait for. */
function dropUnreadBody(request: IncomingMessage, response: ServerResponse, ms: number): void {
  response.once('finish', () => {
    // Of one that is gone `close` has been told already.
    if (request.complete || request.destroyed) return;
    const timer = setTimeout(() => request.socket.destroy(), ms);
    request.once('close', () => clearTimeout(timer));
  });
}

/** With what Alibaba Cloud's clients know an error by: some of them look at no status. */
function refusal(code: string, status: number, title: string): ProblemDocument {
  return problemDocument(code, status, title, { Code: code, Message: title });
}

function answerNotFound({ method, url = '' }: IncomingMessage, response: ServerResponse): void {
  const title = `there is no ${method} ${url.split('?', 1)[0]}`;
  response.writeHead(404, { 'content-type': problemType });
  response.end(JSON.stringify(refusal('route.not-found', 404, title)));
}

/** By the code of Node's error; anything else is a request that cannot be parsed. */
const malformed: Readonly<Record<string, readonly [status: string, title: string]>> = {
  ERR_HTTP_REQUEST_TIMEOUT: ['408 Request Timeout', 'the head of the request did not arrive in time'],
  HPE_HEADER_OVERFLOW: [
    '431 Request Header Fields Too Large',
    `the head of the request is larger than ${maxHeaderBytes} bytes`,
  ],
};

/** Such requests have reached no protocol, or can't go on in the middle of one. */
function answerMalformed(error: NodeJS.ErrnoException, socket: Duplex, answer: ServerResponse | undefined): void {
  const isAnswering = answer?.headersSent === true && !answer.writableFinished;
  if (!socket.writable || isAnswering) {
    socket.destroy();
    return;
  }
  const [status, title] = malformed[error.code ?? ''] ?? ['400 Bad Request', 'the request is not HTTP'];
  const body = JSON.stringify(refusal('request.invalid', Number.parseInt(status, 10), title));
  const head = [
    `HTTP/1.1 ${status}`,
    `Content-Type: ${problemType}`,
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Connection: close',
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`, () => socket.destroy());
}
