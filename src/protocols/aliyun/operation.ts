/**
 * Alibaba Cloud's actions as data: each with its parameters, its error table and what the core's refusals become. Parsing, the
 * pages of docs/protocols/aliyun.md and the tests that walk every action are made from it.
 */
import type { AppContext, Caller } from '../../app/context.ts';
import type { Action } from '../../domain/authorization.ts';
import type { DeedType } from '../../domain/event-types.ts';
import type { Described } from '../shared/operation.ts';
import type { Parameters, Read } from '../shared/parameters.ts';
import type { RefusalFaults } from '../shared/refusals.ts';
import type { Fault, Page, Row } from './fault.ts';

export type ServiceName = 'ecs' | 'kms' | 'sts';

interface Service {
  readonly product: string;
  readonly version: string;
  /** Of an answer where the request does not say. */
  readonly format: 'JSON' | 'XML';
  /** Of an answer in XML; the action's name and `Response` where there is none. */
  readonly root?: string;
}

/** The products that answer here. A request tells which it means by its version, never by the host it was sent to. */
export const services: Readonly<Record<ServiceName, Service>> = {
  ecs: { product: 'Ecs', version: '2014-05-26', format: 'XML' },
  kms: { product: 'Kms', version: '2016-01-20', format: 'JSON', root: 'KMS' },
  sts: { product: 'Sts', version: '2015-04-01', format: 'JSON' },
};

/** What the operations work with. */
export interface AliyunContext extends AppContext {
  readonly page: Page;
  /** In the order of the configuration. */
  readonly regions: readonly string[];
}

export interface OperationRequest<P extends Parameters> {
  readonly context: AliyunContext;
  readonly caller: Caller;
  readonly parameters: Read<P>;
  /** As the client named it: `ecs.cn-hangzhou.aliyuncs.com`, with its port. */
  readonly host: string;
  /** Aborts when the client goes away. */
  readonly signal: AbortSignal;
}

type AnswerValue =
  | string
  | number
  | boolean
  | undefined
  | readonly AnswerValue[]
  | { readonly [name: string]: AnswerValue };

/**
 * What an operation answers, `RequestId` aside, in the nesting of the reference: `Images: { Image: [...] }`. A list becomes
 * repeated elements in XML; what is undefined is left out.
 */
export interface Answer {
  readonly [name: string]: AnswerValue;
  /** Clients take an answer that has one for an error. */
  readonly Code?: undefined;
}

interface Spec<P extends Parameters> extends Described<Row> {
  readonly service: ServiceName;
  /** `CopyImage`. */
  readonly action: string;
  /**
   * Where parameters decide which right it takes, one that none of those who may lacks; the use case asks for the other.
   */
  readonly right: Action | null;
  /** What events call it, where the right covers more. */
  readonly deed?: DeedType;
  /** In the order in which they are checked. */
  readonly parameters: P;
  /** As `refusals`, on the older page, where that is something else again. */
  readonly olderRefusals?: RefusalFaults<Fault>;
  handle(request: OperationRequest<P>): Promise<Answer>;
}

export interface Operation extends Spec<Parameters> {}

/** Forgets the parameters' types, which `handle` alone needs; it is given what those very parameters read. */
export function operation<P extends Parameters>(spec: Spec<P>): Operation {
  return spec as unknown as Operation;
}
