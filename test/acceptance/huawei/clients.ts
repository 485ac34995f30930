/**
 * Huawei Cloud's own clients from npm as their users have them: pointed at hosts of a region, `ims.eu-de.example.test`, which
 * lead to the server here as DNS would make them.
 */
import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import type { LookupFunction } from 'node:net';
import { BasicCredentials, GlobalCredentials } from '@huaweicloud/huaweicloud-sdk-core';
import { ClientBuilder } from '@huaweicloud/huaweicloud-sdk-core/ClientBuilder.js';
import type { HcClient, HttpRequestOptions } from '@huaweicloud/huaweicloud-sdk-core/HcClient.js';
import { Logger4jInstance } from '@huaweicloud/huaweicloud-sdk-core/logger/log4jLogger.js';
// The package's own entry cannot be loaded: its v5 asks for a file that is not there.
import { IamClient } from '@huaweicloud/huaweicloud-sdk-iam/v3/public-api.js';

// It prints each error that it raises.
Logger4jInstance.level = 'off';

// biome-ignore lint/suspicious/noExplicitAny: what an answer has is what the tests are about.
export type Answer = any;

/** What the clients raise. */
export interface Raised {
  readonly httpStatusCode: number;
  readonly errorCode: string;
  readonly errorMsg: string;
  readonly requestId: string;
}

export interface Access {
  /** Where the server listens. */
  readonly url: string;
  readonly ak: string;
  readonly sk: string;
  /** Of temporary keys. */
  readonly securityToken?: string;
  /** The authority of an `https:` server. */
  readonly ca?: string | Buffer;
  /** What the region's hosts end with, `example.test` by default. */
  readonly domain?: string;
}

export interface Call {
  readonly path?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string | number | boolean>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly data?: unknown;
  readonly contentType?: string;
}

/** `{project_id}` in a path is the credential's. */
export interface Client {
  call(method: string, url: string, options?: Call): Promise<Answer>;
}

/** The image service of a region. Without a project the requests mean the region's default one. */
export function imsClient(access: Access, region: string, projectId?: string): Client {
  return serviceClient('ims', access, region, projectId);
}

/** The key management service of the project's region. */
export function kmsClient(access: Access, region: string, projectId: string): Client {
  return serviceClient('kms', access, region, projectId);
}

function serviceClient(service: string, access: Access, region: string, projectId?: string): Client {
  const credential = withKey(new BasicCredentials(), access);
  if (projectId !== undefined) credential.withProjectId(projectId);
  const client = new ClientBuilder((hc) => hc)
    .withCredential(credential)
    .withEndpoint(endpointOf(access, service, region))
    .withOptions(optionsOf(access))
    .build() as HcClient;
  return clientOf(client);
}

/** Of operations about the domain, or of those with `{project_id}` in their paths: the client takes it from nowhere else. */
export function iamClient(access: Access, region: string, of: { domainId: string } | { projectId: string }): IamClient {
  const credential =
    'domainId' in of
      ? withKey(new GlobalCredentials(), access).withDomainId(of.domainId)
      : withKey(new BasicCredentials(), access).withProjectId(of.projectId);
  return IamClient.newBuilder()
    .withCredential(credential)
    .withEndpoint(endpointOf(access, 'iam', region))
    .withOptions(optionsOf(access))
    .build() as IamClient;
}

function withKey<Credential extends BasicCredentials | GlobalCredentials>(
  credential: Credential,
  { ak, sk, securityToken }: Access,
): Credential {
  credential.withAk(ak).withSk(sk);
  if (securityToken !== undefined) credential.withSecurityToken(securityToken);
  return credential;
}

/** `http://ims.eu-de.example.test:7420`. */
export function endpointOf({ url, domain = 'example.test' }: Access, service: string, region: string): string {
  const { protocol, port } = new URL(url);
  return `${protocol}//${service}.${region}.${domain}:${port}`;
}

const lookup: LookupFunction = (_host, { all }, callback) => {
  if (all) callback(null, [{ address: '127.0.0.1', family: 4 }]);
  else callback(null, '127.0.0.1', 4);
};

export function optionsOf({ ca }: Access) {
  const httpsAgent = new HttpsAgent({ lookup, ...(ca !== undefined && { ca }) });
  return { axiosRequestConfig: { httpAgent: new HttpAgent({ lookup }), httpsAgent } };
}

function clientOf(client: HcClient): Client {
  return {
    async call(method, url, { path = {}, query = {}, headers = {}, data, contentType = 'application/json' } = {}) {
      const request: HttpRequestOptions = {
        method,
        url,
        contentType,
        pathParams: path,
        queryParams: query,
        headers: { ...headers },
        ...(data !== undefined && { data: data as Record<string, unknown> }),
      };
      return await client.sendRequest(request);
    },
  };
}

/** What the call raises; an error of the test if it succeeds. */
export async function raisedBy(call: Promise<Answer>): Promise<Raised> {
  const answer = await call.catch((error: unknown) => error);
  if (!(answer instanceof Error) || !('errorCode' in answer)) throw new Error(`answered: ${JSON.stringify(answer)}`);
  return answer as unknown as Raised;
}
