import { createHash, timingSafeEqual } from 'node:crypto';
import { type Readable, Transform } from 'node:stream';

/**
 * The body of a request as it comes in. It ends with the error of `wrong` when its SHA-256 is not the expected one;
 * undefined expects none.
 */
export function checkedBody(body: Readable, expected: Uint8Array | undefined, wrong: () => Error): Readable {
  const hash = createHash('sha256');
  const checked = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk);
      done(null, chunk);
    },
    flush(done) {
      const digest = hash.digest();
      const isRight = expected?.length === digest.length && timingSafeEqual(digest, expected);
      done(isRight ? null : wrong());
    },
  });
  // Not `pipeline`: it would destroy the request with the body, and nobody could be told why.
  body.on('error', (error: Error) => checked.destroy(error));
  body.once('close', () => {
    if (!body.readableEnded) checked.destroy(new Error('the client went away'));
  });
  return body.pipe(checked);
}
