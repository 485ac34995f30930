/** Why a request to an address that somebody gave was not answered. */
export type EgressErrorCode = 'url' | 'address' | 'timeout' | 'tls' | 'unreachable';

/**
 * The message may be shown to whoever gave the address: it tells nothing of what a name resolves to or of what answered.
 * Those are in `cause`, for the log.
 */
export class EgressError extends Error {
  readonly code: EgressErrorCode;

  constructor(code: EgressErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'EgressError';
    this.code = code;
  }
}
