import type { BenchServer } from './server.ts';

/** The native API of a server, asked with its own token; an error of it is an error of the bench. */
export interface NativeApi {
  ask(path: string, init?: RequestInit): Promise<Response>;
  get<Answer>(path: string): Promise<Answer>;
  post<Answer>(path: string, body?: object): Promise<Answer>;
}

export async function nativeApi(server: BenchServer): Promise<NativeApi> {
  const { url, token } = await server.address();
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  async function ask(path: string, init: RequestInit = {}): Promise<Response> {
    const response = await fetch(`${url}/api/v1${path}`, { ...init, headers });
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
    return response;
  }
  async function json<Answer>(path: string, init: RequestInit): Promise<Answer> {
    return (await (await ask(path, init)).json()) as Answer;
  }
  return {
    ask,
    get: (path) => json(path, {}),
    post: (path, body = {}) => json(path, { method: 'POST', body: JSON.stringify(body) }),
  };
}
