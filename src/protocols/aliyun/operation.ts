/**
 * Alibaba Cloud's actions as data: each with its parameters, its error table and what the core's refusals become. Parsing, the
 * pages of docs/protocols/aliyun.md and the tests that walk every action are made from it.
 */
import type { AppContext, Caller } from '../../app/context.ts';
import type { Action } from '../../domain/authorization.ts';
import type { Parameters, Read } from '../shared/parameters.ts';
import type { RefusalFaults } from '../shared/refusals.ts';
import type { Fault, Faults, Page } from './fault.ts';

/** The products that answer here. A request tells which it means by its version, never by the host it was sent to. */
export const services = {
  ecs: { product: 'Ecs', version: '2014-05-26', format: 'XML' },
  sts: { product: 'Sts', version: '2015-04-01', format: 'JSON' },
} as const;

export type ServiceName = keyof typeof services;

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

interface Description<P extends Parameters> {
  readonly service: ServiceName;
  /** `CopyImage`. */
  readonly action: string;
  /** A sentence. */
  readonly summary: string;
  /**
   * What the caller's role has to allow, whatever is asked about; asked before anything else is said. Where parameters decide
   * which right it takes, one that none of those who may lacks; the use case asks for the other. Null: nothing.
   */
  readonly right: Action | null;
  /** In the order in which they are checked. */
  readonly parameters: P;
  /** The published error table; those that every action can meet are in `common-faults.ts`. */
  readonly faults: Faults;
  /** What the core's refusals become where it is not what `refusals.ts` says. */
  readonly refusals?: RefusalFaults<Fault>;
  /** On the older page, where that is something else again. */
  readonly olderRefusals?: RefusalFaults<Fault>;
}

interface Spec<P extends Parameters> extends Description<P> {
  handle(request: OperationRequest<P>): Promise<Answer>;
}

export interface Operation extends Spec<Parameters> {}

/** Forgets the parameters' types, which `handle` alone needs; it is given what those very parameters read. */
export function operation<P extends Parameters>(spec: Spec<P>): Operation {
  return spec as unknown as Operation;
}
