/** What the two ways of signing have in common (reference §1.3, §1.4). */
import { timingSafeEqual } from 'node:crypto';

/** What a request says of who signed it, when, and that it did. */
export interface Signature {
  readonly accessKeyId: string;
  /** With temporary credentials. */
  readonly securityToken: string | undefined;
  /** As it was sent. */
  readonly timestamp: string;
  readonly nonce: string;
  /** Throws the fault of a signature that this secret did not make. */
  verify(secret: string): void;
}

/** Takes the same time whatever the difference. */
export function isSame(given: string, right: string): boolean {
  const [one, other] = [Buffer.from(given), Buffer.from(right)];
  return one.length === other.length && timingSafeEqual(one, other);
}
