/**
 * What the core says no to, each with its facts, in one closed union (design §3, "Refusals"). A protocol maps every
 * code to its own code, message and status in a table typed over `RefusalCode`, so a missing row does not compile.
 */
import type { CopyState, ImageState } from './states.ts';

export interface RefusalFacts {
  'request.invalid': { field: string; rule: string };
  'region.not-found': { region: string };
  'image.not-found': { image: string };
  'image.not-readable': { image: string; state: ImageState };
  'image.being-copied': { image: string; copy: string };
  'image.changing': { image: string; state: ImageState };
  'disk.not-found': { image: string; disk: number };
  'disk.has-content': { image: string; disk: number };
  'disk.upload-in-progress': { image: string; disk: number };
  'disk.unsafe-format': { image: string; disk: number; reason: string };
  'upload.incomplete': { image: string; disk: number; expected: number; received: number };
  'upload.malformed': { image: string; disk: number; reason: string };
  'copy.not-found': { copy: string };
  'copy.finished': { copy: string; state: CopyState };
  'store.full': { region: string };
}

export type RefusalCode = keyof RefusalFacts;

/** The no itself, thrown by use cases. `facts` belong to `code`; narrow with {@link isRefusal}. */
export class RefusalError<Code extends RefusalCode = RefusalCode> extends Error {
  readonly code: Code;
  readonly facts: RefusalFacts[Code];

  constructor(code: Code, facts: RefusalFacts[Code], options?: ErrorOptions) {
    super(code, options);
    this.name = 'RefusalError';
    this.code = code;
    this.facts = facts;
  }
}

export function isRefusal<Code extends RefusalCode>(error: unknown, code: Code): error is RefusalError<Code> {
  return error instanceof RefusalError && error.code === code;
}
