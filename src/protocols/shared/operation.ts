/** What operations say of themselves as data, in whichever dialect. A dialect adds how its requests name them, and who answers. */
import type { Action } from '../../domain/authorization.ts';
import type { FaultRow, FaultTable, Occurring } from './faults.ts';
import type { Parameters } from './parameters.ts';
import type { RefusalFaults } from './refusals.ts';

/** `Right`: what else than an action can be said of it. */
export interface Described<Row extends FaultRow = FaultRow, Right = null> {
  /** A sentence. */
  readonly summary: string;
  /** What the caller's role has to allow; checked before anything is said of what is named. Null: nothing. */
  readonly right: Action | Right;
  /** The published error table; rows that every operation can meet are in the dialect's `common-faults.ts`. */
  readonly faults: FaultTable<Row>;
  /** What the core's refusals become where it is not what the dialect's `refusals.ts` says. */
  readonly refusals?: RefusalFaults<Occurring<Row>>;
}

/** The parameters of an operation that has a path of its own. */
export interface RestShape {
  readonly path: Parameters;
  readonly query: Parameters;
  readonly body: Parameters;
}

/** Of an operation that has a path of its own: `{image_id}` in it stands for a value. */
export interface RestDescribed<Shape extends RestShape, Row extends FaultRow = FaultRow, Right = null>
  extends Described<Row, Right> {
  readonly route: string;
  /** As the cloud's SDKs call it. */
  readonly name: string;
  readonly path?: Shape['path'];
  readonly query?: Shape['query'];
  readonly body?: Shape['body'];
}
