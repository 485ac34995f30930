/** Requests to the HTTP API of HashiCorp Vault or OpenBao, with every failure in the words of the contract. */
import type { Secret } from '../../../lib/secret.ts';
import { KeyProviderError } from '../../key-provider.ts';

export interface VaultSettings {
  /** `https://vault.example.org:8200`, with a path before `/v1` if need be. */
  readonly address: string;
  readonly token: Secret;
  /** Where the Transit engine is mounted. */
  readonly mount: string;
  readonly namespace?: string | undefined;
  /** How long an answer may take. */
  readonly timeoutMs: number;
  /** Tries before Vault is `unavailable`. */
  readonly attempts: number;
  /** Before the second try; doubled before each further one. */
  readonly retryMs: number;
}

/** What is an answer, be it a no: `ok`, or the request was wrong (400), or there is no such thing (404). */
export interface VaultAnswer {
  readonly status: 'ok' | 'wrong' | 'missing';
  readonly data: Readonly<Record<string, unknown>>;
  /** What Vault finds wrong; empty where a path leads to nothing and all else is right. */
  readonly errors: string;
  /** What was asked and answered, for people. */
  readonly story: string;
}

export interface VaultClient {
  /** `path`: below `/v1/`. Tries once; throws `unavailable` or `refused`, or the signal's reason. */
  send(
    method: 'GET' | 'POST' | 'DELETE',
    path: string,
    body: object | undefined,
    signal: AbortSignal,
  ): Promise<VaultAnswer>;
}

/** A batch is answered with some 150 bytes an item. */
const mostAnswerBytes = 4 * 1024 * 1024;

const statuses: Readonly<Record<number, VaultAnswer['status']>> = {
  200: 'ok',
  204: 'ok',
  400: 'wrong',
  404: 'missing',
};

/** Not ready for it (412), asked too often (429), sealed or on its way to be active (503), and what proxies say before it. */
function isPassing(status: number): boolean {
  return status === 408 || status === 412 || status === 429 || status >= 500;
}

export function createVaultClient({ address, token, namespace, timeoutMs }: VaultSettings): VaultClient {
  const { username, password, search, hash } = new URL(address);
  // `fetch` would take none with a name, and would quote its password in every error.
  if (username + password + search + hash !== '') {
    throw new Error('vaultAddress must be a scheme, a host and perhaps a path, without a name, a password, a ? or a #');
  }
  const base = `${address.replace(/\/+$/, '')}/v1/`;
  const common = { 'x-vault-token': token.reveal(), 'x-vault-request': 'true', 'content-type': 'application/json' };
  const headers = new Headers(namespace === undefined ? common : { ...common, 'x-vault-namespace': namespace });

  return {
    async send(method, path, body, signal) {
      signal.throwIfAborted();
      const what = `${method} ${path}`;
      const init: RequestInit = {
        method,
        headers,
        // To another host the token must not go.
        redirect: 'manual',
        signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      };
      let status: number;
      let text: string;
      try {
        const response = await fetch(base + path, init);
        status = response.status;
        text = await readText(response);
      } catch (error) {
        if (signal.aborted) throw signal.reason;
        throw new KeyProviderError('unavailable', `${what} came to nothing`, { cause: error });
      }
      const { isVaults, data, ...said } = readAnswer(text);
      const errors = said.errors.replaceAll(token.reveal(), '[redacted]').slice(0, 300);
      const story = `${what} was answered with ${status}${errors === '' ? '' : `, ${errors}`}`;
      if (isPassing(status)) throw new KeyProviderError('unavailable', story);
      const meaning = statuses[status];
      if (meaning === undefined) throw new KeyProviderError('refused', `${story}; ${adviceOn(status)}`);
      // A proxy's 404 must not pass for a key that is gone.
      if (status !== 204 && !isVaults) {
        throw new KeyProviderError('refused', `${story}, and not by Vault; look at vaultAddress`);
      }
      return { status: meaning, data, errors, story };
    },
  };
}

function adviceOn(status: number): string {
  if (status === 401 || status === 403) return 'look at vaultToken, and at what its policy allows below vaultMount';
  return status >= 300 && status < 400 ? 'give the address that it leads to as vaultAddress' : 'look at vaultAddress';
}

async function readText(response: Response): Promise<string> {
  const pieces: Uint8Array[] = [];
  let length = 0;
  for await (const piece of response.body ?? []) {
    length += piece.length;
    // Leaving the loop closes the connection.
    if (length > mostAnswerBytes) throw new RangeError(`the answer has more than ${mostAnswerBytes} bytes`);
    pieces.push(piece);
  }
  return Buffer.concat(pieces).toString();
}

interface ReadAnswer extends Pick<VaultAnswer, 'data' | 'errors'> {
  /** Whether it has the form of Vault's answers. */
  readonly isVaults: boolean;
}

function readAnswer(text: string): ReadAnswer {
  const answer = fieldsOf(parsed(text));
  // What is about a token stands in `auth`.
  const data = fieldsOf(answer['data'] ?? answer['auth']);
  const messages = [
    ...listOf(answer['errors']),
    ...listOf(data['batch_results']).map((item) => fieldsOf(item)['error']),
  ];
  const errors = new Set(messages.filter((message) => typeof message === 'string'));
  return {
    isVaults: 'data' in answer || 'errors' in answer,
    data,
    errors: [...errors].join('; ').replaceAll(/\s+/g, ' '),
  };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return Object(value);
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
