/**
 * The operations of Huawei Cloud's services as data: each with its path, its parameters, its error table and what the core's
 * refusals become. Routing, parsing, the pages of docs/protocols/huawei.md and the tests that walk every operation are made
 * from it.
 */
import type { Readable } from 'node:stream';
import type { AppContext, Caller } from '../../app/context.ts';
import type { Action } from '../../domain/authorization.ts';
import type { DeedType } from '../../domain/event-types.ts';
import type { Principal } from '../../domain/principal.ts';
import type { RestDescribed, RestShape } from '../shared/operation.ts';
import type { NoParameters, Parameter, Parameters, Read } from '../shared/parameters.ts';
import type { Spools } from '../shared/spools.ts';
import type { Transfers } from '../shared/transfers.ts';
import type { Row, Site } from './fault.ts';
import type { Guesses } from './guesses.ts';
import type { Hosts } from './hosts.ts';

/** The services that answer here, each with errors of its own shape (reference §9.1). */
export const services = {
  ims: 'Image Management Service',
  glance: 'Native OpenStack API (Glance v2)',
  iam: 'Identity and Access Management',
  eps: 'Enterprise Project Management Service',
  kms: 'Key Management Service',
} as const;

export type ServiceName = keyof typeof services;

/** Those that are about the whole account, whatever region or project a request names. */
export const accountWide: ReadonlySet<ServiceName> = new Set(['iam', 'eps']);

/** What is a matter of configuration. */
export interface HuaweiSettings {
  readonly site: Site;
  /** Tokens may be asked for with an access key and its secret in the body. */
  readonly acceptsKeyTokens: boolean;
}

/** What the operations work with. */
export interface HuaweiContext extends AppContext {
  readonly settings: HuaweiSettings;
  /** In the order of the configuration. */
  readonly regions: readonly string[];
  readonly transfers: Transfers;
  /** Keeps bytes whose number is not known yet. */
  readonly spools: Spools;
}

/** Which part of the account a request is about (reference §1.1, §1.3). */
export interface Scope {
  readonly region: string;
  /** A UUID; clients write the same without dashes (`ids.ts`). */
  readonly projectId: string;
}

/** The bytes that a request brings, where its operation takes them as they come. */
export interface Content {
  readonly bytes: Readable;
  /** Null: the client does not say. */
  readonly length: number | null;
  /** Ends the connection. */
  cutOff(reason: Error): void;
}

interface Shape extends RestShape {
  readonly payload: unknown;
}

export interface OperationRequest<S extends Shape> {
  readonly context: HuaweiContext;
  /** Of an open operation there is none. */
  readonly caller: Caller;
  /** Of an open operation that takes credentials all the same: who has sent it, or the gate's refusal. */
  prove(): Promise<Caller>;
  /** Of one that is told by its body who has sent it: makes him the caller, whose requests are counted. */
  admit(principal: Principal): Promise<Caller>;
  readonly guesses: Guesses;
  /** Refuses a request from an address that has failed too often to prove who it is, before any work is done for it. */
  demandFewFailures(): Promise<void>;
  /** Of operations that are about the whole account there is none. */
  readonly scope: Scope;
  /** Of the path, the query and the JSON body together. */
  readonly parameters: Read<S['path'] & S['query'] & S['body']>;
  /** Of an operation whose JSON body is no object. */
  readonly payload: S['payload'];
  /** Of one that takes bytes; null where the request has no body. */
  readonly content: Content | null;
  /** By names in lower case. */
  readonly headers: ReadonlyMap<string, string>;
  /** The query as it was sent, for links to other pages. */
  readonly search: string;
  /** The addresses under which the client reaches the services. */
  readonly hosts: Hosts;
  /** Aborts when the client goes away. */
  readonly signal: AbortSignal;
  readonly origin: Caller['origin'];
}

export interface Answer {
  /** 200 by default. */
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON; without it the answer is empty. */
  readonly body?: unknown;
  /** Bytes instead of JSON. `end` is called when the last of them, or the client, is gone. */
  readonly stream?: { readonly bytes: AsyncIterable<Uint8Array>; readonly length: number; end(): void };
}

interface Spec<S extends Shape> extends RestDescribed<S, Row, null | 'open'> {
  readonly service: ServiceName;
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** `/v1/cloudimages/{image_id}/copy`. */
  readonly route: string;
  /** Other paths of the same operation. */
  readonly twins?: readonly string[];
  /** `open`: anybody may call it, without credentials. */
  readonly right: Action | null | 'open';
  /** What events call it, where the right covers more. */
  readonly deed?: DeedType;
  /** Only those with a rule need to be here; all of the path's are given as texts. */
  readonly path?: S['path'];
  /** Instead of `body`, where it is no object. */
  readonly payload?: Parameter<S['payload']>;
  /** The body is no JSON and is taken as it comes. */
  readonly takesBytes?: boolean;
  handle(request: OperationRequest<S>): Promise<Answer>;
}

export type Operation = Spec<Shape>;

/** Forgets the parameters' types, which `handle` alone needs; it is given what those very parameters read. */
export function operation<
  Path extends Parameters = NoParameters,
  Query extends Parameters = NoParameters,
  Body extends Parameters = NoParameters,
  Payload = undefined,
>(spec: Spec<{ path: Path; query: Query; body: Body; payload: Payload }>): Operation {
  return spec as unknown as Operation;
}

declare module 'fastify' {
  interface FastifyContextConfig {
    /** What the route is for. */
    operation?: Operation;
  }
}
